"""The apparent resistance V/I of a symmetric cell, in blocks of samples that one glitch cannot move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lithostat.cycling.apparent_resistance import ApparentResistance
from lithostat.cycling.parts import parts, parts_of_stretches, reduced
from lithostat.cycling.settling import sample_noise
from lithostat.cycling.trace import Trace

PER_HALF_CYCLE = 16  # blocks
LARGEST = 64  # samples in a block
YOUNG = 60.0  # s; contact is not younger than this when it is first measured
LEAST_PRESSURE = 5e4  # Pa; less is taken as this
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
    of the voltage of one sample, `offset` [V] was taken from the voltage. `ohm` gives V/I of any rows of the trace, NaN
    where that is not settled; `time` [s] is that of every row.
    """

    first: np.ndarray
    last: np.ndarray
    resistance: np.ndarray
    direction: np.ndarray
    half_cycle: np.ndarray
    pressure: np.ndarray
    temperature: np.ndarray
    age: np.ndarray
    current: np.ndarray
    noise: float
    offset: float
    ohm: ApparentResistance
    time: np.ndarray

    def __len__(self) -> int:
        """Number of blocks."""
        return len(self.first)

    @property
    def start(self) -> np.ndarray:
        """Time of the first row of each block [s]."""
        return np.asarray(self.time[self.first])

    @property
    def end(self) -> np.ndarray:
        """Time of the last row of each block [s]."""
        return np.asarray(self.time[self.last])

    @property
    def samples(self) -> np.ndarray:
        """Samples in each block."""
        return self.last - self.first + 1

    def noise_of(self, which: slice | np.ndarray) -> np.ndarray:
        """Standard deviation of the resistance of these blocks [ohm]."""
        samples = self.last[which] - self.first[which] + 1
        return np.asarray(self.noise / (np.sqrt(samples) * self.current[which]))


def blocks(trace: Trace) -> Blocks:
    """V/I in blocks of every half-cycle at a held current, from where its voltage has settled; equal in time."""
    half = trace.half
    has_settled = trace.settled[1] <= half.last[trace.judged]
    which, (settled, averaged) = trace.judged[has_settled], (rows[has_settled] for rows in trace.settled)
    ohm = ApparentResistance(trace, which, settled)
    noise, usual = sample_noise(trace, ohm, which, per_ampere=True), _usual(trace, which)
    needed = (noise / (FINE * usual)) ** 2 if usual > 0.0 else 0.0
    first, last, owner = _edges(trace, which, averaged, needed)
    resistance, pressure, temperature = _means(trace, ohm, first, last)
    current = np.abs(half.current[owner])
    return Blocks(
        first, last, resistance, half.direction[owner], owner, pressure, temperature, _age(trace, last), current,
        noise, trace.offset, ohm, trace.time,
    )  # fmt: skip


def _age(trace: Trace, rows: np.ndarray) -> np.ndarray:
    """Time at `rows` since the pressure last changed by more than 5 % [s], at least `YOUNG`."""
    time, pressure = trace.time, trace.pressure
    if not len(rows):
        return np.zeros(0)
    if pressure is None:
        return np.maximum(time[rows] - time[0], YOUNG)
    changed = np.append(0, jumps(pressure) + 1)
    since = changed[np.searchsorted(changed, rows, side="right") - 1] if len(changed) > 1 else 0
    return np.maximum(time[rows] - time[since], YOUNG)


