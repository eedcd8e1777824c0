import numpy as np
import pytest

from lithostat.physics.short_circuit import cell_voltage, hardening_rate, leak_current


def test_an_intact_cell_obeys_ohms_law():
    assert cell_voltage(0.75, 50e-4, 0.0) == pytest.approx(0.75 * 50e-4, rel=1e-14)


def test_a_perfect_short_has_no_voltage():
    assert cell_voltage(0.75, 50e-4, 1e20) == pytest.approx(0.0, abs=1e-19)


def test_both_paths_in_parallel_carry_the_whole_current():
    ionic, electronic = 50e-4, 12e-4
    volts = cell_voltage(10.0, ionic, 1.0 / electronic)
    assert volts == pytest.approx(10.0 * ionic * electronic / (ionic + electronic), rel=1e-14)
    assert leak_current(volts, 1.0 / electronic) + volts / ionic == pytest.approx(10.0, rel=1e-14)


@pytest.mark.parametrize("time", [0.0, 600.0, 7200.0])
def test_hardening_rate_is_the_derivative_of_an_exponential(time):
    hard, soft, tau = 7900.0, 80.0, 3600.0
    conductance = hard - (hard - soft) * np.exp(-time / tau)
    exact = (hard - soft) / tau * np.exp(-time / tau)
    assert hardening_rate(conductance, hard=hard, time=tau) == pytest.approx(exact, rel=1e-12)


def test_a_hard_short_hardens_no_more():
    assert hardening_rate(7900.0, hard=7900.0, time=3600.0) == 0.0
