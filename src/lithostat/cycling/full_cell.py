"""Signs of a short in a half or full cell, whose voltage is not its resistance alone."""

from __future__ import annotations

import numpy as np

from lithostat.cycling.evidence import Evidence, Suspect, pressure_evidence
from lithostat.cycling.steps import HalfCycles
from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.record import Record

FALL = 0.02  # V; smaller falls of a charging voltage are everyday
NUCLEATION = 0.05  # share of a half-cycle in which the voltage may come down from its first peak
OVERSHOOT = 0.3  # V that such a peak may have
BEYOND = 1.2  # times the capacity that a charge may take before it counts as endless
DEAD = 0.3  # V at rest below which a cell that stood above 1 V has an electronic path
CHARGED = 600.0  # s of current before a cell can be said to have had a voltage of its own
REPEATED = 3  # half-cycles that make a capacity
_BLOCKS = 64


def full_cell_suspects(record: Record, half: HalfCycles, note: CellNote) -> list[Suspect]:
    """Every stretch that looks like an electronic path, in the order of time."""
    suspects = [*_falls(record, half, note), *_endless(record, half, note), *_dead_at_rest(record, half)]
    merged: list[Suspect] = []
    for suspect in sorted(suspects, key=lambda one: one.row):
        if merged and (merged[-1].end is None or suspect.row <= merged[-1].end):
            merged[-1] = merged[-1].joined(suspect)
        else:
            merged.append(suspect)
    return [suspect.with_evidence(pressure_evidence(record, half, suspect.row)) for suspect in merged]


def capacity_reference(half: HalfCycles, note: CellNote, index: int) -> tuple[float | None, str]:
    """(capacity [C], where it comes from) for the half-cycle `index`; None where nothing says what the cell holds.

    The stated active mass and specific capacity; else the largest of the half-cycles before, if at least three of them
    took half of it or more (a pulse test or an interrupted charge says nothing of the capacity).
    """
    if note.active_mass is not None and note.specific_capacity is not None:
        return note.active_mass * note.specific_capacity, "the stated active mass and specific capacity"
    before = np.abs(half.charge[:index][np.abs(half.direction[:index]) == 1])
    if not len(before) or (before >= 0.5 * before.max()).sum() < REPEATED:
        return None, ""
    return float(before.max()), "the largest half-cycle before"


