"""What the model says of a cell beside its time to short: resistance under pressure, and currents that voids allow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from lithostat.physics import conduction, contact, interphase, voids

CONTACT_NUMBERS = (
    "area",
    "thickness",
    "conductivity",
    "conductivity_activation_energy",
    "conductivity_temperature",
    "contact_pressure",
    "constriction_resistance",
    "unloading_exponent",
    "charge_transfer_resistance",
    "interphase_constant",
    "interphase_conductivity",
    "interphase_initial",
    "stripping_current",
    "stripping_pressure",
    "stripping_exponent",
    "reference_area",
    "area_exponent",
)


def contact_share(pressure: Any, highest: Any, numbers: Mapping[str, Any]) -> Any:
    """Share of the area in contact at `pressure` after `highest` [Pa], 0..1; without ripening and without voids."""
    top = jnp.maximum(pressure, highest)
    conformity = top / numbers["contact_pressure"]
    return contact.contact_fraction(pressure, top, conformity, exponent=numbers["unloading_exponent"], xp=jnp)


def log_resistance(pressure: Any, highest: Any, temperature: Any, time: Any, numbers: Mapping[str, Any]) -> Any:
    """Logarithm of the ionic resistance [ohm] of a symmetric cell, `time` [s] old, at `pressure` after `highest` [Pa].

    Pellet, and at both interfaces constriction, charge transfer and an interphase that grows as the root of time.
    """
    share = jnp.maximum(contact_share(pressure, highest, numbers), 1e-9)
    narrow = contact.constriction_resistance(share, scale=numbers["constriction_resistance"])
    sigma = conduction.conductivity(
        temperature,
        reference=numbers["conductivity"],
        activation_energy=numbers["conductivity_activation_energy"],
        reference_temperature=numbers["conductivity_temperature"],
        xp=jnp,
    )
    film = interphase.interphase_thickness(
        time, initial=numbers["interphase_initial"], parabolic_constant=numbers["interphase_constant"], xp=jnp
    )
    films = numbers["charge_transfer_resistance"] + film / numbers["interphase_conductivity"]
    total = conduction.bulk_resistance(numbers["thickness"], sigma) + 2.0 * (narrow + films)
    return jnp.log(total / numbers["area"])


def log_critical(pressure: Any, numbers: Mapping[str, Any]) -> Any:
    """Logarithm of the critical stripping current density [A/m2] at `pressure` [Pa]."""
    return jnp.log(
        voids.critical_stripping_current(
            pressure,
            reference=numbers["stripping_current"],
            reference_pressure=numbers["stripping_pressure"],
            exponent=numbers["stripping_exponent"],
            xp=jnp,
        )
    )


def stripping_load(pressures: Any, stripping: Any, numbers: Mapping[str, Any]) -> Any:
    """ln of the local stripping current over the critical one, at the worst segment of an exposure; positive: voids.

    `pressures` [Pa] and `stripping` [A/m2], (segments,). The local current density is j / c with the contact c that the
    highest pressure so far left. Without current it is far below zero. Stricter than the simulator, which lets plating
    heal a void between two strippings: here a cell that strips above j_crit is lost sooner or later, as in the
    measurements of the critical stripping current.
    """
    highest = jax.lax.cummax(pressures)
    share = jnp.maximum(contact_share(pressures, highest, numbers), 1e-9)
    load = jnp.log(jnp.maximum(stripping, 1e-30)) - jnp.log(share) - log_critical(pressures, numbers)
    return jnp.where(stripping > 0.0, load, -60.0).max()
