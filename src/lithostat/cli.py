"""The command line. Heavy packages are imported inside the commands that need them."""

from __future__ import annotations

import io
import json
import os
import sys
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer

from lithostat.commands import (
    bench,
    calibrate,
    diffraction,
    impedance,
    materials,
    pellet,
    reproduce,
    run,
    sweep,
    tomogram,
)
from lithostat.commands.options import Json, Output, ready
from lithostat.experiment.errors import InputError, LithostatError, sentence_of
from lithostat.experiment.other_programs import search_installed_only, without_settings_of_here
from lithostat.experiment.output_names import OutputNames, readable
from lithostat.terminal import (
    named_steps,
    open_console,
    print_cells,
    print_json,
)

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


app.command()(run.run)


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


app.command()(reproduce.reproduce)
app.command()(impedance.impedance)
app.command()(diffraction.diffraction)
app.command()(tomogram.tomogram)
app.command()(pellet.pellet)
app.command()(calibrate.calibrate)
app.command()(calibrate.recommend)
app.command()(sweep.sweep)
app.command()(bench.bench)
app.command()(materials.materials)


if __name__ == "__main__":
    main()
