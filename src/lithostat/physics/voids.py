"""Voids left behind by stripping, and what creep and plating put back: the lower wall of the pressure window."""

from __future__ import annotations

from typing import Any

import numpy as np

from lithostat.physics.constants import FARADAY


def critical_stripping_current(
    pressure: Any, *, reference: Any, reference_pressure: Any, exponent: Any, xp: Any = np
) -> Any:
    """Largest stripping current that creep can replenish [A/m2]: j_crit = j_ref (P / P_ref)^m.

    Source: two points for Li6PS5Cl at room temperature, 0.2 mA/cm2 at 3 MPa and 1.0 mA/cm2 at 7 MPa (Kasemchainan et
    al. 2019, Nature Materials 18, 1105), which fix m = ln 5 / ln(7/3) = 1.90. Outside 1 to 14 MPa it is extrapolation.
    """
    return reference * xp.exp(exponent * xp.log(xp.maximum(pressure, 1e-3) / reference_pressure))


def void_rate(stripping: Any, contact: Any, void: Any, *, critical: Any, molar_volume: Any, xp: Any = np) -> Any:
    """Growth of the mean void thickness at one interface [m/s].

    dw/dt = (Omega/F) (j_strip / c - j_crit), and never below an empty interface (w >= 0). `stripping` [A/m2] is
    positive while this interface loses lithium and negative while it plates; `contact` is the contact fraction; `void`
    is w [m].
    """
    rate = molar_volume / FARADAY * (stripping / contact - critical)
    return xp.where(void > 0.0, rate, xp.maximum(rate, 0.0))


def unvoided(void: Any, *, scale: Any, xp: Any = np) -> Any:
    """Share of the contact that voids leave, 0..1: exp(-w / h_v). `scale` h_v is the void height that takes 63 %."""
    return xp.exp(-xp.minimum(xp.maximum(void, 0.0) / scale, 30.0))  # 30: beyond any contact that still counts
