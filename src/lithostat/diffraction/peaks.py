"""Lines of a pattern before any phase is known: a floor under them, their places, heights and widths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks, peak_widths

from lithostat.experiment.pattern import Pattern

CLEAR = 6.0  # standard deviations above the floor that make a line
WIDE = np.radians(2.0)  # lines are narrower than this; humps are not


@dataclass(frozen=True, eq=False)
class Peaks:
    """Lines by rising angle: place and full width [rad], height [counts], how many sigma they stand out."""

    two_theta: np.ndarray
    width: np.ndarray
    height: np.ndarray
    z: np.ndarray


def floor(pattern: Pattern, rounds: int = 24) -> np.ndarray:
    """(points,) what runs under all lines: windows that clip down to the mean of their ends (SNIP), narrowing.

    Ryan et al. (1988), Nucl. Instrum. Meth. B 34, 396, on the square root of the counts. For orientation and figures;
    no fit subtracts it.
    """
    step = float(np.median(np.diff(pattern.two_theta)))
    most = max(int(WIDE / step), 8)
    low = np.sqrt(np.maximum(gaussian_filter1d(pattern.counts, 2.0), 0.0))
    for reach in np.unique(np.geomspace(most, 2, rounds).astype(int))[::-1]:
        padded = np.pad(low, reach, mode="edge")
        low = np.minimum(low, 0.5 * (padded[: -2 * reach] + padded[2 * reach :]))
    return low**2


def find_lines(pattern: Pattern, clear: float = CLEAR, width: float | None = None) -> Peaks:
    """Lines that stand `clear` standard deviations above their floor; `width` [rad] of a line, where it is known."""
    step = float(np.median(np.diff(pattern.two_theta)))
    blur = 1.5 if width is None else max(0.3 * width / step, 1.0)  # points, standard deviation
    smooth = gaussian_filter1d(pattern.counts - floor(pattern), blur)
    noise = pattern.sigma / np.sqrt(2.0 * np.sqrt(np.pi) * blur)
    places, found = find_peaks(smooth, height=clear * noise, prominence=clear * noise)
    if len(places) == 0:
        nothing = np.zeros(0)
        return Peaks(nothing, nothing, nothing, nothing)
    alone = found["prominences"] > 0.5 * found["peak_heights"]  # not a wiggle on the side of another
    places = places[alone]
    widths = peak_widths(smooth, places, rel_height=0.5)[0] * step
    sharper = np.sqrt(np.maximum(widths**2 - (2.355 * blur * step) ** 2, step**2))
    keep = sharper < WIDE
    places, sharper = places[keep], sharper[keep]
    return Peaks(pattern.two_theta[places], sharper, smooth[places], smooth[places] / noise[places])


def usual_width(pattern: Pattern) -> float:
    """Full width [rad] of the clear lines, 0.1 degree where there are none."""
    width: float | None = None
    for _ in range(3):
        peaks = find_lines(pattern, CLEAR, width)
        if len(peaks.width) == 0:
            return width or float(np.radians(0.1))
        strong = np.argsort(-peaks.z)[:20]
        width = float(np.clip(np.quantile(peaks.width[strong], 0.3), np.radians(0.005), np.radians(1.0)))
    return width or float(np.radians(0.1))
