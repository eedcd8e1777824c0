"""Greys that come slice by slice: from many files, or from the pages of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from lithostat.experiment.volume import Index, Voxels

if TYPE_CHECKING:
    from numpy.typing import DTypeLike


class Slices:
    """A block of greys [slice, y, x] whose slices are read one at a time when they are asked for."""

    def __init__(self, count: int, plane: tuple[int, int], dtype: DTypeLike, read: Callable[[int], np.ndarray]) -> None:
        self.shape, self.dtype, self._read = (count, *plane), np.dtype(dtype).newbyteorder("="), read

    def __getitem__(self, part: Index) -> np.ndarray:
        """Part of the block, as slices say it."""
        parts: tuple[slice, ...] = part if isinstance(part, tuple) else (part,)
        parts = (*parts, *(slice(None),) * (3 - len(parts)))
        chosen: range = range(self.shape[0])[parts[0]]
        plane = parts[1:]
        size = tuple(len(range(length)[one]) for length, one in zip(self.shape[1:], plane, strict=True))
        made = np.empty((len(chosen), *size), self.dtype)
        for row, k in enumerate(chosen):
            made[row] = self._read(k)[plane]
        return made


class Turned:
    """A block of greys seen with another axis first: `axes` as for `numpy.transpose`."""

    def __init__(self, voxels: Voxels, axes: tuple[int, int, int]) -> None:
        self._voxels, self._axes, self.dtype = voxels, axes, np.dtype(voxels.dtype)
        self.shape = tuple(voxels.shape[axis] for axis in axes)

    def __getitem__(self, part: Index) -> np.ndarray:
        """Part of the block, as slices along the new axes say it."""
        parts = part if isinstance(part, tuple) else (part,)
        parts = (*parts, *(slice(None),) * (3 - len(parts)))
        asked: list[Any] = [slice(None)] * 3
        for axis, one in zip(self._axes, parts, strict=True):
            asked[axis] = one
        return np.transpose(np.asarray(self._voxels[tuple(asked)]), self._axes)
