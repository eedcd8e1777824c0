"""Files of one cell and their clocks: the instant at which each starts, and its place on the common timeline."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.record import Record
from lithostat.reading.set_clocks import by_zone


@dataclass(eq=False)
class File:
    """One record on its way to the timeline. `offset` [s] is added to its test time; None until it is placed."""

    record: Record
    name: str
    start: datetime | None  # instant of test time 0, with zone
    offset: float | None = None
    index: int = 0  # of its first entry in provenance['files']

    @property
    def times(self) -> np.ndarray:
        """On the timeline [s]."""
        return self.record.column("test_time_second") + (self.offset or 0.0)

    @property
    def first(self) -> float:
        """Test time of the first row [s], 0 without rows."""
        times = self.record.column("test_time_second")
        return float(times[0]) if len(times) else 0.0

    @property
    def last(self) -> float:
        """Test time of the last row [s], 0 without rows."""
        times = self.record.column("test_time_second")
        return float(times[-1]) if len(times) else 0.0


def files_of(records: Sequence[Record], names: Sequence[str], note: CellNote, warnings: list[str]) -> list[File]:
    """Every file once, with the instant of its test time 0 and its rows in the order of time.

    Of files with the same content the first is taken, or those that the note names among its spectra.
    """
    files: list[File] = []
    sums = [next((entry.get("sha256") for entry in one.provenance.get("files", ())), None) for one in records]
    stated = {name for name in names if any(_names(entry.files, name) for entry in note.spectra)}
    wanted = {digest: name for digest, name in zip(sums, names, strict=True) if name in stated}
    seen: dict[str, str] = {}
    for record, name, digest in zip(records, names, sums, strict=True):
        twin = None if digest is None else wanted.get(digest, seen.get(digest))
        if twin is not None and twin != name and name not in stated:
            warnings.append(f"{name}: has the same content as {twin} and is left out")
            continue
        if digest is not None and digest in seen:
            warnings.append(f"{name}: has the same content as {seen[digest]}, but the note names both")
        if digest is not None:
            seen[digest] = name
        record, fold = (record, 0) if note.time_zone is None else by_zone(record, note.time_zone, name, warnings)
        record = _sorted(record, name, warnings)
        files.append(File(record, name, _instant(record.start, note, fold)))
    if note.time_zone is not None:
        _hours_that_come_twice(files, note.time_zone, warnings)
    naive = [f.name for f in files if f.record.start is not None and f.record.start.tzinfo is None]
    aware = [f.name for f in files if f.record.start is not None and f.record.start.tzinfo is not None]
    if naive and aware and note.time_zone is None:
        warnings.append(
            f"some clocks say their time zone ({aware[0]}) and some do not ({naive[0]}); those that do not are taken "
            "as UTC: state 'time_zone' in cell.yaml"
        )
    return files


def _names(pattern: str, name: str) -> bool:
    return fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(name.rsplit("/", 1)[-1], pattern)


def _instant(start: datetime | None, note: CellNote, fold: int) -> datetime | None:
    """A start instant in UTC; of an hour that the zone has twice, in the first (fold 0) or the second (1)."""
    if start is None or start.tzinfo is not None:
        return start if start is None else start.astimezone(UTC)
    if note.time_zone is None:
        return start.replace(tzinfo=UTC)
    return start.replace(tzinfo=ZoneInfo(note.time_zone), fold=fold).astimezone(UTC)


def _hours_that_come_twice(files: list[File], zone: str, warnings: list[str]) -> None:
    """Settle starts in an hour that the zone has twice: a file that would begin before the one before it ends began in
    the second; and say which was taken. Files follow one another by their names."""
    before: File | None = None
    for file in sorted(files, key=lambda file: natural(file.name)):
        start = file.record.start
        if start is None or start.tzinfo is not None or file.start is None:
            continue
        local = start.replace(tzinfo=ZoneInfo(zone))
        first, second = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
        if first.astimezone(local.tzinfo).replace(tzinfo=None) != start:
            warnings.append(f"{file.name}: starts at {start}, which {zone} does not have (summer time begins)")
        elif first != second:
            end = None if before is None or before.start is None else before.start + timedelta(seconds=before.last)
            if end is not None and before is not None and first + timedelta(seconds=file.first) < end <= second:
                file.start = second
                why = f"the second is taken, since {before.name} ends after the first"
            else:
                why = "the first is taken" if file.start == first else "the second is taken, since its rows go on so"
            warnings.append(f"{file.name}: starts at {start}, which {zone} has twice; {why}")
        before = file


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


def place(files: list[File], cyclers: list[File], logs: list[File], warnings: list[str]) -> datetime | None:
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


def _begin(cyclers: list[File]) -> float:
    """Time of the first row of the cycler [s]."""
    return min(((file.offset or 0.0) + file.first for file in cyclers), default=0.0)


def _from_zero(files: list[File], cyclers: list[File], origin: datetime) -> datetime:
    """Move everything so that no row of the cycler lies before time 0, where a file without a clock came first."""
    least = _begin(cyclers)
    if least >= 0.0:
        return origin
    for file in files:
        if file.offset is not None:
            file.offset -= least
    return origin + timedelta(seconds=least)


def _place_logs_alone(logs: list[File], begin: float, warnings: list[str]) -> None:
    """Logs with clocks beside a cycler without one: the earliest starts when the cycler does."""
    clocked = [(file.start, file) for file in logs if file.start is not None]
    if not clocked:
        return
    first, log = min(clocked, key=lambda pair: pair[0])
    for start, file in clocked:
        file.offset = (start - first).total_seconds() - log.first + begin
    warnings.append(f"the cycler's files have no clock; the log {log.name} is taken to start when the cycler does")


def _place_by_name(files: list[File], cyclers: list[File], warnings: list[str]) -> None:
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


def _unclocked(file: File, where: str) -> str:
    why = "has no clock" if file.start is None else "has a clock, but no file of the cycler has one,"
    return f"{file.name}: {why} and is placed {where}; how long the gap was is unknown"


def natural(name: str) -> list[tuple[int, int, str]]:
    """Key that sorts 'run2' before 'run10'."""
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p.lower()) for p in re.split(r"(\d+)", name) if p]


def in_order(files: list[File]) -> list[File]:
    """Files by the time of their first row, each with the index of its first entry; clock rounding is taken out."""
    files = sorted(files, key=lambda file: (file.offset or 0.0) + file.first)
    index = 0
    for file in files:
        file.index = index
        index += len(entries_of(file))
    return files


def entries_of(file: File) -> list[dict[str, Any]]:
    """What the provenance says of the file, or of every file inside a record that was stitched before."""
    return list(file.record.provenance.get("files") or [{"name": file.name}])


def names_of(file: File) -> list[tuple[int, str]]:
    """Index and name of every entry of a file: its own name, or those inside a record that was stitched before."""
    entries = entries_of(file)
    if len(entries) == 1:
        return [(file.index, file.name)]
    return [(file.index + k, str(entry.get("name", file.name))) for k, entry in enumerate(entries)]


def shown_start(origin: datetime | None, files: Iterable[File], note: CellNote) -> datetime | None:
    """The instant of time 0 as the files say it: naive if no clock says its zone and the note does not either."""
    if origin is None:
        return None
    zones = [file.record.start.tzinfo for file in files if file.record.start is not None]
    if note.time_zone is not None:
        return origin.astimezone(ZoneInfo(note.time_zone))
    if all(zone is None for zone in zones):
        return origin.replace(tzinfo=None)
    return origin
