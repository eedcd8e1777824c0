"""Half-cycles: the stretches of a record in which the current keeps its direction and its level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lithostat.experiment.record import Record

QUIET = 0.01  # share of the usual current below which a cell rests
LEVEL = 0.1  # relative change of the current that begins a new stretch


@dataclass(frozen=True)
class HalfCycles:
    """One entry per stretch, as arrays of equal length n.

    `first` and `last` are the rows it begins and ends with (both belong to it), `direction` is 1 (charging), -1 or 0
    (rest), -2 where the current is not known; `current` [A] is its mean, `charge` [C] what flowed (with sign), `start`
    and `end` are times [s].
    """

    first: np.ndarray
    last: np.ndarray
    direction: np.ndarray
    current: np.ndarray
    charge: np.ndarray
    start: np.ndarray
    end: np.ndarray

    @property
    def flowing(self) -> np.ndarray:
        """Indices of the stretches that carry current."""
        return np.flatnonzero(np.abs(self.direction) == 1)

    def __len__(self) -> int:
        """Number of stretches."""
        return len(self.first)


def half_cycles(record: Record) -> HalfCycles:
    """Split a record where the current changes its sign, its level by more than 10 %, or falls to rest."""
    time, current = record.column("test_time_second"), record.column("current_ampere")
    if not len(time):
        empty = np.zeros(0)
        whole = np.zeros(0, np.int64)
        return HalfCycles(whole, whole, whole, empty, empty, empty, empty)
    direction = directions(current)
    if "frequency_hertz" in record.table.columns:  # an impedance sweep: its mean current is no cycling
        direction[record.column("frequency_hertz") > 0.0] = -2
    level = np.abs(current)
    change = level[1:] - level[:-1]
    np.abs(change, out=change)
    larger = np.maximum(level[1:], level[:-1])
    larger *= LEVEL
    edge = (direction[1:] != direction[:-1]) | ((change > larger) & (np.abs(direction[1:]) == 1))
    first = np.concatenate([[0], np.flatnonzero(edge) + 1])
    last = np.concatenate([first[1:] - 1, [len(time) - 1]])
    passed = charge_passed(record)
    mean = np.add.reduceat(current, first) / (last - first + 1)
    return HalfCycles(first, last, direction[first], mean, passed[last] - passed[first], time[first], time[last])


def directions(current: np.ndarray) -> np.ndarray:
    """1 while the cell charges, -1 while it discharges, 0 at rest, -2 where the current is NaN."""
    sampled = np.abs(current[:: max(1, len(current) // 100_000)])
    sampled = sampled[np.isfinite(sampled)]
    flowing = sampled[sampled > 0.0]
    quiet = QUIET * np.quantile(flowing, 0.9) if len(flowing) else 0.0
    known = np.isfinite(current)
    sign = np.where(known & (np.abs(current) > quiet), np.sign(current), 0.0).astype(np.int8)
    sign[~known] = -2
    return sign


def charge_passed(record: Record) -> np.ndarray:
    """Net charge since the start [C] at every row: the record's own sum, else the trapezoid of the current."""
    if "net_capacity_ah" in record.table.columns:
        return 3600.0 * record.column("net_capacity_ah")
    time, current = record.column("test_time_second"), record.column("current_ampere")
    current = np.where(np.isfinite(current), current, 0.0)
    passed = np.zeros(len(time))
    between = current[1:] + current[:-1]
    between *= time[1:] - time[:-1]
    np.cumsum(between, out=passed[1:])
    passed *= 0.5
    return passed


def usual_interval(record: Record) -> float:
    """Median time between samples [s], of a hundred thousand of them where there are more; 0 without two times."""
    time = record.column("test_time_second")
    at = np.arange(0, len(time) - 1, max(1, len(time) // 100_000))
    widths = time[at + 1] - time[at]
    widths = widths[widths > 0.0]
    return float(np.median(widths)) if len(widths) else 0.0
