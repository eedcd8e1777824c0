"""What is done to a cell, as arrays."""

from __future__ import annotations

from typing import NamedTuple

from lithostat.model.sides import BOTH, Sides
from lithostat.physics.types import Values


class Segment(NamedTuple):
    """A stretch of a protocol with constant drive, as rows of a table (leading axis: segments), SI.

    `set_pressure` is NaN where the fixture is left alone. `clamped` keeps the pressure whatever the fixture. The limits
    are infinite where there is none; reaching one continues at the row that its exit names.
    """

    duration: Values  # [s]
    current: Values  # [A/m2], positive plates interface 0
    temperature: Values  # [K]
    set_pressure: Values  # [Pa]
    clamped: Values  # 0 or 1
    voltage_limit: Values  # on sign(j) V [V]
    pressure_high: Values  # [Pa]
    pressure_low: Values  # [Pa]
    voltage_exit: Values  # rows to continue at after a limit
    high_exit: Values
    low_exit: Values
    attach_pressure: Values = 0.0  # isostatic; 0 where lithium is not attached in this segment [Pa]


class PressureCurve(NamedTuple):
    """A measured pressure against time, straight between its points. Without points the fixture rules.

    Padded at its end with infinite times and the last pressure.
    """

    times: Values  # since the start of the test (points,) [s]
    pressures: Values  # (points,) [Pa]


class Plan(NamedTuple):
    """Everything that is done to a cell, as arrays. The table may be longer than `rows`, its real length."""

    table: Segment
    curve: PressureCurve
    rows: Values
    after_short: Values  # how long the test goes on after a short [s]
    sides: Sides = BOTH


class Drive(NamedTuple):
    """What acts on the cell at one instant: the segment's row plus what the fixture remembers."""

    current: Values  # [A/m2]
    temperature: Values  # [K]
    pressure: Values  # set pressure at the start of the segment [Pa]
    ramp: Values  # [Pa/s]
    stack: Values  # stack height when the pressure was set [m]
    stiffness: Values  # [Pa/m], 0 while clamped
    relaxing: Values  # 0 while clamped, else 1
    shorted: Values  # 0 before the short, 1 after
    sides: Sides = BOTH
