"""Order of convergence of the integrator on the right-hand side of this package, measured."""

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lithostat.engine import engine
from lithostat.model.interface import InterfaceMemory, Lithium
from lithostat.model.resolve import resolve
from lithostat.simulation.equations import SCALE, State, rates
from lithostat.simulation.plan import Drive

SPAN = 3.0 * 3600.0
CURRENT = 15.0  # A/m2: the filament's coordinate grows e^4-fold
STEPS = (8, 16, 32, 64, 128)


def mature_state(p):
    """Past the steep beginnings of contact and interphase, so that nothing but the order of the method decides."""
    return State(
        lithium=Lithium(jnp.array([2.0, 0.5]), jnp.zeros(2), jnp.zeros(2), jnp.full(2, 5e-4)),
        memory=InterfaceMemory(jnp.array(2.5 * 25e6 / p.contact_pressure), jnp.array(25e6), jnp.array(5e-7)),
        relaxed=jnp.array(0.0),
        conductance=jnp.array(0.0),
        ionic_charge=jnp.array(0.0),
        leaked_charge=jnp.array(0.0),
    )


@pytest.fixture(scope="module")
def ends(experiment):
    """Scaled end states: one per number of constant steps, and the reference."""
    cell, _ = experiment([{"rest": "1 h"}], laws={"growth": "length_focusing"})  # the steepest law: exponential
    resolved = resolve(cell)
    with engine():
        p = jax.tree.map(np.float64, resolved.parameters)
        drive = Drive(CURRENT, 298.15, 25e6, 0.0, 0.0, 0.0, 0.0, 0.0)

        def field(t, y, _):
            state = jax.tree.map(jnp.multiply, y, SCALE)
            return jax.tree.map(jnp.divide, rates(t, state, drive, p, resolved.laws), SCALE)

        def end(controller, dt0, solver):
            solution = diffrax.diffeqsolve(
                diffrax.ODETerm(field),
                solver,
                0.0,
                SPAN,
                dt0,
                jax.tree.map(jnp.divide, mature_state(p), SCALE),
                stepsize_controller=controller,
                max_steps=100_000,
            )
            return np.concatenate([np.ravel(leaf[0]) for leaf in jax.tree.leaves(solution.ys)])

        coarse = [end(diffrax.ConstantStepSize(), SPAN / n, diffrax.Tsit5()) for n in STEPS]
        reference = end(diffrax.PIDController(rtol=1e-13, atol=1e-14), 10.0, diffrax.Dopri8())
    return np.array(coarse), reference


def test_tsit5_converges_at_order_five(ends):
    coarse, reference = ends
    error = (np.abs(coarse - reference) / np.maximum(np.abs(reference), 1e-3)).max(axis=1)
    slope = np.polyfit(np.log(STEPS), np.log(error), 1)[0]
    assert -slope == pytest.approx(5.0, abs=0.3), error


def test_conserved_amounts_are_exact_at_any_step(ends):
    """Charge is linear in time at constant current: no step size changes it beyond rounding."""
    coarse, _ = ends
    passed = coarse[:, -2] * SCALE.ionic_charge
    assert passed == pytest.approx(np.full(len(STEPS), CURRENT * SPAN), rel=1e-12)
