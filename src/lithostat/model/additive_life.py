"""Life with an additive filament: the coordinate of what crept in is linear in time, what was plated in charge."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from lithostat.model.growth import EARLY, NEVER, Start, middle, speeds
from lithostat.model.interface import entered_length, entry_of, entry_rate
from lithostat.model.parameters import Laws, Parameters
from lithostat.model.segments import Segments, contact_in, ripened
from lithostat.model.train import Train, at_plating, crowded, crowded_sum, open_at, train
from lithostat.physics.families import apply
from lithostat.physics.types import Values

STEPS = 12  # safeguarded Newton steps to the time of a short
SOON = -14.0  # ln of the shortest time that is told [s]


def advanced(
    start: Start, segment: Segments, here: Train, limit: Values, p: Parameters, laws: Laws, plated: bool
) -> tuple[Values, Values, Any]:
    """(coordinate, plated, whether each interface is short by then (2,)) at the end of a segment."""
    duration = segment.durations
    coordinate = start.coordinate + _rate(segment, limit, p, laws) * duration
    forth, back = speeds(here, limit, start, segment, 1.0, p, laws)
    count = duration / here.period
    stripped = back * here.strip * (count - here.late)
    filament = _base(here, start, back) + forth * crowded_sum(here, at_plating(here, start.void), count) - stripped
    filament = jnp.where(duration > 0.0, jnp.maximum(filament, 0.0), start.filament)
    peak = _peak(start, segment, here, limit, p, laws)
    return coordinate, filament, entered_length(coordinate, p, laws, xp=jnp) + peak >= limit


def _peak(start: Start, segment: Segments, here: Train, limit: Values, p: Parameters, laws: Laws) -> Values:
    """The most that is plated at any time of a segment (2,) [m]: at its start or in its last two platings."""
    time = segment.durations
    over = jnp.floor((time - here.lag - here.plate) / here.period + 1.0 + 1e-9)  # platings that are over
    over = jnp.where(time >= here.lag + here.plate * (1.0 - 1e-9), jnp.maximum(over, 0.0), 0.0)
    under_way = jnp.clip(time - here.lag - over * here.period, 0.0, here.plate)
    last = jnp.where(over > 0.0, here.plate, 0.0)
    whole = _plated(here, jnp.maximum(over - 1.0, 0.0), last, start, segment, limit, p, laws)
    return jnp.maximum(
        jnp.maximum(whole, _plated(here, over, under_way, start, segment, limit, p, laws)), start.filament
    )


def _plated(
    here: Train, count: Values, time: Values, start: Start, segment: Segments, limit: Values, p: Parameters, laws: Laws
) -> Values:
    """What is plated `time` [s] into the plating that `count` cycles come before (2,) [m]."""
    forth, back = speeds(here, limit, start, segment, 1.0, p, laws)
    first = at_plating(here, start.void)
    base = _base(here, start, back) + forth * crowded_sum(here, first, count) - back * here.strip * count
    return jnp.maximum(base, 0.0) + forth * crowded(here, open_at(here, first, count), time)


def depth(time: Values, start: Start, segment: Segments, limit: Values, p: Parameters, laws: Laws) -> Values:
    """Greatest depth of lithium at each interface until `time` [s] in a segment (2,) [m], by the corners of its steps.

    A line through them after the first half-cycle, exact within it; the contact as it is early in that time.
    """
    contact = contact_in(ripened(start.pressed, segment, EARLY * time, p, jnp), segment, p, jnp)
    here = train(segment, contact, p, laws)
    since = time - here.lag
    count = jnp.maximum(since - here.plate, 0.0) / here.period
    done = jnp.where(since > here.plate, here.plate, jnp.clip(since, 0.0, here.plate))
    coordinate = start.coordinate + _rate(segment, limit, p, laws) * time
    plated = _plated(here, count, done, start, segment, limit, p, laws)
    return entered_length(coordinate, p, laws, xp=jnp) + plated


def time_to(start: Start, segment: Segments, limit: Values, p: Parameters, laws: Laws, plated: bool) -> Values:
    """Time in a segment after which each interface is `limit` deep (2,) [s]."""
    hold = jax.lax.stop_gradient
    fixed = jax.tree.map(hold, (start, segment, limit, p))

    def over(log_time: Values, held: Any) -> Values:
        time, (start, segment, limit, p) = jnp.exp(log_time), held
        return depth(time, start, segment, limit, p, laws) - limit

    high = jnp.log(hold(_bound(fixed[0], fixed[1], fixed[2], fixed[3], laws)))
    low, guess = jnp.full(2, SOON - 1.0), high

    def newton(_: Any, bracket: Any) -> Any:
        low, high, guess = bracket
        value, slope = jax.jvp(lambda x: over(x, fixed), (guess,), (jnp.ones(2),))
        low, high = jnp.where(value < 0.0, guess, low), jnp.where(value < 0.0, high, guess)
        next_ = guess - value / jnp.maximum(slope, 1e-300)
        return low, high, jnp.where((next_ >= low) & (next_ <= high), next_, 0.5 * (low + high))

    *_, guess = jax.lax.fori_loop(0, STEPS, newton, (low, high, guess))
    guess = hold(jnp.clip(guess, SOON, jnp.log(NEVER)))
    _, slope = jax.jvp(lambda x: over(x, fixed), (guess,), (jnp.ones(2),))
    # one more step that carries the derivatives: exact by the implicit function theorem
    exact = guess - over(guess, (start, segment, limit, p)) / hold(jnp.maximum(slope, 1e-30))
    time = jnp.exp(exact + hold(guess - exact))
    at_once = entered_length(start.coordinate, p, laws, xp=jnp) + start.filament >= limit
    contact = contact_in(ripened(start.pressed, segment, EARLY * time, p, jnp), segment, p, jnp)
    here = train(segment, contact, p, laws)
    forth, back = speeds(here, limit, start, segment, contact, p, laws)
    count = jnp.maximum(time - here.lag - here.plate, 0.0) / here.period
    reach = forth * crowded(here, open_at(here, at_plating(here, start.void), count), here.plate)
    return jnp.where(at_once, 0.0, middle(time, here, reach, back * here.strip))


def _base(here: Train, start: Start, back: Values) -> Values:
    """What is plated when the first plating begins (2,) [m]."""
    return jnp.where(here.late, jnp.maximum(start.filament - back * here.strip, 0.0), start.filament)


def _rate(segment: Segments, limit: Values, p: Parameters, laws: Laws) -> Values:
    """Rate of the coordinate of entry [1/s], never quite none."""
    entry = entry_of(laws)
    least = (_coordinate(limit, p, laws) - entry.start) / NEVER
    return entry_rate(segment.pressures, segment.temperatures, p, laws, xp=jnp) + least


def _coordinate(length: Values, p: Parameters, laws: Laws) -> Values:
    """Coordinate of entry of a depth [m]: a power, (a / a_1)^s."""
    entry = entry_of(laws)
    unit = entered_length(1.0, p, laws, xp=jnp)
    power = apply(entry.slope, 1.0, 1.0, p=p, xp=jnp)
    return jnp.exp(power * jnp.log(jnp.maximum(length, 1e-12) / unit))


def _bound(start: Start, segment: Segments, limit: Values, p: Parameters, laws: Laws) -> Values:
    """A time by which each interface is `limit` deep, whatever its voids (2,) [s]."""
    contact = contact_in(start.pressed, segment, p, jnp)
    here = train(segment, contact, p, laws)
    forth, back = speeds(here, limit, start, segment, contact, p, laws)
    room = jnp.maximum(limit - _base(here, start, back), 1e-12)
    creeping = (_coordinate(room, p, laws) - start.coordinate) / _rate(segment, limit, p, laws)
    reach = forth * here.plate
    net = reach - back * here.strip
    cycles = jnp.maximum(room - reach, 0.0) / jnp.maximum(net, 1e-30)
    plating = jnp.where(net > 0.0, here.lag + here.plate + here.period * cycles, NEVER)
    plating = jnp.where(reach >= room, here.lag + room / jnp.maximum(forth, 1e-30), plating)
    return jnp.clip(jnp.minimum(creeping, plating), 1e-5, NEVER)
