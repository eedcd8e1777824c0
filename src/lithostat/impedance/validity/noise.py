"""How the noise of a spectrum depends on frequency, seen in residuals whose own scatter is known."""

from __future__ import annotations

import numpy as np
from scipy.stats import f as fisher

SIGNIFICANCE = 1e-4  # of the regression; even noise was called uneven in 0.2 % of random spectra
# Mean and variance of ln |x| for a standard normal x.
_MEAN, _VARIANCE = -0.5 * (np.euler_gamma + np.log(2.0)), np.pi**2 / 8.0
_FEWEST = 15  # points; fewer say nothing about a shape


def uneven_noise(standard: np.ndarray, modulus: np.ndarray, frequency: np.ndarray) -> np.ndarray | None:
    """Factor on the noise of each point, or None where the scatter is the same everywhere at the stated significance.

    `standard` of shape (2, points) holds residuals over their own standard deviation, `modulus` |Z| [ohm], `frequency`
    in hertz. ln |residual| is regressed on ln |Z|, ln f and (ln f)^2: the logarithm keeps single stray points from
    deciding, and the shapes cover noise of constant size in ohm, in percent, and noise that grows towards the
    instrument's limits.
    """
    if len(frequency) < _FEWEST:
        return None
    place = np.log(frequency)
    place = 2.0 * (place - place.min()) / np.ptp(place) - 1.0
    size = np.log(modulus)
    shapes = [place, place**2]
    if np.ptp(size) > 0.5:
        shapes.append(size)
    design = np.stack([shape - shape.mean() for shape in shapes], axis=1)
    seen = np.log(np.maximum(np.abs(standard), 1e-12)) - _MEAN
    mean = np.maximum(seen, -4.0).mean(axis=0)  # rounding may make a residual of nothing
    coefficient, *_ = np.linalg.lstsq(design, mean - mean.mean(), rcond=None)
    trend = design @ coefficient
    left = float(np.sum((mean - mean.mean() - trend) ** 2))
    spare = len(mean) - 1 - design.shape[1]
    ratio = float(trend @ trend) / design.shape[1] / max(left / spare, 0.5 * _VARIANCE * 0.5)
    if fisher.sf(ratio, design.shape[1], spare) > SIGNIFICANCE:
        return None
    return np.exp(trend)
