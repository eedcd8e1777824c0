"""lithostat impedance: spectra of a cell checked, fitted as a series, and tied to pressure and temperature."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lithostat.commands.options import Json, Output, named_values, ready
from lithostat.experiment.errors import InputError, sentence_of
from lithostat.experiment.output_names import Named, OutputNames
from lithostat.terminal import named_steps, open_console, print_json, print_studies

if TYPE_CHECKING:
    from collections.abc import Callable

    from lithostat.experiment.spectrum import Spectrum
    from lithostat.impedance.laws.contact_memory import Memory
    from lithostat.lab.folder import CellFolder, LoadedCell
    from lithostat.lab.spectra_study import Question, SpectraStudy

_TOGETHER = "there is no cell.yaml: all files were taken as spectra of one cell (--apart takes each for itself)"
_NO_CARD = "no card was written: there is no contact law; it needs an area and spectra at several known pressures"
_PLACED = "has no clock and is placed"  # as the timeline says it
_STATED = "What the note does not say"


def _said(name: str, text: str) -> Any:
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
        str, typer.Option(help="Values that add up to the electrolyte's resistance: 'R0' or 'R0,R1'.")
    ] = "R0",
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
    output: Output = Path("lithostat-out"),
    as_json: Json = False,
) -> None:
    """Check spectra, fit a circuit to all of them at once, and say what pressure and temperature do to it."""
    if self_test:
        _self_test(as_json)
        return
    if path is None:
        raise InputError("no folder and no file was named", expected="lithostat impedance PATH, or --self-test")
    if reference_resistor is not None:
        _reference_resistor(path, reference_resistor, as_json)
        return
    from lithostat.lab.folder import find_cells
    from lithostat.lab.spectra_study import Question

    asked = Question(
        text=circuit,
        ties=named_values("--tie", tie or [], "R0=shared"),
        axis=along,
        fixed={name: _number(name, value) for name, value in named_values("--fix", fix or [], "R0=12.5").items()},
        weighting=weighting,
        bulk=tuple(name.strip() for name in bulk.split(",")),
    )
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
    results: list[dict[str, Any]] = []
    with named_steps(open_console(), "reading", sum(len(cell.files) + 14 for cell in found)) as step:
        results += [_one(cell, asked, overrides, simulated, names, posterior, card, step) for cell in found]
    if as_json:
        print_json([result["json"] for result in results])
    else:
        print_studies(results)
    if all("error" in result["json"] for result in results):
        raise typer.Exit(2)


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"received '{text}' for {name}", expected="a number in SI units, for example 12.5") from None


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
    step: Any,
) -> dict[str, Any]:
    """One cell: its study, what was written, and the same as JSON; a fault is its `error` and stops no other cell."""
    from lithostat.experiment.record import write_each
    from lithostat.lab.folder import load
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
        named = names.of(loaded.name)
        ways = _ways(loaded, study, asked, simulated, named) + (_sampled_ways(sampled, named) if sampled else [])
        if card is not None and study.memory is not None:
            ways.append(_card_way(loaded, study.memory, card, names.of(card)))
        written, problems = write_each(ways)
        told = (*loaded.record.warnings, *(f"not written: {line}" for line in problems))
        study = replace(study, warnings=(*study.warnings, *told))  # the page has all but the last
        if cell.note_path is None and len(loaded.files) > 1:
            study = replace(study, warnings=(*study.warnings, _TOGETHER))
        data = study.as_json() | {"cell": loaded.name, "written": [str(one) for one in written]}
        data["refused"] += [{"spectrum": name, "why": why} for name, why in loaded.refused]
        if sampled:
            data["posterior"] = [each for _, each in sampled]
        json.dumps(data)  # what cannot be printed is a fault of this cell too
    except BaseException as error:
        return {"name": cell.name, "json": {"cell": cell.name, "error": sentence_of(error)}}
    return {"name": loaded.name, "study": study, "loaded": loaded, "written": written, "json": data}


def _without_timeline(loaded: LoadedCell) -> LoadedCell:
    """Without a line for each file that it has no clock: spectra without one are given no time."""
    said = tuple(line for line in loaded.record.warnings if _PLACED not in line)
    return replace(loaded, record=replace(loaded.record, warnings=said))


def _posteriors(study: SpectraStudy, step: Any) -> list[tuple[str, list[dict[str, Any]]]]:
    """Name of every spectrum and what its posterior says."""
    from lithostat.impedance.circuits.posterior import posterior

    found = []
    for fit in study.series.fits:
        step(f"posterior of {fit.spectrum.name}")
        found.append((fit.spectrum.name, [finding.as_json() for finding in posterior(fit).findings()]))
    return found


Way = tuple[Path, "Callable[[Path], Any]"]  # a file, and what writes it


def _sampled_ways(sampled: list[tuple[str, list[dict[str, Any]]]], named: Named) -> list[Way]:
    """The posteriors as a table: one row per value of each spectrum."""
    import polars as pl

    from lithostat.experiment.record import write_whole

    columns = ("name", "value", "uncertainty", "unit")
    rows = [
        {"spectrum": name} | {key: one[key] for key in columns} | {"evidence": "; ".join(one["evidence"])}
        for name, each in sampled
        for one in each
    ]
    table = pl.DataFrame(rows, infer_schema_length=None)
    return [(named.path("-posterior.csv"), lambda path: write_whole(path, table.write_csv))]


def _ways(
    loaded: LoadedCell,
    study: SpectraStudy,
    asked: Question,
    simulated: tuple[Spectrum, ...],
    named: Named,
) -> list[Way]:
    from lithostat.experiment.record import write_text, write_whole
    from lithostat.lab.spectra_page import spectra_page

    beside = "simulated" if simulated else ""

    def write_page(path: Path) -> Path:
        return write_text(path, spectra_page(loaded, study, axis=asked.axis, simulated=simulated, beside=beside))

    return [
        (named.path("-spectra.csv"), lambda path: write_whole(path, study.table().write_csv)),
        (named.path("-spectra.html"), write_page),
    ]


def _card_way(loaded: LoadedCell, memory: Memory, card: str, named: Named) -> Way:
    from lithostat.impedance.laws.contact_memory_card import interface_card
    from lithostat.impedance.laws.fitted_card import write_card

    source = f"fitted to the spectra of {loaded.name}"
    return named.path(".yaml"), lambda path: write_card(path, interface_card(memory, card, source=source))


def _reference_resistor(path: Path, resistor: str, as_json: bool) -> None:
    from lithostat.experiment.quantity import parse
    from lithostat.impedance.circuits.reference_resistor import judge_instrument
    from lithostat.reading.read import read

    spectra = read(path).spectra
    if not spectra:
        raise InputError("holds no impedance spectrum", file=str(path), expected="a sweep of a known resistor")
    leads = judge_instrument(spectra[0], resistance=parse(resistor, "resistance"))
    if as_json:
        print_json({"verdict": leads.verdict, "findings": [finding.as_json() for finding in leads.findings]})
        return
    console = open_console(stderr=False)
    for finding in leads.findings:
        value = "not known" if finding.value is None else f"{finding.value:.4g} {finding.unit}"
        console.print(f"{finding.name:<40} {value}", highlight=False)
    console.print(f"[bold]{leads.verdict}[/]", highlight=False)


def _self_test(as_json: bool) -> None:
    from lithostat.impedance.circuits.reference_resistor import self_test

    test = self_test()
    if as_json:
        print_json(test._asdict())
    else:
        open_console(stderr=False).print(test.sentence, highlight=False)
    if not test.passed:
        raise typer.Exit(1)
