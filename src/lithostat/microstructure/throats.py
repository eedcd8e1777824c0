"""How wide pores are: the radius at every void voxel, and the narrowest place that must be passed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lithostat.microstructure.pellet import Pellet

DIGITAL = 0.14  # of ln(distance): the axis of a voxel tube of radius r is r - 0.14 ln r from the solid (10^4 tubes)


class Bottleneck(NamedTuple):
    """The widest path from face to face: its narrowest `radius` [m], 0 where nothing connects, by which neighbours."""

    radius: float
    neighbours: int


def radii(void: np.ndarray) -> np.ndarray:
    """Radius of the largest ball around each void voxel [voxel], float32; 0 in the solid.

    Distance to the nearest solid voxel with the half voxel that digitisation takes off given back, so that the axis of
    a tube has the tube's radius (within 2 % from a radius of 2 voxels). The outer faces of the block are no walls.
    """
    import edt

    distance = edt.edt(void, black_border=False)
    return np.where(void, distance + DIGITAL * np.log(np.maximum(distance, 1.0)), 0.0).astype(np.float32)


def bottleneck(of: Pellet, neighbours: int = 6) -> Bottleneck:
    """The largest radius for which voxels at least as wide still connect both faces: exact, by bisection over radii.

    With a threshold of entry this decides which pores lithium passes.
    """
    width = radii(of.void)
    levels = np.unique(width[of.void])
    low, high = 0, len(levels)  # levels[:low] connect
    while low < high:
        middle = (low + high) // 2
        if spans(width >= levels[middle], neighbours):
            low = middle + 1
        else:
            high = middle
    return Bottleneck(float(levels[low - 1]) * of.voxel_size if low else 0.0, neighbours)


def spans(mask: np.ndarray, neighbours: int = 6, axis: int = 0) -> bool:
    """Whether a mask [z, y, x] connects both faces of an axis."""
    import cc3d

    labels = cc3d.connected_components(mask, connectivity=neighbours, binary_image=True)
    first, last = np.take(labels, 0, axis), np.take(labels, -1, axis)
    return bool(np.intersect1d(first[first > 0], last[last > 0]).size)


class Connectivity(NamedTuple):
    """Pores of a pellet: `porosity`, `spanning` by axis, `reached`: share of the pores that hang together with the
    first face, `through`: share that hangs together with both."""

    porosity: float
    spanning: tuple[bool, bool, bool]
    reached: float
    through: float
    neighbours: int


def connectivity(of: Pellet, neighbours: int = 6) -> Connectivity:
    """What of the pores connects to what."""
    import cc3d

    labels = cc3d.connected_components(of.void, connectivity=neighbours, binary_image=True)
    size = np.bincount(labels.ravel())
    first, last = (np.unique(face[face > 0]) for face in (labels[0], labels[-1]))
    total = max(int(of.void.sum()), 1)
    both = np.intersect1d(first, last)
    spanning = tuple(
        bool(np.intersect1d(a[a > 0], b[b > 0]).size)
        for a, b in ((np.take(labels, 0, axis), np.take(labels, -1, axis)) for axis in range(3))
    )
    return Connectivity(
        of.porosity, (spanning[0], spanning[1], spanning[2]), float(size[first].sum()) / total,
        float(size[both].sum()) / total, neighbours,
    )  # fmt: skip
