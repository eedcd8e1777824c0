"""The folder of a watch: what it says of itself and its cells, and their records as they grow."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lithostat.dashboard.render import head_of
from lithostat.dashboard.shown import Shown, Sight, id_of, state_of
from lithostat.experiment.finding import KINDS, TONES, group_of
from lithostat.experiment.quantity import show, span
from lithostat.experiment.report import Number, Report, Tone
from lithostat.lab.folder import CellFolder
from lithostat.lab.note_conflicts import NOTE
from lithostat.rig.state import RECORD_FILE, STATE_FILE, CellState, Event, WatchState, read_events, read_state

SILENT = 15.0  # s without a heartbeat after which what a watch said is old
LATEST = 500  # events of a cell that are shown
_TONES: dict[str, Tone] = {"ok": "good", "alarm": "doubtful", "tripped": "bad", "short": "bad", "lost": "doubtful"}

_EVENTS: dict[str, Tone] = {
    "trip": "bad",
    "short": "bad",
    "not confirmed": "bad",
    "alarm": "doubtful",
    "lost": "doubtful",
}


def is_watch(folder: Path) -> bool:
    """Whether a watch keeps its state in this folder."""
    return (folder / STATE_FILE).is_file()


def see_watch(folder: Path, *, replayed: bool = False, now: datetime | None = None) -> Sight:
    """The cells of a watch, running or ended; `replayed`: only their records. `InputError` if it cannot be read."""
    watch = read_state(folder)
    if replayed:
        cells = tuple(_shown(folder, state) for state in watch.cells)
        return Sight(watch.name, cells)
    silence = ((now or datetime.now(UTC)) - _with_zone(watch.heartbeat)).total_seconds()
    silent = watch.ended or (silence > SILENT and any(state.state != "done" for state in watch.cells))
    events = read_events(folder)
    return Sight(
        watch.name,
        tuple(_live(_shown(folder, state), state, events, silent) for state in watch.cells),
        _banner(watch, silence) if silent else "",
    )


def state_report(state: CellState, *, silent: bool = False) -> Report:
    """What a watch says of a cell. Of one that is silent, nothing is good: what it said is old."""
    tone = _TONES.get(state.state, "")
    word = state.state
    if state.state == "done" and state.outcome in KINDS:
        word, tone = state.outcome, _of_outcome(state.outcome)
    said = [state.state_reason, f"first out: {state.first_out}" if state.first_out else ""]
    if state.epoch:
        said.append(f"zero number {state.epoch + 1} of its load cell")
    return Report(
        title=state.cell,
        word=word,
        answer="; ".join(part for part in said if part),
        tone="doubtful" if silent and tone == "good" else tone,
        numbers=tuple(_numbers(state)),
    )


def _numbers(state: CellState) -> list[Number]:
    numbers = [Number(span(3600.0 * state.hours), "since its record began")]
    if state.pressure_pa is not None:
        numbers.append(Number(show(state.pressure_pa, "pressure"), "stack pressure now"))
    if state.confidence is not None:
        called = state.outcome or "the call"
        numbers.append(Number(f"{100 * state.confidence:.3g} %", f"confidence: {called}"))
    if state.temperature_k is not None:
        numbers.append(Number(show(state.temperature_k, "temperature"), "temperature now"))
    if state.voltage_v is not None:
        numbers.append(Number(show(state.voltage_v, "voltage"), "voltage now"))
    if state.current_a is not None:
        numbers.append(Number(show(state.current_a, "current"), "current now"))
    return numbers


def _of_outcome(outcome: str) -> Tone:
    tone: Tone = TONES.get(group_of(outcome), "")  # type: ignore[assignment]
    return tone


def _shown(folder: Path, state: CellState) -> Shown:
    place = folder / state.folder
    note, record = place / NOTE, place / RECORD_FILE
    files = (record,) if record.is_file() else ()
    cell = CellFolder(state.cell, place, files, note if note.is_file() else None)
    return Shown(id_of(state.cell, place), cell, state_of(cell, beside=False))


def _live(shown: Shown, state: CellState, events: tuple[Event, ...], silent: bool) -> Shown:
    recorded = shown.cell.files[0] if shown.cell.files else None
    own = [_event(event) for event in events if event.cell in ("", state.cell)]
    tile = head_of(state_report(state, silent=silent))
    return replace(shown, recorded=recorded, live=True, tile=tile, events=tuple(own[-LATEST:]))


def _event(event: Event) -> dict[str, Any]:
    """An event as the page shows it."""
    tone = next((tone for word, tone in _EVENTS.items() if word in event.kind), "")
    text = event.text or event.kind
    return {
        "at_s": event.at_s,
        "text": f"{text} (acknowledged)" if event.acknowledged else text,
        "tone": tone,
        "when": f"{event.time:%Y-%m-%d %H:%M:%S}",
    }


def _banner(watch: WatchState, silence: float) -> str:
    if watch.ended:
        return f"The watch ended at {watch.heartbeat:%Y-%m-%d %H:%M:%S}: nothing of it guards these cells now."
    return (
        f"The watch has not been heard of for {span(silence)}, since {watch.heartbeat:%Y-%m-%d %H:%M:%S}: what is "
        "shown is from then, and nothing may be guarding these cells."
    )


def _with_zone(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.astimezone()
