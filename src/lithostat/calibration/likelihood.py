"""How probable the data are: logarithms of times, resistances and currents are normal about those of the model."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import log_ndtr

from lithostat.calibration.packed import Packed, Part, Plated
from lithostat.model.life import History, Moment, history, log_life, log_opening
from lithostat.model.parameters import Laws, Parameters, parameters_of
from lithostat.model.resistance import log_critical_current, log_resistance
from lithostat.model.segments import Segments
from lithostat.physics.types import Values
from lithostat.physics.weakest_link import links

_LOG_ROOT = 0.5 * math.log(2.0 * math.pi)
_NOTHING = 40.0  # standard deviations beyond which a bound says nothing
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

    lives: Values  # ln of the time to short [s]
    kept: Values  # ln of how far voids are open when the contact was last seen,
    lost: Values  # and when it was seen to be lost
    resistances: Values
    critical_currents: Values


def means(values: Mapping[str, Any], packed: Packed, laws: Laws, plated: Plated) -> Means:
    """What the model says for one set of learnt `values` (SI); each unlike exposure is followed once."""
    resistances = currents = jnp.zeros(0)
    said = [_of_part(values, part, laws, flows) for part, flows in zip(packed.parts, plated, strict=True)]
    lives, kept, lost = (
        jnp.concatenate([one[i] for one in said])[packed.order] if said else jnp.zeros(0) for i in range(3)
    )
    if len(packed.points):
        own = parameters_of(packed.point_numbers | dict(values))
        pressure, highest, temperature, time = packed.points.T
        resistances = log_resistance(pressure, highest, temperature, time, own, xp=jnp)
    if len(packed.currents):
        own = parameters_of(packed.critical_numbers | dict(values))
        pressure, highest, attached, temperature = packed.currents.T
        currents = log_critical_current(pressure, highest, attached, temperature, own, laws, xp=jnp)
    return Means(lives, kept, lost, resistances, currents)


def _of_part(
    values: Mapping[str, Any], part: Part, laws: Laws, plated: tuple[int, ...]
) -> tuple[Values, Values, Values]:
    """Lives, and openings when the contact was last seen and when it was seen to be lost, of a part's lives."""
    one = functools.partial(_life, laws=laws, plated=plated)
    unlike, passed = jax.vmap(lambda s, own: one(s, parameters_of(own | dict(values))))(part.segments, part.numbers)

    def opening(which: Values, segment: Values, time: Values) -> Values:
        own = {name: column[which] for name, column in part.numbers.items()} | dict(values)
        gone, segments = jax.tree.map(lambda leaf: leaf[which], (passed, part.segments))
        return log_opening(gone, segments, Moment(segment, time), parameters_of(own), laws)

    ends = (part.kept, part.lost)
    asked = (jnp.concatenate([part.which, part.which]), *(jnp.concatenate([at[i] for at in ends]) for i in range(2)))
    kept, lost = jnp.split(jax.vmap(opening)(*asked), 2)  # both at once: it is long to compile
    return unlike[part.which], kept, lost


def _life(segments: Segments, p: Parameters, laws: Laws, plated: tuple[int, ...]) -> tuple[Values, History]:
    passed = history(segments, p, laws, plated)
    return log_life(segments, passed, p, laws, plated), passed


def pointwise(values: Mapping[str, Any], offsets: Offsets, packed: Packed, laws: Laws, plated: Plated) -> Pointwise:
    """ln of the probability of every observation for one set of learnt `values` (SI) and `offsets` of the groups.

    A life is log-normal from cell to cell with `life_scatter` at the reference area; a cell of M spots lives as long
    as its weakest. The critical current and the void height of a cell are larger than the model's by a factor,
    log-normal with `stripping_scatter`: its contact holds until voids are open by more than that factor. Where that
    scatter is not learnt, contacts are left aside.
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
        contacts = _contacts(said, packed, values["stripping_scatter"])
    if not any(sizes):
        return Pointwise(contacts, contacts, contacts, contacts)
    names = ("life_scatter", "resistance_scatter", "stripping_scatter")
    scatters = [values[name] * jnp.ones(size) for name, size in zip(names, sizes, strict=True) if size]
    counts = jnp.concatenate([spots(packed.spots | dict(values)) * jnp.ones(sizes[0]), jnp.ones(sizes[1] + sizes[2])])
    ends = jnp.concatenate([packed.life, packed.resistance, packed.critical])
    middle = jnp.concatenate([said.lives, said.resistances, said.critical_currents])
    found = log_probability(ends, middle, jnp.concatenate(scatters), counts)
    lives, resistances, currents = jnp.split(found, [sizes[0], sizes[0] + sizes[1]])
    return Pointwise(lives, contacts, resistances, currents)


def _contacts(said: Means, packed: Packed, scatter: Values) -> Values:
    """ln of the probability that each cell kept its contact until then, and lost it by then where it did."""
    seen, gone = (
        jnp.concatenate([getattr(part, end).known for part in packed.parts])[packed.order] for end in ("kept", "lost")
    )
    kept = jnp.where(seen > 0.0, said.kept / scatter, -_NOTHING)
    lost = jnp.where(gone > 0.0, said.lost / scatter, _NOTHING)
    lost = jnp.maximum(lost, kept + 1e-9)
    # the smaller tail of the two has the digits: Phi(lost) - Phi(kept)
    left = kept + lost > 0.0
    upper, lower = jnp.where(left, -kept, lost), jnp.where(left, -lost, kept)
    far, near = log_ndtr(upper), log_ndtr(lower)
    return far + _log_1_minus_exp(jnp.maximum(far - near, 1e-12))


def spots(numbers: Mapping[str, Any]) -> Values:
    """Number of independent spots of a cell relative to one of the reference area."""
    return links(numbers["area"], reference_area=numbers["reference_area"], exponent=numbers["area_exponent"])
