"""One cell of a watch: its latest readings, limits, interlock and call. Everything here is quick; nothing waits."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lithostat.experiment.quantity import show, span
from lithostat.rig.actions import Pending, named
from lithostat.rig.cell_log import LOAD_CELL, THERMOMETER, Plan
from lithostat.rig.frames import Fact
from lithostat.rig.gauge import Epochs
from lithostat.rig.interlock import Condition, Interlock, Order, Step, looked, ordered
from lithostat.rig.limits import Level, Limit, at_time, with_reading
from lithostat.rig.readings import Readings
from lithostat.rig.rig_file import StatedAction, WatchedCell
from lithostat.rig.state import CellState
from lithostat.rig.suspicion import Suspicion
from lithostat.rig.worker import Judged

DEVICES = (LOAD_CELL, THERMOMETER)


@dataclass
class CellWatch:
    """A watched cell. `events` has (kind, sentence) of what happened and was not told yet, `facts` what the log must
    know, `due_actions` what a trip asks for.
    """

    cell: WatchedCell
    plan: Plan
    limits: tuple[Limit, ...]
    began: float = 0.0
    interlock: Interlock = field(default_factory=Interlock)
    epochs: Epochs = field(default_factory=lambda: Epochs(0.0))
    suspicion: Suspicion = field(default_factory=Suspicion)
    levels: dict[str, Level] = field(default_factory=dict)
    latest: dict[str, float] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)
    judged: Judged | None = None
    events: list[tuple[str, str]] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    due_actions: tuple[StatedAction, ...] = ()
    pending: list[Pending] = field(default_factory=list)
    unconfirmed: list[str] = field(default_factory=list)
    ended: bool = False
    _raw: list[float] = field(default_factory=list)
    _opened: float = -math.inf
    _short_told: bool = False
    _warned: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Every limit begins without a reading."""
        self.levels = {limit.name: Level(self.began, moved=self.began) for limit in self.limits}

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return self.plan.folder

    # ------------------------------------------------------------------------------------------------ what sources say

    def opened(self, source: str, at: float) -> None:
        """A source gives readings."""
        if source in self.lost:
            self.lost.pop(source)
            self.events.append(("found", f"{source}: there again"))
        if source != LOAD_CELL:
            return
        again = bool(self.epochs.each)
        self._opened = at
        self.facts.append(self.epochs.begin(at, "the port was opened"))
        if again:
            self.interlock_order(Order("disarm", why="the load cell was opened again"), at, only_if_armed=True)
            self.events.append(
                (
                    "zero",
                    "the load cell was opened again, and a device may tare itself then: say whether its zero still "
                    "holds (lithostat watch zero)",
                )
            )

    def gone(self, source: str, why: str) -> None:
        """A source gives nothing any more."""
        if self.lost.get(source) != why:
            self.lost[source] = why
            self.events.append(("lost", f"{source}: {why}"))

    def took(self, readings: Readings) -> None:
        """New readings of a source: limits first, then the quick look."""
        if readings.source == LOAD_CELL:
            self._channel("pressure", readings.at, self._pressure(readings))
        elif readings.source == THERMOMETER:
            self._channel("temperature", readings.at, readings.column("celsius") + 273.15)
        else:
            for name in readings.names:
                if not self._measured_by_device(name):
                    self._channel(name, readings.at, readings.column(name))
            stamped = readings.stamped[np.isfinite(readings.stamped)]
            if len(stamped):
                self.latest["hours"] = float(stamped[-1]) / 3600.0
            pressure, temperature = (self.latest.get(name, math.nan) for name in ("pressure", "temperature"))
            self.suspicion.saw(readings, pressure, temperature)

    def _measured_by_device(self, channel: str) -> bool:
        return (channel == "pressure" and self.cell.load_cell is not None) or (
            channel == "temperature" and self.cell.thermometer is not None
        )

    def _pressure(self, readings: Readings) -> np.ndarray:
        raw, kelvin = readings.column("load"), readings.column("celsius") + 273.15
        self._raw = [*self._raw, *raw[np.isfinite(raw)].tolist()][-50:]
        if self.plan.gauge is None or self.plan.area is None:
            return np.full(len(readings), np.nan)
        return np.asarray(self.plan.gauge.newton(raw, self.epochs.zero, kelvin)) / self.plan.area

    def _channel(self, channel: str, at: np.ndarray, values: np.ndarray) -> None:
        finite = values[np.isfinite(values)]
        if len(finite):
            self.latest[channel] = float(finite[-1])
        for limit in self.limits:
            if limit.channel == channel:
                level = self.levels[limit.name]
                for moment, value in zip(at.tolist(), values.tolist(), strict=True):
                    level = with_reading(limit, level, moment, value)
                self.levels[limit.name] = level
        self._confirm(channel, finite)

    def _confirm(self, channel: str, values: np.ndarray) -> None:
        for pending in list(self.pending):
            confirm = pending.action.confirm
            if confirm is not None and confirm.channel == channel and any(confirm.met(v) for v in values.tolist()):
                self.pending.remove(pending)
                self.events.append(("action", f"{named(pending.action)}: confirmed by the {channel}"))

    # ------------------------------------------------------------------------------------------------- what time brings

    def tick(self, at: float) -> None:
        """A look at every limit; call it at least once a second."""
        out = {}
        for limit in self.limits:
            level = self.levels[limit.name] = at_time(limit, self.levels[limit.name], at)
            if level.out:
                out[limit.name] = Condition(limit.name, level.reason, limit.trip)
        self._after(looked(self.interlock, out, at), at)
        for pending in [pending for pending in self.pending if pending.deadline < at]:
            self.pending.remove(pending)
            self.unconfirmed.append(named(pending.action))
            self.events.append(("not confirmed", f"ACTION NOT CONFIRMED: {named(pending.action)}"))

    def _after(self, step: Step, at: float) -> None:
        self.interlock = step.state
        self.events += step.events
        if step.trip:
            self.due_actions = self.cell.on_trip
            self.pending += [
                Pending(action, at + action.confirm.within) for action in self.cell.on_trip if action.confirm
            ]

    # -------------------------------------------------------------------------------------------------- what people say

    def interlock_order(self, order: Order, at: float, *, only_if_armed: bool = False) -> str:
        """Follow an order about the interlock; what became of it."""
        if only_if_armed and not self.interlock.armed:
            return ""
        if order.verb == "arm" and (why := self._why_not_armed(at)):
            self.events.append(("refused", f"arm refused: {why}"))
            return f"arm refused: {why}"
        if order.verb == "bypass" and order.condition not in self.levels:
            return f"bypass refused: there is no limit '{order.condition}'; expected one of {', '.join(self.levels)}"
        self.tick(at)
        step = ordered(self.interlock, order, at)
        if order.verb == "reset" and not step.state.tripped:
            self.unconfirmed.clear()
        self._after(step, at)
        return step.events[-1][1] if step.events else ""

    def _why_not_armed(self, at: float) -> str:
        """What forbids arming beside the limits; '' for nothing."""
        if not any(limit.trip for limit in self.limits):
            return "there is no limit that could trip"
        if not self.epochs.confirmed:
            return "nobody confirmed the zero of the load cell"
        return "the load cell warms up" if self._warms_up(at) else ""

    def _warms_up(self, at: float) -> bool:
        return self.plan.gauge is not None and at - self._opened < self.plan.gauge.warm_up

    def zero(self, order: Order, at: float) -> str:
        """What somebody says of the zero of the load cell."""
        if self.plan.gauge is None:
            return "zero refused: the cell has no load cell of its own"
        if order.newton is None:
            zero, said = self.epochs.zero, "the zero before still holds"
        elif len(self._raw) < 3:
            return "zero refused: there are no readings of the load cell"
        else:
            zero = float(np.median(self._raw)) - order.newton / self.plan.gauge.slope
            said = f"a load of {show(order.newton, 'force')} acts now"
        self.facts.append(self.epochs.confirm(zero, f"{said} ({order.why})", at))
        self.events.append(("zero", f"zero of the load cell: {said} ({order.why})"))
        return f"zero of the load cell at {zero:.6g}, as it prints: {said}"

    # ---------------------------------------------------------------------------------------------- what full calls say

    def answered(self, judged: Judged, at: float) -> None:
        """A full call has come back."""
        self.suspicion.answered(judged.bound, judged.rows)
        self.latest.setdefault("hours", judged.last / 3600.0)
        for warning in judged.warnings:
            if warning.startswith("the clock of the cycler") and "clock" not in self._warned:
                self._warned.add("clock")
                self.events.append(("clock", warning))
        if judged.problem or judged.outcome is None:
            if judged.problem not in self._warned and "no row" not in judged.problem:
                self._warned.add(judged.problem)
                self.events.append(("call", f"no call: {judged.problem}"))
            return
        before, self.judged = self.judged, judged
        outcome = judged.outcome
        if outcome.shorted and not self._short_told:
            self._short_told = True
            sure = "" if outcome.confidence is None else f", {100 * outcome.confidence:.1f} % sure"
            when = "" if outcome.cycling_time is None else f" after {span(outcome.cycling_time)} of cycling"
            why = f": {outcome.evidence[0]}" if outcome.evidence else ""
            self.events.append(("short", f"SHORT: {outcome.kind}{when}{sure}{why}"))
        elif not outcome.shorted:
            if self._short_told:
                self.events.append(("call", f"the short is not called any more: {outcome.kind}"))
            self._short_told = False
        last = before.outcome.kind if before is not None and before.outcome is not None else None
        lost = "contact lost"
        if last != outcome.kind and lost in (last, outcome.kind):
            self.events.append(("call", f"{outcome.kind}: {outcome.cause}"))

    # ------------------------------------------------------------------------------------------------ how it all stands

    @property
    def shorted(self) -> bool:
        """Whether the last full call was a short."""
        return self.judged is not None and self.judged.outcome is not None and self.judged.outcome.shorted

    def state(self, at: float) -> CellState:
        """The cell as it stands."""
        state, reason = self._state()
        if self._warms_up(at):
            reason = f"the load cell warms up; {reason}"
        if self.unconfirmed:
            reason = f"ACTION NOT CONFIRMED: {'; '.join(self.unconfirmed)}. {reason}"
        outcome = self.judged.outcome if self.judged is not None else None
        return CellState(
            self.cell.name,
            self.folder.name,
            state,
            reason,
            self.latest.get("hours", at / 3600.0 if self.cell.cycler is None else 0.0),
            self.latest.get("pressure"),
            self.latest.get("temperature"),
            self.latest.get("voltage"),
            self.latest.get("current"),
            None if outcome is None else outcome.kind,
            None if outcome is None else outcome.confidence,
            self.interlock.first_out,
            self.epochs.number,
        )

    def _state(self) -> tuple[str, str]:
        lock = self.interlock
        if lock.tripped:
            return "tripped", f"{lock.first_out}: {lock.first_reason}"
        if self.shorted and self.judged is not None and self.judged.outcome is not None:
            return "short", self.judged.outcome.cause
        if self.lost and not self.ended:
            return "lost", "; ".join(f"{source}: {why}" for source, why in self.lost.items())
        if lock.out and not self.ended:
            return "alarm", "; ".join(f"{one.name}: {one.reason}" for one in lock.out.values())
        if lock.alarms and not lock.acknowledged:
            return "alarm", f"out of limits before, not acknowledged: {', '.join(sorted(lock.alarms))}"
        if not self.epochs.confirmed:
            return "alarm", "nobody confirmed the zero of the load cell since it was opened again"
        if self.ended:
            return "done", "the watch has ended"
        return "ok", "armed" if lock.armed else "watched, not armed"
