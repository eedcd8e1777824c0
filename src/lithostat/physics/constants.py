"""Constants of nature (CODATA 2018, exact or to all digits given) and the one temperature law that many laws share."""

from __future__ import annotations

import numpy as np

from lithostat.physics.types import Namespace, Values

FARADAY = 96485.33212  # C/mol
GAS = 8.314462618  # J/(mol K)
AVOGADRO = 6.02214076e23  # 1/mol
PLANCK = 6.62607015e-34  # J s
LIGHT = 299792458.0  # m/s
ELEMENTARY_CHARGE = 1.602176634e-19  # C
ELECTRON_RADIUS = 2.8179403262e-15  # m, classical


def arrhenius(
    temperature: Values, *, activation_energy: Values, reference_temperature: Values, xp: Namespace = np
) -> Values:
    """Factor by which a rate changes between the reference temperature and `temperature` [-].

    exp(-Ea/R (1/T - 1/T_ref)); `activation_energy` in J/mol, temperatures in K. It is 1 at T_ref by construction.
    Valid while one process limits the rate.
    """
    return xp.exp(-activation_energy / GAS * (1.0 / temperature - 1.0 / reference_temperature))
