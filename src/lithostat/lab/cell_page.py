"""One cell as a page: the call, its reasons, everything over time, findings with their formulas, what is missing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from typing import Any

from matplotlib.figure import Figure

from lithostat.cycling.analysis import Analysis
from lithostat.cycling.kind_of_cell import NOT_KNOWN
from lithostat.cycling.shorts import SURE
from lithostat.experiment.finding import TONES
from lithostat.experiment.quantity import show, span
from lithostat.lab.completeness import Completeness
from lithostat.lab.folder import LoadedCell
from lithostat.lab.printed import printed
from lithostat.lab.tomograms import CellTomogram
from lithostat.show.cell_figure import Mark, cell_figure, drawable
from lithostat.show.cycles_figure import capacity_figure, overpotential_figure
from lithostat.show.page import page, svgs
from lithostat.show.spectra_figure import spectra_figure


def cell_page(
    loaded: LoadedCell, analysis: Analysis, complete: Completeness, tomograms: tuple[CellTomogram, ...] = ()
) -> str:
    """The page as HTML text, with its figures inside; `tomograms` of the cell with what does not fit its record."""
    call = analysis.outcome
    drawn, missing = svgs(_drawn(loaded, analysis))
    return page(
        "cell.html",
        name=loaded.name,
        lead=_lead(loaded, analysis),
        call=call,
        tone=TONES.get(call.group, ""),
        numbers=_numbers(analysis, complete),
        override=_override(analysis),
        interval=_interval(analysis),
        figures={name: drawn.get(name, "") for name in ("time", "cycles", "spectra")},
        spectra_count=len(loaded.record.spectra),
        findings=[printed(finding) for finding in analysis.findings],
        warnings=(*analysis.warnings, *missing),
        tomograms=[_scan(one) for one in tomograms],
        items=complete.items,
        known=sum(item.present for item in complete.items),
        files=[{"format": "", "sha256": "", **file} for file in loaded.record.provenance.get("files", [])],
        refused=loaded.refused,
        folder=loaded.folder.name or str(loaded.folder),
        version=version("lithostat"),
    )


def _scan(of: CellTomogram) -> dict[str, Any]:
    """A tomogram as the page shows it: its answer, its first figure, its findings, what does not fit."""
    if of.report is None:
        return {"file": of.file, "error": of.error}
    crossing = {one.name: one.draw for section in of.report.sections for one in section.drawings}
    drawn, missing = svgs({name: crossing[name] for name in ("crossing",) if name in crossing})
    return {
        "file": of.file,
        "answer": of.report.answer,
        "figure": drawn.get("crossing", ""),
        "findings": [printed(finding) for finding in of.report.findings],
        "conflicts": (*of.conflicts, *of.report.warnings, *missing),
        "page": None if of.page is None else f"{of.page.parent.name}/{of.page.name}",
    }


def cell_figures(loaded: LoadedCell, analysis: Analysis) -> dict[str, Figure]:
    """Figures of a cell by name: 'time', 'cycles', 'spectra'; those that have nothing to show are left out."""
    return {name: draw() for name, draw in _drawn(loaded, analysis).items()}


def _drawn(loaded: LoadedCell, analysis: Analysis) -> dict[str, Callable[[], Figure]]:
    record = analysis.trace.seen
    figures: dict[str, Callable[[], Figure]] = {}
    symmetric = analysis.kind == "symmetric"
    if len(record.table) > 1 and drawable(record):
        gaps = [(gap["start_second"], gap["end_second"]) for gap in record.provenance.get("gaps", [])]
        resistance = symmetric and len(analysis.half_cycles) > 0
        figures["time"] = partial(cell_figure, record, marks=_marks(analysis), gaps=gaps, resistance=resistance)
    if symmetric and len(analysis.half_cycles) > 2:
        figures["cycles"] = partial(overpotential_figure, analysis.half_cycles)
    elif not symmetric and len(analysis.cycles) > 1:
        figures["cycles"] = partial(capacity_figure, analysis.cycles)
    if record.spectra:
        figures["spectra"] = partial(spectra_figure, record.spectra)
    return figures


def _marks(analysis: Analysis) -> list[Mark]:
    """The stretches that looked like a short, the call, and a person's override."""
    time, marks = analysis.trace.time, []
    for suspect in analysis.suspects:
        end = float(time[suspect.end]) if suspect.end is not None else None
        sure = suspect.sure >= SURE
        marks.append(Mark(float(time[suspect.row]), end, f"electronic path ({100 * suspect.sure:.0f} %)", sure))
    call = analysis.outcome
    if call.kind == "contact lost" or (call.shorted and not marks):
        marks.append(Mark(call.time, None, call.kind))
    return marks


def _lead(loaded: LoadedCell, analysis: Analysis) -> str:
    start = loaded.record.start
    kind = "kind of cell not known" if analysis.kind == NOT_KNOWN else f"{analysis.kind} cell"
    parts = [kind, f"{len(loaded.record.table):,} samples from {len(loaded.files)} file(s)"]
    if start is not None:
        parts.append(f"since {start:%Y-%m-%d %H:%M}" + ("" if start.tzinfo else " (local time)"))
    return ", ".join(parts)


def _numbers(analysis: Analysis, complete: Completeness) -> list[tuple[str, str]]:
    """Large numbers at the head of the page, each with its label."""
    call, numbers = analysis.outcome, []
    if analysis.time_to_short is not None:
        numbers.append((span(analysis.time_to_short), "until the first electronic path, from the first current"))
    elif call.cycling_time is not None:
        numbers.append((span(call.cycling_time), "under test without a short"))
    if call.pressure is not None:
        numbers.append((show(call.pressure, "pressure"), "stack pressure"))
    if call.confidence is not None:
        numbers.append((f"{100 * call.confidence:.3g} %", "confidence of the call"))
    numbers.append((f"{100 * complete.score:.0f} %", "of what should be reported is known"))
    return numbers


def _override(analysis: Analysis) -> dict[str, Any] | None:
    said = analysis.note.override
    if said is None:
        return None
    return said.model_dump() | {"at": span(said.time_to_short) if said.time_to_short is not None else ""}


def _interval(analysis: Analysis) -> str:
    call = analysis.outcome
    if call.interval is None:
        return ""
    before, after = (value / 3600.0 for value in call.interval)
    shortest = "" if call.resolution is None else f" Events shorter than {span(call.resolution)} could not be seen."
    return f"Last sample without it at {before:.5g} h, first with it at {after:.5g} h of the record.{shortest}"
