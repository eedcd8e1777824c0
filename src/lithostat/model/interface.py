"""One lithium interface: its state, what can be seen of it, its rates. Every engine puts these together.

Written in an array namespace `xp`: arrays may hold several interfaces at once (JAX: two of a symmetric cell), or a
caller may take them one by one (PyBaMM). Both interfaces of a symmetric cell see the same pressure for the same time,
so one memory serves both.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lithostat.model.parameters import Laws, Numbers
from lithostat.physics import contact, fracture, interphase, plating, voids
from lithostat.physics.constants import FARADAY
from lithostat.physics.families import FAMILIES, Entry, Voids, apply
from lithostat.physics.types import Namespace, Values

FILAMENT_LENGTH = 1e-5  # unit of distances to a short [m]
CONTACT_LOST = 1e-2  # contact fraction below which a current can no longer be carried


class Lithium(NamedTuple):
    """State of an interface of its own.

    The filament is what entered without current, by the coordinate of the chosen law of entry, and what was plated
    beyond that (only where the law of the filament keeps the two apart).
    """

    filament: Values  # coordinate of entry [-]
    plated: Values  # [m]
    void: Values  # w [m]
    metal: Values  # thickness, filaments included [m]


class InterfaceMemory(NamedTuple):
    """State that all interfaces of a cell share."""

    conformity: Values  # x [-]
    highest_pressure: Values  # [Pa]
    interphase: Values  # d [m]


# One unit per field, so that one tolerance fits all of them.
LITHIUM_SCALE, MEMORY_SCALE = Lithium(1.0, 1e-5, 1e-3, 1e-5), InterfaceMemory(1.0, 1e7, 1e-7)


class View(NamedTuple):
    """What the state amounts to at one instant, SI."""

    contact: Values  # share of the area, voids included [-]
    pressed: Values  # the same without voids [-]
    filament: Values  # a [m]
    constriction: Values  # [ohm m2]
    film: Values  # interphase alone [ohm m2]


def entry_of(laws: Laws) -> Entry:
    """The chosen law of entry."""
    return FAMILIES["entry"][laws.entry]


def voids_of(laws: Laws) -> Voids:
    """The chosen law of voids."""
    return FAMILIES["voids"][laws.voids]


def entered_length(coordinate: Values, p: Numbers, laws: Laws, *, xp: Namespace = np) -> Values:
    """Depth of lithium that entered without current [m], from the coordinate of entry."""
    return apply(entry_of(laws).length, coordinate, p=p, xp=xp)


def settled(lithium: Lithium) -> Lithium:
    """The state at the end of a solve: stripping takes back no more than there was."""
    return lithium._replace(plated=lithium.plated * (lithium.plated > 0.0))


def remembering(memory: InterfaceMemory, pressure: Values, p: Numbers, *, xp: Namespace = np) -> InterfaceMemory:
    """The memory brought up to a pressure [Pa] that the interface has seen."""
    return memory._replace(
        highest_pressure=xp.maximum(memory.highest_pressure, pressure),
        conformity=xp.maximum(memory.conformity, pressure / p.contact_pressure),
    )


def attached(
    memory: InterfaceMemory, pressure: Values, time: Values, p: Numbers, *, xp: Namespace = np
) -> InterfaceMemory:
    """The memory after isostatic pressing at `pressure` [Pa] for `time` [s]: the contact conforms, no flaw is loaded.

    The conformity rises at once to P / P_c and ripens from there in the closed form of `contact.ripening_rate`:
    x^(n+1) = x_0^(n+1) + (P / P_c)^(n+1) t / tau. The highest stack pressure stays as it is. That isostatic pressing
    loads no flaw is an assumption: both faces of a flaw are pressed alike. At no pressure nothing changes.
    """
    load, n = pressure / p.contact_pressure, p.creep_exponent + 1.0
    at_once = xp.maximum(xp.maximum(memory.conformity, load), 1e-12)
    share = xp.exp(n * xp.log(xp.maximum(load, 1e-12) / at_once))  # (P / P_c / x)^(n+1)
    ripe = at_once * xp.exp(xp.log(1.0 + share * time / p.ripening_time) / n)
    return memory._replace(conformity=xp.where(load > 0.0, ripe, memory.conformity))


def pressed_contact(memory: InterfaceMemory, pressure: Values, p: Numbers, *, xp: Namespace = np) -> Values:
    """Share of the area that pressing and its memory bring into contact, voids aside, 0..1."""
    now = remembering(memory, pressure, p, xp=xp)
    return contact.contact_fraction(
        pressure,
        now.highest_pressure,
        now.conformity,
        exponent=p.unloading_exponent,
        adhesion=p.adhesion_pressure,
        xp=xp,
    )


def view(
    lithium: Lithium, memory: InterfaceMemory, pressure: Values, p: Numbers, laws: Laws, *, xp: Namespace = np
) -> View:
    """Contact, filament and resistances at a stack pressure [Pa]."""
    pressed = pressed_contact(memory, pressure, p, xp=xp)
    touching = pressed * apply(voids_of(laws).left, lithium.void, p=p, xp=xp)
    narrow = contact.constriction_resistance(xp.maximum(touching, 1e-9), scale=p.constriction_resistance)
    depth = entered_length(lithium.filament, p, laws, xp=xp) + xp.maximum(lithium.plated, 0.0)
    return View(touching, pressed, depth, narrow, memory.interphase / p.interphase_conductivity)


def critical_length(
    pressure: Values, overpotential: Values, thickness: Values, p: Numbers, laws: Laws, *, xp: Namespace = np
) -> Values:
    """Filament length that shorts the cell [m], at a plating overpotential [V], for a pellet of that thickness [m]."""
    extra = fracture.plating_overpressure(
        overpotential, transmission=p.overpressure_transmission, molar_volume=p.molar_volume
    )
    flaw = fracture.critical_flaw(pressure + extra, toughness=p.toughness, xp=xp)
    return apply(FAMILIES["failure"][laws.failure], flaw, thickness, p=p, xp=xp)


def interphase_shares(p: Numbers) -> tuple[Values, Values]:
    """Per thickness of interphase: lithium bound in it, and height of the stack that it adds (lithium aside) [-]."""
    bound = p.interphase_charge * p.molar_volume / FARADAY
    return bound, 1.0 - 1.0 / (1.0 + p.interphase_volume_change) + bound


def memory_rates(memory: InterfaceMemory, pressure: Values, p: Numbers, *, xp: Namespace = np) -> InterfaceMemory:
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
    return InterfaceMemory(ripening, 0.0 * memory.highest_pressure, film)


def critical_stripping_current(pressure: Values, temperature: Values, p: Numbers, *, xp: Namespace = np) -> Values:
    """Local stripping current density that creep can just replenish [A/m2]."""
    return voids.critical_stripping_current(
        pressure,
        temperature,
        reference=p.stripping_current,
        reference_pressure=p.stripping_pressure,
        exponent=p.stripping_exponent,
        adhesion=p.adhesion_pressure,
        activation_energy=p.stripping_activation_energy,
        ceiling=p.stripping_ceiling,
        xp=xp,
    )


def entry_rate(pressure: Values, temperature: Values, p: Numbers, laws: Laws, *, xp: Namespace = np) -> Values:
    """Rate of the coordinate of entry at a pressure [Pa] and temperature [K], without current [1/s]."""
    law = entry_of(laws)
    return apply(law.rate, apply(law.drive, pressure, p=p, xp=xp), temperature, p=p, xp=xp)


def tip_velocity(
    plated: Values, length: Values, pressure: Values, reach: Values, p: Numbers, laws: Laws, *, xp: Namespace = np
) -> Values:
    """Speed that plating adds to a filament of `length` [m], for a plating current density >= 0 [A/m2], in m/s.

    `reach` [m] is the conductivity of the pellet times the area-specific resistance of the interface.
    """
    return apply(FAMILIES["growth"][laws.growth], plated, length, pressure, reach, p=p, xp=xp)


def retraction(speed: Values, p: Numbers, laws: Laws, *, xp: Namespace = np) -> Values:
    """Speed at which stripping shortens a filament that the same current would lengthen at `speed` [m/s]."""
    return apply(FAMILIES["reversal"][laws.reversal], speed, p=p, xp=xp)


class Conditions(NamedTuple):
    """What acts on an interface at one instant, SI."""

    arriving: Values  # current onto this electrode [A/m2], positive where it plates
    pressure: Values  # [Pa]
    load: Values  # pressure that loads flaws and throats [Pa]; nothing while a stack is pressed from all sides
    temperature: Values  # [K]
    conductivity: Values  # of the pellet [S/m]
    film: Values  # charge transfer and interphase [ohm m2]
    film_growth: Values  # of the interphase [m/s]


def rates(lithium: Lithium, seen: View, now: Conditions, p: Numbers, laws: Laws, *, xp: Namespace = np) -> Lithium:
    """Time derivative of an interface's own state, SI per second."""
    bound, _ = interphase_shares(p)
    critical = critical_stripping_current(now.pressure, now.temperature, p, xp=xp)
    opening = apply(voids_of(laws).rate, -now.arriving, seen.pressed, lithium.void, critical, p=p, xp=xp)
    coordinate, plated = _filament_rates(lithium, seen, now, p, laws, xp)
    return Lithium(
        filament=coordinate,
        plated=plated,
        void=opening,
        metal=plating.flat_velocity(now.arriving, molar_volume=p.molar_volume) - bound * now.film_growth,
    )


def _filament_rates(
    lithium: Lithium, seen: View, now: Conditions, p: Numbers, laws: Laws, xp: Namespace
) -> tuple[Values, Values]:
    """Rates of the coordinate of entry and of what was plated: voids crowd what plates, stripping takes some back."""
    reach = now.conductivity * (seen.constriction + now.film)
    left = apply(voids_of(laws).left, lithium.void, p=p, xp=xp)
    crowded = voids.crowding(left, void_focusing=p.void_focusing, xp=xp)

    def speed(current: Values) -> Values:
        return tip_velocity(xp.maximum(current, 0.0), seen.filament, now.load, reach, p, laws, xp=xp)

    tip = crowded * speed(now.arriving)
    if laws.reversal != "none":
        tip = tip - retraction(speed(-now.arriving), p, laws, xp=xp)
    entered = entry_rate(now.load, now.temperature, p, laws, xp=xp)
    depth = entered_length(lithium.filament, p, laws, xp=xp)
    slope = apply(entry_of(laws).slope, lithium.filament, depth, p=p, xp=xp)
    return FAMILIES["filament"][laws.filament](entered, tip, slope)
