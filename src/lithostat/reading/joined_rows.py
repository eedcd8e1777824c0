"""The rows of all files of the cycler in one table: counts that go on, and charge since time 0."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl

from lithostat.experiment.record import COLUMNS, OTHER, REQUIRED
from lithostat.reading.clock import File, entries_of
from lithostat.reading.gaps import hole
from lithostat.reading.set_clocks import FROM

DRIFT = 60.0  # s between the clock of a file and its test time that is worth a word

_COUNTERS = ("cycle_count", "step_count")


def rows_of(cyclers: list[File], origin: datetime | None, warnings: list[str]) -> pl.DataFrame:
    """The rows of all files of the cycler, in the order of time."""
    if not cyclers:
        return pl.DataFrame({name: pl.Series(name, [], pl.Float64) for name in REQUIRED})
    frames, last = [], dict.fromkeys(_COUNTERS, 0)
    counted = {name for name in _COUNTERS if any(name in file.record.table.columns for file in cyclers)}
    for file in cyclers:
        frame = _on_timeline(file, origin, warnings)
        for name in sorted(counted):
            counts = _continued(frame, name, last[name])
            last[name] = max(last[name], int(counts.max() or 0)) if len(counts) else last[name]  # type: ignore[arg-type]
            frame = frame.with_columns(counts)
        frames.append(frame)
    table = _with_charge(_joined(frames), warnings)
    return table.select([name for name in dict.fromkeys((*COLUMNS, *table.columns)) if name in table.columns])


def _on_timeline(file: File, origin: datetime | None, warnings: list[str]) -> pl.DataFrame:
    table, offset = file.record.table, file.offset or 0.0
    own = table["test_time_second"].to_numpy()
    times = own + offset
    unix = np.full(len(times), np.nan)  # and stays so where the place of a file is a guess
    if origin is not None and file.start is not None:
        unix = origin.timestamp() + times
        _report_drift(file, own, warnings)
    index = np.full(len(times), file.index, np.int64)
    if len(entries_of(file)) > 1 and "file_index" in table.columns:
        index = index + table["file_index"].fill_null(0).to_numpy()
    return table.with_columns(
        pl.Series("test_time_second", times),
        pl.Series("unix_time_second", unix),
        pl.Series("file_index", index),
        pl.lit(file.index, pl.Int64).alias("_part"),
    )


def _report_drift(file: File, own: np.ndarray, warnings: list[str]) -> None:
    """Say where the clock in the rows goes another way than the test time: a pause, or a change of summer time."""
    if "unix_time_second" not in file.record.table.columns or entries_of(file)[0].get(FROM) == "clock":
        return
    apart = file.record.table["unix_time_second"].cast(pl.Float64).to_numpy() - own
    apart = apart[np.isfinite(apart)]
    if len(apart) and float(np.ptp(apart)) > DRIFT:
        warnings.append(
            f"{file.name}: clock and test time move apart by {float(np.ptp(apart)):.6g} s (a pause, or a change of "
            "summer time); test time is trusted"
        )


def _continued(frame: pl.DataFrame, name: str, last: int) -> pl.Series:
    """Counts of a file that go on from `last`; a file without counts is one step, and no cycle of its own."""
    if name not in frame.columns:
        return pl.Series(name, np.full(len(frame), last + (name == "step_count"), np.int64))
    counts = frame[name].cast(pl.Int64).fill_null(0)
    least = int(counts.min() or 0) if len(counts) else 0  # type: ignore[arg-type]
    if last == 0 or (least > 1 and least >= last):
        return counts  # the first file, or the cycler itself counted on
    return counts + (last + 1 if name == "step_count" and least == 0 else last)


def _joined(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """All frames in one, in the order of time; numbers that a file does not have are NaN, counters 0."""
    if len(frames) == 1:
        table = frames[0]
    else:
        table = pl.concat([_without_empty_others(frame) for frame in frames], how="diagonal_relaxed", rechunk=True)
    fills = []
    for name, dtype in table.schema.items():
        if dtype.is_float():
            fills.append(pl.col(name).fill_null(float("nan")))
        elif name in COLUMNS and dtype.is_integer():
            fills.append(pl.col(name).fill_null(0))
    table = table.with_columns(fills)
    times = table["test_time_second"].to_numpy()
    if np.any(np.diff(times) < 0.0):
        table = table.sort("test_time_second", maintain_order=True)
    if not np.isfinite(table["unix_time_second"].to_numpy()).any():
        table = table.drop("unix_time_second")
    return table


def _without_empty_others(frame: pl.DataFrame) -> pl.DataFrame:
    """Columns of a file's own that hold nothing would only quarrel about their type."""
    return frame.drop([n for n in frame.columns if n.startswith(OTHER) and frame[n].null_count() == len(frame)])


def _with_charge(table: pl.DataFrame, warnings: list[str]) -> pl.DataFrame:
    """`net_capacity_ah` and `cumulative_capacity_ah` since time 0: trapezoids within each file, nothing between."""
    times, current = table["test_time_second"].to_numpy(), table["current_ampere"].to_numpy()
    part = table["_part"].to_numpy()
    table = table.drop("_part")
    if not np.isfinite(current).any():
        nothing = np.full(len(times), np.nan)
        if len(times):
            warnings.append("no current is known, and therefore no charge")
        return table.with_columns(
            pl.Series("net_capacity_ah", nothing), pl.Series("cumulative_capacity_ah", nothing.copy())
        )
    net, both = np.zeros(len(times)), np.zeros(len(times))
    mixed = bool(np.any(np.diff(part) < 0))  # files overlap, so that their rows lie between each other
    order = np.argsort(part, kind="stable") if mixed else slice(None)
    t, i, f = times[order], current[order], part[order]
    step = np.where(f[1:] == f[:-1], np.diff(t), 0.0) / 3600.0
    if mixed:
        step = _without_turns(step, np.diff(np.asarray(order)) > 1, f)
    charge = 0.5 * (i[1:] + i[:-1]) * step
    absolute = _absolute(i[:-1], i[1:]) * step
    lost = ~np.isfinite(charge)
    unknown = float(step[lost].sum()) * 3600.0
    charge[lost] = absolute[lost] = 0.0
    net[order], both[order] = np.append(0.0, charge), np.append(0.0, absolute)
    if unknown > 0.0:
        warnings.append(f"the current is unknown during {unknown:.6g} s, which add nothing to the charge")
    return table.with_columns(
        pl.Series("net_capacity_ah", np.cumsum(net)), pl.Series("cumulative_capacity_ah", np.cumsum(both))
    )


def _without_turns(step: np.ndarray, others_inside: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Intervals of each file in turn, 0 where a hole holds rows of another file: that one's current flowed then."""
    step = step.copy()
    for value in np.unique(part):
        own = (part[1:] == value) & (part[:-1] == value)
        step[own & others_inside & (step > hole(step[own]))] = 0.0
    return step


def _absolute(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Mean of |i| along a straight line from a to b, which may cross zero."""
    same = a * b >= 0.0
    spread = np.abs(a) + np.abs(b)
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = 0.5 * (a * a + b * b) / spread
    return np.where(same, 0.5 * spread, crossing)
