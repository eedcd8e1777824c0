"""lithostat tomogram: whether lithium crosses a pellet, where, and how sure that is."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lithostat.commands.options import Json, Output, ready, save_data, save_page, tell
from lithostat.experiment.errors import InputError, MissingPackage
from lithostat.terminal import open_console, print_json, shares

if TYPE_CHECKING:
    from typer.models import OptionInfo

    from lithostat.experiment.report import Report
    from lithostat.experiment.volume import Volume
    from lithostat.reading.volumes.read_volume import Stated
    from lithostat.tomography.tomogram import Asked

_STATED, _PELLET = "How the greys lie", "What is held against it"
WORDS = ("plan", "demo")


def _said(name: str, text: str, panel: str = _STATED) -> OptionInfo:
    return typer.Option(f"--{name}", help=text, metavar="VALUE", rich_help_panel=panel)


def tomogram(
    words: Annotated[
        list[str],
        typer.Argument(help="A tomogram (TIFF, folder of slices, Zarr, raw); `plan PATH`; or `demo`.", metavar="PATH"),
    ],
    voxel_size: Annotated[str | None, typer.Option(help="Edge of a cubic voxel, '1.18 um'.", metavar="VALUE")] = None,
    before: Annotated[
        Path | None, typer.Option(help="An earlier scan of the same cell: filaments are then what is new.")
    ] = None,
    before_voxel_size: Annotated[
        str | None, typer.Option(help="Of the earlier scan, if another.", metavar="VALUE")
    ] = None,
    record: Annotated[
        Path | None, typer.Option(help="The cell's record or cycler file: bounds the lithium that was plated.")
    ] = None,
    charge: Annotated[str | None, _said("charge", "Charge in both directions, '0.2 C', instead.", _PELLET)] = None,
    pellet_mass: Annotated[str | None, _said("pellet-mass", "'5 mg': porosity by mass.", _PELLET)] = None,
    pellet_diameter: Annotated[str | None, _said("pellet-diameter", "'2 mm'.", _PELLET)] = None,
    pellet_thickness: Annotated[str | None, _said("pellet-thickness", "'1 mm'.", _PELLET)] = None,
    electrolyte: Annotated[str | None, _said("electrolyte", "Card with the density without pores.", _PELLET)] = None,
    stage: Annotated[str, _said("stage", "before, after or unknown: when it was taken.", _PELLET)] = "unknown",
    pressure: Annotated[str | None, _said("pressure", "Stack pressure while it was taken, '25 MPa'.", _PELLET)] = None,
    axis: Annotated[str, _said("axis", "z (slices), y or x: from electrode to electrode.")] = "z",
    electrode_1: Annotated[str | None, _said("electrode-1", "first or last: at which slice electrode 1 lies.")] = None,
    outside: Annotated[str | None, _said("outside", "Grey of what was not measured: a number, or nan.")] = None,
    shape: Annotated[str | None, _said("shape", "Of raw: 'z=1000,y=2000,x=2000'.")] = None,
    kind: Annotated[str | None, _said("type", "Of raw: uint8, uint16, int16 or float32.")] = None,
    byte_order: Annotated[str | None, _said("byte-order", "little or big.")] = None,
    header: Annotated[int, typer.Option(min=0, help="Bytes before raw greys.", rich_help_panel=_STATED)] = 0,
    pages: Annotated[bool, typer.Option(help="Draw a page.")] = True,
    output: Output = Path("lithostat-out"),
    as_json: Json = False,
) -> None:
    """Segment a tomogram of a cell out of core, find filaments, and say whether one spans both electrodes.

    `plan PATH` says what memory and disk that needs and stops; `demo` makes a cell before and after a short.
    """
    packages()
    word, path = _words(words)
    if word != "plan":
        ready(output)
    if word == "demo":
        _demo(output, pages, as_json)
        return
    assert path is not None
    stated = _stated(voxel_size, axis, electrode_1, outside, stage, pressure, shape, kind, byte_order, header)
    asked = _asked(record, charge, pellet_mass, pellet_diameter, pellet_thickness, electrolyte)
    from lithostat.reading.volumes.read_volume import read_volume

    volume = read_volume(path, stated=stated)
    earlier = None
    if before is not None:
        size = _length(before_voxel_size) if before_voxel_size else stated.voxel_size
        earlier = read_volume(before, stated=stated._replace(voxel_size=size))
    if not _planned(volume, earlier, word == "plan", as_json):
        return
    report = _studied(volume, earlier, asked, stated.byte_order is not None, output, pages)
    tell(report, as_json=as_json)


def packages() -> None:
    """Say what to install where a package that volumes need is missing."""
    try:
        import cc3d  # noqa: F401
        import edt  # noqa: F401
        import pyamg  # noqa: F401
    except ImportError as error:
        raise MissingPackage(f"tomograms need {error.name}: pip install 'lithostat[tomography]'") from None


def _words(words: list[str]) -> tuple[str | None, Path | None]:
    """The word that was said, if one was, and the path."""
    if words[0] == "demo" and len(words) == 1:
        return "demo", None
    if words[0] == "plan" and len(words) == 2:
        return "plan", Path(words[1])
    if len(words) == 1 and words[0] not in WORDS:
        return None, Path(words[0])
    raise InputError(f"received '{' '.join(words)}'", expected="PATH, `plan PATH` or `demo`")


def _length(text: str) -> float:
    from lithostat.experiment.quantity import parse

    return parse(text, "voxel_size")


def _stated(
    voxel_size: str | None, axis: str, electrode_1: str | None, outside: str | None, stage: str, pressure: str | None,
    shape: str | None, kind: str | None, byte_order: str | None, header: int,
) -> Stated:  # fmt: skip
    """What a person says of the greys; every fault is a sentence before anything is read."""
    from lithostat.experiment.quantity import parse
    from lithostat.experiment.volume import VolumeState
    from lithostat.reading.volumes.raw import ORDERS, RawLayout, parse_shape
    from lithostat.reading.volumes.read_volume import Stated

    if byte_order not in (None, *ORDERS):
        raise InputError(f"received '{byte_order}' for --byte-order", expected="little or big")
    if (shape is None) != (kind is None):
        raise InputError("raw needs both --shape and --type", expected="--shape z=1000,y=2000,x=2000 --type uint16")
    layout = None if shape is None or kind is None else RawLayout(parse_shape(shape), kind, byte_order, header)
    try:
        grey = None if outside is None else float(outside)
    except ValueError:
        raise InputError(f"received '{outside}' for --outside", expected="a number, or nan") from None
    return Stated(
        voxel_size=None if voxel_size is None else _length(voxel_size),
        axis=axis,
        electrode_1=electrode_1,
        outside=grey,
        state=VolumeState(stage, None if pressure is None else parse(pressure, "pressure")),
        layout=layout,
        byte_order=byte_order,
    )


def _asked(
    record: Path | None, charge: str | None, mass: str | None, diameter: str | None, thickness: str | None,
    electrolyte: str | None,
) -> Asked:  # fmt: skip
    from lithostat.experiment.quantity import parse
    from lithostat.materials.card import find
    from lithostat.tomography.tomogram import Asked

    if record is not None and charge is not None:
        raise InputError("the charge is stated twice, by --record and by --charge", expected="one of them")
    if mass is not None and None in (diameter, thickness, electrolyte):
        raise InputError(
            "--pellet-mass alone is no porosity",
            expected="--pellet-diameter, --pellet-thickness and --electrolyte beside it",
        )
    passed, source = (None, "") if charge is None else (parse(charge, "charge"), ", as stated")
    if record is not None:
        passed, source = _charge_of(record), f", integral of {record.name}"
    return Asked(
        charge=passed,
        charge_from=source,
        pellet_mass=None if mass is None else parse(mass, "mass"),
        pellet_area=None if diameter is None else 0.25 * math.pi * parse(diameter, "length") ** 2,
        pellet_thickness=None if thickness is None else parse(thickness, "length"),
        theoretical_density=None if electrolyte is None else find(electrolyte).value("theoretical_density").value,
    )


def _charge_of(path: Path) -> float:
    """Charge in both directions [C] of a record or a cycler's file."""
    from lithostat.cycling.trace import trace_of
    from lithostat.experiment.cell_note import note_from
    from lithostat.reading.read import read

    trace = trace_of(read(path), note_from({}))
    return float(abs(trace.half.charge).sum())


