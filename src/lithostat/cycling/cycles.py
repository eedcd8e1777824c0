"""Cycles: which half-cycles belong together, which of them comes first, and what each took or gave."""

from __future__ import annotations

import numpy as np

from lithostat.cycling.trace import Trace

MOST_SWEEPS = 2  # charges and discharges in a cycle that a file counts, if its counts mean cycles
_COUNTERS = ("charging_capacity_ah", "discharging_capacity_ah")
BELIEVED = 2.0  # factor by which a counter may differ from the integral of the current before it counts for nothing


def sweeps_of(trace: Trace) -> np.ndarray:
    """Number of the charge or discharge that each stretch belongs to, from 0, whatever rests and levels divide it."""
    half = trace.half
    flowing = half.flowing
    number = np.zeros(len(half), np.int64)
    if len(flowing):
        turns = np.concatenate([[False], half.direction[flowing][1:] != half.direction[flowing][:-1]])
        number[flowing] = np.cumsum(turns)
        last = np.maximum.accumulate(np.where(np.abs(half.direction) == 1, np.arange(len(half)), 0))
        number = number[last]
    return number


def begins_with(trace: Trace) -> str:
    """'charge' or 'discharge': what a cycle begins with, as stated, else in a half cell what the record begins with."""
    if trace.note.cycle_begins_with is not None:
        return trace.note.cycle_begins_with
    flowing = trace.half.flowing
    first = trace.half.direction[flowing[0]] if len(flowing) else 1
    return "discharge" if trace.kind == "half" and first == -1 else "charge"


def cycles_of(trace: Trace) -> np.ndarray:
    """Cycle number of every stretch: the file's where its counts can be those of cycles, else pairs of sweeps.

    A cell with a cathode whose record begins with the second half of a cycle has a first cycle of that alone.
    """
    half, count = trace.half, trace.column("cycle_count")
    sweep = sweeps_of(trace)
    if count is not None and len(half):
        counted: np.ndarray = count[half.last].astype(np.int64)
        if _counts_cycles(counted[half.flowing], sweep[half.flowing]):
            return counted
    flowing = half.flowing
    first = 1 if begins_with(trace) == "charge" else -1
    late = trace.kind in ("half", "full") and len(flowing) and half.direction[flowing[0]] != first
    return np.asarray((sweep + bool(late)) // 2 + 1, np.int64)


def _counts_cycles(counted: np.ndarray, sweep: np.ndarray) -> bool:
    """True if a file's counts are those of cycles: they never fall, and each holds a charge and a discharge at most."""
    if len(counted) < 2 or np.any(np.diff(counted) < 0):
        return False
    numbers, first = np.unique(counted, return_index=True)
    if len(numbers) < 2:
        return bool(sweep[-1] < MOST_SWEEPS)
    within = np.diff(np.append(sweep[first], sweep[-1] + 1))
    return bool(np.median(within) <= MOST_SWEEPS and np.median(within) > 0)


def gains(trace: Trace) -> tuple[np.ndarray, np.ndarray]:
    """(charge, discharge) of every stretch [Ah]: of the cycler's counters where these can be believed."""
    half = trace.half
    positive = np.abs(half.charge) / 3600.0
    integral = np.where(half.direction == 1, positive, 0.0), np.where(half.direction == -1, positive, 0.0)
    counted = counted_gains(trace)
    return integral if counted is None or counters_differ(trace) >= BELIEVED else counted


def counted_gains(trace: Trace) -> tuple[np.ndarray, np.ndarray] | None:
    """What the cycler's counters of charge and discharge gained in each stretch [Ah]; None without counters."""
    half, counters = trace.half, [trace.column(name) for name in _COUNTERS]
    if not len(half) or any(counter is None for counter in counters):
        return None
    result = []
    for counter in map(np.asarray, counters):
        rise = np.concatenate([[0.0], np.maximum(np.diff(counter), 0.0)])
        rise[0] = max(float(counter[0]), 0.0)
        reset = np.concatenate([[False], np.diff(counter) < 0.0])
        rise = np.where(reset, np.maximum(counter, 0.0), rise)  # a counter begins anew from zero
        result.append(np.add.reduceat(np.nan_to_num(rise), half.first))
    return result[0], result[1]


def counters_differ(trace: Trace) -> float:
    """Factor, 1 or more, by which the counters' sum differs from the integral of the current; 1 without counters."""
    counted = counted_gains(trace)
    integral = float(np.abs(trace.half.charge[trace.half.flowing]).sum()) / 3600.0
    if counted is None or integral <= 0.0:
        return 1.0
    total = float(counted[0].sum() + counted[1].sum())
    return max(total / integral, integral / total) if total > 0.0 else np.inf
