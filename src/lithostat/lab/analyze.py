"""A folder of a lab analysed: every cell read, called, written; a table and a page over all of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from lithostat.cycling.analysis import Analysis, analyze
from lithostat.cycling.half_cycles import half_cycles
from lithostat.experiment.errors import LithostatError
from lithostat.experiment.record import write_text, write_whole
from lithostat.lab.cell_page import cell_page
from lithostat.lab.completeness import Completeness, completeness
from lithostat.lab.export import write_bdf
from lithostat.lab.folder import CellFolder, LoadedCell, load
from lithostat.show.lives_figure import lives_figure
from lithostat.show.page import page, svg


@dataclass(frozen=True)
class AnalysedCell:
    """A cell with all that was made of it; `error` says why there is nothing if it could not be analysed."""

    name: str
    loaded: LoadedCell | None = None
    analysis: Analysis | None = None
    complete: Completeness | None = None
    error: str | None = None
    written: tuple[Path, ...] = field(default=())

    @property
    def outcome(self) -> str:
        """The outcome in a word, or why there is none."""
        return self.error or (self.analysis.outcome.kind if self.analysis is not None else "unknown")

    def as_json(self) -> dict[str, Any]:
        """One object for people and programs."""
        if self.analysis is None or self.complete is None or self.loaded is None:
            nothing: dict[str, Any] = {"evidence": [], "warnings": [], "findings": []}
            call = {"outcome": "unknown", "time_to_short_s": None, "confidence": None}
            return {"cell": self.name, **call, **nothing, "error": self.error}
        return self.analysis.as_json() | {
            "cell": self.name,
            "completeness": {
                "score": self.complete.score,
                "missing": [item.name for item in self.complete.missing],
            },
            "files": list(self.loaded.files),
            "refused": [{"file": name, "why": why} for name, why in self.loaded.refused],
            "written": [str(path) for path in self.written],
        }


def analyze_cell(
    cell: CellFolder,
    *,
    overrides: Mapping[str, Any],
    repeats: int,
    progress: Callable[[str], None] | None = None,
) -> AnalysedCell:
    """Read and analyse one cell; a fault becomes its `error` and leaves the other cells alone."""
    try:
        loaded = load(cell, note_overrides=overrides, progress=progress)
    except LithostatError as error:
        return AnalysedCell(cell.name, error=str(error))
    return AnalysedCell(
        loaded.name,
        loaded,
        analyze(loaded.record, loaded.note),
        completeness(loaded.record, loaded.note, repeats=repeats),
    )


def write_cell(cell: AnalysedCell, folder: Path, *, draw: bool = True) -> AnalysedCell:
    """Write record, Battery Data Format, half-cycles, cycles and page of one cell; the cell with what was written."""
    if cell.loaded is None or cell.analysis is None or cell.complete is None:
        return cell
    record, stem = cell.loaded.record, file_name(cell.name)
    written = [record.write_parquet(folder / f"{stem}.parquet")]
    if len(record.table):
        path = folder / f"{stem}.bdf.parquet"
        write_bdf(record, path)
        written.append(path)
    for name, table in (("half-cycles", cell.analysis.half_cycles), ("cycles", cell.analysis.cycles)):
        if len(table):
            written.append(write_whole(folder / f"{stem}-{name}.csv", table.write_csv))
    if draw:
        written.append(write_text(folder / f"{stem}.html", cell_page(cell.loaded, cell.analysis, cell.complete)))
    return replace(cell, written=tuple(written))


def analyze_and_write(
    cell: CellFolder, *, overrides: Mapping[str, Any], repeats: int, output: Path, draw: bool
) -> AnalysedCell:
    """Read, analyse and write one cell, and keep what a table and a page over all cells need of it: not its rows."""
    return without_rows(write_cell(analyze_cell(cell, overrides=overrides, repeats=repeats), output, draw=draw))


def without_rows(cell: AnalysedCell) -> AnalysedCell:
    """The cell with its calls, findings and words, and without the tables of its record."""
    if cell.loaded is None or cell.analysis is None:
        return cell
    record = replace(cell.loaded.record, table=cell.loaded.record.table.clear(), spectra=())
    trace = replace(cell.analysis.trace, record=record, came=record, half=half_cycles(record), technique=np.zeros(0))
    analysis = replace(cell.analysis, trace=trace, suspects=())
    return replace(cell, loaded=replace(cell.loaded, record=record), analysis=analysis)


def write_folder(cells: list[AnalysedCell], folder: Path, title: str) -> list[Path]:
    """The table over all cells as CSV and Parquet, and a page that leads to theirs."""
    table = folder_table(cells)
    rows = [_row(cell) for cell in cells]
    shorted = sum(row["shorted"] for row in rows)
    figure = _lives(cells)
    html = page("folder.html", folder=title, rows=rows, shorted=shorted, figure=figure, version=version("lithostat"))
    return [
        write_whole(folder / "cells.csv", table.write_csv),
        write_whole(folder / "cells.parquet", table.write_parquet),
        write_text(folder / "index.html", html),
    ]


def folder_table(cells: list[AnalysedCell]) -> pl.DataFrame:
    """One row per cell: the call and every finding that has a number, its unit in the column's name."""
    rows = []
    for cell in cells:
        data = cell.as_json()
        row = {name: data.get(name) for name in _CALL}
        row["evidence"] = "; ".join(data["evidence"])
        row["warnings"] = len(data["warnings"])
        row["completeness"] = cell.complete.score if cell.complete else None
        row["override"] = data["override"]["outcome"] if data.get("override") else None
        row["error"] = cell.error
        for finding in data["findings"]:
            unit = f" [{finding['unit']}]" if finding["unit"] else ""
            row[finding["name"] + unit] = finding["value"]
        rows.append(row)
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pl.DataFrame([{name: row.get(name) for name in names} for row in rows], infer_schema_length=None)


