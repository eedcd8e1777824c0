"""The verb: a volume to its phases, in slabs, one read of every grey, with what later steps need of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lithostat.experiment.journal import Journal
from lithostat.experiment.volume import Volume, Voxels
from lithostat.tomography.coarse import gathered
from lithostat.tomography.components import SlabComponents, merge
from lithostat.tomography.layout import LocatedPellet
from lithostat.tomography.locate import locate
from lithostat.tomography.one_slab import SlabInputs, box_of, label_slab, scene
from lithostat.tomography.phases import Phases
from lithostat.tomography.slabs import HEIGHT, count, slabs
from lithostat.tomography.surfaces import Surfaces, surfaces

if TYPE_CHECKING:
    import zarr

VERSION = 1  # of what a journal holds
CHUNK = 256
Progress = Callable[[str, int, int], None]


def segment(
    volume: Volume,
    *,
    folder: Path | None = None,
    layout: LocatedPellet | None = None,
    height: int = HEIGHT,
    progress: Progress | None = None,
) -> Phases:
    """Label the electrodes, the electrolyte and what is dark inside it.

    A voxel is dark where the [1 2 1]^3 mean of its greys lies below half-way between lithium and the local electrolyte.
    Labels are written to `folder`/phases.zarr, and a pass that was killed goes on; without a folder they stay in
    memory. Raises `NoPellet` where the volume shows none.
    """
    layout = layout or locate(volume)
    heights = surfaces(volume, layout)
    of = scene(volume, layout, heights, box_of(layout))
    store, journal = _storage(volume, layout, folder, height)
    total = count(volume.shape[0], height)
    kept: list[dict[str, Any]] = []
    while len(kept) < total and journal is not None and (done := journal.get(len(kept))) is not None:
        kept.append(done)
    for slab in slabs(volume.voxels, of.box, height=height, first=len(kept)):
        made, labels = label_slab(slab, of)
        store[slab.start : slab.stop, of.box.y, of.box.x] = labels
        if journal is not None:
            journal.keep(slab.number, **made)
        kept.append(made)
        if progress is not None:
            progress("segmenting", slab.number + 1, total)
    if journal is not None and folder is not None:
        store = _settled(folder)
    return _joined(kept, of, heights, store, height)


def _storage(volume: Volume, layout: LocatedPellet, folder: Path | None, height: int) -> tuple[Any, Journal | None]:
    """Where labels go, and the journal of the pass."""
    if folder is None:
        return np.zeros(volume.shape, np.uint8), None
    import zarr

    path = folder / ".phases.zarr.partial"
    source = volume.source.sha256 if volume.source else None
    inputs = {"version": VERSION, "shape": list(volume.shape), "source": source, "height": height,
              "voxel_size": volume.voxel_size, "greys": [float(one) for one in layout.electrolyte.ravel()[:8]],
              "references": repr(layout.greys)}  # fmt: skip
    journal = Journal(folder / ".phases.journal", inputs)
    if journal.get(0) is not None and (path / "zarr.json").is_file():
        return zarr.open_array(str(path), mode="r+"), journal
    shutil.rmtree(path, ignore_errors=True)
    chunks = (HEIGHT, min(CHUNK, volume.shape[1]), min(CHUNK, volume.shape[2]))
    folder.mkdir(parents=True, exist_ok=True)
    return zarr.create_array(str(path), shape=volume.shape, chunks=chunks, dtype="u1"), journal


def _settled(folder: Path) -> zarr.Array:
    """The labels under their name, now that they are whole."""
    import zarr

    path = folder / "phases.zarr"
    shutil.rmtree(path, ignore_errors=True)
    os.replace(folder / ".phases.zarr.partial", path)
    return zarr.open_array(str(path), mode="r")


def _joined(kept: list[dict[str, Any]], of: SlabInputs, heights: Surfaces, store: Voxels, height: int) -> Phases:
    """The phases, of what was kept of every slab."""
    parts = {
        name: [SlabComponents(*(one[f"{name}_{field}"] for field in SlabComponents._fields)) for one in kept]
        for name in ("dark", "faint")
    }
    counts = np.sum([one["counts"] for one in kept], axis=0)
    counts[0] += of.volume.size - counts.sum()
    return Phases(
        volume=of.volume,
        layout=of.layout,
        surfaces=heights,
        box=of.box,
        labels=store,
        counts=counts,
        by_depth=np.concatenate([one["by_depth"] for one in kept], axis=1),
        interior=np.concatenate([one["interior"] for one in kept]),
        dark=merge(parts["dark"]),
        faint=merge(parts["faint"]),
        coarse=gathered(
            [one["coarse"] for one in kept], [int(one["start"]) for one in kept], -(-of.volume.shape[0] // 2)
        ),
        height=height,
    )
