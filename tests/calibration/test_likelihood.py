"""Probabilities against SciPy's, where SciPy can, and against a case that can be written down."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from lithostat.calibration.likelihood import log_probability
from lithostat.engine import engine

FAR = 1e4


def ours(low, high, mean, scatter, count):
    with engine():
        ends = jnp.array([[low, high]])
        return float(log_probability(ends, jnp.array([mean]), jnp.array([scatter]), jnp.array([count]))[0])


@pytest.mark.parametrize("count", [0.3, 1.0, 7.0])
@pytest.mark.parametrize("mean", [9.0, 12.0, 13.5])
@pytest.mark.parametrize("scatter", [0.2, 1.1])
def test_every_kind_of_observation_is_what_scipy_says(mean, scatter, count):
    def beyond(x):
        return norm.sf(x, mean, scatter) ** count

    exact = math.log(count) + (count - 1) * norm.logsf(12.0, mean, scatter) + norm.logpdf(12.0, mean, scatter)
    assert ours(12.0, 12.0, mean, scatter, count) == pytest.approx(exact, rel=1e-9)
    assert ours(12.0, FAR, mean, scatter, count) == pytest.approx(count * norm.logsf(12.0, mean, scatter), rel=1e-9)
    # 1 - S^M loses digits in SciPy, not here: both are given the digits that SciPy has left
    early = -math.expm1(count * norm.logsf(12.0, mean, scatter))
    assert ours(-FAR, 12.0, mean, scatter, count) == pytest.approx(math.log(early), rel=1e-6)
    between = beyond(11.0) - beyond(12.5)
    if between > 1e-200:
        assert ours(11.0, 12.5, mean, scatter, count) == pytest.approx(math.log(between), rel=1e-6)


def test_the_density_integrates_to_the_probability_of_an_interval():
    mass, _ = quad(lambda x: math.exp(ours(x, x, 12.0, 0.4, 3.0)), 11.0, 12.2, epsabs=1e-10)
    assert math.log(mass) == pytest.approx(ours(11.0, 12.2, 12.0, 0.4, 3.0), rel=1e-8)


@pytest.mark.parametrize("low", [-FAR, 10.0])
@pytest.mark.parametrize("deviations", [-40.0, -20.0, -8.0])
def test_the_early_tail_keeps_its_digits(low, deviations):
    """So early that 1 - S is zero in double precision; one link, where it is the distribution function itself."""
    mean = 12.0 - deviations * 0.1
    expected = norm.logcdf(12.0, mean, 0.1)  # what lies below 10 is a millionth of a millionth of that
    assert ours(low, 12.0, mean, 0.1, 1.0) == pytest.approx(expected, rel=1e-9)


def test_no_observation_anywhere_spoils_a_derivative():
    ends = np.array([[12.0, 12.0], [12.0, FAR], [-FAR, 12.0], [11.0, 12.0], [11.999999, 12.0]])
    means = np.linspace(-60.0, 150.0, 60)
    with engine():

        def total(mean, scatter, one):
            return log_probability(one[None], mean[None], scatter[None], jnp.ones(1))[0]

        slopes = jax.vmap(jax.vmap(jax.grad(total, argnums=(0, 1)), in_axes=(0, None, None)), in_axes=(None, None, 0))
        for scatter in (0.05, 1.0, 10.0):
            assert all(
                np.all(np.isfinite(part)) for part in slopes(jnp.array(means), jnp.array(scatter), jnp.array(ends))
            )
