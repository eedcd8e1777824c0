"""What a composite cathode loses: oxidised electrolyte, contact to active material, lithium that is late.

Each law in plain arithmetic, SI, with the namespace as `xp`, as in `physics`.
"""

from __future__ import annotations

import numpy as np

from lithostat.physics.constants import FARADAY, GAS
from lithostat.physics.types import Namespace, Values


def oxidation_current(
    charge: Values,
    potential: Values,
    temperature: Values,
    *,
    reference_charge: Values,
    reference_time: Values,
    exponent: Values,
    onset: Values,
    xp: Namespace = np,
) -> Values:
    """Current of electrolyte oxidation in the composite [A/m2]: passes no lithium out of the active material.

    Q(t) = Q_ref (t / t_ref)^m at potentials well above the onset, as dQ/dt = (m Q_ref / t_ref) (Q_ref / Q)^(1/m - 1):
    the layer of products slows its own growth (m = 1/2 is diffusion through the layer). One half of it remains at the
    `onset` potential [V against Li], and less below, as a logistic with the thermal voltage. `charge` Q [C/m2] counts
    from the start; below 1e-4 Q_ref the rate is that at 1e-4 Q_ref. The lithium ions come from the electrolyte and
    arrive at the counter electrode. Validity: exponent and Q_ref were fitted to one first charge and one mean
    efficiency at 2.5 to 4.3 V and C/10; no other rate or limit has been compared.
    Source: parabolic to sub-parabolic growth of decomposed electrolyte; the form is this package's.
    """
    grown = xp.maximum(charge / reference_charge, 1e-4)
    gate = 1.0 / (1.0 + xp.exp(-(potential - onset) * FARADAY / (GAS * temperature)))
    free = exponent * reference_charge / reference_time * xp.exp((1.0 - 1.0 / exponent) * xp.log(grown))
    return gate * free


def contact_loss_rate(
    share: Values, current: Values, *, weak: Values, throughput: Values, xp: Namespace = np
) -> Values:
    """Loss of active material that keeps contact, per time [1/s]: d theta/dt = -(theta - (1 - w)) |j| / q.

    A share `weak` w of the particles is loosely held and parts from the electrolyte as its volume swings; `throughput`
    q is the charge of both directions in which 63 % of it is gone, and `current` |j| in the same measure [q per s].
    Limits: theta falls from 1 to 1 - w. It counts charge into and out of the active material alone, so a leak or a side
    reaction, and with them the efficiency, do not move it. Fitted to one cell's capacity over 229 cycles.
    """
    return -(share - (1.0 - weak)) * xp.maximum(current, -current) / throughput


def contact_after(share: Values, charge: Values, *, weak: Values, throughput: Values, xp: Namespace = np) -> Values:
    """Share in contact once `charge` [unit of `throughput`] went in or out: the solution of `contact_loss_rate`."""
    strong = 1.0 - weak
    return strong + (share - strong) * xp.exp(-xp.maximum(charge, -charge) / throughput)


def hindered_diffusivity(
    stoichiometry: Values, *, fast: Values, share: Values, middle: Values, width: Values, xp: Namespace = np
) -> Values:
    """Diffusivity of lithium in NCA [m2/s]: `fast` where vacancies abound, `share` of it near full lithiation.

    D = D_fast s^f with f = 1 / (1 + exp(-(x - x_m) / w)). Kinetic hindrance: on discharge the surface fills before the
    core, and the lower voltage limit is met with lithium left out; at a lower rate, or after a rest, more of it goes
    back. Validity: form and numbers were fitted to a first discharge at C/10; no rate test has been compared.
    """
    fall = 1.0 / (1.0 + xp.exp(-(stoichiometry - middle) / width))
    return fast * xp.exp(fall * xp.log(share))
