"""lithostat sweep: a map of outcomes over two inputs of a cell or its protocol."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lithostat.commands.options import Json, Output, Scheduler, ready, save_drawings, save_page, tell
from lithostat.experiment.errors import InputError
from lithostat.experiment.output_names import OutputNames
from lithostat.terminal import counted, open_console

if TYPE_CHECKING:
    import numpy as np


_AXIS = "NAME LOW..HIGH UNIT, and if wanted xCOUNT and log: 'pressure 1..30 MPa x60 log'."  # brackets would be markup
DRAWS = 8  # of a posterior at each point, unless said


def sweep(
    file: Annotated[Path, typer.Argument(help="A YAML file with a symmetric `cell` and a `protocol`.", metavar="FILE")],
    x: Annotated[str, typer.Option("--x", help=f"First input: {_AXIS}")] = "pressure 1..30 MPa log",
    y: Annotated[str, typer.Option("--y", help="Second input, likewise.")] = "current 20..1000 uA/cm2 log",
    calibration: Annotated[
        Path | None,
        typer.Option(help="A calibration that `lithostat calibrate` wrote: probabilities then carry its posterior."),
    ] = None,
    draws: Annotated[int, typer.Option(min=1, help="Draws of the calibration at each point.")] = DRAWS,
    members: Annotated[
        int, typer.Option(min=1, help="Cells at each point, where cards scatter in toughness or throat radius.")
    ] = 16,
    seed: Annotated[int, typer.Option(min=0, help="Seed of that scatter.")] = 0,
    scheduler: Scheduler = None,
    output: Output = Path("lithostat-out"),
    as_json: Json = False,
) -> None:
    """Simulate a cell at every point of two inputs: outcome, time and probability, as a figure and as Zarr.

    Finished parts are kept as they come: the same command goes on where it was stopped.
    """
    from lithostat.experiment.experiment import read_experiment
    from lithostat.recommendation.axis import read_axis
    from lithostat.recommendation.regime_map import sweep as swept

    experiment = read_experiment(file)
    if experiment.cell.with_cathode:
        raise InputError("a map is for symmetric cells", file=str(file), expected="a cell of two lithium electrodes")
    axes = read_axis(x), read_axis(y)
    ready(output)
    named = OutputNames(output).of(file.stem)
    folder = named.path("-map")
    with counted(open_console(), "tasks of 512 cells (the first one compiles)") as told:
        made = swept(
            experiment.cell,
            experiment.protocol,
            *axes,
            output=folder,
            draws=_draws(calibration, draws),
            members=members,
            seed=seed,
            scheduler=scheduler,
            progress=told,
        )
    from lithostat.recommendation.map_report import map_report

    report = map_report(made, experiment.cell.name, folder)
    written = [
        folder,
        *save_drawings(report, {"map": named.path("-map.png")}),
        save_page(report, named.path("-map.html")),
    ]
    tell(report.with_written(written), as_json=as_json)


def _draws(path: Path | None, count: int) -> dict[str, np.ndarray] | None:
    if path is None:
        return None
    from lithostat.calibration.calibration import load_calibration
    from lithostat.recommendation.recommend import sweep_draws

    return dict(sweep_draws(load_calibration(path), count))
