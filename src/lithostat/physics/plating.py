"""Growth of lithium filaments by plating onto their tips, and what stripping takes back.

Every law of growth gives the tip speed [m/s] for a plating current density j [A/m2, >= 0], a filament of length a
[m], a stack pressure P [Pa] and a `reach` lambda [m]: conductivity of the pellet times area-specific resistance of
the interface. `focusing` g [-] says how much faster the tip grows than a flat lithium front.
"""

from __future__ import annotations

from lithostat.physics.constants import FARADAY
from lithostat.physics.types import Values


def flat_velocity(current: Values, *, molar_volume: Values) -> Values:
    """Speed of a flat lithium front [m/s]: j Omega / F. Faraday's law, exact at full efficiency."""
    return current * molar_volume / FARADAY


def constant_focusing(
    current: Values, length: Values, pressure: Values, reach: Values, *, focusing: Values, molar_volume: Values
) -> Values:
    """The default: the tip always grows g times faster than a flat front, v = g j Omega / F."""
    return focusing * flat_velocity(current, molar_volume=molar_volume)


def structure_focusing(
    current: Values, length: Values, pressure: Values, reach: Values, *, structure_factor: Values, molar_volume: Values
) -> Values:
    """Focusing that follows from the structure: v = (1 + k a / lambda) j Omega / F, lambda = sigma ASR.

    A filament of length a in a slab behind an interface resistance draws current from about its own length; k is 0.6 to
    1 (Laplace's equation in three dimensions). Limit: a flat front for a << lambda. The interface's resistance falls
    with pressure, hence focusing rises with it.
    """
    return (1.0 + structure_factor * length / reach) * flat_velocity(current, molar_volume=molar_volume)


def length_focusing(
    current: Values,
    length: Values,
    pressure: Values,
    reach: Values,
    *,
    focusing: Values,
    molar_volume: Values,
    focusing_length: Values,
) -> Values:
    """Current focusing on longer filaments: v = g (a / a_ref) j Omega / F, exponential growth from any start."""
    return focusing * length / focusing_length * flat_velocity(current, molar_volume=molar_volume)


def pressure_focusing(
    current: Values,
    length: Values,
    pressure: Values,
    reach: Values,
    *,
    focusing: Values,
    molar_volume: Values,
    focusing_pressure: Values,
) -> Values:
    """Growth in proportion to stack pressure: v = g (P / P_ref) j Omega / F."""
    return focusing * pressure / focusing_pressure * flat_velocity(current, molar_volume=molar_volume)


def stays(speed: Values) -> Values:
    """Speed at which stripping shortens a filament [m/s], the first law of this package: not at all."""
    return 0.0 * speed


def retracts(speed: Values, *, reversibility: Values) -> Values:
    """Speed at which stripping shortens a filament [m/s]: rho times the `speed` at which the same current lengthens it.

    rho = 0 leaves the filament, rho = 1 takes back all that was plated. Sources, qualitative: cracks shrink as lithium
    is stripped (Sandoval et al. 2025, D5EB00111K, Li6PS5Cl); plating in filaments is reversible before the short
    (Kazyak et al. 2020, 10.1016/j.matt.2020.02.008, LLZO).
    """
    return reversibility * speed
