"""The voxels of one dark component, taken out of the labels of a volume."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from lithostat.experiment.volume import Voxels
from lithostat.tomography import phases as names
from lithostat.tomography.components import Merged, SlabComponents, labelled, merge, part
from lithostat.tomography.phases import Phases
from lithostat.tomography.shares import shares

HEIGHT = 64  # rows at a time
LARGEST = 20_000_000  # voxels of a component that is followed


class Cluster(NamedTuple):
    """Voxels of a component: `at` (n, 3) z, y, x in the volume, by raster order; `share` (n,) where their smoothed grey
    lies between dark (0) and electrolyte (1); `fall` (n,) contrasts by which it became darker, 0 without a scan from
    before."""

    at: np.ndarray
    share: np.ndarray
    fall: np.ndarray

    @property
    def low(self) -> np.ndarray:
        """First z, y, x."""
        return self.at.min(axis=0)

    @property
    def high(self) -> np.ndarray:
        """Last z, y, x."""
        return self.at.max(axis=0)

    def inside(self, low: np.ndarray, shape: tuple[int, ...], chosen: np.ndarray | None = None) -> np.ndarray:
        """A mask of that shape whose first voxel is at `low`; of the chosen voxels."""
        at = self.at if chosen is None else self.at[chosen]
        at = at - low
        at = at[((at >= 0) & (at < np.array(shape))).all(axis=1)]
        made = np.zeros(shape, bool)
        made[tuple(at.T)] = True
        return made


def cluster(of: Phases, components: Merged, index: int, fall: Voxels | None = None) -> Cluster | None:
    """The voxels of a component of `of.dark` or `of.faint`; None if there are more than can be followed.

    `fall`: `Difference.fall`, if there is one. Labels are made anew within its box, in which it hangs together as it
    does in the volume.
    """
    if components.size[index] > LARGEST:
        return None
    faint = components is of.faint
    low, high = components.low[index], 1 + components.high[index]
    parts: list[SlabComponents] = []
    found: list[tuple[np.ndarray, ...]] = []
    for start in range(int(low[0]), int(high[0]), HEIGHT):
        rows = slice(start, min(start + HEIGHT, int(high[0])))
        labels = np.asarray(of.labels[rows, low[1] : high[1], low[2] : high[2]])
        mask = labels == names.DARK
        if faint:
            mask |= labels == names.FAINT
        numbers, number = labelled(mask)
        parts.append(part(mask, (start, int(low[1]), int(low[2])), labels=(numbers, number)))
        where = np.flatnonzero(mask)
        at = np.stack(np.unravel_index(where, mask.shape), axis=1) + np.array([start, *low[1:]])
        first, last = np.array([rows.start, *low[1:]]), np.array([rows.stop, *high[1:]])
        share = shares(of.volume, of.layout, first, last).reshape(-1)[where]
        fell: np.ndarray = np.zeros(len(where), np.float32)
        if fall is not None:
            fell = np.asarray(fall[rows, low[1] : high[1], low[2] : high[2]]).reshape(-1)[where] / 100.0
        found.append((numbers.reshape(-1)[where], at.astype(np.int32), share, fell))
    joined = merge(parts)
    same = (joined.size == components.size[index]) & (joined.low == low).all(1) & (joined.high == high - 1).all(1)
    wanted = int(np.flatnonzero(same)[0])
    chosen = [joined.member[k][one[0] - 1] == wanted for k, one in enumerate(found)]
    return Cluster(*(np.concatenate([one[j][own] for one, own in zip(found, chosen, strict=True)]) for j in (1, 2, 3)))


def joined(at: np.ndarray, chosen: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> bool:
    """Whether chosen voxels (n,) lead from one of `starts` to one of `ends`, through faces."""
    kept = np.flatnonzero(chosen)
    if not (starts & chosen).any() or not (ends & chosen).any():
        return False
    places = at[kept].astype(np.int64)
    low = places.min(axis=0) - 1
    size = places.max(axis=0) - low + 2
    index = np.ravel_multi_index(tuple((places - low).T), tuple(size))
    order = np.argsort(index)
    ranked = index[order]
    pairs = []
    for step in (1, size[2], size[1] * size[2]):
        place = np.minimum(np.searchsorted(ranked, index + step), len(ranked) - 1)
        there = ranked[place] == index + step
        pairs.append(np.stack([np.flatnonzero(there), order[place[there]]]))
    ends_of = np.concatenate(pairs, axis=1)
    graph = coo_array((np.ones(ends_of.shape[1], np.int8), (ends_of[0], ends_of[1])), shape=(len(kept),) * 2)
    _, group = connected_components(graph, directed=False)
    return bool(np.intersect1d(group[starts[kept]], group[ends[kept]]).size)
