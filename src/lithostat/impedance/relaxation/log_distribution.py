"""The non-negative distribution of relaxation times: its logarithm is smooth, how smooth the data say.

ln gamma has a normal prior in its curvature. Then gamma cannot be negative, a small process beside a large one is as
smooth on its own scale, and the flanks of the common elements (ZARC, Warburg, Gerischer: powers of tau) are straight
lines that the prior leaves alone. The curvature's scale maximises the evidence in Laplace's approximation
(MacKay, Neural Computation 4 (1992) 415). `benchmarks/regularisation.py` holds this against ridges on gamma itself
with the scale by cross validation, discrepancy, L-curve and evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, cholesky

from lithostat.impedance.relaxation.linear_model import LinearModel, curvature

_SCALES = np.exp(np.linspace(-1.5, 3.75, 8))  # curvature of ln gamma; a smooth one has one mode, rough ones follow it
_LEVEL = 1e-3  # precision that holds ln gamma near its usual size where the data say nothing
_OUTSIDE = 0.01  # the same beyond the measured frequencies, where a process is one with R, L or C
_NARROW = 2.0  # of ln gamma; a wider band is not normal any more
_STEPS = 60


@dataclass(frozen=True)
class LogDistribution:
    """Mode and covariance of ln gamma, shape (grid,) and (grid, grid); `evidence` is the logarithm of the evidence.

    `prior` and `centre` are the precision and the mean of the prior at the chosen `scale` of curvature.
    """

    mode: np.ndarray
    covariance: np.ndarray
    scale: float
    evidence: float
    prior: np.ndarray
    centre: float


def log_distribution(problem: LinearModel) -> LogDistribution:
    """The most probable ln gamma."""
    points, step = len(problem.tau), problem.step
    centre = float(np.log(problem.size.max() / (points * step)) - 2.0)
    bend = curvature(points, step)
    hold = step * np.diag(np.where(problem.inside, _LEVEL, _OUTSIDE))
    x = np.log(0.1 * problem.size)
    tried: list[LogDistribution] = []
    for scale in _SCALES:
        tried.append(_at(problem, x, bend / scale**2 + hold, centre, float(scale)))
        x = tried[-1].mode
        if len(tried) > 2 and tried[-1].evidence < tried[-2].evidence < tried[-3].evidence:
            break  # rougher than the data are
    best = int(np.argmax([one.evidence for one in tried]))
    if 0 < best < len(tried) - 1:
        scale = _peak(*((np.log(one.scale), one.evidence) for one in tried[best - 1 : best + 2]))
        finer = _at(problem, tried[best].mode, bend / scale**2 + hold, centre, scale)
        return max(finer, tried[best], key=lambda one: one.evidence)
    return tried[best]


def band(problem: LinearModel, found: LogDistribution, deviations: float) -> tuple[np.ndarray, np.ndarray]:
    """(lower, upper) gamma at so many standard deviations of ln gamma.

    Far below what the data resolve ln gamma is free to fall but not to rise. There the upper end is followed with the
    exact misfit, along the line on which ln gamma at one time takes its neighbours with it, until the posterior is as
    far below its mode as a normal one is at so many deviations.
    """
    sd = np.sqrt(np.diag(found.covariance))
    direction = found.covariance / sd  # columns: unit deviation at each grid point
    cost = _cost(problem, found)
    base = cost(found.mode[:, None])[0]
    inside, outside = np.zeros(len(sd)), np.full(len(sd), 1.5 * deviations)
    for _ in range(9):
        middle = 0.5 * (inside + outside)
        low = cost(found.mode[:, None] + middle * direction) - base < 0.5 * deviations**2
        inside, outside = np.where(low, middle, inside), np.where(low, outside, middle)
    reach = deviations * sd
    up = np.where(reach < _NARROW, reach, np.maximum(np.minimum(inside * sd, reach), _NARROW))
    return np.exp(found.mode - reach), np.exp(found.mode + up)


def _cost(problem: LinearModel, found: LogDistribution) -> Callable[[np.ndarray], np.ndarray]:
    def cost(x: np.ndarray) -> np.ndarray:
        """Minus the logarithm of the posterior of each column."""
        gamma, away = np.exp(np.minimum(x, 300.0)), x - found.centre
        data = np.sum(gamma * (problem.gram @ gamma), axis=0) - 2.0 * problem.pull @ gamma
        return np.asarray(0.5 * data + 0.5 * np.sum(away * (found.prior @ away), axis=0))

    return cost


def _at(problem: LinearModel, x: np.ndarray, prior: np.ndarray, centre: float, scale: float) -> LogDistribution:
    """Mode at one scale by damped Gauss-Newton, and the evidence there."""
    gram, pull = problem.gram, problem.pull

    def value(x: np.ndarray) -> float:
        gamma, away = np.exp(x), x - centre
        return float(0.5 * (gamma @ gram @ gamma) - gamma @ pull + 0.5 * (away @ prior @ away))

    damping, now = 1e-3, value(x)
    for _ in range(_STEPS):
        gamma = np.exp(x)
        slope = gamma * (gram @ gamma - pull)
        gradient = slope + prior @ (x - centre)
        hessian = gram * np.outer(gamma, gamma) + prior + np.diag(np.maximum(slope, 0.0))
        moved, damping, new = _step(x, gradient, hessian, damping, now, value)
        gained, x, now = now - new, moved, new
        if gained < 1e-3 and damping < 1e-3:
            break
    gamma = np.exp(x)
    hessian = gram * np.outer(gamma, gamma) + prior
    factor = cholesky(hessian, lower=True)
    log_prior = np.linalg.slogdet(prior)[1]
    evidence = -now - float(np.sum(np.log(np.diag(factor)))) + 0.5 * float(log_prior)
    covariance = cho_solve((factor, True), np.eye(len(x)))
    return LogDistribution(x, covariance, scale, evidence, prior, centre)


def _step(
    x: np.ndarray,
    gradient: np.ndarray,
    hessian: np.ndarray,
    damping: float,
    now: float,
    value: Callable[[np.ndarray], float],
) -> tuple[np.ndarray, float, float]:
    """(the next x, the next damping, its value): the Gauss-Newton step, damped until it does not go up."""
    scaling = np.diag(np.diag(hessian))
    while damping < 1e8:
        try:
            move = -cho_solve(cho_factor(hessian + damping * scaling), gradient)
        except LinAlgError:
            damping *= 10.0
            continue
        move *= min(1.0, 2.0 / max(float(np.abs(move).max()), 1e-300))
        new = value(x + move)
        if new <= now:
            return x + move, max(damping / 10.0, 1e-12), new
        damping *= 10.0
    return x, damping, now


def _peak(left: tuple[float, float], middle: tuple[float, float], right: tuple[float, float]) -> float:
    """Where the parabola through three evenly spaced points of ln scale is highest, as a scale."""
    (_, a), (at, b), (end, c) = left, middle, right
    bent = a - 2.0 * b + c
    shift = 0.5 * (a - c) / bent if bent < 0.0 else 0.0
    return float(np.exp(at + shift * (end - at)))
