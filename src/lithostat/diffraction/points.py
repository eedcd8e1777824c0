"""Which points of a pattern are looked at: ranges left out, points summed where they are finer than the lines need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lithostat.experiment.errors import InputError
from lithostat.experiment.pattern import FEWEST, Pattern

PER_WIDTH = 5  # points over a full width that a first search needs


def within(pattern: Pattern, first: float | None, last: float | None) -> Pattern:
    """The part between two angles [rad]; None leaves an end open."""
    x = pattern.two_theta
    keep = np.ones(len(x), bool)
    keep &= x >= first if first is not None else True
    keep &= x <= last if last is not None else True
    return _kept(pattern, keep, "the range that was asked for")


def without(pattern: Pattern, ranges: Sequence[tuple[float, float]]) -> Pattern:
    """The pattern without the points in these ranges [rad]."""
    keep = np.ones(len(pattern), bool)
    for low, high in ranges:
        keep &= (pattern.two_theta < low) | (pattern.two_theta > high)
    return _kept(pattern, keep, "the ranges that were left out")


def _kept(pattern: Pattern, keep: np.ndarray, what: str) -> Pattern:
    if keep.all():
        return pattern
    if keep.sum() < FEWEST:
        low, high = np.degrees(pattern.two_theta[[0, -1]])
        raise InputError(
            f"{what} leaves {int(keep.sum())} of {len(pattern)} points",
            expected=f"at least {FEWEST} between {low:.4g} and {high:.4g} degrees",
        )
    return replace(pattern, two_theta=pattern.two_theta[keep], counts=pattern.counts[keep], sigma=pattern.sigma[keep])


def thinned(pattern: Pattern, width: float, most: int = 1000) -> tuple[Pattern, int]:
    """Neighbouring points summed so that `PER_WIDTH` of them remain over a line of full width `width` [rad].

    Returns the pattern and how many points each sum holds. Gaps in the angles are not summed over.
    """
    x = pattern.two_theta
    step = float(np.median(np.diff(x)))
    count = min(max(int(width / step / PER_WIDTH), 1), most)
    if count == 1 or len(x) < count * FEWEST:
        return pattern, 1
    starts = np.flatnonzero(np.diff(x, prepend=-np.inf) > 1.5 * step)
    blocks = np.concatenate(
        [np.arange(begin, end - count + 1, count) for begin, end in zip(starts, [*starts[1:], len(x)], strict=True)]
    )
    places = blocks[:, None] + np.arange(count)
    return (
        replace(
            pattern,
            two_theta=x[places].mean(axis=1),
            counts=pattern.counts[places].sum(axis=1),
            sigma=np.sqrt((pattern.sigma[places] ** 2).sum(axis=1)),
        ),
        count,
    )


def summed(fixed: np.ndarray | None, pattern: Pattern, few: Pattern, count: int) -> np.ndarray:
    """(points, k) columns given at the points of `pattern`, at those of `few`, which sum `count` of them each."""
    if fixed is None or fixed.shape[1] == 0:
        return np.zeros((len(few), 0))
    columns = [np.interp(few.two_theta, pattern.two_theta, column) * count for column in fixed.T]
    return np.stack(columns, axis=1)
