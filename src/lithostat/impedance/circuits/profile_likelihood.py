"""Confidence intervals that hold when data are few: how far one coordinate may go while all others give way.

Source: profile likelihood, as in Venzon & Moolgavkar 1988, Appl. Stat. 37, 87; Student's t in place of the normal
quantile where the size of the errors itself was estimated (Bates & Watts 1988, chapter 6).
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from lithostat.impedance.circuits.least_squares import Linearised, least_squares

COARSE, FINE = 24, 9  # values tried on each side, then around the crossing
NEAREST = 1e-3  # first value tried, as a share of the way to the bound


def rise(confidence: float, *, freedom: int | None = None, variance: float = 1.0) -> float:
    """By how much half the sum of squares may rise at the ends of an interval of this confidence.

    `freedom` is the number of points left over after the fit where `variance` (of the residuals) was estimated from
    them, None where the errors were known.
    """
    tail = 0.5 * (1.0 + confidence)
    quantile = stats.norm.ppf(tail) if freedom is None else stats.t.ppf(tail, freedom)
    return float(0.5 * quantile**2 * variance)


def profile_interval(
    linearised: Linearised, best: np.ndarray, cost: float, index: int, *, rise: float, low: np.ndarray, high: np.ndarray
) -> tuple[float, float]:
    """(lowest, highest) value of coordinate `index` at which half the sum of squares is within `rise` of `cost`.

    `best` (K,) is where it is least. An end that lies beyond `low` or `high` (K,) is minus or plus infinity: the data
    do not bound the coordinate on that side.
    """
    way = np.array([low[index], high[index]]) - best[index]
    tried = np.concatenate([[0.0], np.geomspace(NEAREST, 1.0, COARSE)])
    sides = np.stack([tried, tried])
    above = _profile(linearised, best, index, best[index] + way[:, None] * sides, low, high) - cost
    outside = above > rise
    open_ended = ~outside.any(1)
    first = np.maximum(outside.argmax(1), 1)
    sides = np.linspace(tried[first - 1], tried[first], FINE, axis=1)
    above = _profile(linearised, best, index, best[index] + way[:, None] * sides, low, high) - cost
    share = [_crossing(*side, np.sqrt(rise)) for side in zip(sides, np.sqrt(np.maximum(above, 0.0)), strict=True)]
    ends = np.where(open_ended, [-np.inf, np.inf], best[index] + way * share)
    return float(ends[0]), float(ends[1])


def _crossing(share: np.ndarray, size: np.ndarray, level: float) -> float:
    """Where `size` first reaches `level`, on a straight line between two of its points."""
    after = int(np.argmax(size >= level)) if (size >= level).any() else len(size) - 1
    if after == 0:
        return float(share[0])
    slope = (share[after] - share[after - 1]) / max(size[after] - size[after - 1], 1e-300)
    return float(np.clip(share[after - 1] + slope * (level - size[after - 1]), share[after - 1], share[after]))


def _profile(
    linearised: Linearised, best: np.ndarray, index: int, values: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """Least half sum of squares with coordinate `index` held at each of `values`, in their shape."""
    others, flat = np.arange(len(best)) != index, values.ravel()

    def held(numbers: np.ndarray, free: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        cost, gradient, normal = linearised(numbers, np.insert(free, index, flat[numbers], axis=1))
        return cost, gradient[:, others], normal[:, others][:, :, others]

    start = np.repeat(best[None, others], len(flat), axis=0)
    return np.asarray(least_squares(held, start, low[others], high[others]).cost).reshape(values.shape)
