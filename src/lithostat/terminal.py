"""What people see in a terminal: progress, tables and JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from lithostat.experiment.errors import OutputClosed

if TYPE_CHECKING:
    from rich.console import Console

    from lithostat.experiment.source import Value
    from lithostat.materials.card import Card

_OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")  # but not \t and \n
COLOURS = {"bad": "red", "good": "green"}
WIDTH = 110  # of what is printed into a file or pipe


def visible(text: str) -> str:
    """Text of files and people without what a terminal obeys instead of showing: control codes, turned directions."""
    return _OBEYED.sub("", text)


def open_console(*, stderr: bool = True) -> Console:
    """A console of rich; plain and 110 wide where nobody looks, so that files and pipes get whole lines.

    Whatever is printed through it is `visible`.
    """
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            raise OutputClosed  # not rich's own exit code 1, which has a meaning here

        def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
            for text, look, control in super().render(renderable, options):
                yield Segment(text if control else visible(text), look, control)

    console = Plain(stderr=stderr, highlight=False)
    return console if console.is_terminal else Plain(stderr=stderr, highlight=False, width=WIDTH)


@contextmanager
def busy(console: Console, text: str) -> Iterator[None]:
    """Say what is going on while the block runs, where somebody looks."""
    with console.status(text) if console.is_terminal else nullcontext():
        yield


@contextmanager
def bar_over_steps(console: Console) -> Iterator[dict[str, Any]]:
    """A bar over the steps of a full cell, as the argument that its engine takes."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("steps", total=None)
        yield {"progress": lambda done, whole: bar.update(task, completed=done, total=whole)}


@contextmanager
def named_steps(console: Console, first: str, total: int) -> Iterator[Any]:
    """A progress bar; the yielded function names the step that begins."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(first, total=total)
        yield lambda name, steps=1: progress.update(task, description=name, advance=steps)


@contextmanager
def counted(console: Console, what: str) -> Iterator[Any]:
    """A bar over a known number of like tasks; the yielded function takes how many are done and how many there are."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, whole: bar.update(task, completed=done, total=whole)


@contextmanager
def shares(console: Console, what: str) -> Iterator[Any]:
    """A bar over work that knows what share of it is done; the yielded function takes what goes on, and the share."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda said, share: bar.update(task, description=f"{what}, {said}", completed=share, total=share and 1.0)


def print_cards(console: Console, cards: Sequence[Card]) -> None:
    """All material cards, a line each."""
    from rich.table import Table

    table = Table("card", "kind", "numbers", "about", box=None)
    for card in cards:
        table.add_row(f"[bold]{card.name}[/]", card.kind, str(len(card.properties)), card.about)
    console.print(table)
    console.print("\n[dim]lithostat materials NAME shows one card with its sources.[/]")


def print_card(console: Console, card: Card) -> None:
    """A material card with every number, its tag and its source."""
    from rich.table import Table

    console.print(f"[bold]{card.name}[/] ({card.kind}): {card.about}\n")
    if card.related:
        console.print(f"What it does not have is taken from [bold]{card.related}[/], with a warning.\n")
    table = Table("property", "value", "tag", "source", "conditions and notes", box=None, padding=(0, 1))
    for name, value in card.properties.items():
        for entry in (value, *card.others[name]):
            main = entry is value
            mark = " [yellow]unverified[/]" if entry.unverified else ""
            notes = "; ".join(part for part in (entry.conditions, entry.note) if part)
            label = f"[bold]{name}[/]" if main else "[dim]  other[/]"
            table.add_row(label, entry.text, entry.tag + mark, entry.source.cite, notes)
    console.print(table)


def card_json(card: Card) -> dict[str, Any]:
    """A material card as plain data."""

    def entry(value: Value) -> dict[str, Any]:
        return value._asdict() | {"source": value.source._asdict()}

    return {
        "name": card.name,
        "kind": card.kind,
        "about": card.about,
        "related": card.related,
        "properties": {name: entry(value) for name, value in card.properties.items()},
        "others": {name: [entry(value) for value in values] for name, values in card.others.items() if values},
    }


def print_json(data: object) -> None:
    """Data as JSON, numbers that JSON does not have as null."""
    from lithostat.experiment.report import plain

    print_out(json.dumps(plain(data), indent=1))


def print_out(text: str) -> None:
    """Text on standard output, whole; `OutputClosed` if nobody reads any more."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        raise OutputClosed from None
