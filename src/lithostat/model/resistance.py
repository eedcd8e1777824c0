"""What a cell at rest amounts to: its resistance under pressure, and how far a stripping current is from voids."""

from __future__ import annotations

import numpy as np

from lithostat.model import interface
from lithostat.model.interface import InterfaceMemory
from lithostat.model.parameters import Laws, Numbers
from lithostat.physics import conduction, contact, interphase
from lithostat.physics.types import Namespace, Values

CONTACT_NUMBERS = (
    "area",
    "thickness",
    "conductivity",
    "conductivity_activation_energy",
    "conductivity_temperature",
    "contact_pressure",
    "constriction_resistance",
    "unloading_exponent",
    "adhesion_pressure",
    "charge_transfer_resistance",
    "interphase_constant",
    "interphase_conductivity",
    "interphase_initial",
    "stripping_current",
    "stripping_pressure",
    "stripping_exponent",
    "stripping_activation_energy",
    "stripping_ceiling",
    "reference_area",
    "area_exponent",
)


def contact_share(
    pressure: Values, highest: Values, p: Numbers, attached: Values = 0.0, *, xp: Namespace = np
) -> Values:
    """Share of the area in contact at `pressure` after `highest` [Pa], 0..1; without ripening and without voids.

    `attached` [Pa] is a pressure from all sides before that: it makes contact and is no stack pressure.
    """
    conformity = xp.maximum(highest, attached) / p.contact_pressure
    return interface.pressed_contact(InterfaceMemory(conformity, highest, 0.0), pressure, p, xp=xp)


def pellet_resistance(temperature: Values, p: Numbers, *, xp: Namespace = np) -> Values:
    """Area-specific resistance of the pellet [ohm m2] at a temperature [K]."""
    sigma = conduction.conductivity(
        temperature,
        reference=p.conductivity,
        activation_energy=p.conductivity_activation_energy,
        reference_temperature=p.conductivity_temperature,
        xp=xp,
    )
    return conduction.bulk_resistance(p.thickness, sigma)


def log_resistance(
    pressure: Values, highest: Values, temperature: Values, time: Values, p: Numbers, *, xp: Namespace = np
) -> Values:
    """Logarithm of the ionic resistance [ohm] of a symmetric cell, `time` [s] old, at `pressure` after `highest` [Pa].

    Pellet, and at both interfaces constriction, charge transfer and an interphase that grows as the root of time.
    """
    share = xp.maximum(contact_share(pressure, highest, p, xp=xp), 1e-9)
    narrow = contact.constriction_resistance(share, scale=p.constriction_resistance)
    film = interphase.interphase_thickness(
        time, initial=p.interphase_initial, parabolic_constant=p.interphase_constant, xp=xp
    )
    films = p.charge_transfer_resistance + film / p.interphase_conductivity
    return xp.log((pellet_resistance(temperature, p, xp=xp) + 2.0 * (narrow + films)) / p.area)


def log_critical_current(
    pressure: Values,
    highest: Values,
    attached: Values,
    temperature: Values,
    p: Numbers,
    laws: Laws,
    *,
    xp: Namespace = np,
) -> Values:
    """ln of the current density [A/m2] that strips an electrode for ever: the share in contact times j_crit.

    At `pressure` after `highest` and `attached` [Pa], as `contact_share`, at `temperature` [K]. That is what tests with
    three electrodes measure; the local current density where there is contact is j / c. Under voids that close at a
    constant rate measured currents are taken as local ones, as the numbers of that law were.
    """
    local = xp.log(interface.critical_stripping_current(pressure, temperature, p, xp=xp))
    if laws.voids == "constant_closure":
        return local
    return local + xp.log(xp.maximum(contact_share(pressure, highest, p, attached, xp=xp), 1e-9))


def stripping_load(
    pressures: Values, highest: Values, stripping: Values, temperature: Values, p: Numbers, *, xp: Namespace = np
) -> Values:
    """ln of the local stripping current over the critical one; positive: voids grow.

    At `pressures` [Pa] after `highest` [Pa], for `stripping` [A/m2] at `temperature` [K]. The local current density
    is j / c with the contact c that the highest pressure so far left. Without current it is far below zero. Stricter
    than the simulator, which lets plating heal a void between two strippings: here a cell that strips above j_crit is
    lost sooner or later, as in the measurements of the critical stripping current.
    """
    share = xp.maximum(contact_share(pressures, highest, p, xp=xp), 1e-9)
    critical = interface.critical_stripping_current(pressures, temperature, p, xp=xp)
    load = xp.log(xp.maximum(stripping, 1e-30)) - xp.log(share) - xp.log(critical)
    return xp.where(stripping > 0.0, load, -60.0)
