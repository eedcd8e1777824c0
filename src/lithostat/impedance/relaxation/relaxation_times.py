"""Distribution of relaxation times: which processes a spectrum holds, how large each is, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from lithostat.experiment.finding import Finding
from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.relaxation.blocking import Blocking, ends_in_a_tail, tail
from lithostat.impedance.relaxation.linear_model import LinearModel, linear
from lithostat.impedance.relaxation.log_distribution import LogDistribution, band, log_distribution
from lithostat.impedance.relaxation.peaks import Peak, peaks
from lithostat.impedance.relaxation.signed_distribution import SignedDistribution, signed_distribution
from lithostat.impedance.validity.check import Validity, check

LEVEL = 0.95  # of the band
_NO_SERIES = "nothing: all of the resistance lies in the measured frequencies or beyond their upper end"
_FINEST = 1e-4  # of |Z|; no model of a cell is better, whatever the noise
_LEFT = 5.0  # standard deviations by which the misfit may exceed chance
_OFF = 0.05  # of the highest gamma at the window's end, from which the distribution runs off


@dataclass(frozen=True)
class Relaxation:
    """gamma(ln tau) with its band. Arrays of shape (grid,) from short to long times.

    `tau` [s]; `gamma`, `lower`, `upper` [ohm], so that the integral over ln tau is a resistance; the band holds each
    value with probability `level`. The grid goes 0.8 decades beyond the measured frequencies on both sides; `window`
    are the points between them. Pairs are (value, standard uncertainty): `series_resistance` [ohm] (0 without one where
    it would be negative: the window then holds all of it), `inductance` [H], `polarisation` [ohm] (the integral over
    the window). `blocking` is the tail of blocking electrodes, None without one.
    `misfit` is the mean square of the residuals over the noise. `validity` is what the points and the noise came from.
    """

    tau: np.ndarray
    gamma: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    level: float
    window: slice
    peaks: tuple[Peak, ...]
    series_resistance: tuple[float, float]
    inductance: tuple[float, float]
    blocking: Blocking | None
    polarisation: tuple[float, float]
    misfit: float
    signed: bool
    open_low: bool
    open_high: bool
    validity: Validity
    notes: tuple[str, ...] = ()

    def impedance(self, frequency: np.ndarray) -> np.ndarray:
        """Impedance of the most probable distribution at other frequencies [ohm, complex]."""
        s = 2j * np.pi * np.asarray(frequency, float)
        step = np.log(self.tau[1] / self.tau[0])
        z = self.series_resistance[0] + self.inductance[0] * s
        z = z + np.sum(step * self.gamma / (1.0 + s[:, None] * self.tau), axis=1)
        return z if self.blocking is None else z + self.blocking.inverse_charge * s**-self.blocking.exponent

    def findings(self) -> tuple[Finding, ...]:
        """Every peak's time and resistance, and the sums, with their uncertainties."""
        source = "posterior of the distribution"
        nothing = self.series_resistance[0] <= 0.0
        series = (None, "ohm", (_NO_SERIES,), None) if nothing else (*_pair(self.series_resistance), source)
        found = [
            Finding("series resistance", *series),
            Finding("polarisation resistance", *_told(self.polarisation, self.open_low), self.notes, *_sure(self)),
        ]
        for number, peak in enumerate(self.peaks, 1):
            where: tuple[str, ...] = (f"tau {peak.tau:.3g} s, about {peak.frequency:.3g} Hz",)
            where += ("reaches beyond the measured frequencies",) if peak.open else ()
            sure = peak.tau * peak.log_tau_uncertainty
            found.append(Finding(f"process {number} time", peak.tau, "s", where, sure, source))
            found.append(
                Finding(f"process {number} resistance", peak.resistance, "ohm", where, peak.uncertainty, source)
            )
        return tuple(found)


