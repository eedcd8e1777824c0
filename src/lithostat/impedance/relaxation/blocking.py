"""The electrodes' blocking tail as a term of the model, 1 / (Q (j w)^n), so that it is no process of the cell.

A sum of relaxations can look like any tail. So the exponent is found first, with a non-negative sum of relaxations that
are all faster than the tail: where the sweep is steep, it is the electrodes alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar, nnls

STEEP = np.radians(-50.0)  # phase at the lowest frequencies below which the tail is taken in
_END = 3  # points that make the low-frequency end
_LEAST, _MOST = 0.6, 1.0  # exponents of blocking electrodes
_FINE = 2e-5  # of the exponent
_PER_DECADE = 5  # relaxations


class Blocking(NamedTuple):
    """1 / (Q (j w)^n) in series: `inverse_charge` is 1/Q [ohm s^-n] with its standard uncertainty, `exponent` n."""

    inverse_charge: float
    uncertainty: float
    exponent: float


def ends_in_a_tail(impedance: np.ndarray) -> bool:
    """True if a sweep from high to low frequency ends as steeply as only blocking electrodes do."""
    return bool(np.median(np.angle(impedance[-_END:])) < STEEP)


class BlockingTail(NamedTuple):
    """The exponent of a tail, and the slowest time [s] that can be seen before it."""

    exponent: float
    slowest: float


def tail(frequency: np.ndarray, impedance: np.ndarray, noise: np.ndarray) -> BlockingTail:
    """The tail with the least misfit; `noise` [ohm] is that of each part of the points."""
    omega = 2.0 * np.pi * frequency
    before = np.flatnonzero(np.angle(impedance) >= STEEP)
    slowest = 1.0 / omega[int(before[-1]) if len(before) else 0]
    fastest = 0.1 / omega[0]
    tau = np.geomspace(fastest, max(slowest, 10.0 * fastest), int(_PER_DECADE * np.log10(slowest / fastest)) + 2)
    over = 1.0 / np.concatenate([noise, noise])
    target = np.concatenate([impedance.real, impedance.imag]) * over
    relaxed = 1.0 / (1.0 + 1j * omega[:, None] * tau)

    def cost(n: float) -> float:
        columns = np.column_stack([np.ones(len(omega)), 1j * omega / omega[0], (1j * omega / omega[-1]) ** -n, relaxed])
        matrix = np.concatenate([columns.real, columns.imag]) * over[:, None]
        return float(nnls(matrix, target, maxiter=30 * matrix.shape[1])[1])

    grid = np.linspace(_LEAST, _MOST, 9)
    best = grid[int(np.argmin([cost(n) for n in grid]))]
    step = grid[1] - grid[0]
    ends = (max(best - step, _LEAST), min(best + step, _MOST))
    best = float(minimize_scalar(cost, bounds=ends, method="bounded", options={"xatol": _FINE}).x)
    return BlockingTail(best, float(slowest))
