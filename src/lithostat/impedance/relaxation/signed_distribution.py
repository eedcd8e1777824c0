"""A distribution of relaxation times of either sign: inductive loops have a negative one.

gamma itself has a normal prior in its curvature; everything is linear and Gaussian, the evidence is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from lithostat.impedance.relaxation.linear_model import LinearModel, curvature

_LEVEL = 0.03  # prior standard deviation of the level over that of what may bend, in units of 1/ridge


@dataclass(frozen=True)
class SignedDistribution:
    """Posterior mean (grid,) [ohm] and covariance (grid, grid) [ohm2] of gamma, and the logarithm of the evidence."""

    mean: np.ndarray
    covariance: np.ndarray
    evidence: float


def signed_distribution(problem: LinearModel) -> SignedDistribution:
    """The Gaussian posterior at the curvature with the largest evidence."""
    points, step = len(problem.tau), problem.step
    shape = curvature(points, step) + _LEVEL * step * np.eye(points)
    # In coordinates where the prior is white and the data are diagonal, each scale costs one pass.
    gain, vectors = eigh(problem.gram, shape)
    told = gain > 1e-13 * gain[-1]  # what is below is rounding
    gain = np.where(told, gain, 0.0)
    seen = np.where(told, vectors.T @ problem.pull, 0.0)

    def evidence(log_width: float) -> float:
        width = np.exp(2.0 * log_width)
        fitted = np.sum(seen**2 * width / (1.0 + width * gain))
        return 0.5 * float(fitted - np.sum(np.log1p(width * gain)))

    middle = -0.5 * np.log(max(float(gain.max()), 1e-300))
    grid = middle + np.linspace(-2.0, 30.0, 129)
    tried = np.array([evidence(at) for at in grid])
    width = np.exp(2.0 * grid[int(np.argmax(tried))])
    weight = width / (1.0 + width * gain)
    return SignedDistribution(vectors @ (weight * seen), (vectors * weight) @ vectors.T, float(tried.max()))
