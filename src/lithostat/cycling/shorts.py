"""call_short(record, note) -> Outcome: how a measured cell ended, with the evidence, from its record alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lithostat.cycling.collapse import split_spectra
from lithostat.cycling.events import RUN, find_events
from lithostat.cycling.evidence import Evidence, Suspect, confidence, suspect_from
from lithostat.cycling.floor import pellet_floor
from lithostat.cycling.full_cell import full_cell_suspects, stated_capacity
from lithostat.cycling.judged import guess_kind, in_rows_of, same_sign, unjudged, unsigned_current, usable
from lithostat.cycling.resistance import Blocks, blocks, pressures
from lithostat.cycling.steps import HalfCycles, half_cycles, usual_interval
from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.finding import Outcome
from lithostat.experiment.record import Record
from lithostat.experiment.spectrum import Spectrum

SURE = 0.9  # confidence from which a short is called; down to its complement the answer is 'unknown'
LOST = 5.0  # rise of the resistance that counts as contact lost
SOFT_SAMPLES = 10  # samples within which a short that hardens counts as hard at once
ENDED = {"stopped": "it was stopped", "leak": "the cell leaked", "rig": "the rig failed", "running": "it is running"}


@dataclass(frozen=True)
class Call:
    """The outcome of a record, the stretches that looked like a short, and what the call is not sure about."""

    outcome: Outcome
    suspects: tuple[Suspect, ...]
    kind_of_cell: str
    warnings: tuple[str, ...]


def call_short(record: Record, note: CellNote | None = None) -> Call:
    """Call how the cell ended. Nothing is needed but the record; area, impedance and pressure make the call surer.

    See docs/shorts.md for every rule. The `cycling_time` of the outcome counts from the first current, to the first
    sample that shows the short; `interval` holds the last sample without and the first with it.
    """
    note = note or CellNote()
    warnings: list[str] = []
    record, kept = usable(record, warnings)
    half = half_cycles(record)
    kind = note.kind or guess_kind(record, half, warnings)
    if kind == "symmetric":
        record = same_sign(record, half, warnings)
    intact, collapsed = split_spectra(record, note)
    unsigned = kind == "symmetric" and unsigned_current(record, half)
    block = blocks(record, half) if kind == "symmetric" and not unsigned else None
    suspects: list[Suspect] = []
    if unsigned:
        warnings.append(
            "the current has one sign while the voltage has both: its direction was lost, V/I means nothing"
        )
    elif block is not None:
        events = find_events(half, block, note, intact)
        suspects = [suspect_from(record, half, event, record.spectra) for event in events]
    elif len(half.flowing):
        suspects = full_cell_suspects(record, half, note)
    called = [suspect for suspect in suspects if suspect.sure >= SURE]
    before = _before_current(record, half, block, collapsed, called)
    if before is not None:
        outcome = before
    elif reason := unjudged(half):
        end = float(record.column("test_time_second")[-1])
        outcome = _outcome(record, half, "unknown", end, "this is no cycling", [Evidence(reason, 0.0)])
    elif called:
        outcome = _shorted(record, half, called)
    elif unsigned:
        why = Evidence("the direction of the current was lost", 0.0)
        end = float(record.column("test_time_second")[-1])
        outcome = _outcome(record, half, "unknown", end, "a record without the current's direction cannot say", [why])
    else:
        outcome = _not_shorted(record, half, block, suspects, intact, collapsed, note)
    return Call(outcome, tuple(in_rows_of(suspect, kept) for suspect in suspects), kind, tuple(warnings))


def _before_current(
    record: Record,
    half: HalfCycles,
    block: Blocks | None,
    collapsed: Sequence[tuple[Spectrum, Evidence]],
    called: Sequence[Suspect],
) -> Outcome | None:
    """A path that was there before the first current: in the impedance, or in the very first samples that carry any."""
    begins = float(half.start[half.flowing[0]]) if len(half.flowing) else math.inf
    early = [(spectrum, why) for spectrum, why in collapsed if (spectrum.time or 0.0) <= begins]
    from_start = bool(called) and called[0].from_start and called[0].end is None
    if not early and not from_start:
        return None
    evidence = [why for _, why in early] + (list(called[0].evidence) if from_start else [])
    if early and called and not from_start:
        return None  # the voltage says that the cell was whole when current began; the spectrum is contradicted
    at = min([spectrum.time or 0.0 for spectrum, _ in early] + ([begins] if from_start else []))
    return _outcome(
        record,
        half,
        "short before current",
        at,
        "an electronic path was there before current flowed: pressure alone, or a fault of assembly",
        evidence,
        interval=(0.0, at),
        cycling_time=0.0,
    )


def _shorted(record: Record, half: HalfCycles, called: Sequence[Suspect]) -> Outcome:
    """A short that came under current: hard, soft, soft then hard, or recovered."""
    time = record.column("test_time_second")
    first = called[0]
    hardened = [suspect.hardened for suspect in called if suspect.hardened is not None and suspect.end is None]
    lasting = [suspect for suspect in called if suspect.end is None]
    evidence = list(first.evidence)
    if not lasting:
        kind, cause = "soft short, recovered", f"{len(called)} electronic path(s) formed and went away"
    elif not hardened:
        kind, cause = "soft short", "an electronic path formed beside the ionic one and stayed"
    elif _soft_first(record, first, hardened[0]) or first is not lasting[0]:
        kind, cause = "soft then hard short", "an electronic path formed softly and hardened"
        evidence.append(Evidence(f"it was hard from {time[hardened[0]] / 3600.0:.4g} h on", 0.0))
    else:
        kind, cause = "hard short", "an electronic path formed at once"
    before = 0.0 if first.before is None else float(time[first.before])
    at = float(time[first.row])
    until = at if first.surely is None else max(at, float(time[first.surely]))
    return _outcome(record, half, kind, at, cause, evidence, interval=(before, until))


def _soft_first(record: Record, suspect: Suspect, hardened: int) -> bool:
    """True if the path needed more than a few samples to become hard."""
    return hardened - suspect.row > SOFT_SAMPLES


def _not_shorted(
    record: Record,
    half: HalfCycles,
    block: Blocks | None,
    suspects: Sequence[Suspect],
    intact: Sequence[Spectrum],
    collapsed: Sequence[tuple[Spectrum, Evidence]],
    note: CellNote,
) -> Outcome:
    """Contact loss, a record that ends without a short, or one that cannot say."""
    time = record.column("test_time_second")
    end = float(time[-1]) if len(time) else max((s.time or 0.0 for s in record.spectra), default=0.0)
    if collapsed and not len(half.flowing):
        spectrum, why = collapsed[0]
        earlier = [s.time or 0.0 for s in record.spectra if (s.time or 0.0) < (spectrum.time or 0.0)]
        at = spectrum.time or 0.0
        interval = (max(earlier, default=0.0), at)
        cause = "an electronic path formed without current"
        return _outcome(record, half, "short before current", at, cause, [why], interval=interval, cycling_time=0.0)
    if not len(half.flowing):
        why = Evidence("no current flows in this record", 0.0)
        return _outcome(record, half, "unknown", end, "a record without current cannot say", [why])
    doubtful = [suspect for suspect in suspects if suspect.sure > 1.0 - SURE]
    if doubtful:
        at = float(time[doubtful[0].row])
        return _outcome(
            record, half, "unknown", at, "there are signs of a short, too weak to call", doubtful[0].evidence
        )
    lost = _contact_lost(block) if block is not None else None
    if block is not None and lost is not None:
        at = float(block.start[lost])
        usual = float(np.median(block.resistance[: max(1, lost)]))
        rise = f"V/I rose to {np.max(block.resistance[lost:]):.3g} ohm, from {usual:.3g} ohm, and did not come back"
        return _outcome(
            record, half, "contact lost", at, "the resistance rose: voids or too little pressure", [Evidence(rise, 3.0)]
        )
    cause = f"no short until the record ends; {ENDED.get(note.ended or '', 'nobody said why it ends')}"
    discharged = bool(np.any(np.diff(half.direction[half.flowing].astype(int)) == -2))
    return _outcome(record, half, "censored", end, cause, _signs_of_life(block, intact, note, discharged), against=True)


def _signs_of_life(
    block: Blocks | None, intact: Sequence[Spectrum], note: CellNote, discharged: bool
) -> list[Evidence]:
    if block is None or not len(block):
        found = [Evidence("the voltage shows no sign of an electronic path", -3.0)]
        if stated_capacity(note) is None and not discharged:
            text = "no capacity was stated and no discharge followed a charge: a charge without end cannot be told"
            found.append(Evidence(text, 1.5))
        return found
    least = float(np.min(block.resistance))
    text = f"V/I fell below its own past no further than weather, noise and glitches explain (least {least:.3g} ohm)"
    found = [Evidence(text, -4.0)]
    name, _ = pellet_floor(note, np.array([np.nan]))
    if not (name or note.ionic_resistance):
        measured = "" if intact else "no impedance was measured, and "
        text = (
            f"{measured}neither an ionic resistance nor thickness and area were stated: a short before the first "
            "current cannot be excluded"
        )
        found.append(Evidence(text, 1.0 if intact else 2.0))
    return found


def _contact_lost(block: Blocks) -> int | None:
    """First block of the last stretch in which the resistance is `LOST` times what it was, to the end; None if none."""
    if len(block) < 8:
        return None
    usual = max(float(np.median(block.resistance[: max(4, len(block) // 4)])), 0.0)
    high = (block.resistance > LOST * usual) & (block.resistance - usual > 10.0 * block.block_noise())
    if not high[-1]:
        return None
    low = np.flatnonzero(~high)
    return int(low[-1]) + 1 if len(low) else 0


def _outcome(
    record: Record,
    half: HalfCycles,
    kind: str,
    at: float,
    cause: str,
    evidence: Sequence[Evidence],
    *,
    interval: tuple[float, float] | None = None,
    cycling_time: float | None = None,
    against: bool = False,
) -> Outcome:
    """Everything that an outcome says of its moment."""
    begins = float(half.start[half.flowing[0]]) if len(half.flowing) else None
    if cycling_time is None and begins is not None:
        cycling_time = max(at - begins, 0.0)
    sure = confidence(evidence)
    return Outcome(
        kind=kind,
        time=at,
        cycling_time=cycling_time,
        charge=None,
        charge_both=None,
        pressure=_pressure_at(record, at),
        cause=cause,
        evidence=tuple(entry.text for entry in evidence),
        interval=interval,
        confidence=round(1.0 - sure if against else sure, 3),
        resolution=_resolution(record, half),
    )


def _pressure_at(record: Record, at: float) -> float | None:
    pressure = pressures(record)
    if pressure is None:
        return None
    row = min(int(np.searchsorted(record.column("test_time_second"), at)), len(pressure) - 1)
    near = pressure[max(0, row - 5) : row + 1]
    near = near[np.isfinite(near)]
    return float(np.median(near)) if len(near) else None


def _resolution(record: Record, half: HalfCycles) -> float | None:
    """The shortest event that could be seen [s]: `RUN` samples at the usual interval under current."""
    interval = usual_interval(record) if len(half.flowing) else 0.0
    return RUN * interval if interval > 0.0 else None
