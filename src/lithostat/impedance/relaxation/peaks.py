"""Peaks of a distribution of relaxation times that its band cannot explain away."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

SIGNIFICANCE = 2.0  # standard deviations by which a peak must stand above the valleys beside it
_LEAST = 1e-4  # of the whole; a peak with less is below what any spectrum resolves


@dataclass(frozen=True)
class Peak:
    """One process. `tau` [s] where the distribution is highest, `resistance` [ohm] between the valleys on both sides,
    as far as frequencies were measured.

    `log_tau_uncertainty` is the standard uncertainty of ln tau, `uncertainty` that of the resistance [ohm]. `range` is
    where it begins and ends [s]. `open` is true where it reaches beyond the measured frequencies.
    """

    tau: float
    log_tau_uncertainty: float
    resistance: float
    uncertainty: float
    range: tuple[float, float]
    open: bool

    @property
    def frequency(self) -> float:
        """1 / (2 pi tau) [Hz]."""
        return 1.0 / (2.0 * np.pi * self.tau)

    @property
    def capacitance(self) -> float:
        """tau / R [F], what a single RC of this resistance would have."""
        return self.tau / self.resistance


def peaks(
    tau: np.ndarray,
    height: np.ndarray,
    covariance: np.ndarray,
    rise: np.ndarray,
    gamma: np.ndarray,
    spread: np.ndarray,
    window: slice,
) -> tuple[Peak, ...]:
    """The significant peaks, from short to long times.

    `height` is what is compared (ln gamma, or gamma of either sign) with its `covariance`, and
    `rise` is its standard deviation upwards, which in a deep valley is the smaller one; `gamma` [ohm] and its
    covariance `spread` [ohm2] are what is summed. `window` are the grid points inside the measured frequencies; a
    peak whose top lies outside is no finding.
    """
    tops = _significant(height, covariance, rise)
    step = float(np.log(tau[1] / tau[0]))
    edges = _edges(height, tops)
    whole = step * float(np.abs(gamma).sum())
    found = []
    for k, top in enumerate(tops):
        whole_part = slice(edges[k], edges[k + 1])
        part = _both(whole_part, window)
        ohm = step * float(gamma[part].sum())
        sure = step * float(np.sqrt(max(spread[part, part].sum(), 0.0)))
        if abs(ohm) < max(SIGNIFICANCE * sure, _LEAST * whole) or not window.start <= top < window.stop:
            continue
        outside = step * (np.abs(gamma[whole_part]).sum() - np.abs(gamma[part]).sum())
        place, unsure = _place(height, covariance, top)
        found.append(
            Peak(
                tau=float(tau[top] * np.exp(place * step)),
                log_tau_uncertainty=unsure * step,
                resistance=ohm,
                uncertainty=sure,
                range=(float(tau[part.start]), float(tau[part.stop - 1])),
                open=bool(outside > 0.1 * abs(ohm)),
            )
        )
    return tuple(found)


def _edges(height: np.ndarray, tops: list[int]) -> list[int]:
    """Where the peaks begin and end: the lowest points between tops, and between the outer tops and the ends."""
    between = [a + int(np.argmin(height[a : b + 1])) for a, b in pairwise(tops)]
    if not tops:
        return []
    return [int(np.argmin(height[: tops[0] + 1])), *between, tops[-1] + int(np.argmin(height[tops[-1] :])) + 1]


def _significant(height: np.ndarray, covariance: np.ndarray, rise: np.ndarray) -> list[int]:
    """Grid points of the tops that stand out from the valleys on both sides, by the posterior of the difference.

    The least significant top is dropped first, and its neighbours are judged anew across the place where it was.
    """
    inner = np.arange(1, len(height) - 1)
    tops = inner[(height[inner] >= height[inner - 1]) & (height[inner] > height[inner + 1])].tolist()
    while len(tops) > 1:
        bounds = [0, *tops, len(height) - 1]
        margins = []
        for k, top in enumerate(tops):
            sides = (np.arange(bounds[k], top), np.arange(top + 1, bounds[k + 2] + 1))
            margins.append(min(_margin(height, covariance, rise, top, side) for side in sides))
        worst = int(np.argmin(margins))
        if margins[worst] >= SIGNIFICANCE:
            break
        del tops[worst]
    return tops


def _margin(height: np.ndarray, covariance: np.ndarray, rise: np.ndarray, top: int, side: np.ndarray) -> float:
    """By how many standard deviations the top stands above the surest valley on one side."""
    variance = covariance[top, top] + np.diag(covariance)[side] - 2.0 * covariance[top, side]
    variance = np.minimum(variance, covariance[top, top] + rise[side] ** 2)
    return float(np.max((height[top] - height[side]) / np.sqrt(np.maximum(variance, 1e-300)), initial=0.0))


def _place(height: np.ndarray, covariance: np.ndarray, top: int) -> tuple[float, float]:
    """(place of the top between grid points, its standard uncertainty), in grid steps."""
    before, here, after = height[top - 1 : top + 2]
    bent = min(before - 2.0 * here + after, -1e-12)
    variance = covariance[top + 1, top + 1] + covariance[top - 1, top - 1] - 2.0 * covariance[top + 1, top - 1]
    shift = float(np.clip(0.5 * (before - after) / bent, -0.5, 0.5))
    return shift, float(0.5 * np.sqrt(max(variance, 0.0)) / abs(bent))


def _both(part: slice, window: slice) -> slice:
    return slice(max(part.start, window.start), max(min(part.stop, window.stop), max(part.start, window.start)))
