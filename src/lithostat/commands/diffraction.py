"""lithostat diffraction: which phases a pattern shows, how much of each, what would not have been seen."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lithostat.commands.options import Json, Output, ready, tell
from lithostat.experiment.errors import InputError, sentence_of
from lithostat.experiment.output_names import OutputNames, readable
from lithostat.terminal import named_steps, open_console, print_json

if TYPE_CHECKING:
    from typer.models import OptionInfo

    from lithostat.commands.pattern_run import PatternOptions
    from lithostat.diffraction.identify import Question
    from lithostat.experiment.pattern import Pattern
    from lithostat.materials.phase import Phase
    from lithostat.reading.patterns import Stated

_STATED = "What the file does not say"
_SOUGHT = "What is looked for"
_PLAN = "Planning"


def _said(name: str, text: str, panel: str = _STATED) -> OptionInfo:
    return typer.Option(f"--{name}", help=text, metavar="VALUE", rich_help_panel=panel)


def diffraction(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files of a diffractometer, or folders of them.", metavar="FILE...")
    ] = None,
    elements: Annotated[str | None, _said("elements", "Only phases of these, 'Li,P,S,Cl'.", _SOUGHT)] = None,
    phases: Annotated[
        list[str] | None, _said("phases", "Candidates: names, .yaml or .cif files, folders. Repeatable.", _SOUGHT)
    ] = None,
    host: Annotated[list[str] | None, _said("host", "A phase that is certainly there. Repeatable.", _SOUGHT)] = None,
    standard: Annotated[
        str | None, _said("standard", "A phase mixed in whose cell is certified: 'Si'.", _SOUGHT)
    ] = None,
    wavelength: Annotated[str | None, _said("wavelength", "'Mo Ka', 'Cu Ka1', '0.4959 angstrom'.")] = None,
    geometry: Annotated[
        str | None, _said("geometry", "reflection, transmission, capillary or 'area detector'.")
    ] = None,
    radius: Annotated[str | None, _said("radius", "Of the goniometer, or from sample to detector, '145 mm'.")] = None,
    polarisation: Annotated[
        float | None, _said("polarisation", "Of the beam: 0 tube, -1 synchrotron with vertical scattering.")
    ] = None,
    region: Annotated[str | None, _said("region", "Of the cell in the beam: electrolyte, lithium side, whole.")] = None,
    blank: Annotated[Path | None, _said("blank", "A pattern of the empty cell.")] = None,
    within: Annotated[str | None, _said("range", "Angles to look at, '5:60' degrees.", _SOUGHT)] = None,
    exclude: Annotated[
        list[str] | None, _said("exclude", "Angles to leave out, '26.2:26.8'. Repeatable.", _SOUGHT)
    ] = None,
    shift: Annotated[
        str | None, _said("shift", "zero, displacement or 'along the beam'; what suits the geometry.")
    ] = None,
    series: Annotated[bool, typer.Option("--series", help="Take all patterns as one series along time.")] = False,
    record: Annotated[Path | None, _said("record", "A cycler's file: puts the patterns on the cell's clock.")] = None,
    log: Annotated[Path | None, _said("log", "A log that says when each scan began (.csv).")] = None,
    mass: Annotated[str | None, _said("mass", "Of the pellet in the beam, '5 mg'.")] = None,
    wanted: Annotated[str | None, _said("wanted", "Weight to be seen, '1 %': how long to count for it.", _PLAN)] = None,
    plan: Annotated[
        float | None, _said("plan", "Counts of the host's highest line: simulate and say what would be seen.", _PLAN)
    ] = None,
    under: Annotated[float | None, _said("under", "Counts of the background of the plan.", _PLAN)] = None,
    width: Annotated[str | None, _said("width", "Full width of a line of the plan, '0.1 deg'.", _PLAN)] = None,
    engine: Annotated[str, typer.Option(help="own, or rietx for a second opinion on the weights.")] = "own",
    listed: Annotated[bool, typer.Option("--list", help="List the phases that are known here.")] = False,
    output: Output = Path("lithostat-out"),
    as_json: Json = False,
) -> None:
    """Say which crystalline phases a pattern shows, how much at least and at most, and what it would not have shown."""
    if listed:
        _list(as_json)
        return
    from lithostat.commands.pattern_run import PatternOptions, groups
    from lithostat.diffraction.identify import Question

    if engine not in ("own", "rietx"):
        raise InputError(f"received the engine '{engine}'", expected="own or rietx")
    stated = _stated(wavelength, geometry, radius, polarisation, region)
    question = Question(
        candidates=_candidates(phases),
        elements=_elements(elements),
        host=tuple(_phase(name) for name in host or ()),
        standard=_phase(standard) if standard else None,
        shift=_shift(shift, stated.geometry),
    )
    if plan is not None:
        _plan(plan, under, width, within, wanted, stated, question, as_json)
        return
    if not paths:
        raise InputError("no file was named", expected="lithostat diffraction FILE, or --list, or --plan COUNTS")
    asked = PatternOptions(question, stated, within, tuple(exclude or ()), blank, record, log, mass, wanted, engine)
    ready(output)
    names = OutputNames(output)
    console = open_console()
    results: list[dict[str, Any]] = []
    with named_steps(console, "reading", 12) as step:
        for name, patterns in groups(paths, asked, series):
            results.append(_one(readable(name), patterns, asked, names, step))
    if as_json:
        print_json([result["json"] for result in results])
    else:
        for result in results:
            _print(result)
    if all("error" in result["json"] for result in results):
        raise typer.Exit(2)


def _list(as_json: bool) -> None:
    """Every card: name, kind, formula, what of it rests on memory."""
    from lithostat.materials.phase import phases as cards

    rows = [
        {
            "name": phase.name,
            "kind": phase.kind,
            "formula": phase.formula,
            "about": phase.about,
            "from_memory": list(phase.unverified),
        }
        for phase in cards().values()
    ]
    if as_json:
        print_json(rows)
        return
    from rich.table import Table

    table = Table("phase", "kind", "from memory", "about", box=None, padding=(0, 1))
    for row in rows:
        table.add_row(str(row["name"]), str(row["kind"]), ", ".join(row["from_memory"]), str(row["about"]))
    open_console(stderr=False).print(table)


def _stated(
    wavelength: str | None, geometry: str | None, radius: str | None, polarisation: float | None, region: str | None
) -> Stated:
    """What a person said about the measurement; a fault is a sentence before anything is read."""
    from lithostat.experiment.pattern import GEOMETRIES
    from lithostat.experiment.quantity import parse
    from lithostat.experiment.radiation import read_lines
    from lithostat.reading.patterns import Stated

    if geometry is not None and geometry not in GEOMETRIES:
        raise InputError(f"received '{geometry}' for --geometry", expected=f"one of {', '.join(GEOMETRIES)}")
    if polarisation is not None and not -1.0 <= polarisation <= 1.0:
        raise InputError(f"received {polarisation} for --polarisation", expected="a number from -1 to 1")
    return Stated(
        lines=read_lines(wavelength) if wavelength else (),
        geometry=geometry,
        radius=parse(radius, "length") if radius else None,
        polarisation=polarisation,
        region=region,
    )


def _elements(text: str | None) -> frozenset[str] | None:
    """'Li,P,S' as symbols; None for any element."""
    if text is None:
        return None
    import re

    symbols = [part for part in re.split(r"[\s,;]+", text.strip()) if part]
    for symbol in symbols:
        if not re.fullmatch(r"[A-Z][a-z]?", symbol):
            raise InputError(f"received '{symbol}' for --elements", expected="chemical symbols such as Li,P,S,Cl")
    return frozenset(symbols)


def _shift(text: str | None, geometry: str | None) -> str | None:
    from lithostat.diffraction.instrument import SHIFTS

    known = SHIFTS[geometry] if geometry else tuple(dict.fromkeys(kind for kinds in SHIFTS.values() for kind in kinds))
    if text is not None and text not in known:
        raise InputError(f"received '{text}' for --shift", expected=f"one of {', '.join(known)}")
    return text


def _phase(name: str) -> Phase:
    """One phase by name or file."""
    found = _from(name)
    if len(found) != 1:
        raise InputError(f"'{name}' names {len(found)} phases", expected="one phase")
    return found[0]


def _candidates(names: Sequence[str] | None) -> tuple[Phase, ...]:
    """All cards but humps, or what was named."""
    from lithostat.materials.phase import phases as cards

    if not names:
        return tuple(phase for phase in cards().values() if phase.kind != "hump")
    return tuple(phase for name in names for part in name.split(",") for phase in _from(part.strip()))


def _from(name: str) -> tuple[Phase, ...]:
    """Phases that a name, a .yaml or .cif file, or a folder of such files stands for."""
    from lithostat.diffraction.cif import read_cif
    from lithostat.materials.phase import find_phase
    from lithostat.materials.phase_card import read_phase

    path = Path(name)
    if path.is_dir():
        files = sorted(each for each in path.iterdir() if each.suffix.lower() in (".cif", ".yaml"))
        if not files:
            raise InputError("holds no .cif and no .yaml file", file=str(path), expected="a folder of phases")
        return tuple(phase for file in files for phase in _from(str(file)))
    if path.suffix.lower() == ".cif":
        return (read_cif(path),)
    if path.suffix.lower() == ".yaml":
        return (read_phase(path),)
    return (find_phase(name),)


def _plan(
    counts: float,
    under: float | None,
    width: str | None,
    within: str | None,
    wanted: str | None,
    stated: Stated,
    question: Question,
    as_json: bool,
) -> None:
    """What a pattern that is not yet measured would show."""
    from dataclasses import replace

    from lithostat.commands.pattern_run import angles, share
    from lithostat.diffraction.instrument import SHIFTS, Instrument
    from lithostat.diffraction.library import made_of
    from lithostat.diffraction.plan import plan, planned_study
    from lithostat.diffraction.report import study_report
    from lithostat.diffraction.simulate import exposure
    from lithostat.experiment.quantity import parse

    unsaid = {
        "--host": question.host,
        "--wavelength": stated.lines,
        "--geometry": stated.geometry,
        "--range": within,
        "--width": width,
        "--under": under,
    }
    missing = [name for name, value in unsaid.items() if not value]
    if missing or counts <= 0.0:
        raise InputError(
            f"a plan without {', '.join(missing)}" if missing else f"received {counts:g} for --plan",
            expected="--plan COUNTS --host Li6PS5Cl --wavelength 'Mo Ka' --geometry transmission --range 6:35 "
            "--width '0.1 deg' --under 2000",
        )
    assert stated.geometry is not None
    assert within is not None
    assert width is not None
    assert under is not None
    first, last = angles(within)
    instrument = Instrument(stated.lines, stated.geometry, question.shift or SHIFTS[stated.geometry][0])
    allowed = made_of(question.candidates, question.elements)
    sought = tuple(phase for phase in allowed if phase.kind == "structure" and phase not in question.host)
    made = exposure(first, last, parse(width, "two_theta"), counts, under)
    study = planned_study(question.host[0], sought, instrument, made)
    limits = [call.limit for call in study.called("not seen") if call.limit is not None]
    report = study_report(study, planned=plan(study, limits, share(wanted)))
    counting = tuple(section for section in report.sections if section.title == "How long to count")
    said = f"Simulated, not measured: {question.host[0].name} alone, {counts:g} counts over a background of {under:g}."
    tell(replace(report, answer=said, numbers=(), sections=counting, warnings=()), as_json=as_json)


def _one(
    name: str, patterns: tuple[Pattern, ...] | str, asked: PatternOptions, names: OutputNames, step: Callable[..., None]
) -> dict[str, Any]:
    """One pattern or series: its report, what was written, and the same as JSON; a fault stops no other file."""
    from lithostat.commands.pattern_run import studied, write

    try:
        report = studied(name, patterns, asked, step)
        step("writing")
        report = write(report, names.of(Path(name).stem))
        data = {"file": name} | report.as_json
        json.dumps(data)  # what cannot be printed is a fault of this file too
    except BaseException as error:
        said = sentence_of(error)
        return {"name": name, "error": said, "json": {"file": name, "error": said}}
    return {"name": name, "report": report, "json": data}


def _print(result: dict[str, Any]) -> None:
    from rich.text import Text

    from lithostat.show.report_text import print_report

    console = open_console(stderr=False)
    console.print(Text(result["name"], "bold"))
    if "error" in result:
        console.print(Text.assemble(("not used", "yellow"), f" {result['error']}"))
    else:
        print_report(result["report"], console)
