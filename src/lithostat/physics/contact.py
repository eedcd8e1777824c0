"""Contact between lithium and electrolyte: what pressing gives, what releasing leaves, what time adds.

The interface remembers. Two numbers carry the memory: the highest pressure seen, and the conformity x, a dimensionless
load that grows at once with pressure (x >= P / P_c) and slowly while lithium creeps into the roughness.
"""

from __future__ import annotations

import numpy as np

from lithostat.physics.types import Namespace, Values


def loaded_contact(conformity: Values, *, xp: Namespace = np) -> Values:
    """Contact fraction after loading, 0..1: c = 1 - exp(-x), with x = P / P_c on first loading.

    Limits: c -> P/P_c at low load (real area proportional to load, as for rough plastic contact), c -> 1 at high load.
    Validity: checked against the six loading points of Doux et al. 2020 (1 to 25 MPa).
    """
    return 1.0 - xp.exp(-conformity)


def contact_fraction(
    pressure: Values,
    highest_pressure: Values,
    conformity: Values,
    *,
    exponent: Values,
    adhesion: Values = 0.0,
    xp: Namespace = np,
) -> Values:
    """Contact fraction at `pressure` after the interface has seen `highest_pressure` [Pa], 0..1.

    On loading P = P_max and c = 1 - exp(-x). On unloading c = c(x) ((P + P_adh) / (P_max + P_adh))^beta: adhesion and
    the atmosphere hold what was pressed once no plunger does. Pressures are positive in compression. The exponent rests
    on a single published point (25 -> 5 MPa, Doux et al. 2020), the adhesion on cells that are cycled without stack
    pressure (Singh et al. 2022, 10.1016/j.xcrp.2022.101043).
    """
    # 1 Pa keeps 0/0 away
    ratio = xp.minimum((pressure + adhesion) / xp.maximum(highest_pressure + adhesion, 1.0), 1.0)
    # log of at least 1e-300 keeps 0**beta at 0 without a NaN in its derivative
    return loaded_contact(conformity, xp=xp) * xp.exp(exponent * xp.log(xp.maximum(ratio, 1e-300)))


def ripening_rate(
    pressure: Values, conformity: Values, *, scale: Values, time: Values, stress_exponent: Values, xp: Namespace = np
) -> Values:
    """Slow growth of the conformity while lithium creeps at constant pressure [1/s].

    dx/dt = (P/P_c) ((P/P_c)/x)^n / ((n+1) tau): the contact stress falls as contact spreads, and Norton creep follows
    it. At constant P from x = P/P_c the solution is x = (P/P_c) (1 + t/tau)^(1/(n+1)). Far below the highest pressure
    seen the rate is practically zero. `scale` is P_c [Pa], `time` is tau [s].
    Source: area growth of a plastic contact by power-law creep (textbook result A ~ t^(1/(n+1))).
    """
    load = pressure / scale
    return (
        load
        / ((stress_exponent + 1.0) * time)
        * xp.exp(stress_exponent * xp.log(xp.maximum(load / xp.maximum(conformity, 1e-12), 1e-30)))
    )


def constriction_resistance(contact: Values, *, scale: Values) -> Values:
    """Area-specific resistance of current crowding into the contact [ohm m2]: ASR_0 (1/c - 1); zero at full contact."""
    return scale * (1.0 / contact - 1.0)


def composite_resistance(
    pressure: Values, *, reference: Values, reference_pressure: Values, adhesion: Values, xp: Namespace = np
) -> Values:
    """Area-specific resistance of a composite electrode that has to be pressed [ohm m2]: R_c (P_c / (P + P_adh))^0.5.

    The exponent is that of contacts between electrode particles and Li6PS5Cl (arXiv 2501.00600, abstract: resistance
    goes with 1 / area and with P^-0.5). `reference` is R_c at `reference_pressure` [Pa] without adhesion; it was
    measured for no cell here. Below 1 Pa of `pressure` and `adhesion` together it is that at 1 Pa.
    """
    return reference * xp.sqrt(reference_pressure / xp.maximum(pressure + adhesion, 1.0))
