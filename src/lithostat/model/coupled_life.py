"""Life with a coupled filament, whose whole length entry feels: quadrature of time over length, no integrator.

A train of cycles has a base that entry and the net growth of a cycle lengthen; within each cycle the filament rises
above it and comes back, and entry has its mean over that rise.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lithostat.model.growth import EARLY, NEVER, Start, middle, speeds
from lithostat.model.interface import entered_length, entry_of, entry_rate
from lithostat.model.parameters import Laws, Parameters
from lithostat.model.segments import Segments, contact_in, ripened
from lithostat.model.train import Train, at_plating, crowded, crowded_sum, train
from lithostat.physics.families import apply
from lithostat.physics.types import Values

NODES = 10  # Gauss-Legendre nodes in each of three pieces: times to a length are good to 1e-7, derivatives to 1e-5
STEPS = 10  # bracketed Newton steps to the length at the end of a segment
PASSES = 2  # over the time of a short, which the contact depends on a little
KNEE = 1.5  # e-folds of length beyond the crossover over which creep fades: the second piece
DEEPEST = 30.0  # e-folds of length below the limit at which a crossover no longer matters
MANY = 1e6  # cycles after which voids have long found their steady share
_X, _W = np.polynomial.legendre.leggauss(NODES)
_X, _W = 0.5 * (_X + 1.0), 0.5 * _W


class Growth(NamedTuple):
    """How fast filaments lengthen in a segment: entry as V (a / unit)^k, plating and stripping by their mean shares."""

    rate: Values  # of the coordinate of entry, (a / unit)^(1 - k) [1/s]
    power: Values  # k
    unit: Values  # [m]
    rise: Values  # (2,) time of plating that counts, over the time it is spread over [-]
    fall: Values  # (2,) the same of stripping
    swing: Values  # (2,) plating that counts in one half-cycle [s]; 0 where growth is taken as it comes
    plate: Values  # (2,) [s]
    about: tuple[Any, ...]  # what `speeds` takes, in its order but for the length

    def entry(self, length: Values) -> Values:
        """Speed of entry at `length` [m/s], mean over the rise of a cycle."""
        span = jnp.maximum(self.reach(length) / length, 1e-9)
        more = self.power + 1.0
        mean = jnp.expm1(more * jnp.log1p(span)) / (more * span)
        bare = self.rate * self.unit / (1.0 - self.power)
        return bare * jnp.exp(self.power * jnp.log(length / self.unit)) * mean

    def tip(self, length: Values) -> Values:
        """Net speed of plating and stripping at `length`, never backwards [m/s]."""
        here, *rest = self.about
        forth, back = speeds(here, length, *rest)
        return jnp.maximum(forth * self.rise - back * self.fall, 0.0)

    def reach(self, length: Values) -> Values:
        """By how much a cycle rises above its base at `length` [m]."""
        here, *rest = self.about
        forth, _ = speeds(here, length, *rest)
        return jnp.maximum(forth * self.swing - self.tip(length) * jnp.where(self.swing > 0.0, self.plate, 0.0), 0.0)

    def coordinate(self, length: Values) -> Values:
        """Coordinate of entry of a length [m]."""
        return jnp.exp((1.0 - self.power) * jnp.log(jnp.maximum(length, 1e-28) / self.unit))


def advanced(
    start: Start, segment: Segments, here: Train, limit: Values, p: Parameters, laws: Laws, plated: bool
) -> tuple[Values, Values, Any]:
    """(coordinate, length of the base, whether each interface is short by then (2,)) at the end of a segment."""
    duration = segment.durations
    early = contact_in(ripened(start.pressed, segment, EARLY * duration, p, jnp), segment, p, jnp)
    growth = _train_growth(here, start, segment, early, limit, p, laws)
    least = _least(p, laws)
    base = jnp.maximum(start.filament, least)
    short = time_to(start, segment, limit, p, laws, plated) <= duration
    if not plated:
        grown = jnp.minimum(_length(growth.coordinate(base) + growth.rate * duration, growth), limit)
        return start.coordinate, jnp.where(duration > 0.0, grown, base), short
    begin = jnp.minimum(_begun(here, base, start, segment, early, p, laws), limit)
    grown = _grown(begin, limit, duration, growth)
    forth, back = speeds(here, grown, start, segment, early, p, laws)
    count = duration / here.period
    steady = crowded(here, here.fixed, here.plate)
    extra = crowded_sum(here, at_plating(here, start.void), count) - count * steady
    grown = jnp.maximum(grown + forth * extra + jnp.where(here.late, back * here.strip, 0.0), least)
    return start.coordinate, jnp.where(duration > 0.0, grown, base), short


def time_to(start: Start, segment: Segments, limit: Values, p: Parameters, laws: Laws, plated: bool) -> Values:
    """Time in a segment after which each interface is `limit` deep (2,) [s]."""
    base = jnp.maximum(start.filament, _least(p, laws))
    time = jnp.zeros(2)
    for _ in range(PASSES if laws.voids == "proportional_closure" else 1):
        contact = contact_in(ripened(start.pressed, segment, EARLY * time, p, jnp), segment, p, jnp)
        here = train(segment, contact, p, laws)
        about = (start, segment, contact, p, laws)
        growth = _train_growth(here, start, segment, contact, limit, p, laws)
        if not plated:
            rest = (growth.coordinate(limit) - growth.coordinate(base)) / growth.rate
            return jnp.where(base >= limit, 0.0, rest)
        begin = jnp.minimum(_begun(here, base, *about), limit)
        first = at_plating(here, start.void)
        once = crowded(here, first, here.plate)
        straight = growth._replace(
            rise=jnp.where(here.plate > 0.0, once / jnp.maximum(here.plate, 1.0), 0.0), fall=0.0, swing=0.0 * once
        )
        at_first = _time(begin, limit, straight)
        forth, back = speeds(here, limit, *about)
        extra = crowded_sum(here, first, MANY) - MANY * crowded(here, here.fixed, here.plate)
        end = jnp.maximum(limit - growth.reach(limit) - forth * extra, begin)
        later = jnp.maximum(_time(begin, end, growth), here.plate)
        time = here.lag + jnp.where(at_first <= here.plate, at_first, later)
        time = jnp.where(base >= limit, 0.0, time)
    return jnp.where(base >= limit, 0.0, middle(time, here, forth * growth.swing, back * here.strip))


def _train_growth(
    here: Train, start: Start, segment: Segments, contact: Values, limit: Values, p: Parameters, laws: Laws
) -> Growth:
    """Growth in the steady cycle of a train."""
    entry = entry_of(laws)
    power = 1.0 - apply(entry.slope, 1.0, 1.0, p=p, xp=jnp)
    unit = entered_length(1.0, p, laws, xp=jnp)
    counts = crowded(here, here.fixed, here.plate)
    found = Growth(
        rate=entry_rate(segment.pressures, segment.temperatures, p, laws, xp=jnp),
        power=power,
        unit=unit,
        rise=counts / here.period,
        fall=here.strip / here.period,
        swing=counts,
        plate=here.plate,
        about=(here, start, segment, contact, p, laws),
    )
    return found._replace(rate=found.rate + (found.coordinate(limit) - entry.start) / NEVER)


def _least(p: Parameters, laws: Laws) -> Values:
    """The shortest a filament is [m]: that of the flaw it starts from."""
    return entered_length(entry_of(laws).start, p, laws, xp=jnp)


def _length(coordinate: Values, growth: Growth) -> Values:
    return growth.unit * jnp.exp(jnp.log(jnp.maximum(coordinate, 1e-200)) / (1.0 - growth.power))


def _begun(
    here: Train, base: Values, start: Start, segment: Segments, contact: Values, p: Parameters, laws: Laws
) -> Values:
    """Length when the first plating begins (2,) [m]."""
    _, back = speeds(here, base, start, segment, contact, p, laws)
    return jnp.where(here.late, jnp.maximum(base - back * here.strip, _least(p, laws)), base)


def _time(start: Values, end: Values, growth: Growth) -> Values:
    """Time to grow from `start` to `end` (2,) [s]: the integral of da / (da/dt).

    Three pieces: up to the crossover of creep and plating in the length, the knee and the rest in its logarithm; for an
    entry that quickens with length, three in the logarithm. Where the pieces meet changes nothing but the accuracy, so
    that no derivative runs through it.
    """
    crossing = jax.lax.stop_gradient(_crossover(start, end, growth))
    first = jnp.clip(crossing, start, end)
    second = jnp.clip(crossing * np.exp(KNEE), first, end)
    quickens = growth.power > 0.0
    third = jnp.log(end / jnp.maximum(start, 1e-28)) / 3.0
    hold = jax.lax.stop_gradient(third)
    first = jnp.where(quickens, jnp.clip(start * jnp.exp(hold), start, end), first)
    second = jnp.where(quickens, jnp.clip(start * jnp.exp(2.0 * hold), start, end), second)

    wide = jnp.log(second / first), jnp.log(end / second)
    straight = start + (first - start) * _X[:, None]
    lengths = jnp.stack([straight, first * jnp.exp(wide[0] * _X[:, None]), second * jnp.exp(wide[1] * _X[:, None])])
    lengths = jnp.maximum(lengths, end * 1e-30)
    steps = jnp.stack([(first - start) * jnp.ones_like(straight), wide[0] * lengths[1], wide[1] * lengths[2]])
    slowness = 1.0 / (growth.entry(lengths) + growth.tip(lengths))
    return (_W[:, None] * steps * slowness).sum((0, 1))


def _crossover(start: Values, end: Values, growth: Growth) -> Values:
    """Length at which creep and plating are equally fast [m], between the deepest that matters and `end`."""
    least = end * np.exp(-DEEPEST)
    length = end * jnp.ones_like(growth.plate)
    for _ in range(3):  # one step where the tip does not depend on the length, else a fast contraction
        fast = jnp.maximum(growth.tip(length) / growth.entry(length), 1e-200)
        power = jnp.minimum(growth.power, -1.0)
        length = jnp.clip(length * jnp.exp(jnp.log(fast) / power), least, end)
    return length


def _grown(start: Values, limit: Values, duration: Values, growth: Growth) -> Values:
    """Length of the base after `duration`, at most `limit` (2,) [m]."""
    hold = jax.lax.stop_gradient
    here, start_, segment, contact, p, laws = growth.about
    about = (*jax.tree.map(hold, (here, start_, segment, contact, p)), laws)
    frozen = jax.tree.map(hold, growth._replace(about=()))._replace(about=about)
    begin, top, wanted = hold(start), hold(limit) * jnp.ones(2), jnp.maximum(duration, 1e-9)
    whole = _time(begin, top, frozen) <= wanted
    low, high = jnp.maximum(begin, top * np.exp(-DEEPEST)), top

    def newton(_: Any, bracket: Any) -> Any:  # for ln t against ln a, nearly straight for creep and for plating alike
        low, high, guess = bracket
        took = jnp.maximum(_time(begin, guess, frozen), 1e-9 * wanted)
        low, high = jnp.where(took < wanted, guess, low), jnp.where(took < wanted, high, guess)
        slope = guess / (took * (frozen.entry(guess) + frozen.tip(guess)))
        next_ = guess * jnp.exp(-jnp.log(took / wanted) / jnp.maximum(slope, 1e-6))
        return low, high, jnp.where((next_ >= low) & (next_ <= high), next_, jnp.sqrt(low * high))

    *_, guess = jax.lax.fori_loop(0, STEPS, newton, (low, high, jnp.sqrt(low * high)))
    guess = hold(guess)
    rate = frozen.entry(guess) + frozen.tip(guess)
    exact = guess - rate * (_time(start, guess, growth) - wanted)  # one more step that carries the derivatives
    exact = exact + hold(jnp.clip(exact, low, high) - exact)
    return jnp.where(whole, limit, jnp.where(duration > 0.0, exact, start))
