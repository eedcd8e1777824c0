"""The only place where the laws meet: state, its rates, and what can be observed of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp

from lithostat.physics import (
    conduction,
    contact,
    creep,
    fixture,
    fracture,
    interphase,
    plating,
    short_circuit,
    voids,
)
from lithostat.physics.constants import FARADAY
from lithostat.simulation.parameters import Drive, Laws, Parameters

INTERFACES = 2
FILAMENT_LENGTH = 1e-5  # unit of the filament coordinate [m]
CONTACT_LOST = 1e-2  # contact fraction below which a current can no longer be carried

GROWTH: dict[str, Callable[..., Any]] = {
    "constant_focusing": plating.constant_focusing,
    "length_focusing": plating.length_focusing,
    "pressure_focusing": plating.pressure_focusing,
}
ENTRY: dict[str, Callable[..., Any]] = {
    "open": lambda pressure, threshold: pressure,
    "threshold": lambda pressure, threshold: jnp.maximum(pressure - threshold, 0.0),
}
FAILURE: dict[str, Callable[..., Any]] = {"fracture": fracture.runs_or_penetrates, "percolation": fracture.penetrates}
CHOICES = {"growth": tuple(GROWTH), "entry": tuple(ENTRY), "failure": tuple(FAILURE)}


class State(eqx.Module):
    """State of a symmetric cell; `(2,)` fields are per interface, interface 0 plates at positive current.

    Both interfaces see the same pressure for the same time, so one conformity and one interphase serve both. The
    filament coordinate u = (a / 10 um)^(n+1) makes creep into a throat linear in time, from an empty throat on.
    """

    filament: Any  # u (2,) [-]
    conformity: Any  # x [-]
    void: Any  # w (2,) [m]
    interphase: Any  # d [m]
    lithium: Any  # metal thickness (2,) [m]
    highest_pressure: Any  # [Pa]
    relaxed: Any  # pressure the frame gave up [Pa]
    conductance: Any  # electronic path [S/m2]
    ionic_charge: Any  # net, through the electrolyte [C/m2]
    leaked_charge: Any  # net, through the electronic path [C/m2]


# One unit per field, so that one tolerance fits all of them.
SCALE = State(1.0, 1.0, 1e-3, 1e-7, 1e-5, 1e7, 1e6, 1e3, 1e4, 1e4)


def initial_state(p: Parameters) -> State:
    """Lithium laid on the pellet without pressure: no contact yet, no filament, a native interphase."""
    both = jnp.ones(INTERFACES)
    zero = jnp.zeros(())
    return State(
        filament=0.0 * both,
        conformity=zero,
        void=0.0 * both,
        interphase=p.interphase_initial * jnp.ones(()),
        lithium=p.lithium_thickness * both,
        highest_pressure=zero,
        relaxed=zero,
        conductance=zero,
        ionic_charge=zero,
        leaked_charge=zero,
    )


def filament_length(state: State, p: Parameters) -> Any:
    """Deepest lithium in the electrolyte from each interface [m], (2,)."""
    u = jnp.maximum(state.filament, 0.0)
    return FILAMENT_LENGTH * jnp.exp(jnp.log(jnp.maximum(u, 1e-200)) / (p.creep_exponent + 1.0))


def interphase_shares(p: Parameters) -> tuple[Any, Any]:
    """Per thickness of interphase: lithium bound in it, and height of the stack that it adds (lithium aside) [-]."""
    bound = p.interphase_charge * p.molar_volume / FARADAY
    return bound, 1.0 - 1.0 / (1.0 + p.interphase_volume_change) + bound


def stack_height(state: State, p: Parameters) -> Any:
    """Thickness of what can swell or shrink between the plungers [m]: lithium, voids, interphase. Offsets cancel."""
    _, gain = interphase_shares(p)
    return (state.lithium + state.void).sum() + INTERFACES * gain * state.interphase


def pressure(t: Any, state: State, drive: Drive, p: Parameters) -> Any:
    """Stack pressure [Pa], never tensile; `t` counts from the start of the segment [s]."""
    swelling = stack_height(state, p) - drive.stack
    held = drive.pressure + drive.ramp * t
    raw = fixture.frame_pressure(held, swelling, state.relaxed * drive.relaxing, stiffness=drive.stiffness)
    return jnp.maximum(raw, 0.0)


def remembering(state: State, here: Any, p: Parameters) -> State:
    """The state with the memory of its interfaces brought up to the pressure `here` [Pa]."""
    return eqx.tree_at(
        lambda s: (s.highest_pressure, s.conformity),
        state,
        (jnp.maximum(state.highest_pressure, here), jnp.maximum(state.conformity, here / p.contact_pressure)),
    )


def contact_fraction(here: Any, state: State, p: Parameters) -> Any:
    """Share of the area in contact at each interface, (2,), 0..1, voids included."""
    pressed = contact.contact_fraction(
        here,
        jnp.maximum(state.highest_pressure, here),
        jnp.maximum(state.conformity, here / p.contact_pressure),
        exponent=p.unloading_exponent,
        xp=jnp,
    )
    return pressed * voids.unvoided(state.void, scale=p.void_height, xp=jnp)


class Observation(NamedTuple):
    """What the state amounts to at one instant, SI; `(2,)` per interface."""

    voltage: Any  # [V]
    pressure: Any  # [Pa]
    contact: Any  # (2,) [-]
    filament: Any  # a (2,) [m]
    critical: Any  # filament length that shorts (2,) [m]
    bulk: Any  # [ohm m2]
    constriction: Any  # (2,) [ohm m2]
    film: Any  # charge transfer and interphase, of one interface [ohm m2]
    ionic_current: Any  # [A/m2]


def observe(t: Any, state: State, drive: Drive, p: Parameters, laws: Laws) -> Observation:
    """Voltage, pressure, contact, filaments and resistances of a state."""
    here = pressure(t, state, drive, p)
    c = contact_fraction(here, state, p)
    sigma = conduction.conductivity(
        drive.temperature,
        reference=p.conductivity,
        activation_energy=p.conductivity_activation_energy,
        reference_temperature=p.conductivity_temperature,
        xp=jnp,
    )
    bulk = conduction.bulk_resistance(p.thickness, sigma)
    narrow = contact.constriction_resistance(jnp.maximum(c, 1e-9), scale=p.constriction_resistance)
    films = p.charge_transfer_resistance + state.interphase / p.interphase_conductivity
    ionic = bulk + narrow.sum() + INTERFACES * films
    volts = short_circuit.cell_voltage(drive.current, ionic, state.conductance)
    current = drive.current - short_circuit.leak_current(volts, state.conductance)
    eta = jnp.maximum(current * jnp.array([1.0, -1.0]), 0.0) * (narrow + films)  # only a plating interface is loaded
    extra = fracture.plating_overpressure(eta, transmission=p.overpressure_transmission, molar_volume=p.molar_volume)
    critical = fracture.critical_flaw(here + extra, toughness=p.toughness, xp=jnp)
    limit = FAILURE[laws.failure](critical, p.thickness, xp=jnp) * jnp.ones(INTERFACES)
    return Observation(volts, here, c, filament_length(state, p), limit, bulk, narrow, films, current)


def rates(t: Any, state: State, drive: Drive, p: Parameters, laws: Laws) -> State:
    """Time derivative of every state, in the same fields, SI per second."""
    seen = observe(t, state, drive, p, laws)
    here, j = seen.pressure, seen.ionic_current
    plating_current = j * jnp.array([1.0, -1.0])  # (2,), positive where lithium arrives

    d_film = interphase.interphase_rate(state.interphase, parabolic_constant=p.interphase_constant)
    bound, _ = interphase_shares(p)
    d_lithium = plating.flat_velocity(plating_current, molar_volume=p.molar_volume) - bound * d_film
    critical = voids.critical_stripping_current(
        here,
        reference=p.stripping_current,
        reference_pressure=p.stripping_pressure,
        exponent=p.stripping_exponent,
        xp=jnp,
    )
    d_void = voids.void_rate(
        -plating_current,
        jnp.maximum(seen.contact, 1e-6),
        state.void,
        critical=critical,
        molar_volume=p.molar_volume,
        xp=jnp,
    )
    d_relaxed = drive.relaxing * fixture.relaxation_rate(
        drive.pressure, state.relaxed, fraction=p.frame_relaxation, time=p.frame_relaxation_time
    )
    # `contact_fraction` takes the larger of memory and present pressure, and the end of a solve brings the memory up:
    # a rate that switches where the two meet makes the solver chatter, and the memory falls behind
    ripening = contact.ripening_rate(
        here,
        jnp.maximum(state.conformity, here / p.contact_pressure),
        scale=p.contact_pressure,
        time=p.ripening_time,
        stress_exponent=p.creep_exponent,
        xp=jnp,
    )
    return State(
        filament=_filament_rate(seen, plating_current, state, drive, p, laws),
        conformity=ripening,
        void=d_void,
        interphase=d_film,
        lithium=d_lithium,
        highest_pressure=jnp.zeros(()),
        relaxed=d_relaxed,
        conductance=drive.shorted
        * short_circuit.hardening_rate(state.conductance, hard=p.short_conductance, time=p.hardening_time),
        ionic_charge=j,
        leaked_charge=drive.current - j,
    )


def _filament_rate(
    seen: Observation, plating_current: Any, state: State, drive: Drive, p: Parameters, laws: Laws
) -> Any:
    """du/dt of the filament coordinate: creep at the unit length, plus plating at the tip times (a / unit)^n."""
    n = p.creep_exponent
    flow = creep.throat_velocity(
        ENTRY[laws.entry](seen.pressure, p.entry_pressure),
        FILAMENT_LENGTH,
        p.throat_radius,
        drive.temperature,
        xp=jnp,
        reference_rate=p.creep_rate,
        reference_stress=p.creep_stress,
        exponent=n,
        activation_energy=p.creep_activation_energy,
        reference_temperature=p.creep_temperature,
    )
    tip = GROWTH[laws.growth](
        jnp.maximum(plating_current, 0.0),
        seen.filament,
        seen.pressure,
        focusing=p.focusing,
        molar_volume=p.molar_volume,
        focusing_length=p.focusing_length,
        focusing_pressure=p.focusing_pressure,
    )
    ratio = seen.filament / FILAMENT_LENGTH
    # (a/unit)^n is u over a/unit: no second power needed
    return (n + 1.0) / FILAMENT_LENGTH * (flow + tip * jnp.maximum(state.filament, 0.0) / ratio)
