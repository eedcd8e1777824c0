"""Grains of the pellet, and the ways along their edges that filaments take."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import Voronoi, cKDTree

from lithostat.tomography.phantom.phantom import Phantom, Strand

STEP = 0.5  # voxels between points of a way


class Edges(NamedTuple):
    """Vertices where grains meet, [vertex, z y x] in voxels, and the edges between them as a graph of lengths."""

    vertices: np.ndarray
    graph: coo_array


def seeds(phantom: Phantom) -> np.ndarray:
    """Centres of the grains, [grain, z y x] in voxels: a lattice with jitter, over the edges of the volume."""
    rng = np.random.default_rng((phantom.seed, 3))
    axes = [np.arange(-phantom.grain, length + 1.5 * phantom.grain, phantom.grain) for length in phantom.shape]
    lattice = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    return lattice + rng.uniform(-0.45, 0.45, lattice.shape) * phantom.grain


def edges(centres: np.ndarray, shape: tuple[int, int, int]) -> Edges:
    """Edges of the grains inside the volume."""
    made = Voronoi(centres)
    inside = np.all((made.vertices >= 0.0) & (made.vertices <= np.array(shape) - 1.0), axis=1)
    pairs = set()
    for ring in made.ridge_vertices:
        for one, other in zip(ring, (*ring[1:], ring[0]), strict=True):
            if min(one, other) >= 0 and inside[one] and inside[other]:
                pairs.add((min(one, other), max(one, other)))
    ends = np.array(sorted(pairs), int).reshape(-1, 2)
    length = np.linalg.norm(made.vertices[ends[:, 0]] - made.vertices[ends[:, 1]], axis=1) + 1e-6
    return Edges(made.vertices, coo_array((length, (ends[:, 0], ends[:, 1])), shape=(len(made.vertices),) * 2))


def way(phantom: Phantom, strand: Strand, of: Edges, first: float, last: float) -> np.ndarray:
    """Points of a filament's axis every half voxel, [point, z y x]; the pellet runs from z `first` to `last`.

    From its root in the electrode along edges of grains to where its depth is `reach` of the thickness.
    """
    centre, radius = 0.5 * (np.array(phantom.shape[1:]) - 1.0), phantom.radius * phantom.shape[2]
    across = centre + radius * np.array(strand.at)
    sign = 1.0 if strand.root == 1 else -1.0
    root = np.array([first if strand.root == 1 else last, *across])
    goal = root + np.array([sign * (strand.reach * (last - first) + phantom.grain), 0.0, 0.0])
    used = np.unique(np.concatenate([of.graph.row, of.graph.col]))
    near = np.hypot(*(of.vertices[used, 1:] - centre).T) < 0.85 * radius
    used = used[near & (of.vertices[used, 0] > first + 4.0) & (of.vertices[used, 0] < last - 4.0)]
    tree = cKDTree(of.vertices[used])
    begin, end = (used[tree.query(point)[1]] for point in (root, goal))
    _, before = dijkstra(of.graph.tocsr(), directed=False, indices=begin, return_predecessors=True)
    path = [end]
    while path[-1] != begin and before[path[-1]] >= 0:
        path.append(before[path[-1]])
    line = [root - np.array([sign * 6.0, 0.0, 0.0]), root, *of.vertices[path[::-1]]]
    if strand.reach >= 1.0:
        line.append(np.array([(last if strand.root == 1 else first) + 6.0 * sign, *line[-1][1:]]))
    points = _dense(np.array(line))
    depth = sign * (points[:, 0] - root[0]) + 0.5 * strand.width  # of the ball around each point
    beyond = np.flatnonzero(depth > strand.reach * (last - first))
    return points if strand.reach >= 1.0 or not len(beyond) else points[: beyond[0]]


def _dense(line: np.ndarray) -> np.ndarray:
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    at = np.arange(0.0, lengths[-1], STEP)
    return np.stack([np.interp(at, lengths, line[:, k]) for k in range(3)], axis=1)
