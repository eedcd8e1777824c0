"""A phantom as a scanner shows it: greys row by row, as `Voxels`, and its truth."""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

from lithostat.experiment.volume import Volume, VolumeSource, VolumeState
from lithostat.tomography.phantom.phantom import Phantom
from lithostat.tomography.phantom.scene import PhantomRows, Scene, rows, scene

SCALE = {"uint8": (60.0, 80.0), "uint16": (12000.0, 16000.0), "int16": (-4000.0, 9000.0), "float32": (0.1, 1.0)}
HALO = 6  # rows of blur and fringes
SHADOW = 0.1  # share of the height over which metal throws streaks


class Scan:
    """Greys of a phantom, made when they are asked for: [z, y, x], by whole rows."""

    def __init__(self, phantom: Phantom) -> None:
        self.scene: Scene = scene(phantom)
        self.shape, self.dtype = phantom.shape, np.dtype(phantom.dtype)

    def __getitem__(self, part: slice) -> np.ndarray:
        """Rows of greys; only the first index may be a part."""
        start, stop, _ = part.indices(self.shape[0])
        return greys(self.scene, start, stop)


def made_volume(phantom: Phantom, *, stage: str = "unknown", name: str = "phantom") -> Volume:
    """A phantom as a volume without a pyramid; `ingest` writes it."""
    return Volume(
        Scan(phantom),
        phantom.voxel_size,
        name=name,
        outside=0.0 if phantom.field_of_view else None,
        state=VolumeState(stage=stage),
        ends=("electrode 1", "electrode 2"),
        source=VolumeSource(f"phantom, seed {phantom.seed}", "phantom", stamp=repr(phantom)),
    )


def greys(of: Scene, start: int, stop: int) -> np.ndarray:
    """Rows `start` to `stop` as they were taken, [row, y, x] of the phantom's type."""
    phantom, camera = of.phantom, of.phantom.camera
    seen = moved(of, start - HALO, stop + HALO).attenuation
    if camera.blur > 0.0:
        seen = ndimage.gaussian_filter(seen, camera.blur, mode="nearest", truncate=4.0)
    if camera.fringes > 0.0:
        seen = seen - np.float32(camera.fringes) * ndimage.laplace(seen, mode="nearest")
    seen = seen[HALO : HALO + stop - start]
    if camera.cupping > 0.0:
        rim = phantom.radius * phantom.shape[2]
        seen = seen * (1.0 + camera.cupping * ((of.distance / rim) ** 2 - 0.5)).astype(np.float32)
    for row in range(start, stop):
        _disturb(seen[row - start], of, row)
    offset, scale = SCALE[phantom.dtype]
    return _written(seen, of, offset, scale)


def moved(of: Scene, start: int, stop: int) -> PhantomRows:
    """Rows of the cell as it lies in the scanner, without blur and noise."""
    phantom = of.phantom
    if phantom.motion.still:
        return rows(of, start, stop)
    matrix, shift = phantom.motion.matrix(phantom.shape)
    y, x = (length - 1.0 for length in phantom.shape[1:])
    corners = np.array([(z, b, c) for z in (start, stop - 1) for b in (0.0, y) for c in (0.0, x)])
    reached = (corners @ matrix.T + shift)[:, 0]
    first, last = math.floor(reached.min()) - 1, math.ceil(reached.max()) + 2
    still = rows(of, first, last)
    offset = matrix @ (start, 0.0, 0.0) + shift - (first, 0.0, 0.0)
    shape = (stop - start, *phantom.shape[1:])

    def turned(image: np.ndarray, order: int) -> np.ndarray:
        return ndimage.affine_transform(image, matrix, offset, shape, order=order, mode="nearest")

    return PhantomRows(turned(still.attenuation, 1), turned(still.labels, 0), turned(still.filament, 1))


def _disturb(seen: np.ndarray, of: Scene, row: int) -> None:
    """Noise, rings and streaks of one row, in place."""
    phantom, camera = of.phantom, of.phantom.camera
    rng = np.random.default_rng((phantom.seed, 23, camera.noise_seed, row))
    seen += rng.standard_normal(seen.shape, dtype=np.float32) / np.float32(camera.contrast_to_noise)
    if camera.rings > 0.0:
        by_radius = rng.standard_normal(seen.shape[1])
        seen += np.multiply(camera.rings, by_radius)[np.minimum(of.distance.astype(int), seen.shape[1] - 1)].astype(
            np.float32
        )
    if camera.streaks > 0.0:
        depth = min(row, phantom.shape[0] - 1 - row) / (SHADOW * phantom.shape[0])
        if depth < 4.0:
            y, x = (np.arange(length) - 0.5 * (length - 1) for length in seen.shape)
            angle = np.arctan2(y[:, None], x)
            by_angle = rng.standard_normal(256)
            streak = by_angle[((angle + np.pi) / (2.0 * np.pi) * 255.999).astype(int)]
            seen += (camera.streaks * np.exp(-depth) * streak).astype(np.float32)


def _written(seen: np.ndarray, of: Scene, offset: float, scale: float) -> np.ndarray:
    phantom = of.phantom
    greys_ = seen * np.float32(scale) + np.float32(offset)
    kind = np.dtype(phantom.dtype)
    if kind.kind != "f":
        info = np.iinfo(kind)
        greys_ = np.clip(np.rint(greys_), info.min + 1, info.max)
    if phantom.field_of_view:
        greys_[:, of.distance > 0.5 * phantom.shape[2]] = 0
    return greys_.astype(kind)
