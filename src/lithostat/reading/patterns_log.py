"""Clocks of scans: from a log of the beamline or diffractometer, and onto the time of the cell's record."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from lithostat.experiment.errors import InputError
from lithostat.experiment.pattern import Pattern
from lithostat.reading.patterns_header import clock

LARGEST = 16 << 20  # bytes of a log
_START = re.compile(r"start|begin|timestamp|^time$|date", re.IGNORECASE)
_END = re.compile(r"end|stop|finish", re.IGNORECASE)
_SCAN = re.compile(r"scan|run|file|frame|name|number", re.IGNORECASE)


@dataclass(frozen=True)
class LoggedScan:
    """One line of a log: what names the scan, when it began, when it ended."""

    label: str
    start: datetime
    end: datetime | None


def read_log(path: str | Path) -> tuple[LoggedScan, ...]:
    """Scans of a delimited log with a column that names the scan and one that says when it began.

    Raises `InputError` with the file and one sentence.
    """
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST:
            raise InputError("is larger than 16 MiB", file=str(path), expected="a log of scans")
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror or error})", file=str(path)) from None
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = list(csv.DictReader(text.splitlines(), delimiter=delimiter))
    heads = [head for head in (rows[0] if rows else {}) if head]
    starts = [head for head in heads if _START.search(head) and not _END.search(head)]
    labels = [head for head in heads if _SCAN.search(head) and head not in starts and not _END.search(head)]
    if not starts or not labels:
        raise InputError(
            f"has the columns {', '.join(heads) or 'none'}",
            file=str(path),
            expected="one that names the scan ('scan_number') and one that says when it began ('start_time')",
        )
    ends = [head for head in heads if _END.search(head)]
    scans = []
    for row in rows:
        begin = clock(row.get(starts[0]))
        if begin is not None and row.get(labels[0]):
            scans.append(LoggedScan(str(row[labels[0]]).strip(), begin, clock(row.get(ends[0])) if ends else None))
    if not scans:
        raise InputError("holds no scan with a time that can be read", file=str(path), expected="ISO 8601 times")
    return tuple(scans)


def with_log(patterns: Sequence[Pattern], scans: Sequence[LoggedScan]) -> tuple[Pattern, ...]:
    """The patterns with the clocks of their scans, by the label in their file names.

    A pattern whose name holds no label, or several of different scans, is returned as it is, with a warning.
    """
    found = []
    for pattern in patterns:
        name = str(pattern.source.get("file") or pattern.name)
        fitting = [
            scan
            for scan in scans
            if re.search(rf"(?<![0-9A-Za-z]){re.escape(scan.label)}(?![0-9A-Za-z])", name.replace("_", " "))
        ]
        if len(fitting) != 1:
            said = "no scan of the log" if not fitting else f"{len(fitting)} scans of the log"
            found.append(
                replace(pattern, warnings=(*pattern.warnings, f"{said} carries a name that stands in '{name}'"))
            )
            continue
        scan = fitting[0]
        duration = (scan.end - scan.start).total_seconds() if scan.end else pattern.duration
        found.append(replace(pattern, start=scan.start, duration=duration))
    return tuple(found)


def on_timeline(patterns: Sequence[Pattern], start: datetime | None) -> tuple[Pattern, ...]:
    """The patterns with their time since `start` of the cell's record [s], in the middle of each scan.

    Where only one of the two clocks names its zone, both are taken as one wall clock, and a warning says so.
    """
    if start is None:
        return tuple(
            replace(each, warnings=(*each.warnings, "the cell's record has no clock: the pattern has no time on it"))
            for each in patterns
        )
    found = []
    for pattern in patterns:
        if pattern.start is None:
            said = "the pattern has no clock, so it has no time on the cell's record"
            found.append(replace(pattern, warnings=(*pattern.warnings, said)))
            continue
        warnings = pattern.warnings
        begin, origin = pattern.start, start
        if (begin.tzinfo is None) != (origin.tzinfo is None):
            warnings += (
                "only one of the clocks of scan and cycler names its time zone: both were taken to show the same wall "
                "clock",
            )
            begin, origin = begin.replace(tzinfo=None), origin.replace(tzinfo=None)
        elapsed = (begin - origin).total_seconds() + 0.5 * (pattern.duration or 0.0)
        found.append(replace(pattern, time=elapsed, warnings=warnings))
    return tuple(found)
