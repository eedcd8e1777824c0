"""How the cells of a watch stand, as a table for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lithostat.experiment.output_names import readable
from lithostat.experiment.quantity import show
from lithostat.rig.state import Event, WatchState

COLOURS = {"ok": "green", "done": "green", "alarm": "yellow", "lost": "yellow", "short": "red", "tripped": "red"}


def status_table(state: WatchState, events: Sequence[Event], *, alive: bool) -> Any:
    """A table of rich: one row a cell, and the alarms that nobody acknowledged below."""
    from rich.table import Table
    from rich.text import Text

    running = "runs" if alive else "has ended" if state.ended else "has died: nothing guards these cells"
    title = (
        f"{readable(state.name)}: the watch {running}; last heartbeat {state.heartbeat.astimezone():%Y-%m-%d %H:%M:%S}"
    )
    table = Table("cell", "state", "hours", "pressure", "temperature", "voltage", "call", "why", title=title, box=None)
    for cell in state.cells:
        call = "" if cell.outcome is None else cell.outcome
        if cell.confidence is not None:
            call += f" ({100 * cell.confidence:.1f} %)"
        table.add_row(
            Text(readable(cell.cell)),
            Text(cell.state, style=COLOURS[cell.state]),
            f"{cell.hours:.2f}",
            _shown(cell.pressure_pa, "pressure"),
            _shown(cell.temperature_k, "temperature"),
            _shown(cell.voltage_v, "voltage"),
            Text(readable(call)),
            Text(readable(cell.state_reason)),
        )
    waiting = sum(
        not event.acknowledged and event.kind in ("limit", "short", "trip", "not confirmed") for event in events
    )
    table.caption = f"{waiting} alarm{'s' if waiting > 1 else ''} that nobody acknowledged" if waiting else None
    return table


def _shown(value: float | None, quantity: str) -> str:
    return "" if value is None else show(value, quantity)
