"""Made cells as volumes in memory, with the truth beside them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lithostat.experiment.volume import Volume, in_memory
from lithostat.tomography.phantom.phantom import Camera, Phantom, Strand
from lithostat.tomography.phantom.scan import Scan, moved
from lithostat.tomography.phantom.scene import PhantomRows
from lithostat.tomography.tomogram import Tomogram

CAMERA = Camera(rings=0.02, cupping=0.03, fringes=0.02)


@dataclass(frozen=True)
class Cell:
    """A phantom, its scan, and what is really there."""

    phantom: Phantom
    volume: Volume
    truth: PhantomRows

    def recall(self, of: Tomogram) -> float:
        """Share of the filament's voxels that are called one."""
        return float(self.called(of)[self.truth.filament > 0.5].mean())

    def precision(self, of: Tomogram) -> float:
        """Share of what is called filament that lies within a voxel of one."""
        from scipy.ndimage import binary_dilation

        return float(binary_dilation(self.truth.filament > 0.0)[self.called(of)].mean())

    def called(self, of: Tomogram) -> np.ndarray:
        """True where a filament is called, [z, y, x]."""
        assert of.filaments is not None
        made = np.zeros(self.volume.shape, bool)
        for body in of.filaments.bodies:
            made[tuple(np.asarray(body).T)] = True
        return made


def cell(strand: Strand | None = None, **said: Any) -> Cell:
    """A cell with at most one filament; `said` as for `Phantom`."""
    shape = said.pop("shape", (144, 104, 104))
    said = {"pores": "spheres", "camera": CAMERA} | said
    phantom = Phantom(shape=shape, strands=(strand,) if strand else (), **said)
    scan = Scan(phantom)
    ends = ("electrode 1", "electrode 2")
    volume = in_memory(scan[0 : shape[0]], voxel_size=phantom.voxel_size, outside=0.0, ends=ends)
    return Cell(phantom, volume, moved(scan.scene, 0, shape[0]))


def before(of: Cell) -> Volume:
    """The same cell without its filament, at rest, with other noise."""
    still = replace(of.phantom.camera, noise_seed=99)
    fresh = replace(of.phantom, strands=(), motion=type(of.phantom.motion)(), camera=still)
    greys = Scan(fresh)[0 : fresh.shape[0]]
    return in_memory(greys, voxel_size=fresh.voxel_size, outside=0.0, ends=of.volume.ends)
