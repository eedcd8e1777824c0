"""Levenberg-Marquardt within bounds, for many independent problems of one shape at once.

SciPy's `least_squares` solves one problem after another; a series of spectra from several starts is hundreds of small
ones. The test suite holds the answers against SciPy's.

Sources: Marquardt 1963, J. SIAM 11, 431 (damping by the diagonal); Kanzow, Yamashita & Fukushima 2004, J. Comput. Appl.
Math. 172, 375 (projection on bounds).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

FIRST_DAMPING = 1e-2
LARGEST_DAMPING = 1e12
LARGEST_STEP = 2.0  # of a coordinate in one iteration; a logarithm changes by e^2
_EASE, _STIFFEN = 0.2, 5.0
SMALL_STEP = 1e-9
SMALL_GAIN = 1e-12  # relative fall of the cost that is none

# the problems by number and their coordinates -> half the sum of squares (problems,), its gradient (problems, K) and
# J^T J (problems, K, K)
Linearised = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


class Solution(NamedTuple):
    """Where each problem ended."""

    coordinates: np.ndarray  # (problems, K)
    cost: np.ndarray  # half the sum of squares (problems,)
    normal: np.ndarray  # J^T J there (problems, K, K)
    bound: np.ndarray  # coordinates that a bound holds (problems, K)
    converged: np.ndarray  # (problems,)


def least_squares(
    linearised: Linearised,
    start: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    *,
    iterations: int = 200,
    small_gain: float = SMALL_GAIN,
) -> Solution:
    """Minimise half the sum of squares of each problem from its `start` (problems, K) within `low` and `high` (K,).

    `linearised(numbers, coordinates)` is asked only about problems that are still under way; one has ended when its
    cost falls by less than `small_gain` of itself. A problem that cannot be
    evaluated at its start (NaN) ends there with infinite cost.
    """
    at = np.clip(start, low, high)
    everyone = np.arange(len(at))
    cost, gradient, normal = _finite(*linearised(everyone, at))
    damping = np.full(len(at), FIRST_DAMPING)
    converged = np.zeros(len(at), bool)
    running = np.isfinite(cost)
    for _ in range(iterations):
        now = np.flatnonzero(running)
        if not len(now):
            break
        step, held = _steps(gradient[now], normal[now], damping[now], at[now], low, high)
        trial = np.clip(at[now] + step, low, high)
        moved = np.abs(trial - at[now]).max(1, initial=0.0)
        new_cost, new_gradient, new_normal = _finite(*linearised(now, trial))
        better = new_cost < cost[now]
        gain = np.where(better, 1.0 - new_cost / np.maximum(cost[now], 1e-300), 0.0)
        took = now[better]
        at[took], cost[took] = trial[better], new_cost[better]
        gradient[took], normal[took] = new_gradient[better], new_normal[better]
        damping[now] = np.where(better, np.maximum(damping[now] * _EASE, 1e-12), damping[now] * _STIFFEN)
        done = (moved < SMALL_STEP) | (better & (gain < small_gain)) | held.all(1)
        converged[now[done]] = True
        running[now[done | (damping[now] > LARGEST_DAMPING)]] = False
    return Solution(at, cost, normal, _held(gradient, at, low, high), converged)


def normal_equations(rest: np.ndarray, slopes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cost, gradient and J^T J from residuals (problems, rows) and their derivatives (problems, rows, K)."""
    turned = np.swapaxes(slopes, 1, 2)
    with np.errstate(all="ignore"):  # what overflows is told apart by its cost
        cost = 0.5 * np.einsum("bm,bm->b", rest, rest)
        return cost, np.matmul(turned, rest[:, :, None])[:, :, 0], np.matmul(turned, slopes)


def _finite(cost: np.ndarray, gradient: np.ndarray, normal: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same, with an infinite cost where anything is not a number."""
    fine = np.isfinite(cost) & np.isfinite(gradient).all(1) & np.isfinite(normal).all((1, 2))
    return np.where(fine, cost, np.inf), gradient, normal


def _held(gradient: np.ndarray, at: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Coordinates at a bound that the cost pushes against it."""
    held: np.ndarray = ((at <= low) & (gradient > 0.0)) | ((at >= high) & (gradient < 0.0))
    return held


def _steps(
    gradient: np.ndarray, normal: np.ndarray, damping: np.ndarray, at: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    held = _held(gradient, at, low, high)
    size = gradient.shape[1]
    scale = np.sqrt(np.maximum(np.einsum("bkk->bk", normal), 1e-300))
    free = ~held
    matrix = normal / (scale[:, :, None] * scale[:, None, :]) * (free[:, :, None] & free[:, None, :])
    matrix[:, np.arange(size), np.arange(size)] = np.where(free, 1.0 + damping[:, None], 1.0)
    right = np.where(free, -gradient / scale, 0.0)
    step = np.linalg.solve(matrix, right[:, :, None])[:, :, 0] / scale
    step = np.where(np.isfinite(step), step, 0.0)
    return np.clip(step, -LARGEST_STEP, LARGEST_STEP), held
