"""Voids left behind by stripping, and what creep and plating put back: the lower wall of the pressure window."""

from __future__ import annotations

import numpy as np

from lithostat.physics.constants import FARADAY, arrhenius
from lithostat.physics.types import Namespace, Values


def critical_stripping_current(
    pressure: Values,
    temperature: Values = 298.15,
    *,
    reference: Values,
    reference_pressure: Values,
    exponent: Values,
    adhesion: Values = 0.0,
    activation_energy: Values = 0.0,
    ceiling: Values = np.inf,
    xp: Namespace = np,
) -> Values:
    """Local stripping current that creep can replenish [A/m2]: j_crit = j_ref ((P + P_adh) / (P_ref + P_adh))^m.

    `reference` holds at `reference_pressure` [Pa] and 25 degC; creep quickens it with `activation_energy` [J/mol]. What
    an electrode can be stripped with is the share in contact times this: 0.2 mA/cm2 at 3 MPa and 1.0 at 7 MPa for
    Li6PS5Cl at room temperature (Kasemchainan et al. 2019, Nature Materials 18, 1105), below 0.25, 0.25 and 0.5 at 1
    MPa and 25, 60 and 80 degC (Spencer Jolly et al. 2021, 10.1021/acsami.1c06706). Above about 10 MPa and 1 mA/cm2
    nothing was measured; `ceiling` [A/m2] keeps the extrapolation finite: j / (1 + j / ceiling).
    """
    load = xp.maximum(pressure + adhesion, 1e-3) / (reference_pressure + adhesion)
    heat = arrhenius(temperature, activation_energy=activation_energy, reference_temperature=298.15, xp=xp)
    bare = reference * xp.exp(exponent * xp.log(load)) * heat
    return bare / (1.0 + bare / ceiling)


def constant_closure(
    stripping: Values,
    pressed: Values,
    void: Values,
    critical: Values,
    *,
    molar_volume: Values,
    void_height: Values,
    xp: Namespace = np,
) -> Values:
    """Growth of the mean void thickness w at one interface [m/s]: dw/dt = (Omega/F) (j_strip / c - j_crit), w >= 0.

    Creep closes at one rate whatever is open. `stripping` [A/m2] is positive while this interface loses lithium and
    negative while it plates; `pressed` is the contact fraction without voids, c with them. The first law of this
    package, kept as a rival: it loses contact about 30 times sooner than measured at 0 to 2.5 MPa.
    """
    contact = xp.maximum(pressed * left_exponentially(void, void_height=void_height, xp=xp), 1e-6)
    rate = molar_volume / FARADAY * (stripping / contact - critical)
    return xp.where(void > 0.0, rate, xp.maximum(rate, 0.0))


def proportional_closure(
    stripping: Values,
    pressed: Values,
    void: Values,
    critical: Values,
    *,
    molar_volume: Values,
    void_height: Values,
    xp: Namespace = np,
) -> Values:
    """Growth of the mean void thickness w [m/s], closed by creep in proportion to the share y = w / h that is open.

    stripping dw/dt = (Omega/F) (j/c - j_crit y), plating dw/dt = -(Omega/F) (j/c + j_crit) y, at rest -(Omega/F) j_crit
    y. Signs and units as in `constant_closure`; c is the pressed contact. Limits: steady stripping gives y = j / (c
    j_crit), so contact is lost (y = 1) if and only if j > c j_crit, from y = 0 after the time -(1/k) ln(1 - c j_crit /
    j) with k = (Omega/F) j_crit / h; without creep after the charge c h F / Omega. Linear in w: exact in closed form.
    Source: this package, after laws.md's study of critical stripping currents and one-way stripping (Singh 2022).
    """
    open_share = void / void_height
    taken = xp.maximum(stripping, 0.0) / xp.maximum(pressed, 1e-6)
    given = xp.maximum(-stripping, 0.0) / xp.maximum(pressed, 1e-6)
    return molar_volume / FARADAY * (taken - (given + critical) * open_share)


def left_exponentially(void: Values, *, void_height: Values, xp: Namespace = np) -> Values:
    """Share of the contact that voids leave, 0..1: exp(-w / h_v); h_v is the void height that takes 63 %."""
    # 30: beyond any contact that still counts
    return xp.exp(-xp.minimum(xp.maximum(void, 0.0) / void_height, 30.0))


def left_linearly(void: Values, *, void_height: Values, xp: Namespace = np) -> Values:
    """Share of the contact that voids leave, 0..1: 1 - w / h_v; h_v is the height of a void that spans the area."""
    return xp.maximum(1.0 - xp.maximum(void, 0.0) / void_height, 1e-9)


def crowding(left: Values, *, void_focusing: Values, xp: Namespace = np) -> Values:
    """Plating current density where there is contact over the mean one [-]: 1 + beta (1/s - 1), s the share left.

    beta = 1 is conservation of the current over the area that voids left; edges of voids draw more. Sources: cracks and
    shorts start under voids (Kasemchainan 2019; Spencer Jolly 2021; Duan 2023).
    """
    return 1.0 + void_focusing * (1.0 / xp.maximum(left, 0.02) - 1.0)
