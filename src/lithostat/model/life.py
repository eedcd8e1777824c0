"""Time to short of an exposure in closed steps, half-cycle by half-cycle, and how near it is to losing its contact.

The laws are those of `model.interface`. What is left out against the simulator: swelling in a fixed gap (the exposure
carries the pressure) and the overpressure of plating.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from lithostat.experiment.errors import InputError
from lithostat.model import additive_life, averaged_life, coupled_life
from lithostat.model.averaged_life import averages, largest_load
from lithostat.model.growth import EARLY, Start
from lithostat.model.interface import critical_length, entry_of
from lithostat.model.parameters import OF_LAWS, OWNERS, Laws, Parameters
from lithostat.model.segments import Pressed, Segments, contact_in, entered, ripened
from lithostat.model.train import at_plating, lost_at, open_after, train, worst
from lithostat.physics.types import Values

UNROLLED = 6  # segments up to which the loop is written out, which spares quadratures where no current flows
LENGTHWISE = ("structure_focusing", "length_focusing")  # growth whose speed depends on the length of the filament
_OF_OTHERS = ("area", "lithium_thickness", "double_layer_capacitance", "hardening_time", "overpressure_transmission")
_BEGINNINGS = ("frame_", "short_", "soft_", "interphase_charge", "interphase_volume")
NUMBERS = tuple(
    name
    for names in (*OWNERS.values(), OF_LAWS)
    for name in names
    if name not in _OF_OTHERS and not name.startswith(_BEGINNINGS)
)


class History(NamedTuple):
    """An exposure as it reaches the start of each of its segments: leading axis segments.

    Under laws whose life needs no half-cycles there is the `load` alone, ln of the largest stripping current over the
    critical one.
    """

    starts: Start | None
    limits: Values  # length that shorts in the segment (s,) [m]
    shorted: Any  # whether the cell is short by the end of each segment but the last, which has none (s - 1,)
    load: Values | None = None


class Moment(NamedTuple):
    """A time of an exposure: the segment it lies in, and how long after the start of that [s]."""

    segment: Values
    time: Values


def check_laws(laws: Laws, focusing: float = 0.0) -> None:
    """Refuse laws whose life has no closed steps here; `focusing` is the void focusing, which may be learnt."""
    if laws.filament == "additive" and laws.growth in LENGTHWISE:
        raise InputError(
            f"the life under growth '{laws.growth}' with an additive filament is not known in closed steps",
            place="cell.laws",
            expected="filament: coupled, or another law of growth",
        )
    if laws.voids != "proportional_closure" and focusing > 0.0:
        raise InputError(
            f"voids by '{laws.voids}' that focus the current are not known to the calibration",
            place="cell.laws",
            expected="voids: proportional_closure, or void_focusing: 0",
        )


def history(segments: Segments, p: Parameters, laws: Laws, plated: tuple[int, ...]) -> History:
    """Follow an exposure to the start of its last segment. Of `p` the `NUMBERS` are used.

    `plated` (static) says in which segments a current may flow, see `averaged_life.log_life`.
    """
    if averages(laws):
        return History(None, None, None, largest_load(segments, p))
    last = len(plated) - 1
    bare = p._replace(overpressure_transmission=0.0)
    limits = critical_length(segments.pressures, 0.0, p.thickness, bare, laws, xp=jnp)
    limits = limits * jnp.ones_like(segments.pressures)

    def through(start: Start, i: Values, plated: bool) -> tuple[Start, tuple[Start, Any]]:
        segment = segments.at(i)
        start = start._replace(pressed=entered(start.pressed, segment, p, jnp))
        after, shorted = _after(start, segment, limits[i], p, laws, bool(plated))
        return after, (start, shorted)

    start = _beginning(p, laws)
    passed: list[tuple[Start, Any]] = []
    if last <= UNROLLED:
        for i in range(last):
            start, here = through(start, i, bool(plated[i]))
            passed.append(here)
    else:
        anywhere = any(plated[:-1])
        start, before = jax.lax.scan(lambda s, i: through(s, i, anywhere), start, jnp.arange(last))
    start = start._replace(pressed=entered(start.pressed, segments.at(last), p, jnp))
    if last <= UNROLLED:
        starts = jax.tree.map(lambda *leaves: jnp.stack(leaves), *(one for one, _ in passed), start)
        shorted = jnp.stack([one for _, one in passed]) if passed else jnp.zeros(0, bool)
        return History(starts, limits, shorted)
    starts = jax.tree.map(lambda many, one: jnp.concatenate([many, one[None]]), before[0], start)
    return History(starts, limits, before[1])


def _beginning(p: Parameters, laws: Laws) -> Start:
    zero, both = jnp.zeros(()), jnp.zeros(2)
    return Start(zero, Pressed(zero, zero), both, both, entry_of(laws).start * jnp.ones(()), both)


def _after(
    start: Start, segment: Segments, limit: Values, p: Parameters, laws: Laws, plated: bool
) -> tuple[Start, Any]:
    """The state at the end of a segment, and whether the cell is short by then."""
    duration = segment.durations
    contact = contact_in(ripened(start.pressed, segment, EARLY * duration, p, jnp), segment, p, jnp)
    here = train(segment, contact, p, laws)
    first, count = at_plating(here, start.void), duration / segment.periods
    coordinate, filament, short = _module(laws).advanced(start, segment, here, limit, p, laws, plated)
    share = worst(here, start.void, duration, laws) / lost_at(contact, laws) * segment.limits
    after = Start(
        start.elapsed + duration,
        ripened(start.pressed, segment, duration, p, jnp),
        open_after(here, first, count),
        jnp.maximum(start.worst, share),
        coordinate,
        filament,
    )
    return after, (short & (segment.filaments > 0.0)).any() & (duration > 0.0)


def _module(laws: Laws) -> Any:
    return additive_life if laws.filament == "additive" else coupled_life


def log_life(segments: Segments, passed: History, p: Parameters, laws: Laws, plated: tuple[int, ...]) -> Values:
    """Natural logarithm of the time from the start of the exposure to the short [s], scalar.

    A line through the middle of the steps after the first half-cycle of a train, exact within it. The cell shorts at
    the interface that reaches its limit first, at once where the limit falls below what has grown. Differentiable in
    `p` wherever the limit does not jump; values of the order of `growth.NEVER` mean never.
    """
    if averages(laws):
        return averaged_life.log_life(segments, p, laws, plated)
    last = len(plated) - 1
    found = jnp.argmax(jnp.append(passed.shorted, True))
    start = jax.tree.map(lambda leaf: leaf[found], passed.starts)
    segment, limit = segments.at(found), passed.limits[found]
    time = _module(laws).time_to(start, segment, limit, p, laws, any(plated))
    time = jnp.where(segment.filaments > 0.0, time, jnp.inf).min()
    time = jnp.where(found == last, time, jnp.minimum(time, segment.durations))
    return jnp.log(jnp.maximum(start.elapsed + time, 1e-6))


def log_opening(passed: History, segments: Segments, at: Moment, p: Parameters, laws: Laws) -> Values:
    """ln of how far the voids were open at most by a moment, over what loses the contact.

    Scalar: of the interface where it is largest; positive: the contact is lost by then. A cell whose critical current
    and void height are both m times as large has a value that is ln m smaller.
    """
    if passed.load is not None:
        return passed.load
    start = jax.tree.map(lambda leaf: leaf[at.segment], passed.starts)
    segment = segments.at(at.segment)
    contact = contact_in(ripened(start.pressed, segment, EARLY * at.time, p, jnp), segment, p, jnp)
    here = train(segment, contact, p, laws)
    share = worst(here, start.void, at.time, laws) / lost_at(contact, laws) * segment.limits
    return jnp.log(jnp.maximum(jnp.maximum(start.worst, share).max(), 1e-26))
