"""A report in a terminal: the answer first, then numbers, findings, brief tables, warnings and what was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lithostat.experiment.report import Report, Section, Table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as Grid

WIDEST = 30  # letters of what a row is called that no other column takes away
_COLOURS = {"good": "green", "bad": "red", "doubtful": "yellow", "": ""}


def print_report(report: Report, console: Console) -> None:
    """Print a report. Text that came from files or people is never taken for markup."""
    from rich.text import Text

    head = Text()
    if report.word:
        head.append(report.word, style=f"bold {_COLOURS[report.tone]}".strip())
        head.append(f" {report.answer}" if report.answer else "")
    else:
        head.append(report.answer or report.title, style="bold")
    console.print(head)
    if report.numbers:
        grid = _grid(header=False)
        for number in report.numbers:
            grid.add_row(Text(number.label), Text(number.value, _COLOURS[number.tone]))
        console.print(grid)
    for section in report.sections:
        _print_section(section, console)
    for warning in report.warnings:
        console.print(Text.assemble(("warning", "yellow"), f" {warning}"))
    for path in report.written:
        console.print(Text(str(path), "dim"), soft_wrap=True)


def _print_section(section: Section, console: Console) -> None:
    from rich.text import Text

    from lithostat.show.report_page import printed

    brief = [table for table in section.tables if table.brief and table.rows]
    for line in section.points if section.spoken else ():
        console.print(Text(f"  {line}"))
    if section.findings:
        grid = _grid(header=False)
        for row in map(printed, section.findings):
            grid.add_row(Text(row["name"]), Text(row["value"]), Text(row["unit"]))
        console.print(grid)
    for table in brief:
        console.print(_table(table))
        if table.caption:
            console.print(Text(f"  {table.caption}", "dim"))


def _grid(*, header: bool) -> Grid:
    from rich.table import Table as Rich

    return Rich(box=None, show_header=header, padding=(0, 2))


def _table(table: Table) -> Grid:
    from rich.text import Text

    grid = _grid(header=True)
    table = table._replace(columns=tuple(column for column in table.columns if not column.page_only))
    for place, column in enumerate(table.columns):
        least = min(max(map(len, column.cells), default=0), WIDEST) if place == 0 else None
        grid.add_column(
            Text(column.head), justify="right" if column.numeric else "left", no_wrap=column.numeric, min_width=least
        )
    for k in range(table.rows):
        tones = [column.tones[k] if column.tones else "" for column in table.columns]
        cells = [column.cells[k] for column in table.columns]
        grid.add_row(*(Text(cell, _COLOURS[tone]) for cell, tone in zip(cells, tones, strict=True)))
    return grid
