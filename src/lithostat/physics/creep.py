"""Creep of lithium, and its flow into the throats between electrolyte grains."""

from __future__ import annotations

import numpy as np

from lithostat.physics.constants import arrhenius
from lithostat.physics.types import Namespace, Values


def strain_rate(
    stress: Values,
    temperature: Values,
    *,
    reference_rate: Values,
    reference_stress: Values,
    exponent: Values,
    activation_energy: Values,
    reference_temperature: Values,
    xp: Namespace = np,
) -> Values:
    """Steady uniaxial creep rate of lithium [1/s]: eps_ref (sigma / sigma_ref)^n times an Arrhenius factor.

    Validity: 0.2 to 0.6 MPa in tension at 299 K (Masias et al. 2019, 10.1007/s10853-018-2971-3, 7.7e-3 /s at 1 MPa,
    n = 6.56); above about 2.8 MPa lithium leaves the power law, so stresses must not be extrapolated far beyond.
    Accuracy: a factor 2 on the seven published points.
    """
    power = xp.exp(exponent * xp.log(xp.maximum(stress, 1e-30) / reference_stress))
    heat = arrhenius(
        temperature, activation_energy=activation_energy, reference_temperature=reference_temperature, xp=xp
    )
    return reference_rate * power * heat


def throat_velocity(
    pressure: Values, depth: Values, radius: Values, temperature: Values, *, xp: Namespace = np, **creep: Values
) -> Values:
    """Speed of the lithium front in a throat filled to `depth` [m/s].

    v = r/(n+3) * 3^((n+1)/2) * eps(P r / (2 a)): mean velocity of a power-law fluid in a pipe of `radius` r [m], driven
    by `pressure` P [Pa] over the filled length a [m]; the wall shear stress is P r / (2 a). `creep` holds the keywords
    of `strain_rate`. Because v ~ a^-n, a front that starts at the surface advances as P^(n/(n+1)) t^(1/(n+1)).
    Validity: a >> r, wall stress within the power law; the first micrometres are an extrapolation. Source:
    Hagen-Poiseuille flow of a Norton material (e.g. Bird, Stewart & Lightfoot, power-law pipe flow).
    """
    n = creep["exponent"]
    shape = radius / (n + 3.0) * xp.exp(0.5 * (n + 1.0) * np.log(3.0))
    return shape * strain_rate(pressure * radius / (2.0 * depth), temperature, xp=xp, **creep)
