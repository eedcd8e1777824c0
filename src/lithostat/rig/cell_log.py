"""record_of(plan) -> Record: the log of a watched cell as the record that its files would give."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.errors import sentence_of
from lithostat.experiment.quantity import span
from lithostat.experiment.record import OTHER, Record
from lithostat.lab.stated_spectra import with_stated_spectra
from lithostat.reading.load_cell import calibrate
from lithostat.reading.stitch import stitch_with_outside
from lithostat.rig.frames import Entry, Fact
from lithostat.rig.gauge import Epochs, Gauge
from lithostat.rig.new_rows import read_bytes_as
from lithostat.rig.readings import OK, Lines, Readings
from lithostat.rig.segments import FOLDER, entries_of

BEGAN = "began"  # the fact that says which instant second 0 is
CYCLER, LOAD_CELL, THERMOMETER = "cycler", "load cell", "thermometer"
SAME_START, ALIKE = 1.0, 5  # s between the starts, and first rows, by which two versions of a file are one test
AHEAD, BEHIND = 60.0, 1500.0  # s by which rows may come before or after their own clock: clocks drift, cyclers flush


@dataclass(frozen=True)
class Plan:
    """What is needed to make a record of a cell's log: its folder, what is noted of it, and its load cell."""

    name: str
    folder: Path
    note: CellNote = field(default_factory=CellNote)
    gauge: Gauge | None = None
    area: float | None = None
    declaration: Path | None = None


@dataclass
class _Part:
    file: str
    pieces: list[bytes] = field(default_factory=list)
    whole: bool = False
    replaces: int | None = None
    arrived: list[float] = field(default_factory=list)


@dataclass
class _Gathered:
    """A log sorted by what it is about."""

    began: datetime | None = None
    parts: dict[int, _Part] = field(default_factory=dict)
    readings: dict[str, list[Readings]] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)


def record_of(plan: Plan) -> Record | None:
    """The record of everything that was logged; None while there is not one row.

    Files are read whole, from all their lines, by the same reader, and are put on one timeline with the load cell's log
    by the same steps as a folder of files. A file that was written anew counts once, as it was last.
    """
    log = _gathered(entries_of(plan.folder))
    warnings: list[str] = []
    read = _files(log, plan, warnings)
    names = [_name(log, number) for number in read]
    records = [with_stated_spectra(record, name, plan.note) for name, record in zip(names, read.values(), strict=True)]
    grown = [(record, log.parts[number]) for number, record in read.items()]
    shift = _clocks_apart(log.began, grown, plan.note, warnings)
    for name, logged in _logs(log, plan, shift, warnings):
        records.append(logged)
        names.append(name)
    if not records:
        return None
    note = plan.note if plan.gauge is None else plan.note.model_copy(update={"load_cell": None})
    line = stitch_with_outside(records, names=names, note=note)
    record = calibrate(line.record, note, outside=line.outside)
    watched = {"made_by": "watch", "name": plan.name}
    return replace(record, provenance=record.provenance | watched, warnings=(*warnings, *record.warnings))


def _gathered(entries: Iterable[Entry]) -> _Gathered:
    log = _Gathered()
    for entry in entries:
        if isinstance(entry, Readings):
            log.readings.setdefault(entry.source, []).append(entry)
        elif isinstance(entry, Lines):
            part = log.parts.setdefault(entry.part, _Part(entry.file, whole=entry.whole, replaces=entry.replaces))
            part.pieces.append(entry.data)
            part.arrived.append(entry.at)
        elif entry.kind == BEGAN:
            log.began = log.began or datetime.fromisoformat(entry.data["zero"])
        else:
            log.facts.append(entry)
    return log


def _name(log: _Gathered, number: int) -> str:
    file = log.parts[number].file
    return file if sum(part.file == file for part in log.parts.values()) == 1 else f"{file} ({number})"


def _files(log: _Gathered, plan: Plan, warnings: list[str]) -> dict[int, Record]:
    """The record of each part that counts, by its number."""
    read: dict[int, Record] = {}
    for number, part in sorted(log.parts.items()):
        name = _name(log, number)
        try:
            record = read_bytes_as(part.file, _content(plan, number, part), plan.note, plan.declaration)
        except BaseException as error:  # a fault in one file must not take the others with it
            warnings.append(f"{name}: {sentence_of(error)}")
            continue
        before = None if part.replaces is None else read.get(part.replaces)
        if before is not None and _same_test(before, record):
            del read[part.replaces]  # type: ignore[arg-type]
            warnings.append(f"{name}: was written anew with other rows; its earlier version does not count")
        elif before is not None:
            warnings.append(f"{name}: was begun anew with another test; both count")
        read[number] = record
    return read


