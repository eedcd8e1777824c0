"""lithostat analyze: a lab's files to one timeline per cell, with every short called."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated, Any

import typer

from lithostat.commands.options import Json, Output, ready, tell
from lithostat.commands.stopping import add_written
from lithostat.experiment.errors import InputError
from lithostat.experiment.output_names import OutputNames, readable
from lithostat.terminal import named_steps, open_console, print_json


def _said(name: str, text: str) -> Any:
    return typer.Option(f"--{name}", help=text, metavar="VALUE", rich_help_panel="What the note does not say")


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
    from lithostat.lab.analyze import AnalysedCell, analyze_and_write
    from lithostat.lab.folder import find_cells, named_as
    from lithostat.lab.folder_table import folder_report, sound, write_folder
    from lithostat.lab.many_cells import bytes_of, side_by_side

    found = find_cells(folder, together=together)
    ready(output)
    names, console, done = OutputNames(output), open_console(), dict[int, AnalysedCell]()
    jobs = [(cell, names.of(named_as(cell))) for cell in found]
    work = functools.partial(analyze_and_write, overrides=overrides, repeats=len(found), draw=pages)
    size = bytes_of(path for cell in found for path in cell.files)
    with named_steps(console, "reading", len(found)) as step:
        here = functools.partial(work, progress=lambda name: step(name, steps=0))
        results = side_by_side(jobs, work, here, lambda job, why: AnalysedCell(job[0].name, error=why), size=size)
        for index, cell in results:
            done[index] = sound(cell)
            add_written(cell.written)
            step(f"{cell.name} is done")
            if len(found) > 1:
                console.print(f"{len(done)} of {len(found)}: {cell.name}: {cell.error or cell.outcome}", markup=False)
    cells = [done[index] for index in range(len(found))]
    title = readable(folder.resolve().name)
    written = write_folder(cells, output, title)
    if as_json:
        print_json([cell.as_json() for cell in cells])
    else:
        tell(folder_report(cells, title).with_written(written.files[-1:]), as_json=False)
    if written.problems:
        raise InputError("; ".join(written.problems), file=str(output))
    if any(cell.unwritten for cell in cells) or all(cell.analysis is None for cell in cells):
        raise typer.Exit(2)
