"""Connected parts of a mask that comes slab by slab: labelled in each slab, joined across their borders.

Voxels are connected through their faces. Label numbers live only within a slab; a component is known by its row in the
merged table, and `Merged.member` says which label of which slab belongs to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

TOUCH_FIRST, TOUCH_LAST, TOUCH_RIM = 1, 2, 4


class SlabComponents(NamedTuple):
    """The components of one slab, a row each, label 1 being row 0.

    `size` [voxel]; `low`, `high` (n, 3): first and last z, y, x in the volume; `touches`: bits. `upper` and `lower`
    are (flat index, label) of its first and last row, (2, m) each.
    """

    size: np.ndarray
    low: np.ndarray
    high: np.ndarray
    touches: np.ndarray
    upper: np.ndarray
    lower: np.ndarray


class Merged(NamedTuple):
    """The components of all slabs: `size`, `low`, `high`, `touches` as for one slab's; `member[slab][label - 1]`."""

    size: np.ndarray
    low: np.ndarray
    high: np.ndarray
    touches: np.ndarray
    member: list[np.ndarray]

    @property
    def extent(self) -> np.ndarray:
        """Voxels from first to last along z, y, x, (n, 3)."""
        return self.high - self.low + 1


def labelled(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """Labels of a mask [z, y, x], connected through faces, from 1 on; and how many there are."""
    import cc3d

    labels, number = cc3d.connected_components(mask, connectivity=6, binary_image=True, return_N=True)
    return labels, int(number)


def part(
    mask: np.ndarray,
    origin: tuple[int, int, int],
    touching: Sequence[tuple[int, Any]] = (),
    *,
    labels: tuple[np.ndarray, int] | None = None,
) -> SlabComponents:
    """The components of the mask [z, y, x] of one slab whose first voxel is at `origin` in the volume.

    `touching`: pairs of a bit and a mask (or None); components with a voxel in it get the bit. `labels`: what
    `labelled` gave for the mask, where somebody has it already.
    """
    labels_of, number = labels or labelled(mask)
    flat, where = labels_of.reshape(-1), np.flatnonzero(mask)
    own = flat[where].astype(np.int64) - 1
    plane = mask.shape[1] * mask.shape[2]
    z, rest = np.divmod(where, plane)
    places = (z, *np.divmod(rest, mask.shape[2]))
    low, high = np.full((number, 3), 2**31 - 1, np.int32), np.full((number, 3), -1, np.int32)
    for axis, place in enumerate(places):
        at = (place + origin[axis]).astype(np.int32)
        np.minimum.at(low[:, axis], own, at)
        np.maximum.at(high[:, axis], own, at)
    touches = np.zeros(number, np.uint8)
    for bit, near in touching:
        if near is not None:
            touches[np.unique(labels_of[near & mask]) - 1] |= bit
    return SlabComponents(
        np.bincount(own, minlength=number), low, high, touches, _border(labels_of[0]), _border(labels_of[-1])
    )  # fmt: skip


def _border(plane: np.ndarray) -> np.ndarray:
    where = np.flatnonzero(plane)
    return np.stack([where, plane.reshape(-1)[where].astype(np.int64)])


def merge(parts: Sequence[SlabComponents]) -> Merged:
    """Join the components of neighbouring slabs wherever voxels on both sides of a border face each other."""
    offsets = np.concatenate([[0], np.cumsum([len(one.size) for one in parts])]).astype(np.int64)
    pairs = []
    for k, (one, other) in enumerate(pairwise(parts)):
        _, above, below = np.intersect1d(one.lower[0], other.upper[0], assume_unique=True, return_indices=True)
        pair = np.stack([one.lower[1][above] - 1 + offsets[k], other.upper[1][below] - 1 + offsets[k + 1]])
        pairs.append(np.unique(pair, axis=1))
    total = int(offsets[-1])
    joined = np.concatenate(pairs, axis=1) if pairs else np.zeros((2, 0), np.int64)
    graph = coo_array((np.ones(joined.shape[1], np.int8), (joined[0], joined[1])), shape=(total, total))
    number, belongs = connected_components(graph, directed=False) if total else (0, np.zeros(0, np.int32))
    counts = np.zeros(number, np.int64)
    low, high = np.full((number, 3), 2**31 - 1, np.int32), np.full((number, 3), -1, np.int32)
    touches = np.zeros(number, np.uint8)
    for k, one in enumerate(parts):
        own = belongs[offsets[k] : offsets[k + 1]]
        np.add.at(counts, own, one.size)
        np.minimum.at(low, own, one.low)
        np.maximum.at(high, own, one.high)
        np.bitwise_or.at(touches, own, one.touches)
    return Merged(counts, low, high, touches, [belongs[a:b] for a, b in pairwise(offsets)])
