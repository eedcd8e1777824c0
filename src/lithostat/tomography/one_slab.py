"""One slab of a tomogram: its labels, the components of what is dark inside the pellet, and counts by row."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lithostat.experiment.volume import Volume
from lithostat.tomography import phases as names
from lithostat.tomography.coarse import any_of_eight
from lithostat.tomography.components import TOUCH_FIRST, TOUCH_LAST, TOUCH_RIM, part
from lithostat.tomography.layout import BLOCK, Layout
from lithostat.tomography.phases import SHARES
from lithostat.tomography.slabs import Box, Slab
from lithostat.tomography.smoothing import Levels, smoothed
from lithostat.tomography.surfaces import Surfaces

NEAR = 1.5  # voxels from the margin of an interface within which a component touches it


class Scene(NamedTuple):
    """What every slab needs: planes over the box (y, x), and the map from greys to levels."""

    volume: Volume
    layout: Layout
    box: Box
    levels: Levels
    columns: np.ndarray
    rim: np.ndarray
    even: tuple[np.ndarray, np.ndarray]
    margin: tuple[float, float]


def box_of(layout: Layout) -> Box:
    """The part of y and x that holds the pellet; even numbers, so that pairs of voxels stay together."""
    y, x = np.nonzero(layout.columns)
    found = []
    for at, length in ((y, layout.shape[1]), (x, layout.shape[2])):
        low, high = int(at.min()) * layout.step, (int(at.max()) + 1) * layout.step
        found.append(slice(low, min(high, length // 2 * 2)))
    return Box(*found)


def scene(volume: Volume, layout: Layout, heights: Surfaces, box: Box) -> Scene:
    """What every slab needs, made once."""
    columns = layout.plane(layout.columns)[box]
    inner = columns.copy()
    for axis in (0, 1):
        for way in (1, -1):
            beside = np.roll(columns, way, axis)
            edge = [slice(None), slice(None)]
            edge[axis] = slice(0, 1) if way == 1 else slice(-1, None)
            beside[tuple(edge)] = False
            inner &= beside
    even = tuple(heights.planes(volume.shape, k)[box] for k in range(2))
    levels = Levels.around(layout.greys, volume.voxels.dtype)
    return Scene(volume, layout, box, levels, columns, columns & ~inner, (even[0], even[1]), heights.margin)


def label_slab(slab: Slab, scene: Scene) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """What is kept of a slab, and its labels [row, y, x]."""
    smooth = smoothed(slab.greys, scene.levels)
    inside, near = _interior(slab, scene)
    below = {share: _below(smooth, slab, scene, share) for share in (*SHARES, scene.layout.faint_share)}
    labels = _labels(slab, scene, below[0.5], inside)
    dark = {share: mask & inside for share, mask in below.items()}
    faint = dark[scene.layout.faint_share]
    labels[faint & ~dark[0.5]] = names.FAINT
    made = {
        "by_depth": np.array([[np.count_nonzero(row) for row in dark[share]] for share in SHARES]),
        "interior": np.array([np.count_nonzero(row) for row in inside]),
        "counts": np.bincount(labels.reshape(-1), minlength=len(names.NAMES)),
        "coarse": np.packbits(any_of_eight(faint, slab.start), axis=2),
        "start": np.array(slab.start),
    }
    rim = np.broadcast_to(scene.rim, inside.shape)
    touching = ((TOUCH_FIRST, near[0]), (TOUCH_LAST, near[1]), (TOUCH_RIM, rim))
    for name, mask in (("dark", dark[0.5]), ("faint", faint)):
        found = part(mask, (slab.start, scene.box.y.start, scene.box.x.start), touching)
        made |= {f"{name}_{field}": values for field, values in found._asdict().items()}
    return made, labels


def _interior(slab: Slab, scene: Scene) -> tuple[np.ndarray, list[np.ndarray | None]]:
    """Where dark counts as inside the pellet, [row, y, x], and its first voxels from either interface (None: none)."""
    rows = np.arange(slab.start, slab.stop, dtype=np.float32)[:, None, None]
    inside = np.broadcast_to(scene.columns, (len(rows), *scene.box.shape))
    near: list[np.ndarray | None] = [None, None]
    for k, sign in ((0, 1.0), (1, -1.0)):
        edge = scene.even[k] + sign * scene.margin[k]
        reach = edge[scene.columns]
        closest = sign * (rows.reshape(-1) - (reach.max() if k == 0 else reach.min()))
        if closest.min() <= 2.0:
            depth = sign * (rows - edge)
            inside = inside & (depth > 0.0)
            near[k] = (depth > 0.0) & (depth <= NEAR)
    return inside, near


def _below(smooth: np.ndarray, slab: Slab, scene: Scene, share: float) -> np.ndarray:
    """Where a smooth grey is below a threshold; thresholds change with blocks of 32 rows of the volume."""
    made = np.empty(smooth.shape, bool)
    row = slab.start
    while row < slab.stop:
        block = row // BLOCK
        until = min((block + 1) * BLOCK, slab.stop)
        grey = scene.layout.threshold(block, share)[scene.box]
        limit = np.rint(scene.levels.smooth_level(grey)).astype(np.uint16)
        np.less(smooth[row - slab.start : until - slab.start], limit, out=made[row - slab.start : until - slab.start])
        row = until
    return made


def _labels(slab: Slab, scene: Scene, dark: np.ndarray, inside: np.ndarray) -> np.ndarray:
    labels = np.where(dark, np.uint8(names.DARK), np.uint8(names.ELECTROLYTE))
    labels[:, ~scene.columns] = names.OUTSIDE
    if inside.sum(dtype=np.int64) == scene.columns.sum(dtype=np.int64) * len(labels):
        return labels
    outer = ~inside & scene.columns
    rows = np.arange(slab.start, slab.stop, dtype=np.float32)[:, None, None]
    first = rows < 0.5 * (scene.even[0] + scene.even[1])
    labels[outer & dark & first] = names.FIRST_ELECTRODE
    labels[outer & dark & ~first] = names.LAST_ELECTRODE
    beyond = (rows < scene.even[0] - scene.margin[0]) | (rows > scene.even[1] + scene.margin[1])
    labels[outer & ~dark & beyond] = names.BRIGHT
    return labels
