"""What the record of one cell says: the call, its reasons, everything over time, findings, what is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import cast

from matplotlib.figure import Figure

from lithostat.cycling.analysis import Analysis
from lithostat.cycling.kind_of_cell import NOT_KNOWN
from lithostat.cycling.outcomes import SURE
from lithostat.experiment.finding import TONES
from lithostat.experiment.quantity import show, span
from lithostat.experiment.report import Column, Drawing, Number, Report, Section, Table, Tone
from lithostat.lab.completeness import Completeness
from lithostat.lab.specimen import Specimen
from lithostat.lab.tomograms import CellTomogram, tomogram_section
from lithostat.show.cell_figure import Mark, cell_figure, drawable
from lithostat.show.cycles_figure import capacity_figure, overpotential_figure
from lithostat.show.spectra_figure import drawn_spectra, spectra_figure


def cell_report(
    loaded: Specimen,
    analysis: Analysis,
    complete: Completeness,
    patterns: tuple[Section, ...] = (),
    scans: tuple[CellTomogram, ...] = (),
) -> Report:
    """The report of a cell as `analysis` judges it, with what its diffraction patterns and tomograms show."""
    call, drawn = analysis.outcome, _drawn(loaded, analysis)
    return Report(
        title=loaded.name,
        word=call.kind,
        answer=call.cause,
        tone=cast(Tone, TONES.get(call.group, "")),
        lead=_lead(loaded, analysis),
        numbers=_numbers(analysis, complete),
        sections=(
            Section("Why", text=_override(analysis), points=(*call.evidence, *_interval(analysis)), spoken=True),
            *_figures(loaded, drawn),
            Section("Findings", findings=analysis.findings),
            *patterns,
            *map(tomogram_section, scans),
            Section(f"What is known of this cell: {_known(complete)}", tables=(_completeness(complete),)),
            Section("Files", tables=(_files(loaded),)),
        ),
        warnings=analysis.warnings,
        data=analysis.as_json() | {"cell": loaded.name},
        source=loaded.folder.name or str(loaded.folder),
    )


def _figures(loaded: Specimen, drawn: Mapping[str, Callable[[], Figure]]) -> tuple[Section, ...]:
    """The sections with figures, for those that there are."""
    said = {
        "time": (
            "Over time",
            "Grey: no samples. Dashed red: a short that was called; dotted: a sign too weak to call.",
        ),
        "cycles": ("Over cycles", ""),
        "spectra": ("Impedance", _of_spectra(loaded)),
    }
    return tuple(
        Section(title, drawings=(Drawing(name, drawn[name], caption),))
        for name, (title, caption) in said.items()
        if name in drawn
    )


def _of_spectra(loaded: Specimen) -> str:
    spectra = loaded.spectra
    count, noise = len(drawn_spectra(spectra)), sum(spectrum.is_noise for spectrum in spectra)
    many = "one spectrum" if count == 1 else f"{count} spectra, dark first, light last"
    return many + (f"; {noise} more are noise and are not drawn." if noise else ".")


def _known(complete: Completeness) -> str:
    return f"{sum(item.present for item in complete.items)} of {len(complete.items)}"


def _completeness(complete: Completeness) -> Table:
    items = complete.items
    tones: tuple[Tone, ...] = tuple("" if item.present else "bad" for item in items)
    return Table(
        "",
        (
            Column("what to report", tuple(item.name for item in items)),
            Column("here", tuple(item.shown if item.present else "missing" for item in items), tones=tones),
            Column("why it matters", tuple(item.why for item in items)),
        ),
        open=True,
    )


def _files(loaded: Specimen) -> Table:
    """What was read, with its sum, and what was not, with the reason."""
    read = [{"format": "", "sha256": "", **file} for file in loaded.sources]
    rows: list[tuple[str, str, str, Tone]] = [(file["name"], file["format"], file["sha256"], "") for file in read]
    rows += [(name, "not read", why, "bad") for name, why in loaded.refused]
    names, formats, sums, tones = zip(*rows, strict=True) if rows else ((), (), (), ())
    columns = (Column("file", names), Column("read as", formats, tones=tones), Column("SHA-256", sums))
    return Table("", columns, open=True)


def _drawn(loaded: Specimen, analysis: Analysis) -> dict[str, Callable[[], Figure]]:
    record = analysis.trace.seen
    figures: dict[str, Callable[[], Figure]] = {}
    symmetric = analysis.kind == "symmetric"
    if len(record.table) > 1 and drawable(record):
        gaps = [(gap["start_second"], gap["end_second"]) for gap in record.provenance.get("gaps", [])]
        resistance = symmetric and len(analysis.half_cycles) > 0
        figures["time"] = partial(cell_figure, record, marks=marks_of(analysis), gaps=gaps, resistance=resistance)
    if symmetric and len(analysis.half_cycles) > 2:
        figures["cycles"] = partial(overpotential_figure, analysis.half_cycles)
    elif not symmetric and len(analysis.cycles) > 1:
        figures["cycles"] = partial(capacity_figure, analysis.cycles)
    if drawn_spectra(record.spectra):
        figures["spectra"] = partial(spectra_figure, record.spectra)
    return figures


def marks_of(analysis: Analysis) -> list[Mark]:
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


def _lead(loaded: Specimen, analysis: Analysis) -> str:
    start = loaded.record.start
    kind = "kind of cell not known" if analysis.kind == NOT_KNOWN else f"{analysis.kind} cell"
    parts = [kind, f"{len(loaded.record.table):,} samples from {len(loaded.files)} file(s)"]
    if start is not None:
        parts.append(f"since {start:%Y-%m-%d %H:%M}" + ("" if start.tzinfo else " (local time)"))
    return ", ".join(parts)


def _numbers(analysis: Analysis, complete: Completeness) -> tuple[Number, ...]:
    """Large numbers at the head, each with its label."""
    call, numbers = analysis.outcome, []
    if analysis.time_to_short is not None:
        what = "until the first electronic path, from the first current"
        numbers.append(Number(span(analysis.time_to_short), what))
    elif call.cycling_time is not None and call.group != "not known":
        numbers.append(Number(span(call.cycling_time), "under test without a short"))
    if call.pressure is not None:
        numbers.append(Number(show(call.pressure, "pressure"), "stack pressure"))
    if call.confidence is not None:
        numbers.append(Number(f"{100 * call.confidence:.3g} %", "confidence of the call"))
    numbers.append(Number(f"{100 * complete.score:.0f} %", "of what should be reported is known"))
    return tuple(numbers)


def _override(analysis: Analysis) -> tuple[str, ...]:
    said = analysis.note.override
    if said is None:
        return ()
    at = f" at {span(said.time_to_short)}" if said.time_to_short is not None else ""
    return (
        f"A person decided otherwise: {said.outcome}{at}, by {said.by}: {said.why} The call is left as it was made.",
    )


def _interval(analysis: Analysis) -> tuple[str, ...]:
    call = analysis.outcome
    if call.interval is None:
        return ()
    before, after = (value / 3600.0 for value in call.interval)
    shortest = "" if call.resolution is None else f"; events shorter than {span(call.resolution)} could not be seen"
    return (f"last sample without it at {before:.5g} h, first with it at {after:.5g} h of the record{shortest}",)
