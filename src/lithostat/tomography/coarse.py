"""Masks at half resolution, as bits: where any of 2 x 2 x 2 voxels is set."""

from __future__ import annotations

import numpy as np


def any_of_eight(mask: np.ndarray, start: int) -> np.ndarray:
    """Whether any of 2 x 2 x 2 voxels is set; pairs of rows are those of the volume, a lone row stands for its pair."""
    if start % 2:
        mask = np.concatenate([np.zeros_like(mask[:1]), mask])
    if len(mask) % 2:
        mask = np.concatenate([mask, np.zeros_like(mask[:1])])
    pairs = mask[::2] | mask[1::2]
    pairs = pairs[:, ::2] | pairs[:, 1::2]
    return pairs[:, :, ::2] | pairs[:, :, 1::2]


def gathered(parts: list[np.ndarray], starts: list[int], rows: int) -> np.ndarray:
    """Packed masks of slabs that begin at rows `starts` of the volume, as one of `rows` rows at half resolution."""
    made = np.zeros((rows, *parts[0].shape[1:]), np.uint8)
    for bits, start in zip(parts, starts, strict=True):
        first = start // 2
        made[first : first + len(bits)] |= bits[: rows - first]
    return made


def unpacked(bits: np.ndarray, width: int) -> np.ndarray:
    """Packed rows as booleans."""
    return np.unpackbits(bits, axis=2, count=width).view(bool)


def dilated(mask: np.ndarray, by: int) -> np.ndarray:
    """The mask [z, y, x] and what lies within `by` voxels along each axis."""
    made = mask
    for axis in range(3):
        grown = made.copy()
        for step in range(1, by + 1):
            one, other = [slice(None)] * 3, [slice(None)] * 3
            one[axis], other[axis] = slice(step, None), slice(None, -step)
            grown[tuple(one)] |= made[tuple(other)]
            grown[tuple(other)] |= made[tuple(one)]
        made = grown
    return made
