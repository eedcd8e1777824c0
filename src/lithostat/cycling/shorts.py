"""call_short(record, note) -> Outcome: how a measured cell ended, with the evidence, from its record alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from lithostat.cycling.events import MARGIN, RUN, find_events
from lithostat.cycling.evidence import Evidence, Suspect, confidence, suspect_from
from lithostat.cycling.floor import COLLAPSE, ionic_resistance, pellet_floor
from lithostat.cycling.full_cell import full_cell_suspects, stated_capacity
from lithostat.cycling.resistance import Blocks, blocks, pressures
from lithostat.cycling.steps import HalfCycles, half_cycles, usual_interval
from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.finding import Outcome
from lithostat.experiment.quantity import span
from lithostat.experiment.record import Record
from lithostat.experiment.spectrum import Spectrum

SURE = 0.9  # confidence from which a short is called; down to its complement the answer is 'unknown'
LOST = 5.0  # rise of the resistance that counts as contact lost
SOFT_SAMPLES = 10  # samples within which a short that hardens counts as hard at once
LEAST_ARC = 3e-5  # ohm m2; the interfaces of lithium that are known have ten times as much
ENDED = {"stopped": "it was stopped", "leak": "the cell leaked", "rig": "the rig failed", "running": "it is running"}
LARGE = 3e-4  # m2; area of a laboratory pellet, where nobody stated one
FULL = 0.5  # V; symmetric cells begin below
TINY = 0.1  # V; no cell with a cathode cycles below
LEAST_CYCLING = 60.0  # s of current; less is a pulse
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
    warnings: list[str] = []
    record, kept = _usable(record, warnings)
    half = half_cycles(record)
    kind = note.kind or guess_kind(record, half, warnings)
    if kind == "symmetric":
        record = _same_sign(record, half, warnings)
    intact, collapsed = _split_spectra(record, note)
    unsigned = kind == "symmetric" and _unsigned(record, half)
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
    elif reason := _unjudged(half):
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
    return Call(outcome, tuple(_in_rows_of(suspect, kept) for suspect in suspects), kind, tuple(warnings))


def _usable(record: Record, warnings: list[str]) -> tuple[Record, np.ndarray | None]:
    """(the rows that have time, voltage and current, in the order of time; their numbers, None where those are all)."""
    time = record.column("test_time_second")
    known = np.isfinite(time)
    for name in ("voltage_volt", "current_ampere"):
        known &= np.isfinite(record.column(name))
    kept = time if known.all() else time[known]
    ordered = bool(np.all(kept[1:] >= kept[:-1]))
    if known.all() and ordered:
        return record, None
    rows = np.flatnonzero(known)
    if not known.all():
        warnings.append(f"{len(known) - len(rows)} row(s) without time, voltage or current were left out")
    if not ordered:
        warnings.append("the rows were not in the order of time and were sorted")
        rows = rows[np.argsort(time[rows], kind="stable")]
    return replace(record, table=record.table[rows]), rows


def _in_rows_of(suspect: Suspect, kept: np.ndarray | None) -> Suspect:
    """The suspect with row numbers of the record as it came."""
    if kept is None:
        return suspect

    def came(row: int | None) -> int | None:
        return None if row is None else int(kept[row])

    return replace(
        suspect,
        row=int(kept[suspect.row]),
        before=came(suspect.before),
        end=came(suspect.end),
        hardened=came(suspect.hardened),
        surely=came(suspect.surely),
    )


def _same_sign(record: Record, half: HalfCycles, warnings: list[str]) -> Record:
    """The record with a voltage that has the sign of the current, as that of a symmetric cell must."""
    if not _against(record, half):
        return record
    warnings.append("voltage and current have opposite signs; the voltage was turned round")
    return replace(record, table=record.table.with_columns(-pl.col("voltage_volt")))


def _against(record: Record, half: HalfCycles) -> bool:
    """True if the voltage of nearly all half-cycles has the sign that the current has not."""
    means, direction = _half_voltages(record, half)
    turned = -np.sign(means) * direction
    both = len(set(direction.tolist())) == 2
    return bool(both and len(means) and np.mean(turned) > 0.8)


def _half_voltages(record: Record, half: HalfCycles) -> tuple[np.ndarray, np.ndarray]:
    """(median voltage [V], direction) of the first half-cycles that carry current."""
    flowing = half.flowing[:20]
    voltage = record.column("voltage_volt")
    return np.array([np.median(voltage[half.first[i] : half.last[i] + 1]) for i in flowing]), half.direction[flowing]


def _unsigned(record: Record, half: HalfCycles) -> bool:
    """True if the current has one direction throughout but the voltage is as often on the one side as on the other."""
    if len(set(half.direction[half.flowing].tolist())) != 1:
        return False
    flows = np.abs(half.direction[np.repeat(np.arange(len(half)), half.last - half.first + 1)]) == 1
    voltage = record.column("voltage_volt")[flows]
    clear = voltage[np.abs(voltage) > 0.3 * np.quantile(np.abs(voltage), 0.9)]
    turns = np.mean(np.sign(clear[1:]) != np.sign(clear[:-1])) if len(clear) > 1 else 1.0
    return bool(turns < 0.2 and min(np.mean(clear > 0.0), np.mean(clear < 0.0)) > 0.1)  # noise turns at each second


def guess_kind(record: Record, half: HalfCycles, warnings: list[str]) -> str:
    """'symmetric' if the voltage turns with the current and begins small, else 'full'; says that it guessed."""
    means, direction = _half_voltages(record, half)
    if not len(means):
        return "symmetric"
    both = len(set(direction.tolist())) == 2
    turns = np.abs(np.mean(np.sign(means) * direction)) > 0.8 and (both or means[0] * direction[0] > 0.0)
    small = np.median(np.abs(means)) < (FULL if both else 0.2) and abs(means[0]) < FULL
    tiny = np.max(np.abs(means)) < TINY  # an offset may outweigh what a shorted cell shows
    kind = "symmetric" if (turns and small) or tiny else "full"
    warnings.append(f"the note does not say the kind of cell; from its voltage it is taken as {kind}")
    return kind


def _unjudged(half: HalfCycles) -> str:
    """Why a record with current is no cycling that could be judged; '' if it is."""
    flowing = half.flowing
    samples = (half.last - half.first + 1)[flowing]
    if len(samples) and float(np.max(samples)) <= 2.0:
        return "the current is not held between samples, as in a sweep of the voltage"
    lasted = float((half.end - half.start)[flowing].sum())
    if len(samples) and lasted < LEAST_CYCLING:
        return f"current flows for {span(lasted)} in all, too short to judge"
    return ""


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
    if arc * (area or LARGE) > LEAST_ARC or arc > 0.05 * abs(spectrum.total_resistance):
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