def _falls(record: Record, half: HalfCycles, note: CellNote) -> list[Suspect]:
    """Charges at constant current in which the voltage falls, though it should only rise."""
    voltage, suspects = record.column("voltage_volt"), []
    current = np.abs(record.column("current_ampere"))
    for index in np.flatnonzero(half.direction == 1):
        first, last = int(half.first[index]), int(half.last[index])
        if last - first < 12:
            continue
        part, level = voltage[first : last + 1], current[first : last + 1]
        constant = np.abs(level - np.median(level)) < 0.05 * np.median(level)
        part = np.where(constant & np.isfinite(part), part, np.nan)
        size = max(3, len(part) // _BLOCKS)
        rows = np.arange(0, len(part) - size + 1, size)
        means = np.nanmedian(part[: len(rows) * size].reshape(len(rows), size), axis=1) if len(rows) else part[:0]
        noise = 1.4826 * np.nanmedian(np.abs(np.diff(part))) / np.sqrt(2.0)
        suspect = _first_fall(part, means, size, float(noise), first, last)
        if suspect is not None:
            suspects.append(_judged(suspect, record, half, note, int(index)))
    return suspects


def _first_fall(
    part: np.ndarray, means: np.ndarray, size: int, noise: float, first: int, last: int
) -> tuple[int, int, int | None, float, float] | None:
    """(row, row before, end, fall, noise ratio) of the first fall in a charge, None if there is none."""
    if len(means) < 3 or not np.isfinite(means).any():
        return None
    highest = np.fmax.accumulate(means)
    fall = np.concatenate([[0.0], highest[:-1] - means[1:]])
    early = np.arange(len(means)) < max(1, NUCLEATION * len(means))
    peak_early = np.argmax(np.where(np.isfinite(means), means, -np.inf)[: max(1, early.sum() + 1)])
    limit = np.maximum(FALL, 8.0 * noise) * np.ones(len(means))
    if highest[early.sum()] > np.nanmax(means[early.sum() :], initial=-np.inf) and peak_early <= early.sum():
        limit = np.maximum(limit, OVERSHOOT)
    low = np.flatnonzero(fall > limit)
    if not len(low):
        return None
    index = int(low[0])
    level, high = float(np.nanmin(means[index : index + 3])), float(highest[index - 1])
    begin = max(0, (index - 2) * size)
    window = part[begin : (index + 2) * size]
    under = np.flatnonzero(window < high - 0.5 * (high - level))
    row = begin + int(under[0]) if len(under) else index * size
    back = np.flatnonzero(means[index:] >= high)
    end = None if not len(back) else first + (index + int(back[0])) * size
    after = part[row:]
    after = after[np.isfinite(after)]
    loud = 1.4826 * float(np.median(np.abs(np.diff(after)))) / np.sqrt(2.0) if len(after) > 8 else 0.0
    return first + row, first + max(row - 1, 0), end, high - level, loud / noise if noise > 0.0 else 1.0


def _judged(
    found: tuple[int, int, int | None, float, float], record: Record, half: HalfCycles, note: CellNote, index: int
) -> Suspect:
    row, before, end, fall, louder = found
    evidence = [
        Evidence(f"the voltage fell by {1e3 * fall:.0f} mV while the cell was charged", 1.0 + min(10.0 * fall, 2.0))
    ]
    if louder > 3.0:
        evidence.append(Evidence(f"the voltage became {louder:.0f} times noisier", 1.0))
    if end is None:
        evidence.append(Evidence("it did not come back before the charge ended", 1.0))
        top = note.upper_voltage
        highest = float(np.nanmax(record.column("voltage_volt")[row : half.last[index] + 1]))
        if top is not None and highest < top - 0.02:
            evidence.append(Evidence(f"the charge never reached {top:.3g} V (it stayed below {highest:.3g} V)", 2.0))
    return Suspect(row, before, end, tuple(evidence))


def _endless(record: Record, half: HalfCycles, note: CellNote) -> list[Suspect]:
    """Charges that take more than the cell can hold."""
    time = record.column("test_time_second")
    suspects = []
    for index in np.flatnonzero(half.direction == 1):
        capacity, source = capacity_reference(half, note, int(index))
        taken = float(half.charge[index])
        if not capacity or taken <= BEYOND * capacity:
            continue
        share = BEYOND * capacity / taken
        at = time[half.first[index]] + share * (half.end[index] - half.start[index])
        row = int(np.searchsorted(time, at))
        text = f"the charge took {taken / capacity:.2f} times the capacity ({1e3 * capacity / 3600.0:.3g} mAh, {source})"
        suspects.append(Suspect(row, int(half.first[index]), None, (Evidence(text, 2.0),)))
    return suspects


def _dead_at_rest(record: Record, half: HalfCycles) -> list[Suspect]:
    """Rests in which a cell that had a voltage loses it."""
    voltage = record.column("voltage_volt")
    if not len(voltage) or not np.nanmax(voltage) > 1.0:
        return []
    charged = np.cumsum((np.abs(half.direction) == 1) & (half.end - half.start >= CHARGED)) > 0
    for index in np.flatnonzero((half.direction == 0) & charged):
        first, last = int(half.first[index]), int(half.last[index])
        low = np.flatnonzero(np.abs(voltage[first : last + 1]) < DEAD)
        if len(low) >= 3 and voltage[first] > 1.0:
            row = first + int(low[0])
            text = f"the voltage at rest fell to {voltage[row]:.2f} V from above 1 V"
            return [Suspect(row, max(row - 1, 0), None, (Evidence(text, 4.0),))]
    return []
