"""posterior(fit) -> Posterior: what a spectrum says about the values, where first-order errors are not enough.

The misfit is Gaussian with a noise nobody knows; with a prior 1/s it integrates to a Student likelihood. The prior is
flat in the fit coordinates (logarithms of positive values) within the circuit's bounds. NumPyro's NUTS samples it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from lithostat.engine import engine
from lithostat.experiment.finding import Finding
from lithostat.impedance.circuits.circuit import Circuit
from lithostat.impedance.circuits.fit import Fit, limits
from lithostat.impedance.circuits.jacobian import logarithmic, natural
from lithostat.impedance.circuits.misfit import by_model, sweeps
from lithostat.physics.types import Values

DRAWS, WARM_UP, CHAINS = 1000, 500, 4
LARGEST_RHAT = 1.01


@dataclass(frozen=True)
class Posterior:
    """Draws of a circuit's values in SI: `draws[name]` is (chains, draws).

    `r_hat` is the largest of all values (1 where chains agree), `divergences` counts steps that failed.
    """

    circuit: Circuit
    draws: dict[str, np.ndarray]
    r_hat: float
    divergences: int
    warnings: tuple[str, ...] = ()

    def interval(self, level: float = 0.68) -> dict[str, tuple[float, float]]:
        """Equal-tailed credible interval of each value, SI."""
        ends = [0.5 - 0.5 * level, 0.5 + 0.5 * level]
        return {name: tuple(map(float, np.quantile(each, ends))) for name, each in self.draws.items()}  # type: ignore[misc]

    def findings(self) -> tuple[Finding, ...]:
        """Median of every value, with half of its 68 % interval as uncertainty."""
        intervals = self.interval()
        return tuple(
            Finding(
                name=name,
                value=float(np.median(self.draws[name])),
                unit=unit,
                evidence=(f"68 % interval {low:.6g} to {high:.6g}", *self.warnings),
                uncertainty=0.5 * (high - low),
                uncertainty_from="posterior",
                formula=self.circuit.text,
            )
            for (name, (low, high)), unit in zip(intervals.items(), self.circuit.units, strict=True)
        )


def posterior(found: Fit, *, draws: int = DRAWS, seed: int = 0, progress: bool = False) -> Posterior:
    """Sample what the spectrum of a fit says about its values. `seed` makes it repeatable.

    A value that a bound holds is sampled up to that bound. Takes seconds, most of them for compiling.
    """
    from numpyro.diagnostics import split_gelman_rubin
    from numpyro.infer import MCMC, NUTS

    low, high = limits(found.circuit, {name: found.values[name] for name in found.fixed})
    free = low < high
    with engine():
        origin, spread = _scale(found, low, high, free)
        potential = _potential(found, low, high, free, origin, spread)
        sampler = MCMC(
            NUTS(potential_fn=potential, dense_mass=bool(found.bent), target_accept_prob=0.9),
            num_warmup=WARM_UP * (4 if found.bent else 1),
            num_samples=draws,
            num_chains=CHAINS,
            chain_method="vectorized",
            progress_bar=progress,
        )
        first = 0.5 * np.random.default_rng(seed).standard_normal((CHAINS, len(origin)))
        sampler.run(jax.random.PRNGKey(seed), init_params=jnp.asarray(first), extra_fields=("diverging",))
        sampled = np.asarray(sampler.get_samples(group_by_chain=True))
        failed = int(np.asarray(sampler.get_extra_fields()["diverging"]).sum())
    coordinates = np.broadcast_to(found.coordinates, (*sampled.shape[:2], len(low))).copy()
    coordinates[..., free] = low[free] + (high[free] - low[free]) / (1.0 + np.exp(-(origin + sampled @ spread.T)))
    values = natural(coordinates, logarithmic(found.circuit))
    rhat = float(np.max(split_gelman_rubin(sampled)))
    said = []
    if not rhat < LARGEST_RHAT:
        said.append(f"chains disagree (R-hat {rhat:.3f}): draw more, or the spectrum does not determine the circuit")
    if failed:
        said.append(f"{failed} of {sampled.shape[0] * draws} steps diverged")
    names = found.circuit.names
    return Posterior(found.circuit, {name: values[..., k] for k, name in enumerate(names)}, rhat, failed, tuple(said))


def _scale(found: Fit, low: np.ndarray, high: np.ndarray, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Origin and scale (a triangular matrix) in which the posterior is about a standard normal on the whole line.

    Between its bounds a coordinate is put on the whole line by the logit. What lies on a bound starts a little inside.
    """
    at, width = found.coordinates[free], (high - low)[free]
    share = np.clip((at - low[free]) / width, 1e-3, 1.0 - 1e-3)
    slope = 1.0 / (width * share * (1.0 - share))
    covariance = found.covariance[np.ix_(free, free)] * np.outer(slope, slope)
    unsure = ~np.isfinite(np.diag(covariance))
    covariance[unsure, :] = covariance[:, unsure] = 0.0
    covariance[unsure, unsure] = 1.0
    covariance[np.diag_indices_from(covariance)] *= 1.0 + 1e-9
    return np.log(share) - np.log1p(-share), np.linalg.cholesky(covariance)


def _potential(
    found: Fit, low: np.ndarray, high: np.ndarray, free: np.ndarray, origin: np.ndarray, spread: np.ndarray
) -> Callable[[Values], Values]:
    """Minus the log posterior in the coordinates of `_scale`, without its constant."""
    table = sweeps([found.spectrum], found.weighting)
    if found.weighting == "modulus":
        table = by_model(table, found.circuit, found.coordinates[None])
    logs, places = logarithmic(found.circuit), np.flatnonzero(free)
    rows = table.weight.size
    omega, parts, weight = (jnp.asarray(column[0]) for column in table)
    base = jnp.asarray(found.coordinates)

    def potential(white: Values) -> Values:
        line = origin + spread @ white
        share = jax.nn.sigmoid(line)
        at = base.at[places].set(low[places] + (high - low)[places] * share)
        z = found.circuit.tree.impedance(omega, natural(at, logs, jnp), jnp)
        rest = (jnp.stack([z.real, z.imag], axis=1) - parts) * weight
        jacobian = (jax.nn.log_sigmoid(line) + jax.nn.log_sigmoid(-line)).sum()
        return 0.5 * rows * jnp.log((rest**2).sum()) - jacobian

    return potential
