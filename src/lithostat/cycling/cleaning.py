"""The rows of a record that can be judged, in the order of time, with signs that mean what they say."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import polars as pl

from lithostat.cycling.half_cycles import HalfCycles, usual_interval
from lithostat.cycling.parts import parts
from lithostat.experiment.finding import Caution
from lithostat.experiment.record import Record

ZEROS = 20  # samples in a row that are no coincidence
SHORTEST_HOLE = 10.0  # usual intervals without a known current, from which on it is not guessed
MOST = 0.8  # share of the half-cycles that must say the same of a sign
EARLY = 0.05  # of a charge or discharge, in which the voltage may still be on its way
SEEN = 20  # half-cycles that settle a sign
SWEEP = 0.1  # V that a charge or discharge must change the voltage by, to say which way the current flows
NEVER = 0.5  # V; a cell with a cathode whose voltage lies below the negative of this was connected the wrong way


class Cleaned(NamedTuple):
    """Rows that can be judged, and `holes`: one (begin, end) [s] for each stretch in which the current is not known."""

    record: Record
    holes: np.ndarray
    warnings: tuple[Caution, ...]


def clean(record: Record) -> Cleaned:
    """The rows that have time, voltage and current, in the order of time; the same record where those are all."""
    time = record.column("test_time_second")
    if _nothing_to_clean(time, record.column("voltage_volt"), record.column("current_ampere")):
        return Cleaned(record, np.zeros((0, 2)), ())
    timed = np.isfinite(time)
    voltage, current = (np.isfinite(record.column(name)) for name in ("voltage_volt", "current_ampere"))
    empty = exact_zeros(record.column("voltage_volt"), record.column("current_ampere"))
    voltage &= ~empty
    known = timed & voltage & current
    kept = time if known.all() else time[known]
    ordered = bool(np.all(kept[1:] >= kept[:-1]))
    none = np.zeros((0, 2))
    if known.all() and ordered:
        return Cleaned(record, none, ())
    warnings = []
    rows = np.flatnonzero(known)
    if empty.any():
        why = (
            f"the voltage is exactly zero in {int(empty.sum())} rows under current, as no measured voltage is for long"
        )
        warnings.append(Caution("voltage-not-filled", f"{why}: they are taken as not measured and are not judged"))
    if not (known | empty).all():
        many = int(np.count_nonzero(~(known | empty)))
        warnings.append(Caution("rows-left-out", f"{many} row(s) without time, voltage or current were left out"))
    if not ordered:
        warnings.append(Caution("rows-sorted", "the rows were not in the order of time and were sorted"))
        rows = rows[np.argsort(time[rows], kind="stable")]
    cleaned = replace(record, table=record.table[rows])
    holes = _holes(time[timed & (voltage != current)], cleaned) if len(rows) else none
    return Cleaned(cleaned, holes, tuple(warnings))


def _nothing_to_clean(time: np.ndarray, voltage: np.ndarray, current: np.ndarray) -> bool:
    """True if all is finite and in order, and there are too few zeros for `exact_zeros`."""
    zeros = 0
    for part in parts(len(time)):
        at, volt, ampere = (values[part] for values in (time, voltage, current))
        if not (np.isfinite(at).all() and np.isfinite(volt).all() and np.isfinite(ampere).all()):
            return False
        behind = time[part.start + 1 : part.stop + 1]
        if not np.all(behind >= at[: len(behind)]):
            return False
        nothing = volt == 0.0
        zeros += int(np.count_nonzero(ampere[nothing])) if nothing.any() else 0
        if zeros >= ZEROS:
            return False
    return True


def exact_zeros(voltage: np.ndarray, current: np.ndarray) -> np.ndarray:
    """Rows of long stretches in which the voltage is exactly zero under current, of a column that is never still.

    An instrument that does not fill a column leaves zeros in it. A voltage that is shorted away, or one with a coarse
    step, stands still before as well.
    """
    zero = (voltage == 0.0) & (np.abs(current) > 0.0)
    if np.count_nonzero(zero) < ZEROS:
        return np.zeros(len(zero), bool)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], zero, [False]]).astype(np.int8)))
    length = edges[1::2] - edges[::2]
    elsewhere = np.flatnonzero((voltage[1:] != 0.0) & (voltage[:-1] != 0.0))
    moves = np.abs(voltage[elsewhere + 1] - voltage[elsewhere])
    if not len(moves) or np.nanmedian(moves) <= 0.0:
        return np.zeros(len(zero), bool)
    result = np.zeros(len(zero), bool)
    for begin, end in zip(edges[::2][length >= ZEROS], edges[1::2][length >= ZEROS], strict=True):
        result[begin:end] = True
    return result


def _holes(unknown: np.ndarray, cleaned: Record) -> np.ndarray:
    """Stretches around times at which one of voltage and current is known and the other not; single rows make none."""
    time = cleaned.column("test_time_second")
    place = np.unique(np.searchsorted(time, unknown))
    edges = np.stack([time[np.maximum(place - 1, 0)], time[np.minimum(place, len(time) - 1)]], axis=1)
    if len(unknown):  # before the first and after the last known row a hole reaches as far as the voltage is known
        edges[:, 0] = np.where(place == 0, min(unknown.min(), time[0]), edges[:, 0])
        edges[:, 1] = np.where(place == len(time), max(unknown.max(), time[-1]), edges[:, 1])
    holes: np.ndarray = edges[edges[:, 1] - edges[:, 0] > SHORTEST_HOLE * usual_interval(time)]
    return holes


def in_order(record: Record) -> Record:
    """All rows that have a time, in the order of time: what there is to see, whether it can be judged or not."""
    time = record.column("test_time_second")
    known = np.isfinite(time)
    if known.all() and bool(np.all(time[1:] >= time[:-1])):
        return record
    rows = np.flatnonzero(known)
    return replace(record, table=record.table[rows[np.argsort(time[rows], kind="stable")]])


def wrong_signs(record: Record, half: HalfCycles, kind: str) -> tuple[Caution, ...]:
    """A warning for each of voltage and current whose sign cannot be that of this kind of cell; for `turned`.

    The voltage of a symmetric cell has the sign of its current. That of a cell with a cathode is positive, rises while
    current is positive and falls while it is negative, if one looks at charges and discharges together.
    """
    if kind == "symmetric":
        why = "voltage and current have opposite signs; the voltage was turned round"
        return (Caution("voltage-turned", why),) if _voltage_against_current(record, half) else ()
    warnings = []
    down = _upside_down(record, half)
    if down:
        why = f"the voltage lies below -{NEVER:g} V, as with leads that were exchanged; it was turned round"
        warnings.append(Caution("voltage-turned", why))
    if _slope_along_current(record, half) * (-1.0 if down else 1.0) < -MOST:
        why = "the voltage falls while the current is positive and rises while it is negative; the current was turned"
        warnings.append(Caution("current-turned", f"{why} round, so that positive charges"))
    return tuple(warnings)


def turned(record: Record, warnings: tuple[Caution, ...]) -> Record:
    """The record with the signs turned that `wrong_signs` warns of; the cycler's counters follow the current."""
    codes, columns = {warning.code for warning in warnings}, []
    if "voltage-turned" in codes:
        columns.append(-pl.col("voltage_volt"))
    if "current-turned" in codes:
        columns.append(-pl.col("current_ampere"))
        for counter in ("capacity_ah", "energy_wh"):
            pair = (f"charging_{counter}", f"discharging_{counter}")
            if all(side in record.table.columns for side in pair):
                columns += [pl.col(pair[0]).alias(pair[1]), pl.col(pair[1]).alias(pair[0])]
        if "net_capacity_ah" in record.table.columns:
            columns.append(-pl.col("net_capacity_ah"))
    return replace(record, table=record.table.with_columns(columns)) if columns else record


