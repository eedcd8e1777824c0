"""Shape of one line: pseudo-Voigt of Thompson, Cox and Hastings, and its derivatives, as sparse columns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import csc_array

SHORT, FAR = 4.0, 60.0  # least and most full widths on each side of a centre that a line is followed
_GAUSS, _LN2 = np.sqrt(np.log(2.0) / np.pi), np.log(2.0)


def mixed(gauss: np.ndarray, lorentz: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Full width and Lorentzian share of the pseudo-Voigt that stands for a Voigt profile.

    `gauss` and `lorentz` are full widths at half maximum in one unit. Thompson, Cox and Hastings (1987), J. Appl.
    Cryst. 20, 79; within 1 % of the Voigt profile for every ratio.
    """
    g, f = gauss, lorentz
    width = (
        g**5 + 2.69269 * g**4 * f + 2.42843 * g**3 * f**2 + 4.47163 * g**2 * f**3 + 0.07842 * g * f**4 + f**5
    ) ** 0.2
    ratio = f / width
    return width, ratio * (1.36603 - ratio * (0.47719 - 0.11116 * ratio))


class Shapes(NamedTuple):
    """Lines of unit area on the points of a pattern: (points, lines) each, and derivatives by what places a line."""

    value: csc_array
    by_centre: csc_array
    by_width: csc_array
    by_share: csc_array


def reach_of(height: np.ndarray, share: np.ndarray, least: np.ndarray) -> np.ndarray:
    """Full widths on each side at which the tail of a line of that height has fallen below `least` counts."""
    tail = np.maximum(share, 0.02) * height / np.maximum(least, 1e-300)
    return np.clip(0.5 * np.sqrt(np.maximum(tail - 1.0, 0.0)), SHORT, FAR)


def shapes(
    x: np.ndarray, centre: np.ndarray, width: np.ndarray, share: np.ndarray, reach: np.ndarray | float = 10.0
) -> Shapes:
    """Pseudo-Voigt lines on the angles `x` [rad]; `width` full width at half maximum [rad], `share` Lorentzian share.

    Each line stands on the points within `reach` widths only. All derivatives are per rad, or per unit share.
    """
    first = np.searchsorted(x, centre - reach * width)
    last = np.searchsorted(x, centre + reach * width)
    counts = last - first
    pointer = np.concatenate([[0], np.cumsum(counts)])
    row = np.arange(pointer[-1]) + np.repeat(first - pointer[:-1], counts)
    inverse = np.repeat(1.0 / width, counts)
    u = (x[row] - np.repeat(centre, counts)) * inverse  # in full widths
    eta = np.repeat(share, counts)
    square = u * u
    lorentz = (2.0 / np.pi) / (1.0 + 4.0 * square)
    gauss = 2.0 * _GAUSS * np.exp(-4.0 * _LN2 * square)
    value = eta * lorentz + (1.0 - eta) * gauss
    slope = eta * lorentz * (-8.0 * u / (1.0 + 4.0 * square)) + (1.0 - eta) * gauss * (-8.0 * _LN2 * u)
    shape = (len(x), len(centre))

    def sparse(data: np.ndarray) -> csc_array:
        return csc_array((data, row, pointer), shape=shape)

    return Shapes(
        sparse(value * inverse),
        sparse(-slope * inverse**2),
        sparse(-(value + u * slope) * inverse**2),
        sparse((lorentz - gauss) * inverse),
    )
