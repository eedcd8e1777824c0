"""read_papers() and read_rows(path): published cells as data, checked whole before any of them is used."""

from __future__ import annotations

import csv
import functools
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from lithostat.experiment import document
from lithostat.experiment.errors import InputError, nearest, short
from lithostat.experiment.protocol import Protocol
from lithostat.papers.columns import COLUMNS, REQUIRED
from lithostat.papers.published_cell import PublishedCell, contradiction

_APART = str.maketrans(";,|", "   ")  # what people put between names, beside spaces
LARGEST = 16 * 2**20  # bytes of a table
_PAPER_KEYS = ("cite", "doi", "about", "assumed", "left_out")


@dataclass(frozen=True)
class Paper:
    """Published cells with their source. `assumed` and `left_out` are sentences about all of them."""

    name: str
    cite: str
    cells: tuple[PublishedCell, ...]
    doi: str | None = None
    about: str = ""
    assumed: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@functools.cache
def read_papers() -> Mapping[str, Paper]:
    """All papers of the package, by name."""
    from lithostat.papers.doux2020.bench_rows import doux2020

    root = resources.files("lithostat.papers")
    folders = [entry for entry in root.iterdir() if entry.is_dir() and (entry / "cells.csv").is_file()]
    texts = [[(entry / name).read_text(encoding="utf-8") for name in ("paper.yaml", "cells.csv")] for entry in folders]
    found = [paper_of(entry.name, *both) for entry, both in zip(folders, texts, strict=True)]
    return {paper.name: paper for paper in sorted((doux2020(), *found), key=lambda paper: paper.name)}


def read_rows(path: str | Path) -> tuple[Paper, ...]:
    """The papers of a table (.csv) of a user, or of a folder with `paper.yaml` and `cells.csv`, or of several such."""
    path = Path(path)
    if path.is_dir():
        folders = [path] if (path / "paper.yaml").exists() or (path / "cells.csv").exists() else sorted(path.iterdir())
        folders = [folder for folder in folders if folder.is_dir()]
        if not folders:
            raise InputError("holds no paper", file=str(path), expected="a folder with paper.yaml and cells.csv")
        return tuple(
            paper_of(folder.resolve().name, _text(folder / "paper.yaml"), _text(folder / "cells.csv"), at=str(folder))
            for folder in folders
        )
    cells = rows_of(_text(path), str(path), paper=None)
    names = dict.fromkeys(cell.paper for cell in cells)
    return tuple(
        Paper(name, _cite(name, mine := tuple(c for c in cells if c.paper == name)), mine, _doi(mine)) for name in names
    )


def paper_of(name: str, about: str, table: str, *, at: str | None = None) -> Paper:
    """A paper from the text of its paper.yaml and of its cells.csv; `at` is its folder, for errors."""
    where = at or name
    page = document.parse(about, f"{where}/paper.yaml")
    for key in page.data:
        if key not in _PAPER_KEYS:
            raise page.error(
                f"unknown key {short(key)}{nearest(str(key)[:60], _PAPER_KEYS)}",
                (key,),
                f"one of {', '.join(_PAPER_KEYS)}",
            )
    if not isinstance(page.data.get("cite"), str) or not page.data["cite"].strip():
        raise page.error("a paper without a source", expected="'cite': author, year, journal")
    said = {key: page.data.get(key) or [] for key in ("assumed", "left_out")}
    for key, lines in said.items():
        if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
            raise page.error(f"received {short(lines)}", (key,), "a list of sentences")
    cells = rows_of(table, f"{where}/cells.csv", paper=name)
    doi = page.data.get("doi")
    return Paper(
        name,
        page.data["cite"],
        cells,
        None if doi is None else str(doi),
        str(page.data.get("about") or ""),
        tuple(said["assumed"]),
        tuple(said["left_out"]),
    )


