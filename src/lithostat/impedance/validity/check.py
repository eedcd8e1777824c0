"""Can a spectrum be believed? Which points no linear, steady cell could have shown, and how noisy the rest is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import f as fisher
from scipy.stats import norm
from scipy.stats import t as student

from lithostat.experiment.finding import Finding
from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.validity.kramers_kronig import Agreement, agreement, elapsed, modulus
from lithostat.impedance.validity.noise import uneven_noise
from lithostat.impedance.validity.sweep import ordered, scatter

FALSE_ALARM = 0.01  # chance that a spectrum with Gaussian noise has any of its points called stray
DRIFT_ALARM = 0.001  # chance that a steady cell is said to drift
_MOST = 0.2  # share of points that may be stray; beyond it the spectrum as a whole is not believed
_SMALLEST = 1e-5  # of |Z|; no instrument resolves less, and rounding in a file reaches it
_NOISY = 0.3  # of |Z|; more noise than this and nothing was measured
_NOISELESS = 1e-6  # of |Z|; a spectrum that was computed
_STEEP, _BETTER = 0.5, 7.0  # range of ln |Z| that tells noise in ohm from noise in percent; gain in ln likelihood
_RUN, _SURE = 4, 2.0  # points in a row; times the median second difference, by which they must be negative
_MAINS = (50.0, 60.0)
_CLOSED = 0.1  # relative uncertainty to which a resistance at zero frequency must be known to be told


@dataclass(frozen=True)
class Validity:
    """What the Kramers-Kronig relations say of a spectrum. Arrays of shape (points,), from high to low frequency.

    `spectrum` is the sweep in order, `model` [ohm, complex] what the steady cell would have shown, `stray` the points
    that break with it, `noise` the standard deviation of each of real and imaginary part [ohm]. `noise_level` is its
    median over |Z|; `uneven` is true where noise over |Z| depends on frequency. `drift` is how much the impedance grew
    over the sweep, relative, with its standard uncertainty, and `drifting` whether that is more than chance; the clock
    is taken to run with the number of cycles per point, from high to low frequency. `serial` is the correlation of
    neighbouring residuals in standard deviations of chance. Pairs are (value, standard uncertainty):
    `high_frequency_resistance` [ohm] with the leads' inductance taken away, `inductance` [H], `total_resistance` [ohm]
    at zero frequency, nan where the sweep does not reach it. `notes` says what was done to the points before.
    """

    spectrum: Spectrum
    model: np.ndarray
    stray: np.ndarray
    noise: np.ndarray
    noise_level: float
    uneven: bool
    drift: tuple[float, float]
    drifting: bool
    serial: float
    terms: float
    high_frequency_resistance: tuple[float, float]
    inductance: tuple[float, float]
    total_resistance: tuple[float, float]
    threshold: float
    notes: tuple[str, ...] = ()

    @property
    def residual(self) -> np.ndarray:
        """(measured - model) / |model|, complex."""
        return (self.spectrum.impedance - self.model) / np.abs(self.model)

    @property
    def stray_frequencies(self) -> tuple[float, ...]:
        """Frequencies of the stray points [Hz]."""
        return tuple(self.spectrum.frequency[self.stray].tolist())

    @property
    def kind(self) -> str:
        """'valid', 'stray points', 'drift', 'drift and stray points', or 'not believable'."""
        if self.stray.mean() > _MOST or self.noise_level > _NOISY:
            return "not believable"
        words = [word for word, true in (("drift", self.drifting), ("stray points", self.stray.any())) if true]
        return " and ".join(words) or "valid"

    @property
    def reasons(self) -> tuple[str, ...]:
        """What was seen, as sentences."""
        return (*self.notes, *_stray_reasons(self), *_other_reasons(self))

    @property
    def reasons_as_a_whole(self) -> tuple[str, ...]:
        """The same without the single points."""
        return (*self.notes, *_other_reasons(self))

    @property
    def beyond(self) -> tuple[float, float] | None:
        """`high_frequency_resistance`, None where it is not above zero: all of the resistance is in the sweep."""
        return self.high_frequency_resistance if self.high_frequency_resistance[0] > 0.0 else None

    def _high(self) -> tuple[float | None, str, tuple[str, ...], float | None]:
        nothing = ("all of the resistance is in the sweep",)
        return (None, "ohm", nothing, None) if self.beyond is None else (self.beyond[0], "ohm", (), self.beyond[1])

    def findings(self) -> tuple[Finding, ...]:
        """The numbers with unit, evidence and uncertainty."""
        posterior = "posterior of the Kramers-Kronig model"
        open_end = () if np.isfinite(self.total_resistance[0]) else (_OPEN,)
        total = self.total_resistance
        return (
            Finding("spectrum noise", self.noise_level, "1", self.reasons, formula="median of sigma / |Z|"),
            Finding("stray points", float(self.stray.sum()), "1", _stray_reasons(self)),
            Finding("drift over the sweep", self.drift[0], "1", _drift_reason(self), self.drift[1], posterior),
            Finding("high-frequency resistance", *self._high(), posterior, "Re Z at f -> infinity"),
            Finding("series inductance", self.inductance[0], "H", (), self.inductance[1], posterior),
            Finding("total resistance", *_known(total[0]), open_end, _or_none(total[1]), posterior, "Z at f -> 0"),
        )


_OPEN = "the spectrum has not come back to the real axis at its lowest frequency; a resistance at rest is not in it"


def check(spectrum: Spectrum, *, false_alarm: float = FALSE_ALARM) -> Validity:
    """Hold a spectrum against the Kramers-Kronig relations.

    `false_alarm` is the chance that any point of a spectrum with Gaussian noise is called stray. Raises `InputError`
    for what is no spectrum (see `sweep.ordered`).
    """
    sweep, notes = ordered(spectrum)
    first = _judged(sweep, false_alarm, drift=True)
    n = len(sweep.frequency)
    t = first.best.drift[0] / max(first.best.drift[1], 1e-300)
    drifting = bool(2.0 * student.sf(abs(t), first.best.spare) < DRIFT_ALARM and abs(first.best.drift[0]) > _SMALLEST)
    judged = first if drifting else _judged(sweep, false_alarm, drift=False)
    best = judged.best
    repeated = scatter(spectrum)
    noise = best.scale * judged.weight if repeated is None else repeated * np.abs(best.model)
    if repeated is not None:
        notes = (*notes, f"the noise is that of the scatter between repeats: {100.0 * repeated:.2g} % of |Z|")
    total = best.total
    closed = total[0] > 0.0 and total[1] < _CLOSED * total[0] and _back_on_axis(sweep)
    return Validity(
        spectrum=sweep,
        model=best.model,
        stray=~judged.keep,
        noise=noise,
        noise_level=float(np.median(noise / np.abs(best.model))),
        uneven=judged.uneven,
        drift=first.best.drift,
        drifting=drifting,
        serial=_serial(best.standard, judged.keep),
        terms=best.terms,
        high_frequency_resistance=best.resistance,
        inductance=best.inductance,
        total_resistance=total if closed else (np.nan, np.nan),
        threshold=float(np.sqrt(2.0 * fisher.isf(false_alarm / n, 2, best.spare))),
        notes=notes,
    )


def clean(spectrum: Spectrum, validity: Validity | None = None) -> tuple[Spectrum, tuple[str, ...]]:
    """(the spectrum without stray points and in order, one sentence for each thing that was done to it)."""
    held = validity or check(spectrum)
    kept = replace(held.spectrum, frequency=held.spectrum.frequency[~held.stray], impedance=_kept(held))
    gone = tuple(f"left out: {sentence}" for sentence in _stray_reasons(held))
    return kept, (*held.notes, *gone)


@dataclass(frozen=True)
class _Judged:
    best: Agreement
    keep: np.ndarray
    weight: np.ndarray
    uneven: bool


def _judged(sweep: Spectrum, false_alarm: float, *, drift: bool) -> _Judged:
    """The points that agree, found by taking the worst out until none is bad and letting back in what fits after all.

    Points at the high-frequency end whose real part is negative stay out: no cell shows that, it is the instrument.

    What goes out is judged by the median of all misfits, which other stray points cannot raise; what stays out must be
    beyond chance in the F-test of a point against all others, which has the stated level.
    """
    frequency, z = sweep.frequency, sweep.impedance
    carried = z * elapsed(frequency) if drift else None
    never = impossible(z)
    keep = ~never
    for _ in range(2):  # stray points may have had a say in the weights the first time
        weight, uneven, best = _weighed(frequency, z, carried, keep)
        keep, best = _purged(frequency, z, weight, carried, keep, best)
        keep, best = _readmitted(frequency, z, weight, carried, keep, best, false_alarm, never)
        if keep[~never].all():
            break
    return _Judged(best, keep, weight, uneven)


def impossible(z: np.ndarray) -> np.ndarray:
    """Points at the high-frequency end whose real part is negative by more than noise, before the first that is not."""
    first = np.flatnonzero(z.real > 0.0)
    count = int(first[0]) if len(first) else 0
    real = z.real[:count]
    if count < _RUN or not -real.mean() > _SURE * np.median(np.abs(np.diff(real, 2))):
        count = 0
    return np.arange(len(z)) < count


def _weighed(
    frequency: np.ndarray, z: np.ndarray, drift: np.ndarray | None, keep: np.ndarray
) -> tuple[np.ndarray, bool, Agreement]:
    """(expected noise up to a factor [ohm], whether it is anything but a share of |Z|, the fit with it)."""
    weight, uneven = modulus(z), False
    size = np.log(weight)
    best = agreement(frequency, z, weight, keep=keep, drift=drift)
    if best.scale < _NOISELESS:
        return weight, uneven, best
    if np.ptp(size) > _STEEP:
        level = np.full(len(size), np.exp(np.mean(size)))  # noise of one size in ohm
        other = agreement(frequency, z, level, keep=keep, drift=drift)
        if other.likelihood > best.likelihood + _BETTER:
            weight, uneven, best = level, True, other
    shape = uneven_noise(best.standard[:, keep], np.exp(size[keep]), frequency[keep])
    if shape is not None:
        weight = weight * np.exp(np.interp(-np.log(frequency), -np.log(frequency[keep]), np.log(shape)))
        uneven, best = True, agreement(frequency, z, weight, keep=keep, drift=drift)
    return weight, uneven, best


def _purged(
    frequency: np.ndarray,
    z: np.ndarray,
    weight: np.ndarray,
    drift: np.ndarray | None,
    keep: np.ndarray,
    best: Agreement,
) -> tuple[np.ndarray, Agreement]:
    """Without every point that is far off by the median of the misfits."""
    n = len(frequency)
    limit = 2.0 * np.log(n / 0.1)
    keep = keep.copy()
    while best.scale > _NOISELESS and keep.sum() > max((1.0 - 1.5 * _MOST) * n, 5):
        inside = np.where(keep, best.misfit, 0.0)
        usual = np.median(inside[keep]) / np.log(4.0)
        worst = int(np.argmax(inside))
        if inside[worst] < limit * usual or abs(best.residual[worst]) < _SMALLEST * abs(z[worst]):
            break
        keep[worst] = False
        best = agreement(frequency, z, weight, keep=keep, drift=drift)
    return keep, best


def _readmitted(
    frequency: np.ndarray,
    z: np.ndarray,
    weight: np.ndarray,
    drift: np.ndarray | None,
    keep: np.ndarray,
    best: Agreement,
    false_alarm: float,
    never: np.ndarray,
) -> tuple[np.ndarray, Agreement]:
    """With the points taken back, the best first, that are not beyond chance against all that are in."""
    n = len(frequency)
    while not keep[~never].all():
        outside = np.where(keep | never, np.inf, best.misfit)
        nearest = int(np.argmin(outside))
        floor = max(best.scale, _NOISELESS)
        chance = fisher.sf(outside[nearest] / (2.0 * floor**2), 2, best.spare)
        if chance < false_alarm / n and abs(best.residual[nearest]) > _SMALLEST * abs(z[nearest]):
            break
        keep = keep.copy()
        keep[nearest] = True
        best = agreement(frequency, z, weight, keep=keep, drift=drift)
    return keep, best


def _serial(standard: np.ndarray, keep: np.ndarray) -> float:
    """Correlation of neighbouring residuals over its standard deviation by chance; about normal."""
    inside = standard[:, keep]
    pairs = inside[:, 1:] * inside[:, :-1]
    return float(pairs.sum() / max(np.sqrt(np.sum(pairs**2)), 1e-300))


def _back_on_axis(sweep: Spectrum) -> bool:
    last = sweep.impedance[-3:]
    return bool(np.median(np.abs(last.imag) / np.abs(last)) < 0.1)


def _stray_reasons(held: Validity) -> tuple[str, ...]:
    reasons = []
    for row in np.flatnonzero(held.stray):
        at, off = held.spectrum.frequency[row], held.residual[row]
        mains = next((m for m in _MAINS for k in (1, 2, 3) if abs(at / (k * m) - 1.0) < 0.03), None)
        because = f", near a multiple of the mains' {mains:.0f} Hz" if mains else ""
        because = ", and its real part is negative" if held.spectrum.impedance[row].real <= 0.0 else because
        reasons.append(f"{at:.4g} Hz is off by {100 * off.real:+.2g} % (real) {100 * off.imag:+.2g} % (imag){because}")
    return tuple(reasons)


def _drift_reason(held: Validity) -> tuple[str, ...]:
    if not held.drifting:
        return ()
    grew, sure = (100.0 * part for part in held.drift)
    return (
        f"the impedance changed by {grew:+.2g} % (+- {sure:.1g}) while the sweep was taken; it is worst at its end",
    )


def _other_reasons(held: Validity) -> tuple[str, ...]:
    reasons = [*_drift_reason(held)]
    if held.uneven:
        relative = held.noise / np.abs(held.model)
        low, high = relative.min(), relative.max()
        at = held.spectrum.frequency[int(np.argmax(relative))]
        reasons.append(f"the noise goes from {100 * low:.2g} % to {100 * high:.2g} % of |Z|, worst at {at:.3g} Hz")
    if held.serial > norm.isf(DRIFT_ALARM):
        reasons.append("neighbouring residuals go together: something other than noise is left in them")
    if held.noise_level > _NOISY:
        reasons.append(f"the noise is {100 * held.noise_level:.0f} % of |Z|: the points follow no cell")
    if held.stray.mean() > _MOST:
        reasons.append("so many points break with the others that the spectrum as a whole cannot be believed")
    return tuple(reasons)


def _kept(held: Validity) -> np.ndarray:
    return held.spectrum.impedance[~held.stray]


def _known(value: float) -> tuple[float | None, str]:
    return (float(value) if np.isfinite(value) else None), "ohm"


def _or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
