"""Growth of lithium filaments by plating onto their tips: one default law and the rivals it is compared with.

Every law gives the tip speed [m/s] for a plating current density j [A/m2, >= 0], a filament of length a [m] and a
stack pressure P [Pa]. `focusing` g [-] says how much faster the tip grows than a flat lithium front.
"""

from __future__ import annotations

from typing import Any

from lithostat.physics.constants import FARADAY


def flat_velocity(current: Any, *, molar_volume: Any) -> Any:
    """Speed of a flat lithium front [m/s]: j Omega / F. Faraday's law, exact at full efficiency."""
    return current * molar_volume / FARADAY


def constant_focusing(current: Any, length: Any, pressure: Any, *, focusing: Any, molar_volume: Any) -> Any:
    """The default: the tip always grows g times faster than a flat front, v = g j Omega / F."""
    return focusing * flat_velocity(current, molar_volume=molar_volume)


def length_focusing(
    current: Any, length: Any, pressure: Any, *, focusing: Any, molar_volume: Any, focusing_length: Any
) -> Any:
    """Current focusing on longer filaments: v = g (a / a_ref) j Omega / F, exponential growth from any start."""
    return focusing * length / focusing_length * flat_velocity(current, molar_volume=molar_volume)


def pressure_focusing(
    current: Any, length: Any, pressure: Any, *, focusing: Any, molar_volume: Any, focusing_pressure: Any
) -> Any:
    """Growth in proportion to stack pressure: v = g (P / P_ref) j Omega / F."""
    return focusing * pressure / focusing_pressure * flat_velocity(current, molar_volume=molar_volume)
