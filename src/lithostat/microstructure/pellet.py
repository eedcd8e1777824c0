"""The noun: a block of electrolyte with its pores, made by a recipe or taken from a tomogram."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from lithostat.experiment.errors import InputError

KINDS = ("blobs", "spheres", "edges")


@dataclass(frozen=True)
class Pellet:
    """`void`: [z, y, x] bool, True in pores, z from electrode to electrode; `voxel_size` [m]; `kind`: blobs, spheres,
    edges, or measured; `feature` [m]: the size that the recipe was made with, None if measured."""

    void: np.ndarray
    voxel_size: float
    kind: str
    feature: float | None = None
    seed: int | None = None
    source: str = ""

    @property
    def porosity(self) -> float:
        """Share of the block that is pores."""
        return float(self.void.mean())

    @property
    def thickness(self) -> float:
        """From the first to the last layer [m]."""
        return self.void.shape[0] * self.voxel_size


def make_pellet(
    kind: str, *, void: float, shape: tuple[int, int, int], voxel_size: float, feature: float, seed: int
) -> Pellet:
    """Make a pellet with exactly the share `void` of pores (to one voxel).

    `blobs`: a smooth Gaussian field below a level, `feature` its correlation length. `spheres`: what overlapping solid
    spheres of the diameter `feature` leave open. `edges`: channels along the edges where three grains of the size
    `feature` meet. Lengths in m.
    """
    if kind not in KINDS:
        raise InputError(f"received the pellet '{kind}'", expected=f"one of {', '.join(KINDS)}")
    if not 0.0 < void < 1.0:
        raise InputError(f"received the void share {void:g}", expected="more than 0 and less than 1")
    size = feature / voxel_size
    if size < 2.0:
        raise InputError(
            f"a feature of {1e6 * feature:.3g} um has {size:.2g} voxels of {1e6 * voxel_size:.3g} um",
            expected="at least two voxels a feature",
        )
    rng = np.random.default_rng(seed)
    level = {"blobs": _blobs, "spheres": _spheres, "edges": _edges}[kind](rng, shape, size, void)
    count = max(1, round(void * level.size))
    threshold = np.partition(level.ravel(), count - 1)[count - 1]
    return Pellet(level <= threshold, voxel_size, kind, feature, seed)


def _blobs(rng: np.random.Generator, shape: tuple[int, int, int], size: float, _: float) -> np.ndarray:
    """A smooth field; its lowest values are pores."""
    field = rng.standard_normal(shape, dtype=np.float32)
    return gaussian_filter(field, size / math.sqrt(2.0 * math.pi), mode="wrap")


def _spheres(rng: np.random.Generator, shape: tuple[int, int, int], size: float, void: float) -> np.ndarray:
    """Less the distance to the nearest centre: what is farthest from all centres is pore.

    So many centres that spheres of the diameter `size` leave the share `void` open: exp(-n v) = void.
    """
    each = math.pi / 6.0 * size**3
    lengths = np.array(shape) + 2.0 * size
    centres = rng.uniform(-size, np.array(shape) + size, (rng.poisson(-math.log(void) / each * lengths.prod()), 3))
    return -_nearest(centres, shape, 1)[..., 0]


def _edges(rng: np.random.Generator, shape: tuple[int, int, int], size: float, _: float) -> np.ndarray:
    """How much farther the third nearest grain is than the nearest: small along the edges where three grains meet."""
    axes = [np.arange(-size, length + size, size) for length in shape]
    lattice = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    centres = lattice + rng.uniform(-0.5, 0.5, lattice.shape) * size
    near = _nearest(centres, shape, 3)
    return near[..., 2] - near[..., 0]


def _nearest(centres: np.ndarray, shape: tuple[int, int, int], count: int) -> np.ndarray:
    """Distances of every voxel to its `count` nearest centres, (z, y, x, count) float32; a slab at a time."""
    tree = cKDTree(centres)
    axes = [np.arange(n, dtype=float) for n in shape[1:]]
    plane = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    made = np.empty((*shape, count), np.float32)
    for row in range(shape[0]):
        points = np.column_stack([np.full(len(plane), float(row)), plane])
        made[row] = tree.query(points, k=count)[0].reshape(*shape[1:], count)
    return made
