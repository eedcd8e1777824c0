"""All cells of a folder in one table and on one page, whatever happened to one of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, cast

import polars as pl
from matplotlib.figure import Figure

from lithostat.experiment.errors import sentence_of
from lithostat.experiment.finding import TONES, group_of
from lithostat.experiment.output_names import OWN
from lithostat.experiment.record import write_csv, write_each, write_text, write_whole
from lithostat.experiment.report import Column, Drawing, Report, Section, Table, Tone
from lithostat.lab.analyze import AnalysedCell
from lithostat.show.lives_figure import lives_figure
from lithostat.show.report_page import report_page


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
        "cells.csv": lambda path: write_csv(path, folder_table(cells)),
        "cells.parquet": lambda path: write_whole(path, folder_table(cells).write_parquet),
        "index.html": lambda path: write_text(path, report_page(folder_report(cells, title))),
    }
    assert tuple(ways) == OWN  # names that no cell gets
    return WrittenFolder(*write_each((folder / name, write) for name, write in ways.items()))


def folder_report(cells: list[AnalysedCell], title: str) -> Report:
    """What a folder says: a row for each cell, why, what to know before believing it, and lives against pressure."""
    rows = [_page_row(cell) for cell in cells]
    lives = Drawing("lives against pressure", lambda: _lives(cells))
    problems = [(row.cell, row.error) for row in rows if row.error]
    warned = [(cell.name, line) for cell in cells for line in _warnings(cell)]
    why = [f"{cell.name}: {line}" for cell in cells if cell.analysis for line in cell.analysis.outcome.evidence]
    return Report(
        title=title,
        answer=f"{len(rows)} cell{'' if len(rows) == 1 else 's'}: {_counts([row.group for row in rows])}.",
        sections=(
            Section("", tables=(_cells_table(rows),)),
            Section("Life against pressure", drawings=(lives,) if len(_known_lives(cells)) > 1 else ()),
            Section("Why", points=tuple(why), spoken=True),
            *(_lines(head, lines) for head, lines in (("Not analysed", problems), ("Warnings", warned)) if lines),
        ),
        data={"cells": [cell.as_json() for cell in cells]},
    )


def _lines(title: str, lines: list[tuple[str, str]]) -> Section:
    names, said = zip(*lines, strict=True)
    return Section(title, tables=(Table("", (Column("cell", names), Column("", said)), brief=True),))


def _warnings(cell: AnalysedCell) -> list[str]:
    refused = [] if cell.loaded is None else [f"not read: {file}: {why}" for file, why in cell.loaded.refused]
    return [*refused, *(cell.analysis.warnings if cell.analysis else ())]


def _cells_table(rows: list[PageRow]) -> Table:
    def column(head: str, name: str, **said: Any) -> Column:
        return Column(head, tuple(getattr(row, name) for row in rows), **said)

    return Table(
        "",
        (
            column("cell", "cell", key=True, links=tuple(row.page for row in rows), notes=_under(rows, "files")),
            column("outcome", "outcome", tones=tuple(row.tone for row in rows), notes=_under(rows, "person")),
            column("time to short / h", "short", numeric=True),
            column("lived / h", "lived", numeric=True),
            column("pressure / MPa", "pressure", numeric=True),
            column("confidence", "confidence", numeric=True),
            column("warnings", "warnings", numeric=True),
            column("known", "known", numeric=True),
        ),
        brief=True,
        open=True,
    )


def _under(rows: list[PageRow], name: str) -> tuple[str, ...]:
    return tuple(getattr(row, name) for row in rows)


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


def _known_lives(cells: list[AnalysedCell]) -> list[tuple[float, float, str]]:
    """(pressure [Pa], cycling time [s], outcome) of the cells that know both."""
    calls = [cell.analysis.outcome for cell in cells if cell.analysis is not None]
    return [
        (call.pressure, call.cycling_time, call.kind)
        for call in calls
        if call.pressure is not None and call.cycling_time is not None
    ]


def _lives(cells: list[AnalysedCell]) -> Figure:
    """Life against pressure and how it ended."""
    return lives_figure(_known_lives(cells))


def _counts(groups: list[str]) -> str:
    """'3 with a short, 1 that lost contact, 2 without a short': every group that occurs."""
    words = {
        **{"short": "with a short", "contact lost": "that lost contact", "lithium spent": "that spent their lithium"},
        **{"lived": "without a short", "not known": "not called"},
    }
    return ", ".join(f"{groups.count(group)} {said}" for group, said in words.items() if group in groups)


class PageRow(NamedTuple):
    """A cell as the folder's page and the terminal print it."""

    cell: str
    page: str | None
    files: str  # what they are called, where that is another name
    outcome: str
    group: str
    tone: Tone
    error: str
    person: str  # what a person says against the call
    short: str
    lived: str
    pressure: str
    confidence: str
    warnings: str
    known: str


def _page_row(cell: AnalysedCell) -> PageRow:
    data = cell.as_json()
    group = group_of(data["outcome"])
    pressure, confidence, person = data.get("pressure_pa"), data.get("confidence"), data.get("override")
    return PageRow(
        cell=cell.name,
        page=next((path.name for path in cell.written if path.suffix == ".html"), None),
        files=f"its files: {cell.named.stem.name}" if cell.named and cell.named.renamed else "",
        outcome=data["outcome"],
        group=group,
        tone=cast(Tone, TONES.get(group, "")),
        error=cell.error or "",
        person=f"a person says: {person['outcome']}" if person else "",
        short=_hours(data["time_to_short_s"]),
        lived=_hours(data.get("censored_at_s")),
        pressure="" if pressure is None else f"{pressure / 1e6:.4g}",
        confidence="" if confidence is None else f"{100 * confidence:.3g} %",
        warnings=str(len(data["warnings"]) + len(data.get("refused", []))),
        known=f"{100 * cell.complete.score:.0f} %" if cell.complete else "",
    )


def _hours(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds / 3600.0:.4g}"
