"""calibrate(data) -> Calibration: the posterior by NUTS (NumPyro), judged by ArviZ."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from lithostat.calibration.arviz import az
from lithostat.calibration.calibration import Calibration, Diagnostics
from lithostat.calibration.conflicts import misfits, what_is_missing
from lithostat.calibration.data import Data, numbers_of
from lithostat.calibration.evaluated import evaluated
from lithostat.calibration.layout import drawn, layout_of, unpacked
from lithostat.calibration.likelihood import pointwise
from lithostat.calibration.packed import Packed, Plated, pack, weighted
from lithostat.calibration.parameter import Parameter
from lithostat.calibration.priors import parameters_for
from lithostat.engine import engine
from lithostat.experiment.cell import Cell
from lithostat.experiment.errors import InputError
from lithostat.model.life import check_laws
from lithostat.model.parameters import Laws
from lithostat.model.resolve import laws_of

CHAINS, DRAWS = 4, 1000
ACCEPT = 0.98  # target acceptance; where creep alone shorts a cell, ln t falls off a cliff that long steps run into
BEST_R_HAT = 1.01
DEEPEST = 10  # doublings of a trajectory


def calibrate(
    data: Data,
    cell: Cell | None = None,
    *,
    laws: Laws | None = None,
    parameters: Iterable[Parameter] = (),
    without: Iterable[str] = (),
    seed: int,
    chains: int = CHAINS,
    draws: int = DRAWS,
    progress: Callable[[str, float], None] | None = None,
) -> Calibration:
    """The posterior of all parameters given `data`, with `draws` draws from each of `chains` chains.

    `cell` is the cell to be asked about later, whose law is taken unless `laws` are stated; without it the first cell
    of the data. `parameters` replace default priors by name; what is named in `without` keeps the value of the cards.
    `progress` is called with what is being done and the share of it that is done. Whatever the data are, the answer is
    a posterior: without data it is the prior, and `warnings` says so.
    """
    laws = laws or (laws_of(cell) if cell is not None else Laws())
    chosen = parameters_for(laws, parameters, without=without)
    numbers = numbers_of(cell) if cell is not None else _numbers_of_data(data)
    check_laws(laws, _focusing(chosen, data))
    layout = layout_of(chosen, data)
    began = time.perf_counter()
    if data.names:
        z, divergences = sample(data, chosen, laws, seed=seed, chains=chains, draws=draws, progress=progress)
        method = "NUTS"
    else:
        z = np.random.default_rng(seed).standard_normal((chains, draws, layout.size))
        divergences, method = 0, "prior"
    r_hat, effective = _judged(z) if method == "NUTS" else (None, None)
    seconds = time.perf_counter() - began
    judged = Diagnostics(method, chains, r_hat, effective, divergences, seconds)
    z = z.reshape(-1, layout.size)
    told = evaluated(z, layout, data, laws)
    found = replace(drawn(z, layout, data, laws, numbers, judged, seed), log_likelihood=told.log_likelihood)
    at_odds = misfits(found, told)
    said = (*data.warnings, *_sampling_warnings(judged), *what_is_missing(data), *at_odds)
    return replace(found, warnings=said, misfits=at_odds)


def sample(
    data: Data,
    parameters: tuple[Parameter, ...],
    laws: Laws,
    *,
    seed: int,
    chains: int = CHAINS,
    draws: int = DRAWS,
    warmup: int = DRAWS,
    accept: float = ACCEPT,
    left_out: Iterable[str] = (),
    progress: Callable[[str, float], None] | None = None,
) -> tuple[np.ndarray, int]:
    """Draws as standard normal variables of the priors (chains, draws, parameters), and the number of divergences.

    Columns are those of `layout_of`. Data of equal shape share one compilation; so does a fit in which the observations
    `left_out` count nothing.
    """
    packed, plated = pack(data)
    packed, counts = weighted(packed, data, left_out), layout_of(parameters, data).counts
    if progress:
        progress("sampling", 0.0)
    with engine():
        keys = jax.random.split(jax.random.key(seed), chains)
        program = _sampler(parameters, counts, laws, plated, draws, warmup, accept, False)
        z, diverging = jax.tree.map(np.asarray, program(keys, packed))
    if progress:
        progress("sampling", 1.0)
    return z, int(diverging.sum())


def sample_each(
    sets: Sequence[Data],
    parameters: tuple[Parameter, ...],
    laws: Laws,
    *,
    seed: int,
    draws: int,
    warmup: int,
    accept: float,
) -> tuple[np.ndarray, int]:
    """One chain for each of several data sets of equal shape, side by side: (sets, draws, parameters), divergences."""
    packs = [pack(data) for data in sets]
    plated = packs[0][1]
    if any(one[1] != plated for one in packs):
        raise ValueError("the data sets differ in where current flows")
    together = jax.tree.map(lambda *leaves: np.stack(leaves), *(one[0] for one in packs))
    with engine():
        keys = jax.random.split(jax.random.key(seed), len(sets))
        program = _sampler(parameters, layout_of(parameters, sets[0]).counts, laws, plated, draws, warmup, accept, True)
        z, diverging = jax.tree.map(np.asarray, program(keys, together))
    return z, int(diverging.sum())


@functools.lru_cache(maxsize=16)
def _sampler(
    parameters: tuple[Parameter, ...],
    counts: tuple[int, int],
    laws: Laws,
    plated: Plated,
    draws: int,
    warmup: int,
    accept: float,
    several: bool,
) -> Callable[..., Any]:
    """NumPyro's NUTS as one compiled program of keys (chains,) and data; with `several`, of one data set a chain.

    `numpyro.infer.MCMC` would compile anew for every data set.
    """
    from numpyro.infer.hmc import hmc

    def potential_of(packed: Packed) -> Callable[[Any], Any]:
        def potential(z: Any) -> Any:
            values, offsets = unpacked(z, parameters, counts, packed)
            return 0.5 * (z @ z) - pointwise(values, offsets, packed, laws, plated).total(packed)

        return potential

    def chain(key: Any, packed: Packed) -> tuple[Any, Any]:
        first, step = hmc(potential_fn_gen=potential_of, algo="NUTS")
        begin, key = jax.random.split(key)
        state = first(
            0.1 * jax.random.normal(begin, (len(parameters) + sum(counts),)),
            num_warmup=warmup,
            dense_mass=True,
            target_accept_prob=accept,
            rng_key=key,
            model_args=(packed,),
            max_tree_depth=DEEPEST,
        )

        def through(state: Any, _: Any) -> tuple[Any, tuple[Any, Any]]:
            state = step(state, model_args=(packed,))
            return state, (state.z, state.diverging)

        _, (z, diverging) = jax.lax.scan(through, state, None, length=warmup + draws)
        return z[warmup:], diverging[warmup:]

    return jax.jit(jax.vmap(chain, in_axes=(0, 0 if several else None)))


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


def _focusing(chosen: tuple[Parameter, ...], data: Data) -> float:
    """Void focusing that the lives are computed with: learnt or a cell's own, the largest."""
    if any(one.name == "void_focusing" for one in chosen):
        return 1.0
    return max((one.numbers.get("void_focusing", 0.0) for one in data.lives), default=0.0)


def _numbers_of_data(data: Data) -> dict[str, float]:
    if not data.observations:
        raise InputError("there is neither a cell nor data", expected="a cell, whose thickness and area are needed")
    return dict(data.observations[0].numbers)
