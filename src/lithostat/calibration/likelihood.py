"""How probable the data are: logarithms of times, resistances and currents are normal about those of the model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import log_ndtr

from lithostat.calibration.packed import Packed
from lithostat.model.interface import critical_stripping_current
from lithostat.model.life import Segments, log_life
from lithostat.model.parameters import Laws, parameters_of
from lithostat.model.resistance import log_resistance, stripping_load
from lithostat.physics.types import Values
from lithostat.physics.weakest_link import links

_LOG_ROOT = 0.5 * math.log(2.0 * math.pi)
ROOM = 298.15  # of critical currents where nobody stated another temperature [K]
_FIRST = -5.0  # standard deviations below the mean where 1 - S has lost its digits


def log_probability(ends: Values, mean: Values, scatter: Values, count: Values) -> Values:
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


def _log_1_minus_exp(x: Values) -> Values:
    """ln(1 - exp(-x)) for x > 0."""
    x = jnp.maximum(x, 1e-300)
    small = x < math.log(2.0)
    return jnp.where(
        small, jnp.log(-jnp.expm1(-jnp.where(small, x, 0.1))), jnp.log1p(-jnp.exp(-jnp.where(small, 1.0, x)))
    )


class Offsets(NamedTuple):
    """By how much everything of a group is larger than the model says, besides the scatter from cell to cell."""

    lives: Values  # (groups,) of ln t
    resistances: Values  # (groups,) of ln R


class Pointwise(NamedTuple):
    """ln of the probability of every observation: lives, contact kept or lost, resistances, critical currents."""

    lives: Values
    contacts: Values
    resistances: Values
    critical_currents: Values

    def observations(self) -> tuple[Values, Values, Values]:
        """The same in the order of `Data.names`: that a cell kept or lost its contact is part of its life."""
        return self.lives + self.contacts, self.resistances, self.critical_currents

    def total(self, packed: Packed) -> Values:
        """Their sum with the weight of each observation, scalar."""
        lives, resistances, currents = self.observations()
        weighted = (packed.weight * lives).sum() + (packed.point_weight * resistances).sum()
        return weighted + (packed.critical_weight * currents).sum()


class Means(NamedTuple):
    """What the model says of every observation, for one set of values: logarithms."""

    lives: Values  # of the time to short [s]
    loads: Values  # of the largest local stripping current over the critical one
    resistances: Values
    critical_currents: Values


def means(values: Mapping[str, Any], packed: Packed, laws: Laws, plated: tuple[bool, ...]) -> Means:
    """What the model says for one set of learnt `values` (SI); cells that are alike are computed once."""
    nothing = jnp.zeros(0)
    lives = loads = resistances = currents = nothing
    if len(packed.life):

        def one(segments: Segments, stripping: Values, own: dict[str, Any]) -> tuple[Values, Values]:
            numbers = own | dict(values)
            life = log_life(segments, parameters_of(numbers), laws, plated)
            return life, largest_load(segments.pressures, stripping, segments.temperatures, numbers)

        found = jax.vmap(one)(packed.segments, packed.stripping, packed.numbers)
        lives, loads = (part[packed.which] for part in found)
    if len(packed.resistance):
        pressure, highest, temperature, time = (packed.points[:, i] for i in range(4))
        own = parameters_of(packed.point_numbers | dict(values))
        resistances = log_resistance(pressure, highest, temperature, time, own, xp=jnp)
    if len(packed.critical):
        own = parameters_of(packed.critical_numbers | dict(values))
        currents = jnp.log(critical_stripping_current(packed.critical_pressure, ROOM, own, xp=jnp))
    return Means(lives, loads, resistances, currents)


def pointwise(
    values: Mapping[str, Any], offsets: Offsets, packed: Packed, laws: Laws, plated: tuple[bool, ...]
) -> Pointwise:
    """ln of the probability of every observation for one set of learnt `values` (SI) and `offsets` of the groups.

    A life is log-normal from cell to cell with `life_scatter` at the reference area; a cell of M spots lives as long
    as its weakest. A cell that strips keeps its contact with the probability that its own critical current, log-normal
    with `stripping_scatter`, exceeds the load; where that scatter is not learnt, contacts are left aside.
    """
    return probabilities(shifted(means(values, packed, laws, plated), offsets, packed), values, packed)


def shifted(said: Means, offsets: Offsets, packed: Packed) -> Means:
    """What the model says of the cells of each group: with its offset."""
    lives = said.lives + offsets.lives[packed.group]
    return said._replace(lives=lives, resistances=said.resistances + offsets.resistances[packed.point_group])


def probabilities(said: Means, values: Mapping[str, Any], packed: Packed) -> Pointwise:
    """ln of the probability of every observation about what the model says of it, offsets included."""
    sizes = [len(packed.life), len(packed.resistance), len(packed.critical)]
    contacts = jnp.zeros(sizes[0])
    if sizes[0] and "stripping_scatter" in values:
        load = said.loads / values["stripping_scatter"]
        lost, known = packed.lost == 1.0, jnp.isfinite(packed.lost)
        contacts = jnp.where(known, log_ndtr(jnp.where(lost, load, -load)), 0.0)
    if not any(sizes):
        return Pointwise(contacts, contacts, contacts, contacts)
    names = ("life_scatter", "resistance_scatter", "stripping_scatter")
    scatters = [values[name] * jnp.ones(size) for name, size in zip(names, sizes, strict=True) if size]
    counts = [spots(packed.spots | dict(values)) * jnp.ones(sizes[0]), jnp.ones(sizes[1] + sizes[2])]
    ends = [packed.life, packed.resistance, packed.critical]
    middles = [said.lives, said.resistances, said.critical_currents]
    found = log_probability(*(jnp.concatenate(part) for part in (ends, middles, scatters, counts)))
    lives, resistances, currents = jnp.split(found, [sizes[0], sizes[0] + sizes[1]])
    return Pointwise(lives, contacts, resistances, currents)


def largest_load(pressures: Values, stripping: Values, temperatures: Values, numbers: Mapping[str, Any]) -> Values:
    """`stripping_load` at the worst segment of an exposure, `pressures` [Pa] and `stripping` [A/m2] (segments,)."""
    highest = jax.lax.cummax(pressures)
    return stripping_load(pressures, highest, stripping, temperatures, parameters_of(numbers), xp=jnp).max()


def spots(numbers: Mapping[str, Any]) -> Values:
    """Number of independent spots of a cell relative to one of the reference area."""
    return links(numbers["area"], reference_area=numbers["reference_area"], exponent=numbers["area_exponent"])
