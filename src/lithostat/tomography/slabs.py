"""A block of greys in slabs of rows, each with a halo, every row read once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from lithostat.experiment.volume import Voxels

HEIGHT = 32  # rows of a slab, as of a chunk


class Box(NamedTuple):
    """A part of y and x."""

    y: slice
    x: slice

    @property
    def shape(self) -> tuple[int, int]:
        """Number of voxels along y and x."""
        return self.y.stop - self.y.start, self.x.stop - self.x.start


class Slab(NamedTuple):
    """Rows `start` to `stop` with `halo` rows and voxels around them; beyond the volume its edge is repeated."""

    number: int
    start: int
    stop: int
    greys: np.ndarray


def count(rows: int, height: int) -> int:
    """Number of slabs."""
    return -(-rows // height)


def slabs(voxels: Voxels, box: Box, *, height: int = HEIGHT, halo: int = 1, first: int = 0) -> Iterator[Slab]:
    """The slabs of a block from number `first` on; two slabs are in memory at a time."""
    rows = voxels.shape[0]
    y, x = (slice(max(0, one.start - halo), one.stop + halo) for one in box)
    pads = [
        (max(0, halo - one.start), max(0, one.stop + halo - length))
        for one, length in zip(box, voxels.shape[1:], strict=True)
    ]

    def read(start: int, stop: int) -> np.ndarray:
        part = np.asarray(voxels[max(0, start) : min(stop, rows), y, x])
        return np.pad(part, ((0, 0), *pads), mode="edge") if any(map(any, pads)) else part

    total = count(rows, height)
    if first >= total:
        return
    before = read(first * height - halo, first * height) if first else None
    now = read(first * height, (first + 1) * height)
    for number in range(first, total):
        start, stop = number * height, min((number + 1) * height, rows)
        after = read(stop, stop + height) if stop < rows else None
        above = before if before is not None else np.repeat(now[:1], halo, axis=0)
        below = after if after is not None else now[-1:]
        if len(below) < halo:
            below = np.concatenate([below, np.repeat(below[-1:], halo - len(below), axis=0)])
        yield Slab(number, start, stop, np.concatenate([above, now, below[:halo]]))
        if after is None:
            return
        joined = now if len(now) >= halo or before is None else np.concatenate([before, now])
        before, now = joined[-halo:], after
