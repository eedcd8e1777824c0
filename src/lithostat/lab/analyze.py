"""A cell of a lab analysed: read, called, written; and whatever goes wrong with it as a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from lithostat.cycling.analysis import Analysis, analyze
from lithostat.cycling.half_cycles import half_cycles
from lithostat.experiment.errors import sentence_of
from lithostat.experiment.output_names import Named
from lithostat.experiment.record import write_csv, write_each, write_text
from lithostat.experiment.report import Report, Section
from lithostat.lab.cell_report import cell_report
from lithostat.lab.completeness import Completeness, completeness
from lithostat.lab.export import write_bdf
from lithostat.lab.folder import CellFolder, load
from lithostat.lab.specimen import Specimen
from lithostat.lab.stated_patterns import CellPatterns, read_stated_patterns
from lithostat.lab.tomograms import CellTomogram, read_tomograms, without_report
from lithostat.show.report_page import report_page


@dataclass(frozen=True)
class AnalysedCell:
    """A cell with all that was made of it; `error` says why there is nothing, or which of its files are not there.

    `named` is what its files are called, another name than the cell's where two cells share one; `patterns` are the
    sections of its diffraction patterns; `unwritten` is true if one of its files could not be written.
    """

    name: str
    loaded: Specimen | None = None
    analysis: Analysis | None = None
    complete: Completeness | None = None
    error: str | None = None
    named: Named | None = None
    written: tuple[Path, ...] = field(default=())
    tomograms: tuple[CellTomogram, ...] = ()
    patterns: tuple[Section, ...] = ()
    unwritten: bool = False

    @property
    def outcome(self) -> str:
        """The outcome in a word."""
        return self.analysis.outcome.kind if self.analysis is not None else "unknown"

    def as_json(self) -> dict[str, Any]:
        """One object for people and programs."""
        if self.analysis is None or self.complete is None or self.loaded is None:
            nothing: dict[str, Any] = {"evidence": [], "warnings": [], "findings": []}
            call = {"outcome": "unknown", "time_to_short_s": None, "confidence": None}
            return {"cell": self.name, **call, **nothing, "error": self.error}
        return (
            self.analysis.as_json()
            | ({"error": self.error} if self.error else {})
            | {
                "cell": self.name,
                "completeness": {
                    "score": self.complete.score,
                    "missing": [item.name for item in self.complete.missing],
                },
                "files": list(self.loaded.files),
                "refused": [{"file": name, "why": why} for name, why in self.loaded.refused],
                **({"volumes": [one.as_json() for one in self.tomograms]} if self.tomograms else {}),
                "written_as": self.named.stem.name if self.named else None,
                "written": [str(path) for path in self.written],
            }
        )


def analyze_cell(
    cell: CellFolder,
    *,
    overrides: Mapping[str, Any],
    repeats: int,
    progress: Callable[[str], None] | None = None,
) -> AnalysedCell:
    """Read and analyse one cell; a fault of whatever kind becomes its `error` and leaves the other cells alone."""
    try:
        loaded = load(cell, note_overrides=overrides, progress=progress)
    except BaseException as error:
        return AnalysedCell(cell.name, error=sentence_of(error))
    return analyze_specimen(loaded, repeats=repeats)


def analyze_specimen(loaded: Specimen, *, repeats: int) -> AnalysedCell:
    """Analyse a cell that was read; a fault of whatever kind becomes its `error`."""
    try:
        found, patterns = analyze(loaded.record, loaded.note), _patterns(loaded)
        findings, warnings = (*found.findings, *patterns.findings), (*found.warnings, *patterns.warnings)
        found = replace(found, findings=findings, warnings=warnings)
        complete = completeness(loaded.record, loaded.note, repeats=repeats)
        return AnalysedCell(loaded.name, loaded, found, complete, patterns=patterns.sections)
    except BaseException as error:
        return AnalysedCell(loaded.name, error=sentence_of(error))


def _patterns(loaded: Specimen) -> CellPatterns:
    """What the cell's diffraction patterns say, if its note names any."""
    if not loaded.note.patterns:
        return CellPatterns()
    return read_stated_patterns(loaded)


def write_cell(cell: AnalysedCell, named: Named, *, draw: bool = True) -> AnalysedCell:
    """Write record, Battery Data Format, half-cycles, cycles and page of one cell; the cell with what was written.

    A file that cannot be made is told in `error` and stops none of the others.
    """
    if cell.loaded is None or cell.analysis is None or cell.complete is None:
        return cell
    scans = read_tomograms(cell.loaded, cell.analysis, named, draw=draw)
    files = _files(replace(cell, tomograms=scans), cell.loaded, cell.analysis, draw)
    written, problems = write_each((named.path(ending), write) for ending, write in files)
    written = (*written, *(one.page for one in scans if one.page is not None))
    said = "; ".join((*problems, *(f"{one.file}: {one.error}" for one in scans if one.error)))
    return replace(cell, named=named, written=written, error=said or None, tomograms=scans, unwritten=bool(problems))


def _files(
    cell: AnalysedCell, loaded: Specimen, found: Analysis, draw: bool
) -> Iterator[tuple[str, Callable[[Path], Any]]]:
    """(ending, what writes it) of every file of a cell."""
    record = loaded.record
    yield ".parquet", record.write_parquet
    if len(record.table):
        yield ".bdf.parquet", lambda path: write_bdf(record, path)
    if len(found.half_cycles):
        yield "-half-cycles.csv", lambda path: write_csv(path, found.half_cycles)
    if len(found.cycles):
        yield "-cycles.csv", lambda path: write_csv(path, found.cycles)
    if draw:
        yield ".html", lambda path: write_text(path, report_page(report_of(cell)))


def report_of(cell: AnalysedCell) -> Report:
    """What a cell says; of one that could not be analysed, the reason."""
    if cell.loaded is None or cell.analysis is None or cell.complete is None:
        return Report(cell.name, cell.error or "", word="not analysed", tone="doubtful")
    return cell_report(cell.loaded, cell.analysis, cell.complete, cell.patterns, cell.tomograms)


def analyze_and_write(
    cell: tuple[CellFolder, Named],
    *,
    overrides: Mapping[str, Any],
    repeats: int,
    draw: bool,
    progress: Callable[[str], None] | None = None,
) -> AnalysedCell:
    """Read, analyse and write one cell, and keep what a table and a page over all cells need of it: not its rows."""
    folder, named = cell
    analysed = analyze_cell(folder, overrides=overrides, repeats=repeats, progress=progress)
    return without_rows(write_cell(analysed, named, draw=draw))


def without_rows(cell: AnalysedCell) -> AnalysedCell:
    """The cell with its calls, findings and words, and without the tables of its record."""
    if cell.loaded is None or cell.analysis is None:
        return cell
    record = replace(cell.loaded.record, table=cell.loaded.record.table.clear(), spectra=())
    trace = replace(cell.analysis.trace, record=record, came=record, half=half_cycles(record), technique=np.zeros(0))
    analysis = replace(cell.analysis, trace=trace, suspects=())
    scans = tuple(map(without_report, cell.tomograms))
    return replace(cell, loaded=replace(cell.loaded, record=record), analysis=analysis, tomograms=scans, patterns=())
