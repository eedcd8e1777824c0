"""What is dark in a later scan and was not in an earlier one of the same cell."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from lithostat.experiment.errors import InputError
from lithostat.experiment.volume import Volume, Voxels
from lithostat.tomography import phases as names
from lithostat.tomography.components import labelled
from lithostat.tomography.layout import LocatedPellet
from lithostat.tomography.locate import locate
from lithostat.tomography.phases import Phases
from lithostat.tomography.placement import Placement, place
from lithostat.tomography.shares import shares
from lithostat.tomography.slabs import count

if TYPE_CHECKING:
    import zarr

CHUNK = 256
TILE = 512  # voxels of y and x at a time
LEAST_DROP = 0.35  # of the contrast: below, half a voxel of misplacement at an edge looks alike
WEAK = 0.12  # of the contrast: beside what is surely new, this much is new as well
BESIDE = 2.0  # voxels
SIGMAS = 4.5
WORST_RESIDUAL, LEAST_ALIKE = 0.7, 0.5  # voxels; beyond, the scans do not lie on each other
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Difference:
    """The comparison of two scans.

    `fall`: [z, y, x] uint8 of the later scan, how far a dark or faint voxel became darker, 1 to 200 for 0.01 to 2
    contrasts, where that exceeds 0.12. `counts` (n,): voxels that fell by more than `drop` in each component of
    `Phases.faint`. `gone`: voxels of the pellet that became as much brighter.
    """

    placement: Placement
    before: Volume
    drop: float
    fall: Voxels
    counts: np.ndarray
    gone: int


def compare(of: Phases, before: Volume, *, folder: Path | None = None, progress: Progress | None = None) -> Difference:
    """Lay an earlier scan on the later one and take the difference. Raises `InputError` where they do not fit."""
    layout = locate(before)
    placement = place(of.volume, before, (of.layout, layout))
    if placement.residual > WORST_RESIDUAL or placement.alike < LEAST_ALIKE:
        raise InputError(
            f"{before.name} cannot be laid on {of.volume.name}: blocks are off by {placement.residual:.2g} voxels, "
            f"correlation {placement.alike:.2f}",
            expected="two scans of the same cell",
        )
    noise = np.hypot(of.layout.greys.smooth_noise, layout.greys.smooth_noise)
    drop = max(LEAST_DROP, SIGMAS * float(noise))
    store = _store(of, folder)
    counts, gone = np.zeros(len(of.faint.size), np.int64), 0
    total = count(of.volume.shape[0], of.height)
    for number in range(total):
        start, stop = number * of.height, min((number + 1) * of.height, of.volume.shape[0])
        rows = slice(start, stop)
        labels = np.asarray(of.labels[rows, of.box.y, of.box.x])
        dark = (labels == names.DARK) | (labels == names.FAINT)
        inside = dark | (labels == names.ELECTROLYTE)
        if inside.any():
            fall, rise = _changes(of, (before, layout), placement, rows, inside, drop)
            gone += rise
            fall[~dark] = 0
            new = fall > 100.0 * drop
            if fall.any():
                store[rows, of.box.y, of.box.x] = fall
            if new.any():
                numbers, _ = labelled(dark)
                own = of.faint.member[number][numbers[new] - 1]
                counts += np.bincount(own, minlength=len(counts))
        if progress is not None:
            progress("comparing", number + 1, total)
    return Difference(placement, before, drop, store, counts, gone)


def _changes(
    of: Phases,
    earlier: tuple[Volume, LocatedPellet],
    placement: Placement,
    rows: slice,
    inside: np.ndarray,
    drop: float,
) -> tuple[np.ndarray, int]:
    """How much darker rows of the later scan became, over the box, as `Difference.fall` holds it; and how many voxels
    became as much brighter. Tile by tile, so that memory does not grow with the width."""
    fall, rise = np.zeros(inside.shape, np.uint8), 0
    for y in range(0, inside.shape[1], TILE):
        for x in range(0, inside.shape[2], TILE):
            tile = (slice(None), slice(y, y + TILE), slice(x, x + TILE))
            if not inside[tile].any():
                continue
            low = np.array([rows.start, of.box.y.start + y, of.box.x.start + x])
            change = _change(of, earlier, placement, low, low + inside[tile].shape)
            fall[tile] = np.where(inside[tile] & (change > WEAK), np.clip(100.0 * change, 1, 200), 0)
            rise += int(np.count_nonzero(inside[tile] & (change < -drop)))
    return fall, rise


def _change(
    of: Phases, earlier: tuple[Volume, LocatedPellet], placement: Placement, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """Earlier less later share in a box of the later scan; 0 where the earlier one shows nothing."""
    before, layout = earlier
    later = shares(of.volume, of.layout, low, high)
    corners = np.array(np.meshgrid(*zip(low, high - 1, strict=True), indexing="ij"), float).reshape(3, -1).T
    reached = placement.at(corners)
    first = np.maximum(np.floor(reached.min(axis=0)).astype(int) - 1, 0)
    last = np.minimum(np.ceil(reached.max(axis=0)).astype(int) + 2, before.shape)
    if (last <= first).any():
        return np.zeros(later.shape, np.float32)
    there = shares(before, layout, first, last)
    offset = placement.matrix @ low + placement.offset - first
    seen = ndimage.affine_transform(there, placement.matrix, offset, later.shape, order=1, mode="constant", cval=np.nan)
    return np.nan_to_num(seen - later, nan=0.0)


def _store(of: Phases, folder: Path | None) -> np.ndarray | zarr.Array:
    if folder is None:
        return np.zeros(of.volume.shape, np.uint8)
    import zarr

    path = folder / "fall.zarr"
    shutil.rmtree(path, ignore_errors=True)
    chunks = (32, min(CHUNK, of.volume.shape[1]), min(CHUNK, of.volume.shape[2]))
    return zarr.create_array(str(path), shape=of.volume.shape, chunks=chunks, dtype="u1")


def is_new(at: np.ndarray, fall: np.ndarray, drop: float) -> np.ndarray:
    """Which voxels (n, 3) are new: those that fell by more than `drop`, and those beside them that fell by a little."""
    strong, weak = fall > drop, fall > WEAK
    if not strong.any():
        return strong
    near = np.flatnonzero(weak & ~strong)
    distance, _ = cKDTree(at[strong]).query(at[near], distance_upper_bound=BESIDE)
    made = strong.copy()
    made[near[np.isfinite(distance)]] = True
    return made
