"""The time to short can be differentiated with respect to the parameters, through the event that ends the solve."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lithostat.engine import engine
from lithostat.model.resolve import resolve
from lithostat.papers.doux2020.published import cell, cycling
from lithostat.simulation import integrate
from lithostat.simulation.integrate import RUNNING, Tolerance
from lithostat.simulation.schedule import schedule

NAMES = ("toughness", "throat_radius", "focusing")


def test_the_time_to_short_has_the_derivative_that_differences_show():
    resolved, timetable = resolve(cell()), schedule(cell(), cycling("25 MPa"))
    with engine():
        p, plan = jax.tree.map(jnp.float64, resolved.parameters), jax.tree.map(jnp.asarray, timetable.plan)

        def life(factors):
            scaled = {name: factors[i] * getattr(p, name) for i, name in enumerate(NAMES)}
            member = p._replace(**scaled)

            def body(carry):
                return integrate.advance(carry, plan, member, resolved.laws, jnp.zeros(0), Tolerance())[0]

            def unbroken(carry):
                return (carry.status == RUNNING) & ~jnp.isfinite(carry.short_time)

            return jax.lax.while_loop(unbroken, body, integrate.start(member, resolved.laws)).short_time

        gradient = jax.jacfwd(life)(jnp.ones(3))
        lives = jax.jit(life)
        steps = 1e-4 * np.eye(3)
        differences = [(lives(1.0 + step) - lives(1.0 - step)) / 2e-4 for step in steps]
    assert np.asarray(gradient) == pytest.approx(np.asarray(differences), rel=1e-6)
