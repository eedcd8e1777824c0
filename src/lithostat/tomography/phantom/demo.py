"""A made cell before and after a short, written to disk with its truth beside it."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from lithostat.experiment.record import write_text
from lithostat.experiment.volume import Volume
from lithostat.reading.volumes.ingest import ingest, made_of
from lithostat.tomography.phantom.phantom import ELECTROLYTE, FILAMENT, PORE, Camera, Motion, Phantom, Strand
from lithostat.tomography.phantom.scan import Scan, made_volume, moved

CHARGE = 2.0e-5  # C, that the demo's cell is said to have passed in both directions
ROWS = 32
_CAMERA = Camera(rings=0.02, cupping=0.03, fringes=0.03, streaks=0.05)
BEFORE = Phantom(shape=(208, 192, 192), seed=7, pores="spheres", pore_size=6.0, camera=_CAMERA)
AFTER = replace(
    BEFORE,
    strands=(Strand(reach=1.0, width=6.0, at=(0.25, -0.1)), Strand(reach=0.5, width=5.0, at=(-0.3, 0.25), root=2)),
    motion=Motion(shift=(1.4, -2.3, 0.8), turn=2.0, squeeze=0.004),
    camera=replace(_CAMERA, noise_seed=2),
)
Progress = Callable[[str, int, int], None]


def written_demo(folder: Path, progress: Progress) -> tuple[Volume, Volume]:
    """(after, before) as Zarr in a folder, with `truth.zarr` (labels) and `truth.json`; what is there is kept."""
    made = []
    for name, phantom, stage in (("after", AFTER, "after"), ("before", BEFORE, "before")):
        volume, path = made_volume(phantom, stage=stage, name=name), folder / f"{name}.zarr"
        known = made_of(volume, path) if path.exists() else None
        tell = functools.partial(progress, f"scanning {name}")
        made.append(known or ingest(volume, path, progress=tell))
    write_truth(AFTER, folder / "truth")
    return made[0], made[1]


def write_truth(phantom: Phantom, stem: Path) -> dict[str, Any]:
    """Labels of a phantom as `stem`.zarr, and as `stem`.json what it was made of and how much of each there is."""
    import zarr

    scan, path = Scan(phantom), stem.with_suffix(".zarr")
    path.parent.mkdir(parents=True, exist_ok=True)
    chunks = (ROWS, *(min(256, length) for length in phantom.shape[1:]))
    store = zarr.create_array(str(path), shape=phantom.shape, chunks=chunks, dtype="u1", overwrite=True)
    filament, counts = 0.0, np.zeros(8)
    for start in range(0, phantom.shape[0], ROWS):
        rows = moved(scan.scene, start, min(start + ROWS, phantom.shape[0]))
        store[start : start + len(rows.labels)] = rows.labels
        filament += float(rows.filament.sum())
        counts += np.bincount(rows.labels.ravel(), minlength=8)
    voxel = phantom.voxel_size**3
    truth = {
        "phantom": asdict(phantom),
        "filament_volume_m3": filament * voxel,
        "pore_volume_m3": float(counts[PORE]) * voxel,
        "electrolyte_volume_m3": float(counts[ELECTROLYTE]) * voxel,
        "filament_voxels": int(counts[FILAMENT]),
        "spans": any(strand.reach >= 1.0 for strand in phantom.strands),
    }
    write_text(stem.with_suffix(".json"), json.dumps(truth, indent=1))
    return truth
