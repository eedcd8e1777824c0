"""What draws of a posterior say of every observation: how probable it is, and where the model puts it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lithostat.calibration.data import Data
from lithostat.calibration.layout import Layout, unpacked
from lithostat.calibration.likelihood import means, probabilities, shifted
from lithostat.calibration.packed import Packed, Plated, pack
from lithostat.calibration.parameter import Parameter
from lithostat.engine import engine
from lithostat.model.parameters import Laws


class Evaluated(NamedTuple):
    """Of n draws: ln of probabilities in the order of `Data.names`, and of what the model says, offsets included."""

    log_likelihood: np.ndarray  # (n, observations); that a cell kept or lost its contact is part of its life
    lives: np.ndarray  # (n, lives) ln s
    resistances: np.ndarray  # (n, resistances) ln ohm


def evaluated(z: np.ndarray, layout: Layout, data: Data, laws: Laws) -> Evaluated:
    """At draws z (n, layout.size) of standard normal variables; cells that are alike are computed once."""
    if not data.names:
        return Evaluated(*(np.zeros((len(z), 0)) for _ in range(3)))
    packed, plated = pack(data)
    with engine():
        program = _program(layout.parameters, layout.counts, laws, plated)
        together = np.asarray(program(np.asarray(z), packed))
    ends = np.cumsum([len(data.names), len(data.lives)])
    return Evaluated(*np.split(together, ends, axis=1))


def log_likelihoods(z: np.ndarray, layout: Layout, data: Data, laws: Laws) -> np.ndarray:
    """`Evaluated.log_likelihood` alone."""
    return evaluated(z, layout, data, laws).log_likelihood


@functools.lru_cache(maxsize=16)
def _program(
    parameters: tuple[Parameter, ...], counts: tuple[int, int], laws: Laws, plated: Plated
) -> Callable[..., Any]:
    def one(z: Any, packed: Packed) -> Any:
        values, offsets = unpacked(z, parameters, counts, packed)
        said = shifted(means(values, packed, laws, plated), offsets, packed)
        observed = probabilities(said, values, packed).observations()
        return jnp.concatenate([*observed, said.lives, said.resistances])  # one: an empty one cannot be mapped

    return jax.jit(lambda z, packed: jax.lax.map(lambda v: one(v, packed), z, batch_size=256))
