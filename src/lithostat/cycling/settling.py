"""When the voltage has settled after a switch of the current: samples before that are no measure of resistance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lithostat.cycling.cleaning import row_at

if TYPE_CHECKING:
    from lithostat.cycling.apparent_resistance import ApparentResistance
    from lithostat.cycling.trace import Trace

MOVES = 0.02  # of the voltage that may still come
SLOWS = 3.0  # times more than in the same span again: it comes to an end, unlike a resistance that grows
SHARE = 0.25  # of a half-cycle that settling may take; what is slower is judged as part of the cell
SPANS = 14  # each half as long as the one before, the longest an eighth of the half-cycle
SIGMAS = 4.0  # of the noise of one sample
CALM = 2  # samples in a row that have settled
LOOKED_AT = 200  # half-cycles that stand for all of their kind
_MANY = 200_000  # samples that are enough to know the noise
MOST = 0.95  # of them that have settled by the time that is usual
FAR = 1.5  # times as long is not of their kind


def first_settled(trace: Trace) -> tuple[np.ndarray, np.ndarray]:
    """(first row from which the voltage has settled, first row that is averaged) of each judged stretch.

    A voltage that comes up with a time constant of its own gains much in some span of time and little in the same span
    again; one that follows a resistance does not slow down like that. Half-cycles that follow another directly and
    those that follow a rest settle alike among each other: some of each say how long it takes. The first of more than
    four samples is never averaged. A row behind the last of a stretch says that none of it has settled.
    """
    half, time, which = trace.half, trace.time, trace.judged
    noise = sample_noise(trace, trace.voltage, which)
    first, last, start = half.first[which], half.last[which], half.start[which]
    length = np.maximum(half.until[which], half.end[which]) - start
    behind = np.abs(half.direction[np.maximum(which - 1, 0)]) == 1
    behind &= which > 0
    waits = np.full(len(which), -1.0)
    for group in (np.flatnonzero(behind), np.flatnonzero(~behind)):
        some = group[:: max(1, len(group) // LOOKED_AT)]
        if len(some):
            waits[group] = _longest(_unsettled(trace, which[some], length[some], noise))
    until = start + np.minimum(waits, SHARE * np.maximum(length, np.median(length) if len(length) else 0.0))
    row = np.where(waits >= 0.0, np.searchsorted(time, until, side="right"), first)
    more_than_four = last - first + 1 > 4
    return row, np.where(row > last, row, np.minimum(np.maximum(row, first + more_than_four), last))


def _longest(waits: np.ndarray) -> float:
    """The longest of these times, without the few that are far longer than the others: a path that healed does that."""
    usual = float(np.quantile(waits, MOST))
    return float(np.max(waits[waits <= FAR * max(usual, 0.0)], initial=usual)) if usual >= 0.0 else -1.0


def _unsettled(trace: Trace, which: np.ndarray, length: np.ndarray, noise: float) -> np.ndarray:
    """Time from the first sample of each of these stretches to the last that has not settled [s]; -1 if all have."""
    half, time, voltage = trace.half, trace.time, trace.voltage
    first, last, start = half.first[which], half.last[which], half.start[which]
    sign = half.direction[which].astype(float)
    spans = length[:, None] * 0.125 * 0.5 ** np.arange(SPANS)[None, :]
    row, calm = first.copy(), np.zeros(len(which), np.int64)
    going = np.flatnonzero(last - first >= 2)
    while len(going):
        at = row[going] + calm[going]
        once = _row_after(time, at, spans[going], last[going])
        twice = _row_after(time, at, 2.0 * spans[going], last[going])
        now, soon, later = (
            (sign[going] * voltage[at])[:, None],
            *(sign[going, None] * voltage[r] for r in (once, twice)),
        )
        gain, more = soon - now, later - soon
        comes = (gain > MOVES * np.abs(soon) + SIGMAS * noise) & (gain > SLOWS * more) & (twice > once)
        unsettled = comes.any(axis=1)
        row[going] = np.where(unsettled, at + 1, row[going])
        calm[going] = np.where(unsettled, 0, calm[going] + 1)
        over = (calm[going] >= CALM) | (row[going] + calm[going] >= last[going] - 1)
        over |= time[np.minimum(row[going], last[going])] > start[going] + SHARE * length[going]
        going = going[~over]
    return np.where(row > first, time[np.maximum(row - 1, 0)] - start, -1.0)


def _row_after(time: np.ndarray, row: np.ndarray, spans: np.ndarray, last: np.ndarray) -> np.ndarray:
    """The first row that lies a span behind `row` at least, and one row at least; the last one where none does."""
    later = np.searchsorted(time, time[row][:, None] + spans, side="left")
    return np.minimum(np.maximum(later, row[:, None] + 1), last[:, None])


def sample_noise(
    trace: Trace, values: np.ndarray | ApparentResistance, which: np.ndarray, *, per_ampere: bool = False
) -> float:
    """Standard deviation of one sample of the voltage in these half-cycles [V]; `per_ampere` says that values are V/I.

    From differences of neighbours in the second half of each, which drift and steps hardly touch.
    """
    half = trace.half
    if not len(which):
        return 0.0
    rows = np.arange(0, len(values) - 1, max(1, len(values) // _MANY))
    looked_at = np.zeros(len(half), bool)
    looked_at[which] = True
    owner = half.of(rows)
    rows, owner = (entries[looked_at[owner]] for entries in (rows, owner))
    some, place = np.unique(owner, return_inverse=True)
    begin = np.maximum(row_at(trace.record, half, some, 0.5), half.first[some] + 1)
    inside = (rows >= begin[place]) & (rows < half.last[owner])
    rows, owner = rows[inside], owner[inside]
    steps = np.abs(values[rows + 1] - values[rows])
    steps = steps * np.abs(half.current[owner]) if per_ampere else steps
    steps = steps[np.isfinite(steps)]
    return float(1.4826 * np.median(steps) / np.sqrt(2.0)) if len(steps) else 0.0
