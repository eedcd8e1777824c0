"""Half-cycles: the stretches of a record in which the current keeps its direction and its level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lithostat.cycling.current_levels import level_changes
from lithostat.cycling.parts import parts
from lithostat.experiment.record import Record

QUIET = 0.01  # share of the usual current below which a cell rests
GLITCH = 2  # samples of another current that are no stretch of their own
LONG = 8  # samples of the stretches around them
FAR = 0.3  # from the mean current; what is farther has only part of it
BRIDGED = 3.0  # usual intervals from the last sample of a stretch to the next: beyond, nobody knows what flowed
_MANY = 100_000  # samples that are enough to know what is usual


@dataclass(frozen=True)
class HalfCycles:
    """One entry per stretch, as arrays of equal length n.

    `first` and `last` are the rows it begins and ends with (both belong to it), `direction` is 1 (charging), -1 or 0
    (rest), -2 in an impedance sweep; `current` [A] is its mean, `charge` [C] what flowed (with sign) until the current
    was switched, at `until` [s]; `start` and `end` [s] are the times of its first and last row, `least` and `most` [A]
    the extremes of its current.
    """

    first: np.ndarray
    last: np.ndarray
    direction: np.ndarray
    current: np.ndarray
    charge: np.ndarray
    start: np.ndarray
    end: np.ndarray
    until: np.ndarray
    least: np.ndarray
    most: np.ndarray

    @property
    def flowing(self) -> np.ndarray:
        """Indices of the stretches that carry current."""
        return np.flatnonzero(np.abs(self.direction) == 1)

    @property
    def with_strays(self) -> np.ndarray:
        """Indices of the stretches with a sample that is far from their level."""
        return _with_strays(self.least, self.most, self.current)

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Indices of the stretches to which these rows belong."""
        return np.asarray(np.searchsorted(self.first, rows, side="right") - 1)

    def __len__(self) -> int:
        """Number of stretches."""
        return len(self.first)


class Sums(NamedTuple):
    """Of each stretch: its current added up and its extremes [A], the trapezoid of it [C], its widest interval [s]."""

    current: np.ndarray
    least: np.ndarray
    most: np.ndarray
    passed: np.ndarray
    widest: np.ndarray


