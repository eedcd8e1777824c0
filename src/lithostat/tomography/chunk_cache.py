"""Parts of a chunked array for a reader that comes back to the same chunks often."""

from __future__ import annotations

from collections import OrderedDict
from itertools import product

import numpy as np

from lithostat.experiment.volume import Voxels


class ChunkCache:
    """An array [z, y, x] whose last chunks stay decoded; an array without chunks is passed through."""

    def __init__(self, array: Voxels, most: int = 24) -> None:
        self._array, self._most = array, most
        self._chunks: tuple[int, int, int] | None = getattr(array, "chunks", None)
        self._held: OrderedDict[tuple[int, ...], np.ndarray] = OrderedDict()
        self.shape, self.dtype = array.shape, array.dtype

    def __getitem__(self, part: tuple[slice, slice, slice]) -> np.ndarray:
        """A part, as three slices with ends say it."""
        if self._chunks is None:
            return np.asarray(self._array[part])
        low = np.array([one.start for one in part])
        high = np.minimum([one.stop for one in part], self.shape)
        made = np.empty(np.maximum(high - low, 0), self.dtype)
        size = np.array(self._chunks)
        for key in product(*(range(int(a), int(b)) for a, b in zip(low // size, -(-high // size), strict=True))):
            origin = np.array(key) * size
            first, last = np.maximum(low, origin), np.minimum(high, origin + size)
            source = tuple(slice(int(a), int(b)) for a, b in zip(first - origin, last - origin, strict=True))
            target = tuple(slice(int(a), int(b)) for a, b in zip(first - low, last - low, strict=True))
            made[target] = self._chunk(key, origin, size)[source]
        return made

    def _chunk(self, key: tuple[int, ...], origin: np.ndarray, size: np.ndarray) -> np.ndarray:
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        window = tuple(
            slice(int(a), min(int(a + n), int(end))) for a, n, end in zip(origin, size, self.shape, strict=True)
        )
        chunk = np.asarray(self._array[window])
        self._held[key] = chunk
        if len(self._held) > self._most:
            self._held.popitem(last=False)
        return chunk
