"""lithostat bench: laws against published cells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lithostat.commands.options import Json, Output, Scheduler, ready, save_drawings, save_page, tell
from lithostat.experiment.errors import InputError, nearest
from lithostat.terminal import counted, open_console

if TYPE_CHECKING:
    from lithostat.papers.reader import Paper


def bench(
    law: Annotated[
        list[str] | None, typer.Option("--law", help="A law of the package, or 'all'. Repeatable. Else the default.")
    ] = None,
    paper: Annotated[
        list[str] | None,
        typer.Option(
            "--paper", help="A paper of the package, or your own: a folder of it, or a .csv. Repeatable. Else all."
        ),
    ] = None,
    offset: Annotated[
        float, typer.Option(min=0.0, max=10.0, help="Standard deviation of ln(life) between papers; 0 for one's own.")
    ] = 1.0,
    scheduler: Scheduler = None,
    output: Output = Path("lithostat-out"),
    as_json: Json = False,
) -> None:
    """Simulate published cells under laws: measured, predicted, interval, verdict, and a score for every paper."""
    from lithostat.materials.card import law_cards
    from lithostat.model.lookup import DEFAULT_LAW

    known = (DEFAULT_LAW, *(name for name in law_cards() if name != DEFAULT_LAW))
    laws = tuple(dict.fromkeys(law or (DEFAULT_LAW,)))
    laws = known if "all" in laws else laws
    for name in laws:
        if name not in known:
            raise InputError(f"there is no law '{name}'{nearest(name, known)}", expected=f"one of {', '.join(known)}")
    chosen = _chosen(paper)
    ready(output)
    with counted(open_console(), "cells under laws (each law compiles once)") as told:
        from lithostat.bench.bench import bench as bench_of
        from lithostat.bench.report import DRAWINGS, bench_report, markdown

        made = bench_of(chosen, laws, offset=offset, scheduler=scheduler, progress=told)
    from lithostat.experiment.record import write_text
    from lithostat.experiment.report import plain

    report, folder = bench_report(made), output / "bench"
    written = [
        write_text(folder / "bench.json", json.dumps(plain(made.as_json()), indent=1)),
        write_text(folder / "bench.md", markdown(report)),
        *save_drawings(report, {name: folder / f"{name.replace(' ', '-')}.png" for name in DRAWINGS}),
        save_page(report, folder / "index.html"),
    ]
    tell(report.with_written(written), as_json=as_json)


def _chosen(asked: list[str] | None) -> list[Paper]:
    """The papers that were asked for, each once; a name that the package does not have may be a path."""
    from lithostat.papers.reader import read_papers, read_rows

    known = read_papers()
    chosen: dict[str, Paper] = {}
    for name in dict.fromkeys(asked or known):
        if name in known:
            chosen[name] = known[name]
        elif Path(name).exists():
            for found in read_rows(name):
                if found.name in chosen:
                    raise InputError(f"the paper '{found.name}' is named twice", expected="each paper once")
                chosen[found.name] = found
        else:
            raise InputError(
                f"there is no paper '{name}'{nearest(name, known)}",
                expected=f"one of {', '.join(known)}, or a folder or .csv of your own",
            )
    return list(chosen.values())
