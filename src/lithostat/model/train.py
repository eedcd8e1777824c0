"""A train of like cycles in closed form: how far voids are open, and how long a crowded plating counts.

With voids that close in proportion, the open share y = w / h is linear in every half-cycle: stripping takes it to
j / (c j_crit) at a rate k = (Omega/F) j_crit / h, plating to 0 at (Omega/F) (j / c + j_crit) / h. A cycle maps y to
q y + s, so that at its n-th plating y = y* + (y_0 - y*) q^n with y* = s / (1 - q). All is written for both interfaces
of a cell at once, (2,), and n may be any number >= 0.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp

from lithostat.model.interface import CONTACT_LOST, critical_stripping_current
from lithostat.model.parameters import Laws, Parameters
from lithostat.model.segments import Segments
from lithostat.physics.constants import FARADAY
from lithostat.physics.types import Values

OPEN = 0.98  # share beyond which plating is crowded no further, as in `voids.crowding`


class Train(NamedTuple):
    """What one cycle of a segment does at each interface, (2,) unless said."""

    plating: Values  # [A/m2]
    stripping: Values  # [A/m2]
    plate: Values  # time of a plating half-cycle [s]
    strip: Values  # of a stripping half-cycle [s]
    rest: Values  # after each of them, scalar [s]
    period: Values  # scalar [s]
    lag: Values  # until the first plating begins [s]
    closing: Values  # rate at which plating closes voids [1/s]
    creeping: Values  # rate at which creep alone does, scalar [1/s]
    steady: Values  # open share that endless stripping leads to [-]
    left: Values  # factors that plating leaves of it,
    left_stripped: Values  # stripping,
    left_rested: Values  # and rest, scalar
    fixed: Values  # y* at the start of plating
    log_factor: Values  # ln q, negative
    focusing: Values | None  # beta; None where voids are not followed in time and crowd nothing

    @property
    def late(self) -> Any:
        """Whether an interface strips first, (2,)."""
        return self.lag > 0.0


def train(segment: Segments, contact: Values, p: Parameters, laws: Laws) -> Train:
    """The train of one segment at a contact fraction c (scalar) without voids."""
    plate, strip = segment.turns, segment.turns[::-1]
    plating = jnp.where(plate > 0.0, segment.plating, 0.0)
    stripping = plating[::-1]
    rest = 0.5 * jnp.maximum(segment.periods - plate.sum(), 0.0)
    first = jnp.stack([segment.second, 1.0 - segment.second])  # 1 where the other plates first
    lag = jnp.where((first > 0.0) & (strip > 0.0), strip + rest, 0.0)

    critical = critical_stripping_current(segment.pressures, segment.temperatures, p, xp=jnp)
    unit = p.molar_volume / FARADAY / p.void_height
    creeping = unit * critical
    closing = unit * plating / contact + creeping
    left, left_stripped, left_rested = (
        jnp.exp(-k * t) for k, t in ((closing, plate), (creeping, strip), (creeping, rest))
    )
    steady = stripping / (contact * critical)
    log_factor = jnp.minimum(-(closing * plate + creeping * (strip + 2.0 * rest)), -1e-12)
    gained = -steady * jnp.expm1(-creeping * strip) * left_rested
    crowds = segment.limits * p.void_focusing if laws.voids == "proportional_closure" else None
    return Train(
        plating, stripping, plate, strip, rest, segment.periods, lag, closing, creeping, steady * segment.limits, left,
        left_stripped, left_rested, -gained / jnp.expm1(log_factor) * segment.limits, log_factor, crowds,
    )  # fmt: skip


def at_plating(here: Train, void: Values) -> Values:
    """Open share when the first plating begins, of one that begins with `void`."""
    if here.focusing is None:
        return void
    stripped = (void * here.left_stripped + here.steady * (1.0 - here.left_stripped)) * here.left_rested
    return jnp.where(here.late, stripped, void)


def open_at(here: Train, first: Values, count: Values) -> Values:
    """Open share at the start of the plating that `count` cycles come before, from `first` at the first one."""
    if here.focusing is None:
        return first
    return here.fixed + (first - here.fixed) * jnp.exp(here.log_factor * count)


def open_after(here: Train, first: Values, count: Values) -> Values:
    """Open share at the end of `count` cycles."""
    if here.focusing is None:
        return first
    before = jnp.maximum(count - 1.0, 0.0)  # below 0 an endless half-cycle overflows
    last = open_at(here, first, before) * here.left * here.left_rested
    return jnp.where(here.late, last, open_at(here, first, count))


def crowded(here: Train, void: Values, time: Values) -> Values:
    """For how long a plating of `time` [s] counts at a filament: the integral of 1 + beta y / (1 - y) [s]."""
    if here.focusing is None:
        return time + 0.0 * here.plate
    full = jnp.clip(jnp.log(jnp.maximum(void, OPEN) / OPEN) / here.closing, 0.0, time)
    begin = jnp.minimum(void, OPEN)
    end = begin * jnp.exp(-here.closing * (time - full))
    more = OPEN / (1.0 - OPEN) * full + jnp.log((1.0 - end) / (1.0 - begin)) / here.closing
    return time + here.focusing * more


def crowded_sum(here: Train, first: Values, count: Values) -> Values:
    """The same summed over the platings of `count` cycles, from an open share `first` at the first of them [s].

    What differs from the steady cycle is z f(z) with z = q^n, f nearly a parabola: exact in sum, and exact for one
    cycle.
    """
    steady = crowded(here, here.fixed, here.plate)
    if here.focusing is None:
        return count * steady
    apart = first - here.fixed

    def f(z: float) -> Values:
        return (crowded(here, here.fixed + z * apart, here.plate) - steady) / z

    far, middle, near = f(1.0), f(0.5), f(0.05)
    sums = [jnp.expm1(k * here.log_factor * count) / jnp.expm1(k * here.log_factor) for k in (1.0, 2.0, 3.0)]
    return count * steady + sum(w * s for w, s in zip(_parabola(far, middle, near), sums, strict=True))


def _parabola(far: Values, middle: Values, near: Values) -> tuple[Values, Values, Values]:
    """Coefficients of 1, z, z^2 through values at z = 1, 0.5, 0.05."""
    upper, lower = (far - middle) / 0.5, (middle - near) / 0.45
    bend = (upper - lower) / 0.95
    slope = upper - 1.5 * bend
    return far - slope - bend, slope, bend


def worst(here: Train, void: Values, time: Values, laws: Laws) -> Values:
    """The largest open share at each interface while it strips, until `time` [s] in a segment that begins with `void`.

    Beyond 1 it says by what factor contact is lost. With voids that close at a constant rate it is the stripping
    current over the critical one at whatever time: cells are then taken to lose their contact sooner or later.
    """
    since = jnp.maximum(time - jnp.where(here.late, 0.0, here.plate + here.rest), 0.0)
    strips = (here.stripping > 0.0) & (since > 0.0)
    if laws.voids != "proportional_closure":
        return jnp.where(strips, here.steady, 0.0)
    begin = void * jnp.where(here.late, 1.0, here.left * here.left_rested)
    part = jnp.exp(-here.creeping * jnp.minimum(since, here.strip))
    early = begin * part + here.steady * (1.0 - part)
    limit = here.fixed / jnp.maximum(here.left_rested, 1e-30)  # 0 after an endless rest
    count = jnp.maximum(since - here.strip, 0.0) / here.period
    later = limit + (early - limit) * jnp.exp(here.log_factor * count)
    return jnp.where(strips, jnp.maximum(early, later), 0.0)


def lost_at(contact: Values, laws: Laws) -> Values:
    """`worst` at which the contact no longer carries a current: little of `contact` is left, or voids that grow."""
    if laws.voids != "proportional_closure":
        return jnp.ones(())
    return 1.0 - jnp.minimum(CONTACT_LOST / contact, 0.5)
