"""A spectrum as a linear function of the distribution of its relaxation times.

    Z(w) = R + j w L + 1 / (Q (j w)^n) + integral of gamma(ln tau) / (1 + j w tau) d ln tau

On an even grid of ln tau the sum over the grid is exact to rounding for every gamma that the grid can hold, since the
kernel is analytic in a strip of half width pi/2 (trapezoidal rule).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lithostat.impedance.relaxation.blocking import BlockingTail

PER_DECADE = 12  # points of the grid; one RC then spreads over a fifth of a decade, below what noise lets see
BEYOND = 1.8  # of ln tau on both sides of the window


@dataclass(frozen=True)
class LinearModel:
    """A spectrum over its noise, with the terms R, L and Q projected out.

    `tau` [s] of shape (grid,), `step` of its logarithm, `inside` true within the measured frequencies,
    `size` |Z| near 1/tau without what inductance adds [ohm], `kernel` of shape (2 points, grid) and `rest` of shape
    (2 points,) are projected and in units of the noise; `gram` = kernel' kernel, `pull` = kernel' rest. `free` holds
    the columns of R (where there is one), L (and 1/Q), `bare` and `target` kernel and data before the projection.
    """

    tau: np.ndarray
    step: float
    inside: np.ndarray
    size: np.ndarray
    kernel: np.ndarray
    rest: np.ndarray
    gram: np.ndarray
    pull: np.ndarray
    free: np.ndarray
    bare: np.ndarray
    target: np.ndarray

    def series(self, gamma: np.ndarray, spread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(R, L and 1/Q that go with a gamma, their standard uncertainties); `spread` is gamma's covariance."""
        inverse = np.linalg.pinv(self.free)
        value = inverse @ (self.target - self.bare @ gamma)
        follow = inverse @ self.bare
        variance = np.sum(inverse**2, axis=1) + np.einsum("ij,jk,ik->i", follow, spread, follow)
        return value, np.sqrt(variance)

    def misfit(self, gamma: np.ndarray) -> float:
        """Sum of squares of what is left, in units of the noise."""
        left = self.rest - self.kernel @ gamma
        return float(left @ left)


def linear(
    frequency: np.ndarray,
    impedance: np.ndarray,
    noise: np.ndarray,
    *,
    tail: BlockingTail | None = None,
    resistance: bool = True,
) -> LinearModel:
    """The problem for a spectrum (from high to low frequency) with this noise [ohm] on each of its two parts.

    `tail` is that of blocking electrodes in series, None where there are none; no time is slower than it. Without
    `resistance` there is none in series: the shortest times take all.
    """
    omega = 2.0 * np.pi * frequency
    slowest = 1.0 / omega[-1] if tail is None else max(tail.slowest, 10.0 / omega[0])
    low, high = -np.log(omega[0]) - BEYOND, np.log(slowest) + BEYOND
    place = np.linspace(low, high, int(np.ceil((high - low) / np.log(10.0) * PER_DECADE)) + 1)
    step = float(place[1] - place[0])
    tau = np.exp(place)
    columns = [np.ones(len(omega)) + 0j] if resistance else []
    columns += [1j * omega] + ([(1j * omega) ** -tail.exponent] if tail is not None else [])
    over = 1.0 / np.concatenate([noise, noise])
    bare = _stacked(step / (1.0 + 1j * omega[:, None] * tau)) * over[:, None]
    free = _stacked(np.stack(columns, axis=1)) * over[:, None]
    target = _stacked(impedance) * over
    basis, _ = np.linalg.qr(free / np.linalg.norm(free, axis=0))
    kernel = bare - basis @ (basis.T @ bare)
    rest = target - basis @ (basis.T @ target)
    inside = (tau >= 1.0 / omega[0]) & (tau <= slowest)
    modulus = np.minimum.accumulate(np.abs(impedance)[::-1])[::-1]
    size = np.interp(place, -np.log(omega), modulus)
    return LinearModel(tau, step, inside, size, kernel, rest, kernel.T @ kernel, kernel.T @ rest, free, bare, target)


def curvature(points: int, step: float) -> np.ndarray:
    """Matrix whose quadratic form is the integral of the squared second derivative."""
    second = np.diff(np.eye(points), 2, axis=0)
    return np.asarray(second.T @ second) / step**3


def _stacked(values: np.ndarray) -> np.ndarray:
    return np.concatenate([values.real, values.imag])
