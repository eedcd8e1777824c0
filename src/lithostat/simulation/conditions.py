"""Many cells under many conditions at once: each member with its own parameters, pressure, current and temperature."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lithostat import programs
from lithostat.engine import engine
from lithostat.model.parameters import Laws, Parameters
from lithostat.physics.types import Values
from lithostat.simulation import equations
from lithostat.simulation.compiled import functions_of
from lithostat.simulation.pieces import RUNNING, Carry, Tolerance
from lithostat.simulation.plan import Drive, Plan

ENOUGH = Tolerance(1e-4, 1e-5, 1e-5, void=0.1)  # times to short agree with the default to 1e-3, turns of current aside


class Endings(NamedTuple):
    """How each member ended, arrays (members,). A test stops at its short.

    `margin` is ln(a / a_c) of the deepest filament at the end: how far it was from a short, 0 at one.
    """

    status: np.ndarray  # a key of `pieces.ENDED_AS`; DONE at a short too
    short_time: np.ndarray  # infinite without a short [s]
    time: np.ndarray  # when the test ended [s]
    margin: np.ndarray  # [-]


def endings(
    parameters: Parameters,
    laws: Laws,
    plan: Plan,
    *,
    fields: dict[str, np.ndarray],
    columns: dict[str, tuple[np.ndarray, np.ndarray]],
    tolerance: Tolerance = ENOUGH,
) -> Endings:
    """Run every member to its short, its loss of contact or the end of `plan`, in one compiled call.

    `fields` replaces parameters by name with one value for each member, (members,) SI. `columns` replaces columns of
    the plan's table: a pattern (rows,), zero where the plan stays as it is, and a value for each member; where the
    pattern is not zero the column holds pattern times value.
    """
    unknown = set(fields) - set(Parameters._fields)
    if unknown:
        raise TypeError(f"no such parameters: {', '.join(sorted(unknown))}")
    here = plan._replace(after_short=np.zeros(()))
    with engine():
        p = jax.tree.map(np.float64, parameters)
        p = p._replace(**{name: np.asarray(values, float) for name, values in fields.items()})
        p_axes = Parameters(**{name: 0 if name in fields else None for name in Parameters._fields})
        replaced = {}
        for name, (pattern, values) in columns.items():
            kept = getattr(plan.table, name)[:, None]
            # members along the last axis: members stand at nearly the same row, and their entries then lie together
            replaced[name] = np.where(pattern[:, None] != 0.0, pattern[:, None] * np.asarray(values, float), kept)
        table = here.table._replace(**replaced)
        table_axes = type(table)(*(1 if name in replaced else None for name in table._fields))
        plan_axes = Plan(table_axes, type(plan.curve)(None, None), None, None, type(plan.sides)(None, None, None))
        result = programs.call(
            "endings",
            lambda: _traced(laws, tolerance, p_axes, plan_axes),
            (p, here._replace(table=table)),
            settings=(laws, tolerance, p_axes, plan_axes),
            gives=Endings,
            functions=functions_of(laws),
        )
        return jax.tree.map(np.asarray, result)


def _traced(
    laws: Laws, tolerance: Tolerance, p_axes: Parameters, plan_axes: Plan
) -> Callable[[Parameters, Plan], Endings]:
    from lithostat.simulation import integrate

    def onward(carry: Carry, plan: Plan, p: Parameters) -> Carry:
        return integrate.advance(carry, plan, p, laws, jnp.zeros((0,)), tolerance, integrate.CHEAP)[0]

    def one(p: Parameters, plan: Plan) -> Endings:
        def body(carry: Carry) -> Carry:
            return onward(integrate.idle_if_done(carry), plan, p)

        first = integrate.start(p, laws, plan.sides)
        carry = jax.lax.while_loop(lambda carry: carry.status == RUNNING, body, first)
        return Endings(carry.status, carry.short_time, carry.time, _margin(carry, plan, p, laws))

    return jax.vmap(one, in_axes=(p_axes, plan_axes))


def _margin(carry: Carry, plan: Plan, p: Parameters, laws: Laws) -> Values:
    """ln(a / a_c) at the end of a test, of the interface that is nearest to a short."""
    last = jax.tree.map(lambda column: column[jnp.clip(carry.row, 0, plan.rows) - 1], plan.table)
    drive = Drive(last.current, last.temperature, carry.held, 0.0, carry.stack, p.frame_stiffness, 1.0, 0.0, plan.sides)
    seen = equations.observe(0.0, carry.state, drive, p, laws)
    depth = jnp.log(jnp.maximum(seen.filament, 1e-12) / seen.critical)
    return jnp.where(plan.sides.filaments > 0.0, depth, -jnp.inf).max()
