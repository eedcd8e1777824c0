"""From a protocol to a table of segments, and back from a row of the table to the step a person wrote."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from lithostat.experiment.cell import Cell, Fixture
from lithostat.experiment.errors import InputError
from lithostat.experiment.protocol import CURRENT_VERBS, FULL_VERBS, PRESSURE_VERBS, Limits, Protocol, Step, Sweep
from lithostat.simulation.parameters import Curve, Plan, Segment

TABLES = (64, 4096, 16384, 65536, 262144)  # lengths that tables are padded to: few, because each compiles anew
LONGEST = 3.2e9  # of one step, 100 years [s]
PLAIN = Segment(0.0, 0.0, 298.15, math.nan, 0.0, math.inf, math.inf, -math.inf, 0, 0, 0)


class Row(NamedTuple):
    """What a row of the table stands for."""

    step: int  # counts executed steps, from 1
    cycle: int  # 0 before the first cycle
    verb: str
    sweep: Sweep | None = None


class Schedule(NamedTuple):
    """A protocol as numbers, and what each of its rows stands for."""

    plan: Plan
    rows: tuple[Row, ...]


def schedule(cell: Cell, protocol: Protocol) -> Schedule:
    """Unroll the protocol for this cell: repeats become rows."""
    if cell.fixture.kind == "measured" and _any(protocol.steps, lambda step: step.verb in PRESSURE_VERBS):
        raise InputError(
            "the fixture has a measured pressure and the protocol sets one too",
            expected="a protocol without press, release and set_pressure, or another fixture",
        )
    builder = _Builder(cell, protocol.temperature)
    builder.add_all(protocol.steps, ())
    segments, rows = builder.segments, tuple(builder.rows)
    length = next(length for length in TABLES if length >= len(rows))
    padded = segments + [PLAIN] * (length - len(rows))
    columns = (np.array(column, int if name.endswith("exit") else float) for name, column in _columns(padded))
    table = Segment(*columns)
    # arrays throughout: a Python number would be compiled in
    plan = Plan(table, _curve(cell.fixture), np.asarray(len(rows)), np.asarray(protocol.after_short))
    return Schedule(plan, rows)


def _columns(segments: list[Segment]) -> list[tuple[str, tuple[float, ...]]]:
    return list(zip(Segment._fields, zip(*segments, strict=True), strict=True))


def _any(steps: tuple[Step, ...], test: object) -> bool:
    return any(test(step) or _any(step.steps, test) for step in steps)  # type: ignore[operator]


def _ends_early(step: Step) -> bool:
    until = step.until
    return (until.voltage, until.pressure_above, until.pressure_below) != (None, None, None)


class _Outer:
    """A repeat that is being unrolled: what it has left, its limits, and the rows that must leave it."""

    def __init__(self, until: Limits) -> None:
        self.until = until
        self.time_left = math.inf if until.time is None else until.time
        self.charge_left = math.inf if until.charge is None else until.charge
        self.leaving: list[tuple[int, str]] = []

    def spend(self, time: float, charge: float) -> None:
        self.time_left -= time
        self.charge_left -= charge

    @property
    def spent(self) -> bool:
        return self.time_left <= 1e-6 or self.charge_left <= 1e-9


class _Builder:
    """Collects rows while it walks the steps, keeping the counts of steps and cycles."""

    def __init__(self, cell: Cell, temperature: float) -> None:
        self.area, self.temperature = cell.area, temperature
        self.segments: list[Segment] = []
        self.rows: list[Row] = []
        self.step = self.cycle = 0

    def add_all(self, steps: tuple[Step, ...], outer: tuple[_Outer, ...]) -> None:
        for step in steps:
            if any(each.spent for each in outer):
                return
            (self._repeat if step.verb == "repeat" else self._add)(step, outer)

    def _repeat(self, step: Step, outer: tuple[_Outer, ...]) -> None:
        timed = step.until.time is not None or step.until.charge is not None
        if timed and _any(step.steps, _ends_early):
            raise InputError(
                "a repeat with a limit on time or charge holds a step with a limit on voltage or pressure",
                expected="the limit on the steps inside, or a number of repeats",
            )
        innermost = any(s.verb in CURRENT_VERBS for s in step.steps)
        here = _Outer(step.until)
        for _ in range(step.value):
            if any(each.spent for each in (*outer, here)):
                break
            self.cycle += innermost
            self.add_all(step.steps, (*outer, here))
        for row, limit in here.leaving:
            self.segments[row] = self.segments[row]._replace(**{limit: len(self.segments)})

    def _add(self, step: Step, outer: tuple[_Outer, ...]) -> None:
        if step.verb in FULL_VERBS:
            raise InputError(f"'{step.verb}' is a word for full cells", expected="'plate' or 'strip'")
        self.step += 1
        if step.verb == "set_temperature":
            self.temperature = step.value
        current = self._current(step)
        duration = self._duration(step, current, outer)
        segment = PLAIN._replace(
            duration=duration,
            current=current,
            temperature=self.temperature,
            set_pressure=step.value if step.verb in PRESSURE_VERBS else math.nan,
            clamped=float(step.verb == "hold"),
        )
        self.segments.append(self._limited(segment, step, outer))
        sweep = step.value if step.verb == "measure_impedance" else None
        self.rows.append(Row(self.step, self.cycle, step.verb, sweep))
        for each in outer:
            each.spend(duration, abs(current) * duration)

    def _current(self, step: Step) -> float:
        if step.verb not in CURRENT_VERBS:
            return 0.0
        density = step.value / self.area if step.absolute else step.value
        return density if step.verb == "plate" else -density

    def _duration(self, step: Step, current: float, outer: tuple[_Outer, ...]) -> float:
        limits = [step.longest, *(each.time_left for each in outer)]
        if current:
            charges = [step.until.charge, *(each.charge_left for each in outer)]
            limits += [charge / abs(current) for charge in charges if charge is not None]
        if not min(limits) <= LONGEST:
            raise InputError(
                f"step {self.step} ('{step.verb}') would take {min(limits) / LONGEST * 100:.3g} years",
                expected="a step that ends within 100 years",
            )
        return min(limits)

    def _limited(self, segment: Segment, step: Step, outer: tuple[_Outer, ...]) -> Segment:
        """The segment with the tightest of its own and its repeats' limits, and where each of them leads."""
        row = len(self.segments)
        changes: dict[str, float] = dict.fromkeys(("voltage_exit", "high_exit", "low_exit"), row + 1)
        own = step.until
        tightest: dict[str, tuple[float | None, _Outer | None]] = {
            "voltage": (own.voltage, None),
            "high": (own.pressure_above, None),
            "low": (own.pressure_below, None),
        }
        for each in outer:
            theirs = (each.until.voltage, each.until.pressure_above, each.until.pressure_below)
            for (kind, (value, _)), other in zip(list(tightest.items()), theirs, strict=True):
                tighter = other is not None and (value is None or (other > value if kind == "low" else other < value))
                if tighter and (kind != "voltage" or segment.current != 0.0):
                    tightest[kind] = (other, each)
        names = {"voltage": "voltage_limit", "high": "pressure_high", "low": "pressure_low"}
        for kind, (value, owner) in tightest.items():
            if value is not None:
                changes[names[kind]] = value
            if owner is not None:
                owner.leaving.append((row, f"{kind}_exit"))
        return segment._replace(**changes)


def _curve(fixture: Fixture) -> Curve:
    """The measured pressure of a fixture, padded; no points for other kinds."""
    if fixture.times is None or fixture.pressures is None:
        return Curve(np.zeros(0), np.zeros(0))
    count = len(fixture.times)
    length = next(length for length in TABLES if length > count)  # at least one infinite time ends the search
    times = np.concatenate([fixture.times, np.full(length - count, math.inf)])
    return Curve(times, np.concatenate([fixture.pressures, np.full(length - count, fixture.pressures[-1])]))
