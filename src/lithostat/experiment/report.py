"""A report: what a result says to a person, once. Console, page, JSON and dashboard are its renderers.

Whoever makes a result says in words and numbers what a reader needs; how that looks is the renderers' business
(`show.report_page`, `show.report_text`), and none of them computes anything of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

from lithostat.experiment.finding import Finding

Tone = Literal["good", "bad", "doubtful", ""]


class Number(NamedTuple):
    """A large number at the head of a report: the value as people read it, what it is, and its tone."""

    value: str
    label: str
    tone: Tone = ""


class Column(NamedTuple):
    """A column of a table: its head, a text for every row, whether these are numbers, and their tones (or none).

    `notes` are small print under the cells, '' for none.
    """

    head: str
    cells: tuple[str, ...]
    numeric: bool = False
    tones: tuple[Tone, ...] = ()
    notes: tuple[str, ...] = ()
    links: tuple[str | None, ...] = ()
    key: bool = False  # what its rows are called
    page_only: bool = False  # too long for a terminal


class Table(NamedTuple):
    """Columns of one length under a title. `brief` tables are printed in a terminal too; long ones fold on a page."""

    title: str
    columns: tuple[Column, ...]
    brief: bool = False
    caption: str = ""
    open: bool = False  # never folded

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.columns[0].cells) if self.columns else 0


class Drawing(NamedTuple):
    """A figure: its name (of its file too), the function that draws it, and what it shows."""

    name: str
    draw: Callable[[], Any]
    caption: str = ""


class Section(NamedTuple):
    """A part of a report under its own title, in this order: text, points, figures, findings, tables.

    `paired` figures stand beside each other where there is room; `spoken` points are printed in a terminal too.
    """

    title: str
    text: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    findings: tuple[Finding, ...] = ()
    tables: tuple[Table, ...] = ()
    paired: bool = False
    spoken: bool = False

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.text or self.points or self.drawings or self.findings or self.tables)


@dataclass(frozen=True)
class Report:
    """What a result says: who it is about, the answer, numbers, sections, what to know before believing it.

    `answer` is the result in a sentence and `word` in a word or two, with its `tone`. `data` is the same for programs:
    SI, the unit in the key. `written` are the files that were made of it.
    """

    title: str
    answer: str
    word: str = ""
    tone: Tone = ""
    lead: str = ""
    numbers: tuple[Number, ...] = ()
    sections: tuple[Section, ...] = ()
    warnings: tuple[str, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)
    source: str = ""
    written: tuple[Path, ...] = ()

    def with_written(self, paths: Sequence[Path]) -> Report:
        """The same report with the files that were made of it."""
        return replace(self, written=(*self.written, *paths))

    @property
    def as_json(self) -> dict[str, Any]:
        """For programs: `data`, the warnings and the files."""
        return self.data | {"warnings": list(self.warnings), "written": [str(path) for path in self.written]}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings of all sections."""
        return tuple(finding for section in self.sections for finding in section.findings)


def table_of(title: str, rows: Sequence[dict[str, Any]], *, numeric: Sequence[str] = (), **said: Any) -> Table:
    """A table from one mapping a row; keys are heads, in the order of the first row, values are text already."""
    heads = tuple(rows[0]) if rows else ()
    columns = tuple(Column(head, tuple(str(row[head]) for row in rows), head in numeric) for head in heads)
    return Table(title, columns, **said)


def plain(data: Any) -> Any:
    """Data as JSON takes them: numbers of numpy as Python's; NaN and infinity, which JSON does not have, as None."""
    if isinstance(data, dict):
        return {key: plain(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [plain(value) for value in data]
    if getattr(data, "ndim", None) == 0:
        data = data.item()
    return None if isinstance(data, float) and not math.isfinite(data) else data
