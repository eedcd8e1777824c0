"""call_short(record, note) -> Outcome: how a measured cell ended, with the evidence, from its record alone."""

from __future__ import annotations

from dataclasses import dataclass

from lithostat.cycling.cleaning import unsigned_current
from lithostat.cycling.collapse import split_spectra
from lithostat.cycling.coverage import coverage_of
from lithostat.cycling.events import find_events
from lithostat.cycling.evidence import Evidence, Suspect, suspect_from
from lithostat.cycling.full_cell import full_cell_suspects
from lithostat.cycling.kind_of_cell import NOT_KNOWN
from lithostat.cycling.outcomes import SURE, before_current, not_shorted, outcome_of, shorted
from lithostat.cycling.resistance import blocks
from lithostat.cycling.trace import Trace, trace_of
from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.finding import Caution, Outcome
from lithostat.experiment.record import Record


@dataclass(frozen=True)
class Call:
    """The outcome of a trace, the stretches that looked like a short (in its rows), and all warnings on the way."""

    outcome: Outcome
    suspects: tuple[Suspect, ...]
    kind_of_cell: str
    warnings: tuple[Caution, ...]


def call_short(record: Record, note: CellNote | None = None) -> Call:
    """Call how the cell ended. Nothing is needed but the record; area, impedance and pressure make the call surer.

    See docs/shorts.md for every rule. The `cycling_time` of the outcome counts from the first current, to the first
    sample that shows the short; `interval` holds the last sample without and the first with it.
    """
    return call(trace_of(record, note))


def call(trace: Trace) -> Call:
    """Call how the cell of a trace ended; where its kind is not known, under each that is plausible."""
    if trace.kind != NOT_KNOWN:
        return _call(trace)
    each = [_call(trace.taken_as(kind)) for kind in trace.kind_found.plausible]
    least = min(each, key=lambda judged: judged.outcome.confidence or 0.0)
    suspects = tuple(suspect for judged in each for suspect in judged.suspects)
    warnings = tuple(dict.fromkeys(warning for judged in each for warning in judged.warnings))
    kinds = {judged.outcome.kind for judged in each}
    if len(kinds) == 1:
        return Call(least.outcome, least.suspects, NOT_KNOWN, warnings)
    said = [f"taken as {judged.kind_of_cell}: {judged.outcome.kind}" for judged in each]
    why = f"nobody says the kind of cell ({trace.kind_found.evidence}), and the answer depends on it"
    ask = Caution("kind-needed", f"{why}: {'; '.join(said)}; state 'kind' (symmetric, half or full)")
    shorted = [judged.outcome for judged in each if judged.outcome.shorted] or [least.outcome]
    evidence = [Evidence(text, 0.0) for text in (*said, *shorted[0].evidence)]
    outcome = outcome_of(trace, "unknown", shorted[0].time, why, evidence)
    return Call(outcome, suspects, NOT_KNOWN, (*warnings, ask))


def _call(trace: Trace) -> Call:
    """The call where the kind of cell is settled."""
    half, warnings = trace.half, list(trace.warnings)
    intact, collapsed = split_spectra(trace)
    unsigned = trace.symmetric and unsigned_current(trace.record, half)
    block = blocks(trace) if trace.symmetric and not unsigned else None
    suspects: list[Suspect] = []
    if unsigned:
        why = "the current has one sign while the voltage has both: its direction was lost, V/I means nothing"
        warnings.append(Caution("current-without-sign", why))
    elif block is not None:
        suspects = [suspect_from(trace, event) for event in find_events(block, trace.note, intact)]
    elif len(half.flowing):
        suspects = full_cell_suspects(trace)
    called = [suspect for suspect in suspects if suspect.sure >= SURE]
    before = before_current(trace, block, collapsed, called)
    if before is not None:
        outcome = before
    elif reason := coverage_of(trace).why_not():
        outcome = outcome_of(trace, "unknown", float(trace.time[-1]), "this is no cycling", [Evidence(reason, 0.0)])
    elif called:
        outcome = shorted(trace, called)
    elif unsigned:
        evidence = [Evidence("the direction of the current was lost", 0.0)]
        why = "a record without the current's direction cannot say"
        outcome = outcome_of(trace, "unknown", float(trace.time[-1]), why, evidence)
    else:
        outcome = not_shorted(trace, block, suspects, intact, collapsed)
    return Call(outcome, tuple(suspects), trace.kind, tuple(warnings))