def _planned(volume: Volume, earlier: Volume | None, only: bool, as_json: bool) -> bool:
    """Say what is needed, first of all; refuse what the machine does not have. False where that was all."""
    from lithostat.tomography.plan import available_memory, plan, refuse_above

    needed = plan(volume, ingest=not volume.coarse, before=earlier)
    there = available_memory()
    if only and as_json:
        print_json(
            {"memory_byte": needed.memory, "disk_byte": needed.disk, "time_s": needed.seconds, "available_byte": there}
        )
        return False
    said = f"{' x '.join(map(str, volume.shape))} voxels: {needed.sentence()}"
    have = "" if there is None else f"; {there / 1e9:.1f} GB are there"
    open_console(stderr=not only).print(said + have, highlight=False)
    if not only:
        refuse_above(needed, there)
    return not only


def _studied(
    volume: Volume, earlier: Volume | None, asked: Asked, byte_order_known: bool, output: Path, pages: bool
) -> Report:
    """Ingest what is not Zarr of ours, segment, and write what follows."""
    from lithostat.experiment.output_names import OutputNames
    from lithostat.reading.volumes.ingest import as_zarr
    from lithostat.tomography.report import tomogram_report
    from lithostat.tomography.study import study_volume

    names = OutputNames(output)
    named = names.of(volume.name)
    folder = named.path("-tomogram")
    with shares(open_console(), volume.name) as bar:
        step = _timed(bar)

        def own(of: Volume, path: Path) -> Volume:
            progress = functools.partial(step, "writing Zarr")
            return as_zarr(of, path, byte_order_known=byte_order_known, progress=progress)

        after = own(volume, named.path(".zarr"))
        held = None if earlier is None else own(earlier, names.of(earlier.name).path("-before.zarr"))
        result = study_volume(after, before=held, asked=asked, folder=folder, progress=step)
        report = tomogram_report(result)
        written = [folder] if result.phases is not None else []
        if pages:
            step("drawing", 0, 1)
            written.append(save_page(report, named.path("-tomogram.html")))
        written.append(save_data(report, named.path("-tomogram.json")))
    return report.with_written(written)


def _timed(bar: Callable[[str, float], None]) -> Callable[[str, int, int], None]:
    """Progress with the time that is left of a step."""
    import time

    began: dict[str, float] = {}

    def tell(what: str, done: int, total: int) -> None:
        first = began.setdefault(what, time.monotonic())
        left = (time.monotonic() - first) / done * (total - done) if done else 0.0
        bar(f"{what}, {left / 60.0:.0f} min left" if left > 90.0 else what, done / total)

    return tell


def _demo(output: Path, pages: bool, as_json: bool) -> None:
    """A made cell before and after a short, read as any other; the truth lies beside it."""
    from lithostat.tomography.phantom.demo import CHARGE, written_demo
    from lithostat.tomography.tomogram import Asked

    folder = output / "demo"
    with shares(open_console(), "demo") as bar:
        after, before = written_demo(folder, lambda what, k, n: bar(what, k / n))
    report = _studied(after, before, Asked(charge=CHARGE, charge_from=", made up"), True, folder, pages)
    tell(report, as_json=as_json)