def _same_test(before: Record, now: Record) -> bool:
    """Whether two versions of a file are of one test: by their clocks, else by their first rows."""
    if before.start is not None and now.start is not None:
        apart = now.start.replace(tzinfo=None) - before.start.replace(tzinfo=None)
        return abs(apart.total_seconds()) <= SAME_START
    rows = min(len(before.table), len(now.table), ALIKE)
    columns = ("test_time_second", "voltage_volt")
    then, later = (np.array([one.column(name)[:rows] for name in columns], float) for one in (before, now))
    return rows > 0 and bool(np.allclose(then, later, rtol=1e-3, equal_nan=True))


def whole_file(folder: Path, number: int, file: str) -> Path:
    """Where the last version of a file that is no text is kept."""
    return folder / FOLDER / f"{number:03d}-{file}"


def _content(plan: Plan, number: int, part: _Part) -> bytes:
    return whole_file(plan.folder, number, part.file).read_bytes() if part.whole else b"".join(part.pieces)


def _logs(log: _Gathered, plan: Plan, shift: float, warnings: list[str]) -> list[tuple[str, Record]]:
    """What the devices said, each as a record with its own clock."""
    begin = log.began or datetime(1970, 1, 1, tzinfo=UTC)
    made = []
    for source, each in log.readings.items():
        columns = _columns(source, each, log.facts, plan, warnings)
        at = np.concatenate([readings.at for readings in each])
        good = np.concatenate([readings.quality for readings in each]) == OK
        at, columns = at[good], {name: values[good] for name, values in columns.items()}
        if not len(at):
            continue
        zero = (begin + timedelta(seconds=shift)).timestamp()
        nothing = np.full(len(at), np.nan)
        table = {
            "test_time_second": at,
            "unix_time_second": at + zero,
            "voltage_volt": nothing,
            "current_ampere": nothing,
        }
        start = datetime.fromtimestamp(zero, UTC)
        about: dict[str, Any] = {"made_by": "watch", "files": [{"name": source, "format": "readings of a watch"}]}
        made.append((source, Record(pl.DataFrame(table | columns), provenance=about, start=start)))
    return made


def _columns(
    source: str, each: list[Readings], facts: list[Fact], plan: Plan, warnings: list[str]
) -> dict[str, np.ndarray]:
    """The columns of a record that a device's readings become."""

    def channel(name: str) -> np.ndarray:
        return np.concatenate([readings.column(name) for readings in each])

    celsius = channel("celsius")
    if source == THERMOMETER:
        return {"ambient_temperature_celsius": celsius}
    raw, at = channel("load"), np.concatenate([readings.at for readings in each])
    columns = {f"{OTHER}load cell, as it prints": raw}
    if np.isfinite(celsius).any():
        columns[f"{OTHER}load cell, temperature in degC"] = celsius
    if plan.gauge is not None:
        epochs = Epochs.of(plan.gauge.zero, facts)
        warnings += epochs.sentences()
        newton = plan.gauge.newton(raw, epochs.at(at), celsius + 273.15)
        columns["load_newton"] = newton
        if plan.area is not None:
            columns["measured_pressure_pa"] = newton / plan.area
    return columns


def _clocks_apart(
    began: datetime | None, grown: list[tuple[Record, _Part]], note: CellNote, warnings: list[str]
) -> float:
    """Seconds to add to this computer's clock to have that of the cycler's files [s], 0 where they agree.

    Rows cannot come before they were measured, nor hours later. Only files that grew while they were watched can tell.
    """
    lags = []
    for record, part in grown:
        if record.start is None or began is None or len(part.arrived) < 2 or not len(record.table):
            continue
        start = record.start
        if start.tzinfo is None:
            from zoneinfo import ZoneInfo

            start = start.replace(tzinfo=ZoneInfo(note.time_zone) if note.time_zone else UTC)
        last = start + timedelta(seconds=float(record.column("test_time_second")[-1]))
        lags.append((began + timedelta(seconds=part.arrived[-1]) - last).total_seconds())
    if not lags or -AHEAD <= lags[-1] <= BEHIND:
        return 0.0
    way = "behind" if lags[-1] > 0.0 else "ahead of"
    warnings.append(
        f"the clock of the cycler's file is {span(abs(lags[-1]))} {way} that of this computer (another time zone? "
        "state 'time_zone' in cell.yaml); the devices' readings are put onto the clock of the file"
    )
    return -lags[-1]
