import numpy as np
import pytest

from lithostat.physics.fixture import frame_pressure, relaxation_rate, relaxed


def test_no_stiffness_is_a_constant_force():
    assert frame_pressure(25e6, 1e-3, 0.0, stiffness=0.0) == 25e6


def test_swelling_loads_the_frame_in_proportion():
    assert frame_pressure(5e6, 2e-6, 0.0, stiffness=1e12) == pytest.approx(7e6, rel=1e-14)


def test_what_the_frame_gave_up_is_missing():
    assert frame_pressure(5e6, 0.0, 1e6, stiffness=1e12) == 4e6


@pytest.mark.parametrize("time", [0.0, 100.0, 5e3, 1e5])
def test_relaxation_rate_is_the_derivative_of_a_maxwell_branch(time):
    fraction, tau = 0.3, 4e3
    given_up = fraction * 25e6 * (1.0 - np.exp(-time / tau))
    rate = relaxation_rate(25e6, given_up, fraction=fraction, time=tau)
    assert rate == pytest.approx(fraction * 25e6 / tau * np.exp(-time / tau), rel=1e-4, abs=1e-9)  # cancels late


def test_relaxation_ends_at_its_fraction():
    assert relaxation_rate(25e6, 7.5e6, fraction=0.3, time=1.0) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("elapsed", [0.0, 10.0, 1e4, 1e12])
def test_what_was_given_up_solves_its_rate(elapsed):
    number = {"fraction": 0.3, "time": 5e3}
    step = 1e-3 * min(1.0, max(elapsed, 1e-3))
    before, after = (relaxed(25e6, 2e6, elapsed + way * step, **number) for way in (-1.0, 1.0))
    rate = relaxation_rate(25e6, relaxed(25e6, 2e6, elapsed, **number), **number)
    assert (after - before) / (2.0 * step) == pytest.approx(rate, rel=1e-3, abs=1.0)
    assert relaxed(25e6, 2e6, 0.0, **number) == 2e6
