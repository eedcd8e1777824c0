"""The body of a filament without the pores that it touches: what lies along its axis and its long branches."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.ndimage import median_filter
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from lithostat.tomography.cluster import HEIGHT, Cluster

HALO = 24  # rows around a slab in which distances to the wall are looked for
GRAPH = 600_000  # nodes at most; larger components are followed on every second voxel
SMOOTH = 31  # points of an axis over which its radius is a running median
WIDER, SLACK = 1.25, 1.0  # radius, and voxels, by which a body may exceed its axis' radius
BRANCHES = 20


class Body(NamedTuple):
    """`kept` (n,): voxels of the cluster that are the filament's; `radius` (n,): distance to the wall [voxel];
    `axis` (m, 3) points from root to tip, [voxel], and `length` of it with its branches [voxel]; `width` [voxel]."""

    kept: np.ndarray
    radius: np.ndarray
    axis: np.ndarray
    length: float
    width: float


def wall_distance(of: Cluster) -> np.ndarray:
    """Distance of every voxel to the surface of the cluster [voxel], (n,): Euclidean, less half a voxel."""
    import edt

    low, high = of.low - 1, of.high + 2
    made = np.empty(len(of.at), np.float32)
    for start in range(int(low[0]), int(high[0]), HEIGHT):
        first, last = max(int(low[0]), start - HALO), min(int(high[0]), start + HEIGHT + HALO)
        corner = np.array([first, low[1], low[2]])
        mask = of.inside(corner, (last - first, int(high[1] - low[1]), int(high[2] - low[2])))
        distance = edt.edt(mask, black_border=False)
        own = (of.at[:, 0] >= start) & (of.at[:, 0] < start + HEIGHT)
        made[own] = distance[tuple((of.at[own] - corner).T)] - 0.5
    return made


def body(of: Cluster, *, roots: np.ndarray, goals: np.ndarray | None, pore: float) -> Body:
    """Part a cluster into the filament and the pores it touches.

    `roots` (n,) marks voxels at the electrode it grows from (none: it has no root), `goals` those at the other one.
    The axis runs from the roots to the goals, or to the voxel farthest along z; branches are kept where they go on for
    more than `pore` voxels, the length of the longest pore expected.
    """
    radius = wall_distance(of)
    nodes, node_of, node_radius = _nodes(of, radius)
    graph = _graph(nodes, node_radius)
    start = np.unique(node_of[roots]) if roots.any() else _farthest(graph, nodes, np.array([0]))[:1]
    step = 2.0 if len(nodes) < len(of.at) else 1.0
    end = _goal(graph, nodes, start, np.unique(node_of[goals]) if goals is not None and goals.any() else None)
    paths = [_path(graph, start, end)]
    for _ in range(BRANCHES):
        spine = np.concatenate(paths)
        reach, before = _lengths(graph, spine)
        tip = int(np.argmax(np.where(np.isfinite(reach), reach, -1.0)))
        if reach[tip] * step <= pore + node_radius[spine].max() * 2.0:
            break
        paths.append(_walk(before, tip))
    points, radii = [], []
    for path in paths:
        points.append(nodes[path] * step + 0.5 * (step - 1.0))
        size = min(SMOOTH, 2 * (len(path) // 4) + 1)
        radii.append(median_filter(node_radius[path], size, mode="nearest"))
    spine_at, spine_radius = np.concatenate(points), np.concatenate(radii)
    distance, which = cKDTree(spine_at).query(of.at)
    kept = distance <= WIDER * spine_radius[which] + SLACK
    length = sum(float(np.linalg.norm(np.diff(one, axis=0), axis=1).sum()) for one in points)
    return Body(kept, radius, points[0], length, 2.0 * float(np.median(spine_radius)))


def _nodes(of: Cluster, radius: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes (m, 3), the node of each voxel (n,), and the largest radius in each (m,)."""
    if len(of.at) <= GRAPH:
        return of.at.astype(np.int64), np.arange(len(of.at)), np.maximum(radius, 0.5)
    nodes, belongs = np.unique(of.at.astype(np.int64) // 2, axis=0, return_inverse=True)
    largest = np.zeros(len(nodes), np.float32)
    np.maximum.at(largest, belongs.reshape(-1), radius)
    return nodes, belongs.reshape(-1), np.maximum(largest, 0.5)


def _graph(nodes: np.ndarray, radius: np.ndarray) -> coo_array:
    """Neighbours (26) with a cost that keeps to the middle: length over the square of the radius."""
    low = nodes.min(axis=0) - 1
    size = nodes.max(axis=0) - low + 2
    index = np.ravel_multi_index(tuple((nodes - low).T), tuple(size))
    order = np.argsort(index)
    ranked = index[order]
    ends, costs = [], []
    for z, y, x in [(0, 0, 1), (0, 1, -1), (0, 1, 0), (0, 1, 1), *((1, b, c) for b in (-1, 0, 1) for c in (-1, 0, 1))]:
        wanted = index + (z * size[1] + y) * size[2] + x
        place = np.minimum(np.searchsorted(ranked, wanted), len(ranked) - 1)
        there = ranked[place] == wanted
        one, other = np.flatnonzero(there), order[place[there]]
        ends.append(np.stack([one, other]))
        costs.append(np.sqrt(z * z + y * y + x * x) / (0.5 * (radius[one] + radius[other])) ** 2)
    joined = np.concatenate(ends, axis=1)
    return coo_array((np.concatenate(costs), (joined[0], joined[1])), shape=(len(nodes),) * 2).tocsr()


def _lengths(graph: coo_array, start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number of steps from the nearest of `start`, and the node before each."""
    steps = graph.copy()
    steps.data[:] = 1.0
    reach, before, _ = dijkstra(steps, directed=False, indices=start, min_only=True, return_predecessors=True)
    return reach, before


def _farthest(graph: coo_array, nodes: np.ndarray, start: np.ndarray) -> np.ndarray:
    reach, _ = _lengths(graph, start)
    return np.array([int(np.argmax(np.where(np.isfinite(reach), reach, -1.0)))])


def _goal(graph: coo_array, nodes: np.ndarray, start: np.ndarray, goals: np.ndarray | None) -> int:
    """The node where the axis ends."""
    if goals is not None:
        cost, *_ = dijkstra(graph, directed=False, indices=start, min_only=True, return_predecessors=True)
        return int(goals[np.argmin(cost[goals])])
    if len(start) == 1:
        return int(_farthest(graph, nodes, start)[0])
    depth = np.abs(nodes[:, 0] - np.median(nodes[start, 0]))
    return int(np.argmax(depth))


def _path(graph: coo_array, start: np.ndarray, end: int) -> np.ndarray:
    _, before, _ = dijkstra(graph, directed=False, indices=start, min_only=True, return_predecessors=True)
    return _walk(before, end)


def _walk(before: np.ndarray, end: int) -> np.ndarray:
    """Nodes from `end` back to where the walk began, turned round."""
    path = [end]
    while before[path[-1]] >= 0:
        path.append(int(before[path[-1]]))
    return np.array(path[::-1])
