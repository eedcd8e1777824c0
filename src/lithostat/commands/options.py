"""Options that commands share, and how a figure is saved."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lithostat.experiment.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lithostat.experiment.report import Report

Json = Annotated[bool, typer.Option("--json", help="Print JSON to standard output and nothing else.")]
Scheduler = Annotated[
    str | None, typer.Option(help="Address of a Dask scheduler, 'tcp://host:8786'; without it, this computer.")
]
Output = Annotated[Path, typer.Option("--output", "-o", help="Folder for what is written; made if it is not there.")]


def ready(output: Path) -> None:
    """Refuse a folder that cannot be written: an answer that takes minutes must not fail at its last step.

    Nothing is left behind, since what comes next may be refused as well.
    """
    try:
        there = output
        while not os.path.lexists(there) and there != there.parent:
            there = there.parent
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        problem = f"cannot be written ({error.strerror or error})"
        raise InputError(problem, file=str(output), expected="--output with a folder that can be") from None


def save(figure: Figure, path: Path) -> Path:
    """Write a figure whole or not at all."""
    from lithostat.experiment.record import write_whole
    from lithostat.show.style import style

    with style():
        return write_whole(path, lambda temporary: figure.savefig(temporary))


def save_drawings(report: Report, places: Mapping[str, Path]) -> list[Path]:
    """Write those drawings of a report that have a place, by their names."""
    drawings = (drawing for section in report.sections for drawing in section.drawings)
    return [save(drawing.draw(), places[drawing.name]) for drawing in drawings if drawing.name in places]


def save_page(report: Report, path: Path) -> Path:
    """Write a report as a page, whole or not at all."""
    from lithostat.experiment.record import write_text
    from lithostat.show.report_page import report_page

    return write_text(path, report_page(report))


def save_data(report: Report, path: Path) -> Path:
    """Write what a report holds for programs as JSON, whole or not at all."""
    from lithostat.experiment.record import write_text
    from lithostat.experiment.report import plain

    return write_text(path, json.dumps(plain(report.data), indent=1))


def tell(report: Report, *, as_json: bool) -> None:
    """A report on standard output: for programs, or for people."""
    from lithostat.show.report_text import print_report
    from lithostat.terminal import open_console, print_json

    if as_json:
        print_json(report.as_json)
    else:
        print_report(report, open_console(stderr=False))


@contextmanager
def naming(file: Path) -> Iterator[None]:
    """An error about the input that knows no file is about this one."""
    try:
        yield
    except InputError as error:
        if error.file is not None:
            raise
        raise InputError(error.problem, file=str(file), place=error.place, expected=error.expected) from None


def named_values(option: str, said: Sequence[str], example: str) -> dict[str, str]:
    """`NAME=VALUE` arguments as a mapping; a fault is a sentence with the option's name."""
    found: dict[str, str] = {}
    for entry in said:
        name, mark, value = entry.partition("=")
        if not mark or not name.strip() or not value.strip():
            raise InputError(f"received '{entry}' for {option}", expected=f"NAME=VALUE, for example {example}")
        if name.strip() in found:
            raise InputError(f"{option} names '{name.strip()}' twice", expected="each name once")
        found[name.strip()] = value.strip()
    return found
