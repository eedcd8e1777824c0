"""The command line. Heavy packages are imported inside the commands that need them."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lithostat.experiment.errors import InputError, LithostatError, nearest

if TYPE_CHECKING:
    from rich.console import Console

    from lithostat.experiment.experiment import Experiment
    from lithostat.experiment.record import Record
    from lithostat.lab.analyze import AnalysedCell

PAPERS = ("doux2020",)
FIRST = "simulating (the first run on a machine compiles for about ten seconds)"
WIDTH = 110  # of what is printed into a file or pipe

app = typer.Typer(
    help="Solid-state lithium cells under stack pressure: simulate them, read a lab's files, see why they short.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    epilog=(
        "Exit codes: 0 done, 1 a target was missed, 2 the input cannot be used, 3 the simulation stopped, "
        "4 a package is missing."
    ),
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON to standard output and nothing else.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="Folder for what is written; made if it is not there.")]


def main() -> None:
    """Entry point: errors become one sentence and an exit code, never a traceback."""
    try:
        code = app(standalone_mode=False)
    except LithostatError as error:
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        _fail("stopped; what was written until now is whole", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing is left to flush into
        sys.exit(141)
    except Exception as error:
        usage = getattr(error, "format_message", None)  # typer's own errors about the command line
        if usage is None:
            _fail(f"this is a fault in lithostat, please report it: {type(error).__name__}: {error}", 70)
        elif usage():
            _fail(f"{usage().rstrip('.')}; see `lithostat --help`", 2)
        sys.exit(2)  # help was asked for by saying nothing
    sys.exit(code if isinstance(code, int) else 0)


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

    console = _console()
    experiment = read_experiment(file)
    full = experiment.cell.kind == "full"
    if full and cells > 1:
        raise InputError("--cells is for symmetric cells", file=str(file), expected="one full cell")
    with _naming(file), _progress(console) if full else _busy(console, FIRST) as said:
        from lithostat.simulation.choose import simulate

        record, problem = _kept(lambda: simulate(experiment.cell, experiment.protocol, **(said or {})))
    written = [record.write_parquet(output / f"{file.stem}.parquet")]
    if csv:
        written.append(record.write_csv(output / f"{file.stem}.csv"))
    if full:
        from lithostat.experiment.record import write_whole
        from lithostat.fullcell.summary import cycle_summary

        cycles = cycle_summary(record)
        written.append(write_whole(output / f"{file.stem}-cycles.csv", cycles.write_csv))
    if figure:
        from lithostat.show.record_figure import record_figure

        written.append(_save(record_figure(record, experiment.cell.name), output / f"{file.stem}.png"))
    survival = None
    if cells > 1 and problem is None:
        survival, more = _survival(console, experiment, cells, seed, output / f"{file.stem}-cells", figure)
        written += more
    if as_json:
        _print_json(_summary(record, written) | ({"survival": survival} if survival else {}))
    else:
        _print_outcome(record, survival, written)
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
    from lithostat.lab.analyze import analyze_cell, write_cell, write_folder
    from lithostat.lab.folder import find_cells

    found = find_cells(folder, together=together)
    cells = []
    with _steps(_console(), "reading", sum(len(cell.files) + 1 for cell in found)) as step:
        for cell in found:
            analysed = analyze_cell(cell, overrides=overrides, repeats=len(found), progress=step)
            step(f"{cell.name}: writing")
            cells.append(write_cell(analysed, output, draw=pages))
    written = write_folder(cells, output, folder.resolve().name)
    if as_json:
        _print_json([cell.as_json() for cell in cells])
    else:
        _print_cells(cells, written[-1])
    if all(cell.error is not None for cell in cells):
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
    with _steps(_console(), "importing", 18) as step:
        from lithostat.papers.doux2020.figures import figures
        from lithostat.papers.doux2020.page import paper_page
        from lithostat.papers.doux2020.reproduce import reproduce as reproduce_paper

        result = reproduce_paper(step)
        step("figures")
        folder = output / paper
        drawn = figures(result)
        written = [_save(one, folder / f"{name.replace(' ', '-')}.png") for name, one in drawn.items()]
        written += [record.write_parquet(folder / f"{name}.parquet") for name, record in result.records.items()]
        step("page")
        from lithostat.experiment.record import write_text

        rows = [row.as_dict() for row in result.rows]
        written.append(write_text(folder / "table.json", json.dumps(_plain(rows), indent=1)))
        written.append(write_text(folder / "index.html", paper_page(result, drawn)))
    if as_json:
        _print_json(rows)
    else:
        _print_rows(result, written[-1])
    if not result.passed:
        raise typer.Exit(1)


@app.command()
def materials(
    name: Annotated[str | None, typer.Argument(help="A card; all of them if left out.")] = None,
    as_json: Json = False,
) -> None:
    """Show the material cards: every number with its unit, source and evidence tag."""
    from lithostat.materials.card import cards, find

    chosen = [find(name)] if name else list(cards().values())
    if as_json:
        _print_json([_card(card) for card in chosen])
        return
    from rich.table import Table

    console = _console(stderr=False)
    if name is None:
        table = Table("card", "kind", "numbers", "about", box=None)
        for card in chosen:
            table.add_row(f"[bold]{card.name}[/]", card.kind, str(len(card.properties)), card.about)
        console.print(table)
        console.print("\n[dim]lithostat materials NAME shows one card with its sources.[/]")
        return
    _print_card(console, chosen[0])


def _console(*, stderr: bool = True) -> Console:
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # not rich's own exit code 1, which has a meaning here

    console = Plain(stderr=stderr, highlight=False)
    return console if console.is_terminal else Plain(stderr=stderr, highlight=False, width=WIDTH)


@contextmanager
def _busy(console: Console, text: str) -> Iterator[None]:
    with console.status(text) if console.is_terminal else nullcontext():
        yield


@contextmanager
def _progress(console: Console) -> Iterator[dict[str, Any]]:
    """A bar over the steps of a full cell, as the argument that its engine takes."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("steps", total=None)
        yield {"progress": lambda done, whole: bar.update(task, completed=done, total=whole)}


