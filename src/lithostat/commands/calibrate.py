"""lithostat calibrate and lithostat recommend: from what a lab has to a pressure, with how sure that is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from lithostat.commands.options import Json, Output, ready, save_drawings, save_page, tell
from lithostat.experiment.errors import InputError, nearest
from lithostat.experiment.output_names import OutputNames
from lithostat.terminal import open_console, shares

if TYPE_CHECKING:
    from collections.abc import Callable

    from lithostat.calibration.calibration import Calibration
    from lithostat.calibration.compare import Comparison
    from lithostat.calibration.data import Data
    from lithostat.experiment.cell import Cell

PAPERS = ("doux2020",)
_WHAT = (
    f"A calibration file (YAML, see docs/calibration.md), a saved calibration (JSON), or a paper: {', '.join(PAPERS)}."
)

Full = Annotated[bool, typer.Option("--full-cells", help="With a paper: learn from its full cells too.")]
Papers = Annotated[
    list[str] | None,
    typer.Option("--with", help="Learn from the cells of this paper too, beside those of a file.", metavar="PAPER"),
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the sampler.")]


class Known(NamedTuple):
    """What was named on the command line: data to learn from, or what was learnt already."""

    name: str
    cell: Cell | None
    data: Data | None
    saved: Calibration | None


def calibrate(
    what: Annotated[str, typer.Argument(help=_WHAT, metavar="WHAT")],
    output: Output = Path("lithostat-out"),
    compare: Annotated[
        bool,
        typer.Option(
            "--compare", help="Fit the rival mechanisms too and score each on cells it has not seen (minutes)."
        ),
    ] = False,
    best_fit: Annotated[
        bool, typer.Option("--best-fit", help="Only the best fit, in seconds, with first-order errors.")
    ] = False,
    full_cells: Full = False,
    papers: Papers = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Learn the model's parameters from shorts, survivors, holds and impedance: the posterior, and what it rests on."""
    known = _known(what, full_cells, papers or [])
    if known.data is None or known.cell is None:
        raise InputError("holds what was learnt, not data", file=what, expected="a calibration file or a paper")
    if best_fit:
        _best_fit(known, as_json)
        return
    ready(output)
    console = open_console()
    with shares(console, f"{known.name}: {len(known.data.names)} observations") as told:
        found = _sampled(known, seed, told)
        rivals = _rivals(known, seed, told) if compare else None
        told("pages", 1.0)
        from lithostat.calibration.companions import companions
        from lithostat.calibration.report import calibration_report

        named = OutputNames(output).of(known.name)
        report = calibration_report(known.name, found, companions(found.data.lives), rivals)
        written = [found.save(named.path("-calibration.json")), save_page(report, named.path("-calibration.html"))]
    tell(report.with_written(written), as_json=as_json)


def recommend(
    what: Annotated[str, typer.Argument(help=_WHAT, metavar="WHAT")],
    current: Annotated[str, typer.Option(help="Current density, '75 uA/cm2'.", metavar="VALUE")],
    hours: Annotated[float | None, typer.Option(help="Target: hours of cycling.")] = None,
    cycles: Annotated[float | None, typer.Option(help="Target: number of cycles; needs --half-cycle.")] = None,
    half_cycle: Annotated[str | None, typer.Option(help="Time of a half-cycle, '1 h'.", metavar="VALUE")] = None,
    capacity: Annotated[
        str | None, typer.Option(help="Target: charge in both directions together, '75 mAh/cm2'.", metavar="VALUE")
    ] = None,
    temperature: Annotated[str, typer.Option(help="'25 degC'.", metavar="VALUE")] = "25 degC",
    area: Annotated[
        str | None, typer.Option(help="Of the electrode, '1.27 cm2'; else that of the calibration.", metavar="VALUE")
    ] = None,
    thickness: Annotated[
        str | None, typer.Option(help="Of the electrolyte, '1 mm'; likewise.", metavar="VALUE")
    ] = None,
    pressed: Annotated[
        str | None,
        typer.Option(help="Pressure that lithium was pressed on with before, '25 MPa'.", metavar="VALUE"),
    ] = None,
    pressed_for: Annotated[
        str | None, typer.Option(help="How long, '1 min'; a minute if left out.", metavar="VALUE")
    ] = None,
    accept: Annotated[
        float | None,
        typer.Option(help="Failure probability that the window allows, 0 to 1; 0.5 if left out.", metavar="SHARE"),
    ] = None,
    average: Annotated[
        bool, typer.Option("--average", help="Average over rival mechanisms by what each predicts unseen (minutes).")
    ] = False,
    lab: Annotated[
        str | None,
        typer.Option(help="Answer also for cells of this group of the data; else for your own.", metavar="GROUP"),
    ] = None,
    full_cells: Full = False,
    papers: Papers = None,
    seed: Seed = 0,
    output: Output = Path("lithostat-out"),
    as_json: Json = False,
) -> None:
    """At which stack pressure to run a cell: the window with its walls, the best pressure, the next cell to build."""
    from lithostat.calibration.exposure import PRESSED
    from lithostat.experiment.quantity import parse
    from lithostat.recommendation.window import ACCEPTED

    at, time = PRESSED
    asked: dict[str, Any] = {
        "pressed": (
            at if pressed is None else parse(pressed, "pressure"),
            time if pressed_for is None else parse(pressed_for, "time"),
        ),
        "current": parse(current, "current_density"),
        "hours": hours,
        "cycles": cycles,
        "half_cycle": None if half_cycle is None else parse(half_cycle, "time"),
        "capacity": None if capacity is None else parse(capacity, "areal_charge"),
        "temperature": parse(temperature, "temperature"),
        "area": None if area is None else parse(area, "area"),
        "thickness": None if thickness is None else parse(thickness, "thickness"),
        "accepted": ACCEPTED if accept is None else accept,
        "lab": lab,
    }
    from lithostat.recommendation.recommend import recommend as recommended
    from lithostat.recommendation.target import target_hours

    target_hours(asked["current"], **{key: asked[key] for key in ("hours", "cycles", "half_cycle", "capacity")})
    known = _known(what, full_cells, papers or [])
    ready(output)
    with shares(open_console(), known.name) as told:
        if average:
            rivals = _weighted(known, seed, told)
            found = rivals[0][1]
        else:
            rivals, found = (), known.saved if known.saved is not None else _sampled(known, seed, told)
        made = recommended(found, **asked, rivals=rivals, progress=told)
        from lithostat.recommendation.recommendation_report import recommendation_report

        report = recommendation_report(made, found, known.name)
        named = OutputNames(output).of(known.name)
        written = [
            *save_drawings(report, {"window": named.path("-window.png")}),
            save_page(report, named.path("-recommendation.html")),
        ]
    tell(report.with_written(written), as_json=as_json)


