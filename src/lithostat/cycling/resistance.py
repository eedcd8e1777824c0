"""The apparent resistance V/I of a symmetric cell, in blocks of samples that one glitch cannot move."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lithostat.cycling.half_cycles import FAR, HalfCycles, rows_between, with_strays
from lithostat.cycling.settling import sample_noise
from lithostat.cycling.trace import Trace

PER_HALF_CYCLE = 16  # blocks
LARGEST = 64  # samples in a block
YOUNG = 60.0  # s; contact is not younger than this when it is first measured
_JUMP = 0.05  # relative change of the pressure from which contact begins to ripen anew
SIGMAS = 8.0  # of the noise that a jump must exceed
_MANY = 200_000  # samples that are enough to know the noise
FINE = 0.02  # of its resistance is the noise that a block should have at most
MOST = 2_000_000  # blocks of a record; beyond, blocks take more samples


@dataclass(frozen=True)
class Blocks:
    """Apparent resistance of the cell over time, one entry per block, as arrays of equal length n.

    `first` and `last` are rows; `resistance` [ohm] is the mean of V/I without its largest and smallest sample;
    `direction` 1 or -1; `age` [s] counts from the last change of the pressure (from the start of the record where
    nobody knows the pressure); `half_cycle` the index into `HalfCycles`; `pressure` [Pa] and `temperature` [K] are
    means, NaN if unknown, `current` [A] is that of its half-cycle without sign. `noise` [V] is the standard deviation
    of the voltage of one sample, `offset` [V] was taken from the voltage. `ohm` is V/I of every row of the trace, NaN
    where that is not settled.
    """

    first: np.ndarray
    last: np.ndarray
    start: np.ndarray
    end: np.ndarray
    resistance: np.ndarray
    direction: np.ndarray
    half_cycle: np.ndarray
    pressure: np.ndarray
    temperature: np.ndarray
    age: np.ndarray
    current: np.ndarray
    noise: float
    offset: float
    ohm: np.ndarray

    def __len__(self) -> int:
        """Number of blocks."""
        return len(self.first)

    @cached_property
    def samples(self) -> np.ndarray:
        """Samples in each block."""
        return self.last - self.first + 1

    @cached_property
    def block_noise(self) -> np.ndarray:
        """Standard deviation of each block's resistance [ohm]."""
        noise: np.ndarray = self.noise / (np.sqrt(self.samples) * self.current)
        return noise


def blocks(trace: Trace) -> Blocks:
    """Blocks of every half-cycle at a held current, from where its voltage has settled; equal in time, not in samples.

    Where single samples of the current are noisier than those of the voltage (ripple, a coarse range), V is divided by
    the current of the half-cycle, else by that of the sample.
    """
    half, offset = trace.half, trace.offset
    has_settled = trace.settled[1] <= half.last[trace.judged]
    which, (settled, averaged) = trace.judged[has_settled], (rows[has_settled] for rows in trace.settled)
    ohm = _apparent_resistance(trace, which, settled, offset)
    noise, usual = sample_noise(trace, ohm, which, per_ampere=True), _usual(trace, which)
    needed = (noise / (FINE * usual)) ** 2 if usual > 0.0 else 0.0
    first, last, owner = _edges(trace, which, averaged, needed)
    time = trace.time
    return Blocks(
        first,
        last,
        time[first] if len(first) else np.zeros(0),
        time[last] if len(first) else np.zeros(0),
        _trimmed(ohm, first, last),
        half.direction[owner],
        owner,
        _means(trace.pressure, first, last),
        _means(trace.temperature, first, last),
        _age(trace, last),
        np.abs(half.current[owner]),
        noise,
        offset,
        ohm,
    )


def _apparent_resistance(trace: Trace, which: np.ndarray, settled: np.ndarray, offset: float) -> np.ndarray:
    """(V - offset) / I [ohm] at every settled row of these stretches, NaN elsewhere.

    A sample whose current is far from that of its half-cycle (part of a switch) shows what the one before it does.
    """
    half, current = trace.half, trace.current
    judged = np.zeros(len(half), bool)
    judged[which] = True
    until = half.last + 1
    until[which] = settled
    outside = rows_between(half.first, until - 1)  # not judged, or not settled
    level = np.where(judged, half.current, np.nan)
    ohm = trace.voltage - offset
    if _divide_by_level(ohm, current, half, which, settled):
        ohm /= np.repeat(level, half.last - half.first + 1)
    else:
        np.divide(ohm, current, out=ohm, where=current != 0.0)
    ohm[outside] = np.nan
    strays = with_strays(current, half.first, half.current)
    strays = strays[judged[strays]]
    if len(strays):
        rows = rows_between(half.first[strays], half.last[strays])
        levels = np.repeat(half.current[strays], (half.last - half.first + 1)[strays])
        odd = rows[np.abs(current[rows] - levels) > FAR * np.abs(levels)]
        owner = np.searchsorted(half.first, odd, side="right") - 1
        good = np.ones(len(ohm), bool)
        good[odd] = False
        before = np.maximum.accumulate(np.where(good, np.arange(len(ohm)), 0))[odd]
        inside = (before >= half.first[owner]) & np.isfinite(ohm[before])
        ohm[odd] = np.where(np.isfinite(ohm[odd]) & inside, ohm[before], np.nan)
    return ohm