@contextmanager
def _naming(file: Path) -> Iterator[None]:
    """An error about the input that knows no file is about this one."""
    try:
        yield
    except InputError as error:
        if error.file is not None:
            raise
        raise InputError(error.problem, file=str(file), place=error.place, expected=error.expected) from None


@contextmanager
def _steps(console: Console, first: str, total: int) -> Iterator[Any]:
    """A progress bar; the yielded function names the step that begins."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(first, total=total)
        yield lambda name: progress.update(task, description=name, advance=1)


def _kept(simulate: Any) -> tuple[Record, LithostatError | None]:
    """The record, and the error that stopped it, if it holds what was computed until then."""
    from lithostat.experiment.errors import SimulationError

    try:
        return simulate(), None
    except SimulationError as error:
        if error.record is None:
            raise
        return error.record, error  # type: ignore[return-value]


def _save(figure: Any, path: Path) -> Path:
    from lithostat.experiment.record import write_whole
    from lithostat.show.style import style

    with style():
        return write_whole(path, lambda temporary: figure.savefig(temporary))


def _survival(
    console: Console, experiment: Experiment, cells: int, seed: int, stem: Path, draw: bool
) -> tuple[dict[str, Any], list[Path]]:
    """Many cells: what share is alive when, as a summary, a table and a figure."""
    import numpy as np

    from lithostat.experiment.cell import Cell
    from lithostat.experiment.record import write_whole
    from lithostat.simulation.ensemble import CHUNK, ensemble

    assert isinstance(experiment.cell, Cell)
    with _steps(console, f"{cells} cells", -(-cells // CHUNK)) as step:
        many = ensemble(
            experiment.cell, experiment.protocol, members=cells, seed=seed, progress=lambda _: step(f"{cells} cells")
        )
    failed = np.sort(many.members["cycling_second"].to_numpy()[many.members["kind"].to_numpy() != "survived"]) / 3600.0
    written = [
        write_whole(stem.with_name(stem.name + ".parquet"), lambda temporary: many.members.write_parquet(temporary))
    ]
    if draw:
        from lithostat.show.survival_figure import survival_figure

        written.append(
            _save(
                survival_figure(3600.0 * failed, cells, many.length_second, f"{experiment.cell.name}, {cells} cells"),
                stem.with_name(stem.name + ".png"),
            )
        )
    for warning in many.warnings:
        console.print(f"[yellow]warning[/] {warning}")
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


def _print_outcome(record: Record, survival: dict[str, Any] | None, written: list[Path]) -> None:
    from rich.table import Table

    from lithostat.experiment.quantity import show

    console, outcome = _console(stderr=False), record.outcome
    assert outcome is not None
    colour = "green" if outcome.kind == "survived" else "red"
    console.print(f"[bold {colour}]{outcome.kind}[/] after {show(outcome.time, 'time')}: {outcome.cause}")
    table = Table(box=None, show_header=False, padding=(0, 2))
    if outcome.cycling_time is not None:
        table.add_row("since current first flowed", show(outcome.cycling_time, "time"))
    for what, value, quantity in (
        ("charge in one direction", outcome.charge, "areal_charge"),
        ("charge in both directions", outcome.charge_both, "areal_charge"),
        ("stack pressure", outcome.pressure, "pressure"),
    ):
        table.add_row(what, "not known" if value is None else show(value, quantity))
    for line in outcome.evidence:
        table.add_row("evidence", line)
    for spectrum in record.spectra:
        table.add_row(
            f"impedance at {show(spectrum.pressure or 0.0, 'pressure')}", f"{spectrum.total_resistance:.4g} ohm"
        )
    for name, value in (survival or {}).items():
        table.add_row(name.replace("_", " "), "not reached" if value is None else f"{value:.4g}")
    console.print(table)
    for warning in record.warnings:
        console.print(f"[yellow]warning[/] {warning}")
    console.print("[dim]wrote " + ", ".join(str(path) for path in written) + "[/]", soft_wrap=True)


def _print_cells(cells: list[AnalysedCell], page: Path) -> None:
    from rich.markup import escape
    from rich.table import Table

    from lithostat.experiment.quantity import show

    console = _console(stderr=False)
    table = Table(box=None, padding=(0, 1))
    for name in ("cell", "outcome", "time", "pressure", "confidence"):
        table.add_column(name, justify="left" if name in ("cell", "outcome") else "right")
    for cell in cells:
        if cell.analysis is None:
            table.add_row(escape(cell.name), "[yellow]not analysed[/]", "", "", "")
            continue
        call, short = cell.analysis.outcome, cell.analysis.time_to_short
        time = short if short is not None else call.cycling_time
        table.add_row(
            escape(cell.name),
            f"[{'red' if call.shorted else 'green' if call.kind == 'censored' else 'yellow'}]{call.kind}[/]",
            "" if time is None else ("" if short is not None else "> ") + show(time, "time"),
            "" if call.pressure is None else show(call.pressure, "pressure"),
            "" if call.confidence is None else f"{100 * call.confidence:.3g} %",
        )
    console.print(table)
    for cell in cells:
        name = f"[bold]{escape(cell.name)}[/]"
        if cell.analysis is None or cell.loaded is None:
            console.print(f"{name} {escape(cell.error or '')}")
            continue
        for line in cell.analysis.outcome.evidence:
            console.print(f"{name} {escape(line)}")
        for file, why in cell.loaded.refused:
            console.print(f"{name} [yellow]not read[/] {escape(file)}: {escape(why)}")
        for line in cell.analysis.warnings:
            console.print(f"{name} [yellow]warning[/] {escape(line)}")
    console.print(f"[dim]page: {page}[/]", soft_wrap=True)


def _print_rows(result: Any, path: Path) -> None:
    from rich.table import Table

    console = _console(stderr=False)
    table = Table(box=None, padding=(0, 1))
    for name in ("id", "measured", "simulated", "unit", "ratio", "verdict"):
        numeric = name in ("measured", "simulated", "ratio")
        table.add_column(name, justify="right" if numeric else "left", no_wrap=name != "verdict")
    for row in result.rows:
        colour = {True: "green", False: "red", None: "dim"}[row.passed]
        measured = row.measured_text or f"{row.measured:.4g}"
        simulated = "none" if row.simulated is None else f"{row.simulated:.4g}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        table.add_row(row.id, measured, simulated, row.unit, ratio, f"[{colour}]{row.verdict}[/]")
    console.print(table)
    aimed = [row for row in result.rows if row.passed is not None]
    console.print(f"\n{sum(bool(r.passed) for r in aimed)} of {len(aimed)} targets met; dim rows have none.")
    console.print(
        "Fitted to these very data: toughness, throat radius, focusing (to the times); contact pressure, constriction "
        "resistance, unloading exponent (to the impedance)."
    )
    if not result.full_cells:
        console.print("[yellow]Figures 1, 2c and 3 need PyBaMM:[/] pip install 'lithostat\\[fullcell]'")
    console.print(f"[dim]page: {path}[/]", soft_wrap=True)


def _print_card(console: Console, card: Any) -> None:
    from rich.table import Table

    console.print(f"[bold]{card.name}[/] ({card.kind}): {card.about}\n")
    table = Table("property", "value", "tag", "source", "conditions and notes", box=None, padding=(0, 1))
    for name, value in card.properties.items():
        for entry in (value, *card.others[name]):
            main = entry is value
            mark = " [yellow]unverified[/]" if entry.unverified else ""
            notes = "; ".join(part for part in (entry.conditions, entry.note) if part)
            label = f"[bold]{name}[/]" if main else "[dim]  other[/]"
            table.add_row(label, entry.text, entry.tag + mark, entry.source.cite, notes)
    console.print(table)


def _card(card: Any) -> dict[str, Any]:
    def entry(value: Any) -> dict[str, Any]:
        return value._asdict() | {"source": value.source._asdict()}

    return {
        "name": card.name,
        "kind": card.kind,
        "about": card.about,
        "properties": {name: entry(value) for name, value in card.properties.items()},
        "others": {name: [entry(value) for value in values] for name, values in card.others.items() if values},
    }


def _plain(data: Any) -> Any:
    """JSON has no NaN and no infinity: they become null."""
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_plain(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data


def _print_json(data: Any) -> None:
    print(json.dumps(_plain(data), indent=1))


if __name__ == "__main__":
    main()
