"""From a program to a table of segments, and back from a row of the table to the step a person wrote."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from lithostat.experiment.cell import Cell
from lithostat.experiment.errors import InputError
from lithostat.experiment.parts import Fixture
from lithostat.experiment.protocol import Protocol
from lithostat.model.program import Action, Scale
from lithostat.model.sides import sides_of
from lithostat.model.unroll import unroll
from lithostat.simulation.plan import Plan, PressureCurve, Segment

TABLES = (64, 4096, 16384, 65536, 262144)  # lengths that tables are padded to: few, because each compiles anew
PLAIN = Segment(0.0, 0.0, 298.15, math.nan, 0.0, math.inf, math.inf, -math.inf, 0, 0, 0)


class Schedule(NamedTuple):
    """A protocol as numbers, and the action that each of its rows stands for."""

    plan: Plan
    rows: tuple[Action, ...]


def schedule(cell: Cell, protocol: Protocol, least_rows: int = 0) -> Schedule:
    """Unroll the protocol for this cell: every action becomes a row of a table of at least `least_rows`.

    Each length of table compiles anew; a `least_rows` lets one compilation serve short and long protocols.
    """
    program = unroll(protocol, Scale(cell.area))
    if cell.fixture.kind == "measured" and any(action.pressure is not None for action in program.actions):
        raise InputError(
            "the fixture has a measured pressure and the protocol sets one too",
            expected="a protocol without press, release, set_pressure and uniaxial attach, or another fixture",
        )
    if program.budgets:
        raise InputError(
            "a repeat with a limit on time or charge holds a step with a limit on voltage or pressure",
            expected="the limit on the steps inside, or a number of repeats",
        )
    rows = program.actions
    length = next(length for length in TABLES if length >= max(len(rows), least_rows))
    padded = [_segment(action) for action in rows] + [PLAIN] * (length - len(rows))
    columns = zip(*padded, strict=True)
    named = zip(Segment._fields, columns, strict=True)
    table = Segment(*(np.array(column, int if name.endswith("exit") else float) for name, column in named))
    # arrays throughout: a Python number would be compiled in
    ends = np.asarray(len(rows)), np.asarray(protocol.after_short)
    return Schedule(Plan(table, _curve(cell.fixture), *ends, sides_of(cell)), rows)


def _segment(action: Action) -> Segment:
    """A row of the table; its voltage limit counts along the current."""
    along = action.upper if action.current > 0.0 else None if action.lower is None else -action.lower
    return Segment(
        duration=action.duration,
        current=action.current,
        temperature=action.temperature,
        set_pressure=math.nan if action.pressure is None else action.pressure,
        clamped=float(action.clamped),
        voltage_limit=math.inf if along is None else along,
        pressure_high=math.inf if action.pressure_above is None else action.pressure_above,
        pressure_low=-math.inf if action.pressure_below is None else action.pressure_below,
        voltage_exit=action.exits.voltage,
        high_exit=action.exits.high,
        low_exit=action.exits.low,
        attach_pressure=action.attach_pressure or 0.0,
    )


def _curve(fixture: Fixture) -> PressureCurve:
    """The measured pressure of a fixture, padded; no points for other kinds."""
    if fixture.times is None or fixture.pressures is None:
        return PressureCurve(np.zeros(0), np.zeros(0))
    count = len(fixture.times)
    length = next(length for length in TABLES if length > count)  # at least one infinite time ends the search
    times = np.concatenate([fixture.times, np.full(length - count, math.inf)])
    return PressureCurve(times, np.concatenate([fixture.pressures, np.full(length - count, fixture.pressures[-1])]))
