"""The command line. Heavy packages are imported inside the commands that need them."""

from __future__ import annotations

import io
import json
import math
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lithostat.commands import calibrate, impedance, pellet, sweep, tomogram
from lithostat.commands.options import Json, Output, ready, save
from lithostat.experiment.errors import InputError, LithostatError, nearest, sentence_of
from lithostat.experiment.other_programs import search_installed_only, without_settings_of_here
from lithostat.experiment.output_names import Named, OutputNames, readable
from lithostat.terminal import (
    bar_over_steps,
    busy,
    card_json,
    named_steps,
    open_console,
    plain,
    print_card,
    print_cells,
    print_json,
    print_outcome,
    print_rows,
)

if TYPE_CHECKING:
    from rich.console import Console

    from lithostat.experiment.experiment import Experiment
    from lithostat.experiment.record import Record

PAPERS = ("doux2020",)
FIRST = "simulating (the first run on a machine compiles for about ten seconds)"

app = typer.Typer(
    help="Solid-state lithium cells under stack pressure: simulate them, read a lab's files, see why they short, find "
    "the pressure to run them at.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    epilog=(
        "Exit codes: 0 done, 1 a target was missed, 2 the input cannot be used, 3 the simulation stopped, "
        "4 a package is missing, 5 a cluster failed."
    ),
)


