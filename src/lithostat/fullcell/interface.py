"""Lithium interfaces in PyBaMM: the states of `model.interface` as variables, one set for each lithium electrode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from lithostat.fullcell.engine import Symbols, pybamm
from lithostat.model import interface
from lithostat.model.interface import LITHIUM_SCALE, MEMORY_SCALE, InterfaceMemory, Lithium, View
from lithostat.model.parameters import Laws
from lithostat.physics import fixture
from lithostat.physics.types import Values

CATCH_UP = 1.0  # in which the memory of an interface follows a pressure above it [s]


@dataclass(frozen=True)
class States:
    """The states, as PyBaMM variables; `lithium` has one entry per lithium electrode."""

    lithium: tuple[Lithium, ...]
    memory: InterfaceMemory
    relaxed: Values  # pressure the frame gave up [Pa]


def states(count: int) -> States:
    """Fresh variables for `count` lithium electrodes, each with the scale that one tolerance fits."""
    names = Lithium(
        "Filament coordinate {}", "Plated filament {} [m]", "Void thickness {} [m]", "Lithium thickness {} [m]"
    )
    shared = InterfaceMemory("Contact conformity", "Highest stack pressure [Pa]", "Interphase thickness [m]")

    def variable(name: str, scale: float) -> Values:
        return pybamm.Variable(name, scale=scale)

    return States(
        lithium=tuple(
            Lithium(*(variable(n.format(i + 1), s) for n, s in zip(names, LITHIUM_SCALE, strict=True)))
            for i in range(count)
        ),
        memory=InterfaceMemory(*(variable(n, s) for n, s in zip(shared, MEMORY_SCALE, strict=True))),
        relaxed=pybamm.Variable("Relaxed stack pressure [Pa]", scale=1e6),
    )


def initial(y: States, p: Values, laws: Laws, fabrication: Values) -> dict[Any, Any]:
    """Initial conditions: lithium pressed on at the `fabrication` pressure [Pa] a moment ago, no filament, no void."""
    zero = pybamm.Scalar(0.0)
    start: dict[Any, Any] = {y.relaxed: zero}
    for one in y.lithium:
        coordinate = pybamm.Scalar(interface.entry_of(laws).start)
        start |= {one.filament: coordinate, one.plated: zero, one.void: zero, one.metal: p.lithium_thickness}
    memory = InterfaceMemory(fabrication / p.contact_pressure, fabrication, p.interphase_initial)
    return start | dict(zip(y.memory, memory, strict=True))


def swelling(y: States, p: Values) -> Values:
    """Growth of the stack since assembly by lithium, voids and interphases [m]; the cathode's comes on top."""
    _, gain = interface.interphase_shares(p)
    grown: Values = len(y.lithium) * gain * (y.memory.interphase - p.interphase_initial)
    for one in y.lithium:
        grown = grown + (one.metal - p.lithium_thickness) + one.void
    return grown


def observe(y: States, pressure: Values, p: Values, laws: Laws) -> tuple[View, ...]:
    """Contact, filaments and resistances of every interface at a stack pressure [Pa]."""
    return tuple(interface.view(one, y.memory, pressure, p, laws, xp=Symbols) for one in y.lithium)


class HeldStack(NamedTuple):
    """What the stack is under: the pressure that acts, the one that was set [Pa], and whether the frame relaxes."""

    pressure: Values
    held: Values
    relaxing: Values  # 0 or 1


class PelletState(NamedTuple):
    """What lies between the electrodes: temperature [K], conductivity [S/m], charge transfer to lithium [ohm m2]."""

    temperature: Values
    conductivity: Values
    charge_transfer: Values


def rates(
    y: States,
    seen: tuple[View, ...],
    arriving: tuple[Values, ...],
    holder: HeldStack,
    pellet: PelletState,
    p: Values,
    laws: Laws,
) -> dict[Any, Any]:
    """Time derivative of every state. `arriving` is the current onto each electrode [A/m2], positive if it plates."""
    memory = interface.memory_rates(y.memory, holder.pressure, p, xp=Symbols)
    changes = dict(zip(y.memory, memory, strict=True))
    for one, there, current in zip(y.lithium, seen, arriving, strict=True):
        now = interface.Conditions(
            arriving=current,
            pressure=holder.pressure,
            load=holder.pressure,
            temperature=pellet.temperature,
            conductivity=pellet.conductivity,
            film=there.film + pellet.charge_transfer,
            film_growth=memory.interphase,
        )
        moved = interface.rates(one, there, now, p, laws, xp=Symbols)
        changes |= dict(zip(one, moved, strict=True))
    changes[y.relaxed] = holder.relaxing * fixture.relaxation_rate(
        holder.held, y.relaxed, fraction=p.frame_relaxation, time=p.frame_relaxation_time
    )
    return changes


def following(y: States, pressure: Values, p: Values) -> dict[Any, Any]:
    """Rates that settle the states within a second, for a solve that nobody watches: memory up, no filament below 0."""
    up = interface.remembering(y.memory, pressure, p, xp=Symbols)
    settling = {y.memory.conformity: up.conformity, y.memory.highest_pressure: up.highest_pressure}
    settling |= {one.plated: Symbols.maximum(one.plated, 0.0) for one in y.lithium}
    return {state: (to - state) / CATCH_UP for state, to in settling.items()}
