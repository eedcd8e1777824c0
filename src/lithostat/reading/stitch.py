"""Several records of one cell on one timeline, by wall clock."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.errors import InputError
from lithostat.experiment.record import COLUMNS, OTHER, REQUIRED, Record
from lithostat.experiment.spectrum import Spectrum

SHORTEST_GAP = 60.0  # s; a shorter stretch without samples is no gap
GAP_FACTOR = 10.0  # a gap is longer than this many sampling intervals
AROUND = 25  # intervals before and after that say what the sampling interval is
MOST_NAMED = 5  # gaps that get a warning of their own
HOLE_FACTOR = 3.0  # an interval this many times the usual one, with rows of another file inside, is that file's turn
PERIODS = 30.0  # that one point of an impedance sweep may take
CLOCK_RESOLUTION = 1.0  # s; start instants are not better than this, so a shorter overlap of files is none
DRIFT = 60.0  # s between the clock of a file and its test time that is worth a word
NEAR = 600.0  # s between a spectrum and the sample that its pressure or temperature is taken from

_LOAD = ("load_cell_volt", "load_newton", "measured_pressure_pa")
_COUNTERS = ("cycle_count", "step_count")
_ZERO_CELSIUS = 273.15  # K


@dataclass(eq=False)
class _File:
    """One record on its way to the timeline. `offset` [s] is added to its test time; None until it is placed."""

    record: Record
    name: str
    start: datetime | None  # instant of test time 0, with zone
    offset: float | None = None
    index: int = 0  # of its first entry in provenance['files']

    @property
    def times(self) -> np.ndarray:
        return self.record.column("test_time_second") + (self.offset or 0.0)

    @property
    def first(self) -> float:
        times = self.record.column("test_time_second")
        return float(times[0]) if len(times) else 0.0

    @property
    def last(self) -> float:
        times = self.record.column("test_time_second")
        return float(times[-1]) if len(times) else 0.0


def stitch(records: Sequence[Record], *, names: Sequence[str], note: CellNote) -> Record:
    """One record of all files of a cell; `names` are those of the files, in the order of `records`.

    Time 0 is the start of the earliest file of the cycler (of the earliest log where there is none). What a log holds
    from before is left out with a warning, and a spectrum from before has a negative time. Inside a file its test time
    is trusted, between files the start instants; a naive clock is in `note.time_zone`, else taken as UTC. A file
    without a clock follows the one before it in the order of names; a log without one starts with the cycler. A log is
    a file of samples without current (and without voltage, or with a load cell): its columns are interpolated linearly
    in time onto the rows of the cycler, not across gaps of the log, and its own rows are not kept.

    Rows are in the order of time. Counts of cycles and steps go on from file to file, unless a file's own counts
    already go on. Counters of charge stay as the files have them; `net_capacity_ah` and `cumulative_capacity_ah` are
    integrated anew from the current, by trapezoids within each file and without any current between files. An interval
    whose current is unknown adds nothing, and a warning says how long that was. Several records lose their outcomes and
    tables of steps, which are about one file each; a single one keeps them.

    Raises `InputError` if there is nothing to stitch.
    """
    if not records:
        raise InputError("there is no record to put on a timeline", expected="at least one file that can be read")
    warnings: list[str] = []
    files = _files(records, names, note, warnings)
    cyclers = [file for file in files if _is_cycler(file.record, note)]
    logs = [file for file in files if len(file.record.table) and file not in cyclers]
    if not cyclers:
        cyclers, logs = logs, []
    origin = _place(files, cyclers, logs, warnings)
    files = _in_order(files)
    cyclers = [file for file in files if file in cyclers]
    for file in files:
        warnings += [f"{file.name}: {warning}" for warning in file.record.warnings]
    _report_overlaps(cyclers, warnings)
    table = _rows(cyclers, origin, warnings)
    table = _join_logs(table, logs, warnings)
    gaps = _gaps(table, {k: name for file in cyclers for k, name in _names(file)})
    warnings += _gap_warnings(gaps)
    single = records[0] if len(files) == 1 else None
    entries = [entry for file in files for entry in _entries(file)]
    stitched = Record(
        table=table,
        steps=single.steps if single else pl.DataFrame(),
        outcome=single.outcome if single else None,
        spectra=tuple(_moved(spectrum, file) for file in files for spectrum in file.record.spectra),
        provenance=(single.provenance if single else {"made_by": "reading"}) | {"files": entries, "gaps": gaps},
        warnings=tuple(dict.fromkeys(warnings)),
        start=_shown_start(origin, files, note),
    )
    return with_states(stitched, note)


def with_states(record: Record, note: CellNote) -> Record:
    """The record whose spectra know pressure, temperature and area where the timeline or the note does.

    Pressure [Pa] and temperature [K] are those of the nearest valid sample within 10 minutes, or at any distance within
    the file that surrounds the spectrum; without one, what the note states. The area [m2] is the stated one. What a
    spectrum already says stays.
    """
    if not record.spectra:
        return record
    pressure = _Samples.of(record, "measured_pressure_pa"), _Samples.of(record, "applied_pressure_pa")
    warmth = _Samples.of(record, "ambient_temperature_celsius")

    def state(spectrum: Spectrum) -> Spectrum:
        p, warm = spectrum.pressure, spectrum.temperature
        if p is None:
            p = next((found for found in (s.at(spectrum.time) for s in pressure) if found is not None), note.pressure)
        if warm is None:
            celsius = warmth.at(spectrum.time)
            warm = note.temperature if celsius is None else celsius + _ZERO_CELSIUS
        area = note.electrode_area if spectrum.area is None else spectrum.area
        return replace(spectrum, pressure=p, temperature=warm, area=area)

    return replace(record, spectra=tuple(state(spectrum) for spectrum in record.spectra))


# ---------------------------------------------------------------------------------------------------- files and clocks


def _files(records: Sequence[Record], names: Sequence[str], note: CellNote, warnings: list[str]) -> list[_File]:
    """Every file once, with the instant of its test time 0 and its rows in the order of time."""
    files: list[_File] = []
    seen: dict[str, str] = {}
    for record, name in zip(records, names, strict=True):
        digest = next((entry.get("sha256") for entry in record.provenance.get("files", ())), None)
        if digest is not None and digest in seen:
            warnings.append(f"{name}: has the same content as {seen[digest]} and is left out")
            continue
        if digest is not None:
            seen[digest] = name
        files.append(_File(_sorted(record, name, warnings), name, _instant(record.start, note, name, warnings)))
    naive = [f.name for f in files if f.record.start is not None and f.record.start.tzinfo is None]
    aware = [f.name for f in files if f.record.start is not None and f.record.start.tzinfo is not None]
    if naive and aware and note.time_zone is None:
        warnings.append(
            f"some clocks say their time zone ({aware[0]}) and some do not ({naive[0]}); those that do not are taken "
            "as UTC: state 'time_zone' in cell.yaml"
        )
    return files


def _instant(start: datetime | None, note: CellNote, name: str, warnings: list[str]) -> datetime | None:
    """A start instant in UTC. The hour that a zone has twice is taken for the first of the two."""
    if start is None or start.tzinfo is not None:
        return start if start is None else start.astimezone(UTC)
    if note.time_zone is None:
        return start.replace(tzinfo=UTC)
    local = start.replace(tzinfo=ZoneInfo(note.time_zone))
    instant, other = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    if instant.astimezone(local.tzinfo).replace(tzinfo=None) != start:
        warnings.append(f"{name}: starts at {start}, which {note.time_zone} does not have (summer time begins)")
    elif instant != other:
        warnings.append(f"{name}: starts at {start}, which {note.time_zone} has twice; the first is taken")
    return instant


def _sorted(record: Record, name: str, warnings: list[str]) -> Record:
    """The record without rows that have no time, and in the order of time."""
    times = record.column("test_time_second")
    table, known = record.table, np.isfinite(times)
    if not known.all():
        warnings.append(f"{name}: {int((~known).sum())} rows have no time and are left out")
        table, times = table.filter(pl.Series(known)), times[known]
    if len(times) > 1 and np.any(np.diff(times) < 0.0):
        warnings.append(f"{name}: its time runs backwards; its rows are put in the order of time")
        table = table.sort("test_time_second", maintain_order=True)
    return record if table is record.table else replace(record, table=table)


def _is_cycler(record: Record, note: CellNote) -> bool:
    """True for rows of a cell: with a current, or with a voltage and no load cell beside it."""
    if not len(record.table):
        return False
    if _any_known(record.table["current_ampere"]):
        return True
    load = any(name in record.table.columns and _any_known(record.table[name]) for name in _LOAD)
    signal = note.load_cell.column if note.load_cell else None
    load = load or (signal is not None and bool({signal, OTHER + signal} & set(record.table.columns)))
    return _any_known(record.table["voltage_volt"]) and not load


def _any_known(values: pl.Series) -> bool:
    """True if a column of numbers holds at least one that is finite."""
    return values.dtype.is_numeric() and bool(values.is_finite().any())


def _place(files: list[_File], cyclers: list[_File], logs: list[_File], warnings: list[str]) -> datetime | None:
    """Give every file its offset; returns the instant of time 0, None if no file of the cycler has a clock."""
    clocked = [file.start for file in cyclers or files if file.start is not None]
    origin = min(clocked, default=None)
    for file in files:
        if file.start is not None and origin is not None:
            file.offset = (file.start - origin).total_seconds()
    _place_by_name([file for file in files if file not in logs], cyclers, warnings)
    if origin is None:
        _place_logs_alone(logs, _begin(cyclers), warnings)
    for file in logs:
        if file.offset is None:
            file.offset = _begin(cyclers) - file.first
            warnings.append(f"{file.name}: has no clock and is taken to start when the cycler does")
    return None if origin is None else _from_zero(files, cyclers, origin)


def _begin(cyclers: list[_File]) -> float:
    """Time of the first row of the cycler [s]."""
    return min(((file.offset or 0.0) + file.first for file in cyclers), default=0.0)


def _from_zero(files: list[_File], cyclers: list[_File], origin: datetime) -> datetime:
    """Move everything so that no row of the cycler lies before time 0, where a file without a clock came first."""
    least = _begin(cyclers)
    if least >= 0.0:
        return origin
    for file in files:
        if file.offset is not None:
            file.offset -= least
    return origin + timedelta(seconds=least)


def _place_logs_alone(logs: list[_File], begin: float, warnings: list[str]) -> None:
    """Logs with clocks beside a cycler without one: the earliest starts when the cycler does."""
    clocked = [(file.start, file) for file in logs if file.start is not None]
    if not clocked:
        return
    first, log = min(clocked, key=lambda pair: pair[0])
    for start, file in clocked:
        file.offset = (start - first).total_seconds() - log.first + begin
    warnings.append(f"the cycler's files have no clock; the log {log.name} is taken to start when the cycler does")


def _place_by_name(files: list[_File], cyclers: list[_File], warnings: list[str]) -> None:
    """Files without a clock go behind the file before them in the order of names, or right before the next one."""
    ordered = sorted(files, key=lambda file: natural(file.name))
    if not ordered:
        return
    if all(file.offset is None for file in ordered):
        next((file for file in ordered if file in cyclers), ordered[0]).offset = 0.0
    first = next(k for k, file in enumerate(ordered) if file.offset is not None)
    for before, file in zip(ordered[first:], ordered[first + 1 :], strict=False):
        if file.offset is None:
            file.offset = (before.offset or 0.0) + before.last - file.first
            warnings.append(_unclocked(file, f"right after {before.name}"))
    for k in reversed(range(first)):
        file, after = ordered[k], ordered[k + 1]
        file.offset = (after.offset or 0.0) + after.first - file.last
        warnings.append(_unclocked(file, f"right before {after.name}"))


def _unclocked(file: _File, where: str) -> str:
    why = "has no clock" if file.start is None else "has a clock, but no file of the cycler has one,"
    return f"{file.name}: {why} and is placed {where}; how long the gap was is unknown"


def natural(name: str) -> list[tuple[int, int, str]]:
    """Key that sorts 'run2' before 'run10'."""
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p.lower()) for p in re.split(r"(\d+)", name) if p]


def _in_order(files: list[_File]) -> list[_File]:
    """Files by the time of their first row, each with the index of its first entry; clock rounding is taken out."""
    files = sorted(files, key=lambda file: (file.offset or 0.0) + file.first)
    index = 0
    for file in files:
        file.index = index
        index += len(_entries(file))
    return files


def _entries(file: _File) -> list[dict[str, Any]]:
    return list(file.record.provenance.get("files") or [{"name": file.name}])


def _names(file: _File) -> list[tuple[int, str]]:
    """Index and name of every entry of a file: its own name, or those inside a record that was stitched before."""
    entries = _entries(file)
    if len(entries) == 1:
        return [(file.index, file.name)]
    return [(file.index + k, str(entry.get("name", file.name))) for k, entry in enumerate(entries)]


def _shown_start(origin: datetime | None, files: Iterable[_File], note: CellNote) -> datetime | None:
    """The instant of time 0 as the files say it: naive if no clock says its zone and the note does not either."""
    if origin is None:
        return None
    zones = [file.record.start.tzinfo for file in files if file.record.start is not None]
    if note.time_zone is not None:
        return origin.astimezone(ZoneInfo(note.time_zone))
    if all(zone is None for zone in zones):
        return origin.replace(tzinfo=None)
    return origin


# ------------------------------------------------------------------------------------------------------------- overlaps


def _report_overlaps(cyclers: list[_File], warnings: list[str]) -> None:
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
                        f"{before.name} and {file.name} overlap by {overlap:.6g} s; rows of both are kept in the order "
                        "of time, and the charge counts both"
                    )


def _turns(times: np.ndarray, other: np.ndarray) -> float:
    """Length of the holes in `times` in which the other file has its rows [s]."""
    inside = np.searchsorted(other, times[1:], "left") > np.searchsorted(other, times[:-1], "right")
    intervals = np.diff(times)
    return float(intervals[inside & (intervals > _hole(intervals))].sum())


def _hole(intervals: np.ndarray) -> float:
    """Interval [s] above which a file lets others have their turn."""
    return HOLE_FACTOR * float(np.median(intervals)) if len(intervals) else 0.0


# ----------------------------------------------------------------------------------------------------------------- rows


def _rows(cyclers: list[_File], origin: datetime | None, warnings: list[str]) -> pl.DataFrame:
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


def _on_timeline(file: _File, origin: datetime | None, warnings: list[str]) -> pl.DataFrame:
    table, offset = file.record.table, file.offset or 0.0
    own = table["test_time_second"].to_numpy()
    times = own + offset
    unix = np.full(len(times), np.nan)  # and stays so where the place of a file is a guess
    if origin is not None and file.start is not None:
        unix = origin.timestamp() + times
        _report_drift(file, own, warnings)
    index = np.full(len(times), file.index, np.int64)
    if len(_entries(file)) > 1 and "file_index" in table.columns:
        index = index + table["file_index"].fill_null(0).to_numpy()
    return table.with_columns(
        pl.Series("test_time_second", times),
        pl.Series("unix_time_second", unix),
        pl.Series("file_index", index),
        pl.lit(file.index, pl.Int64).alias("_part"),
    )


def _report_drift(file: _File, own: np.ndarray, warnings: list[str]) -> None:
    """Say where the clock in the rows goes another way than the test time: a pause, or a change of summer time."""
    if "unix_time_second" not in file.record.table.columns:
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
        step[own & others_inside & (step > _hole(step[own]))] = 0.0
    return step


def _absolute(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Mean of |i| along a straight line from a to b, which may cross zero."""
    same = a * b >= 0.0
    spread = np.abs(a) + np.abs(b)
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = 0.5 * (a * a + b * b) / spread
    return np.where(same, 0.5 * spread, crossing)


