"""From a table of segments to a trajectory: Diffrax between events, and what happens at an event.

Time inside a segment counts from its start. Four things end a solve early: a filament reaches the length that shorts,
the contact is lost under current, an electrode runs out of lithium, or a limit of the protocol is met. A short does not
end the test: the electronic path opens and the segment goes on.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import optimistix as optx

from lithostat.simulation import equations
from lithostat.simulation.equations import SCALE, Observation, State
from lithostat.simulation.parameters import Drive, Laws, Parameters, Segment

SHORT, CONTACT_LOST, LITHIUM_SPENT, VOLTAGE, HIGH, LOW = range(6)  # what can end a solve; the last three are limits
RUNNING, DONE, NO_CONTACT, NO_LITHIUM, STALLED = range(5)  # how a test stands
FIRST_STEP = 3600.0  # longest first step tried [s]


class Tolerance(NamedTuple):
    """Of the integrator (per field, in its own unit) and of the time of an event relative to the step it lies in."""

    relative: float = 1e-8
    absolute: float = 1e-11
    event: float = 1e-10


class Carry(NamedTuple):
    """What passes from one solve to the next."""

    row: Any
    elapsed: Any  # inside the row [s]
    time: Any  # since the start of the test [s]
    state: State
    held: Any  # pressure the fixture was set to, relaxation and swelling aside [Pa]
    stack: Any  # stack height at that moment [m]
    shorted: Any  # 0. or 1.
    short_time: Any  # infinite until then [s]
    stop: Any  # the test ends here at the latest [s]
    status: Any


class Piece(NamedTuple):
    """One solve: where it started, what drove it, the states saved on its way (trailing entry: its end)."""

    row: Any
    start: Any  # [s]
    cause: Any  # what ended it, -1 if it ran its time
    times: Any  # local (samples + 1,) [s], infinite beyond an event
    states: State  # leading axis (samples + 1,)
    seen: Observation  # leading axis (samples + 1,)
    drive: Drive


def margins(t: Any, state: State, drive: Drive, p: Parameters, laws: Laws, segment: Segment) -> Any:
    """Distance to each event, (6,): positive before, negative after, of order one near it."""
    seen = equations.observe(t, state, drive, p, laws)
    to_short = jnp.where(drive.shorted > 0, 1.0, (seen.critical - seen.filament).min() / equations.FILAMENT_LENGTH)
    flowing = drive.current != 0.0
    to_loss = jnp.where(flowing, seen.contact.min() / equations.CONTACT_LOST - 1.0, 1.0)
    to_empty = state.lithium.min() / 1e-5
    to_voltage = jnp.where(flowing, segment.voltage_limit - jnp.sign(drive.current) * seen.voltage, jnp.inf)
    to_high = (segment.pressure_high - seen.pressure) / 1e6
    to_low = (seen.pressure - segment.pressure_low) / 1e6
    return jnp.minimum(jnp.stack([to_short, to_loss, to_empty, to_voltage, to_high, to_low]), 1e3)


def start(p: Parameters) -> Carry:
    """The test before its first segment."""
    zero = jnp.zeros(())
    state = equations.initial_state(p)
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


def enter(carry: Carry, segment: Segment, p: Parameters) -> tuple[State, Drive]:
    """The state and drive at the start of a solve: pressure set, memory of the interface brought up to it."""
    stiffness = jnp.where(segment.clamped > 0, 0.0, p.frame_stiffness)
    relaxing = jnp.where(segment.clamped > 0, 0.0, 1.0)
    state = carry.state
    before = Drive(
        segment.current, segment.temperature, carry.held, 0.0, carry.stack, p.frame_stiffness, 1.0, carry.shorted
    )
    present = equations.pressure(0.0, state, before, p)
    fresh = carry.elapsed == 0.0
    tightened = fresh & ~jnp.isnan(segment.set_pressure)
    renewed = tightened | (fresh & (segment.clamped > 0))
    held = jnp.where(tightened, segment.set_pressure, jnp.where(renewed, present, carry.held))
    stack = jnp.where(renewed, equations.stack_height(state, p), carry.stack)
    state = eqx.tree_at(lambda s: s.relaxed, state, jnp.where(renewed, 0.0, state.relaxed))
    drive = Drive(segment.current, segment.temperature, held, segment.ramp, stack, stiffness, relaxing, carry.shorted)
    here = equations.pressure(0.0, state, drive, p)
    state = eqx.tree_at(
        lambda s: (s.highest_pressure, s.conformity),
        state,
        (jnp.maximum(state.highest_pressure, here), jnp.maximum(state.conformity, here / p.contact_pressure)),
    )
    return state, drive


def solve(
    state: State,
    drive: Drive,
    duration: Any,
    p: Parameters,
    laws: Laws,
    segment: Segment,
    fractions: Any,
    tol: Tolerance,
) -> tuple[Any, State, Any, Any, State]:
    """Integrate one stretch: (end time, end state, solver result, saved local times, saved states)."""

    def field(t: Any, y: State, _: Any) -> State:
        state = jax.tree.map(jnp.multiply, y, SCALE)
        return jax.tree.map(jnp.divide, equations.rates(t, state, drive, p, laws), SCALE)

    def nearest(t: Any, y: State, args: Any, **_: Any) -> Any:
        return margins(t, jax.tree.map(jnp.multiply, y, SCALE), drive, p, laws, segment).min()

    wanted = {"end": diffrax.SubSaveAt(t1=True)}
    if fractions.size:
        wanted["way"] = diffrax.SubSaveAt(ts=fractions * duration)
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(field),
        diffrax.Tsit5(),
        t0=0.0,
        t1=duration,
        dt0=jnp.minimum(duration, FIRST_STEP),
        y0=jax.tree.map(jnp.divide, state, SCALE),
        saveat=diffrax.SaveAt(subs=wanted),
        stepsize_controller=diffrax.PIDController(rtol=tol.relative, atol=tol.absolute),
        event=diffrax.Event(nearest, optx.Bisection(rtol=tol.event, atol=tol.event, flip=True)),
        adjoint=diffrax.ForwardMode(),
        max_steps=20_000,
        throw=False,
    )
    real = {name: jax.tree.map(jnp.multiply, ys, SCALE) for name, ys in solution.ys.items()}
    end = jax.tree.map(lambda leaf: leaf[0], real["end"])
    times, states = solution.ts["end"], real["end"]
    if fractions.size:
        times = jnp.concatenate([solution.ts["way"], times])
        states = jax.tree.map(lambda way, last: jnp.concatenate([way, last]), real["way"], states)
    failed = solution.result != diffrax.RESULTS.successful
    failed &= solution.result != diffrax.RESULTS.event_occurred
    for leaf in jax.tree.leaves(end):
        failed |= ~jnp.isfinite(leaf).all()
    return solution.ts["end"][0], end, failed, times, states


def advance(
    carry: Carry, table: Segment, rows: Any, after_short: Any, p: Parameters, laws: Laws, fractions: Any, tol: Tolerance
) -> tuple[Carry, Piece]:
    """One solve and the bookkeeping after it."""
    segment = jax.tree.map(lambda column: column[carry.row], table)
    state, drive = enter(carry, segment, p)
    left = jnp.minimum(segment.duration - carry.elapsed, carry.stop - carry.time)
    at_once = margins(0.0, state, drive, p, laws, segment).min() <= 0.0
    span = jnp.where(at_once, 0.0, jnp.maximum(left, 0.0))
    ended, end, failed, times, states = solve(state, drive, span, p, laws, segment, fractions, tol)

    reached = margins(ended, end, drive, p, laws, segment)
    hit = at_once | (ended < span)
    cause = jnp.argmin(reached)
    shorts = hit & (cause == SHORT)
    time = carry.time + ended
    conductance = jnp.where(shorts, p.soft_conductance, end.conductance)
    end = eqx.tree_at(lambda s: s.conductance, end, conductance)
    stop = jnp.where(shorts, time + after_short, carry.stop)
    exits = jnp.stack([segment.voltage_exit, segment.high_exit, segment.low_exit])
    onward = jnp.where(hit & (cause >= VOLTAGE), exits[jnp.maximum(cause - VOLTAGE, 0)], carry.row + 1)
    row = jnp.where(shorts, carry.row, onward)
    status = jnp.where(hit & (cause == CONTACT_LOST), NO_CONTACT, RUNNING)
    status = jnp.where(hit & (cause == LITHIUM_SPENT), NO_LITHIUM, status)
    status = jnp.where((row >= rows) | (time >= stop), jnp.where(status == RUNNING, DONE, status), status)
    status = jnp.where(failed, STALLED, status)
    clamped = segment.clamped > 0
    after = Carry(
        row=row,
        elapsed=jnp.where(shorts, carry.elapsed + ended, 0.0),
        time=time,
        state=end,
        held=drive.pressure + drive.ramp * ended,
        stack=jnp.where(clamped, equations.stack_height(end, p), drive.stack),
        shorted=jnp.where(shorts, 1.0, carry.shorted),
        short_time=jnp.where(shorts, time, carry.short_time),
        stop=stop,
        status=status,
    )
    seen = jax.vmap(lambda t, y: equations.observe(t, y, drive, p, laws))(times, states)
    return after, Piece(carry.row, carry.time, jnp.where(hit, cause, -1), times, states, seen, drive)


@eqx.filter_jit
def trajectory(
    p: Parameters, laws: Laws, table: Segment, rows: Any, after_short: Any, fractions: Any, tol: Tolerance
) -> tuple[Carry, Piece, Any]:
    """One cell through all rows: how it ended, every piece (leading axis: pieces), and how many pieces are filled.

    `table` may be longer than `rows`; a fixed length lets one compilation serve many protocols.
    """
    length = table.duration.shape[0] + 1  # one more solve where a short splits a row
    first = start(p)
    shape = jax.eval_shape(lambda c: advance(c, table, rows, after_short, p, laws, fractions, tol)[1], first)
    buffer = jax.tree.map(lambda leaf: jnp.zeros((length, *leaf.shape), leaf.dtype), shape)

    def body(loop: tuple[Carry, Piece, Any]) -> tuple[Carry, Piece, Any]:
        carry, pieces, count = loop
        carry, piece = advance(carry, table, rows, after_short, p, laws, fractions, tol)
        pieces = jax.tree.map(lambda all_, one: all_.at[count].set(one), pieces, piece)
        return carry, pieces, count + 1

    return jax.lax.while_loop(lambda loop: loop[0].status == RUNNING, body, (first, buffer, jnp.zeros((), int)))


@eqx.filter_jit
def ending(p: Parameters, laws: Laws, table: Segment, rows: Any, after_short: Any, tol: Tolerance, axes: Any) -> Carry:
    """How each member of an ensemble ends, without its trajectory.

    `axes` has 0 for the fields of `p` with a member axis and None for the others.
    """

    def one(p: Parameters) -> Carry:
        none = jnp.zeros((0,))

        def body(carry: Carry) -> Carry:
            return advance(carry, table, rows, after_short, p, laws, none, tol)[0]

        return jax.lax.while_loop(lambda carry: carry.status == RUNNING, body, start(p))

    return jax.vmap(one, in_axes=(axes,))(p)
