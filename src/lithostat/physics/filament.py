"""How deep lithium is in the electrolyte: what takes it there without current, and how plating adds to that.

A law of entry gives a coordinate that is linear in time at constant pressure and temperature, so that an integrator
follows it from an empty throat or a sharp flaw on; `length` and `slope` = d coordinate / d length lead back to metres.
"""

from __future__ import annotations

import numpy as np

from lithostat.physics.creep import throat_velocity
from lithostat.physics.fracture import stress_intensity
from lithostat.physics.types import Namespace, Values

UNIT = 1e-5  # of the creep coordinate u = (a / unit)^(n+1) [m]
_SMALL = 1e-200


def crept_length(coordinate: Values, *, creep_exponent: Values, xp: Namespace = np) -> Values:
    """Depth of lithium that crept into a throat [m]: a = unit u^(1/(n+1))."""
    return UNIT * xp.exp(xp.log(xp.maximum(coordinate, _SMALL)) / (creep_exponent + 1.0))


def crept_slope(coordinate: Values, length: Values, *, creep_exponent: Values) -> Values:
    """du/da = (n+1) u / a [1/m]."""
    return (creep_exponent + 1.0) * coordinate / length


def creep_rate_of_coordinate(
    pressure: Values,
    temperature: Values,
    *,
    throat_radius: Values,
    creep_rate: Values,
    creep_stress: Values,
    creep_exponent: Values,
    creep_activation_energy: Values,
    creep_temperature: Values,
    xp: Namespace = np,
) -> Values:
    """du/dt of lithium that creeps into throats at any pressure [1/s]: constant, so a grows as (t P^n)^(1/(n+1)).

    Closed form: a = ((n+1) K t)^(1/(n+1)) with K = v(a) a^n of `creep.throat_velocity`.
    """
    flow = throat_velocity(
        pressure,
        UNIT,
        throat_radius,
        temperature,
        xp=xp,
        reference_rate=creep_rate,
        reference_stress=creep_stress,
        exponent=creep_exponent,
        activation_energy=creep_activation_energy,
        reference_temperature=creep_temperature,
    )
    return (creep_exponent + 1.0) / UNIT * flow


def at_any_pressure(pressure: Values) -> Values:
    """Pressure that drives lithium into a throat [Pa], the default: all of it."""
    return pressure


def above_threshold(pressure: Values, *, entry_pressure: Values, xp: Namespace = np) -> Values:
    """Pressure that drives lithium into a throat [Pa]: what exceeds a threshold of capillarity and plastic constraint.

    A hypothesis: no threshold has been measured.
    """
    return xp.maximum(pressure - entry_pressure, 0.0)


def flaw_length(coordinate: Values, *, flaw_size: Values, fracture_exponent: Values, xp: Namespace = np) -> Values:
    """Length of a flaw that grows under load [m]: a = a0 q^(-2/(m-2)), q from 1 to 0."""
    q = xp.minimum(xp.maximum(coordinate, 1e-30), 1.0)
    return flaw_size * xp.exp(-2.0 / (fracture_exponent - 2.0) * xp.log(q))


def flaw_slope(coordinate: Values, length: Values, *, fracture_exponent: Values) -> Values:
    """dq/da = -(m/2 - 1) q / a [1/m]."""
    return -(0.5 * fracture_exponent - 1.0) * coordinate / length


def delayed_fracture(
    pressure: Values,
    temperature: Values,
    *,
    flaw_size: Values,
    fracture_velocity: Values,
    fracture_exponent: Values,
    toughness: Values,
    xp: Namespace = np,
) -> Values:
    """dq/dt of a flaw that grows under load [1/s]: da/dt = v0 (K_I / K_IC)^m from a0, K_I = 2 P sqrt(a / pi).

    q = (a0 / a)^(m/2 - 1) falls at a constant rate, from 1 to 0 in the time (a0 / v0) (K_IC / K_I(a0))^m / (m/2 - 1).
    A rival of creep into throats, with the form of subcritical crack growth (Charles 1958); a0, v0 and m were not
    measured for Li6PS5Cl (a surface flaw of 14 um was seen, Singh et al. 2022). No temperature dependence is known.
    """
    load = stress_intensity(xp.maximum(pressure, 1.0), flaw_size, xp=xp) / toughness
    speed = fracture_velocity * xp.exp(fracture_exponent * xp.log(load))
    return -(0.5 * fracture_exponent - 1.0) / flaw_size * speed


def coupled(entry: Values, tip: Values, slope: Values) -> tuple[Values, Values]:
    """(d coordinate/dt, d plated/dt): one filament that entry and plating both lengthen; entry feels all of it."""
    return entry + slope * tip, 0.0 * tip


def additive(entry: Values, tip: Values, slope: Values) -> tuple[Values, Values]:
    """(d coordinate/dt, d plated/dt): what was plated lies beyond what crept in, and stripping takes back only that."""
    return entry, tip
