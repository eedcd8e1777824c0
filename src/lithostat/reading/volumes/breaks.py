"""Where a stack breaks: slices that do not follow on the ones before, repeat, or were rescaled one by one.

Neighbouring slices are compared as thumbnails, in blocks whose own means are taken off: a flat interface changes the
mean of its blocks and is no break; slices that were lost, swapped or moved change what lies inside the blocks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

STEP = 4  # pixels of a slice per pixel of its thumbnail
BLOCK = 32  # pixels of the thumbnail
NEAR = 8  # slices on either side that a step is compared with
TIMES, MORE = 2.6, 0.1  # a break is unlike its neighbourhood by this factor and by this much
JITTER = 0.02  # share of the range by which a bright grey may jump from slice to slice


def thumbnails(greys: np.ndarray) -> np.ndarray:
    """Every fourth row, means of four columns: [slice, y/4, x/4] float32 of [slice, y, x]; not finite becomes 0."""
    rows = greys[:, ::STEP, : greys.shape[2] // STEP * STEP]
    small = np.zeros((*rows.shape[:2], rows.shape[2] // STEP), np.float32)
    for k in range(STEP):
        small += rows[:, :, k::STEP]
    return np.nan_to_num(small / STEP, copy=False, nan=0.0, posinf=0.0, neginf=0.0)


def unlikeness(first: np.ndarray, second: np.ndarray) -> float:
    """1 minus the correlation of two thumbnails [y, x] within blocks; 0 for the same image, about 1 for noise."""
    one, other = _blocks(first), _blocks(second)
    own = float((one * one).sum()) * float((other * other).sum())
    if own == 0.0:
        return 0.0 if np.array_equal(first, second) else 1.0
    return 1.0 - float((one * other).sum()) / own**0.5


def levels(small: np.ndarray) -> np.ndarray:
    """5 and 95 % quantile of a thumbnail, (2,): where its dark and its bright greys lie."""
    return np.quantile(small, (0.05, 0.95)).astype(np.float64)


def breaks(steps: Sequence[float]) -> list[int]:
    """Indices k for which slice k + 1 does not follow on slice k, of the unlikeness of every step."""
    values = np.asarray(steps, float)
    found = []
    for k, value in enumerate(values):
        near = np.delete(values[max(0, k - NEAR) : k + NEAR + 1], min(k, NEAR))
        usual = float(np.median(near)) if near.size else 0.0
        if near.size >= NEAR and value > TIMES * usual and value > usual + MORE:
            found.append(k)
    return found


def repeated(steps: Sequence[float]) -> list[int]:
    """Indices k for which slice k + 1 is the same image as slice k."""
    return [k for k, value in enumerate(steps) if value < 1e-9]


def jitter(quantiles: np.ndarray) -> float:
    """How far the bright grey jumps from slice to slice, as a share of the range of greys; of `levels` (slices, 2)."""
    if len(quantiles) < 2 * NEAR:
        return 0.0
    spread = float(np.median(quantiles[:, 1] - quantiles[:, 0]))
    bends = np.diff(quantiles[:, 1], 2)  # a slope is no jump
    return float(np.median(np.abs(bends))) / spread if spread > 0.0 else 0.0


def sentences(steps: Sequence[float], quantiles: np.ndarray) -> tuple[str, ...]:
    """What a person must know of the stack; slices are counted from 1."""
    said = [
        f"the stack breaks between slice {k + 1} and {k + 2}: they are less alike than their neighbours "
        f"({1.0 - steps[k]:.2f} of 1)"
        for k in breaks(steps)
    ]
    same = repeated(steps)
    if same:
        said.append(
            f"slice {same[0] + 2} repeats the one before it" + (f", and {len(same) - 1} more do" * (len(same) > 1))
        )
    jump = jitter(quantiles)
    if jump > JITTER:
        said.append(
            f"bright greys jump by {100.0 * jump:.2g} % of their range from slice to slice: if slices were rescaled "
            "one by one, export them again with one scale for all"
        )
    return tuple(said)


def _blocks(small: np.ndarray) -> np.ndarray:
    """Blocks of a thumbnail, each less its mean: [block, pixel]; the whole image where it is smaller than a block."""
    y, x = (min(BLOCK, length) for length in small.shape)
    rows, columns = small.shape[0] // y, small.shape[1] // x
    cut = small[: rows * y, : columns * x].reshape(rows, y, columns, x).swapaxes(1, 2).reshape(rows * columns, y * x)
    return cut - cut.mean(axis=1, keepdims=True)