def _known(what: str, full_cells: bool, papers: list[str]) -> Known:
    """Data of a paper or a file, or a saved calibration. Raises `InputError` naming what is possible."""
    if papers and (what in PAPERS or what.endswith(".json")):
        raise InputError("--with adds a paper to the cells of a file", expected="a calibration file (YAML) before it")
    if what in PAPERS:
        from lithostat.papers.doux2020.published import cell

        return Known(what, cell(), _of_paper(what, full_cells), None)
    path = Path(what)
    if not path.is_file():
        raise InputError(
            f"there is no paper and no file '{what}'{nearest(what, PAPERS)}",
            expected=f"a calibration file, or one of {', '.join(PAPERS)}",
        )
    if path.suffix == ".json":
        from lithostat.calibration.calibration import load_calibration

        return Known(path.stem.removesuffix("-calibration"), None, None, load_calibration(path))
    from lithostat.calibration.calibration_file import read_calibration_file

    read = read_calibration_file(path)
    data = read.data
    for paper in papers:
        data = data + _under(_of_paper(paper, full_cells), read.cell)
    return Known(path.stem, read.cell, data, None)


def _under(data: Data, cell: Cell) -> Data:
    """Data of a paper with the numbers of the law that `cell` names."""
    from lithostat.model.lookup import DEFAULT_LAW

    named = cell.laws.named or DEFAULT_LAW
    return data if named == DEFAULT_LAW else data.under(named)


def _of_paper(name: str, full_cells: bool) -> Data:
    from lithostat.papers.doux2020.calibration import paper_data

    if name not in PAPERS:
        raise InputError(f"there is no paper '{name}'{nearest(name, PAPERS)}", expected=f"one of {', '.join(PAPERS)}")
    return paper_data(full_cells=full_cells)


def _sampled(known: Known, seed: int, told: Callable[[str, float], None]) -> Calibration:
    from lithostat.calibration.kept import kept_calibration

    assert known.data is not None
    assert known.cell is not None
    return kept_calibration(known.data, known.cell, seed=seed, progress=told)


def _weighted(known: Known, seed: int, told: Callable[[str, float], None]) -> tuple[tuple[float, Calibration], ...]:
    """Rivals with their weights. Raises `InputError` where the data are not there to compare on."""
    if known.data is None or known.cell is None:
        raise InputError("--average compares mechanisms on data", expected="a calibration file or a paper")
    return tuple((one.weight, one.calibration) for one in _rivals(known, seed, told).rivals)


def _rivals(known: Known, seed: int, told: Callable[[str, float], None]) -> Comparison:
    from lithostat.calibration.kept import kept_comparison

    assert known.data is not None
    assert known.cell is not None
    return kept_comparison(known.data, known.cell, seed=seed, progress=_by_rival(told))


def _by_rival(told: Callable[[str, float], None]) -> Callable[[str], None]:
    """Progress of a comparison, which names the rival that begins."""
    from lithostat.calibration.compare import RIVALS

    place = {name: number / len(RIVALS) for number, name in enumerate(RIVALS)}
    return lambda name: told(f"rival: {name}", place[name])


def _best_fit(known: Known, as_json: bool) -> None:
    from lithostat.calibration.best_fit import best_fit
    from lithostat.calibration.report import best_fit_report
    from lithostat.model.resolve import laws_of

    assert known.data is not None
    assert known.cell is not None
    data = known.data
    warnings = [*data.warnings, *([] if data.names else ["there are no data: the answer is the prior"])]
    found = best_fit(data, laws=laws_of(known.cell))
    tell(best_fit_report(known.name, found, warnings), as_json=as_json)
