"""What lies under the lines: a smooth background, broad humps, and a blank that was measured."""

from __future__ import annotations

import numpy as np
from numpy.polynomial import chebyshev

from lithostat.materials.phase import Hump

ORDER = 8  # terms of the smooth background, unless the pattern asks for more


def smooth_columns(x: np.ndarray, terms: int = ORDER, rising: bool = True) -> np.ndarray:
    """(points, terms) Chebyshev polynomials over `x` [rad]; `rising` adds 1/x for the air near the beam."""
    scaled = 2.0 * (x - x[0]) / (x[-1] - x[0]) - 1.0
    columns = chebyshev.chebvander(scaled, terms - 1)
    if rising:
        columns = np.concatenate([columns, (x[0] / np.maximum(x, 1e-3))[:, None]], axis=1)
    return columns


def hump_column(x: np.ndarray, humps: tuple[Hump, ...], wavelength: float) -> np.ndarray:
    """(points,) the maxima of something without long-range order, at one wavelength [m]."""
    total = np.zeros(len(x))
    for hump in humps:
        sine = wavelength / (2.0 * hump.spacing)
        if sine >= 1.0:
            continue
        centre = 2.0 * np.arcsin(sine)
        width = 2.0 * np.tan(0.5 * centre) * hump.width
        total += hump.area / (1.0 + ((x - centre) / (0.5 * width)) ** 2)
    return total


def blank_column(x: np.ndarray, angles: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """(points,) a measured blank at the angles of the pattern; its end values beyond its own range."""
    return np.interp(x, angles, counts)
