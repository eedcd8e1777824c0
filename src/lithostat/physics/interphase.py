"""The solid electrolyte interphase between lithium and electrolyte."""

from __future__ import annotations

import numpy as np

from lithostat.physics.types import Namespace, Values


def interphase_rate(thickness: Values, *, parabolic_constant: Values) -> Values:
    """Growth of the interphase [m/s]: dd/dt = k / d, whose solution is d = sqrt(d0^2 + 2 k t).

    `parabolic_constant` k [m2/s]: 1.0e-19 at 25 C and 13 MPa (Aktekin et al. 2023, 10.1038/s41467-023-42512-y, 540 nm
    after 400 h). No temperature dependence is known, none is applied.
    """
    return parabolic_constant / thickness


def interphase_thickness(time: Values, *, initial: Values, parabolic_constant: Values, xp: Namespace = np) -> Values:
    """Closed form of `interphase_rate` [m], for checks and for reading a card."""
    return xp.sqrt(initial**2 + 2.0 * parabolic_constant * time)