_CALL = (
    *("cell", "kind_of_cell", "outcome", "time_to_short_s", "censored_at_s", "pressure_pa", "confidence"),
    *("charge_one_direction_c_per_m2", "charge_both_directions_c_per_m2"),
)


def _lives(cells: list[AnalysedCell]) -> str:
    """Life against pressure as a figure for the page; '' for fewer than two cells that know both."""
    calls = [cell.analysis.outcome for cell in cells if cell.analysis is not None]
    lives = [
        (call.pressure, call.cycling_time, call.shorted)
        for call in calls
        if call.pressure is not None and call.cycling_time is not None and (call.shorted or call.kind == "censored")
    ]
    return svg(lives_figure(lives)) if len(lives) > 1 else ""


def file_name(name: str) -> str:
    """A cell's name as a file name that every system takes."""
    return re.sub(r"[^\w.+-]+", "_", name).strip("._")[:100] or "cell"


def _row(cell: AnalysedCell) -> dict[str, Any]:
    """A cell as the folder's page prints it."""
    data = cell.as_json()
    pressure, confidence = data.get("pressure_pa"), data.get("confidence")
    return {
        "cell": cell.name,
        "page": next((path.name for path in cell.written if path.suffix == ".html"), None),
        "outcome": data["outcome"],
        "shorted": bool(cell.analysis and cell.analysis.outcome.shorted),
        "error": cell.error,
        "override": data["override"]["outcome"] if data.get("override") else None,
        "short": _hours(data["time_to_short_s"]),
        "lived": _hours(data.get("censored_at_s")),
        "pressure": "" if pressure is None else f"{pressure / 1e6:.4g}",
        "confidence": "" if confidence is None else f"{100 * confidence:.3g} %",
        "warnings": len(data["warnings"]) + len(data.get("refused", [])),
        "known": f"{100 * cell.complete.score:.0f} %" if cell.complete else "",
    }


def _hours(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds / 3600.0:.4g}"
