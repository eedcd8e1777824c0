"""All cells of a folder in one table and on one page, whatever happened to one of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from lithostat.experiment.errors import sentence_of
from lithostat.experiment.finding import TONES, group_of
from lithostat.experiment.output_names import OWN
from lithostat.experiment.record import write_each, write_text, write_whole
from lithostat.lab.analyze import AnalysedCell
from lithostat.show.lives_figure import lives_figure
from lithostat.show.page import page, svg


class WrittenFolder(NamedTuple):
    """The files of a folder as a whole, its page last, and a sentence for each that could not be made."""

    files: tuple[Path, ...]
    problems: tuple[str, ...]

    @property
    def page(self) -> Path | None:
        """What leads to the pages of the cells."""
        return next((path for path in self.files if path.suffix == ".html"), None)


def sound(cell: AnalysedCell) -> AnalysedCell:
    """The cell, or its name and the fault if it cannot be put into a table, so that the others' rows are there."""
    try:
        json.dumps(cell.as_json())
        pl.DataFrame([_table_row(cell)])
        _page_row(cell)
    except BaseException as error:
        return AnalysedCell(cell.name, error=sentence_of(error))
    return cell


def write_folder(cells: list[AnalysedCell], folder: Path, title: str) -> WrittenFolder:
    """The table over all cells as CSV and Parquet, and a page that leads to theirs; each is tried."""
    ways: dict[str, Callable[[Path], Any]] = {
        "cells.csv": lambda path: write_whole(path, folder_table(cells).write_csv),
        "cells.parquet": lambda path: write_whole(path, folder_table(cells).write_parquet),
        "index.html": lambda path: write_text(path, folder_page(cells, title)),
    }
    assert tuple(ways) == OWN  # names that no cell gets
    return WrittenFolder(*write_each((folder / name, write) for name, write in ways.items()))


def folder_page(cells: list[AnalysedCell], title: str) -> str:
    """The page as HTML text: a row for each cell, and lives against pressure."""
    rows = [_page_row(cell) for cell in cells]
    figure, missing = "", ""
    try:
        figure = _lives(cells)
    except BaseException as error:
        missing = f"lives against pressure could not be drawn: {sentence_of(error)}"
    said = {"figure": figure, "missing": missing, "counts": _counts([row["group"] for row in rows])}
    return page("folder.html", folder=title, rows=rows, version=version("lithostat"), **said)


def folder_table(cells: list[AnalysedCell]) -> pl.DataFrame:
    """One row per cell: the call and every finding that has a number, its unit in the column's name."""
    rows = [_table_row(cell) for cell in cells]
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pl.DataFrame([{name: row.get(name) for name in names} for row in rows], infer_schema_length=None)


def _table_row(cell: AnalysedCell) -> dict[str, Any]:
    data = cell.as_json()
    row = {name: data.get(name) for name in _CALL}
    row["evidence"] = "; ".join(data["evidence"])
    row["warnings"] = len(data["warnings"])
    row["completeness"] = cell.complete.score if cell.complete else None
    row["override"] = data["override"]["outcome"] if data.get("override") else None
    row["error"] = cell.error
    row["written_as"] = data.get("written_as")
    for finding in data["findings"]:
        unit = f" [{finding['unit']}]" if finding["unit"] else ""
        row[finding["name"] + unit] = None if finding["value"] is None else float(finding["value"])
    return row


_CALL = (
    *("cell", "kind_of_cell", "outcome", "time_to_short_s", "censored_at_s", "pressure_pa", "confidence"),
    *("charge_one_direction_c_per_m2", "charge_both_directions_c_per_m2"),
)


def _lives(cells: list[AnalysedCell]) -> str:
    """Life against pressure and how it ended, as a figure; '' for fewer than two cells that know pressure and time."""
    calls = [cell.analysis.outcome for cell in cells if cell.analysis is not None]
    lives = [
        (call.pressure, call.cycling_time, call.kind)
        for call in calls
        if call.pressure is not None and call.cycling_time is not None
    ]
    return svg(lives_figure(lives)) if len(lives) > 1 else ""


def _counts(groups: list[str]) -> str:
    """'3 with a short, 1 that lost contact, 2 without a short': every group that occurs."""
    words = {
        **{"short": "with a short", "contact lost": "that lost contact", "lithium spent": "that spent their lithium"},
        **{"lived": "without a short", "not known": "not called"},
    }
    return ", ".join(f"{groups.count(group)} {said}" for group, said in words.items() if group in groups)


def _page_row(cell: AnalysedCell) -> dict[str, Any]:
    """A cell as the folder's page prints it."""
    data = cell.as_json()
    group = group_of(data["outcome"])
    pressure, confidence = data.get("pressure_pa"), data.get("confidence")
    return {
        "cell": cell.name,
        "named": cell.named.stem.name if cell.named and cell.named.renamed else "",
        "page": next((path.name for path in cell.written if path.suffix == ".html"), None),
        "outcome": data["outcome"],
        "group": group,
        "tone": TONES.get(group, ""),
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
