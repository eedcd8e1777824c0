"""How much darker than its surroundings something dark is: the grey integral, and the contrast of its core.

Greys are taken against the electrolyte in a shell around the thing itself, piece by piece along z, never against one
grey of the whole volume: cupping and drift change a global reference by as much as lithium and void differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter

from lithostat.tomography import phases as names
from lithostat.tomography.cluster import Cluster
from lithostat.tomography.coarse import dilated
from lithostat.tomography.phases import Phases

PIECE = 32  # rows of a piece
AROUND = 10  # voxels around a thing that are read
REGION = 2.5  # blurs by which the integral reaches beyond it, and at least two voxels
SHELL = (4, 8)  # voxels from it between which the electrolyte is measured
ENOUGH = 200  # voxels of a shell
CORE = 0.9  # share of a voxel's light that comes from the thing itself
GRAIN = 0.004  # of the contrast: how far a shell may differ from what surrounds the thing, beyond noise


class DarkRows(NamedTuple):
    """Some rows of a thing. `integral`: its volume [voxel] if its grey were that of lithium; `error` of that, one
    standard deviation. `core`: sum of weights, `contrast`: weighted mean of how dark its core is, 1 being lithium.
    `body`: its voxels (n, 3) at the threshold that keeps its volume."""

    integral: float
    error: float
    core: float
    contrast: float
    body: np.ndarray


def pieces(of: Phases, thing: Cluster, kept: np.ndarray | None, blur: float, dark: float = 1.0) -> Iterator[DarkRows]:
    """Measure a dark thing piece by piece; `kept` (n,) leaves the pores out that it touches. `dark`: how dark it is
    taken to be where its body is drawn, lithium being 1."""
    low, high = thing.low - AROUND, thing.high + AROUND + 1
    low, high = np.maximum(low, 0), np.minimum(high, of.volume.shape)
    for start in range(int(thing.low[0]), int(thing.high[0]) + 1, PIECE):
        first, last = max(int(low[0]), start - AROUND), min(int(high[0]), start + PIECE + AROUND)
        corner = np.array([first, low[1], low[2]])
        window = tuple(slice(int(a), int(b)) for a, b in zip((first, *low[1:]), (last, *high[1:]), strict=True))
        own = thing.inside(corner, (last - first, *(high[1:] - low[1:])), kept)
        inner = slice(start - first, min(start + PIECE, last) - first)
        if own[inner].any():
            piece = _measured(of, window, own, inner, corner, (blur, dark))
            if piece is not None:
                yield piece


def _measured(
    of: Phases, window: tuple[slice, ...], own: np.ndarray, inner: slice, corner: np.ndarray, taken: tuple[float, float]
) -> DarkRows | None:
    blur, dark_as = taken
    greys = np.asarray(of.volume.voxels[window], np.float32)
    labels = np.asarray(of.labels[window])
    dark = (labels == names.DARK) | (labels == names.FAINT)
    pellet = dark | (labels == names.ELECTROLYTE)
    other = dark & ~own
    near = dilated(own, max(2, round(REGION * blur))) & ~dilated(other, 1) & pellet
    shell = dilated(own, SHELL[1]) & ~dilated(own, SHELL[0]) & ~dilated(dark, 2) & pellet
    if shell.sum() < ENOUGH:
        return None
    around = _clipped_mean(greys[shell])
    lithium = of.layout.greys.dark
    depth = (around - greys) / (around - lithium)  # 0 electrolyte, 1 lithium
    reach = near | own
    region = np.zeros_like(own)
    region[inner] = reach[inner]
    noise = of.layout.greys.noise / (around - lithium)
    count = int(region.sum())
    integral = float(depth[region].sum())
    error = float(np.hypot(noise * np.sqrt(count), count * np.hypot(noise / np.sqrt(shell.sum()), GRAIN)))
    whole = _volume_true(depth, region, reach, integral / dark_as)
    body = whole & region
    share = gaussian_filter(whole.astype(np.float32), max(blur, 0.1))
    core = (share > CORE) & body
    weight = float((share[core] ** 2).sum())
    contrast = float((share[core] * depth[core]).sum()) / weight if weight > 0.0 else 0.0
    return DarkRows(integral, error, weight, contrast, np.argwhere(body) + corner)


def _volume_true(depth: np.ndarray, region: np.ndarray, reach: np.ndarray, volume: float) -> np.ndarray:
    """The darkest voxels, smoothed, as many of the region as the integral says; with the same threshold beyond it."""
    smooth = gaussian_filter(depth, 0.7)
    values = np.sort(smooth[region])[::-1]
    number = int(np.clip(round(volume), 0, len(values)))
    if number == 0:
        return np.zeros_like(region)
    return reach & (smooth >= values[number - 1])


def _clipped_mean(values: np.ndarray) -> float:
    """Mean of noisy greys without those beyond three standard deviations."""
    for _ in range(2):
        middle, spread = values.mean(), values.std()
        values = values[np.abs(values - middle) <= 3.0 * spread + 1e-9]
    return float(values.mean())
