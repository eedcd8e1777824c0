"""One lithium interface: its state, what can be seen of it, its rates. Every engine puts these together.

Written in an array namespace `xp`: arrays may hold several interfaces at once (JAX: two of a symmetric cell), or a
caller may take them one by one (PyBaMM). Both interfaces of a symmetric cell see the same pressure for the same time,
so one memory serves both.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from lithostat.model.parameters import Laws, Parameters
from lithostat.physics import contact, creep, fracture, interphase, plating, voids
from lithostat.physics.constants import FARADAY
from lithostat.physics.families import FAMILIES, apply

FILAMENT_LENGTH = 1e-5  # unit of the filament coordinate [m]
CONTACT_LOST = 1e-2  # contact fraction below which a current can no longer be carried
_SMALL = 1e-200


class Lithium(NamedTuple):
    """State of an interface of its own.

    The filament coordinate u = (a / 10 um)^(n+1) makes creep into a throat linear in time, from an empty throat on.
    """

    filament: Any  # u [-]
    void: Any  # w [m]
    metal: Any  # thickness, filaments included [m]


class Memory(NamedTuple):
    """State that all interfaces of a cell share."""

    conformity: Any  # x [-]
    highest_pressure: Any  # [Pa]
    interphase: Any  # d [m]


# One unit per field, so that one tolerance fits all of them.
LITHIUM_SCALE, MEMORY_SCALE = Lithium(1.0, 1e-3, 1e-5), Memory(1.0, 1e7, 1e-7)


class View(NamedTuple):
    """What the state amounts to at one instant, SI."""

    contact: Any  # share of the area, voids included [-]
    filament: Any  # a [m]
    constriction: Any  # [ohm m2]
    film: Any  # interphase alone [ohm m2]


def filament_length(coordinate: Any, p: Parameters, *, xp: Any = np) -> Any:
    """Deepest lithium in the electrolyte [m], from the filament coordinate."""
    u = xp.maximum(coordinate, _SMALL)
    return FILAMENT_LENGTH * xp.exp(xp.log(u) / (p.creep_exponent + 1.0))


def remembering(memory: Memory, pressure: Any, p: Parameters, *, xp: Any = np) -> Memory:
    """The memory brought up to a pressure [Pa] that the interface has seen."""
    return memory._replace(
        highest_pressure=xp.maximum(memory.highest_pressure, pressure),
        conformity=xp.maximum(memory.conformity, pressure / p.contact_pressure),
    )


def pressed_contact(memory: Memory, pressure: Any, p: Parameters, *, xp: Any = np) -> Any:
    """Share of the area that pressing and its memory bring into contact, voids aside, 0..1."""
    now = remembering(memory, pressure, p, xp=xp)
    return contact.contact_fraction(
        pressure, now.highest_pressure, now.conformity, exponent=p.unloading_exponent, xp=xp
    )


def view(lithium: Lithium, memory: Memory, pressure: Any, p: Parameters, *, xp: Any = np) -> View:
    """Contact, filament and resistances at a stack pressure [Pa]."""
    touching = pressed_contact(memory, pressure, p, xp=xp) * voids.unvoided(lithium.void, scale=p.void_height, xp=xp)
    narrow = contact.constriction_resistance(xp.maximum(touching, 1e-9), scale=p.constriction_resistance)
    film = memory.interphase / p.interphase_conductivity
    return View(touching, filament_length(lithium.filament, p, xp=xp), narrow, film)


def critical_length(
    pressure: Any, overpotential: Any, thickness: Any, p: Parameters, laws: Laws, *, xp: Any = np
) -> Any:
    """Filament length that shorts the cell [m], at a plating overpotential [V], for a pellet of that thickness [m]."""
    extra = fracture.plating_overpressure(
        overpotential, transmission=p.overpressure_transmission, molar_volume=p.molar_volume
    )
    flaw = fracture.critical_flaw(pressure + extra, toughness=p.toughness, xp=xp)
    return apply(FAMILIES["failure"][laws.failure], flaw, thickness, p=p, xp=xp)


def interphase_shares(p: Parameters) -> tuple[Any, Any]:
    """Per thickness of interphase: lithium bound in it, and height of the stack that it adds (lithium aside) [-]."""
    bound = p.interphase_charge * p.molar_volume / FARADAY
    return bound, 1.0 - 1.0 / (1.0 + p.interphase_volume_change) + bound


def memory_rates(memory: Memory, pressure: Any, p: Parameters, *, xp: Any = np) -> Memory:
    """Rates of the memory: ripening and the interphase.

    `view` takes the larger of memory and present pressure, and whoever ends a solve brings the memory up
    (`remembering`). A rate that switches where the two meet makes a solver chatter, and the memory falls behind.
    """
    ripening = contact.ripening_rate(
        pressure,
        xp.maximum(memory.conformity, pressure / p.contact_pressure),
        scale=p.contact_pressure,
        time=p.ripening_time,
        stress_exponent=p.creep_exponent,
        xp=xp,
    )
    film = interphase.interphase_rate(memory.interphase, parabolic_constant=p.interphase_constant)
    return Memory(ripening, 0.0 * memory.highest_pressure, film)


def critical_stripping_current(pressure: Any, p: Parameters, *, xp: Any = np) -> Any:
    """Stripping current density that creep can just replenish [A/m2]."""
    return voids.critical_stripping_current(
        pressure,
        reference=p.stripping_current,
        reference_pressure=p.stripping_pressure,
        exponent=p.stripping_exponent,
        xp=xp,
    )


def creep_velocity(pressure: Any, length: Any, temperature: Any, p: Parameters, laws: Laws, *, xp: Any = np) -> Any:
    """Speed of lithium that creeps into a throat filled to `length` [m], in m/s."""
    return creep.throat_velocity(
        apply(FAMILIES["entry"][laws.entry], pressure, p=p, xp=xp),
        length,
        p.throat_radius,
        temperature,
        xp=xp,
        reference_rate=p.creep_rate,
        reference_stress=p.creep_stress,
        exponent=p.creep_exponent,
        activation_energy=p.creep_activation_energy,
        reference_temperature=p.creep_temperature,
    )


def tip_velocity(plated: Any, length: Any, pressure: Any, p: Parameters, laws: Laws, *, xp: Any = np) -> Any:
    """Speed that plating adds to a filament of `length` [m], for a plating current density >= 0 [A/m2], in m/s."""
    return apply(FAMILIES["growth"][laws.growth], plated, length, pressure, p=p, xp=xp)


def rates(
    lithium: Lithium,
    seen: View,
    arriving: Any,
    pressure: Any,
    temperature: Any,
    film_growth: Any,
    p: Parameters,
    laws: Laws,
    *,
    xp: Any = np,
) -> Lithium:
    """Time derivative of an interface's own state, SI per second.

    `arriving` is the current onto this electrode [A/m2], positive where it plates; `film_growth` the rate of the
    interphase [m/s].
    """
    bound, _ = interphase_shares(p)
    opening = voids.void_rate(
        -arriving,
        xp.maximum(seen.contact, 1e-6),
        lithium.void,
        critical=critical_stripping_current(pressure, p, xp=xp),
        molar_volume=p.molar_volume,
        xp=xp,
    )
    n = p.creep_exponent
    flow = creep_velocity(pressure, FILAMENT_LENGTH, temperature, p, laws, xp=xp)
    tip = tip_velocity(xp.maximum(arriving, 0.0), seen.filament, pressure, p, laws, xp=xp)
    steps = xp.maximum(lithium.filament, 0.0) * FILAMENT_LENGTH / seen.filament  # (a / unit)^n without a second power
    return Lithium(
        filament=(n + 1.0) / FILAMENT_LENGTH * (flow + tip * steps),
        void=opening,
        metal=plating.flat_velocity(arriving, molar_volume=p.molar_volume) - bound * film_growth,
    )
