"""Random sweeps of cells that obey the Kramers-Kronig relations exactly, arcs and open ends anywhere."""

import numpy as np

from lithostat.experiment.spectrum import Spectrum


def exact(random: np.random.Generator, frequency: np.ndarray) -> tuple[np.ndarray, float]:
    """(impedance [ohm], resistance at infinite frequency [ohm]) of one to three arcs, half of the cells open."""
    omega = 2.0 * np.pi * frequency
    ohm = 10.0 ** random.uniform(0.0, 3.0)
    slow, fast = -np.log10(omega.min()), -np.log10(omega.max())
    z = ohm + 1j * omega * 10.0 ** random.uniform(-8.0, -6.0) * (ohm / 100.0)
    for _ in range(random.integers(1, 4)):
        tau = 10.0 ** random.uniform(fast, slow)
        z = z + ohm * 10.0 ** random.uniform(-0.5, 1.0) / (1.0 + (1j * omega * tau) ** random.uniform(0.6, 1.0))
    end = random.integers(4)
    if end == 1:
        z = z + ohm * 10.0 ** random.uniform(-1.0, 0.5) * (1j * omega / omega.min()) ** -0.5
    elif end == 2:
        z = z + ohm * 10.0 ** random.uniform(-1.0, 1.0) / (1j * omega / omega.min()) ** random.uniform(0.85, 1.0)
    return z, ohm


def noisy(random: np.random.Generator, z: np.ndarray, size: float | np.ndarray) -> np.ndarray:
    """With Gaussian noise of standard deviation `size` [ohm] on each of real and imaginary part."""
    return z + size * (random.standard_normal(len(z)) + 1j * random.standard_normal(len(z)))


def sweep(random: np.random.Generator) -> tuple[Spectrum, float, float]:
    """(spectrum with Gaussian noise, its noise over |Z|, its resistance at infinite frequency [ohm])."""
    frequency = np.logspace(random.uniform(4.0, 7.0), random.uniform(-2.0, 0.5), random.integers(25, 90))
    z, ohm = exact(random, frequency)
    level = 10.0 ** random.uniform(-3.5, -1.7)
    return Spectrum(frequency, noisy(random, z, level * np.abs(z))), level, ohm
