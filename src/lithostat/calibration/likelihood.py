"""How probable the data are: logarithms of times, resistances and currents are normal about those of the model."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import log_ndtr

from lithostat.calibration.data import Packed
from lithostat.model.interface import critical_stripping_current
from lithostat.model.life import Segments, log_life
from lithostat.model.parameters import Laws, parameters_of
from lithostat.model.resistance import log_resistance, stripping_load
from lithostat.physics.weakest_link import links

_LOG_ROOT = 0.5 * math.log(2.0 * math.pi)
ROOM = 298.15  # of critical currents where nobody stated another temperature [K]
_FIRST = -5.0  # standard deviations below the mean where 1 - S has lost its digits


def log_probability(ends: Any, mean: Any, scatter: Any, count: Any) -> Any:
    """ln of the probability (equal ends: of the density) of the weakest of `count` links, (n,).

    `ends` (n, 2) are the lowest and the highest value that fits the observation; -1e4 and 1e4 stand for infinities.
    S = Phi((mean - x) / scatter)^count. Safe in both tails.
    """
    low, high = (ends[..., 0] - mean) / scatter, (ends[..., 1] - mean) / scatter
    exact = ends[..., 0] == ends[..., 1]
    apart = jnp.where(exact, low - 1.0, low)  # keeps the branch that is not taken finite
    below = jnp.minimum(high, _FIRST)
    beside = jnp.minimum(apart, below - 1e-12)
    tails = log_ndtr(jnp.stack([-low, -apart, -high, below, beside]))  # one call: it is long to compile
    density = jnp.log(count) + (count - 1.0) * tails[0] - 0.5 * low**2 - jnp.log(scatter) - _LOG_ROOT
    parts = _log_1_minus_exp(jnp.stack([count * (tails[1] - tails[2]), tails[3] - tails[4]]))
    upper = count * tails[1] + parts[0]
    lower = jnp.log(count) + tails[3] + parts[1]
    return jnp.where(exact, density, jnp.where(high < _FIRST, lower, upper))


def _log_1_minus_exp(x: Any) -> Any:
    """ln(1 - exp(-x)) for x > 0."""
    x = jnp.maximum(x, 1e-300)
    small = x < math.log(2.0)
    return jnp.where(
        small, jnp.log(-jnp.expm1(-jnp.where(small, x, 0.1))), jnp.log1p(-jnp.exp(-jnp.where(small, 1.0, x)))
    )


class Pointwise(NamedTuple):
    """ln of the probability of every observation: lives, contact kept or lost, resistances, critical currents."""

    lives: Any
    contacts: Any
    resistances: Any
    critical_currents: Any

    def observations(self) -> tuple[Any, Any, Any]:
        """The same in the order of `Data.names`: that a cell kept or lost its contact is part of its life."""
        return self.lives + self.contacts, self.resistances, self.critical_currents

    def total(self, weight: Any) -> Any:
        """Their sum, scalar; each life counts with its `weight`."""
        lives = (weight * (self.lives + self.contacts)).sum()
        return lives + self.resistances.sum() + self.critical_currents.sum()


def pointwise(values: Mapping[str, Any], packed: Packed, laws: Laws, plated: tuple[bool, ...]) -> Pointwise:
    """ln of the probability of every observation for one set of learnt `values` (SI).

    A life is log-normal from cell to cell with `life_scatter` at the reference area; a cell of M spots lives as long
    as its weakest. A cell that strips keeps its contact with the probability that its own critical current, log-normal
    with `stripping_scatter`, exceeds the load; where that scatter is not learnt, contacts are left aside.
    """
    contacts = jnp.zeros(0)
    ends, means, scatters, counts = [packed.life, packed.resistance, packed.critical], [], [], []
    sizes = [len(part) for part in ends]
    if sizes[0]:
        means.append(log_lives(values, packed, laws, plated))
        counts.append(spots(packed.life_numbers | dict(values)))
        contacts = jnp.zeros(sizes[0])
        if "stripping_scatter" in values:
            load = loads(values, packed) / values["stripping_scatter"]
            lost, known = packed.lost == 1.0, jnp.isfinite(packed.lost)
            contacts = jnp.where(known, log_ndtr(jnp.where(lost, load, -load)), 0.0)
    if sizes[1]:
        pressure, highest, temperature, time = (packed.points[:, i] for i in range(4))
        own = parameters_of(packed.point_numbers | dict(values))
        means.append(log_resistance(pressure, highest, temperature, time, own, xp=jnp))
    if sizes[2]:
        own = parameters_of(packed.critical_numbers | dict(values))
        means.append(jnp.log(critical_stripping_current(packed.critical_pressure, ROOM, own, xp=jnp)))
    if not means:
        return Pointwise(contacts, contacts, contacts, contacts)
    names = ("life_scatter", "resistance_scatter", "stripping_scatter")
    scatters = [values[name] * jnp.ones(size) for name, size in zip(names, sizes, strict=True) if size]
    counts.append(jnp.ones(sizes[1] + sizes[2]))
    found = log_probability(*(jnp.concatenate(part) for part in (ends, means, scatters, counts)))
    lives, resistances, currents = jnp.split(found, [sizes[0], sizes[0] + sizes[1]])
    return Pointwise(lives, contacts, resistances, currents)


def log_lives(values: Mapping[str, Any], packed: Packed, laws: Laws, plated: tuple[bool, ...]) -> Any:
    """ln of the model's time to short of every cell [s], (lives,)."""
    one = functools.partial(log_life, laws=laws, plated=plated)
    return jax.vmap(lambda segments, own: one(segments, parameters_of(own | dict(values))))(
        packed.segments, packed.life_numbers
    )


def loads(values: Mapping[str, Any], packed: Packed) -> Any:
    """`largest_load` of every cell, (lives,)."""

    def one(segments: Segments, stripping: Any, own: dict[str, Any]) -> Any:
        return largest_load(segments.pressures, stripping, segments.temperatures, own | dict(values))

    return jax.vmap(one)(packed.segments, packed.stripping, packed.life_numbers)


def largest_load(pressures: Any, stripping: Any, temperatures: Any, numbers: Mapping[str, Any]) -> Any:
    """`stripping_load` at the worst segment of an exposure, `pressures` [Pa] and `stripping` [A/m2] (segments,)."""
    highest = jax.lax.cummax(pressures)
    return stripping_load(pressures, highest, stripping, temperatures, parameters_of(numbers), xp=jnp).max()


def spots(numbers: Mapping[str, Any]) -> Any:
    """Number of independent spots of a cell relative to one of the reference area."""
    return links(numbers["area"], reference_area=numbers["reference_area"], exponent=numbers["area_exponent"])
