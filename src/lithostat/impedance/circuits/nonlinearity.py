"""Whether first-order standard errors can be believed: the true rise of the misfit two standard errors away.

If the misfit is a parabola, moving along a parameter's direction by two standard errors raises it by 2 s^2. Where the
rise is another, the minimum lies in a bent valley and the truth may be many 'standard errors' away. Source: Bates and
Watts 1988, Nonlinear Regression Analysis and Its Applications, ch. 7 (profiles and curvature).
"""

from __future__ import annotations

import numpy as np

from lithostat.impedance.circuits.circuit import Circuit
from lithostat.impedance.circuits.misfit import Sweeps, of_each

AWAY = 2.0  # standard errors
# Every ratio of 150 random circuits whose stated errors hold lay within 0.94 and 1.08; in bent valleys one was below
# 0.4 or above 1.6.
STRAIGHT = (0.75, 1.3)


def bent(
    table: Sweeps,
    chosen: Circuit,
    found: np.ndarray,
    covariance: np.ndarray,
    noise: np.ndarray,
) -> list[tuple[str, ...]]:
    """Names of the parameters of each spectrum whose standard error is not to be believed.

    `found` (spectra, parameters), `covariance` (spectra, parameters, parameters), `noise` (spectra,).
    """
    spectra, size = found.shape
    sd = np.sqrt(np.einsum("spp->sp", covariance))
    direction = np.nan_to_num(covariance / np.where(sd > 0.0, sd, np.inf)[:, None, :])  # column k: towards parameter k
    ends = (
        found[:, None, None, :]
        + AWAY * np.stack([1.0, -1.0])[None, None, :, None] * np.swapaxes(direction, 1, 2)[:, :, None, :]
    )
    owner = np.repeat(np.arange(spectra), 2 * size)
    misfit = of_each(table, chosen, np.concatenate([owner, np.arange(spectra)]))
    cost, _, _ = misfit(np.arange(len(owner) + spectra), np.concatenate([ends.reshape(-1, size), found]))
    rise = cost[: len(owner)].reshape(spectra, size, 2) - cost[len(owner) :, None, None]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        ratio = rise / (0.5 * AWAY**2 * noise[:, None, None] ** 2)
    odd = ~((ratio > STRAIGHT[0]) & (ratio < STRAIGHT[1])).all(2) & np.isfinite(sd) & (sd > 0.0)
    return [tuple(np.array(chosen.names)[row].tolist()) for row in odd]
