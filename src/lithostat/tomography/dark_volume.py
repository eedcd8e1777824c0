"""How much of the pellet is dark, by the grey integral: no threshold decides how large a thing is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from lithostat.tomography.coarse import dilated, unpacked
from lithostat.tomography.phases import Phases

ROWS = 32  # of half resolution at a time
HALO = 2
BLOCK = 8  # voxels of half resolution, over which the electrolyte is averaged
NEAR = 1  # voxels of half resolution by which the integral reaches beyond what is dark
FAR = 2  # beyond which the electrolyte is measured
FEW = 60.0  # voxels of a block that count as much as its neighbourhood
LOCAL = 0.009  # of the contrast: how far the electrolyte at a dark thing may differ from that of its block


class DarkVolume(NamedTuple):
    """Volume [m3] of all that is dark inside the pellet, if it is as dark as lithium, with one standard deviation."""

    as_lithium: float
    error: float

    def interval(self, void: float) -> tuple[float, float]:
        """(low, high) [m3], two standard deviations wide of the smallest and the largest: all void, all lithium.

        `void`: how dark a void is, lithium being 1.
        """
        return max(0.0, (self.as_lithium - 2.0 * self.error) / void), self.as_lithium + 2.0 * self.error


def dark_volume(of: Phases) -> DarkVolume:
    """The grey integral over everything that is dark or faint and its nearest surroundings.

    Means of 2^3 voxels hold the same integral as the voxels. The electrolyte is taken from what is not dark within
    blocks of 32 voxels, smoothed.
    """
    local = _electrolyte(of)
    width = of.box.shape[1] // 2
    total, count, by_block = 0.0, 0, np.zeros(local.size)
    greys_of = of.volume.level(2)
    lithium = of.layout.greys.dark
    box = _half(of)
    for start in range(0, greys_of.shape[0], ROWS):
        first, last = max(0, start - HALO), min(greys_of.shape[0], start + ROWS + HALO)
        mask = dilated(unpacked(of.coarse[first:last], width), NEAR)
        rows = min(ROWS, greys_of.shape[0] - start)
        mask = (mask & _inside(of, first, last))[start - first : start - first + rows]
        where = np.nonzero(mask)
        if not len(where[0]):
            continue
        greys = np.asarray(greys_of[start : start + rows, box[0], box[1]], np.float32)[where]
        around = _local_at(local, (where[0] + start, where[1], where[2]))
        depth = (around - greys) / (around - lithium)
        total += float(depth.sum())
        count += len(depth)
        blocks = np.ravel_multi_index(tuple(one // BLOCK for one in (where[0] + start, *where[1:])), local.shape)
        by_block += np.bincount(blocks, minlength=local.size)
    voxel = of.voxel * 8.0
    noise = of.layout.greys.noise / of.layout.greys.contrast / np.sqrt(8.0)
    error = np.hypot(noise * np.sqrt(count), LOCAL * np.sqrt((by_block**2).sum()))
    return DarkVolume(total * voxel, float(error) * voxel)


def _local_at(of: np.ndarray, at: tuple[np.ndarray, ...]) -> np.ndarray:
    """The electrolyte of blocks at voxels of half resolution, linear between their middles."""
    places = [(one + 0.5) / BLOCK - 0.5 for one in at]
    return map_coordinates(of, places, order=1, mode="nearest").astype(np.float32)


def _half(of: Phases) -> tuple[slice, slice]:
    y, x = of.box
    return slice(y.start // 2, y.stop // 2), slice(x.start // 2, x.stop // 2)


def _inside(of: Phases, first: int, last: int) -> np.ndarray:
    """Where half resolution lies between the margins of the interfaces; (row, y, x) over the box."""
    rows = 2.0 * np.arange(first, last, dtype=np.float32)[:, None, None] + 0.5
    columns = of.layout.plane(of.layout.columns)[of.box][::2, ::2]
    edges = [of.surfaces.planes(of.volume.shape, k)[of.box][::2, ::2] for k in range(2)]
    return (rows > edges[0] + of.surfaces.margin[0]) & (rows < edges[1] - of.surfaces.margin[1]) & columns


def _electrolyte(of: Phases) -> np.ndarray:
    """Mean grey of what is far from anything dark, by blocks; smoothed, and the common one where there is none."""
    greys_of, box = of.volume.level(2), _half(of)
    width = of.box.shape[1] // 2
    rows = greys_of.shape[0]
    shape = (-(-rows // BLOCK), -(-(box[0].stop - box[0].start) // BLOCK), -(-(box[1].stop - box[1].start) // BLOCK))
    total, weight = np.zeros(shape), np.zeros(shape)
    for k, start in enumerate(range(0, rows, BLOCK)):
        first, last = max(0, start - FAR), min(rows, start + BLOCK + FAR)
        far = ~dilated(unpacked(of.coarse[first:last], width), FAR) & _inside(of, first, last)
        inner = slice(start - first, start - first + min(BLOCK, rows - start))
        greys = np.asarray(greys_of[start : start + BLOCK, box[0], box[1]], np.float64)
        for j in range(shape[1]):
            for i in range(shape[2]):
                part = (slice(j * BLOCK, (j + 1) * BLOCK), slice(i * BLOCK, (i + 1) * BLOCK))
                chosen = far[(inner, *part)]
                weight[k, j, i] = np.count_nonzero(chosen)
                total[k, j, i] = greys[(slice(None), *part)][chosen].sum()
    common = total.sum() / max(weight.sum(), 1.0)
    excess = total - common * weight
    spread, support = gaussian_filter(excess, 1.0), gaussian_filter(weight, 1.0)
    around = np.divide(spread, support, out=np.zeros(shape), where=support > 0.01 * BLOCK**3)
    return common + (excess + FEW * around) / (
        weight + FEW
    )  # a block with few voxels of its own leans on its neighbours
