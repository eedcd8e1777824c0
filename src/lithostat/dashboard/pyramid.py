"""Traces of 10^7 samples that answer any zoom: least and largest value of every 16, of every 256, ... samples.

On disk as one file: a line of JSON, then time (float64), every trace (float32), and for each trace and level the least
and the largest values. It is mapped, never loaded: what a zoom does not touch costs no memory. A float32 keeps seven
digits, which is what a screen can show; the record itself is not rounded.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lithostat.experiment.errors import InputError
from lithostat.experiment.record import write_whole

FORMAT = 1
FACTOR = 16  # samples or blocks that one block of the next level stands for
HEAD = 4096  # bytes of the line of JSON, padded
BLOCK = FACTOR**5  # samples that are worked on at a time
LARGEST = 1e30  # what is larger is no number that a screen can show


@dataclass(frozen=True)
class Zoom:
    """What a screen shows of a stretch: `time` (n,) [s], `low` and `high` (traces, n), NaN where nothing was measured.

    Every column stands for the samples from its own time until the next column's; `whole` says that each is one sample.
    """

    time: np.ndarray
    low: np.ndarray
    high: np.ndarray
    whole: bool


@dataclass(frozen=True)
class Pyramid:
    """Traces on one time axis. `time` (n,) [s] does not fall, `traces` (traces, n); `levels[k]` holds (low, high), each
    (traces, blocks), of blocks of 16^(k+1) samples."""

    time: np.ndarray
    traces: np.ndarray
    levels: tuple[tuple[np.ndarray, np.ndarray], ...]
    about: tuple[dict[str, Any], ...] = ()  # of each trace, as whoever wrote it said

    def between(self, start: float, end: float, columns: int) -> Zoom:
        """The stretch from `start` to `end` [s] in that many columns of equal width; one that holds no sample is left
        out.

        Least and largest values are exactly those of the samples of each column, so that a single one is seen at any
        zoom. Where there are few samples, they are given as they are, with one more on each side.
        """
        first = int(np.searchsorted(self.time, start, "left"))
        last = int(np.searchsorted(self.time, end, "right"))
        if last - first <= 2 * columns:
            rows = slice(max(first - 1, 0), min(last + 1, len(self.time)))
            values = np.array(self.traces[:, rows])
            return Zoom(np.array(self.time[rows]), values, values, True)
        inner = np.searchsorted(self.time, np.linspace(start, end, columns + 1)[1:-1], "left")
        edges = np.unique(np.clip(np.concatenate([[first], inner, [last]]), first, last))
        low, high = self._extremes(edges[:-1], edges[1:])
        return Zoom(np.array(self.time[edges[:-1]]), low, high, False)

    def _extremes(self, first: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Least and largest value of samples first..last-1 of each column, from the ends inwards and level by level."""
        low = np.full((len(self.traces), len(first)), np.nan, np.float32)
        high = low.copy()
        for lows, highs in ((self.traces, self.traces), *self.levels):
            top = lows is (self.levels[-1][0] if self.levels else self.traces)
            up, down = -(-first // FACTOR), last // FACTOR  # whole blocks of the next level
            through = (up >= down) | top
            ends = np.where(through, last, np.minimum(up * FACTOR, last))
            starts = np.where(through, last, np.maximum(down * FACTOR, ends))
            for begin, stop in ((first, ends), (starts, last)):
                _take(lows, begin, stop, low, np.fmin)
                _take(highs, begin, stop, high, np.fmax)
            first, last = np.where(through, 0, up), np.where(through, 0, down)
        return low, high


def _take(values: np.ndarray, begin: np.ndarray, stop: np.ndarray, into: np.ndarray, better: np.ufunc) -> None:
    """Hold `into` (traces, columns) against the few values begin..stop-1 of each column."""
    for step in range(int(np.max(stop - begin, initial=0))):
        at = begin + step
        there = np.flatnonzero(at < stop)
        into[:, there] = better(into[:, there], values[:, at[there]])


def write_pyramid(
    path: Path, samples: int, chunks: Iterable[tuple[np.ndarray, np.ndarray]], about: Sequence[dict[str, Any]]
) -> Path:
    """Write a pyramid from chunks of (time (n,), values (traces, n)), at most `samples` in all; whole or not at all.

    `about` says of every trace what whoever reads it needs to know, as JSON takes it. Rows without a time, and those
    that lie before an earlier one, are left out. Memory is bounded by one chunk.
    """

    traces = len(about)

    def write(temporary: str) -> None:
        with open(temporary, "wb") as stream:
            stream.truncate(sum(_places(traces, samples)[-1]))
        count = _fill(temporary, traces, samples, chunks) if samples else 0
        head = json.dumps({"format": FORMAT, "room": samples, "samples": count, "about": list(about)})
        with open(temporary, "r+b") as stream:
            stream.write(head.encode().ljust(HEAD))

    return write_whole(path, write)


def _fill(path: str, traces: int, samples: int, chunks: Iterable[tuple[np.ndarray, np.ndarray]]) -> int:
    """Write samples, then each level from the one below; the number of samples that have a time."""
    time, values, levels = _mapped(path, traces, samples, "r+")
    count, latest = 0, -np.inf
    for at, rows in chunks:
        good = np.isfinite(at)
        good[good] &= at[good] >= np.maximum.accumulate(np.concatenate([[latest], at[good]]))[:-1]
        at, rows = at[good], rows[:, good]
        time[count : count + len(at)] = at
        with np.errstate(invalid="ignore"):
            values[:, count : count + len(at)] = np.where(np.abs(rows) < LARGEST, rows, np.nan)
        count += len(at)
        latest = float(at[-1]) if len(at) else latest
    below, length = (values, values), count
    for low, high in levels:
        for start in range(0, length, BLOCK):
            end = min(start + BLOCK, length)
            into = slice(start // FACTOR, -(-end // FACTOR))
            low[:, into] = _reduced(below[0][:, start:end], np.fmin)
            high[:, into] = _reduced(below[1][:, start:end], np.fmax)
        below, length = (low, high), -(-length // FACTOR)
    for array in (time, values, *(part for level in levels for part in level)):
        if isinstance(array, np.memmap):
            array.flush()
    return count


def _reduced(values: np.ndarray, better: np.ufunc) -> np.ndarray:
    """(traces, n) to (traces, n / 16, rounded up); NaN only where all are."""
    missing = -values.shape[1] % FACTOR
    padded = np.pad(values, ((0, 0), (0, missing)), constant_values=np.nan)
    reduced: np.ndarray = better.reduce(padded.reshape(len(values), -1, FACTOR), axis=2)
    return reduced


def open_pyramid(path: Path) -> Pyramid:
    """A pyramid on disk, mapped; `InputError` for anything else."""
    try:
        with open(path, "rb") as stream:
            head = json.loads(stream.read(HEAD))
        if head["format"] != FORMAT:
            raise ValueError(f"format {head['format']}")
        traces, room, samples = len(head["about"]), int(head["room"]), int(head["samples"])
        whole = _places(traces, room)[-1]
        if not 0 <= samples <= room or os.path.getsize(path) != sum(whole):
            raise ValueError("its size is another")
        time, values, levels = _mapped(str(path), traces, room, "r")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"is no pyramid of traces ({error})", file=str(path)) from None
    cut, length = [], samples
    for low, high in levels:
        length = -(-length // FACTOR)
        cut.append((low[:, :length], high[:, :length]))
    return Pyramid(time[:samples], values[:, :samples], tuple(cut), tuple(head["about"]))


def _places(traces: int, samples: int) -> list[tuple[int, int]]:
    """(first byte, bytes) of time, of the traces, and of low and high of each level."""
    sizes = [8 * samples, *(4 * traces * length for length in (samples, *np.repeat(_lengths(samples), 2).tolist()))]
    starts = np.concatenate([[HEAD], HEAD + np.cumsum(sizes)]).tolist()
    return list(zip(starts, sizes, strict=False))


def _lengths(samples: int) -> list[int]:
    """Blocks of each level, until a few hundred are left."""
    lengths: list[int] = []
    while samples > FACTOR**2:
        samples = -(-samples // FACTOR)
        lengths.append(samples)
    return lengths


def _mapped(
    path: str, traces: int, samples: int, mode: str
) -> tuple[np.ndarray, np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
    """Time, traces and levels as they lie in the file; without samples, empty arrays."""
    if not samples:
        return np.zeros(0), np.zeros((traces, 0), np.float32), []
    places: Sequence[tuple[int, int]] = _places(traces, samples)
    time = np.memmap(path, np.float64, mode, places[0][0], (samples,))  # type: ignore[call-overload]

    def block(place: tuple[int, int], length: int) -> np.ndarray:
        mapped: np.ndarray = np.memmap(path, np.float32, mode, place[0], (traces, length))  # type: ignore[call-overload]
        return mapped

    lengths = _lengths(samples)
    if not traces:
        return time, np.zeros((0, samples), np.float32), []
    pairs = [(block(places[2 + 2 * k], length), block(places[3 + 2 * k], length)) for k, length in enumerate(lengths)]
    return time, block(places[1], samples), pairs
