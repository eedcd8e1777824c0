"""Random pellets between blocking electrodes over temperature, with what is true of them.

The arc of the bulk lies inside the measured frequencies, at their edge or above them, from spectrum to spectrum;
garnets have grain boundaries with an activation energy of their own. Capacitances and exponents do not depend on
temperature. A third of the pellets conduct so badly that the slowest arc lies below the window when it is cold, or
always: about a fifth of all spectra hold no resistance of the whole.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lithostat.experiment.spectrum import Spectrum
from lithostat.physics.constants import FARADAY, GAS

ROOM = 298.15
VACUUM = 8.8541878128e-12  # F/m
SLOW = 0.35  # share of the pellets whose slowest arc lies about the lowest frequency or below it
FACTOR = (-1.0, 4.0)  # decades by which the slowest arc lies below the lowest frequency at the warmest
INSIDE, OUTSIDE = 0.25, 0.9  # `Pellet.remote` up to which the whole is in the window, and from which it is not


class Pellet(NamedTuple):
    """A series with its truth: resistances [ohm] of the whole (leads included), of bulk and of grain boundaries.

    `remote` (spectra,) is how near the sweep without its noise comes to the whole: least |Z - whole| / whole.
    """

    spectra: tuple[Spectrum, ...]
    whole: np.ndarray
    bulk: np.ndarray
    boundary: np.ndarray
    leads: float
    thickness: float
    area: float
    noise: float
    remote: np.ndarray

    @property
    def kelvin(self) -> np.ndarray:
        """Temperatures [K]."""
        return np.array([spectrum.temperature for spectrum in self.spectra], float)


def pellet(seed: int, *, garnet: bool) -> Pellet:
    """A pellet; with `garnet` it has grain boundaries and conducts worse, without it three in ten have some."""
    draw, slow = np.random.default_rng([seed, garnet]), np.random.default_rng([seed, garnet, 1])
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
    if slow.random() < SLOW:
        f = np.geomspace(highest, max(lowest, 10.0 ** slow.uniform(1.0, 3.5)), count)
        longest = max(bulk.min() * (own + stray), boundary.min() * charge)  # s, at the warmest
        factor = 10.0 ** slow.uniform(*FACTOR) / (2.0 * np.pi * f[-1] * longest)
        bulk, boundary = factor * bulk, factor * boundary
    spectra, remote = [], []
    for k, at in enumerate(kelvin):
        s = 2j * np.pi * f
        z = leads + s * henry + 1.0 / (q * s**n_tail)
        z = z + bulk[k] / (1.0 + (s * bulk[k] * (own + stray)) ** n_bulk)
        z = z + boundary[k] / (1.0 + (s * boundary[k] * charge) ** n_boundary)
        remote.append(np.abs(z / (leads + bulk[k] + boundary[k]) - 1.0).min())
        z = z * (1.0 + noise * (draw.standard_normal(count) + 1j * draw.standard_normal(count)))
        spectra.append(Spectrum(f, z, temperature=float(at), name=f"{at - 273.15:+.0f} degC"))
    whole = leads + bulk + boundary
    return Pellet(tuple(spectra), whole, bulk, boundary, leads, thickness, area, noise, np.array(remote))
