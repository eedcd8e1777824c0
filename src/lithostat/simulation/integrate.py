"""From a table of segments to a trajectory: Diffrax between events, and what happens at an event.

Time inside a segment counts from its start. Four things end a solve early: a filament reaches the length that shorts,
the contact is lost under current, an electrode runs out of lithium, or a limit of the protocol is met. A short does not
end the test: the electronic path opens and the segment goes on.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import diffrax
import jax
import jax.numpy as jnp
import optimistix as optx

from lithostat.model.interface import CONTACT_LOST as LOST
from lithostat.model.interface import FILAMENT_LENGTH
from lithostat.model.parameters import Laws, Parameters
from lithostat.model.sides import BOTH, Sides
from lithostat.physics.types import Values
from lithostat.simulation import equations
from lithostat.simulation.equations import SCALE, State
from lithostat.simulation.pieces import (
    CONTACT_LOST,
    DONE,
    LITHIUM_SPENT,
    NO_CONTACT,
    NO_LITHIUM,
    RAN,
    RUNNING,
    SHORT,
    STALLED,
    VOLTAGE,
    Carry,
    Ended,
    Piece,
    Tolerance,
    suited,
)
from lithostat.simulation.plan import Drive, Plan, PressureCurve, Segment

# (straight, curved) for one cell with its samples, and for ensembles
ACCURATE, CHEAP = (diffrax.Tsit5(), diffrax.Dopri8()), (diffrax.Bosh3(), diffrax.Tsit5())
Solvers = tuple[diffrax.AbstractSolver, diffrax.AbstractSolver]
FIRST_STEP = 3600.0  # longest first step tried [s]


def margins(t: Values, state: State, drive: Drive, p: Parameters, laws: Laws, segment: Segment) -> Values:
    """Distance to each event, (6,): positive before, negative after, of order one near it."""
    seen = equations.observe(t, state, drive, p, laws)
    left = jnp.where(drive.sides.filaments > 0.0, seen.critical - seen.filament, 1.0)
    to_short = jnp.where(drive.shorted > 0, 1.0, left.min() / FILAMENT_LENGTH)
    flowing, limits = drive.current != 0.0, drive.sides.limits > 0.0
    to_loss = jnp.where(flowing, jnp.where(limits, seen.contact, 1.0).min() / LOST - 1.0, 1.0)
    holding = limits & ((drive.sides.lithium > 0.0) | equations.stripped(drive.current))  # a collector may be bare
    to_empty = jnp.where(holding, state.lithium.metal, 1e-2).min() / 1e-5
    to_voltage = jnp.where(flowing, segment.voltage_limit - jnp.sign(drive.current) * seen.voltage, jnp.inf)
    to_high = (segment.pressure_high - seen.pressure) / 1e6
    to_low = (seen.pressure - segment.pressure_low) / 1e6
    return jnp.minimum(jnp.stack([to_short, to_loss, to_empty, to_voltage, to_high, to_low]), 1e3)


def least(distances: Values) -> Values:
    """The smallest of six distances, element by element: a reduction over so short an axis would not fuse."""
    return functools.reduce(jnp.minimum, (distances[i] for i in range(6)))


def start(p: Parameters, laws: Laws, sides: Sides = BOTH) -> Carry:
    """The test before its first segment."""
    zero = jnp.zeros(())
    state = equations.initial_state(p, laws, sides)
    stack = equations.stack_height(state, p)
    return Carry(
        row=jnp.zeros((), int),
        elapsed=zero,
        time=zero,
        state=state,
        held=zero,
        stack=stack,
        shorted=zero,
        short_time=jnp.full((), jnp.inf),
        stop=jnp.full((), jnp.inf),
        status=jnp.zeros((), int),
    )


class Lead(NamedTuple):
    """What leads the pressure at the start of a solve."""

    pressure: Values  # to set now, NaN to leave the fixture alone [Pa]
    ramp: Values  # [Pa/s]
    clamped: Values  # True keeps the pressure whatever the fixture
    longest: Values  # until the lead changes [s]


def lead(carry: Carry, segment: Segment, curve: PressureCurve) -> Lead:
    """From the protocol at the start of its row; from the measured curve, if there is one, piece by straight piece."""
    if curve.times.shape[0] == 0:
        fresh = carry.elapsed == 0.0
        return Lead(jnp.where(fresh, segment.set_pressure, jnp.nan), 0.0, segment.clamped > 0, jnp.inf)
    passed = carry.time * (1.0 + 1e-12) + 1e-9  # a point is passed although rounding stopped just before it
    after = jnp.clip(jnp.searchsorted(curve.times, passed, side="right"), 1, curve.times.shape[0] - 1)
    begin, end = curve.times[after - 1], curve.times[after]
    slope = jnp.where(jnp.isfinite(end), (curve.pressures[after] - curve.pressures[after - 1]) / (end - begin), 0.0)
    here = curve.pressures[after - 1] + slope * (carry.time - begin)
    return Lead(here, slope, jnp.ones((), bool), end - carry.time)


def enter(carry: Carry, segment: Segment, leading: Lead, p: Parameters, sides: Sides = BOTH) -> tuple[State, Drive]:
    """The state and drive at the start of a solve: pressure set, memory of the interface brought up to it."""
    stiffness = jnp.where(leading.clamped, 0.0, p.frame_stiffness)
    relaxing = jnp.where(leading.clamped, 0.0, 1.0)
    attached = jnp.where(carry.elapsed == 0.0, segment.attach_pressure, 0.0)
    state = equations.attached(carry.state, attached, segment.duration, p)
    before = Drive(
        segment.current, segment.temperature, carry.held, 0.0, carry.stack, p.frame_stiffness, 1.0, carry.shorted
    )
    present = equations.pressure(0.0, state, before, p)
    tightened = ~jnp.isnan(leading.pressure)
    renewed = tightened | ((carry.elapsed == 0.0) & leading.clamped)
    held = jnp.where(tightened, leading.pressure, jnp.where(renewed, present, carry.held))
    stack = jnp.where(renewed, equations.stack_height(state, p), carry.stack)
    state = state._replace(relaxed=jnp.where(renewed, 0.0, state.relaxed))
    drive = Drive(
        segment.current, segment.temperature, held, leading.ramp, stack, stiffness, relaxing, carry.shorted, sides
    )
    here = equations.pressure(0.0, state, drive, p)
    state = equations.remembering(state, here, p)
    return state, drive


def _norm(tol: Tolerance) -> Callable[[State], Any]:
    if tol.void == 1.0:
        return optx.rms_norm

    def norm(error: State) -> Values:
        return optx.rms_norm(error._replace(lithium=error.lithium._replace(void=tol.void * error.lithium.void)))

    return norm


class Method(NamedTuple):
    """How a stretch is integrated: with which solver, and how exactly."""

    solver: diffrax.AbstractSolver
    tolerance: Tolerance


def solve(
    state: State,
    drive: Drive,
    duration: Values,
    p: Parameters,
    laws: Laws,
    segment: Segment,
    fractions: Values,
    method: Method,
) -> tuple[Values, State, Values, Values, State]:
    """Integrate one stretch: (end time, end state, failed, saved local times, saved states).

    Time is scaled to 1 over the stretch, so that the ends of all members of an ensemble are one number.
    """

    unit = equations.moving(SCALE, laws)

    def real(y: State) -> State:
        return equations.whole(jax.tree.map(jnp.multiply, y, unit), state)

    def field(t: Values, y: State, _: None) -> State:
        speed = equations.moving(equations.rates(t * duration, real(y), drive, p, laws), laws)
        return jax.tree.map(lambda rate, one: duration / one * rate, speed, unit)

    def nearest(t: Values, y: State, args: None, **_: object) -> Values:
        return least(margins(t * duration, real(y), drive, p, laws, segment))

    tol = method.tolerance
    wanted = {"end": diffrax.SubSaveAt(t1=True)}
    if fractions.size:
        wanted["way"] = diffrax.SubSaveAt(ts=fractions)
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(field),
        method.solver,
        t0=0.0,
        t1=1.0,
        dt0=FIRST_STEP / jnp.maximum(duration, FIRST_STEP),
        y0=jax.tree.map(jnp.divide, equations.moving(state, laws), unit),
        saveat=diffrax.SaveAt(subs=wanted),
        stepsize_controller=diffrax.PIDController(rtol=tol.relative, atol=tol.absolute, norm=_norm(tol)),
        event=diffrax.Event(nearest, optx.Bisection(rtol=tol.event, atol=tol.event, flip=True)),
        adjoint=diffrax.ForwardMode(),
        max_steps=20_000,
        throw=False,
    )
    times, states = duration * solution.ts["end"], real(solution.ys["end"])
    end = jax.tree.map(lambda leaf: leaf[0], states)
    if fractions.size:
        times = jnp.concatenate([duration * solution.ts["way"], times])
        states = jax.tree.map(lambda way, last: jnp.concatenate([way, last]), real(solution.ys["way"]), states)
    # A margin that jumps has no zero: the search for it runs out of steps, but by then it knows the time to all digits.
    fine = (diffrax.RESULTS.successful, diffrax.RESULTS.event_occurred, diffrax.RESULTS.nonlinear_max_steps_reached)
    failed = jnp.ones((), bool)
    for result in fine:
        failed &= solution.result != result
    for leaf in jax.tree.leaves(end):
        failed |= ~jnp.isfinite(leaf).all()
    return duration * solution.ts["end"][0], end, failed, times, states


def advance(
    carry: Carry,
    plan: Plan,
    p: Parameters,
    laws: Laws,
    fractions: Values,
    tol: Tolerance,
    solvers: Solvers = ACCURATE,
) -> tuple[Carry, Piece]:
    """One solve and the bookkeeping after it."""
    segment = jax.tree.map(lambda column: column[carry.row], plan.table)
    leading = lead(carry, segment, plan.curve)
    state, drive = enter(carry, segment, leading, p, plan.sides)
    left = jnp.minimum(segment.duration - carry.elapsed, carry.stop - carry.time)
    left = jnp.maximum(jnp.minimum(left, leading.longest), 0.0)
    at_once = least(margins(0.0, state, drive, p, laws, segment)) <= 0.0
    span = jnp.where(at_once, 0.0, left)
    method = Method(suited(laws, solvers), tol)
    ended, end, failed, times, states = solve(state, drive, span, p, laws, segment, fractions, method)

    end = equations.settled(ended, end, drive, p)
    reached = margins(ended, end, drive, p, laws, segment)
    cause = jnp.where(at_once | (ended < span) | (least(reached) <= 0.0), jnp.argmin(reached), RAN)
    bare = (cause == LITHIUM_SPENT) & jnp.isfinite(segment.voltage_limit)
    bare &= jnp.any(equations.stripped(segment.current) & (plan.sides.lithium == 0.0))
    cause = jnp.where(bare, VOLTAGE, cause)  # a collector that is stripped bare meets any limit on voltage
    end = equations.handed_on(ended, end, drive, p)
    after = _settle(carry, plan, segment, leading, drive, Ended(ended, end, cause), p)
    after = after._replace(status=jnp.where(failed, STALLED, after.status))
    seen = jax.vmap(lambda t, y: equations.observe(t, y, drive, p, laws))(times, states)
    return after, Piece(carry.row, carry.time, cause, times, states, seen, drive)


def _settle(
    carry: Carry, plan: Plan, segment: Segment, leading: Lead, drive: Drive, ended: Ended, p: Parameters
) -> Carry:
    """What is carried on after a solve: which row is next, whether the cell is short, who is done."""
    end, cause = ended.state, ended.cause
    shorts, limited = cause == SHORT, cause >= VOLTAGE
    time, elapsed = carry.time + ended.time, carry.elapsed + ended.time
    end = end._replace(conductance=jnp.where(shorts, p.soft_conductance, end.conductance))
    exits = jnp.stack([segment.voltage_exit, segment.high_exit, segment.low_exit])
    complete = elapsed >= segment.duration * (1.0 - 1e-14)
    if plan.curve.times.shape[0] == 0:
        complete = ~shorts  # nothing but a short splits a row
    row = jnp.where(complete & ~shorts, carry.row + 1, carry.row)
    row = jnp.where(limited, exits[jnp.maximum(cause - VOLTAGE, 0)], row)
    stop = jnp.where(shorts, time + plan.after_short, carry.stop)
    status = jnp.where((row >= plan.rows) | (time >= stop), DONE, RUNNING)
    status = jnp.where(cause == CONTACT_LOST, NO_CONTACT, jnp.where(cause == LITHIUM_SPENT, NO_LITHIUM, status))
    return Carry(
        row=row,
        elapsed=jnp.where(row == carry.row, elapsed, 0.0),
        time=time,
        state=end,
        held=drive.pressure + drive.ramp * ended.time,
        stack=jnp.where(leading.clamped, equations.stack_height(end, p), drive.stack),
        shorted=jnp.where(shorts, 1.0, carry.shorted),
        short_time=jnp.where(shorts, time, carry.short_time),
        stop=stop,
        status=status,
    )


def trajectory(p: Parameters, laws: Laws, plan: Plan, fractions: Values, tol: Tolerance) -> tuple[Carry, Piece, Values]:
    """One cell through all rows: how it ended, every piece (leading axis: pieces), and how many pieces are filled.

    The table may be longer than `plan.rows`; a fixed length lets one compilation serve many protocols.
    """
    # one more solve where a short splits a row, and one for every point of a measured pressure
    length = plan.table.duration.shape[0] + plan.curve.times.shape[0] + 1
    first = start(p, laws, plan.sides)
    shape = jax.eval_shape(lambda c: advance(c, plan, p, laws, fractions, tol)[1], first)
    buffer = jax.tree.map(lambda leaf: jnp.zeros((length, *leaf.shape), leaf.dtype), shape)

    def body(loop: tuple[Carry, Piece, Values]) -> tuple[Carry, Piece, Values]:
        carry, pieces, count = loop
        carry, piece = advance(carry, plan, p, laws, fractions, tol)
        pieces = jax.tree.map(lambda all_, one: all_.at[count].set(one), pieces, piece)
        return carry, pieces, count + 1

    return jax.lax.while_loop(lambda loop: loop[0].status == RUNNING, body, (first, buffer, jnp.zeros((), int)))


def ending(p: Parameters, laws: Laws, plan: Plan, tol: Tolerance, axes: Values) -> Carry:
    """How each member of an ensemble ends, without its trajectory.

    `axes` has 0 for the fields of `p` with a member axis and None for the others.
    """

    def one(p: Parameters) -> Carry:
        def body(carry: Carry) -> Carry:
            return advance(idle_if_done(carry), plan, p, laws, jnp.zeros((0,)), tol, CHEAP)[0]

        return jax.lax.while_loop(lambda carry: carry.status == RUNNING, body, start(p, laws, plan.sides))

    return jax.vmap(one, in_axes=(axes,))(p)


def idle_if_done(carry: Carry) -> Carry:
    """A member that is done goes through the motions until all of its ensemble are: without time left, at no cost."""
    return carry._replace(stop=jnp.where(carry.status == RUNNING, carry.stop, carry.time))
