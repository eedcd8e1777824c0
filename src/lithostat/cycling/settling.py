"""When the voltage has settled after a switch of the current: samples before that are no measure of resistance."""

from __future__ import annotations

import numpy as np

from lithostat.cycling.trace import Trace

MOVES = 0.05  # of the voltage: settled is what gains less from one sample to the first at twice its age
SHARE = 0.25  # of a half-cycle that settling may take; what is slower is judged as part of the cell
SIGMAS = 4.0  # of the noise of one sample
TWICE = 2  # samples in a row that have settled


def first_settled(trace: Trace, which: np.ndarray, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """(first row from which the voltage has settled, first row that is averaged) of each of these stretches.

    A voltage that comes up with a time constant gains a lot while its age since the switch doubles, one that follows a
    resistance does not. Both a sample and the one after it must gain less than 5 %, noise aside. The first of more than
    four samples is never averaged. `noise` [V] is that of one sample.
    """
    half, time, voltage = trace.half, trace.time, trace.voltage
    first, last, sign = half.first[which], half.last[which], half.direction[which].astype(float)
    start = half.start[which]
    latest = start + SHARE * (np.maximum(half.until[which], half.end[which]) - start)
    row, calm = first.copy(), np.zeros(len(which), np.int64)
    open_ = np.flatnonzero(last - first >= 2)
    while len(open_):
        at = row[open_] + calm[open_]
        age = time[at] - start[open_]
        later = np.searchsorted(time, start[open_] + 2.0 * age, side="left")
        later = np.minimum(np.maximum(later, at + 1), last[open_])
        now, then = sign[open_] * voltage[at], sign[open_] * voltage[later]
        gains = then - now > MOVES * np.abs(then) + SIGMAS * noise
        row[open_] = np.where(gains, at + 1, row[open_])
        calm[open_] = np.where(gains, 0, calm[open_] + 1)
        over = (calm[open_] >= TWICE) | (time[np.minimum(row[open_], last[open_])] > latest[open_])
        over |= row[open_] + calm[open_] >= last[open_] - 1
        open_ = open_[~over]
    more_than_four = last - first + 1 > 4
    return np.minimum(row, last), np.minimum(np.maximum(row, first + more_than_four), last)
