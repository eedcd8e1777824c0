"""Tomograms of a cell: one more measurement of it, read beside its record and held against it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lithostat.cycling.analysis import Analysis
from lithostat.experiment.cell_note import CellNote, StatedVolume
from lithostat.experiment.errors import InputError, MissingPackage, sentence_of, short
from lithostat.experiment.files import inside
from lithostat.experiment.output_names import LONGEST, Named, possible, readable
from lithostat.experiment.record import write_text
from lithostat.experiment.report import Report, Section, plain
from lithostat.experiment.volume import Volume, VolumeState
from lithostat.lab.checks import tomogram_conflicts
from lithostat.lab.specimen import Specimen
from lithostat.materials.card import find

if TYPE_CHECKING:
    from lithostat.tomography.tomogram import Asked


@dataclass(frozen=True)
class CellTomogram:
    """A tomogram of a cell: its file as the note names it, what it says (`data`: for programs, SI), what does not fit
    the cell; or `error`."""

    file: str
    report: Report | None = None
    data: dict[str, Any] = field(default_factory=dict)
    conflicts: tuple[str, ...] = ()
    page: Path | None = None
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain data for people and programs."""
        if self.error is not None:
            return {"file": self.file, "error": self.error}
        written = [] if self.page is None else [str(self.page)]
        return {"file": self.file, "conflicts": list(self.conflicts), "written": written} | self.data


def read_tomograms(loaded: Specimen, analysis: Analysis, named: Named, *, draw: bool) -> tuple[CellTomogram, ...]:
    """Read the volumes that a cell's note names, those after a scan from before against that scan.

    A volume that cannot be read is told in its `error` and stops none of the others. Pages and labels are written into
    one folder.
    """
    stated = loaded.note.volumes
    earlier = next((one for one in stated if one.stage == "before"), None)
    later = [one for one in stated if one is not earlier] or list(stated)
    found = []
    for number, one in enumerate(later):
        folder = named.path("-tomogram")
        try:
            stem = f"{number + 1}-{possible(Path(one.file).stem)}"
            held = earlier if one is not earlier else None
            found.append(_read(loaded, analysis, one, held, (folder, stem), draw))
        except BaseException as error:  # whatever is wrong with a scan must not take the cell with it
            if isinstance(error, (KeyboardInterrupt, SystemExit)):
                raise
            found.append(CellTomogram(shown(one.file), error=sentence_of(error)))
    return tuple(found)


def _read(
    loaded: Specimen,
    analysis: Analysis,
    one: StatedVolume,
    earlier: StatedVolume | None,
    place: tuple[Path, str],
    draw: bool,
) -> CellTomogram:
    try:
        from lithostat.tomography.report import tomogram_report
        from lithostat.tomography.study import study_volume
    except ImportError as error:
        raise MissingPackage(f"tomograms need {error.name}: pip install 'lithostat[tomography]'") from None
    from lithostat.reading.volumes.ingest import as_zarr
    from lithostat.tomography.plan import available_memory, plan, refuse_above

    folder, stem = place
    opened = _opened(loaded.folder, one)
    before = None if earlier is None else _opened(loaded.folder, earlier)
    refuse_above(plan(opened, ingest=not opened.coarse, before=before), available_memory())
    after = as_zarr(opened, folder / f"{stem}.zarr")
    held = None if before is None else as_zarr(before, folder / "before.zarr")
    result = study_volume(after, before=held, asked=asked(loaded.note, analysis), folder=folder / stem)
    said = tomogram_conflicts(result, analysis)
    report = tomogram_report(result)
    data = plain(report.data)
    page = None
    if draw:
        from lithostat.show.report_page import report_page

        page = write_text(folder / f"{stem}.html", report_page(report))
    write_text(folder / f"{stem}.json", json.dumps(data, indent=1))
    return CellTomogram(shown(one.file), report, data, said, page)


def tomogram_section(of: CellTomogram) -> Section:
    """What the page of the cell shows of a tomogram: its answer, what does not fit, its first figure, its findings."""
    title = f"Tomogram {of.file}"
    if of.report is None:
        return Section(title, text=(f"Not read: {of.error}",))
    first = tuple(one for section in of.report.sections for one in section.drawings if one.name == "crossing")
    more = () if of.page is None else (f"All of it: {of.page.parent.name}/{of.page.name}",)
    said = (*of.conflicts, *of.report.warnings)
    return Section(
        title, text=(of.report.answer, *more), points=said, drawings=first, findings=of.report.findings, spoken=True
    )


def without_report(of: CellTomogram) -> CellTomogram:
    """The same without what draws its figures, which no other process can take."""
    return replace(of, report=None)


def asked(note: CellNote, analysis: Analysis) -> Asked:
    """What the cell's own note and record say that a tomogram can be held against."""
    from lithostat.tomography.tomogram import Asked

    charge = float(abs(analysis.trace.half.charge).sum())
    card = None
    if note.electrolyte is not None:
        try:
            card = find(note.electrolyte).value("theoretical_density").value
        except (InputError, KeyError):
            card = None
    die = note.die_diameter
    return Asked(
        charge=charge or None,
        charge_from=", integral of the cell's record",
        pellet_mass=note.electrolyte_mass,
        pellet_area=None if die is None else 0.25 * math.pi * die**2,
        pellet_thickness=note.electrolyte_thickness,
        theoretical_density=card,
    )


def shown(file: str) -> str:
    """A file as a note names it, for people."""
    return readable(file)[:LONGEST]


def _opened(base: Path, one: StatedVolume) -> Volume:
    from lithostat.reading.volumes.read_volume import Stated, read_volume

    path = inside(base, one.file)
    if path is None:
        raise InputError(
            f"'volumes' names {short(one.file)}, which does not lie in the folder of the note or below it",
            file=str(base),
            expected="a scan beside cell.yaml",
        )
    state = VolumeState(one.stage, one.pressure, one.temperature)
    return read_volume(path, stated=Stated(one.voxel_size, one.axis, one.electrode_1, one.outside, state))
