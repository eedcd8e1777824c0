"""What a watch tells others of itself: `watch.json` (what is so now) and `events.jsonl` (what happened)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any, get_args, get_type_hints

from lithostat.experiment.errors import InputError
from lithostat.experiment.files import read_file
from lithostat.experiment.output_names import WATCH_FILES
from lithostat.experiment.record import write_text

VERSION = 1
STATE_FILE, EVENTS_FILE, LOG_FILE = WATCH_FILES
RECORD_FILE = "record.parquet"  # of each cell, in its folder
STATES = ("ok", "alarm", "tripped", "short", "lost", "done")
ACKNOWLEDGE = "acknowledge"  # the kind of event that acknowledges all of its cell before it
_LARGEST = 1 << 28  # bytes; years of events


@dataclass(frozen=True)
class CellState:
    """One watched cell as it stands. Pressure in Pa, temperature in K; None where nobody knows a value.

    `state` is one of `STATES`, `state_reason` a sentence; `folder` the name of its folder beside `watch.json`; `hours`
    count since its record began. `outcome` is the kind of the last full call, `first_out` the limit that went out
    first (until the reset), `epoch` counts the zeros of its load cell from 0.
    """

    cell: str
    folder: str
    state: str = "ok"
    state_reason: str = ""
    hours: float = 0.0
    pressure_pa: float | None = None
    temperature_k: float | None = None
    voltage_v: float | None = None
    current_a: float | None = None
    outcome: str | None = None
    confidence: float | None = None
    first_out: str | None = None
    epoch: int = 0


@dataclass(frozen=True)
class WatchState:
    """A watch as it stands; `heartbeat` is the wall clock of the loop that judges, `speed` 1 for real time.

    `ended`: it came to its end, as opposed to one that is not heard of.
    """

    name: str
    started: datetime
    heartbeat: datetime
    speed: float
    cells: tuple[CellState, ...]
    ended: bool = False


@dataclass(frozen=True)
class Event:
    """Something that happened `at_s` seconds after the watch began, on the wall clock at `time`; `cell` may be ''."""

    at_s: float
    time: datetime
    cell: str
    kind: str
    text: str
    acknowledged: bool = False


def write_state(folder: Path, state: WatchState) -> Path:
    """Write `watch.json`, whole or not at all."""
    data = {
        "version": VERSION,
        **asdict(state),
        "started": state.started.isoformat(),
        "heartbeat": state.heartbeat.isoformat(),
    }
    return write_text(folder / STATE_FILE, json.dumps(_without_nan(data), indent=1))


def read_state(folder: Path) -> WatchState:
    """What the watch in `folder` last said of itself; `InputError` where there is none or it is damaged."""
    path = folder / STATE_FILE
    data = _object(read_file(path, _LARGEST), path)
    if data.get("version") != VERSION:
        raise InputError(f"has version {data.get('version')!r}", file=str(path), expected=f"version {VERSION}")
    try:
        cells = tuple(CellState(**_checked(CellState, cell)) for cell in data["cells"])
        moments = {name: datetime.fromisoformat(data[name]) for name in ("started", "heartbeat")}
        ended = data.get("ended") is True
        state = WatchState(str(data["name"]), speed=float(data["speed"]), cells=cells, ended=ended, **moments)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"is no state of a watch ({error})", file=str(path)) from None
    for cell in cells:
        if cell.folder in ("", ".", "..") or any(mark in cell.folder for mark in "/\\\0"):
            raise InputError(f"names the folder {cell.folder!r}", file=str(path), expected="one beside it")
        if cell.state not in STATES:
            raise InputError(f"says '{cell.state}' of a cell", file=str(path), expected=f"one of {', '.join(STATES)}")
    return state


def event_line(event: Event) -> str:
    """An event as its line of `events.jsonl`."""
    return json.dumps(_without_nan(asdict(event) | {"time": event.time.isoformat()})) + "\n"


def append_events(folder: Path, events: Iterable[Event]) -> None:
    """Add events to `events.jsonl`; a line that a kill cut short is ended first, so that it takes no other with it."""
    text = "".join(map(event_line, events))
    if not text:
        return
    with open(folder / EVENTS_FILE, "a+b") as stream:
        end = stream.seek(0, 2)
        if end:
            stream.seek(end - 1)
            text = text if stream.read(1) == b"\n" else "\n" + text
        stream.write(text.encode())


def read_events(folder: Path) -> tuple[Event, ...]:
    """Every whole event in the order they were written; none where there is no file. Lines that are none are left out.

    An event of the kind 'acknowledge' acknowledges all those of its cell before it; of no cell, those of every cell.
    """
    path = folder / EVENTS_FILE
    if not path.exists():
        return ()
    events: list[Event] = []
    for line in read_file(path, _LARGEST).split(b"\n"):
        try:
            data = json.loads(line)
            event = Event(**_checked(Event, data | {"time": datetime.fromisoformat(data["time"])}))
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        if event.kind == ACKNOWLEDGE:
            events = [
                replace(earlier, acknowledged=True) if event.cell in ("", earlier.cell) else earlier
                for earlier in events
            ]
        events.append(event)
    return tuple(events)


def _checked(noun: type, data: Any) -> dict[str, Any]:
    """Plain data with the keys and types of a noun; `TypeError` for anything else."""
    if not isinstance(data, dict):
        raise TypeError(f"{data!r:.60} is no object")
    types = get_type_hints(noun)
    known = {field.name for field in fields(noun)}
    if unknown := set(data) - known:
        raise TypeError(f"unknown key {sorted(unknown)[0]!r:.60}")
    for name, value in data.items():
        allowed = get_args(types[name]) or (types[name],)
        if float in allowed and isinstance(value, int) and not isinstance(value, bool):
            continue
        if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
            raise TypeError(f"{name} is {value!r:.60}")
    return data


def _object(text: bytes, path: Path) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError("is no JSON", file=str(path)) from None
    if not isinstance(data, dict):
        raise InputError("is no object of JSON", file=str(path))
    return data


def _without_nan(value: Any) -> Any:
    """Plain data without numbers that JSON does not have, and text for what is none."""
    if isinstance(value, dict):
        return {key: _without_nan(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)
