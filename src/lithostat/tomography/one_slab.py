"""One slab of a tomogram: its labels, the components of what is dark inside the pellet, and counts by row."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lithostat.experiment.volume import Volume
from lithostat.tomography import phases as names
from lithostat.tomography.coarse import any_of_eight
from lithostat.tomography.components import TOUCH_FIRST, TOUCH_LAST, TOUCH_RIM, part
from lithostat.tomography.layout import BLOCK, LocatedPellet
from lithostat.tomography.phases import SHARES
from lithostat.tomography.slabs import Box, Slab
from lithostat.tomography.smoothing import Levels, smoothed
from lithostat.tomography.surfaces import Surfaces

NEAR = 1.5  # voxels from the margin of an interface within which a component touches it


class SlabInputs(NamedTuple):
    """What every slab needs: planes over the box (y, x), and the map from greys to levels."""

    volume: Volume
    layout: LocatedPellet
    box: Box
    levels: Levels
    columns: np.ndarray
    rim: np.ndarray
    even: tuple[np.ndarray, np.ndarray]
    margin: tuple[float, float]
    furthest: tuple[float, float]  # rows to which the margins of either interface reach


def box_of(layout: LocatedPellet) -> Box:
    """The part of y and x that holds the pellet; even numbers, so that pairs of voxels stay together."""
    y, x = np.nonzero(layout.columns)
    found = []
    for at, length in ((y, layout.shape[1]), (x, layout.shape[2])):
        low, high = int(at.min()) * layout.step, (int(at.max()) + 1) * layout.step
        found.append(slice(low, min(high, length // 2 * 2)))
    return Box(*found)


def scene(volume: Volume, layout: LocatedPellet, heights: Surfaces, box: Box) -> SlabInputs:
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
    furthest = (
        float(even[0][columns].max()) + heights.margin[0], float(even[1][columns].min()) - heights.margin[1],
    )  # fmt: skip
    return SlabInputs(
        volume, layout, box, levels, columns, columns & ~inner, (even[0], even[1]), heights.margin, furthest
    )


def label_slab(slab: Slab, scene: SlabInputs) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """What is kept of a slab, and its labels [row, y, x]."""
    smooth = smoothed(slab.greys, scene.levels)
    inside, near = _interior(slab, scene)
    below = _below(smooth, slab, scene, (*SHARES, scene.layout.faint_share))
    whole = near[0] is None and near[1] is None  # all of it lies between the interfaces
    bright = ~below[0.5] if not whole else None
    for mask in below.values():
        np.logical_and(mask, inside, out=mask)
    dark, faint = below, below[scene.layout.faint_share]
    labels = _labels(dark[0.5], faint, scene.columns)
    if bright is not None:
        _label_ends(labels, slab, scene, bright, inside)
    interior = np.array([np.count_nonzero(row) for row in inside])
    by_depth = np.array([[np.count_nonzero(row) for row in dark[share]] for share in SHARES])
    made = {
        "by_depth": by_depth,
        "interior": interior,
        "counts": _counts(labels, int(by_depth[1].sum()), int(np.count_nonzero(faint)), interior.sum(), whole),
        "coarse": np.packbits(any_of_eight(faint, slab.start), axis=2),
        "start": np.array(slab.start),
    }
    rim = np.broadcast_to(scene.rim, inside.shape)
    touching = ((TOUCH_FIRST, near[0]), (TOUCH_LAST, near[1]), (TOUCH_RIM, rim))
    for name, mask in (("dark", dark[0.5]), ("faint", faint)):
        found = part(mask, (slab.start, scene.box.y.start, scene.box.x.start), touching)
        made |= {f"{name}_{field}": values for field, values in found._asdict().items()}
    return made, labels


def _interior(slab: Slab, scene: SlabInputs) -> tuple[np.ndarray, list[np.ndarray | None]]:
    """Where dark counts as inside the pellet, [row, y, x], and its first voxels from either interface (None: none)."""
    rows = np.arange(slab.start, slab.stop, dtype=np.float32)[:, None, None]
    inside = np.broadcast_to(scene.columns, (len(rows), *scene.box.shape))
    near: list[np.ndarray | None] = [None, None]
    for k, sign in ((0, 1.0), (1, -1.0)):
        edge = scene.even[k] + sign * scene.margin[k]
        closest = sign * (rows.reshape(-1) - scene.furthest[k])
        if closest.min() <= NEAR:
            depth = sign * (rows - edge)
            inside = inside & (depth > 0.0)
            near[k] = (depth > 0.0) & (depth <= NEAR)
    return inside, near


def _below(smooth: np.ndarray, slab: Slab, scene: SlabInputs, shares: tuple[float, ...]) -> dict[float, np.ndarray]:
    """Where a smooth grey is below each threshold; thresholds change with blocks of 32 rows of the volume."""
    made = {share: np.empty(smooth.shape, bool) for share in shares}
    dark = scene.layout.greys.dark
    row = slab.start
    while row < slab.stop:
        block = row // BLOCK
        until = min((block + 1) * BLOCK, slab.stop)
        bright, rows = scene.layout.bright(block, *scene.box), slice(row - slab.start, until - slab.start)
        for share, out in made.items():
            limit = np.rint(scene.levels.smooth_level(dark + share * (bright - dark))).astype(np.uint16)
            np.less(smooth[rows], limit, out=out[rows])
        row = until
    return made


def _labels(dark: np.ndarray, faint: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Labels as if all of the columns were pellet; `faint` includes what is dark."""
    made = (dark ^ faint).view(np.uint8) * np.uint8(names.FAINT - names.ELECTROLYTE)
    made += dark.view(np.uint8)  # dark follows on electrolyte
    made += np.uint8(names.ELECTROLYTE)
    made *= columns.view(np.uint8)
    return made


def _label_ends(labels: np.ndarray, slab: Slab, scene: SlabInputs, bright: np.ndarray, inside: np.ndarray) -> None:
    """Electrodes, and what is bright in them, in place."""
    outer = ~inside & scene.columns
    rows = np.arange(slab.start, slab.stop, dtype=np.float32)[:, None, None]
    first = rows < 0.5 * (scene.even[0] + scene.even[1])
    labels[outer & ~bright & first] = names.FIRST_ELECTRODE
    labels[outer & ~bright & ~first] = names.LAST_ELECTRODE
    beyond = (rows < scene.even[0] - scene.margin[0]) | (rows > scene.even[1] + scene.margin[1])
    labels[outer & bright & beyond] = names.BRIGHT


def _counts(labels: np.ndarray, dark: int, faint: int, interior: int, whole: bool) -> np.ndarray:
    """Voxels of each label; by counting only what is not known already."""
    if not whole:
        return np.array([np.count_nonzero(labels == code) for code in names.NAMES])
    made = np.zeros(len(names.NAMES), np.int64)
    made[[names.DARK, names.FAINT, names.ELECTROLYTE]] = dark, faint - dark, interior - faint
    made[names.OUTSIDE] = labels.size - interior
    return made