def half_cycles(record: Record, holes: np.ndarray | None = None) -> HalfCycles:
    """Split a record where the current changes its sign, its level by more than 10 %, or falls to rest.

    Noise of the current begins no stretch: a level is the median of several samples. Where the cycler counts its steps,
    a level changes with them or not at all. One or two samples of another current inside a long stretch are a glitch
    and belong to it; so does a first or last sample that has only part of the current.

    `record` has finite times, voltages and currents in the order of time; `holes` are (begin, end) [s] of stretches in
    which the current is not known, and no half-cycle goes on through one.
    """
    time, current = record.column("test_time_second"), record.column("current_ampere")
    if not len(time):
        empty, whole = np.zeros(0), np.zeros(0, np.int64)
        return HalfCycles(whole, whole, whole, *[empty] * 7)
    direction = directions(current)
    if "frequency_hertz" in record.table.columns:  # an impedance sweep: its mean current is no cycling
        direction[record.column("frequency_hertz") > 0.0] = -2
    begins = np.ones(len(time), bool)
    np.not_equal(direction[1:], direction[:-1], out=begins[1:])
    broken = _broken(time, holes)
    begins[broken + 1] = True
    begins[_glitches(np.flatnonzero(begins), direction, time)] = False
    begins[broken + 1] = True
    first = np.flatnonzero(begins)
    begins[_behind_gaps(time, first, direction)] = True
    begins[level_changes(record, np.flatnonzero(begins), direction)] = True
    first = np.flatnonzero(begins)
    last = np.concatenate([first[1:] - 1, [len(time) - 1]])
    sums = _sums(time, current, first)
    until, charge = _charges(record, first, last, np.isin(last, broken), sums)
    way = direction[(first + last) // 2]  # of the middle sample, since a glitch may stand at either end
    level = levels(current, first, last, sums)
    return HalfCycles(first, last, way, level, charge, time[first], time[last], until, sums.least, sums.most)


def _sums(time: np.ndarray, current: np.ndarray, first: np.ndarray) -> Sums:
    """What is added up over the rows of each stretch, in one pass over the record."""
    size = len(first)
    sums = Sums(np.zeros(size), np.full(size, np.inf), np.full(size, -np.inf), np.zeros(size), np.zeros(size))
    ends = np.append(first[1:], len(time)) - 1
    for part in parts(len(time)):
        begin = int(np.searchsorted(first, part.start, side="right")) - 1
        end = int(np.searchsorted(first, part.stop, side="left"))
        edges, some = np.maximum(first[begin:end] - part.start, 0), slice(begin, end)
        at, ampere = time[part.start : part.stop + 1], current[part.start : part.stop + 1]
        width, between = np.zeros(part.stop - part.start), np.zeros(part.stop - part.start)
        width[: len(at) - 1] = at[1:] - at[:-1]
        between[: len(at) - 1] = ampere[1:] + ampere[:-1]
        over = ends[some] - part.start
        width[over[over < len(width)]] = 0.0  # to the next stretch
        between *= width
        ampere = current[part]
        for ufunc, result, values in (
            (np.add, sums.current, ampere),
            (np.minimum, sums.least, ampere),
            (np.maximum, sums.most, ampere),
            (np.add, sums.passed, between),
            (np.maximum, sums.widest, width),
        ):
            result[some] = ufunc(result[some], ufunc.reduceat(values, edges))
    sums.passed[:] *= 0.5
    return sums


def rows_between(first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """All rows of the stretches first..last, one after the other."""
    count = np.maximum(last - first + 1, 0)
    rows: np.ndarray = np.repeat(first - np.cumsum(count) + count, count) + np.arange(int(count.sum()))
    return rows


def _behind_gaps(time: np.ndarray, first: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Rows behind gaps as long as a half-cycle: the current may have been switched back and forth meanwhile."""
    ends = np.append(first[1:], len(time)) - 1
    flows = np.abs(direction[first]) == 1
    if np.count_nonzero(flows) < 2:
        return np.zeros(0, np.int64)
    usual = float(np.median((time[ends] - time[first])[flows]))
    long = max(usual, 10.0 * usual_interval(time))
    gaps = np.concatenate(
        [np.flatnonzero(np.diff(time[part.start : part.stop + 1]) > long) + part.start + 1 for part in parts(len(time))]
    )
    return np.asarray(gaps[np.abs(direction[gaps]) == 1])


def _glitches(first: np.ndarray, direction: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Those of the first rows of stretches that one or two odd samples inside a long one make."""
    if len(first) < 3:
        return first[:0]
    size = np.diff(np.append(first, len(direction)))
    way = direction[first]
    inner = np.arange(1, len(first) - 1)
    glitch = (size[inner] <= GLITCH) & (way[inner - 1] == way[inner + 1]) & (np.abs(way[inner - 1]) == 1)
    glitch &= (way[inner] != -2) & (np.minimum(size[inner - 1], size[inner + 1]) >= LONG)
    wait = time[first[inner + 1]] - time[first[inner] - 1]
    glitch &= wait <= (GLITCH + 1.5) * usual_interval(time)
    odd = inner[glitch]
    return np.concatenate([first[odd], first[odd + 1]])


def levels(current: np.ndarray, first: np.ndarray, last: np.ndarray, sums: Sums) -> np.ndarray:
    """Mean current of each stretch [A], without samples that are far from the middle ones: parts of a switch, glitches.

    Where fewer than half are near those, as in a decay, the mean of all.
    """
    count, middle = last - first + 1, (first + last) // 2
    around = [current[np.clip(middle + shift, first, last)] for shift in (-1, 0, 1)]
    usual = np.maximum(np.minimum(around[0], around[1]), np.minimum(np.maximum(around[0], around[1]), around[2]))
    mean = sums.current / count
    strays = _with_strays(sums.least, sums.most, usual)
    if not len(strays):
        return np.asarray(mean)
    rows, count, usual = rows_between(first[strays], last[strays]), count[strays], usual[strays]
    values, begin = current[rows], np.cumsum(count) - count
    for _ in range(2):  # the middle samples are noisy themselves
        level = np.repeat(usual, count)
        near = np.abs(values - level) <= FAR * np.abs(level)
        some = np.add.reduceat(near.astype(np.int64), begin)
        usual = np.where(some > 0, np.add.reduceat(np.where(near, values, 0.0), begin) / np.maximum(some, 1), usual)
    mean[strays] = np.where(2 * some > count, usual, mean[strays])
    return np.asarray(mean)


def _with_strays(least: np.ndarray, most: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Indices of the stretches whose extremes are far from their level [A]."""
    return np.flatnonzero(np.maximum(most - level, level - least) > FAR * np.abs(level))


def directions(current: np.ndarray) -> np.ndarray:
    """1 while the cell charges, -1 while it discharges, 0 at rest."""
    sampled = np.abs(current[:: max(1, len(current) // _MANY)])
    flowing = sampled[sampled > 0.0]
    quiet = QUIET * np.quantile(flowing, 0.9) if len(flowing) else 0.0
    result = np.empty(len(current), np.int8)
    for part in parts(len(current)):
        result[part] = (current[part] > quiet).astype(np.int8) - (current[part] < -quiet)
    return result


def _broken(time: np.ndarray, holes: np.ndarray | None) -> np.ndarray:
    """Rows behind which a hole begins."""
    if holes is None or not len(holes):
        return np.zeros(0, np.int64)
    rows = np.searchsorted(time, holes[:, 0], side="right") - 1
    return np.unique(rows[(rows >= 0) & (rows < len(time) - 1)])


def _charges(
    record: Record, first: np.ndarray, last: np.ndarray, hole: np.ndarray, sums: Sums
) -> tuple[np.ndarray, np.ndarray]:
    """(time at which the current was switched [s], charge [C]) of each stretch.

    Inside a stretch the trapezoid of its current, and on to the next where that goes on in the same direction. Else the
    current is held from the last sample to the switch, which is the first sample of the next stretch, or earlier where
    the time of the step says so: the rest belongs to the next stretch. Over a hole, and over an interval that is longer
    than any inside, nothing is counted.
    """
    time, current = record.column("test_time_second"), record.column("current_ampere")
    charge, until = sums.passed.copy(), time[last].astype(float)
    if len(first) < 2:
        return until, charge
    end, begin = last[:-1], first[1:]
    wait = time[begin] - time[end]
    near = wait <= np.maximum(BRIDGED * usual_interval(time), 1.5 * sums.widest[:-1])
    near &= ~hole[:-1]
    after = _since_switch(record, begin, wait)
    until[:-1] = np.where(near, time[begin] - after, until[:-1])
    along = current[end] * current[begin] > 0.0
    mean = np.where(along & (after == 0.0), 0.5 * (current[end] + current[begin]), current[end])
    charge[:-1] += np.where(near, (wait - after) * mean, 0.0)
    charge[1:] += np.where(near, after * current[begin], 0.0)
    return until, charge


def _since_switch(record: Record, begin: np.ndarray, wait: np.ndarray) -> np.ndarray:
    """Time from the switch to the first sample after it [s], as far as the time of the step says it, else 0."""
    if "step_time_second" not in record.table.columns:
        return np.zeros(len(begin))
    since = record.column("step_time_second")[begin]
    return np.where(np.isfinite(since) & (since >= 0.0) & (since <= wait), since, 0.0)


def usual_interval(time: np.ndarray) -> float:
    """Median time between samples [s], of a hundred thousand of them where there are more; 0 without two times."""
    at = np.arange(0, len(time) - 1, max(1, len(time) // _MANY))
    widths = time[at + 1] - time[at]
    widths = widths[widths > 0.0]
    return float(np.median(widths)) if len(widths) else 0.0
