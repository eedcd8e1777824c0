"""Random pellets between blocking electrodes over temperature, with what is true of them.

The arc of the bulk lies inside the measured frequencies, at their edge or beyond, from spectrum to spectrum; garnets
have grain boundaries with an activation energy of their own. Capacitances and exponents do not depend on temperature.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lithostat.experiment.spectrum import Spectrum
from lithostat.physics.constants import FARADAY, GAS

ROOM = 298.15
VACUUM = 8.8541878128e-12  # F/m


class Pellet(NamedTuple):
    """A series with its truth: resistances [ohm] of the whole (leads included), of bulk and of grain boundaries."""

    spectra: tuple[Spectrum, ...]
    whole: np.ndarray
    bulk: np.ndarray
    boundary: np.ndarray
    leads: float
    thickness: float
    area: float
    noise: float

    @property
    def kelvin(self) -> np.ndarray:
        """Temperatures [K]."""
        return np.array([spectrum.temperature for spectrum in self.spectra], float)


def pellet(seed: int, *, garnet: bool) -> Pellet:
    """A pellet; with `garnet` it has grain boundaries and conducts worse, without it three in ten have some."""
    draw = np.random.default_rng([seed, garnet])
    thickness, area = draw.uniform(0.3e-3, 1.5e-3), draw.uniform(0.2e-4, 1.3e-4)
    kelvin = 273.15 + np.sort(draw.choice(np.arange(-30, 91, 10), size=int(draw.integers(5, 8)), replace=False))
    highest, lowest = 10.0 ** draw.uniform(5.0, 7.3), 10.0 ** draw.uniform(-1.0, 1.5)
    count = int(np.log10(highest / lowest) * draw.integers(7, 12)) + 1
    f = np.geomspace(highest, lowest, count)
    noise = 10.0 ** draw.uniform(-3.0, -2.0)
    sigma = 0.1 * 10.0 ** (draw.uniform(-2.0, 0.0) if garnet else draw.uniform(-2.0, 0.6))  # S/m
    energy = draw.uniform(0.28, 0.42) if garnet else draw.uniform(0.22, 0.5)  # eV
    own = draw.uniform(10.0, 80.0) * VACUUM * area / thickness
    stray, n_bulk = draw.uniform(0.0, 30e-12), draw.uniform(0.93, 1.0)
    grains = garnet or draw.random() < 0.3
    share, more = 10.0 ** draw.uniform(-0.7, 0.4), draw.uniform(0.0, 0.12)
    charge, n_boundary = own * 10.0 ** draw.uniform(1.2, 3.0), draw.uniform(0.8, 0.98)
    q, n_tail = 10.0 ** draw.uniform(-6.0, -4.7) * 1e4 * area, draw.uniform(0.8, 0.96)
    henry = draw.uniform(0.0, 1e-6) if draw.random() < 0.5 else 0.0
    leads = draw.uniform(0.0, 0.2)

    def resistance(electronvolt: float) -> np.ndarray:
        rise = np.exp(electronvolt * FARADAY / GAS * (1.0 / kelvin - 1.0 / ROOM))
        return np.asarray(thickness / (area * sigma) * rise)

    bulk, boundary = resistance(energy), share * resistance(energy + more) * grains
    spectra = []
    for k, at in enumerate(kelvin):
        s = 2j * np.pi * f
        z = leads + s * henry + 1.0 / (q * s**n_tail)
        z = z + bulk[k] / (1.0 + (s * bulk[k] * (own + stray)) ** n_bulk)
        z = z + boundary[k] / (1.0 + (s * boundary[k] * charge) ** n_boundary)
        z = z * (1.0 + noise * (draw.standard_normal(count) + 1j * draw.standard_normal(count)))
        spectra.append(Spectrum(f, z, temperature=float(at), name=f"{at - 273.15:+.0f} degC"))
    return Pellet(tuple(spectra), leads + bulk + boundary, bulk, boundary, leads, thickness, area, noise)
