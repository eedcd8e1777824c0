"""What is done to a cell, as arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

from lithostat.model.sides import BOTH, Sides


class Segment(NamedTuple):
    """A stretch of a protocol with constant drive, as rows of a table (leading axis: segments), SI.

    `set_pressure` is NaN where the fixture is left alone. `clamped` keeps the pressure whatever the fixture. The limits
    are infinite where there is none; reaching one continues at the row that its exit names.
    """

    duration: Any  # [s]
    current: Any  # [A/m2], positive plates interface 0
    temperature: Any  # [K]
    set_pressure: Any  # [Pa]
    clamped: Any  # 0 or 1
    voltage_limit: Any  # on sign(j) V [V]
    pressure_high: Any  # [Pa]
    pressure_low: Any  # [Pa]
    voltage_exit: Any  # rows to continue at after a limit
    high_exit: Any
    low_exit: Any
    attach_pressure: Any = 0.0  # isostatic; 0 where lithium is not attached in this segment [Pa]


class Curve(NamedTuple):
    """A measured pressure against time, straight between its points. Without points the fixture rules.

    Padded at its end with infinite times and the last pressure.
    """

    times: Any  # since the start of the test (points,) [s]
    pressures: Any  # (points,) [Pa]


class Plan(NamedTuple):
    """Everything that is done to a cell, as arrays. The table may be longer than `rows`, its real length."""

    table: Segment
    curve: Curve
    rows: Any
    after_short: Any  # how long the test goes on after a short [s]
    sides: Sides = BOTH


class Drive(NamedTuple):
    """What acts on the cell at one instant: the segment's row plus what the fixture remembers."""

    current: Any  # [A/m2]
    temperature: Any  # [K]
    pressure: Any  # set pressure at the start of the segment [Pa]
    ramp: Any  # [Pa/s]
    stack: Any  # stack height when the pressure was set [m]
    stiffness: Any  # [Pa/m], 0 while clamped
    relaxing: Any  # 0 while clamped, else 1
    shorted: Any  # 0 before the short, 1 after
    sides: Sides = BOTH
