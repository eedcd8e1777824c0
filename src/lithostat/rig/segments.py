"""The log of one cell over years: finished stretches compressed beside the log, which then begins anew."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from lithostat.experiment.output_names import WATCH_FILES
from lithostat.experiment.record import write_whole
from lithostat.rig.frames import Entry, Fact, entries, framed, packed, payloads_in, unpacked
from lithostat.rig.readings import Lines, Readings

FOLDER, ROLLED = ".rolled", "rolled"  # where finished stretches lie; the kind of fact that says how many there are
LOG = WATCH_FILES[2]
LONG = 1 << 24  # bytes of a log that is worth being rolled up
PIECE = 1 << 22  # bytes of lines, or rows of readings, that become one entry of a finished stretch


def entries_of(folder: Path) -> Iterator[Entry]:
    """Everything that was ever logged in the folder of a cell, in its order."""
    first = next(entries(folder / LOG), None)
    for number in range(1, _rolled(first) + 1):
        with gzip.open(_segment(folder, number), "rb") as stream:
            for payload in payloads_in(stream):
                yield unpacked(payload)
    for entry in entries(folder / LOG):
        if not (isinstance(entry, Fact) and entry.kind == ROLLED):
            yield entry


def roll_up(folder: Path) -> Path:
    """Make the log of a cell a finished stretch, and the log an empty one that says so; whole or not at all.

    The log must be closed. A kill in between leaves a stretch that no log speaks of, which the next one replaces.
    """
    log = folder / LOG
    number = _rolled(next(entries(log), None)) + 1
    content = (e for e in entries(log) if not (isinstance(e, Fact) and e.kind == ROLLED))

    def compressed(temporary: str) -> None:
        with open(temporary, "wb") as raw:
            with gzip.open(raw, "wb", compresslevel=6) as stream:
                for entry in merged(content):
                    stream.write(framed(packed(entry)))
            raw.flush()
            os.fsync(raw.fileno())

    def begun(temporary: str) -> None:
        with open(temporary, "wb") as raw:
            raw.write(framed(packed(Fact(ROLLED, 0.0, {"number": number}))))
            raw.flush()
            os.fsync(raw.fileno())

    made = write_whole(_segment(folder, number), compressed)
    write_whole(log, begun)
    return made


def _segment(folder: Path, number: int) -> Path:
    return folder / FOLDER / f"{number:05d}.frames.gz"


def _rolled(first: Entry | None) -> int:
    return int(first.data["number"]) if isinstance(first, Fact) and first.kind == ROLLED else 0


def merged(content: Iterable[Entry]) -> Iterator[Entry]:
    """The same with neighbours of one kind joined: lines of one part, readings of one source."""
    waiting: dict[str, list[Entry]] = {}
    size: dict[str, int] = {}
    for entry in content:
        if isinstance(entry, Fact):
            yield from _emptied(waiting, size)
            yield entry
            continue
        if waiting.get(entry.source) and not _follows(waiting[entry.source][-1], entry):
            yield _joined(waiting.pop(entry.source))
            size.pop(entry.source)
        waiting.setdefault(entry.source, []).append(entry)
        size[entry.source] = size.get(entry.source, 0) + (len(entry.data) if isinstance(entry, Lines) else len(entry))
        if size[entry.source] > PIECE:
            yield _joined(waiting.pop(entry.source))
            size.pop(entry.source)
    yield from _emptied(waiting, size)


def _emptied(waiting: dict[str, list[Entry]], size: dict[str, int]) -> Iterator[Entry]:
    for each in waiting.values():
        yield _joined(each)
    waiting.clear()
    size.clear()


def _follows(before: Entry, entry: Entry) -> bool:
    if isinstance(before, Lines) and isinstance(entry, Lines):
        same = (before.part, before.end, before.whole, entry.whole) == (entry.part, entry.begin, False, False)
        return same and entry.replaces is None
    return isinstance(before, Readings) and isinstance(entry, Readings) and before.names == entry.names


def _joined(each: list[Entry]) -> Entry:
    first, last = each[0], each[-1]
    if isinstance(first, Readings):
        columns = {
            name: np.concatenate([getattr(entry, name) for entry in each])
            for name in ("at", "stamped", "values", "quality")
        }
        return Readings(first.source, first.names, **columns)
    if isinstance(first, Lines) and isinstance(last, Lines):
        return replace(first, data=b"".join(entry.data for entry in each if isinstance(entry, Lines)), at=last.at)
    return first
