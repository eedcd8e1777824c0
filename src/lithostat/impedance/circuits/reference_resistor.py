"""What an impedance instrument makes of a resistor whose value is known: how far, and where, it can be believed.

A lab measures a known resistor (1 ohm unless stated) in the holder and with the leads of its cells. A good resistor has
no frequency of its own in an instrument's range, so everything that depends on frequency belongs to the instrument and
its leads: a series inductance L and a stray capacitance C across the resistor,

    Z = jwL + 1 / (1/R + jwC)  =  R + jw (L - R^2 C) + ...

To first order only L - R^2 C shows. A small resistor hides C behind L and a large one hides L behind C; the two are
told apart only where their resonance comes into range. What is not determined is reported as None with its reason, and
the apparent inductance L - R^2 C, which is always determined, stands beside them.

The check of our own chain is `self_test`: a spectrum of a resistor made here, with noise, sent through the same fit
that measured spectra go through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

from lithostat.experiment.errors import InputError
from lithostat.experiment.finding import Finding
from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.circuits.fit import fit

MAGNITUDE, PHASE = 0.01, 1.0  # default accuracy: share, degree
LEAST_POINTS = 5
DETERMINED = 0.3  # relative standard error above which L or C is not determined
SELF_NOISE = 1e-3  # of the spectrum of the self test, relative
FORMULA = "Z = jwL + 1/(1/R + jwC)"


class Decade(NamedTuple):
    """Errors within one decade of frequency, the largest in size with its sign; `low` and `high` in Hz."""

    low: float
    high: float
    points: int
    magnitude: float  # |Z|/R - 1
    phase: float  # [degree], positive where the leads are inductive


@dataclass(frozen=True)
class Leads:
    """What the resistor says of the instrument. Resistance [ohm], inductances [H], capacitance [F], frequencies [Hz].

    Pairs are (value, standard error); `inductance` and `capacitance` are None where only their difference shows.
    `window` is the widest stretch of neighbouring points within `accuracy` (share of |Z|, degrees), None if there is
    none. `noise` is the relative noise of one component.
    """

    known: float
    resistance: tuple[float, float]
    apparent_inductance: tuple[float, float]
    inductance: tuple[float, float] | None
    capacitance: tuple[float, float] | None
    noise: float
    decades: tuple[Decade, ...]
    window: tuple[float, float] | None
    accuracy: tuple[float, float]
    measured: tuple[float, float]

    @property
    def verdict(self) -> str:
        """One sentence."""
        share, degree = self.accuracy
        within = f"within {100 * share:.3g} % and {degree:.3g} degree"
        low, high = self.measured
        if self.window is None:
            worst = max(self.decades, key=lambda one: abs(one.magnitude))
            return (
                f"the instrument is nowhere {within} of {self.known:.4g} ohm: it is off by up to "
                f"{100 * worst.magnitude:+.3g} % (calibrate it, or check the contacts of the resistor)"
            )
        span = f"{_hertz(self.window[0])} to {_hertz(self.window[1])}"
        if self.window == (low, high):
            return f"the instrument is {within} at all frequencies measured, {span}"
        why = self._limit()
        return f"the instrument is {within} from {span} of the {_hertz(low)} to {_hertz(high)} measured{why}"

    def _limit(self) -> str:
        """What takes over above the window."""
        value, error = self.apparent_inductance
        assert self.window is not None
        if self.window[1] == self.measured[1] or abs(value) < 3.0 * error:
            return ""
        if value > 0.0:
            return f"; above it the leads' inductance of {1e9 * value:.3g} nH takes over"
        return f"; above it a stray capacitance of {-1e12 * value / self.known**2:.3g} pF takes over"

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Resistance, leads, noise, window, and the errors of every decade."""
        how = "fit: residuals of the model of the leads"
        hidden = (f"only L - R^2 C shows at {self.known:.4g} ohm up to {_hertz(self.measured[1])}",)
        found = [
            Finding("resistance", self.resistance[0], "ohm", (self.verdict,), self.resistance[1], how, FORMULA),
            Finding("apparent inductance", *_parts("H", self.apparent_inductance, ()), how, "L - R^2 C"),
            Finding("series inductance", *_parts("H", self.inductance, hidden), how, FORMULA),
            Finding("stray capacitance", *_parts("F", self.capacitance, hidden), how, FORMULA),
            Finding("noise", self.noise, "", ("of one component, relative to |Z|",), formula="residual of the fit"),
        ]
        for name, k in (("window from", 0), ("window to", 1)):
            end = None if self.window is None else self.window[k]
            found.append(Finding(name, end, "Hz", (self.verdict,), formula="widest run of points within the accuracy"))
        for one in self.decades:
            span = f"{_hertz(one.low)} to {_hertz(one.high)}"
            points = (f"largest of {one.points} points",)
            found.append(Finding(f"magnitude error, {span}", one.magnitude, "", points, formula="|Z|/R - 1"))
            found.append(Finding(f"phase error, {span}", one.phase, "degree", points, formula="arg Z"))
        return tuple(found)


