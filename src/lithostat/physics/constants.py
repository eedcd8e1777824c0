"""Constants of nature (CODATA 2018, exact or to all digits given) and the one temperature law that many laws share."""

from __future__ import annotations

import numpy as np

from lithostat.physics.types import Namespace, Values

FARADAY = 96485.33212  # C/mol
GAS = 8.314462618  # J/(mol K)


def arrhenius(
    temperature: Values, *, activation_energy: Values, reference_temperature: Values, xp: Namespace = np
) -> Values:
    """Factor by which a rate changes between the reference temperature and `temperature` [-].

    exp(-Ea/R (1/T - 1/T_ref)); `activation_energy` in J/mol, temperatures in K. It is 1 at T_ref by construction.
    Valid while one process limits the rate.
    """
    return xp.exp(-activation_energy / GAS * (1.0 / temperature - 1.0 / reference_temperature))
