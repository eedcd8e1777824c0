"""Made tomograms by other means than `lithostat.tomography.phantom`, so that nothing rests on one generator alone.

Pores are needles and plates that point anywhere, or the low ends of a band-passed field; the electrolyte is cloudy at
all scales; interfaces are bowls; filaments wander and change their width; noise is correlated and grows with the grey.
The whole field is the cell: no wall, no air.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from lithostat.experiment.volume import Volume, in_memory

PORES = ("needles and plates", "band")
LITHIUM, VOID = 0.07, 0.0


@dataclass(frozen=True)
class Made:
    """`volume`; the share of each voxel that a filament takes, [z, y, x]; both interfaces [voxel]."""

    volume: Volume
    filament: np.ndarray
    ends: tuple[float, float]


def cell(
    seed: int,
    *,
    shape: tuple[int, int, int] = (112, 120, 120),
    pores: str = PORES[0],
    reach: float | None = None,
    width: float = 4.0,
    content: float = LITHIUM,
    contrast_to_noise: float = 4.0,
    alike: float = 0.1,
    noise_seed: int = 0,
) -> Made:
    """A cell; with `reach` a filament from the first interface to that share of the thickness.

    `alike`: how much of the noise neighbours share.
    """
    rng = np.random.default_rng((seed, 1))
    z, y, x = shape
    first, last = 0.2 * z, 0.8 * z
    solid = 1.0 + 0.012 * _cloud(rng, shape)
    solid *= 1.0 - (_bodies(rng, shape) if pores == PORES[0] else _band(rng, shape))
    filament = np.zeros(shape)
    if reach is not None:
        filament = _filament(rng, shape, first, first + reach * (last - first), width)
        solid = solid * (1.0 - filament) + filament * content
    bowl = 1.5 * (((np.arange(y)[:, None] - y / 2) / y) ** 2 + ((np.arange(x) - x / 2) / x) ** 2)
    rows = np.arange(z)[:, None, None]
    metal = np.clip(first + bowl - rows + 0.5, 0.0, 1.0) + np.clip(rows - last + bowl + 0.5, 0.0, 1.0)
    seen = ndimage.gaussian_filter(solid * (1.0 - metal) + LITHIUM * metal, 0.75)
    noise = np.random.default_rng((seed, 2, noise_seed)).standard_normal(shape)
    noise = (1.0 - alike) * noise + alike * ndimage.gaussian_filter(noise, 0.8) / 0.22
    noise *= np.sqrt(0.5 + 0.5 * np.clip(seen, 0.0, 2.0)) / noise.std()
    seen = seen + noise / contrast_to_noise
    greys = np.clip(np.rint(21000.0 + 9000.0 * seen), 0, 65535).astype(np.uint16)
    ends = ("electrode 1", "electrode 2")
    volume = in_memory(greys, voxel_size=0.8e-6, name=f"cell {seed}", ends=ends)
    return Made(volume, filament * (1.0 - metal), (first, last))


def _cloud(rng: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
    """A field of unit variance whose power falls as the square of the wave number."""
    waves = np.sqrt(sum(k**2 for k in np.meshgrid(*(np.fft.fftfreq(n) for n in shape), indexing="ij")))
    waves[0, 0, 0] = np.inf
    field = np.fft.ifftn(np.fft.fftn(rng.standard_normal(shape)) / waves).real
    return field / field.std()


def _bodies(rng: np.random.Generator, shape: tuple[int, int, int], share: float = 0.02) -> np.ndarray:
    """Ellipsoids, from needles to plates: share of each voxel."""
    made, left = np.zeros(shape), share * np.prod(shape)
    while left > 0.0:
        axes = np.clip(rng.lognormal(0.9, 0.35, 3), 1.0, 6.0)
        turn, _ = np.linalg.qr(rng.standard_normal((3, 3)))
        centre = rng.uniform(0, shape)
        reach = int(axes.max()) + 2
        low = np.maximum(centre.astype(int) - reach, 0)
        high = np.minimum(centre.astype(int) + reach + 1, shape)
        grid = np.stack(np.meshgrid(*(np.arange(a, b) for a, b in zip(low, high, strict=True)), indexing="ij"), axis=-1)
        away = np.sqrt(((((grid - centre) @ turn) / axes) ** 2).sum(axis=-1))
        part = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        np.maximum(made[part], np.clip(0.5 + (1.0 - away) * axes.min(), 0.0, 1.0), out=made[part])
        left -= 4.19 * axes.prod()
    return made


def _band(rng: np.random.Generator, shape: tuple[int, int, int], share: float = 0.02) -> np.ndarray:
    """The lowest of a difference of two smooth fields."""
    white = rng.standard_normal(shape)
    field = ndimage.gaussian_filter(white, 1.6, mode="wrap") - ndimage.gaussian_filter(white, 3.5, mode="wrap")
    edge = np.quantile(field, share)
    return np.clip(0.5 + (edge - field) / (0.6 * field.std()), 0.0, 1.0)


def _filament(
    rng: np.random.Generator, shape: tuple[int, int, int], start: float, stop: float, width: float
) -> np.ndarray:
    """A tube along a smooth random walk whose width changes by a sixth: share of each voxel."""
    steps = int(4 * (stop - start)) + 1
    walk = ndimage.gaussian_filter1d(np.cumsum(rng.standard_normal((steps + 80, 2)), axis=0), 12.0, axis=0)[40:][:steps]
    middle = np.array(shape[1:]) * rng.uniform(0.4, 0.6, 2)
    points = np.column_stack([np.linspace(start - 2.0, stop, steps), middle + 0.5 * (walk - walk[0])])
    radius = 0.5 * width * (1.0 + np.sin(np.linspace(0.0, 9.0, steps) + rng.uniform(0, 6)) / 6.0)
    made = np.zeros(shape)
    for point, own in zip(points, radius, strict=True):
        low = np.maximum(np.floor(point - own - 2).astype(int), 0)
        high = np.minimum(np.ceil(point + own + 3).astype(int), shape)
        grid = np.meshgrid(*(np.arange(a, b) for a, b in zip(low, high, strict=True)), indexing="ij")
        away = np.sqrt(sum((g - p) ** 2 for g, p in zip(grid, point, strict=True)))
        part = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        np.maximum(made[part], np.clip(own + 0.5 - away, 0.0, 1.0), out=made[part])
    return made
