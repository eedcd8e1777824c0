"""calibrate(data) -> Calibration: the posterior by NUTS (NumPyro), judged by ArviZ."""

from __future__ import annotations

import functools
import importlib.metadata
import platform
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.special as special
import numpy as np

from lithostat.calibration.arviz import az
from lithostat.calibration.calibration import Calibration, Diagnostics
from lithostat.calibration.conflicts import conflicts
from lithostat.calibration.data import Data, Packed, numbers_of, pack
from lithostat.calibration.likelihood import pointwise
from lithostat.calibration.parameter import Parameter, parameters_for
from lithostat.experiment.cell import Cell
from lithostat.experiment.errors import InputError
from lithostat.simulation.engine import engine
from lithostat.simulation.parameters import Laws

CHAINS, DRAWS = 4, 1000
ACCEPT = 0.9  # target acceptance; smaller steps than the customary 0.8 follow the bend between toughness and radius
BEST_R_HAT = 1.01
PARTS = 4  # the draws are made in so many parts, between which progress is told


def calibrate(
    data: Data,
    cell: Cell | None = None,
    *,
    laws: Laws | None = None,
    parameters: Iterable[Parameter] = (),
    seed: int,
    chains: int = CHAINS,
    draws: int = DRAWS,
    progress: Callable[[str, float], None] | None = None,
) -> Calibration:
    """The posterior of all parameters given `data`, with `draws` draws from each of `chains` chains.

    `cell` is the cell to be asked about later; without it the first cell of the data. `parameters` replace default
    priors by name. `progress` is called with what is being done and the share of it that is done. Whatever the data
    are, the answer is a posterior: without data it is the prior, and `warnings` says so.
    """
    laws = laws or Laws()
    chosen = parameters_for(laws, parameters)
    numbers = numbers_of(cell) if cell is not None else _numbers_of_data(data)
    began = time.perf_counter()
    if data.names:
        z, divergences = sample(data, chosen, laws, seed=seed, chains=chains, draws=draws, progress=progress)
        method = "NUTS"
    else:
        z = np.random.default_rng(seed).standard_normal((chains, draws, len(chosen)))
        divergences, method = 0, "prior"
    flat = z.reshape(-1, len(chosen))
    values = {one.name: np.asarray(one.value(flat[:, i])) for i, one in enumerate(chosen)}
    r_hat, effective = _judged(z) if method == "NUTS" else (None, None)
    seconds = time.perf_counter() - began
    found = Calibration(
        draws=values,
        laws=laws,
        parameters=chosen,
        data=data,
        numbers=numbers,
        log_likelihood=log_likelihoods(values, data, laws),
        diagnostics=Diagnostics(method, chains, r_hat, effective, divergences, seconds),
        seed=seed,
        provenance=_provenance(),
    )
    from dataclasses import replace

    return replace(found, warnings=(*data.warnings, *_sampling_warnings(found.diagnostics), *conflicts(found)))


def sample(
    data: Data,
    parameters: tuple[Parameter, ...],
    laws: Laws,
    *,
    seed: int,
    chains: int = CHAINS,
    draws: int = DRAWS,
    warmup: int = DRAWS,
    progress: Callable[[str, float], None] | None = None,
) -> tuple[np.ndarray, int]:
    """Draws as standard normal variables of the priors (chains, draws, parameters), and the number of divergences.

    Data of equal shape share one compilation.
    """
    packed, plated = pack(data)
    told = progress or (lambda what, share: None)
    with engine():
        packed = jax.tree.map(jnp.asarray, packed)
        mcmc = _sampler(parameters, laws, plated, chains, draws, warmup)
        told("compiling and warming up", 0.0)
        mcmc.run(jax.random.key(seed), packed, extra_fields=("diverging",))
        told("sampling", 1.0)
        z = np.asarray(mcmc.get_samples(group_by_chain=True)["z"])
        divergences = int(np.sum(np.asarray(mcmc.get_extra_fields()["diverging"])))
    return z, divergences


@functools.lru_cache(maxsize=16)
def _sampler(
    parameters: tuple[Parameter, ...],
    laws: Laws,
    plated: tuple[bool, ...],
    chains: int,
    draws: int,
    warmup: int,
) -> Any:
    """NumPyro's sampler for one model; the data are its argument."""
    import numpyro
    from numpyro.infer import MCMC, NUTS, init_to_value

    def model(packed: Packed) -> None:
        z = numpyro.sample("z", numpyro.distributions.Normal().expand([len(parameters)]).to_event(1))
        values = {one.name: one.value(z[i], jnp, special) for i, one in enumerate(parameters)}
        numpyro.factor("data", pointwise(values, packed, laws, plated).total())

    kernel = NUTS(
        model,
        dense_mass=True,
        target_accept_prob=ACCEPT,
        init_strategy=init_to_value(values={"z": jnp.zeros(len(parameters))}),
    )
    return MCMC(
        kernel,
        num_warmup=warmup,
        num_samples=draws,
        num_chains=chains,
        chain_method="sequential" if chains == 1 else "vectorized",
        progress_bar=False,
        jit_model_args=True,
    )


def log_likelihoods(values: Mapping[str, np.ndarray], data: Data, laws: Laws) -> np.ndarray:
    """ln of the probability of every observation for every draw, (draws, observations) in the order of `data.names`.

    That a cell kept or lost its contact is part of its life.
    """
    count = len(next(iter(values.values())))
    if not data.names:
        return np.zeros((count, 0))
    packed, plated = pack(data)
    with engine():
        return np.asarray(_likelihoods(laws, plated)(dict(values), packed))


@functools.lru_cache(maxsize=16)
def _likelihoods(laws: Laws, plated: tuple[bool, ...]) -> Callable[..., Any]:
    def one(values: Mapping[str, Any], packed: Packed) -> Any:
        return jnp.concatenate(pointwise(values, packed, laws, plated).observations())

    return jax.jit(lambda values, packed: jax.lax.map(lambda v: one(v, packed), values, batch_size=256))


def _judged(z: np.ndarray) -> tuple[float | None, float]:
    """Worst split R-hat (None for a single chain) and smallest bulk effective sample size."""
    columns = [z[..., i] for i in range(z.shape[-1])]
    effective = min(float(az().ess(column)) for column in columns)
    return (max(float(az().rhat(column)) for column in columns) if len(z) > 1 else None), effective


def _sampling_warnings(diagnostics: Diagnostics) -> tuple[str, ...]:
    said = []
    if diagnostics.r_hat is not None and not diagnostics.r_hat < BEST_R_HAT:
        said.append(f"the chains do not agree (R-hat {diagnostics.r_hat:.3f}): take more draws before using this")
    if diagnostics.divergences:
        said.append(f"{diagnostics.divergences} divergent transitions: part of the posterior may not have been reached")
    return tuple(said)


def _numbers_of_data(data: Data) -> dict[str, float]:
    everything = (*data.lives, *data.resistances, *data.critical_currents)
    if not everything:
        raise InputError("there is neither a cell nor data", expected="a cell, whose thickness and area are needed")
    return dict(everything[0].numbers)


def _provenance() -> dict[str, Any]:
    names = ("lithostat", "jax", "numpyro", "arviz", "numpy")
    return {"versions": {name: importlib.metadata.version(name) for name in names}, "python": platform.python_version()}
