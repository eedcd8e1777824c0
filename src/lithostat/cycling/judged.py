"""Which rows of a record can be judged, which kind of cell they are of, and what the current's sign means."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from lithostat.cycling.evidence import Suspect
from lithostat.cycling.steps import HalfCycles
from lithostat.experiment.quantity import span
from lithostat.experiment.record import Record

FULL = 0.5  # V; symmetric cells begin below
TINY = 0.1  # V; no cell with a cathode cycles below
LEAST_CYCLING = 60.0  # s of current; less is a pulse


def usable(record: Record, warnings: list[str]) -> tuple[Record, np.ndarray | None]:
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


def in_rows_of(suspect: Suspect, kept: np.ndarray | None) -> Suspect:
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


def same_sign(record: Record, half: HalfCycles, warnings: list[str]) -> Record:
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


def unsigned_current(record: Record, half: HalfCycles) -> bool:
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


def unjudged(half: HalfCycles) -> str:
    """Why a record with current is no cycling that could be judged; '' if it is."""
    flowing = half.flowing
    samples = (half.last - half.first + 1)[flowing]
    if len(samples) and float(np.max(samples)) <= 2.0:
        return "the current is not held between samples, as in a sweep of the voltage"
    lasted = float((half.end - half.start)[flowing].sum())
    if len(samples) and lasted < LEAST_CYCLING:
        return f"current flows for {span(lasted)} in all, too short to judge"
    return ""