# ----------------------------------------------------------------------------------------------------------------- logs


def _join_logs(table: pl.DataFrame, logs: list[_File], warnings: list[str]) -> pl.DataFrame:
    """Columns of the logs at the times of the table's rows; a column that the cycler has too fills only its NaN."""
    if not logs or not len(table):
        return table
    times = table["test_time_second"].to_numpy()
    for name in dict.fromkeys(name for log in logs for name in log.record.table.columns):
        if name in REQUIRED or (name in COLUMNS and not _is_joined(name)):
            continue
        t, values = _log_samples(logs, name)
        if not len(t):
            continue
        joined = _interpolated(times, t, values)
        missing = int(np.isnan(joined).sum())
        if missing:
            warnings.append(
                f"{_plain(name)} of the log is unknown in {missing} of {len(times)} rows, where the log has no samples"
            )
        if name in table.columns and _any_known(table[name]):
            own = table[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
            joined = np.where(np.isfinite(own), own, joined)
            warnings.append(f"{_plain(name)} is in the cycler's file and in a log; the log fills only what is missing")
        table = table.with_columns(pl.Series(name, joined))
    _report_before(logs, warnings)
    return table.select([name for name in dict.fromkeys((*COLUMNS, *table.columns)) if name in table.columns])


def _is_joined(name: str) -> bool:
    """Columns that a log may give: loads, pressures, temperatures; never the counters and charges of a cycler."""
    return name in _LOAD or name in ("applied_pressure_pa", "ambient_temperature_celsius")


def _log_samples(logs: list[_File], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Times [s] and values of one column in all logs that have it as numbers, in the order of time."""
    times, values = [np.zeros(0)], [np.zeros(0)]
    for log in logs:
        table = log.record.table
        if name in table.columns and table[name].dtype.is_numeric():
            x = table[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
            good = np.isfinite(x)
            times.append(table["test_time_second"].to_numpy()[good] + (log.offset or 0.0))
            values.append(x[good])
    t = np.concatenate(times)
    order = np.argsort(t, kind="stable")
    return t[order], np.concatenate(values)[order]


def _interpolated(at: np.ndarray, times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Linear in time between samples; NaN outside of them and across gaps of the log."""
    result = np.interp(at, times, values, left=np.nan, right=np.nan)
    for k in _long_intervals(times):
        low, high = np.searchsorted(at, times[k], "right"), np.searchsorted(at, times[k + 1], "left")
        result[low:high] = np.nan
    return result


def _report_before(logs: list[_File], warnings: list[str]) -> None:
    for log in logs:
        times = log.record.table["test_time_second"].to_numpy() + (log.offset or 0.0)
        before = int((times < 0.0).sum())
        if before:
            warnings.append(
                f"{log.name}: {before} samples lie before the cycler starts (up to {-times[0]:.6g} s) and are left out"
            )


def _plain(name: str) -> str:
    return name.removeprefix(OTHER)


# ----------------------------------------------------------------------------------------------------------------- gaps


def _gaps(table: pl.DataFrame, names: dict[int, str]) -> list[dict[str, Any]]:
    """Stretches without samples, in the order of time; `between` names two files if the gap is between files."""
    if not len(table):
        return []
    times, index = table["test_time_second"].to_numpy(), table["file_index"].to_numpy()
    longest_point = _point_durations(table)
    found = []
    for k in _long_intervals(times):
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


def _long_intervals(times: np.ndarray) -> np.ndarray:
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


def _gap_warnings(gaps: list[dict[str, Any]]) -> list[str]:
    longest = sorted(gaps, key=lambda gap: gap["start_second"] - gap["end_second"])
    said = []
    for gap in longest[:MOST_NAMED]:
        where = f" between {gap['between'][0]} and {gap['between'][1]}" if gap["between"] else ""
        length = gap["end_second"] - gap["start_second"]
        said.append(f"no samples for {length:.6g} s from {gap['start_second']:.6g} s on{where}")
    if len(longest) > MOST_NAMED:
        said.append(f"{len(longest) - MOST_NAMED} shorter stretches without samples; all are in the provenance")
    return said


# -------------------------------------------------------------------------------------------------------------- spectra


def _moved(spectrum: Spectrum, file: _File) -> Spectrum:
    """The spectrum with its time on the common timeline; without one of its own, that of its file's start."""
    if file.offset is None:
        return spectrum
    own = spectrum.time if spectrum.time is not None else file.first
    return replace(spectrum, time=own + file.offset)


@dataclass(frozen=True)
class _Samples:
    """The finite samples of one column, and the first and last time of every file."""

    times: np.ndarray
    values: np.ndarray
    spans: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, record: Record, name: str) -> _Samples:
        times = record.column("test_time_second")
        spans: tuple[tuple[float, float], ...] = ((float(times[0]), float(times[-1])),) if len(times) else ()
        if "file_index" in record.table.columns and len(times):
            by_file = record.table.group_by("file_index").agg(
                pl.col("test_time_second").min().alias("a"), pl.col("test_time_second").max().alias("b")
            )
            spans = tuple(zip(by_file["a"].to_list(), by_file["b"].to_list(), strict=True))
        if name not in record.table.columns:
            return cls(np.zeros(0), np.zeros(0), spans)
        values = record.column(name)
        good = np.isfinite(values)
        return cls(times[good], values[good], spans)

    def at(self, time: float | None) -> float | None:
        """Value of the nearest sample that is near enough, else None."""
        if time is None or not len(self.times):
            return None
        right = int(np.searchsorted(self.times, time))
        around = [k for k in (right - 1, right) if 0 <= k < len(self.times)]
        k = min(around, key=lambda k: abs(self.times[k] - time))
        found = float(self.times[k])
        within = any(a <= time <= b and a <= found <= b for a, b in self.spans)
        return float(self.values[k]) if within or abs(found - time) <= NEAR else None
