"""What the low-frequency end of a sweep says without a circuit: that it turns back, or that it turns negative."""

from __future__ import annotations

import numpy as np

from lithostat.experiment.spectrum import Spectrum

FEWEST = 3  # points in a row
SURE = 4.0  # standard deviations of the noise above the axis, of their mean
LEAST = 2e-3  # of |Z|


def turns_back(spectrum: Spectrum) -> float | None:
    """Frequency [Hz] below which the last points lie above the real axis (an inductive loop); None if they do not.

    `spectrum` runs from high to low frequency.
    """
    f, z = spectrum.frequency, spectrum.impedance
    phase = z.imag / np.abs(z)
    if len(f) < 4 * FEWEST or not (z.imag < 0.0).any():
        return None
    noise = float(np.median(np.abs(np.diff(phase, 3))) / (0.6745 * np.sqrt(20.0)))
    last = int(np.flatnonzero(z.imag <= 0.0)[-1]) + 1 if (z.imag <= 0.0).any() else 0
    count = len(f) - last
    if count < FEWEST or phase[last:].mean() < max(LEAST, SURE * noise / np.sqrt(count)):
        return None
    return float(f[last])


def turns_negative(spectrum: Spectrum) -> float | None:
    """Frequency [Hz] below which the real part is negative to the end of the sweep; None if it is not."""
    f, real = spectrum.frequency, spectrum.impedance.real
    positive = np.flatnonzero(real > 0.0)
    last = int(positive[-1]) + 1 if len(positive) else 0
    return float(f[last]) if len(f) - last >= FEWEST else None
