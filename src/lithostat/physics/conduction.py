"""Ionic conduction through the electrolyte pellet."""

from __future__ import annotations

import numpy as np

from lithostat.physics.constants import arrhenius
from lithostat.physics.types import Namespace, Values


def conductivity(
    temperature: Values,
    *,
    reference: Values,
    activation_energy: Values,
    reference_temperature: Values,
    xp: Namespace = np,
) -> Values:
    """Ionic conductivity at `temperature` [S/m]: sigma_ref exp(-Ea/R (1/T - 1/T_ref)).

    `reference` is the conductivity at `reference_temperature` of a pellet of the density in use; this law does not
    change it with density. Validity: one Arrhenius branch; for Li6PS5Cl about 250 to 370 K.
    Source: Singh et al. 2022, 10.1016/j.xcrp.2022.101043 (Ea 0.35 eV).
    """
    return reference * arrhenius(
        temperature, activation_energy=activation_energy, reference_temperature=reference_temperature, xp=xp
    )


def conductivity_at_density(
    reference: Values, density: Values, *, reference_density: Values, exponent: Values
) -> Values:
    """Conductivity of a pellet of another relative density [S/m]: sigma_ref (rho / rho_ref)^m.

    `density` and `reference_density` are relative (0..1). Source: four pellets of Li6PS5Cl pressed at 50 to 370 MPa, 68
    to 77 % dense (Doux et al. 2020, J. Mater. Chem. A 8, 5049), m = 6.7. Validity: that range; above it an
    extrapolation.
    """
    return reference * (density / reference_density) ** exponent


def bulk_resistance(thickness: Values, conductivity: Values) -> Values:
    """Area-specific resistance of a flat layer [ohm m2]: L / sigma. Exact for uniform current through a slab."""
    return thickness / conductivity
