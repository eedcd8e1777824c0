"""The resistance of the electrolyte, read from a sweep without a circuit: the first foot from high frequency.

Down from the highest frequency the sweep comes to the real axis for the first time where the electrolyte's own arcs
have ended and the electrodes have not begun. There the real part is the resistance of the electrolyte, leads included.
The lowest point of the whole sweep is another thing: arcs of interfaces end there too.

An arc between two feet belongs to the electrolyte if its capacitance is no larger than that of grain boundaries
(Irvine, Sinclair & West 1990, Adv. Mater. 2, 132: bulk 1e-12 F, grain boundaries 1e-11 to 1e-8 F, for 1/cm of
thickness over area); then the foot after it counts. Near the foot the sweep is the resistance, less what the arc still
lacks, and what the electrodes add, each a power of the frequency; a non-negative sum of such powers is fitted to its
neighbourhood, so that neither pulls the reading.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.optimize import nnls

from lithostat.experiment.finding import Finding
from lithostat.experiment.spectrum import Spectrum

OFF_AXIS = 0.35  # |Im| over |Z| above which a lowest point is no foot: a third of the arc is still to come
OFF_AXIS_AT_THE_END = 0.15  # the same where the sweep ends there, and nothing says what follows
RISE = 0.003  # of |Z|, by which |Im| must rise again after a foot
NOISE = 4.0  # standard deviations by which it must
LEFT = 0.6  # of the noise after smoothing
REACH = 1.6  # of ln f on both sides of the foot, from which the resistance is read
BOUNDARY = 1e-8  # F per cm of area over thickness: most that grain boundaries have
LAYER = 1e-8  # F per cm2 of electrode: less than that of interphases, 1 um and thinner
UNKNOWN = 1e-8  # F; most that the electrolyte has where nobody stated area and thickness (1 cm2, 1 mm: 10 cm)
FEWEST = 6  # points
END = 4  # points that make the low-frequency end
MARGIN = 3.0  # a flank shows twice the capacitance of its arc near its top, and electrodes have ten times more
RISING = 0.1  # d ln|Im Z| / d ln f below which, with its sign turned, a sweep ends in no flank
UNFINISHED = "unfinished"
_ARC, _ELECTRODE = (1.0, 0.8), (1.0, 0.85, 0.7, 0.5)  # powers of the frequency


class Foot(NamedTuple):
    """A resistance [ohm] and its standard error, read at `frequency` [Hz]; all None if no foot lies in the window.

    `kind` is 'foot' (|Im Z| turns), 'crossing' (the leads' inductance above it), 'edge' (the sweep begins or ends on
    the axis), 'not in the window', or 'unfinished' (the sweep ends in the flank of an arc of the electrolyte).
    `why` is a sentence.
    """

    resistance: float | None
    error: float | None
    frequency: float | None
    kind: str
    why: str

    @property
    def finding(self) -> Finding:
        """The resistance as a finding."""
        how = "what the electrodes and the arc may add at the foot" if self.error is not None else None
        return Finding("electrolyte resistance", self.resistance, "ohm", (self.why,), self.error, how, "first foot")


def first_foot(
    spectrum: Spectrum, *, thickness: float | None = None, area: float | None = None, blocking: bool = False
) -> Foot:
    """Read the electrolyte's resistance at the first foot from high frequency.

    `thickness` [m] of the electrolyte and `area` [m2] of the electrodes make the choice between arcs of the electrolyte
    and of interfaces surer. Between `blocking` electrodes all arcs are its own, and the last foot counts. Points that
    are not numbers, or without a positive frequency, are left out.
    """
    f, z = _sorted(spectrum)
    if len(f) < FEWEST:
        return _none(f"{len(f)} points are too few for a foot")
    if blocking and (capacitance := _at_the_end(f, z)) < MARGIN * largest_capacitance(thickness, area):
        return _none(
            f"not in the window: the sweep ends in {capacitance:.1g} F, less than electrodes have; an arc of the "
            "electrolyte goes on below it",
            UNFINISHED,
        )
    away = np.where(z.real > 0.0, np.abs(z.imag) / np.abs(z), 1.0)
    feet = _feet(away, z)
    if not feet:
        return _none(_nowhere(f, z, away))
    limit = np.inf if blocking else largest_capacitance(thickness, area)
    first = feet[0]
    if first > 0 and z.imag[0] < 0.0:
        capacitance = _right_flank(f, z, first)
        if capacitance > limit:
            return _none(
                f"above the first foot ({_hertz(f[first])}) lies an arc of {capacitance:.1g} F, which is an interface's"
            )
    chosen = first
    for here, following in pairwise(feet):
        if _between(f, z, here, following) > limit:
            break
        chosen = following
    return _read(f, z, away, chosen)


def _sorted(spectrum: Spectrum) -> tuple[np.ndarray, np.ndarray]:
    f, z = np.asarray(spectrum.frequency, float), np.asarray(spectrum.impedance, complex)
    fine = np.isfinite(f) & np.isfinite(z) & (f > 0.0) & (np.abs(z) > 0.0)
    f, z = f[fine], z[fine]
    order = np.argsort(-f, kind="stable")
    return f[order], z[order]


def _feet(away: np.ndarray, z: np.ndarray) -> list[int]:
    """Points where |Im|/|Z| has come down and goes up again by more than noise, from high to low frequency."""
    smooth = _smooth(away)
    rise = max(RISE, NOISE * LEFT * _noise(z.imag / np.abs(z)))
    feet, low, high = [], 0, 0
    falling = True
    for k in range(1, len(smooth)):
        if falling:
            low = k if smooth[k] <= smooth[low] else low
            if smooth[k] > smooth[low] + rise:
                feet.append(low)
                falling, high = False, k
        else:
            high = k if smooth[k] >= smooth[high] else high
            if smooth[k] < smooth[high] - rise:
                falling, low = True, k
    if falling:
        feet.append(low)
    last = len(away) - 1
    return [k for k in feet if smooth[k] < (OFF_AXIS_AT_THE_END if k in (0, last) else OFF_AXIS)]


def _smooth(values: np.ndarray) -> np.ndarray:
    """Medians of three, which leave single odd points out, then parabolas through five."""
    from scipy.signal import savgol_filter  # here: it takes longer to load than most spectra to read

    inner = np.median(np.lib.stride_tricks.sliding_window_view(values, 3), axis=1)
    return np.asarray(savgol_filter(np.concatenate([values[:1], inner, values[-1:]]), 5, 2, mode="nearest"))


def _noise(values: np.ndarray) -> float:
    """Standard deviation of the noise, from third differences."""
    return float(np.median(np.abs(np.diff(values, 3))) / (0.6745 * np.sqrt(20.0)))


def largest_capacitance(thickness: float | None, area: float | None) -> float:
    """Most capacitance [F] that is taken for that of an arc of the electrolyte, `thickness` [m] and `area` [m2]."""
    if area is None:
        return UNKNOWN
    layer = LAYER * 1e4 * area
    return layer if thickness is None else min(BOUNDARY * 1e2 * area / thickness, layer)


def _at_the_end(f: np.ndarray, z: np.ndarray) -> float:
    """Capacitance [F] in which |Im Z| rises towards the lowest frequencies, infinite where it does not rise."""
    last = slice(-END, None)
    imaginary = -z.imag[last]
    slope = np.polyfit(np.log(f[last]), np.log(np.maximum(imaginary, 1e-300)), 1)[0] if (imaginary > 0.0).all() else 0.0
    return float(np.median(1.0 / (2.0 * np.pi * f[last] * imaginary))) if slope < -RISING else np.inf


def _right_flank(f: np.ndarray, z: np.ndarray, foot: int) -> float:
    """Capacitance [F] of the arc that the sweep begins in: of its top if that is there, else from its flank."""
    part = slice(0, foot + 1)
    top = int(np.argmax(-z.imag[part]))
    if top > 0:
        return float(1.0 / (2.0 * np.pi * f[top] * max(z.real[foot], 1e-300)))
    return float(-z.imag[0] / (2.0 * np.pi * f[0] * np.abs(z[0]) ** 2))


def _between(f: np.ndarray, z: np.ndarray, here: int, following: int) -> float:
    """Capacitance [F] of the arc between two feet."""
    size = z.real[following] - z.real[here]
    top = here + int(np.argmax(-z.imag[here : following + 1]))
    return float(1.0 / (2.0 * np.pi * f[top] * size)) if size > 0.0 else np.inf


def _read(f: np.ndarray, z: np.ndarray, away: np.ndarray, foot: int) -> Foot:
    near = np.abs(np.log(f / f[foot])) < REACH
    near &= (z.real > 0.0) & (away < 2.0 * OFF_AXIS)
    s = f[near] / f[foot] * 1j
    columns = [np.ones(len(s)) + 0j, *(s ** (-n) for n in _ELECTRODE), *(-(s**n) for n in _ARC), s]
    over = 1.0 / np.abs(z[near])
    matrix = _stacked(np.stack(columns, axis=1) * over[:, None])
    target = _stacked(z[near] * over)
    found, left = nnls(matrix, target)
    noise = float(left) / math.sqrt(max(len(target) - int(np.count_nonzero(found)), 1))
    ohm = float(found[0])
    crossing = bool((z.imag[: foot + 1] > 0.0).any() and (z.imag[foot:] <= 0.0).any())
    kind = "edge" if foot in (0, len(f) - 1) else "crossing" if crossing else "foot"
    raw = float(z.real[foot])
    reach = abs(float(z.imag[foot])) if kind != "crossing" else abs(raw - ohm)
    if not 0.5 * raw < ohm < 2.0 * raw:
        ohm = raw
    error = float(np.hypot(max(0.5 * abs(raw - ohm), 0.3 * reach), noise * raw / np.sqrt(max(near.sum() / 3.0, 1.0))))
    words = {"edge": "the sweep begins or ends", "crossing": "Im Z crosses zero", "foot": "|Im Z| turns"}
    return Foot(ohm, error, float(f[foot]), kind, f"{words[kind]} at {_hertz(f[foot])}")


def _stacked(values: np.ndarray) -> np.ndarray:
    return np.concatenate([values.real, values.imag])


def _none(why: str, kind: str = "not in the window") -> Foot:
    return Foot(None, None, None, kind, why)


def _nowhere(f: np.ndarray, z: np.ndarray, away: np.ndarray) -> str:
    nearest = int(np.argmin(away))
    degrees = math.degrees(math.asin(min(float(away[nearest]), 1.0)))
    return (
        f"not in the window: nowhere between {_hertz(f[0])} and {_hertz(f[-1])} does the sweep come closer to the real "
        f"axis than {degrees:.0f} degrees"
    )


def _hertz(value: float) -> str:
    return f"{value:.3g} Hz"
