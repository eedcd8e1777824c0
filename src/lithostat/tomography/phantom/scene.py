"""The cell of a phantom as attenuation and as labels, row by row."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from lithostat.tomography.phantom import phantom as names
from lithostat.tomography.phantom.fields import Spheres, blob_rows, gaussian_rows, smooth_rows, spheres, stamp
from lithostat.tomography.phantom.grains import edges, seeds, way
from lithostat.tomography.phantom.phantom import CONTENTS, LITHIUM, WALL, Phantom

COARSE = 4  # voxels per step of the grid of grains
GRAIN_CONTRAST = 0.01  # by which grains differ in attenuation
WALL_SHARE = 1.12  # outer radius of the wall over that of the pellet


class Scene(NamedTuple):
    """A phantom made ready: its surfaces [voxel, (y, x)], the axes of its filaments, its spheres and grains."""

    phantom: Phantom
    upper: np.ndarray
    lower: np.ndarray
    ways: tuple[np.ndarray, ...]
    spheres: Spheres | None
    grains: cKDTree
    distance: np.ndarray  # from the axis, (y, x) in voxels

    @property
    def pellet(self) -> np.ndarray:
        """True inside the radius of the pellet, (y, x)."""
        return self.distance <= self.phantom.radius * self.phantom.shape[2]


class PhantomRows(NamedTuple):
    """Rows of the cell: attenuation over that of the electrolyte, labels, and the share of each voxel that a filament
    takes; [row, y, x]."""

    attenuation: np.ndarray
    labels: np.ndarray
    filament: np.ndarray


def scene(phantom: Phantom) -> Scene:
    """Everything of a phantom that does not belong to single rows."""
    z, y, x = phantom.shape
    first, last = 0.5 * (1.0 - phantom.thickness) * z, 0.5 * (1.0 + phantom.thickness) * z
    rows, columns = np.arange(y)[:, None] - 0.5 * (y - 1), np.arange(x) - 0.5 * (x - 1)
    rough = [phantom.roughness * gaussian_rows((phantom.seed, 5, k), 12.0, 0, 1, (y, x))[0] for k in range(2)]
    upper = first + phantom.slope * columns + rough[0]
    lower = last + phantom.slope * rows + rough[1]
    centres = seeds(phantom)
    ways: tuple[np.ndarray, ...] = ()
    if phantom.strands:
        of = edges(centres, phantom.shape)
        ways = tuple(way(phantom, strand, of, first, last) for strand in phantom.strands)
    balls = spheres(phantom) if phantom.pores == "spheres" else None
    return Scene(phantom, upper, lower, ways, balls, cKDTree(centres), np.hypot(rows, columns))


def rows(of: Scene, start: int, stop: int) -> PhantomRows:
    """Rows `start` to `stop` of the cell as it was made (they may lie outside of the volume)."""
    phantom, shape = of.phantom, (stop - start, *of.phantom.shape[1:])
    grain, between = _grains(of, start, stop)
    electrolyte = 1.0 + GRAIN_CONTRAST * grain
    pore = _pores(of, start, stop, between)
    crack = np.zeros(shape, np.float32)
    thick = float(of.lower.mean() - of.upper.mean())
    for each in phantom.cracks:
        disc = of.distance <= each.radius * phantom.radius * phantom.shape[2]
        middle = of.upper.mean() + each.depth * thick
        reach = np.clip(0.5 * each.width + 0.5 - np.abs(np.arange(start, stop) - middle), 0.0, 1.0)
        np.maximum(crack, (reach[:, None, None] * disc).astype(np.float32), out=crack)
    attenuation = electrolyte * (1.0 - np.maximum(pore, crack))
    filament = np.zeros(shape, np.float32)
    for strand, points in zip(phantom.strands, of.ways, strict=True):
        own = np.zeros(shape, np.float32)
        for point in points[(points[:, 0] > start - strand.width) & (points[:, 0] < stop + strand.width)]:
            stamp(own, start, point, 0.5 * strand.width)
        attenuation = attenuation * (1.0 - own) + own * CONTENTS[strand.content]
        np.maximum(filament, own, out=filament)
    return _assembled(of, start, stop, attenuation, pore, crack, filament)


def _assembled(
    of: Scene, start: int, stop: int, attenuation: np.ndarray, pore: np.ndarray, crack: np.ndarray, filament: np.ndarray
) -> PhantomRows:
    """Electrodes, wall and air around the pellet."""
    phantom = of.phantom
    z = np.arange(start, stop, dtype=np.float32)[:, None, None]
    above = np.clip(of.upper - z + 0.5, 0.0, 1.0).astype(np.float32)
    below = np.clip(z - of.lower + 0.5, 0.0, 1.0).astype(np.float32)
    metal = above + below
    attenuation = attenuation * (1.0 - metal) + metal * LITHIUM
    filament = filament * (1.0 - metal)
    labels = np.full(attenuation.shape, names.ELECTROLYTE, np.uint8)
    labels[pore >= 0.5] = names.PORE
    labels[crack >= 0.5] = names.CRACK
    labels[filament >= 0.5] = names.FILAMENT
    labels[above > 0.5] = names.ELECTRODE_1
    labels[below > 0.5] = names.ELECTRODE_2
    outer = ~of.pellet
    wall = of.distance <= WALL_SHARE * phantom.radius * phantom.shape[2]
    attenuation[:, outer] = np.where(wall, WALL, names.VOID)[outer]
    labels[:, outer] = names.OUTSIDE
    filament[:, outer] = 0.0
    return PhantomRows(attenuation.astype(np.float32, copy=False), labels, filament)


def _grains(of: Scene, start: int, stop: int) -> tuple[np.ndarray, np.ndarray | None]:
    """A number of unit spread for each grain, and how far a voxel is from where three grains meet [voxels]."""
    phantom = of.phantom
    edge = phantom.pores == "edges"
    step = 2 if edge else COARSE
    first, last = start // step, (stop - 1) // step + 2
    axes = [np.arange(first, last), *(np.arange(length // step + 2) for length in phantom.shape[1:])]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3) * float(step)
    near, which = of.grains.query(points, k=3 if edge else 1)
    tone = np.random.default_rng((phantom.seed, 4)).standard_normal(of.grains.n).astype(np.float32)
    size = tuple(len(axis) for axis in axes)
    cut = np.arange(start, stop)[:, None, None] // step - first
    rows_, columns = np.arange(phantom.shape[1])[:, None] // step, np.arange(phantom.shape[2]) // step
    grey = tone[which[:, 0] if edge else which].reshape(size)[cut, rows_, columns]
    if not edge:
        return grey, None
    apart = (near[:, 2] - near[:, 0]).astype(np.float32).reshape(size)
    at = np.meshgrid(
        np.arange(start, stop) / step - first,
        *(np.arange(length) / step for length in phantom.shape[1:]),
        indexing="ij",
    )
    return grey, ndimage.map_coordinates(apart, at, order=1, mode="nearest")


def _pores(of: Scene, start: int, stop: int, between: np.ndarray | None) -> np.ndarray:
    """Share of each voxel that is pore, [row, y, x] float32."""
    phantom = of.phantom
    shape = (stop - start, *phantom.shape[1:])
    if phantom.pores == "blobs":
        return blob_rows(phantom, start, stop).astype(np.float32)
    made = np.zeros(shape, np.float32)
    if of.spheres is not None:
        most = float(of.spheres.radius.max(initial=0.0)) + 2.0
        one, other = np.searchsorted(of.spheres.centre[:, 0], (start - most, stop + most))
        for centre, radius in zip(of.spheres.centre[one:other], of.spheres.radius[one:other], strict=True):
            stamp(made, start, centre, float(radius))
    elif between is not None:
        open_ = smooth_rows((phantom.seed, 19), 0.7 * phantom.grain, start, stop, phantom.shape[1:])
        wide = (between < 0.5 * phantom.pore_size) & (open_ < -0.4)
        made[wide] = 1.0
    return made
