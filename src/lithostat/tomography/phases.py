"""The labels of a tomogram, and what was counted while they were made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lithostat.experiment.volume import Volume, Voxels
from lithostat.tomography.components import Merged
from lithostat.tomography.layout import LocatedPellet
from lithostat.tomography.slabs import Box
from lithostat.tomography.surfaces import Surfaces

OUTSIDE, FIRST_ELECTRODE, ELECTROLYTE, DARK, LAST_ELECTRODE, BRIGHT, FAINT = range(7)
NAMES = {
    OUTSIDE: "outside",
    FIRST_ELECTRODE: "electrode at the first end",
    ELECTROLYTE: "electrolyte",
    DARK: "dark in the electrolyte",
    LAST_ELECTRODE: "electrode at the last end",
    BRIGHT: "bright in an electrode",
    FAINT: "faint in the electrolyte",
}
SHARES = (0.4, 0.5, 0.6)  # thresholds, from dark to electrolyte


@dataclass(frozen=True)
class Phases:
    """Labels of a volume and the dark components inside its pellet.

    `labels`: [z, y, x] uint8, numbers of `NAMES`: dark at the threshold 0.5, faint where only `layout.faint_share` is
    undercut (thin filaments that blur and noise leave no darker). `counts`: voxels by label. `by_depth`: (3, rows)
    voxels inside the pellet that are dark at 0.4, 0.5, 0.6, by row; `interior`: (rows,) those that could have been.
    `dark` and `faint`: components of dark voxels, and of dark and faint ones. `coarse`: bits over `box`, packed along
    x: where any of 2^3 voxels is dark or faint.
    """

    volume: Volume
    layout: LocatedPellet
    surfaces: Surfaces
    box: Box
    labels: Voxels
    counts: np.ndarray
    by_depth: np.ndarray
    interior: np.ndarray
    dark: Merged
    faint: Merged
    coarse: np.ndarray
    height: int

    @property
    def dark_counts(self) -> np.ndarray:
        """Dark voxels inside the pellet at the three thresholds, (3,)."""
        return self.by_depth.sum(axis=1)

    @property
    def voxel(self) -> float:
        """Volume of a voxel [m3]."""
        return self.volume.voxel_size**3
