"""Where the pellet lies in a tomogram, and which greys its parts have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BLOCK = 32  # voxels per step of the map of electrolyte greys
SMOOTHER = (6.0 / 16.0) ** 1.5  # by which the [1 2 1]^3 mean lowers white noise
SIGMAS = 4.5  # of the smoothed noise below the electrolyte, where faint begins
FAINT = (0.6, 0.75)  # least and most of the share at which that may be


@dataclass(frozen=True)
class Greys:
    """References, in greys of the volume: `electrolyte`, `lithium` (None where no electrode is seen), the grey
    `between` dark and bright, and the standard deviation by `noise` of a voxel and of a [1 2 1]^3 mean
    (`noise_of_means`: more than of white noise where that of neighbours is alike). `lithium_ends`: of either electrode.
    """

    electrolyte: float
    lithium: float | None
    between: float
    noise: float
    lithium_ends: tuple[float | None, float | None] = (None, None)
    noise_of_means: float = 0.0

    @property
    def dark(self) -> float:
        """Grey of what is no electrolyte: lithium, or as far below `between` as the electrolyte is above."""
        return self.lithium if self.lithium is not None else 2.0 * self.between - self.electrolyte

    @property
    def contrast(self) -> float:
        """Electrolyte less dark."""
        return self.electrolyte - self.dark

    @property
    def smooth_noise(self) -> float:
        """Standard deviation of a [1 2 1]^3 mean by noise, over the contrast."""
        noise = max(SMOOTHER * self.noise, self.noise_of_means)
        return noise / self.contrast if self.contrast > 0.0 else float("inf")

    @property
    def contrast_to_noise(self) -> float:
        """Of one voxel."""
        return self.contrast / self.noise if self.noise > 0.0 else float("inf")


@dataclass(frozen=True)
class LocatedPellet:
    """The pellet in a volume.

    `columns`: (y, x) bool on a grid of `step` voxels, where the pellet is seen from end to end, its rim left out.
    `surfaces`: (2, y, x) heights of both interfaces on that grid [voxel, sub-voxel]; an end that is not `seen` is the
    end of the volume. `electrolyte`: local grey of the electrolyte on blocks of 32 voxels (z, y, x).
    """

    shape: tuple[int, int, int]
    step: int
    columns: np.ndarray
    surfaces: np.ndarray
    seen: tuple[bool, bool]
    greys: Greys
    electrolyte: np.ndarray
    warnings: tuple[str, ...] = ()

    @property
    def faint_share(self) -> float:
        """The threshold that noise allows, from dark (0) to electrolyte (1): for what is thinner than the blur."""
        return float(np.clip(1.0 - SIGMAS * self.greys.smooth_noise, *FAINT))

    @property
    def thickness(self) -> float:
        """Median distance of the two interfaces [voxel]."""
        return float(np.median((self.surfaces[1] - self.surfaces[0])[self.columns]))

    @property
    def cross_section(self) -> int:
        """Number of voxels of the pellet in one slice."""
        return int(self.columns.sum()) * self.step**2

    def plane(self, grid: np.ndarray) -> np.ndarray:
        """A map on the grid of columns as (y, x) of the volume; booleans by the nearest step, numbers linearly."""
        y, x = self.shape[1:]
        if grid.dtype == bool:
            rows, columns = (
                np.minimum(np.arange(n) // self.step, m - 1) for n, m in zip((y, x), grid.shape, strict=True)
            )
            return grid[rows[:, None], columns]
        return linear(linear(grid, slice(0, y), self.step, 0), slice(0, x), self.step, 1)

    def bright(self, block: int, y: slice, x: slice) -> np.ndarray:
        """Grey of the electrolyte at voxels of a part of y and x, for 32 rows from 32 * `block`."""
        local = self.electrolyte[min(block, len(self.electrolyte) - 1)]
        return linear(linear(local, y, BLOCK, 0), x, BLOCK, 1)


def linear(values: np.ndarray, part: slice, step: int, axis: int) -> np.ndarray:
    """Values given in the middle of every `step` voxels, at a part of the voxels along `axis`; constant at the ends."""
    at = (np.arange(part.start, part.stop) + 0.5) / step - 0.5
    low = np.clip(np.floor(at).astype(int), 0, max(values.shape[axis] - 2, 0))
    high = np.minimum(low + 1, values.shape[axis] - 1)
    shape = [1] * values.ndim
    shape[axis] = len(at)
    rest = np.clip(at - low, 0.0, 1.0).reshape(shape)
    return np.take(values, low, axis) * (1.0 - rest) + np.take(values, high, axis) * rest
