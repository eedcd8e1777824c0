"""A symmetric cell in JAX: two lithium interfaces on one pellet in a fixture, from the laws of `model`."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from lithostat.model import interface
from lithostat.model.interface import LITHIUM_SCALE, MEMORY_SCALE, InterfaceMemory, Lithium
from lithostat.model.parameters import Laws, Parameters
from lithostat.model.resistance import pellet_resistance
from lithostat.model.sides import BOTH, Sides
from lithostat.physics import fixture, short_circuit
from lithostat.physics.types import Values
from lithostat.simulation.plan import Drive

INTERFACES = 2


class State(NamedTuple):
    """State of a symmetric cell; fields of `lithium` are (2,), interface 0 plates at positive current."""

    lithium: Lithium
    memory: InterfaceMemory
    relaxed: Values  # pressure the frame gave up before the present solve [Pa]; `relaxed` goes on from there
    conductance: Values  # electronic path [S/m2]
    ionic_charge: Values  # net, through the electrolyte [C/m2]
    leaked_charge: Values  # net, through the electronic path [C/m2]


SCALE = State(LITHIUM_SCALE, MEMORY_SCALE, 1e6, 1e3, 1e4, 1e4)


def moving(state: State, laws: Laws) -> State:
    """What an integrator has to follow: None in place of fields whose rate is zero all through a solve."""
    plated = None if laws.filament == "coupled" else state.lithium.plated
    return state._replace(
        lithium=state.lithium._replace(plated=plated),
        memory=state.memory._replace(highest_pressure=None),
        relaxed=None,
    )


def whole(moved: State, still: State) -> State:
    """Inverse of `moving`: fields that are None are those of `still`, at every one of the saved instants."""
    length = moved.ionic_charge.shape

    def filled(value: Values, before: Values) -> Values:
        return jnp.broadcast_to(before, (*length, *jnp.shape(before))) if value is None else value

    return jax.tree.map(filled, moved, still, is_leaf=lambda value: value is None)


def initial_state(p: Parameters, laws: Laws, sides: Sides = BOTH) -> State:
    """Lithium laid on the pellet without pressure: no contact yet, nothing entered, a native interphase."""
    both = jnp.ones(INTERFACES)
    zero, nothing = jnp.zeros(()), 0.0 * both
    start = interface.entry_of(laws).start * both
    return State(
        lithium=Lithium(filament=start, plated=nothing, void=nothing, metal=p.lithium_thickness * both * sides.lithium),
        memory=InterfaceMemory(zero, zero, p.interphase_initial * jnp.ones(())),
        relaxed=zero,
        conductance=zero,
        ionic_charge=zero,
        leaked_charge=zero,
    )


def stack_height(state: State, p: Parameters) -> Values:
    """Thickness of what can swell or shrink between the plungers [m]: lithium, voids, interphase. Offsets cancel."""
    _, gain = interface.interphase_shares(p)
    return (state.lithium.metal + state.lithium.void).sum() + INTERFACES * gain * state.memory.interphase


def relaxed(t: Values, state: State, drive: Drive, p: Parameters) -> Values:
    """Pressure that the frame has given up [Pa], `t` seconds into a solve; nothing new while clamped.

    In closed form, since a frame may relax in seconds and rest for months.
    """
    number = {"fraction": p.frame_relaxation, "time": p.frame_relaxation_time}
    return fixture.relaxed(drive.pressure, state.relaxed, drive.relaxing * t, **number, xp=jnp)


def pressure(t: Values, state: State, drive: Drive, p: Parameters) -> Values:
    """Stack pressure [Pa], never tensile; `t` counts from the start of the solve [s]."""
    swelling = stack_height(state, p) - drive.stack
    held = drive.pressure + drive.ramp * t
    gave_up = drive.relaxing * relaxed(t, state, drive, p)
    return jnp.maximum(fixture.frame_pressure(held, swelling, gave_up, stiffness=drive.stiffness), 0.0)


def remembering(state: State, here: Values, p: Parameters) -> State:
    """The state with the memory of its interfaces brought up to the pressure `here` [Pa]."""
    return state._replace(memory=interface.remembering(state.memory, here, p, xp=jnp))


def settled(t: Values, state: State, drive: Drive, p: Parameters) -> State:
    """The state at the end of a solve: its memory brought up, and no more taken back than there was."""
    known = remembering(state, pressure(t, state, drive, p), p)
    return known._replace(lithium=interface.settled(known.lithium))


def handed_on(t: Values, state: State, drive: Drive, p: Parameters) -> State:
    """The state at the end of a solve as the start of the next: what the frame gave up counts from there."""
    return state._replace(relaxed=relaxed(t, state, drive, p))


def attached(state: State, pressure: Values, time: Values, p: Parameters) -> State:
    """The state after isostatic pressing at `pressure` [Pa] for `time` [s]; unchanged at no pressure."""
    return state._replace(memory=interface.attached(state.memory, pressure, time, p, xp=jnp))


class Observation(NamedTuple):
    """What the state amounts to at one instant, SI; `(2,)` per interface."""

    voltage: Values  # [V]
    pressure: Values  # [Pa]
    contact: Values  # (2,) [-]
    pressed: Values  # contact without voids [-]
    filament: Values  # a (2,) [m]
    critical: Values  # filament length that shorts (2,) [m]
    bulk: Values  # [ohm m2]
    constriction: Values  # (2,) [ohm m2]
    film: Values  # charge transfer and interphase, of one interface [ohm m2]
    ionic_current: Values  # [A/m2]


def observe(t: Values, state: State, drive: Drive, p: Parameters, laws: Laws) -> Observation:
    """Voltage, pressure, contact, filaments and resistances of a state."""
    here = pressure(t, state, drive, p)
    seen = interface.view(state.lithium, state.memory, here, p, laws, xp=jnp)
    bulk = pellet_resistance(drive.temperature, p, xp=jnp)
    films = p.charge_transfer_resistance + seen.film
    measured = drive.sides.limits  # a counter electrode that does not limit lies behind the reference
    ionic = bulk + (measured * (seen.constriction + films)).sum()
    volts = short_circuit.cell_voltage(drive.current, ionic, state.conductance)
    current = drive.current - short_circuit.leak_current(volts, state.conductance)
    eta = jnp.maximum(_arriving(current), 0.0) * (seen.constriction + films)  # only a plating interface is loaded
    limit = interface.critical_length(here, eta, p.thickness, p, laws, xp=jnp) * jnp.ones(INTERFACES)
    return Observation(
        volts, here, seen.contact, seen.pressed, seen.filament, limit, bulk, seen.constriction, films, current
    )


def rates(t: Values, state: State, drive: Drive, p: Parameters, laws: Laws) -> State:
    """Time derivative of every state, in the same fields, SI per second."""
    seen = observe(t, state, drive, p, laws)
    memory = interface.memory_rates(state.memory, seen.pressure, p, xp=jnp)
    view = interface.View(seen.contact, seen.pressed, seen.filament, seen.constriction, seen.film)
    now = interface.Conditions(
        arriving=_arriving(seen.ionic_current),
        pressure=seen.pressure,
        load=seen.pressure,
        temperature=drive.temperature,
        conductivity=p.thickness / seen.bulk,
        film=seen.film,
        film_growth=memory.interphase,
    )
    lithium = interface.rates(state.lithium, view, now, p, laws, xp=jnp)
    return State(
        lithium=lithium._replace(void=lithium.void * drive.sides.limits),
        memory=memory,
        relaxed=0.0 * state.relaxed,
        conductance=drive.shorted
        * short_circuit.hardening_rate(state.conductance, hard=p.short_conductance, time=p.hardening_time),
        ionic_charge=seen.ionic_current,
        leaked_charge=drive.current - seen.ionic_current,
    )


def stripped(current: Values) -> Values:
    """Which electrodes (2,) lose lithium at a current [A/m2]."""
    return _arriving(current) < 0.0


def _arriving(current: Values) -> Values:
    """Current onto each electrode (2,) [A/m2], positive where lithium arrives."""
    return current * jnp.array([1.0, -1.0])