def half_voltages(record: Record, half: HalfCycles, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(median voltage over the second half of its time [V], direction) of the first of these half-cycles.

    Samples that crowd behind a switch do not count: the voltage is still on its way there.
    """
    some, voltage = which[:SEEN], record.column("voltage_volt")
    middle = row_at(record, half, some, 0.5)
    return np.array(
        [np.median(voltage[a : half.last[i] + 1]) for a, i in zip(middle, some, strict=True)]
    ), half.direction[some]


def row_at(record: Record, half: HalfCycles, which: np.ndarray, share: float) -> np.ndarray:
    """First row of each of these stretches behind this share of its time."""
    at = half.start[which] + share * (half.end[which] - half.start[which])
    rows = np.searchsorted(record.column("test_time_second"), at, side="left")
    return np.clip(rows, half.first[which], half.last[which])


def _voltage_against_current(record: Record, half: HalfCycles) -> bool:
    """True if the voltage of nearly all half-cycles has the sign that the current has not."""
    means, direction = half_voltages(record, half, half.flowing)
    turned = -np.sign(means) * direction
    both = len(set(direction.tolist())) == 2
    return bool(both and len(means) and np.mean(turned) > MOST)


def _upside_down(record: Record, half: HalfCycles) -> bool:
    means, _ = half_voltages(record, half, half.flowing)
    return bool(len(means) and np.mean(means < -NEVER) > MOST)


def _slope_along_current(record: Record, half: HalfCycles) -> float:
    """Share of charges that raise the voltage and discharges that lower it, less the share of those that do not.

    0 where the current has one direction only.
    """
    flowing = half.flowing[(half.last - half.first)[half.flowing] >= 2][: 2 * SEEN]
    voltage, direction = record.column("voltage_volt"), half.direction[flowing]
    change = (voltage[half.last[flowing]] - voltage[row_at(record, half, flowing, EARLY)]) * direction
    clear = np.abs(change) > SWEEP
    both = len(set(direction[clear].tolist())) == 2
    return float(np.mean(np.sign(change[clear]))) if both else 0.0


def unsigned_current(record: Record, half: HalfCycles) -> bool:
    """True if the current has one direction throughout but the voltage is as often on the one side as on the other."""
    if len(set(half.direction[half.flowing].tolist())) != 1:
        return False
    flows = np.abs(half.direction[np.repeat(np.arange(len(half)), half.last - half.first + 1)]) == 1
    voltage = record.column("voltage_volt")[flows]
    clear = voltage[np.abs(voltage) > 0.3 * np.quantile(np.abs(voltage), 0.9)]
    turns = np.mean(np.sign(clear[1:]) != np.sign(clear[:-1])) if len(clear) > 1 else 1.0
    return bool(turns < 0.2 and min(np.mean(clear > 0.0), np.mean(clear < 0.0)) > 0.1)  # noise turns at each second
