"""The verb: everything that a tomogram of a cell shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lithostat.experiment.volume import Volume
from lithostat.tomography.dark_volume import dark_volume
from lithostat.tomography.difference import Difference, compare
from lithostat.tomography.edge import blur
from lithostat.tomography.filament import Filament
from lithostat.tomography.filaments import Filaments, filaments
from lithostat.tomography.findings import charge_bound, findings
from lithostat.tomography.interfaces import Interface, interfaces
from lithostat.tomography.locate import NoPellet, locate
from lithostat.tomography.phases import Phases
from lithostat.tomography.segment import segment
from lithostat.tomography.slabs import HEIGHT
from lithostat.tomography.surfaces import surfaces
from lithostat.tomography.tomogram import Asked, Tomogram
from lithostat.tomography.tortuosity import Transport, transport

if TYPE_CHECKING:
    import zarr

UNKNOWN_BLUR = 1.0
LARGEST_CONDUCTION = 72  # voxels along each axis of the block that conduction is solved in
Progress = Callable[[str, int, int], None]


def study_volume(
    volume: Volume,
    *,
    before: Volume | None = None,
    asked: Asked | None = None,
    folder: Path | None = None,
    height: int = HEIGHT,
    progress: Progress | None = None,
) -> Tomogram:
    """Segment a volume, find its filaments and say what follows; `before` is an earlier scan of the same cell.

    `folder`: where labels are written (in memory without). A volume without a pellet gives a result that says so.
    """
    asked = asked or Asked()
    bound = None if asked.charge is None else charge_bound(asked.charge)
    tell = progress or (lambda *_: None)
    try:
        tell("finding the pellet", 0, 1)
        layout = locate(volume)
    except NoPellet as error:
        said = (*volume.warnings, f"{error}: nothing is claimed about filaments")
        empty = Tomogram(volume, None, None, None, None, None, (), (), None, None, bound, asked, (), said)
        return replace(empty, findings=findings(empty))
    phases = segment(volume, folder=folder, layout=layout, height=height, progress=progress)
    sharp = blur(volume, layout, phases.surfaces)
    difference = compare(phases, before, folder=folder, progress=progress) if before is not None else None
    tell("following filaments", 0, 1)
    found = filaments(phases, difference, blur=sharp or UNKNOWN_BLUR)
    if folder is not None:
        write_bodies(phases, found, folder)
    tell("measuring what is dark", 0, 1)
    made = Tomogram(
        volume=volume,
        phases=phases,
        difference=difference,
        filaments=found,
        dark=dark_volume(phases),
        new_dark=_new(found.each) if difference is not None else None,
        interfaces=interfaces(volume, layout, phases.surfaces, found.void.value if found.void else None),
        interfaces_before=_earlier(before, found) if before is not None else (),
        electrolyte=conduction(phases),
        blur=sharp,
        charge_bound=bound,
        asked=asked,
        warnings=_warnings(phases, found, difference, sharp, before),
    )
    return replace(made, findings=findings(made))


def _new(each: tuple[Filament, ...]) -> tuple[float, float]:
    """Volume [m3] of all that is new, low and high."""
    pairs = [one.new_volume for one in each if one.new_volume is not None]
    return sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)


def _earlier(before: Volume, found: Filaments) -> tuple[Interface, ...]:
    layout = locate(before)
    return interfaces(before, layout, surfaces(before, layout), found.void.value if found.void else None)


def conduction(of: Phases) -> Transport | None:
    """Conduction of the electrolyte through the pellet, in a block around its axis at a resolution that is solved in
    seconds; None where the block is too small. A voxel conducts if at least half of it is electrolyte."""
    layout = of.layout
    y, x = np.nonzero(layout.columns)
    half = 0.6 * np.sqrt(layout.columns.sum() / np.pi) * layout.step / np.sqrt(2.0)
    middle = [layout.step * (at.mean() + 0.5) for at in (y, x)]
    top = float(layout.surfaces[0][layout.columns].max()) + 3.0
    bottom = float(layout.surfaces[1][layout.columns].min()) - 3.0
    binned = next((b for b in (2, 4, 8) if max(bottom - top, 2 * half) / b <= LARGEST_CONDUCTION), 8)
    box = [slice(int(np.ceil(top / binned)), int(bottom / binned))]
    box += [slice(int((m - half) / binned), int((m + half) / binned)) for m in middle]
    if min(one.stop - one.start for one in box) < 8:
        return None
    greys = np.asarray(of.volume.level(binned)[tuple(box)], np.float32)
    return transport(greys > layout.greys.dark + 0.5 * layout.greys.contrast, 0)


def write_bodies(of: Phases, found: Filaments, folder: Path) -> zarr.Array:
    """Filaments as labels 1, 2, ... in a Zarr array of the volume's shape; chunks without any are not written."""
    import shutil

    import zarr

    path = folder / "filaments.zarr"
    shutil.rmtree(path, ignore_errors=True)
    shape = of.volume.shape
    chunks = (HEIGHT, min(256, shape[1]), min(256, shape[2]))
    store = zarr.create_array(str(path), shape=shape, chunks=chunks, dtype="u4", fill_value=0)
    for number, at in enumerate(found.bodies, start=1):
        for key in np.unique(at // chunks, axis=0):
            low = key * chunks
            own = at[(at // chunks == key).all(axis=1)] - low
            window = tuple(slice(int(a), min(int(a) + c, n)) for a, c, n in zip(low, chunks, shape, strict=True))
            part = np.asarray(store[window])
            part[tuple(own.T)] = number
            store[window] = part
    return store


def _warnings(
    of: Phases, found: Filaments, difference: Difference | None, sharp: float | None, before: Volume | None
) -> tuple[str, ...]:
    said = [*of.volume.warnings, *of.layout.warnings]
    if before is not None:
        said += [f"earlier scan: {line}" for line in before.warnings]
    if sharp is None:
        said.append("the blur could not be measured: one voxel was taken")
    if difference is None:
        said.append(
            "without a scan from before, a filament takes pores along that it touches: its depth and volume are "
            "intervals (--before)"
        )
        if not found.null.known:
            said.append("there are too few pores to learn how long they get: only very long structures are called")
    if difference is not None and difference.gone > 1000:
        said.append(f"{difference.gone} voxels became brighter since the earlier scan: pores closed, or it fits badly")
    return tuple(said)