def jumps(values: np.ndarray, least: float = LEAST_PRESSURE) -> np.ndarray:
    """Rows behind which values change by more than 5 % and by more than their noise explains; smaller ones are `least`.

    The noise is that of the logarithm, from differences of neighbours. NaN counts as `least`.
    """
    if len(values) < 2:
        return np.zeros(0, np.int64)
    at = np.arange(0, len(values) - 1, max(1, (len(values) - 1) // _MANY))
    step = np.abs(np.log(np.fmax(values[at + 1], least)) - np.log(np.fmax(values[at], least)))
    ratio = np.exp(max(_JUMP, SIGMAS * 1.4826 * float(np.median(step))))
    rows = []
    for part in parts(len(values) - 1):
        now = np.fmax(values[part.start : part.stop + 1], least)
        up = now * ratio
        rows.append(np.flatnonzero((now[1:] > up[:-1]) | (up[1:] < now[:-1])) + part.start)
    return np.concatenate(rows)


def _edges(
    trace: Trace, which: np.ndarray, settled: np.ndarray, needed: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(first row, last row, half-cycle) of every block; `needed` samples average the noise out.

    The blocks of a half-cycle are as long as each other. Even sampling puts equally many samples in each; of a burst
    after a switch all lie in one.
    """
    last = trace.half.last[which]
    count = last - settled + 1
    size = np.clip(count // PER_HALF_CYCLE, 1, LARGEST)
    size = np.maximum(size, np.minimum(count, int(count.sum()) // MOST))
    size = np.maximum(size, np.minimum(count // 2, int(np.ceil(min(needed, 1e6)))))
    number = np.maximum(count // np.maximum(size, 1), 1)
    each = [
        _edges_of(trace.time, which[part], settled[part], last[part], number[part]) for part in parts(len(which))
    ] or [(np.zeros(0, np.int64),) * 3]
    first, end, owner = (np.concatenate(columns) for columns in zip(*each, strict=True))
    return first, end, owner


def _edges_of(
    time: np.ndarray, which: np.ndarray, settled: np.ndarray, last: np.ndarray, number: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same of these half-cycles, each cut into a `number` of blocks."""
    owner = np.repeat(np.arange(len(which)), number)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(number) - number, number)
    begins = time[settled]
    width = (time[last] - begins) / np.maximum(last - settled, 1)  # usual interval, by which the last block ends later
    length = (time[last] - begins + width) / number
    begin = np.searchsorted(time, begins[owner] + within * length[owner] - 1e-6 * width[owner], side="left")
    begin = np.clip(begin, settled[owner], last[owner])
    begin[within == 0] = settled
    new = np.concatenate([[True], (begin[1:] > begin[:-1]) | (owner[1:] != owner[:-1])])
    begin, owner = begin[new], owner[new]
    end = np.concatenate([begin[1:] - 1, last[-1:]])
    return begin, np.minimum(end, last[owner]), which[owner]


def _means(
    trace: Trace, ohm: ApparentResistance, first: np.ndarray, last: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """V/I without its largest and smallest sample [ohm], pressure [Pa] and temperature [K] of every block.

    One pass over the rows of the record.
    """
    resistance, pressure, kelvin = (np.full(len(first), np.nan) for _ in range(3))
    known = ((pressure, trace.pressure, 0.0), (kelvin, trace.celsius, 273.15))
    for part in parts_of_stretches(first, last):
        begin, rows = first[part], slice(first[part][0], last[part][-1] + 1)
        count, inside = last[part] - begin + 1, (begin - rows.start, last[part] - rows.start)
        total, least, most = reduced(ohm[rows], *inside, np.add, np.minimum, np.maximum)
        many = count >= 3
        resistance[part] = np.where(many, total - (least + most), total) / np.where(many, count - 2, count)
        for result, values, shift in known:
            if values is not None:
                result[part] = _mean(values[rows] + shift, *inside)
    return resistance, pressure, kelvin


def _mean(values: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Mean of the finite ones of the values of each block, NaN where there is none."""
    known = np.isfinite(values)
    if known.all():
        return np.asarray(reduced(values, first, last, np.add)[0] / (last - first + 1))
    (count,) = reduced(known.astype(float), first, last, np.add)
    (total,) = reduced(np.where(known, values, 0.0), first, last, np.add)
    return np.divide(total, count, out=np.full(len(first), np.nan), where=count > 0)


def _usual(trace: Trace, which: np.ndarray) -> float:
    """Largest median voltage of the first half-cycles [V]."""
    half = trace.half
    medians = [abs(float(np.median(trace.voltage[half.first[i] : half.last[i] + 1]))) for i in which[:20]]
    return max(medians, default=0.0)