class SelfTest(NamedTuple):
    """The chain's own result for a resistor: fitted value [ohm], its standard error, and whether it is right."""

    resistance: float
    error: float
    accuracy: float
    passed: bool
    sentence: str


def judge_instrument(
    spectrum: Spectrum, *, resistance: float = 1.0, magnitude: float = MAGNITUDE, phase: float = PHASE
) -> Leads:
    """Judge the instrument that measured `spectrum` on a resistor of `resistance` [ohm].

    `magnitude` (share) and `phase` (degree) are the accuracy that is asked for. Raises `InputError` for a spectrum that
    cannot be that of a resistor at all (too few points, not finite, no resistance in it).
    """
    f, z = _checked(spectrum, resistance, magnitude, phase)
    error, angle = np.abs(z) / resistance - 1.0, np.degrees(np.angle(z))
    inside = (np.abs(error) <= magnitude) & (np.abs(angle) <= phase)
    found = _fit(f, z, resistance)
    return Leads(
        known=resistance,
        resistance=found.resistance,
        apparent_inductance=found.apparent,
        inductance=found.inductance,
        capacitance=found.capacitance,
        noise=found.noise,
        decades=_decades(f, error, angle),
        window=_window(f, inside),
        accuracy=(magnitude, phase),
        measured=(float(f[0]), float(f[-1])),
    )


def resistor(
    frequency: np.ndarray, *, resistance: float = 1.0, inductance: float = 0.0, capacitance: float = 0.0
) -> Spectrum:
    """The spectrum of a resistor [ohm] on leads [H, F] at `frequency` [Hz], without noise."""
    s = 2j * np.pi * np.asarray(frequency, float)
    z = s * inductance + 1.0 / (1.0 / resistance + s * capacitance)
    return Spectrum(np.asarray(frequency, float), z, name=f"resistor of {resistance:.4g} ohm")


def self_test(*, resistance: float = 1.0, accuracy: float = 1e-3, noise: float = SELF_NOISE, seed: int = 0) -> SelfTest:
    """Send a resistor on ideal leads through this package's fit: is it what it was made to be within `accuracy`?

    The spectrum has 61 points from 1 MHz to 1 Hz with white noise of `noise` of the modulus; a resistor in series with
    an inductance is fitted. It passes if the value is within `accuracy` (share) and within four of its own standard
    errors.
    """
    draw = np.random.default_rng(seed)
    made = resistor(np.logspace(6, 0, 61), resistance=resistance, inductance=1e-9 * resistance)
    spread = noise * np.abs(made.impedance) / np.sqrt(2.0)
    z = made.impedance + spread * (draw.standard_normal(61) + 1j * draw.standard_normal(61))
    found = fit(Spectrum(made.frequency, z, name=made.name), "R0-L0")
    value, error = found.values["R0"], found.standard_errors["R0"]
    missed = value / resistance - 1.0
    passed = bool(abs(missed) <= accuracy and abs(value - resistance) <= 4.0 * error + 1e-12 * resistance)
    words = "passed" if passed else "FAILED"
    sentence = f"{words}: {resistance:.4g} ohm came back as {value:.6g} ohm ({100 * missed:+.2g} %)"
    return SelfTest(float(value), float(error), accuracy, passed, sentence)


