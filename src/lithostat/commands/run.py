"""lithostat run: simulate a cell under a protocol."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lithostat.commands.options import Json, Output, naming, ready, save_drawings, save_page, tell
from lithostat.experiment.errors import InputError, LithostatError
from lithostat.experiment.output_names import OutputNames
from lithostat.terminal import bar_over_steps, busy, named_steps, open_console

if TYPE_CHECKING:
    from rich.console import Console

    from lithostat.experiment.experiment import Experiment
    from lithostat.experiment.record import Record
    from lithostat.simulation.ensemble import Ensemble

FIRST = "simulating (the first run on a machine compiles for about ten seconds)"


def run(
    file: Annotated[Path, typer.Argument(help="A YAML file with `cell` and `protocol`.", metavar="FILE")],
    output: Output = Path("lithostat-out"),
    cells: Annotated[
        int, typer.Option(min=1, help="Simulate this many cells with the scatter of the cards, beside the median cell.")
    ] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the scatter.")] = 0,
    csv: Annotated[bool, typer.Option("--csv", help="Write the record as CSV too.")] = False,
    figure: Annotated[bool, typer.Option(help="Draw the record, and a page with it.")] = True,
    as_json: Json = False,
) -> None:
    """Simulate a cell under a protocol: print how it ends, write the record, a figure and a page."""
    from lithostat.experiment.experiment import read_experiment

    console = open_console()
    experiment = read_experiment(file)
    full = experiment.cell.with_cathode
    if full and cells > 1:
        raise InputError("--cells is for symmetric cells", file=str(file), expected="one full cell")
    ready(output)
    with naming(file), bar_over_steps(console) if full else busy(console, FIRST) as bar:
        from lithostat.simulation.choose import simulate

        record, problem = _whatever_came(lambda: simulate(experiment.cell, experiment.protocol, **(bar or {})))
    named = OutputNames(output).of(file.stem)
    written = [record.write_parquet(named.path(".parquet"))]
    if csv:
        written.append(record.write_csv(named.path(".csv")))
    from lithostat.experiment.record import write_csv, write_whole

    cycles = None
    if full:
        from lithostat.fullcell.summary import cycle_summary

        cycles = cycle_summary(record)
        written.append(write_csv(named.path("-cycles.csv"), cycles))
    many = None
    if cells > 1 and problem is None:
        many = _many(console, experiment, cells, seed)
        written.append(write_whole(named.path("-cells.parquet"), many.members.write_parquet))
    from lithostat.simulation.report import run_report

    report = run_report(record, experiment.cell.name, cycles=cycles, many=many)
    if figure:
        written += save_drawings(report, {"record": named.path(".png"), "cells": named.path("-cells.png")})
        written.append(save_page(report, named.path(".html")))
    tell(report.with_written(written), as_json=as_json)
    if problem is not None:
        raise problem


def _whatever_came(simulate: Callable[[], Record]) -> tuple[Record, LithostatError | None]:
    """The record, and the error that stopped it, if it holds what was computed until then."""
    from lithostat.experiment.errors import SimulationError

    try:
        return simulate(), None
    except SimulationError as error:
        if error.record is None:
            raise
        return error.record, error  # type: ignore[return-value]


def _many(console: Console, experiment: Experiment, cells: int, seed: int) -> Ensemble:
    from lithostat.simulation.ensemble import CHUNK, ensemble

    with named_steps(console, f"{cells} cells", -(-cells // CHUNK)) as step:
        return ensemble(
            experiment.cell, experiment.protocol, members=cells, seed=seed, progress=lambda _: step(f"{cells} cells")
        )
