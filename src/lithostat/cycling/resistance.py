"""The apparent resistance V/I of a symmetric cell, in blocks of samples that one glitch cannot move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lithostat.cycling.half_cycles import HalfCycles
from lithostat.cycling.trace import Trace

PER_HALF_CYCLE = 16  # blocks
LARGEST = 64  # samples in a block
YOUNG = 60.0  # s; contact is not younger than this when it is first measured
_JUMP = 0.05  # relative change of the pressure from which contact begins to ripen anew
SIGMAS = 8.0  # of the noise that a jump must exceed
_MANY = 200_000  # samples that are enough to know the noise
FINE = 0.02  # of its resistance is the noise that a block should have at most
MOST = 2_000_000  # blocks of a record; beyond, blocks take more samples
REVERSALS = 10  # that tell the offset of the voltage
SEARCHED = 1000  # half-cycles among which they are looked for


@dataclass(frozen=True)
class Blocks:
    """Apparent resistance of the cell over time, one entry per block, as arrays of equal length n.

    `first` and `last` are rows; `resistance` [ohm] is the mean of V/I without its largest and smallest sample;
    `direction` 1 or -1; `age` [s] counts from the last change of the pressure (from the start of the record where
    nobody knows the pressure); `half_cycle` the index into `HalfCycles`; `pressure` [Pa] and `temperature` [K] are
    means, NaN if unknown, `current` [A] is that of its half-cycle without sign. `noise` [V] is the standard deviation
    of the voltage of one sample, `offset` [V] was taken from the voltage. `ohm` is V/I of every row of the trace.
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

    @property
    def samples(self) -> np.ndarray:
        """Samples in each block."""
        return self.last - self.first + 1

    def block_noise(self) -> np.ndarray:
        """Standard deviation of each block's resistance [ohm]."""
        noise: np.ndarray = self.noise / (np.sqrt(self.samples) * self.current)
        return noise


def apparent_resistance(trace: Trace, offset: float = 0.0) -> np.ndarray:
    """(V - offset) / I [ohm] at every row; NaN where no current flows."""
    voltage, current = trace.voltage, trace.current
    return np.divide(voltage - offset, current, out=np.full(len(current), np.nan), where=np.abs(current) > 0.0)


def blocks(trace: Trace) -> Blocks:
    """Blocks of every half-cycle that carries current, without its first sample where others follow."""
    half = trace.half
    offset = voltage_offset(trace)
    ohm = apparent_resistance(trace, offset)
    noise, usual = _noise(trace)
    first, last, owner = _edges(half, (noise / (FINE * usual)) ** 2 if usual > 0.0 else 0.0)
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


def voltage_offset(trace: Trace) -> float:
    """Voltage of the instrument and of unlike electrodes at no current [V]: what opposite half-cycles have in common.

    Of each half-cycle it takes the least voltage (a tenth of the samples lie below): voids and polarisation come on top
    of that, and not alike in both directions. Half the sum of two that follow one another, where possible with the mean
    of the two around the one, so that a resistance that rises steadily is no offset. Of the first ten reversals at
    equal current it takes a small sum, so that a short between two half-cycles does not enter; 0 without a reversal.
    """
    half, sums = trace.half, []
    flowing, least = half.flowing, dict[int, float]()
    for place in range(min(len(flowing) - 1, SEARCHED)):
        near = [index for index in flowing[place : place + 3] if _opposite(half, flowing[place], index) is not None]
        if len(near) < 2 or near[1] != flowing[place + 1] or not _opposite(half, near[0], near[1]):
            continue
        for index in near:
            least.setdefault(index, _least(trace.voltage, half, index))
        around = len(near) == 3 and not _opposite(half, near[0], near[2])
        first = 0.5 * (least[near[0]] + least[near[2]]) if around else least[near[0]]
        sums.append(0.5 * (first + least[near[1]]))
        if len(sums) == REVERSALS:
            break
    return float(sorted(sums, key=abs)[len(sums) // 4]) if sums else 0.0


def _opposite(half: HalfCycles, index: int, other: int) -> bool | None:
    """Whether two half-cycles of like current have opposite directions; None if their currents are not alike."""
    same_level = abs(abs(half.current[index]) - abs(half.current[other])) < 0.02 * abs(half.current[index])
    return bool(half.direction[index] == -half.direction[other]) if same_level else None


def _least(voltage: np.ndarray, half: HalfCycles, index: int) -> float:
    """Voltage of a half-cycle that a tenth of its samples stay below, in the direction of the current."""
    first, last, sign = half.first[index], half.last[index], half.direction[index]
    return float(sign * np.quantile(sign * voltage[first + (last - first > 4) : last + 1], 0.1))


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


def _edges(half: HalfCycles, needed: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(first row, last row, half-cycle) of every block; `needed` samples average the noise out."""
    owner = half.flowing
    count = half.last[owner] - half.first[owner] + 1
    skip = (count > 4).astype(np.int64)
    first, count = half.first[owner] + skip, count - skip
    size = np.clip(count // PER_HALF_CYCLE, 1, LARGEST)
    size = np.maximum(size, np.minimum(count, int(count.sum()) // MOST))
    size = np.maximum(size, np.minimum(count // 2, int(np.ceil(min(needed, 1e6)))))
    number = np.maximum(count // size, 1)
    which = np.repeat(np.arange(len(owner)), number)
    within = np.arange(len(which)) - np.repeat(np.cumsum(number) - number, number)
    begin = first[which] + within * size[which]
    end = np.where(within == number[which] - 1, (first + count - 1)[which], begin + size[which] - 1)
    return begin, end, owner[which]


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


def _noise(trace: Trace) -> tuple[float, float]:
    """(standard deviation of one sample, usual size) of the voltage [V] in the half-cycles that carry current.

    The first from differences of neighbours, which drift and steps hardly touch; the second is that of the first half-
    cycles, the largest of twenty.
    """
    voltage, half = trace.voltage, trace.half
    owner = half.flowing[(half.last - half.first)[half.flowing] >= 3]
    differences, count = [], 0
    for index in owner[:: max(1, len(owner) // (_MANY // 8))]:
        differences.append(np.diff(voltage[half.first[index] + 1 : half.last[index] + 1]))
        count += len(differences[-1])
        if count > _MANY:
            break
    usual = [abs(float(np.median(voltage[half.first[i] : half.last[i] + 1]))) for i in half.flowing[:20]]
    if not differences:
        return 0.0, max(usual, default=0.0)
    return float(1.4826 * np.median(np.abs(np.concatenate(differences))) / np.sqrt(2.0)), max(usual)
