"""Greys as 12-bit levels, and their [1 2 1] mean along three axes, in 16-bit numbers and blocks that fit a cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lithostat.tomography.layout import Greys

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

ROWS = 8  # of y at a time
LEVELS = 4095
GAIN = 16  # of a smooth level over a level
REACH = 1.5  # contrasts beyond the references that levels still tell apart


class Levels(NamedTuple):
    """A linear map from greys to 0..4095, level 0 being grey `low`; what lies beyond is clipped."""

    low: float
    per_level: float

    @classmethod
    def around(cls, greys: Greys, dtype: np.dtype) -> Levels:
        """Levels for a volume: 1.5 contrasts below dark to 1.5 above electrolyte; whole steps for integers."""
        low, high = greys.dark - REACH * greys.contrast, greys.electrolyte + REACH * greys.contrast
        if np.dtype(dtype).kind == "f":
            return cls(low, (high - low) / LEVELS)
        info = np.iinfo(dtype)
        low, high = max(np.floor(low), info.min), min(np.ceil(high), info.max)
        return cls(float(low), float(2 ** max(0, int(np.ceil(np.log2(max((high - low) / LEVELS, 1e-9)))))))

    def smooth_level(self, grey: ArrayLike) -> np.ndarray:
        """Where a grey lies among the numbers of `smoothed`."""
        return np.clip((np.asarray(grey, float) - self.low) / self.per_level, 0, LEVELS) * GAIN

    def of(self, greys: np.ndarray) -> np.ndarray:
        """Greys as levels, uint16."""
        if greys.dtype.kind == "f":
            scaled = np.nan_to_num((greys - np.float32(self.low)) / np.float32(self.per_level), nan=0.0)
            return np.clip(scaled, 0, LEVELS).astype(np.uint16)
        kind = greys.dtype.type
        low, shift = int(self.low), int(np.log2(self.per_level))
        top = min(low + (LEVELS << shift), int(np.iinfo(greys.dtype).max))
        cut = np.clip(greys, kind(low), kind(top))
        if greys.dtype.kind == "i":
            cut = cut.astype(np.int32)
        cut = (cut - cut.dtype.type(low)).astype(np.uint16, copy=False)
        cut >>= np.uint16(shift)
        return cut


def smoothed(greys: np.ndarray, levels: Levels) -> np.ndarray:
    """[1 2 1]/4 mean along each axis of greys [z, y, x], as 16 times their level (uint16), but for the outer voxels.

    The shape shrinks by two along each axis.
    """
    z, y, x = (length - 2 for length in greys.shape)
    made = np.empty((z, y, x), np.uint16)
    for row in range(0, y, ROWS):
        part = levels.of(greys[:, row : row + ROWS + 2])
        total = part[:-1] + part[1:]  # 13 bits
        total = total[:-1] + total[1:]  # 14
        total = total[:, :-1] + total[:, 1:]  # 15
        total = total[:, :-1] + total[:, 1:]  # 16
        total >>= 2
        total = total[:, :, :-1] + total[:, :, 1:]
        np.add(total[:, :, :-1], total[:, :, 1:], out=made[:, row : row + ROWS])
    return made
