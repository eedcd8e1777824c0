"""lithostat impedance: spectra of a cell checked, fitted as a series, and tied to pressure and temperature."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lithostat.commands.impedance_files import Drawn, card_way, kinds_of_figures, spectra_ways
from lithostat.commands.instrument import pass_self_test, sweep_of_resistor
from lithostat.commands.options import Json, Output, named_values, ready
from lithostat.experiment.errors import InputError, sentence_of
from lithostat.experiment.output_names import OutputNames
from lithostat.terminal import named_steps, open_console, print_json

if TYPE_CHECKING:
    from typer.models import OptionInfo

    from lithostat.experiment.report import Report
    from lithostat.experiment.spectrum import Spectrum
    from lithostat.impedance.laws.error_budget import Stated
    from lithostat.lab.folder import CellFolder
    from lithostat.lab.specimen import Specimen
    from lithostat.lab.spectra_study import Question, SpectraStudy

_TOGETHER = "there is no cell.yaml: all files were taken as spectra of one cell (--apart takes each for itself)"
_NO_CARD = "no card was written: there is no contact law; it needs an area and spectra at several known pressures"
_PLACED = "has no clock and is placed"  # as the timeline says it
_STATED = "What the note does not say"


def _said(name: str, text: str) -> OptionInfo:
    return typer.Option(f"--{name}", help=text, metavar="VALUE", rich_help_panel=_STATED)


def impedance(
    path: Annotated[
        Path | None, typer.Argument(help="A folder of spectra, with or without cell.yaml, or one file.", metavar="PATH")
    ] = None,
    circuit: Annotated[
        str | None,
        typer.Option(help="Circuit such as 'R0-p(R1,CPE1)-W1'; without it one is suggested by the spectra."),
    ] = None,
    tie: Annotated[
        list[str] | None,
        typer.Option(help="NAME=shared | smooth | arrhenius | power: how a value runs along the series. Repeatable."),
    ] = None,
    fix: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE in SI: a value that is not fitted. Repeatable.")
    ] = None,
    along: Annotated[
        str | None, typer.Option(help="pressure, temperature or time: what the series runs along.")
    ] = None,
    weighting: Annotated[str, typer.Option(help="modulus, parts or unit.")] = "modulus",
    bulk: Annotated[
        str | None,
        typer.Option(help="Values that add up to the electrolyte's resistance: 'R0' or 'R0,R1'; without it, found."),
    ] = None,
    lowest: Annotated[
        str | None, typer.Option("--from", help="Lowest frequency that is used, '1 Hz'.", metavar="FREQUENCY")
    ] = None,
    highest: Annotated[
        str | None, typer.Option("--to", help="Highest frequency that is used, '1 MHz'.", metavar="FREQUENCY")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave no point out of the fit, stray or not.")] = False,
    signed: Annotated[
        bool, typer.Option("--signed", help="Distributions of relaxation times may be negative: inductive loops.")
    ] = False,
    posterior: Annotated[
        bool, typer.Option("--posterior", help="Sample the posterior of every fit (seconds each); a table.")
    ] = False,
    beside: Annotated[
        Path | None, typer.Option(help="A simulated record (.parquet) whose spectra are drawn with the measured ones.")
    ] = None,
    card: Annotated[
        str | None, typer.Option(help="Write the contact law as a card of this name, 'lithium|Li6PS5Cl'.")
    ] = None,
    reference_resistor: Annotated[
        str | None,
        typer.Option(
            "--reference-resistor",
            "--one-ohm",
            help="The file is a sweep of a known resistor, '1 ohm': judge the instrument.",
        ),
    ] = None,
    self_test: Annotated[bool, typer.Option("--self-test", help="Send one ohm through lithostat's own fit.")] = False,
    apart: Annotated[
        bool, typer.Option("--apart", help="Without cell.yaml, take each file as a cell of its own.")
    ] = False,
    area: Annotated[str | None, _said("area", "Electrode area, '1.27 cm2'.")] = None,
    electrolyte_thickness: Annotated[str | None, _said("electrolyte-thickness", "'1 mm'.")] = None,
    pressure: Annotated[str | None, _said("pressure", "Of all spectra, where nobody says it, '5 MPa'.")] = None,
    temperature: Annotated[str | None, _said("temperature", "Of all spectra, '25 degC'.")] = None,
    uncertainty: Annotated[
        list[str] | None,
        _said("uncertainty", "NAME=VALUE, 'thickness=20 um', 'area=0.01 cm2', 'temperature=0.5 K'. Repeatable."),
    ] = None,
    pages: Annotated[
        bool, typer.Option("--pages/--no-pages", help="Draw the page NAME-spectra.html; it takes most of the time.")
    ] = False,
    figures: Annotated[
        str | None, typer.Option(help="Also write every figure as a file: svg, pdf, png, or 'svg,pdf'.")
    ] = None,
    output: Output = Path("lithostat-out"),
    as_json: Json = False,
) -> None:
    """Check spectra, fit a circuit to all of them at once, and say what pressure and temperature do to it."""
    if self_test:
        pass_self_test(as_json)
        return
    if path is None:
        raise InputError("no folder and no file was named", expected="lithostat impedance PATH, or --self-test")
    if reference_resistor is not None:
        sweep_of_resistor(path, reference_resistor, as_json)
        return
    from lithostat.lab.folder import find_cells
    from lithostat.lab.spectra_study import Question

    asked = Question(
        text=circuit,
        ties=named_values("--tie", tie or [], "R0=shared"),
        axis=along,
        fixed={name: _number(name, value) for name, value in named_values("--fix", fix or [], "R0=12.5").items()},
        weighting=weighting,
        bulk=None if bulk is None else tuple(name.strip() for name in bulk.split(",")),
        lowest=_frequency(lowest),
        highest=_frequency(highest),
        keep=keep,
        signed=signed,
        stated=_stated(uncertainty or []),
    )
    drawn = Drawn(pages, kinds_of_figures(figures))
    said = {
        "area": area,
        "electrolyte_thickness": electrolyte_thickness,
        "pressure": pressure,
        "temperature": temperature,
    }
    overrides = {name: value for name, value in said.items() if value is not None}
    from lithostat.experiment.cell_note import note_from

    if card is not None:
        _checked_card(card)
    note_from(overrides)  # a flag with a fault is an error before anything is read
    simulated = _simulated(beside)
    found = find_cells(path, together=not apart)
    if card is not None and len(found) > 1:
        raise InputError(f"{len(found)} cells cannot be one card", expected="the folder of one cell with --card")
    ready(output)
    names = OutputNames(output)
    with named_steps(open_console(), "reading", sum(len(cell.files) + 14 for cell in found)) as step:
        reports = [_one(cell, asked, overrides, simulated, names, posterior, card, drawn, step) for cell in found]
    if as_json:
        print_json([report.as_json for report in reports])
    else:
        _tell(reports)
        if not drawn.page:
            open_console(stderr=False).print("[dim]--pages draws a page of all this[/]", highlight=False)
    if all("error" in report.data for report in reports):
        raise typer.Exit(2)


def _tell(reports: list[Report]) -> None:
    """Each cell under its name."""
    from rich.text import Text

    from lithostat.show.report_text import print_report

    console = open_console(stderr=False)
    for report in reports:
        console.print(Text(report.title, "bold"))
        print_report(report, console)


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"received '{text}' for {name}", expected="a number in SI units, for example 12.5") from None


def _frequency(text: str | None) -> float | None:
    """A frequency with its unit, or a bare number of hertz."""
    from lithostat.experiment.quantity import parse

    if text is None:
        return None
    try:
        return parse(f"{float(text)} Hz", "frequency")
    except ValueError:
        return parse(text, "frequency")


def _stated(said: list[str]) -> Stated:
    """Uncertainties that a person stated."""
    from lithostat.experiment.quantity import parse
    from lithostat.impedance.laws.error_budget import Stated

    kinds = {"thickness": "length", "area": "area", "temperature": "temperature_uncertainty"}
    given = named_values("--uncertainty", said, "thickness=20um")
    for name in given:
        if name not in kinds:
            raise InputError(f"no uncertainty is called '{name}'", expected=f"one of {', '.join(kinds)}")
    return Stated(**{name: parse(value, kinds[name]) for name, value in given.items()})


def _checked_card(name: str) -> None:
    """An interface card is found by the names of its two sides."""
    sides = [side.strip() for side in name.split("|")]
    if len(sides) != 2 or not all(sides):
        raise InputError(
            f"'{name}' is no name of an interface card", expected="<electrode>|<electrolyte>, 'lithium|Li6PS5Cl'"
        )


def _simulated(path: Path | None) -> tuple[Spectrum, ...]:
    if path is None:
        return ()
    from lithostat.experiment.record import read_parquet

    record = read_parquet(path)
    if not record.spectra:
        raise InputError(
            "the record holds no spectrum",
            file=str(path),
            expected="a simulation with `measure_impedance` in its protocol",
        )
    return record.spectra


def _one(
    cell: CellFolder,
    asked: Question,
    overrides: dict[str, Any],
    simulated: tuple[Spectrum, ...],
    names: OutputNames,
    posterior: bool,
    card: str | None,
    drawn: Drawn,
    step: Callable[..., None],
) -> Report:
    """The report of one cell, and its files; a fault is the report and stops no other cell."""
    from lithostat.experiment.record import write_each
    from lithostat.experiment.report import Report
    from lithostat.lab.folder import load
    from lithostat.lab.spectra_report import spectra_report
    from lithostat.lab.spectra_study import study_spectra

    try:
        loaded = load(cell, note_overrides=overrides, progress=step)
        clock = loaded.record.start is not None
        loaded = loaded if clock else _without_timeline(loaded)
        study = study_spectra(loaded.record.spectra, loaded.note, asked, clock=clock, progress=step)
        if card is not None and study.memory is None:
            study = replace(study, warnings=(*study.warnings, _NO_CARD))
        sampled = _posteriors(study, step) if posterior else []
        step("writing")
        study = replace(study, warnings=(*study.warnings, *_of_the_files(cell, loaded)))  # the page has them too
        report = spectra_report(loaded, study, axis=asked.axis, simulated=simulated)
        report.data["refused"] += [{"spectrum": name, "why": why} for name, why in loaded.refused]
        if sampled:
            report.data["posterior"] = [each for _, each in sampled]
        ways = spectra_ways(study, report, drawn, names.of(loaded.name), sampled)
        if card is not None and study.memory is not None:
            ways.append(card_way(loaded, study.memory, card, names.of(card)))
        written, problems = write_each(ways)
        report = replace(report, warnings=(*report.warnings, *(f"not written: {line}" for line in problems)))
        json.dumps(report.as_json)  # what cannot be printed is a fault of this cell too
        return report.with_written(written)
    except BaseException as error:
        said = sentence_of(error)
        return Report(cell.name, f"not used: {said}", data={"cell": cell.name, "error": said})


def _of_the_files(cell: CellFolder, loaded: Specimen) -> tuple[str, ...]:
    """What was said while the files were read."""
    together = (_TOGETHER,) if cell.note_path is None and len(loaded.files) > 1 else ()
    return (*loaded.record.warnings, *together)


def _without_timeline(loaded: Specimen) -> Specimen:
    """Without a line for each file that it has no clock: spectra without one are given no time."""
    said = tuple(line for line in loaded.record.warnings if _PLACED not in line)
    return replace(loaded, record=replace(loaded.record, warnings=said))


def _posteriors(study: SpectraStudy, step: Callable[..., None]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Name of every spectrum and what its posterior says."""
    from lithostat.impedance.circuits.posterior import posterior

    found = []
    for fit in study.series.fits:
        step(f"posterior of {fit.spectrum.name}")
        found.append((fit.spectrum.name, [finding.as_json() for finding in posterior(fit).findings()]))
    return found
