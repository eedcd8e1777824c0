"""Both interfaces, sub-voxel: as they are seen, and as they would be without openings of filaments and pores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from lithostat.experiment.volume import Volume
from lithostat.tomography.layout import LocatedPellet, linear

BLOCK = 8  # voxels of y and x that are averaged
MEDIAN = 15  # blocks: openings up to half of this are bridged
REACH = 14  # voxels on either side of the rough surface that are looked at
TILE = 256  # voxels of y and x that are read at a time
LEAST_MARGIN = 2.0


@dataclass(frozen=True)
class Surfaces:
    """Heights [voxel] of both interfaces on blocks of 8 x 8 voxels, (2, y, x): `seen` as it is, NaN where there is no
    pellet; `even` with openings bridged. `margin`: (2,) voxels from `even` within which nothing is called dark."""

    seen: np.ndarray
    even: np.ndarray
    margin: tuple[float, float]

    def planes(self, shape: tuple[int, int, int], k: int) -> np.ndarray:
        """The even surface `k` at every voxel, (y, x)."""
        rows = linear(self.even[k], slice(0, shape[1]), BLOCK, 0)
        return linear(rows, slice(0, shape[2]), BLOCK, 1).astype(np.float32)


def surfaces(volume: Volume, layout: LocatedPellet) -> Surfaces:
    """Follow both interfaces at full resolution, (near the rough ones of `layout`)."""
    count = tuple(length // BLOCK or 1 for length in volume.shape[1:])
    wanted = _blocks(layout.plane(layout.columns).astype(np.float32), count) > 0.99
    seen = np.full((2, *count), np.nan)
    rough = [_blocks(layout.plane(layout.surfaces[k]), count) for k in range(2)]
    for k in range(2):
        if layout.seen[k] and wanted.any():
            for y in range(0, count[0], TILE // BLOCK):
                for x in range(0, count[1], TILE // BLOCK):
                    tile = slice(y, y + TILE // BLOCK), slice(x, x + TILE // BLOCK)
                    if wanted[tile].any():
                        seen[k][tile] = _tile(volume, layout, rough[k], tile, k)
            seen[k][~wanted] = np.nan
    even = np.stack([_even(seen[k], rough[k]) for k in range(2)])
    apart = [1.4826 * np.nanmedian(np.abs(seen[k] - even[k])) if layout.seen[k] else 0.0 for k in range(2)]
    margins = [max(LEAST_MARGIN, 3.0 * float(one)) for one in np.nan_to_num(apart)]
    return Surfaces(seen, even, (margins[0], margins[1]))


def _tile(volume: Volume, layout: LocatedPellet, rough: np.ndarray, tile: tuple[slice, slice], k: int) -> np.ndarray:
    """Heights of one tile of blocks; NaN where greys do not cross the threshold near the rough surface."""
    near = rough[tile]
    low = max(0, int(near.min()) - REACH)
    high = min(volume.shape[0], int(near.max()) + REACH + 1)
    rows, columns = (slice(one.start * BLOCK, (one.start + n) * BLOCK) for one, n in zip(tile, near.shape, strict=True))
    greys = np.asarray(volume.voxels[low:high, rows, columns], np.float32)
    means = greys.reshape(high - low, near.shape[0], BLOCK, near.shape[1], BLOCK).mean(axis=(2, 4))
    slab = (low + high) // 2 // 32
    bright = _blocks(layout.bright(slab, rows, columns), near.shape)
    between = layout.greys.dark + 0.5 * (bright - layout.greys.dark)
    if k == 1:
        means = means[::-1]
    height = _first_crossing(means, between)
    return high - 1 - height if k == 1 else low + height


def _first_crossing(means: np.ndarray, between: np.ndarray) -> np.ndarray:
    """Row at which [row, y, x] crosses to bright and stays so for three rows; NaN where it never does."""
    bright = means > between
    stays = bright[:-2] & bright[1:-1] & bright[2:]
    at = np.argmax(stays, axis=0)
    y, x = np.indices(at.shape)
    low, high = means[np.maximum(at - 1, 0), y, x], means[at, y, x]
    rest = np.clip((high - between) / np.maximum(high - low, 1e-12), 0.0, 1.0)
    return np.where(stays.any(axis=0) & (at > 0), at - rest, np.nan)


def _even(seen: np.ndarray, rough: np.ndarray) -> np.ndarray:
    """Median over 15 x 15 blocks of what is known; the rough surface where nothing is."""
    known = np.isfinite(seen)
    if not known.any():
        return rough
    slope = _plane(seen)
    _, nearest = ndimage.distance_transform_edt(~known, return_indices=True)
    size = min(MEDIAN, 2 * (min(seen.shape) // 4) + 1)
    rest = ndimage.median_filter((seen - slope)[tuple(nearest)], size, mode="nearest")
    return ndimage.uniform_filter(rest, 3, mode="nearest") + slope


def _plane(height: np.ndarray) -> np.ndarray:
    """The plane through heights (y, x), NaN left out, by least squares with outliers dropped twice."""
    y, x = np.meshgrid(*(np.arange(length) for length in height.shape), indexing="ij")
    known = np.isfinite(height)
    for _ in range(3):
        design = np.stack([np.ones(int(known.sum())), y[known], x[known]], axis=1)
        terms, *_ = np.linalg.lstsq(design, height[known], rcond=None)
        whole = terms[0] + terms[1] * y + terms[2] * x
        off = np.abs(height - whole)
        known = np.isfinite(height) & (off <= max(4.0 * float(np.nanmedian(off)), 0.5))
        if known.sum() < 8:
            break
    return whole


def without_slope(height: np.ndarray) -> np.ndarray:
    """Heights (y, x) less the plane through them."""
    return height - _plane(height)


def _blocks(plane: np.ndarray, count: tuple[int, ...]) -> np.ndarray:
    """Means over 8 x 8 voxels of (y, x)."""
    cut = plane[: count[0] * BLOCK, : count[1] * BLOCK]
    return cut.reshape(count[0], cut.shape[0] // count[0], count[1], cut.shape[1] // count[1]).mean(axis=(1, 3))
