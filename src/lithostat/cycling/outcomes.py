"""How a judged trace ended, in words and numbers: what `call` found made into an `Outcome`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lithostat.cycling.coverage import coverage_of
from lithostat.cycling.events import RUN
from lithostat.cycling.evidence import Evidence, Suspect, confidence
from lithostat.cycling.full_cell import stated_capacity
from lithostat.cycling.lower_bound import pellet_bound
from lithostat.cycling.resistance import Blocks
from lithostat.cycling.trace import Trace
from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.finding import Outcome
from lithostat.experiment.spectrum import Spectrum

SURE = 0.9  # confidence from which a short is called; down to its complement the answer is 'unknown'
LOST = 5.0  # rise of the resistance that counts as contact lost
SOFT_SAMPLES = 10  # samples within which a short that hardens counts as hard at once
ENDED = {"stopped": "it was stopped", "leak": "the cell leaked", "rig": "the rig failed", "running": "it is running"}


def before_current(
    trace: Trace,
    block: Blocks | None,
    collapsed: Sequence[tuple[Spectrum, Evidence]],
    called: Sequence[Suspect],
) -> Outcome | None:
    """A path that was there before the first current: in the impedance, or in the very first samples that carry any."""
    half = trace.half
    begins = float(half.start[half.flowing[0]]) if len(half.flowing) else math.inf
    early = [(spectrum, why) for spectrum, why in collapsed if (spectrum.time or 0.0) <= begins]
    from_start = bool(called) and called[0].from_start and called[0].end is None
    if not early and not from_start:
        return None
    evidence = [why for _, why in early] + (list(called[0].evidence) if from_start else [])
    if early and called and not from_start:
        return None  # the voltage says that the cell was whole when current began; the spectrum is contradicted
    at = min([spectrum.time or 0.0 for spectrum, _ in early] + ([begins] if from_start else []))
    cause = "an electronic path was there before current flowed: pressure alone, or a fault of assembly"
    interval = (min(_begin(trace), at), at)
    return outcome_of(trace, "short before current", at, cause, evidence, interval=interval, cycling_time=0.0)


def _begin(trace: Trace) -> float:
    """Time of the first row [s], 0 without any."""
    return float(trace.time[0]) if len(trace.time) else 0.0


def shorted(trace: Trace, called: Sequence[Suspect]) -> Outcome:
    """A short that came under current: hard, soft, soft then hard, or recovered."""
    time, first = trace.time, called[0]
    hardened = [suspect.hardened for suspect in called if suspect.hardened is not None and suspect.end is None]
    lasting = [suspect for suspect in called if suspect.end is None]
    evidence = list(first.evidence)
    if not lasting:
        kind, cause = "soft short, recovered", f"{len(called)} electronic path(s) formed and went away"
    elif not hardened:
        kind, cause = "soft short", "an electronic path formed beside the ionic one and stayed"
    elif hardened[0] - first.row > SOFT_SAMPLES or first is not lasting[0]:
        kind, cause = "soft then hard short", "an electronic path formed softly and hardened"
        evidence.append(Evidence(f"it was hard from {time[hardened[0]] / 3600.0:.4g} h on", 0.0))
    else:
        kind, cause = "hard short", "an electronic path formed at once"
    before = _begin(trace) if first.before is None else float(time[first.before])
    at = float(time[first.row])
    until = at if first.surely is None else max(at, float(time[first.surely]))
    return outcome_of(trace, kind, at, cause, evidence, interval=(before, until))


def not_shorted(
    trace: Trace,
    block: Blocks | None,
    suspects: Sequence[Suspect],
    intact: Sequence[Spectrum],
    collapsed: Sequence[tuple[Spectrum, Evidence]],
) -> Outcome:
    """Contact loss, a record that ends without a short, or one that cannot say."""
    time, half, spectra = trace.time, trace.half, trace.record.spectra
    end = float(time[-1]) if len(time) else max((s.time or 0.0 for s in spectra), default=0.0)
    if collapsed and not len(half.flowing):
        return _collapsed(trace, *collapsed[0])
    if not len(half.flowing):
        why = Evidence("no current flows in this record", 0.0)
        return outcome_of(trace, "unknown", end, "a record without current cannot say", [why])
    doubtful = [suspect for suspect in suspects if suspect.sure > 1.0 - SURE]
    if doubtful:
        at, why_not = float(time[doubtful[0].row]), "there are signs of a short, too weak to call"
        return outcome_of(trace, "unknown", at, why_not, doubtful[0].evidence)
    lost = _contact_lost(block) if block is not None else None
    if block is not None and lost is not None:
        at = float(block.start[lost])
        usual = float(np.median(block.resistance[: max(1, lost)]))
        rise = f"V/I rose to {np.max(block.resistance[lost:]):.3g} ohm, from {usual:.3g} ohm, and did not come back"
        cause = "the resistance rose: voids or too little pressure"
        return outcome_of(trace, "contact lost", at, cause, [Evidence(rise, 3.0)])
    cause = f"no short until the record ends; {ENDED.get(trace.note.ended or '', 'nobody said why it ends')}"
    discharged = bool(np.any(np.diff(half.direction[half.flowing].astype(int)) == -2))
    alive = [*_signs_of_life(block, intact, trace.note, discharged), *coverage_of(trace).doubts()]
    return _as_far_as_judged(trace, outcome_of(trace, "censored", end, cause, alive, against=True))


def _as_far_as_judged(trace: Trace, outcome: Outcome) -> Outcome:
    """The outcome with even odds for the share of the record in which nobody knows what flowed."""
    share = coverage_of(trace).share
    if outcome.confidence is None or not len(trace.holes):
        return outcome
    return replace(outcome, confidence=round(share * outcome.confidence + (1.0 - share) * 0.5, 3))


def _collapsed(trace: Trace, spectrum: Spectrum, why: Evidence) -> Outcome:
    """A path that a spectrum shows in a record without current."""
    at = spectrum.time or 0.0
    earlier = [s.time or 0.0 for s in trace.record.spectra if (s.time or 0.0) < at]
    interval = (max(earlier, default=min(_begin(trace), at)), at)
    cause = "an electronic path formed without current"
    return outcome_of(trace, "short before current", at, cause, [why], interval=interval, cycling_time=0.0)


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
    name, _ = pellet_bound(note, np.array([np.nan]))
    if not (name or note.ionic_resistance):
        measured = "" if intact else "no impedance was measured, and "
        text = (
            f"{measured}neither an ionic resistance nor thickness and area were stated: a short before the first "
            "current cannot be excluded"
        )
        found.append(Evidence(text, 1.0 if intact else 1.25))
    return found


def _contact_lost(block: Blocks) -> int | None:
    """First block of the last stretch in which the resistance is `LOST` times what it was, to the end; None if none."""
    if len(block) < 8:
        return None
    usual = max(float(np.median(block.resistance[: max(4, len(block) // 4)])), 0.0)
    high = (block.resistance > LOST * usual) & (block.resistance - usual > 10.0 * block.noise_of(slice(None)))
    if not high[-1]:
        return None
    low = np.flatnonzero(~high)
    return int(low[-1]) + 1 if len(low) else 0


def outcome_of(
    trace: Trace,
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
    half = trace.half
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
        pressure=_pressure_at(trace, at),
        cause=cause,
        evidence=tuple(entry.text for entry in evidence),
        interval=interval,
        confidence=round(1.0 - sure if against else sure, 3),
        resolution=_resolution(trace),
    )


def _pressure_at(trace: Trace, at: float) -> float | None:
    pressure = trace.pressure
    if pressure is None:
        return None
    row = min(int(np.searchsorted(trace.time, at)), len(pressure) - 1)
    near = pressure[max(0, row - 5) : row + 1]
    near = near[np.isfinite(near)]
    return float(np.median(near)) if len(near) else None


def _resolution(trace: Trace) -> float | None:
    """The shortest event that could be seen [s]: `RUN` samples at the usual interval under current."""
    interval = trace.interval if len(trace.half.flowing) else 0.0
    return RUN * interval if interval > 0.0 else None