def main() -> None:
    """Entry point: errors become one sentence and an exit code, never a traceback."""
    search_installed_only()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # what a terminal cannot show is no fault
    warnings.showwarning = _warned  # type: ignore[assignment]
    for name in without_settings_of_here():
        warnings.warn(f"{name} in this folder is not used", UserWarning, stacklevel=1)
    try:
        code = app(standalone_mode=False)
    except LithostatError as error:
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        _fail("stopped; what was written until now is whole", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing is left to flush into
        sys.exit(141)
    except BaseException as error:  # a panic of a library is no Exception
        usage = getattr(error, "format_message", None)  # typer's own errors about the command line
        if usage is None:
            _fail(sentence_of(error), 70)
        elif usage():
            _fail(f"{usage().rstrip('.')}; see `lithostat --help`", 2)
        sys.exit(2)  # help was asked for by saying nothing
    sys.exit(code if isinstance(code, int) else 0)


def _warned(message: Any, *_: Any) -> None:
    """A warning of a library as those of our own look, without the line of code it came from."""
    print(f"lithostat: warning: {(str(message).splitlines() or [''])[0]}", file=sys.stderr)


def _fail(message: str, code: int) -> None:
    if "--json" in sys.argv:
        print(json.dumps({"error": message, "exit_code": code}))
    print(f"lithostat: {message}", file=sys.stderr)
    sys.exit(code)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"lithostat {version('lithostat')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


@app.command()
def run(
    file: Annotated[Path, typer.Argument(help="A YAML file with `cell` and `protocol`.", metavar="FILE")],
    output: Output = Path("lithostat-out"),
    cells: Annotated[
        int, typer.Option(min=1, help="Simulate this many cells with the scatter of the cards, beside the median cell.")
    ] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the scatter.")] = 0,
    csv: Annotated[bool, typer.Option("--csv", help="Write the record as CSV too.")] = False,
    figure: Annotated[bool, typer.Option(help="Draw the record.")] = True,
    as_json: Json = False,
) -> None:
    """Simulate a cell under a protocol: print how it ends, write the record and a figure."""
    from lithostat.experiment.experiment import read_experiment

    console = open_console()
    experiment = read_experiment(file)
    full = experiment.cell.with_cathode
    if full and cells > 1:
        raise InputError("--cells is for symmetric cells", file=str(file), expected="one full cell")
    ready(output)
    with _naming(file), bar_over_steps(console) if full else busy(console, FIRST) as said:
        from lithostat.simulation.choose import simulate

        record, problem = _kept(lambda: simulate(experiment.cell, experiment.protocol, **(said or {})))
    named = OutputNames(output).of(file.stem)
    written = [record.write_parquet(named.path(".parquet"))]
    if csv:
        written.append(record.write_csv(named.path(".csv")))
    cycles = None
    if full:
        from lithostat.experiment.record import write_whole
        from lithostat.fullcell.summary import cycle_summary

        cycles = cycle_summary(record)
        written.append(write_whole(named.path("-cycles.csv"), cycles.write_csv))
    if figure:
        from lithostat.show.record_figure import record_figure

        written.append(save(record_figure(record, experiment.cell.name), named.path(".png")))
    survival = None
    if cells > 1 and problem is None:
        survival, more = _survival(console, experiment, cells, seed, named, figure)
        written += more
    if as_json:
        rows = {} if cycles is None else {"cycles": cycles.to_dicts()}
        print_json(_summary(record, written) | ({"survival": survival} if survival else {}) | rows)
    else:
        print_outcome(record, survival, written, cycles)
    if problem is not None:
        raise problem


def _said(name: str, text: str) -> Any:
    return typer.Option(f"--{name}", help=text, metavar="VALUE", rich_help_panel="What the note does not say")


@app.command()
def analyze(
    folder: Annotated[
        Path, typer.Argument(help="A folder of a lab (see docs/reading.md), or one file.", metavar="FOLDER")
    ],
    output: Output = Path("lithostat-out"),
    together: Annotated[
        bool, typer.Option("--together", help="Without any cell.yaml, take all files of the folder as one cell.")
    ] = False,
    pages: Annotated[bool, typer.Option(help="Draw a page for each cell.")] = True,
    kind: Annotated[str | None, _said("kind", "symmetric, half or full.")] = None,
    area: Annotated[str | None, _said("area", "Electrode area, '1.27 cm2'.")] = None,
    electrode_diameter: Annotated[str | None, _said("electrode-diameter", "'12.7 mm'.")] = None,
    die_diameter: Annotated[str | None, _said("die-diameter", "Of the pellet, '13 mm'.")] = None,
    electrolyte: Annotated[str | None, _said("electrolyte", "Name, for example Li6PS5Cl.")] = None,
    electrolyte_thickness: Annotated[str | None, _said("electrolyte-thickness", "'1 mm'.")] = None,
    electrolyte_mass: Annotated[str | None, _said("electrolyte-mass", "'200 mg'.")] = None,
    lithium_thickness: Annotated[str | None, _said("lithium-thickness", "'0.5 mm'.")] = None,
    active_mass: Annotated[str | None, _said("active-mass", "Of the whole electrode, '10 mg'.")] = None,
    specific_capacity: Annotated[str | None, _said("specific-capacity", "'200 mAh/g'.")] = None,
    upper_voltage: Annotated[str | None, _said("upper-voltage", "Charge limit, '4.3 V'.")] = None,
    pressure: Annotated[str | None, _said("pressure", "Stack pressure where none was logged, '5 MPa'.")] = None,
    fabrication_pressure: Annotated[str | None, _said("fabrication-pressure", "'370 MPa'.")] = None,
    temperature: Annotated[str | None, _said("temperature", "Where none was logged, '25 degC'.")] = None,
    ionic_resistance: Annotated[str | None, _said("ionic-resistance", "From impedance, '32 ohm'.")] = None,
    time_zone: Annotated[str | None, _said("time-zone", "Of clocks that do not say theirs, 'Europe/Berlin'.")] = None,
    ended: Annotated[
        str | None, _said("ended", "Why a cell without a short ends: stopped, leak, rig, running.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read a lab's files onto one timeline per cell, call every short with its reasons, write pages and tables."""
    said = {
        **{"kind": kind, "area": area, "electrode_diameter": electrode_diameter, "die_diameter": die_diameter},
        **{"electrolyte": electrolyte, "electrolyte_thickness": electrolyte_thickness},
        **{"electrolyte_mass": electrolyte_mass, "lithium_thickness": lithium_thickness, "active_mass": active_mass},
        **{"specific_capacity": specific_capacity, "upper_voltage": upper_voltage, "pressure": pressure},
        **{"fabrication_pressure": fabrication_pressure, "temperature": temperature},
        **{"ionic_resistance": ionic_resistance, "time_zone": time_zone, "ended": ended},
    }
    overrides = {name: value for name, value in said.items() if value is not None}
    from lithostat.experiment.cell_note import note_from

    note_from(overrides)  # a flag with a fault is an error before anything is read
    from lithostat.lab.analyze import analyze_cell, write_cell
    from lithostat.lab.folder import find_cells
    from lithostat.lab.folder_table import sound, write_folder

    found = find_cells(folder, together=together)
    ready(output)
    names, cells = OutputNames(output), []
    with named_steps(open_console(), "reading", sum(len(cell.files) + 1 for cell in found)) as step:
        for cell in found:
            analysed = analyze_cell(cell, overrides=overrides, repeats=len(found), progress=step)
            step(f"{cell.name}: writing")
            cells.append(sound(write_cell(analysed, names.of(analysed.name), draw=pages)))
    written = write_folder(cells, output, readable(folder.resolve().name))
    if as_json:
        print_json([cell.as_json() for cell in cells])
    else:
        print_cells(cells, written.page)
    if written.problems:
        raise InputError("; ".join(written.problems), file=str(output))
    if all(cell.analysis is None for cell in cells):
        raise typer.Exit(2)


@app.command()
def reproduce(
    paper: Annotated[str, typer.Argument(help=f"A published paper: {', '.join(PAPERS)}.")],
    output: Output = Path("lithostat-out"),
    as_json: Json = False,
) -> None:
    """Simulate a paper's experiments and hold them against its numbers: a table, figures, and a page with both."""
    if paper not in PAPERS:
        raise InputError(f"there is no paper '{paper}'{nearest(paper, PAPERS)}", expected=f"one of {', '.join(PAPERS)}")
    ready(output)
    with named_steps(open_console(), "importing", 21) as step:
        from lithostat.papers.doux2020.answer import answer
        from lithostat.papers.doux2020.figures import figures
        from lithostat.papers.doux2020.page import paper_report
        from lithostat.papers.doux2020.reproduce import reproduce as reproduce_paper

        result = reproduce_paper(step)
        step("calibrating, half a minute the first time")
        answered = answer()
        result, pictures = _pictured(result, step)
        step("figures")
        folder = output / paper
        drawn = figures(result) | {"pressure window": answered.figure} | pictures
        written = [save(one, folder / f"{name.replace(' ', '-')}.png") for name, one in drawn.items()]
        written += [record.write_parquet(folder / f"{name}.parquet") for name, record in result.records.items()]
        step("page")
        from lithostat.experiment.record import write_text

        rows = [row.as_dict() for row in result.rows]
        written.append(write_text(folder / "table.json", json.dumps(plain(rows), indent=1)))
        from lithostat.show.report_page import report_page

        report = paper_report(result, drawn, answered)
        written.append(write_text(folder / "index.html", report_page(report)))
    if as_json:
        print_json(rows)
    else:
        print_rows(result, written[-1])
    if not result.passed:
        raise typer.Exit(1)


def _pictured(result: Any, step: Any) -> tuple[Any, dict[str, Any]]:
    """The result with what scans of the paper's cells would show, and those figures; as it was without the packages."""
    try:
        tomogram.packages()
    except LithostatError:
        return result, {}
    from lithostat.papers.doux2020.imaged import creep_pellet_figure, figure_5, imaged, rows

    seen = imaged(step)
    drawn = {"figure 5": figure_5(seen), "creep through pores": creep_pellet_figure(seen)}
    return result.with_rows(rows(seen)), drawn


app.command()(impedance.impedance)
app.command()(calibrate.calibrate)
app.command()(calibrate.recommend)
app.command()(sweep.sweep)
app.command()(tomogram.tomogram)
app.command()(pellet.pellet)


@app.command()
def materials(
    name: Annotated[str | None, typer.Argument(help="A card; all of them if left out.")] = None,
    as_json: Json = False,
) -> None:
    """Show the material cards: every number with its unit, source and evidence tag."""
    from lithostat.materials.card import cards, find

    chosen = [find(name)] if name else list(cards().values())
    if as_json:
        print_json([card_json(card) for card in chosen])
        return
    from rich.table import Table

    console = open_console(stderr=False)
    if name is None:
        table = Table("card", "kind", "numbers", "about", box=None)
        for card in chosen:
            table.add_row(f"[bold]{card.name}[/]", card.kind, str(len(card.properties)), card.about)
        console.print(table)
        console.print("\n[dim]lithostat materials NAME shows one card with its sources.[/]")
        return
    print_card(console, chosen[0])


@contextmanager
def _naming(file: Path) -> Iterator[None]:
    """An error about the input that knows no file is about this one."""
    try:
        yield
    except InputError as error:
        if error.file is not None:
            raise
        raise InputError(error.problem, file=str(file), place=error.place, expected=error.expected) from None


def _kept(simulate: Any) -> tuple[Record, LithostatError | None]:
    """The record, and the error that stopped it, if it holds what was computed until then."""
    from lithostat.experiment.errors import SimulationError

    try:
        return simulate(), None
    except SimulationError as error:
        if error.record is None:
            raise
        return error.record, error  # type: ignore[return-value]


def _survival(
    console: Console, experiment: Experiment, cells: int, seed: int, named: Named, draw: bool
) -> tuple[dict[str, Any], list[Path]]:
    """Many cells: what share is alive when, as a summary, a table and a figure."""
    import numpy as np
    from rich.markup import escape

    from lithostat.experiment.record import write_whole
    from lithostat.simulation.ensemble import CHUNK, ensemble

    with named_steps(console, f"{cells} cells", -(-cells // CHUNK)) as step:
        many = ensemble(
            experiment.cell, experiment.protocol, members=cells, seed=seed, progress=lambda _: step(f"{cells} cells")
        )
    failed = np.sort(many.members["cycling_second"].to_numpy()[many.members["kind"].to_numpy() != "survived"]) / 3600.0
    written = [write_whole(named.path("-cells.parquet"), lambda temporary: many.members.write_parquet(temporary))]
    if draw:
        from lithostat.show.survival_figure import survival_figure

        written.append(
            save(
                survival_figure(
                    many.members["cycling_second"].to_numpy(),
                    many.members["kind"].to_list(),
                    many.length_second,
                    f"{experiment.cell.name}, {cells} cells",
                ),
                named.path("-cells.png"),
            )
        )
    for warning in many.warnings:
        console.print(f"[yellow]warning[/] {escape(warning)}")
    summary: dict[str, Any] = {"cells": cells, "seed": seed, "survived": cells - len(failed)}
    for level in (10, 50, 90):
        index = math.ceil(level / 100 * cells) - 1
        summary[f"hours_until_{level}_percent_failed"] = float(failed[index]) if index < len(failed) else None
    return summary, written


def _summary(record: Record, written: list[Path]) -> dict[str, Any]:
    outcome = record.outcome
    return {
        "outcome": outcome.as_json() if outcome else None,
        "warnings": list(record.warnings),
        "spectra": [
            {"pressure_pa": s.pressure, "test_time_second": s.time, "total_resistance_ohm": s.total_resistance}
            for s in record.spectra
        ],
        "rows": len(record.table),
        "written": [str(path) for path in written],
    }


if __name__ == "__main__":
    main()
