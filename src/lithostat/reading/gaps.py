"""Where no file has samples, and where two files have them at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from lithostat.experiment.quantity import span
from lithostat.reading.clock import File

SHORTEST_GAP = 60.0  # s; a shorter stretch without samples is no gap
GAP_FACTOR = 10.0  # a gap is longer than this many sampling intervals
AROUND = 25  # intervals before and after that say what the sampling interval is
MOST_NAMED = 5  # gaps that get a warning of their own
HOLE_FACTOR = 3.0  # an interval this many times the usual one, with rows of another file inside, is that file's turn
PERIODS = 30.0  # that one point of an impedance sweep may take
CLOCK_RESOLUTION = 1.0  # s; start instants are not better than this, so a shorter overlap of files is none


def find_gaps(table: pl.DataFrame, names: dict[int, str]) -> list[dict[str, Any]]:
    """Stretches without samples, in the order of time; `between` names two files if the gap is between files."""
    if not len(table):
        return []
    times, index = table["test_time_second"].to_numpy(), table["file_index"].to_numpy()
    longest_point = _point_durations(table)
    found = []
    for k in long_intervals(times):
        a, b = int(index[k]), int(index[k + 1])
        if a == b and times[k + 1] - times[k] <= longest_point[k + 1]:
            continue
        between = [names.get(a, str(a)), names.get(b, str(b))] if a != b else None
        found.append({"start_second": float(times[k]), "end_second": float(times[k + 1]), "between": between})
    return found


def _point_durations(table: pl.DataFrame) -> np.ndarray:
    """Time that a row may take because it is a point of an impedance sweep [s], 0 for other rows."""
    if "frequency_hertz" not in table.columns:
        return np.zeros(len(table))
    frequency = table["frequency_hertz"].to_numpy()
    return np.divide(PERIODS, frequency, out=np.zeros(len(table)), where=frequency > 0.0)


def long_intervals(times: np.ndarray) -> np.ndarray:
    """Indices k where times[k] to times[k+1] is longer than 60 s and 10 times the median interval around it."""
    intervals = np.diff(times)
    candidates = np.flatnonzero(intervals > SHORTEST_GAP)
    keep = []
    for chunk in np.array_split(candidates, max(1, len(candidates) // 100_000)):
        around = chunk[:, None] + np.delete(np.arange(-AROUND, AROUND + 1), AROUND)
        inside = (around >= 0) & (around < len(intervals))
        near = np.where(inside, intervals[np.clip(around, 0, max(0, len(intervals) - 1))], np.nan)
        near[~inside.any(axis=1)] = 0.0  # nothing to compare with
        keep.append(chunk[intervals[chunk] > GAP_FACTOR * np.nanmedian(near, axis=1)] if len(chunk) else chunk)
    return np.concatenate(keep)


def gap_warnings(gaps: list[dict[str, Any]]) -> list[str]:
    """The longest gaps, each in a sentence, and how many more there are."""
    longest = sorted(gaps, key=lambda gap: gap["start_second"] - gap["end_second"])
    said = []
    for gap in longest[:MOST_NAMED]:
        where = f" between {gap['between'][0]} and {gap['between'][1]}" if gap["between"] else ""
        length = gap["end_second"] - gap["start_second"]
        said.append(f"no samples for {span(length)}, from {span(gap['start_second'])} on{where}")
    if len(longest) > MOST_NAMED:
        said.append(f"{len(longest) - MOST_NAMED} shorter stretches without samples; all are in the provenance")
    return said


def report_overlaps(cyclers: list[File], warnings: list[str]) -> None:
    """Say which files of the cycler overlap; what only the clock's rounding makes overlap is moved apart.

    Files that take turns (techniques in a loop, each with its own file) do not overlap: where one has a hole, the other
    has its rows.
    """
    for k, file in enumerate(cyclers):
        for before in cyclers[:k]:
            begins, ends = (file.offset or 0.0) + file.first, (file.offset or 0.0) + file.last
            overlap = min(ends, (before.offset or 0.0) + before.last) - begins
            if 0.0 < overlap <= CLOCK_RESOLUTION:
                file.offset = (file.offset or 0.0) + overlap
            elif overlap > 0.0:
                one, other = before.times, file.times
                overlap -= _turns(one, other) + _turns(other, one)
                if overlap > CLOCK_RESOLUTION:
                    warnings.append(
                        f"{before.name} and {file.name} overlap by {span(overlap)}; rows of both are kept in the order "
                        "of time, and the charge counts both"
                    )


def _turns(times: np.ndarray, other: np.ndarray) -> float:
    """Length of the holes in `times` in which the other file has its rows [s]."""
    inside = np.searchsorted(other, times[1:], "left") > np.searchsorted(other, times[:-1], "right")
    intervals = np.diff(times)
    return float(intervals[inside & (intervals > hole(intervals))].sum())


def hole(intervals: np.ndarray) -> float:
    """Interval [s] above which a file lets others have their turn."""
    return HOLE_FACTOR * float(np.median(intervals)) if len(intervals) else 0.0