def relaxation_times(
    spectrum: Spectrum,
    validity: Validity | None = None,
    *,
    signed: bool = False,
    blocking: bool | None = None,
    level: float = LEVEL,
) -> Relaxation:
    """The distribution of relaxation times of a spectrum, without its stray points.

    gamma is non-negative unless `signed`, which an inductive loop needs. `blocking` puts a constant phase element in
    series, for electrodes that block; None decides by the phase at the lowest frequencies. Noise and stray points come
    from `validity`, which is made if it is not given. Raises `InputError` for what is no spectrum.
    """
    held = validity or check(spectrum)
    keep = ~held.stray
    sweep = held.spectrum
    frequency, z = sweep.frequency[keep], sweep.impedance[keep]
    noise = np.maximum(held.noise[keep], _FINEST * np.abs(held.model[keep]))
    blocked = ends_in_a_tail(z) if blocking is None else blocking
    end = tail(frequency, z, noise) if blocked else None
    deviations = float(norm.isf(0.5 * (1.0 - level)))
    problem = linear(frequency, z, noise, tail=end)
    seen = _signed(problem, deviations) if signed else _positive(problem, deviations)
    with_series = float(problem.series(seen.gamma, seen.spread)[0][0]) > 0.0
    if not with_series:
        problem = linear(frequency, z, noise, tail=end, resistance=False)
        seen = _signed(problem, deviations) if signed else _positive(problem, deviations)
    inside = np.flatnonzero(problem.inside)
    window = slice(int(inside[0]), int(inside[-1]) + 1)
    series, sure = problem.series(seen.gamma, seen.spread)
    pairs = [] if with_series else [(0.0, 0.0)]
    pairs += [(float(value), float(unsure)) for value, unsure in zip(series, sure, strict=True)]
    left = problem.misfit(seen.gamma) / len(problem.rest)
    open_low, open_high = _ends(seen.gamma, window)
    return Relaxation(
        tau=problem.tau,
        gamma=seen.gamma,
        lower=seen.lower,
        upper=seen.upper,
        level=level,
        window=window,
        peaks=peaks(problem.tau, seen.height, seen.covariance, seen.rise, seen.gamma, seen.spread, window),
        series_resistance=pairs[0],
        inductance=pairs[1],
        blocking=None if end is None else Blocking(*pairs[2], end.exponent),
        polarisation=_area(seen, problem.step, window),
        misfit=left,
        signed=signed,
        open_low=open_low,
        open_high=open_high,
        validity=held,
        notes=_notes(held, left, len(problem.rest), signed, open_low, open_high),
    )


@dataclass(frozen=True)
class _Seen:
    gamma: np.ndarray
    spread: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    height: np.ndarray
    covariance: np.ndarray
    rise: np.ndarray


def _positive(problem: LinearModel, deviations: float) -> _Seen:
    found: LogDistribution = log_distribution(problem)
    gamma = np.exp(found.mode)
    spread = found.covariance * np.outer(gamma, gamma)
    lower, upper = band(problem, found, deviations)
    rise = (np.log(upper) - found.mode) / deviations
    return _Seen(gamma, spread, lower, upper, found.mode, found.covariance, rise)


def _signed(problem: LinearModel, deviations: float) -> _Seen:
    found: SignedDistribution = signed_distribution(problem)
    rise = np.sqrt(np.maximum(np.diag(found.covariance), 0.0))
    gamma, half = found.mean, deviations * rise
    return _Seen(gamma, found.covariance, gamma - half, gamma + half, np.abs(gamma), found.covariance, rise)


def _area(seen: _Seen, step: float, window: slice) -> tuple[float, float]:
    return step * float(seen.gamma[window].sum()), step * float(np.sqrt(max(seen.spread[window, window].sum(), 0.0)))


def _ends(gamma: np.ndarray, window: slice) -> tuple[bool, bool]:
    """Whether the distribution goes on at (low, high) frequencies beyond the measured ones."""
    highest = np.abs(gamma[window]).max()
    low, high = np.abs(gamma[window.stop - 1]), np.abs(gamma[window.start])
    return bool(low > _OFF * highest), bool(high > _OFF * highest)


def _notes(held: Validity, left: float, numbers: int, signed: bool, open_low: bool, open_high: bool) -> tuple[str, ...]:
    notes = list(held.reasons)
    if open_low:
        notes.append("the distribution runs off the window at low frequency: what is slower was not measured")
    if open_high:
        notes.append("the distribution runs off the window at high frequency: what is faster was not measured")
    if left > 1.0 + _LEFT * np.sqrt(2.0 / numbers) and not signed:
        notes.append(
            f"a distribution without negative parts leaves {np.sqrt(left):.2g} times the noise: an inductive loop?"
            " signed=True lets it be negative"
        )
    return tuple(notes)


def _pair(pair: tuple[float, float]) -> tuple[float, str, tuple[str, ...], float]:
    return pair[0], "ohm", (), pair[1]


def _told(pair: tuple[float, float], hidden: bool) -> tuple[float | None, str]:
    return (None if hidden else pair[0]), "ohm"


def _sure(seen: Relaxation) -> tuple[float | None, str]:
    return (None if seen.open_low else seen.polarisation[1]), "posterior of the distribution"
