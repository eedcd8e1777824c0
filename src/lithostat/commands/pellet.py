"""lithostat pellet: what the pores of a pellet mean for lithium that creeps and plates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lithostat.commands.options import Json, Output, ready, save_data, save_page, tell
from lithostat.experiment.errors import InputError
from lithostat.terminal import busy, open_console

if TYPE_CHECKING:
    from lithostat.microstructure.pellet import Pellet

_MADE, _MEASURED = "A made pellet", "A measured pellet"
LARGEST = 256  # voxels along an axis of a made pellet
COUNT = 5  # pressures, unless said


def pellet(
    path: Annotated[
        Path | None, typer.Argument(help="A volume with pores (TIFF, folder of slices, Zarr).", metavar="[PATH]")
    ] = None,
    voxel_size: Annotated[str | None, typer.Option(help="Edge of a cubic voxel, '0.4 um'.", metavar="VALUE")] = None,
    pressure: Annotated[str, typer.Option(help="'25 MPa', or a range: '5..75 MPa'.")] = "5..75 MPa",
    temperature: Annotated[str, typer.Option(help="Of the creep, '25 degC'.", metavar="VALUE")] = "25 degC",
    reach: Annotated[
        str | None, typer.Option(help="Conductivity times interface resistance; without it, of the cards.")
    ] = None,
    make: Annotated[str | None, typer.Option(help="blobs, spheres or edges.", rich_help_panel=_MADE)] = None,
    void: Annotated[float | None, typer.Option(help="Share of pores, 0.18.", rich_help_panel=_MADE)] = None,
    feature: Annotated[
        str | None, typer.Option(help="Size of a blob, a sphere or a grain, '3 um'.", rich_help_panel=_MADE)
    ] = None,
    size: Annotated[int, typer.Option(min=16, max=LARGEST, help="Voxels an axis.", rich_help_panel=_MADE)] = 96,
    seed: Annotated[int, typer.Option(min=0, help="Of the recipe.", rich_help_panel=_MADE)] = 0,
    below: Annotated[float | None, typer.Option(help="Greys below this are pores.", rich_help_panel=_MEASURED)] = None,
    pores: Annotated[float | None, typer.Option(help="The label that is pores.", rich_help_panel=_MEASURED)] = None,
    pages: Annotated[bool, typer.Option(help="Draw a page.")] = True,
    output: Output = Path("lithostat-out"),
    as_json: Json = False,
) -> None:
    """Connected pores of a pellet, lithium creeping through them at every pressure, throats and focusing.

    Give a measured volume (PATH with --below or --pores), or a recipe (--make, --void, --feature). Its throat radius
    and focusing go into `parameters` of a cell.
    """
    from lithostat.commands.tomogram import packages
    from lithostat.experiment.quantity import parse

    packages()
    pressures = _pressures(pressure)
    kelvin = parse(temperature, "temperature")
    length = None if reach is None else parse(reach, "length")
    ready(output)
    if (path is None) == (make is None):
        raise InputError("it is not stated which pellet", expected="a volume (PATH), or a recipe (--make)")
    if path is not None:
        of = _measured(path, voxel_size, below, pores)
        name = path.stem
    else:
        assert make is not None
        of = _made(make, void, feature, voxel_size, size, seed)
        name = f"{make}-{100 * of.porosity:.0f}-{seed}"
    _answered(of, name, pressures, kelvin, length, pages, output, as_json)


def _answered(
    of: Pellet, name: str, pressures: tuple[float, ...], temperature: float, reach: float | None, pages: bool,
    output: Path, as_json: bool,
) -> None:  # fmt: skip
    from lithostat.experiment.output_names import OutputNames
    from lithostat.microstructure.report import pellet_report
    from lithostat.microstructure.study import study_pellet

    named = OutputNames(output).of(f"pellet-{name}")
    console = open_console()
    with busy(console, "following lithium through the pores"):
        report = pellet_report(study_pellet(of, pressures=pressures, reach=reach, temperature=temperature))
        written = [save_data(report, named.path(".json"))]
        if pages:
            written.insert(0, save_page(report, named.path(".html")))
    tell(report.with_written(written), as_json=as_json)


def _pressures(text: str) -> tuple[float, ...]:
    """One pressure, or five of a range, evenly spaced in their logarithm; Pa."""
    from lithostat.experiment.quantity import parse
    from lithostat.recommendation.axis import read_axis

    if ".." not in text:
        return (parse(text, "pressure"),)
    words = text if "log" in text else f"{text} log"
    return tuple(float(one) for one in read_axis(f"pressure {words}", COUNT).values)


def _measured(path: Path, voxel_size: str | None, below: float | None, pores: float | None) -> Pellet:
    from lithostat.experiment.quantity import parse
    from lithostat.microstructure.measured import measured_pellet
    from lithostat.reading.volumes.read_volume import read_volume

    size = None if voxel_size is None else parse(voxel_size, "voxel_size")
    return measured_pellet(read_volume(path, size), below=below, pores=pores)


def _made(make: str, void: float | None, feature: str | None, voxel_size: str | None, size: int, seed: int) -> Pellet:
    from lithostat.experiment.quantity import parse
    from lithostat.microstructure.pellet import make_pellet

    if void is None or feature is None or voxel_size is None:
        raise InputError("a recipe is not whole", expected="--void 0.18 --feature '3 um' --voxel-size '0.5 um'")
    return make_pellet(
        make,
        void=void,
        shape=(size, size, size),
        voxel_size=parse(voxel_size, "voxel_size"),
        feature=parse(feature, "length"),
        seed=seed,
    )
