"""Life under laws that take nothing back: plating averaged over turns, quadrature instead of an integrator.

With a filament that stripping leaves as it is and voids that crowd nothing, half-cycles change a life by less than one
of them, and their averages are several times quicker to compute. The laws are those of `model.interface`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lithostat.model.interface import FILAMENT_LENGTH, critical_length, entry_rate, tip_velocity
from lithostat.model.parameters import Laws, Parameters
from lithostat.model.resistance import stripping_load
from lithostat.model.segments import Segments
from lithostat.physics.types import Values

NODES = 10  # Gauss-Legendre nodes in each of three pieces: times to a length are good to 1e-7, derivatives to 1e-5
STEPS = 5  # Newton steps to the length at the end of a segment, from between two bounds that are close together
NEVER = 1e60  # [s]; creep that takes longer to the limit is slowed no further, which keeps derivatives finite
KNEE = 1.5  # e-folds of length beyond the crossover over which creep fades: the second piece
DEEPEST = 30.0  # e-folds of length below the limit at which a crossover no longer matters
_X, _W = np.polynomial.legendre.leggauss(NODES)
_X, _W = 0.5 * (_X + 1.0), 0.5 * _W


def averages(laws: Laws) -> bool:
    """Whether a life under these laws needs no half-cycles."""
    creeps = laws.filament == "coupled" and laws.entry in ("throat_creep", "threshold")
    plain = laws.growth != "structure_focusing" and laws.reversal == "none"
    return creeps and plain and laws.voids == "constant_closure"


class Speed(NamedTuple):
    """Growth da/dt = creep a^-n + tip(a) of the filaments in one segment."""

    creep: Values  # K [m^(n+1)/s]
    exponent: Values  # n
    current: Values  # (interfaces,) [A/m2]
    pressure: Values  # [Pa]
    p: Parameters
    laws: Laws
    plated: bool

    def tip(self, length: Values) -> Values:
        """Speed that plating adds at `length` [m/s]; zero without current."""
        return tip_velocity(self.current, length, self.pressure, 1.0, self.p, self.laws, xp=jnp)


def log_life(segments: Segments, p: Parameters, laws: Laws, plated: tuple[int, ...]) -> Values:
    """Natural logarithm of the time from the start of the exposure to the short [s], scalar.

    `plated` (static) is 0 for a segment in which no current may flow, whose closed form of creep is used, 1 where both
    interfaces plate as much on average and are computed as one, 2 where they do not. The cell shorts at the interface
    that reaches its limit first, at once where the limit falls below what has grown. Differentiable in `p` wherever
    the limit does not jump; values of that order mean never.
    """
    means = segments.plating * segments.turns / segments.periods[:, None] * segments.filaments
    if max(plated) < 2:
        means = means[:, :1]
    length, elapsed = jnp.zeros(means.shape[1]), jnp.zeros(())
    life, done = jnp.zeros(()), jnp.zeros((), bool)
    last = len(plated) - 1
    creeping, limits = _creeping(segments, p, laws)

    def through(carry: Any, here: Any, plated: bool, endless: bool) -> Any:
        length, elapsed, life, done = carry
        duration, pressure, mean, constant, limit = here
        speed = Speed(constant, p.creep_exponent, mean, pressure, p, laws, plated)
        start = jnp.minimum(length, limit)
        need = _time(start, limit, speed).min()
        reached = jnp.ones((), bool) if endless else need <= duration
        life = jnp.where(~done & reached, elapsed + need, life)
        done = done | reached
        if endless:
            return length, elapsed, life, done
        length = _grown(start, limit, duration, speed)
        return length, elapsed + duration, life, done

    carry = (length, elapsed, life, done)
    table = (segments.durations, segments.pressures, means, creeping, limits)
    if last <= UNROLLED:
        for i in range(last):
            carry = through(carry, jax.tree.map(lambda column: column[i], table), bool(plated[i]), False)  # noqa: B023
    else:
        anywhere = any(plated[:-1])
        before = jax.tree.map(lambda column: column[:-1], table)
        carry, _ = jax.lax.scan(lambda c, s: (through(c, s, anywhere, False), None), carry, before)
    carry = through(carry, jax.tree.map(lambda column: column[last], table), bool(plated[last]), True)
    return jnp.log(jnp.maximum(carry[2], 1e-6))


UNROLLED = 6  # segments up to which the loop is written out, which spares quadratures where no current flows


def _creeping(segments: Segments, p: Parameters, laws: Laws) -> tuple[Values, Values]:
    """Creep constant K of da/dt = K a^-n [m^(n+1)/s] and the length that shorts [m] in every segment."""
    n, at = p.creep_exponent, segments.pressures
    # du/dt = (n+1)/l v(l) of the coordinate u = (a/l)^(n+1)
    velocity = entry_rate(at, segments.temperatures, p, laws, xp=jnp) * FILAMENT_LENGTH / (n + 1.0)
    # the overpressure of plating is left out
    limit = critical_length(at, 0.0, p.thickness, p._replace(overpressure_transmission=0.0), laws, xp=jnp)
    limit = limit * jnp.ones_like(at)
    constant = velocity * FILAMENT_LENGTH**n
    return constant + limit ** (n + 1.0) / ((n + 1.0) * NEVER), limit


def _time(start: Values, end: Values, speed: Speed) -> Values:
    """Time to grow from `start` to `end` (interfaces,) [s]: closed form for creep, else the integral of da / (da/dt).

    Three pieces: up to the crossover of creep and plating in the length, the knee and the rest in its logarithm. Where
    the pieces meet changes nothing but the accuracy, so that no derivative runs through it.
    """
    n, constant = speed.exponent, speed.creep
    if not speed.plated:
        return jnp.maximum(end ** (n + 1.0) - start ** (n + 1.0), 0.0) / ((n + 1.0) * constant)
    crossing = jax.lax.stop_gradient(_crossover(end, speed))
    first = jnp.clip(crossing, start, end)
    second = jnp.clip(crossing * np.exp(KNEE), first, end)

    wide = jnp.log(second / first), jnp.log(end / second)
    straight = start + (first - start) * _X[:, None]
    lengths = jnp.stack([straight, first * jnp.exp(wide[0] * _X[:, None]), second * jnp.exp(wide[1] * _X[:, None])])
    steps = jnp.stack([(first - start) * jnp.ones_like(straight), wide[0] * lengths[1], wide[1] * lengths[2]])
    power = jnp.exp(n * jnp.log(jnp.maximum(lengths / end, 1e-30)))  # (a / end)^n
    slowness = power / (constant / end**n + speed.tip(lengths) * power)
    return (_W[:, None] * steps * slowness).sum((0, 1))


def _crossover(end: Values, speed: Speed) -> Values:
    """Length at which creep and plating are equally fast [m], between the deepest that matters and `end`."""
    least = end * np.exp(-DEEPEST)
    length = end * jnp.ones_like(speed.current)
    for _ in range(3):  # one step where the tip does not depend on the length, else a fast contraction
        fast = jnp.maximum(speed.tip(length), 1e-200)
        length = jnp.clip(jnp.exp(jnp.log(speed.creep / fast) / speed.exponent), least, end)
    return length


def _grown(start: Values, limit: Values, duration: Values, speed: Speed) -> Values:
    """Length after `duration`, at most `limit` [m], (interfaces,)."""
    n, m = speed.exponent, speed.exponent + 1.0
    tiny = limit * np.exp(-DEEPEST)
    crept = jnp.exp(jnp.log(jnp.maximum(start, tiny) ** m + m * speed.creep * duration) / m)
    crept = jnp.minimum(jnp.where(duration > 0.0, crept, start), limit)
    if not speed.plated:
        return crept
    hold = jax.lax.stop_gradient
    frozen = speed._replace(creep=hold(speed.creep), p=jax.tree.map(hold, speed.p))
    a0, top, dt = hold(start), hold(limit), jnp.maximum(duration, 1e-9)
    low = hold(jnp.clip(jnp.maximum(crept, start + frozen.tip(jnp.maximum(start, tiny)) * dt), tiny, top))
    high = jnp.clip(hold(crept) + frozen.tip(top) * dt, low, top)
    guess = jnp.sqrt(low * high)
    for _ in range(STEPS):  # Newton for ln t against ln a, nearly straight for creep and for plating alike
        took = jnp.maximum(_time(a0, guess, frozen), 1e-9 * dt)
        slope = guess / (took * (frozen.creep * guess**-n + frozen.tip(guess)))
        guess = jnp.clip(guess * jnp.exp(-jnp.log(took / dt) / slope), low, high)
    guess = hold(guess)
    rate = frozen.creep * guess**-n + frozen.tip(guess)
    # one more step that carries the derivatives: exact by the implicit function theorem
    exact = guess - rate * (_time(start, guess, speed) - dt)
    exact = exact + hold(jnp.clip(exact, low, high) - exact)  # bounded without cutting the derivative off
    return jnp.where(duration > 0.0, jnp.where(guess < top, exact, top), start)


def largest_load(segments: Segments, p: Parameters) -> Values:
    """`stripping_load` at the worst segment of an exposure and the interface that voids count at, scalar."""
    flows = jnp.where(segments.turns > 0.0, segments.plating, 0.0)
    stripping = (flows[:, ::-1] * segments.limits).max(axis=1)
    highest = jax.lax.cummax(segments.pressures)
    return stripping_load(segments.pressures, highest, stripping, segments.temperatures, p, xp=jnp).max()