def _checked(spectrum: Spectrum, resistance: float, magnitude: float, phase: float) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies upwards and impedances."""
    for name, value in (("resistance", resistance), ("magnitude accuracy", magnitude), ("phase accuracy", phase)):
        if not np.isfinite(value) or value <= 0.0:
            raise InputError(f"received a {name} of {value:g}", expected="a number above 0")
    order = np.argsort(spectrum.frequency, kind="stable")
    f, z = spectrum.frequency[order], spectrum.impedance[order]
    if len(f) < LEAST_POINTS:
        raise InputError(f"the spectrum has {len(f)} points", expected=f"{LEAST_POINTS} or more, over some decades")
    if not (np.isfinite(z) & np.isfinite(f) & (f > 0.0)).all():
        raise InputError("the spectrum has points that are not numbers", expected="finite values at positive frequency")
    middle = float(np.median(z.real))
    if not 0.1 < middle / resistance < 10.0:
        raise InputError(
            f"the spectrum has {middle:.4g} ohm in its middle, which is not {resistance:.4g} ohm by any instrument",
            expected="resistance, the value of the resistor that was measured (ohm)",
        )
    return f, z


class _Fitted(NamedTuple):
    resistance: tuple[float, float]
    inductance: tuple[float, float] | None
    capacitance: tuple[float, float] | None
    apparent: tuple[float, float]
    noise: float


def _fit(f: np.ndarray, z: np.ndarray, known: float) -> _Fitted:
    """Pairs with standard errors; L and C None where they cannot be told apart."""
    omega = 2.0 * np.pi * f
    unit = known / float(omega.max())  # inductances in this, capacitances in unit/known^2: all of order one

    def misfit(x: np.ndarray) -> np.ndarray:
        model = 1j * omega * x[1] * unit + known / (1.0 / x[0] + 1j * omega * x[2] * unit / known)
        rest = (model - z) / np.abs(z)
        return np.concatenate([rest.real, rest.imag])

    slope = float(np.median(z.imag / omega)) / unit
    best = None
    for share in (0.0, 0.3, 1.0):
        start = np.array([np.median(z.real) / known, slope + share, max(share, 1e-6)])
        one = least_squares(
            misfit, start, bounds=([1e-3, -np.inf, 0.0], np.inf), x_scale="jac", xtol=1e-14, ftol=1e-14, gtol=1e-14
        )
        best = one if best is None or one.cost < best.cost else best
    assert best is not None
    noise = float(np.sqrt(2.0 * best.cost / (2 * len(f) - 3)))
    covariance = noise**2 * np.linalg.pinv(best.jac.T @ best.jac)
    r, inductive, stray = (float(x) for x in best.x)
    sd = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    turn = np.array([-2.0 * r * stray, 1.0, -(r**2)])
    apparent = (inductive - r**2 * stray) * unit
    spread = float(np.sqrt(turn @ covariance @ turn)) * unit
    apart = stray > 0.0 and sd[2] < DETERMINED * stray and sd[1] < max(DETERMINED * abs(inductive), sd[2])
    pairs = (inductive * unit, float(sd[1]) * unit), (stray * unit / known**2, float(sd[2]) * unit / known**2)
    ohm = (r * known, float(sd[0]) * known)
    inductance, capacitance = pairs if apart else (None, None)
    return _Fitted(ohm, inductance, capacitance, (apparent, spread), noise)


def _decades(f: np.ndarray, error: np.ndarray, angle: np.ndarray) -> tuple[Decade, ...]:
    number = np.floor(np.log10(f * (1.0 + 1e-9))).astype(int)
    found = []
    for one in np.unique(number):
        here = number == one
        size, turn = error[here], angle[here]
        worst = float(size[np.argmax(np.abs(size))]), float(turn[np.argmax(np.abs(turn))])
        found.append(Decade(10.0**one, 10.0 ** (one + 1), int(here.sum()), *worst))
    return tuple(found)


def _window(f: np.ndarray, inside: np.ndarray) -> tuple[float, float] | None:
    """The run of neighbouring points inside that spans the most decades."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(int)))
    runs = [(float(f[a]), float(f[b - 1])) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return max(runs, key=lambda run: run[1] / run[0]) if runs else None


def _parts(
    unit: str, pair: tuple[float, float] | None, hidden: tuple[str, ...]
) -> tuple[float | None, str, tuple[str, ...], float | None]:
    return (None, unit, hidden, None) if pair is None else (pair[0], unit, (), pair[1])


def _hertz(value: float) -> str:
    for size, prefix in ((1e6, "M"), (1e3, "k"), (1.0, "")):
        if value >= size * (1.0 - 1e-9):
            return f"{value / size:.4g} {prefix}Hz"
    return f"{1e3 * value:.4g} mHz"
