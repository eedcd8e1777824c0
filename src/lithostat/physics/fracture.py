"""When a lithium-filled flaw runs through the electrolyte."""

from __future__ import annotations

import numpy as np

from lithostat.physics.constants import FARADAY
from lithostat.physics.types import Namespace, Values


def plating_overpressure(overpotential: Values, *, transmission: Values, molar_volume: Values) -> Values:
    """Pressure that plating adds inside a flaw [Pa]: p_eta = chi eta F / Omega.

    `overpotential` eta [V] >= 0 at the plating interface; chi (0..1) is the share that reaches the flaw, 0 until it has
    been calibrated. With chi = 1, 10 mV give 74 MPa (Porz et al. 2017, Adv. Energy Mater. 7, 1701003).
    """
    return transmission * overpotential * FARADAY / molar_volume


def critical_flaw(pressure: Values, *, toughness: Values, xp: Namespace = np) -> Values:
    """Length at which a flaw loaded by `pressure` on its faces runs [m]: a_c = (pi/4) (K_IC / p)^2.

    `toughness` K_IC [Pa m^0.5], `pressure` p [Pa]. It is the penny crack under uniform internal pressure,
    K = 2 p sqrt(a / pi) (Sneddon 1946). Limit: a_c -> infinity as p -> 0 (returned as a very large number).
    """
    return 0.25 * np.pi * (toughness / xp.maximum(pressure, 1.0)) ** 2


def stress_intensity(pressure: Values, length: Values, *, xp: Namespace = np) -> Values:
    """Of a penny crack of `length` a [m] under `pressure` p [Pa] on its faces [Pa m^0.5]: K = 2 p sqrt(a / pi)."""
    return 2.0 * pressure * xp.sqrt(length / np.pi)


def runs_or_penetrates(critical: Values, thickness: Values, *, xp: Namespace = np) -> Values:
    """Filament length that shorts the cell [m], the default: fracture, or lithium reaching the far electrode."""
    return xp.minimum(critical, thickness)


def penetrates(critical: Values, thickness: Values, *, xp: Namespace = np) -> Values:
    """Filament length that shorts the cell [m] if nothing fractures, whatever `critical` says: the thickness."""
    return thickness
