"""Small-signal impedance of the stack about a state, from the same resistances the time-domain model uses."""

from __future__ import annotations

import math
from typing import Any

from jaxtyping import Complex, Float

from lithostat.physics.types import Values


def stack_impedance(
    frequency: Float[Any, "*spectra frequencies"],
    *,
    series: Values,
    interface: Float[Any, " interfaces"],
    capacitance: Values,
) -> Complex[Any, "*spectra frequencies"]:
    """Complex area-specific impedance [ohm m2] at `frequency` [Hz]: series resistance plus one R||C arc per interface.

    `series` holds bulk and constriction [ohm m2], `interface` charge transfer plus interphase of each interface
    (trailing axis) [ohm m2], `capacitance` the double layer [F/m2]. Limits: f -> 0 is the sum of all resistances, which
    is the cell's direct-current resistance; f -> infinity leaves `series`.
    """
    omega = 2.0 * math.pi * frequency[..., None]
    return series + (interface / (1.0 + 1j * omega * interface * capacitance)).sum(-1)