def _divide_by_level(
    voltage: np.ndarray, current: np.ndarray, half: HalfCycles, which: np.ndarray, settled: np.ndarray
) -> bool:
    """Whether the level of the current makes less noise of V/I than its samples do; by some of the settled rows."""
    step = max(1, len(voltage) // _MANY)
    rows = np.arange(0, len(voltage) - 1, step)
    owner = np.searchsorted(half.first, rows, side="right") - 1
    begin = np.full(len(half), len(voltage))
    begin[which] = settled
    rows, owner = (values[(rows >= begin[owner]) & (rows < half.last[owner])] for values in (rows, owner))
    rows, owner = (values[(current[rows] != 0.0) & (current[rows + 1] != 0.0)] for values in (rows, owner))
    if not len(rows):
        return False
    by_sample = np.abs(voltage[rows + 1] / current[rows + 1] - voltage[rows] / current[rows])
    by_level = np.abs((voltage[rows + 1] - voltage[rows]) / half.current[owner])
    return bool(np.median(by_level) < np.median(by_sample))


def _age(trace: Trace, rows: np.ndarray) -> np.ndarray:
    """Time at `rows` since the pressure last changed by more than 5 % [s], at least `YOUNG`."""
    time, pressure = trace.time, trace.pressure
    if pressure is None or not len(rows):
        return np.maximum(time[rows] - time[0], YOUNG) if len(rows) else np.zeros(0)
    changed = np.flatnonzero(np.concatenate([[True], jumps(np.log(np.fmax(pressure, 5e4)))]))
    since = changed[np.searchsorted(changed, rows, side="right") - 1]
    return np.maximum(time[rows] - time[since], YOUNG)


def jumps(log: np.ndarray) -> np.ndarray:
    """True between neighbours whose logarithms differ by more than 5 % and by more than the noise explains."""
    if len(log) < 2:
        return np.zeros(0, bool)
    step = log[1:] - log[:-1]
    np.abs(step, out=step)
    usual = 1.4826 * float(np.median(step[:: max(1, len(step) // _MANY)]))
    return np.asarray(step > max(_JUMP, SIGMAS * usual))


def _edges(
    trace: Trace, which: np.ndarray, settled: np.ndarray, needed: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(first row, last row, half-cycle) of every block; `needed` samples average the noise out.

    The blocks of a half-cycle are as long as each other. Even sampling puts equally many samples in each; of a burst
    after a switch all lie in one.
    """
    time, last = trace.time, trace.half.last[which]
    count = last - settled + 1
    size = np.clip(count // PER_HALF_CYCLE, 1, LARGEST)
    size = np.maximum(size, np.minimum(count, int(count.sum()) // MOST))
    size = np.maximum(size, np.minimum(count // 2, int(np.ceil(min(needed, 1e6)))))
    number = np.maximum(count // np.maximum(size, 1), 1)
    owner = np.repeat(np.arange(len(which)), number)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(number) - number, number)
    width = (time[last] - time[settled]) / np.maximum(
        count - 1, 1
    )  # usual interval, by which the last block ends later
    length = (time[last] - time[settled] + width) / number
    begin = np.searchsorted(time, time[settled][owner] + within * length[owner] - 1e-6 * width[owner], side="left")
    begin = np.clip(begin, settled[owner], last[owner])
    begin[within == 0] = settled
    new = np.concatenate([[True], (begin[1:] > begin[:-1]) | (owner[1:] != owner[:-1])]) if len(begin) else begin > 0
    begin, owner = begin[new], owner[new]
    end = np.concatenate([begin[1:] - 1, last[-1:]])
    end = np.minimum(end, last[owner])
    return begin, end, which[owner]


def _sums(values: np.ndarray, first: np.ndarray, last: np.ndarray, ufunc: np.ufunc) -> np.ndarray:
    """`ufunc` reduced over the rows first..last of each block; blocks are in order and do not overlap."""
    edges = np.empty(2 * len(first), np.int64)
    edges[::2], edges[1::2] = first, last + 1
    inside = edges[-1] < len(values)
    result: np.ndarray = ufunc.reduceat(values, edges if inside else edges[:-1])[::2]
    return result


def _trimmed(ohm: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    if not len(first):
        return np.zeros(0)
    count = last - first + 1
    total = _sums(ohm, first, last, np.add)
    ends = _sums(ohm, first, last, np.minimum) + _sums(ohm, first, last, np.maximum)
    many = count >= 3
    return np.where(many, total - ends, total) / np.where(many, count - 2, count)


def _means(values: np.ndarray | None, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    if values is None or not len(first):
        return np.full(len(first), np.nan)
    known = np.isfinite(values)
    if known.all():
        means: np.ndarray = _sums(values, first, last, np.add) / (last - first + 1)
        return means
    count = _sums(known.astype(float), first, last, np.add)
    total = _sums(np.where(known, values, 0.0), first, last, np.add)
    return np.divide(total, count, out=np.full(len(first), np.nan), where=count > 0)


def _usual(trace: Trace, which: np.ndarray) -> float:
    """Largest median voltage of the first half-cycles [V]."""
    half = trace.half
    medians = [abs(float(np.median(trace.voltage[half.first[i] : half.last[i] + 1]))) for i in which[:20]]
    return max(medians, default=0.0)
