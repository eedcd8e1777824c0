"""The integrator's programs, traced once and kept: nothing here imports the integrator unless it has to be traced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lithostat import programs
from lithostat.model.parameters import Laws, Parameters
from lithostat.physics.families import functions
from lithostat.physics.types import Values
from lithostat.simulation.pieces import Carry, Piece, Tolerance
from lithostat.simulation.plan import Plan


def trajectory(
    p: Parameters, laws: Laws, plan: Plan, fractions: Values, tolerance: Tolerance
) -> tuple[Carry, Piece, Values]:
    """One cell through all rows, see `integrate.trajectory`."""

    def trace() -> Callable[..., Any]:
        from lithostat.simulation import integrate

        return lambda p, plan, fractions: integrate.trajectory(p, laws, plan, fractions, tolerance)

    settings, gives = (laws, tolerance), (Carry, Piece, float)
    arrays = (p, plan, fractions)
    return programs.call("trajectory", trace, arrays, settings=settings, gives=gives, functions=functions_of(laws))


def ending(p: Parameters, laws: Laws, plan: Plan, tolerance: Tolerance, axes: Parameters) -> Carry:
    """How each member of an ensemble ends, see `integrate.ending`."""

    def trace() -> Callable[..., Any]:
        from lithostat.simulation import integrate

        return lambda p, plan: integrate.ending(p, laws, plan, tolerance, axes)

    settings = (laws, tolerance, axes)
    return programs.call("ending", trace, (p, plan), settings=settings, gives=Carry, functions=functions_of(laws))


def functions_of(laws: Laws) -> tuple[Any, ...]:
    """The functions that the chosen laws are made of."""
    return tuple(part for law in laws.functions() for part in functions(law))
