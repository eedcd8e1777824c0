"""Lithium interfaces in PyBaMM: the states of `model.interface` as variables, one set for each lithium electrode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lithostat.fullcell.engine import Symbols, pybamm
from lithostat.model import interface
from lithostat.model.interface import LITHIUM_SCALE, MEMORY_SCALE, Lithium, Memory, View
from lithostat.model.parameters import Laws
from lithostat.physics import fixture

CATCH_UP = 1.0  # in which the memory of an interface follows a pressure above it [s]


@dataclass(frozen=True)
class States:
    """The states, as PyBaMM variables; `lithium` has one entry per lithium electrode."""

    lithium: tuple[Lithium, ...]
    memory: Memory
    relaxed: Any  # pressure the frame gave up [Pa]


def states(count: int) -> States:
    """Fresh variables for `count` lithium electrodes, each with the scale that one tolerance fits."""
    names = Lithium("Filament coordinate {}", "Void thickness {} [m]", "Lithium thickness {} [m]")
    shared = Memory("Contact conformity", "Highest stack pressure [Pa]", "Interphase thickness [m]")

    def variable(name: str, scale: float) -> Any:
        return pybamm.Variable(name, scale=scale)

    return States(
        lithium=tuple(
            Lithium(*(variable(n.format(i + 1), s) for n, s in zip(names, LITHIUM_SCALE, strict=True)))
            for i in range(count)
        ),
        memory=Memory(*(variable(n, s) for n, s in zip(shared, MEMORY_SCALE, strict=True))),
        relaxed=pybamm.Variable("Relaxed stack pressure [Pa]", scale=1e6),
    )


def initial(y: States, p: Any, fabrication: Any) -> dict[Any, Any]:
    """Initial conditions: lithium pressed on at the `fabrication` pressure [Pa] a moment ago, no filament, no void."""
    zero = pybamm.Scalar(0.0)
    start: dict[Any, Any] = {y.relaxed: zero}
    for one in y.lithium:
        start |= {one.filament: zero, one.void: zero, one.metal: p.lithium_thickness}
    memory = Memory(fabrication / p.contact_pressure, fabrication, p.interphase_initial)
    return start | dict(zip(y.memory, memory, strict=True))


def swelling(y: States, p: Any) -> Any:
    """Growth of the stack since assembly by lithium, voids and interphases [m]; the cathode's comes on top."""
    _, gain = interface.interphase_shares(p)
    grown: Any = len(y.lithium) * gain * (y.memory.interphase - p.interphase_initial)
    for one in y.lithium:
        grown = grown + (one.metal - p.lithium_thickness) + one.void
    return grown


def observe(y: States, pressure: Any, p: Any) -> tuple[View, ...]:
    """Contact, filaments and resistances of every interface at a stack pressure [Pa]."""
    return tuple(interface.view(one, y.memory, pressure, p, xp=Symbols) for one in y.lithium)


def rates(
    y: States,
    seen: tuple[View, ...],
    arriving: tuple[Any, ...],
    pressure: Any,
    held: Any,
    relaxing: Any,
    temperature: Any,
    p: Any,
    laws: Laws,
) -> dict[Any, Any]:
    """Time derivative of every state.

    `arriving` is the current onto each electrode [A/m2], positive if it plates; `held` the pressure that the fixture
    was set to [Pa]; `relaxing` 0 or 1.
    """
    memory = interface.memory_rates(y.memory, pressure, p, xp=Symbols)
    changes = dict(zip(y.memory, memory, strict=True))
    for one, there, current in zip(y.lithium, seen, arriving, strict=True):
        moved = interface.rates(one, there, current, pressure, temperature, memory.interphase, p, laws, xp=Symbols)
        changes |= dict(zip(one, moved, strict=True))
    changes[y.relaxed] = relaxing * fixture.relaxation_rate(
        held, y.relaxed, fraction=p.frame_relaxation, time=p.frame_relaxation_time
    )
    return changes


def following(y: States, pressure: Any, p: Any) -> dict[Any, Any]:
    """Rates that bring the memory up to the pressure [Pa] within a second, for a solve that nobody watches."""
    up = interface.remembering(y.memory, pressure, p, xp=Symbols)
    states_that_follow = (y.memory.conformity, y.memory.highest_pressure)
    return {
        state: (to - state) / CATCH_UP
        for state, to in zip(states_that_follow, (up.conformity, up.highest_pressure), strict=True)
    }
