"""Random fields and pores, row by row: any rows can be had without those before, and always the same."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from scipy.special import ndtri

from lithostat.tomography.phantom.phantom import Phantom

HALF = 2  # voxels per step of the grid that slow fields are made on


def gaussian_rows(key: tuple[int, ...], sigma: float, start: int, stop: int, plane: tuple[int, int]) -> np.ndarray:
    """Rows `start` to `stop` of a Gaussian field of unit variance, smooth over `sigma` voxels: [row, y, x] float32."""
    halo = int(np.ceil(4.0 * sigma))
    white = np.stack(
        [
            np.random.default_rng((*key, row + 2**20)).standard_normal(plane, dtype=np.float32)
            for row in range(start - halo, stop + halo)
        ]
    )
    smooth = ndimage.gaussian_filter(white, sigma, mode=("constant", "wrap", "wrap"), truncate=4.0)
    return smooth[halo : halo + stop - start] * np.float32(_gain(sigma))


@functools.lru_cache
def _gain(sigma: float) -> float:
    """1 over the standard deviation of white noise after the filter."""
    length = 2 * int(4.0 * sigma + 0.5) + 1
    weights = ndimage.gaussian_filter1d(np.eye(1, length, length // 2)[0], sigma, truncate=4.0)
    return float(1.0 / np.sum(weights**2) ** 1.5)


def doubled(coarse: np.ndarray, first: int, start: int, stop: int, plane: tuple[int, int]) -> np.ndarray:
    """Rows `start` to `stop` of a field given on every second voxel, its row 0 being `first`; linear between."""
    z = np.arange(start, stop) / HALF - first
    low = np.clip(np.floor(z).astype(int), 0, len(coarse) - 2)
    rest = (z - low).astype(np.float32)[:, None, None]
    rows = coarse[low] * (1.0 - rest) + coarse[low + 1] * rest
    for axis, length in ((1, plane[0]), (2, plane[1])):
        wide = np.repeat(rows, HALF, axis=axis)
        later = np.take(wide, np.minimum(np.arange(wide.shape[axis]) + 1, wide.shape[axis] - 1), axis=axis)
        rows = np.take(0.5 * (wide + later), np.arange(length), axis=axis)
    return rows


def smooth_rows(key: tuple[int, ...], sigma: float, start: int, stop: int, plane: tuple[int, int]) -> np.ndarray:
    """As `gaussian_rows`, made on every second voxel: an eighth of the work."""
    first, last = start // HALF, (stop - 1) // HALF + 2
    half = (plane[0] // HALF + 1, plane[1] // HALF + 1)
    return doubled(gaussian_rows(key, sigma / HALF, first, last, half), first, start, stop, plane)


class Spheres(NamedTuple):
    """Centres [voxel, z y x] and radii [voxels], by z."""

    centre: np.ndarray
    radius: np.ndarray


def spheres(phantom: Phantom) -> Spheres:
    """Pores that are spheres, log-normal in size, anywhere in the volume."""
    rng = np.random.default_rng((phantom.seed, 11))
    median, spread = 0.5 * phantom.pore_size, 0.25
    each = 4.0 / 3.0 * np.pi * median**3 * np.exp(4.5 * spread**2)
    count = rng.poisson(-np.log1p(-phantom.pore_share) * np.prod(phantom.shape, dtype=float) / each)
    centre = rng.uniform(0.0, 1.0, (count, 3)) * np.array(phantom.shape)
    radius = median * np.exp(spread * rng.standard_normal(count))
    order = np.argsort(centre[:, 0])
    return Spheres(centre[order], radius[order])


def stamp(image: np.ndarray, start: int, centre: np.ndarray, radius: float) -> None:
    """Raise the share that a sphere takes of each voxel, in rows of [row, y, x] that begin at `start`."""
    low = np.maximum(np.floor(centre - radius - 1.0).astype(int) - (start, 0, 0), 0)
    high = np.minimum(np.ceil(centre + radius + 2.0).astype(int) - (start, 0, 0), image.shape)
    if (high <= low).any():
        return
    z, y, x = ((np.arange(a, b) - c) ** 2 for a, b, c in zip(low, high, centre - (start, 0, 0), strict=True))
    distance = np.sqrt(z[:, None, None] + y[:, None] + x)
    box = image[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
    np.maximum(box, np.clip(radius - distance + 0.5, 0.0, 1.0), out=box)


def blob_rows(phantom: Phantom, start: int, stop: int) -> np.ndarray:
    """True where a smooth field lies below the level that leaves `pore_share`: [row, y, x]."""
    rows = smooth_rows((phantom.seed, 13), phantom.pore_size / 2.2, start, stop, phantom.shape[1:])
    return rows < _level(phantom.pore_size / 2.2 / HALF, phantom.pore_share)


@functools.lru_cache
def _level(sigma: float, share: float) -> float:
    """Level of the doubled field below which `share` lies; its variance is less than one between the voxels."""
    sample = doubled(gaussian_rows((0, 17), sigma, 0, 24, (64, 64)), 0, 0, 46, (127, 127))
    return float(ndtri(share) * sample.std())
