"""A made cell for volumes of thousands of voxels along each axis: pores and grains repeat every 256 voxels.

The phantoms of `lithostat.tomography.phantom` take 300 ns a voxel and would need most of an hour for 2000^3. This one
takes about 15 ns: one block of electrolyte is made and repeated, electrodes, filaments, wall and noise are put in plane
by plane. It is for cost and memory only; what is found is judged on the others.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree
from scipy.special import erf

PERIOD, STEP = 256, 4
LITHIUM, WALL = 0.064, 0.208
PORE_SHARE, BLUR, CONTRAST_TO_NOISE, CUPPING = 0.03, 0.8, 4.0, 0.02
PELLET = (0.2, 0.8)  # of the height
RADIUS, WALL_RADIUS = 0.40, 0.45  # of the width
STRANDS = ((0.6, 2.5, (0.1, -0.2)), (1.0, 2.5, (-0.4, 0.3)))  # reach, radius in voxels, root over the radius
SCALE = {"uint8": (60.0, 80.0), "uint16": (12000.0, 16000.0)}
POOL = 2**25  # of noise: planes take it from places drawn at random


def block(rng: np.random.Generator) -> np.ndarray:
    """Attenuation of one period of electrolyte, [z, y, x] float32, blurred."""
    cells = PERIOD // STEP
    seeds = rng.uniform(0.0, cells, (round((PERIOD / 60.0) ** 3), 3))
    at = np.stack(np.meshgrid(*(np.arange(cells),) * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    _, which = cKDTree(seeds, boxsize=cells).query(at.astype(float))
    tone = rng.standard_normal(len(seeds)).astype(np.float32)[which].reshape((cells,) * 3)
    made = 1.0 + 0.01 * tone.repeat(STEP, 0).repeat(STEP, 1).repeat(STEP, 2)
    free = PORE_SHARE * PERIOD**3
    while free > 0.0:
        radius = rng.uniform(1.5, 4.0)
        reach = int(radius) + 2
        centre = rng.uniform(0.0, PERIOD, 3)
        near = [np.arange(-reach, reach + 1) + int(c) for c in centre]
        squares = [(n - c) ** 2 for n, c in zip(near, centre, strict=True)]
        away = np.sqrt(squares[0][:, None, None] + squares[1][:, None] + squares[2])
        part = np.ix_(*(n % PERIOD for n in near))
        made[part] *= 1.0 - np.clip(radius + 0.5 - away, 0.0, 1.0)
        free -= 4.2 * radius**3
    return ndimage.gaussian_filter(made, BLUR, mode="wrap")


def write(path: Path, size: int, dtype: str, seed: int = 3) -> None:
    """Write raw greys of size^3, plane by plane."""
    rng = np.random.default_rng(seed)
    offset, scale = SCALE[dtype]
    period = block(rng)
    pool = rng.standard_normal(POOL + size * size, dtype=np.float32) * np.float32(scale / CONTRAST_TO_NOISE)
    index = np.arange(size) % PERIOD
    middle = np.arange(size) - 0.5 * (size - 1)
    away = np.hypot(middle[:, None], middle).astype(np.float32)
    pellet, wall, seen = away <= RADIUS * size, away <= WALL_RADIUS * size, away <= 0.5 * size
    cup = (1.0 + CUPPING * ((away / (RADIUS * size)) ** 2 - 0.5)).astype(np.float32)
    around = np.where(wall, WALL, 0.0).astype(np.float32)
    tilt = 0.01 * middle
    with path.open("wb") as stream:
        for z in range(size):
            plane = period[z % PERIOD][index[:, None], index]
            for reach, radius, root in STRANDS:
                _stamp(plane, z, size, reach, radius, root)
            for edge, sign in ((PELLET[0] * size + tilt, 1.0), (PELLET[1] * size + tilt, -1.0)):
                share = (0.5 * (1.0 + erf(sign * (edge - z) / (np.sqrt(2.0) * BLUR)))).astype(np.float32)
                if share.max() > 1e-6:
                    plane += (LITHIUM - plane) * share  # edges slope along x
            np.copyto(plane, around, where=~pellet)
            plane *= cup
            plane *= np.float32(scale)
            start = int(rng.integers(POOL))
            plane += pool[start : start + size * size].reshape(size, size) + np.float32(offset + 0.5)
            np.clip(plane, 1.0, np.iinfo(dtype).max, out=plane)
            plane *= seen
            stream.write(plane.astype(dtype).tobytes())
            if z % 128 == 0:
                print(z, file=sys.stderr, flush=True)


def _stamp(plane: np.ndarray, z: int, size: int, reach: float, radius: float, root: tuple[float, float]) -> None:
    """A filament from the first interface: a disc that wanders from plane to plane."""
    top = PELLET[0] * size
    if not top - 0.02 * size <= z <= top + reach * (PELLET[1] - PELLET[0]) * size + 0.02 * size * (reach >= 1.0):
        return
    y, x = (0.5 * size + RADIUS * size * r + 12.0 * np.sin(z / 37.0 + 3.0 * r) for r in root)
    span = int(radius) + 4
    rows, columns = np.arange(int(y) - span, int(y) + span + 1), np.arange(int(x) - span, int(x) + span + 1)
    distance = np.hypot((rows - y)[:, None], columns - x)
    share = (0.5 * (1.0 - erf((distance - radius) / (np.sqrt(2.0) * BLUR)))).astype(np.float32)
    part = np.ix_(rows, columns)
    plane[part] += (LITHIUM - plane[part]) * share


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
