import numpy as np
import pytest

from lithostat.physics.interphase import interphase_rate, interphase_thickness


def test_400_hours_give_the_published_540_nanometres():
    grown = interphase_thickness(400 * 3600.0, initial=5e-9, parabolic_constant=1.0e-19)
    assert grown == pytest.approx(540e-9, rel=0.01)  # Aktekin et al. 2023, constant printed to two digits


@pytest.mark.parametrize("time", [0.0, 60.0, 1e6])
def test_rate_is_the_derivative_of_the_square_root(time):
    initial, k = 5e-9, 1e-19
    thickness = np.sqrt(initial**2 + 2 * k * time)
    assert interphase_thickness(time, initial=initial, parabolic_constant=k) == pytest.approx(thickness, rel=1e-14)
    assert interphase_rate(thickness, parabolic_constant=k) == pytest.approx(k / thickness, rel=1e-14)
    h = 1e-4 * (time + 250.0)
    ends = interphase_thickness(time + np.array([h, 0.0]), initial=initial, parabolic_constant=k)
    assert (ends[0] - ends[1]) / h == pytest.approx(k / thickness, rel=1e-3)  # one-sided difference


def test_four_times_the_time_doubles_a_thick_layer():
    thin, thick = interphase_thickness(np.array([1e12, 4e12]), initial=1e-12, parabolic_constant=1e-19)
    assert thick == pytest.approx(2 * thin, rel=1e-12)