def rows_of(text: str, file: str, *, paper: str | None) -> tuple[PublishedCell, ...]:
    """All rows of a table; the first fault of any of them is an `InputError` with its line, and nothing is read."""
    lines = csv.reader(io.StringIO(text), strict=True)
    try:
        table = [(lines.line_num, row) for row in lines if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise InputError(f"is no table of comma-separated values ({error})", file=file, line=lines.line_num) from None
    if len(table) < 2:
        raise InputError("holds no rows", file=file, expected="a line of column names and a line for each cell")
    heads = [head.strip().lstrip("\ufeff") for head in table[0][1]]
    _check_heads(heads, file, paper)
    cells = [_row(dict(zip(heads, row, strict=True)), file, line, paper) for line, row in _even(heads, table[1:], file)]
    _check_together(cells, [line for line, _ in table[1:]], file)
    return tuple(cells)


def cell_of(given: Mapping[str, Any], *, paper: str | None, file: str, line: int | None = None) -> PublishedCell:
    """One row from the content of its columns, as text or as numbers; a protocol may be a list already."""
    text = {name: value.strip() if isinstance(value, str) else value for name, value in given.items()}
    filled = {name: value for name, value in text.items() if value not in ("", None)}
    for name in REQUIRED:
        if name not in filled:
            raise _fault(f"no '{name}'", f"{COLUMNS[name].meaning}", file, line, filled)
    if paper is None and "paper" not in filled:
        raise _fault("no 'paper'", "the name of its source", file, line, filled)
    read = {name: _read(name, value, file, line, filled) for name, value in filled.items()}
    cell = _noun(read, paper, file, line)
    wrong = contradiction(cell)
    if wrong is not None:
        raise _fault(wrong[0], wrong[1], file, line, filled)
    return cell


def _noun(read: dict[str, Any], paper: str | None, file: str, line: int | None) -> PublishedCell:
    if paper is not None and read.get("paper", paper) != paper:
        raise _fault(f"names the paper {short(read['paper'])}", f"'{paper}', whose folder it is in", file, line, read)
    stated = frozenset(str(read["stated"]).translate(_APART).split()) - {"none"}
    unknown = sorted(name for name in stated if name not in COLUMNS)
    if unknown:
        raise _fault(
            f"'stated' names {short(unknown[0])}{nearest(unknown[0][:60], COLUMNS)}",
            "names of columns",
            file,
            line,
            read,
        )
    apart = ("id", "paper", "cell_kind", "outcome", "unit", "censored", "tag", "use", "stated", "protocol")
    protocol = read.get("protocol")
    return PublishedCell(
        id=str(read["id"]),
        paper=paper or str(read["paper"]),
        kind=read["cell_kind"],
        outcome=read["outcome"],
        unit=read.get("unit", ""),
        value=read.get("value"),
        low=read.get("low", 0.0),
        high=read.get("high", math.inf),
        censored=read["censored"],
        tag=read["tag"],
        use=read.get("use", "fit"),
        stated=stated,
        columns={name: value for name, value in read.items() if name not in apart or name == "protocol"}
        | {name: read[name] for name in ("id", "cell_kind") if name in stated},
        protocol=tuple(protocol) if isinstance(protocol, list) else None,
    )


def _read(name: str, value: Any, file: str, line: int | None, row: Mapping[str, Any]) -> Any:
    """The content of one column."""
    column = COLUMNS[name]
    if name == "protocol":
        return _steps(value, file, line, row)
    if name == "use":
        value = str(value).split()[0]  # 'fit (sign)' is a use with a remark
    if column.holds == "text":
        return str(value)
    if column.holds == "word":
        if str(value) not in column.words:
            expected = f"one of {', '.join(column.words)}"
            said = f"{name}: received {short(value)}{nearest(str(value)[:60], column.words)}"
            raise _fault(said, expected, file, line, row)
        return str(value)
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise _fault(f"{name}: received {short(value)}", "a number", file, line, row) from None
    if math.isnan(number) or number < column.least or (math.isinf(number) and name != "high"):
        raise _fault(f"{name}: received {value}", f"a number of at least {column.least:g}", file, line, row)
    return number


def _steps(value: object, file: str, line: int | None, row: Mapping[str, Any]) -> list[dict[str, Any]] | str:
    """The protocol of a row: a list of steps, tried as a protocol; or a description in words, which stays one."""
    steps = value
    if isinstance(value, str) and not value.lstrip().startswith("["):
        return value
    if isinstance(value, str):
        try:
            steps = document.parse(f"steps: {value}", file).data["steps"]
        except InputError as error:
            raise _fault(f"protocol: {error.problem}", _PROTOCOL, file, line, row) from None
    if not isinstance(steps, list):
        raise _fault(f"protocol: received {short(value)}", _PROTOCOL, file, line, row)
    try:
        Protocol.from_dict({"steps": steps})
    except InputError as error:
        raise _fault(f"protocol: {error}", None, file, line, row) from None  # which says itself what it expected
    return steps


_PROTOCOL = "steps like [{press: 25 MPa, for: 1 min}, {rest: 1 h}], or a description in words"


def _fault(problem: str, expected: str | None, file: str, line: int | None, row: Mapping[str, Any]) -> InputError:
    name = row.get("id")
    return InputError(
        problem, file=file, line=line, place=f"row {short(str(name))}" if name else None, expected=expected
    )


def _check_heads(heads: list[str], file: str, paper: str | None) -> None:
    for head in heads:
        if head not in COLUMNS:
            raise InputError(f"unknown column {short(head)}{nearest(head[:60], COLUMNS)}", file=file, line=1)
    twice = next((head for head in heads if heads.count(head) > 1), None)
    if twice is not None:
        raise InputError(f"the column '{twice}' stands twice", file=file, line=1, expected="each column once")
    needed = (*REQUIRED, *(() if paper else ("paper",)))
    missing = next((name for name in needed if name not in heads), None)
    if missing is not None:
        raise InputError(f"no column '{missing}'", file=file, line=1, expected=COLUMNS[missing].meaning)


def _even(heads: list[str], table: list[tuple[int, list[str]]], file: str) -> list[tuple[int, list[str]]]:
    for line, row in table:
        if len(row) != len(heads):
            raise InputError(f"has {len(row)} entries", file=file, line=line, expected=f"{len(heads)}, as in its head")
    return table


def _row(row: dict[str, str], file: str, line: int, paper: str | None) -> PublishedCell:
    return cell_of(row, paper=paper, file=file, line=line)


def _check_together(cells: list[PublishedCell], lines: list[int], file: str) -> None:
    """What no row alone can say: an id stands once in a paper, and a sign is compared with a row that lived."""
    seen: dict[tuple[str, str], PublishedCell] = {}
    for cell, line in zip(cells, lines, strict=True):
        if (cell.paper, cell.id) in seen:
            raise InputError(
                f"the row {short(cell.id)} stands twice",
                file=file,
                line=line,
                expected="one row a cell, each with its id",
            )
        seen[cell.paper, cell.id] = cell
    for cell, line in zip(cells, lines, strict=True):
        than = cell.columns.get("than")
        other = seen.get((cell.paper, str(than)))
        if than is not None and (other is None or other.outcome in ("sign", "other")):
            raise InputError(
                f"the row {short(cell.id)} is compared with {short(than)}",
                file=file,
                line=line,
                expected="the id of a row of the same table with an outcome of its own",
            )


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise InputError("is larger than 16 MiB", file=str(path), expected="a table of published cells")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError("is not UTF-8 text", file=str(path), expected="a table in UTF-8") from None
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror or error})", file=str(path)) from None


def _cite(name: str, cells: tuple[PublishedCell, ...]) -> str:
    doi = _doi(cells)
    return name if doi is None else f"{name}, {doi}"


def _doi(cells: tuple[PublishedCell, ...]) -> str | None:
    found = (cell.columns.get("doi") for cell in cells)
    return next((str(doi) for doi in found if doi is not None), None)
