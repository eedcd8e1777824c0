"""call_short(record, note) -> Outcome: how a measured cell ended, with the evidence, from its record alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lithostat.cycling.events import MARGIN, RUN, find_events
from lithostat.cycling.evidence import Evidence, Suspect, confidence, suspect_from
from lithostat.cycling.floor import COLLAPSE, ionic_resistance, pellet_floor
from lithostat.cycling.full_cell import full_cell_suspects
from lithostat.cycling.resistance import Blocks, blocks, pressures
from lithostat.cycling.steps import HalfCycles, half_cycles
from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.finding import Outcome
from lithostat.experiment.record import Record
from lithostat.experiment.spectrum import Spectrum

SURE = 0.9  # confidence from which a short is called; down to its complement the answer is 'unknown'
LOST = 5.0  # rise of the resistance that counts as contact lost
SOFT_SAMPLES = 10  # samples within which a short that hardens counts as hard at once
LEAST_ARC = 3e-5  # ohm m2; the interfaces of lithium that are known have ten times as much
ENDED = {"stopped": "it was stopped", "leak": "the cell leaked", "rig": "the rig failed", "running": "it is running"}
LARGE = 3e-4  # m2; area of a laboratory pellet, where nobody stated one
FAST = 1e5  # Hz; cables and inductance shape the impedance above


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
    half = half_cycles(record)
    warnings: list[str] = []
    kind = note.kind or guess_kind(record, half, warnings)
    intact, collapsed = _split_spectra(record, note)
    block = blocks(record, half) if kind == "symmetric" else None
    suspects: list[Suspect] = []
    if block is not None:
        events = find_events(half, block, note, intact)
        suspects = [suspect_from(record, half, event, record.spectra) for event in events]
    elif len(half.flowing):
        suspects = full_cell_suspects(record, half, note)
    called = [suspect for suspect in suspects if suspect.sure >= SURE]
    before = _before_current(record, half, block, collapsed, called)
    if before is not None:
        outcome = before
    elif called:
        outcome = _shorted(record, half, called, note)
    else:
        outcome = _not_shorted(record, half, block, suspects, intact, collapsed, note)
    return Call(outcome, tuple(suspects), kind, tuple(warnings))


def guess_kind(record: Record, half: HalfCycles, warnings: list[str]) -> str:
    """'symmetric' if the voltage follows the sign of the current and stays small, else 'full'; says that it guessed."""
    flowing = half.flowing[:200]
    if not len(flowing):
        return "symmetric"
    voltage = record.column("voltage_volt")
    means = np.array([np.median(voltage[half.first[i] : half.last[i] + 1]) for i in flowing])
    both = len(set(half.direction[flowing].tolist())) == 2
    turns = np.median(means * half.direction[flowing]) > 0.0
    kind = "symmetric" if turns and np.median(np.abs(means)) < (0.5 if both else 0.2) else "full"
    warnings.append(f"the note does not say the kind of cell; from its voltage it is taken as {kind}")
    return kind


def _split_spectra(record: Record, note: CellNote) -> tuple[list[Spectrum], list[tuple[Spectrum, Evidence]]]:
    """(spectra of the intact cell, spectra that show an electronic path and why), in the order of time."""
    intact: list[Spectrum] = []
    collapsed: list[tuple[Spectrum, Evidence]] = []
    for spectrum in sorted(record.spectra, key=lambda one: -math.inf if one.time is None else one.time):
        evidence = _collapse(spectrum, intact, note)
        if evidence is None:
            intact.append(spectrum)
        else:
            collapsed.append((spectrum, evidence))
    return intact, collapsed


def _collapse(spectrum: Spectrum, before: Sequence[Spectrum], note: CellNote) -> Evidence | None:
    """Why this spectrum cannot be that of an intact cell; None if it can."""
    total = spectrum.total_resistance
    flat = _like_a_resistor(spectrum, note.electrode_area)
    if flat is not None:
        return flat
    for earlier in before:
        floor = ionic_resistance(earlier)
        if earlier.pressure and spectrum.pressure and spectrum.pressure > earlier.pressure:
            floor *= earlier.pressure / spectrum.pressure  # contact gains at most in proportion to pressure
        if total < COLLAPSE * floor:
            return Evidence(
                f"impedance fell to {total:.3g} ohm from an ionic resistance of {ionic_resistance(earlier):.3g} ohm",
                4.0,
            )
    name, least = pellet_floor(note, np.array([spectrum.temperature or note.temperature or np.nan]))
    if name and total < (1.0 - MARGIN) * least[0]:
        return Evidence(f"an impedance of {total:.3g} ohm is less than that of {name}", 4.0)
    if note.ionic_resistance is not None and total < COLLAPSE * note.ionic_resistance:
        return Evidence(
            f"an impedance of {total:.3g} ohm, where the stated ionic resistance is {note.ionic_resistance:.3g} ohm",
            4.0,
        )
    return None


def _like_a_resistor(spectrum: Spectrum, area: float | None) -> Evidence | None:
    """Lithium on a solid electrolyte shows at least the arc of its interfaces; a metal path shows none."""
    slow = spectrum.frequency < FAST
    f, z = spectrum.frequency[slow], spectrum.impedance[slow]
    if len(f) < 10 or f.max() / f.min() < 1e3:
        return None
    arc = max(2.0 * float(np.max(np.abs(z.imag))), float(np.ptp(z.real)))
    if arc * (area or LARGE) > LEAST_ARC:
        return None
    return Evidence(
        f"the impedance is that of a resistor of {spectrum.total_resistance:.3g} ohm: between {f.min():.2g} and "
        f"{f.max():.2g} Hz it changes by less than {1e3 * arc:.3g} mohm, less than any interface of lithium",
        3.5,
    )


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


def _shorted(record: Record, half: HalfCycles, called: Sequence[Suspect], note: CellNote) -> Outcome:
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
        if math.isnan(lasting[0].electrons):
            kind, cause = (
                "hard short" if lasting[0].sure > 0.99 else "soft short",
                "an electronic path formed and stayed",
            )
    elif _soft_first(record, first, hardened[0]) or first is not lasting[0]:
        kind, cause = "soft then hard short", "an electronic path formed softly and hardened"
        evidence.append(Evidence(f"it was hard from {time[hardened[0]] / 3600.0:.4g} h on", 0.0))
    else:
        kind, cause = "hard short", "an electronic path formed at once"
    before = 0.0 if first.before is None else float(time[first.before])
    at = float(time[first.row])
    return _outcome(record, half, kind, at, cause, evidence, interval=(before, at))


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
    return _outcome(record, half, "censored", end, cause, _signs_of_life(block, intact, note), against=True)


def _signs_of_life(block: Blocks | None, intact: Sequence[Spectrum], note: CellNote) -> list[Evidence]:
    if block is None or not len(block):
        return [Evidence("the voltage shows no sign of an electronic path", -3.0)]
    least = float(np.min(block.resistance))
    found = [Evidence(f"V/I never fell below what the cell had shown before (least {least:.3g} ohm)", -4.0)]
    name, _ = pellet_floor(note, np.array([np.nan]))
    if not (intact or name or note.ionic_resistance):
        found.append(
            Evidence(
                "nothing says what an intact cell shows (no impedance, no thickness and area): a short before the "
                "first current cannot be excluded",
                2.0,
            )
        )
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
    time = record.column("test_time_second")
    if len(time) < 2 or not len(half.flowing):
        return None
    widths = np.diff(time)
    widths = widths[widths > 0.0]
    return float(RUN * np.median(widths[:: max(1, len(widths) // 100_000)])) if len(widths) else None
