"""best_fit(data) -> Fit: the most probable parameters, and how sharply the data fix them, in a second or two."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import minimize

from lithostat.calibration.data import Data
from lithostat.calibration.layout import layout_of, unpacked
from lithostat.calibration.likelihood import pointwise
from lithostat.calibration.packed import Packed, Plated, pack
from lithostat.calibration.parameter import Parameter
from lithostat.calibration.priors import parameters_for
from lithostat.engine import engine
from lithostat.model.parameters import Laws

STARTS = 5
_STEP = 1e-4  # of the differences of gradients that make the curvature, in standard deviations of the prior
_LIMIT = 12.0  # standard deviations of the prior within which the likelihood alone is searched


@dataclass(frozen=True)
class Fit:
    """The best `values` [SI]; `z` the same as standard normal variables of the priors, then those of the offsets.

    `offsets` are of ln t of each group, where they are learnt. `covariance` of z is Laplace's: the inverse curvature at
    the best point. It is None where the data leave a direction open, as they can without a prior. `log_posterior`
    leaves out the constant of the prior.
    """

    values: Mapping[str, float]
    parameters: tuple[Parameter, ...]
    laws: Laws
    z: np.ndarray
    covariance: np.ndarray | None
    log_likelihood: float
    log_posterior: float
    converged: bool
    offsets: Mapping[str, float]

    def draws(self, count: int, *, seed: int) -> dict[str, np.ndarray]:
        """Values [SI] drawn from Laplace's approximation, (count,) each."""
        if self.covariance is None:
            raise ValueError("the best fit has no covariance to draw from")
        z = np.random.default_rng(seed).multivariate_normal(self.z, self.covariance, count)
        return {one.name: np.asarray(one.value(z[:, i])) for i, one in enumerate(self.parameters)}


def best_fit(
    data: Data,
    *,
    laws: Laws | None = None,
    parameters: Iterable[Parameter] = (),
    without: Iterable[str] = (),
    prior: bool = True,
    starts: int = STARTS,
    seed: int = 0,
) -> Fit:
    """The maximum of the posterior, or of the likelihood alone with `prior=False`, from several starts."""
    laws = laws or Laws()
    chosen = parameters_for(laws, parameters, without=without)
    packed, plated = pack(data)
    layout = layout_of(chosen, data)
    with engine():
        packed = jax.tree.map(jnp.asarray, packed)
        program = _program(chosen, layout.counts, laws, plated)

        def cost(z: np.ndarray) -> tuple[float, np.ndarray]:
            value, slope = program(z, packed, float(prior))
            return float(value), np.asarray(slope)

        begin = 0.7 * np.random.default_rng(seed).standard_normal((max(starts, 1), layout.size))
        begin[0] = 0.0
        bounds = [(-_LIMIT, _LIMIT)] * layout.size
        found = [minimize(cost, z, jac=True, method="L-BFGS-B", bounds=bounds) for z in begin]
        best = min(found, key=lambda result: result.fun)
        z = np.asarray(best.x)
        covariance = _laplace(cost, z)
    values = {one.name: float(one.value(z[i])) for i, one in enumerate(chosen)}
    likelihood = -float(best.fun) + 0.5 * float(prior) * float(z @ z)
    offsets = {group: values["life_spread"] * float(z[len(chosen) + i]) for i, group in enumerate(layout.groups)}
    posterior = likelihood - 0.5 * float(z @ z)
    return Fit(values, chosen, laws, z, covariance, likelihood, posterior, bool(best.success), offsets)


def _laplace(cost: Callable[[np.ndarray], tuple[float, np.ndarray]], z: np.ndarray) -> np.ndarray | None:
    """Inverse of the curvature from differences of gradients; None unless it is positive definite."""
    rows = [(cost(z + _STEP * unit)[1] - cost(z - _STEP * unit)[1]) / (2.0 * _STEP) for unit in np.eye(len(z))]
    curvature = 0.5 * (np.array(rows) + np.array(rows).T)
    if np.linalg.eigvalsh(curvature).min() <= 1e-8:
        return None
    return np.linalg.inv(curvature)


@functools.lru_cache(maxsize=16)
def _program(
    parameters: tuple[Parameter, ...], counts: tuple[int, int], laws: Laws, plated: Plated
) -> Callable[..., Any]:
    """Cost and its gradient: minus the logarithm of likelihood and, where asked for, prior."""

    def cost(z: Any, packed: Packed, prior: Any) -> Any:
        values, offsets = unpacked(z, parameters, counts, packed)
        return 0.5 * prior * (z @ z) - pointwise(values, offsets, packed, laws, plated).total(packed)

    return jax.jit(jax.value_and_grad(cost))
