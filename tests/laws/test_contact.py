from functools import partial

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from lithostat.physics.contact import (
    composite_resistance,
    constriction_resistance,
    contact_fraction,
    loaded_contact,
    ripening_rate,
)

SCALE = 6.4e6


@pytest.mark.parametrize("pressure", [1.0, 1e2, 1e3])
def test_contact_is_proportional_to_a_low_load(pressure):
    load = pressure / SCALE
    assert contact_fraction(pressure, pressure, load, exponent=0.11) == pytest.approx(
        load, rel=load
    )  # next term: load/2


def test_63_percent_in_contact_at_the_contact_pressure():
    assert loaded_contact(1.0) == pytest.approx(1.0 - 1.0 / np.e, rel=1e-14)


def test_full_contact_at_high_load():
    assert loaded_contact(60.0) == 1.0


def test_no_contact_without_pressure():
    assert contact_fraction(0.0, 0.0, 0.0, exponent=0.11) == 0.0
    assert contact_fraction(0.0, 25e6, 4.0, exponent=0.11) == pytest.approx(0.0, abs=1e-30)


@pytest.mark.parametrize("highest", [1e6, 25e6, 75e6])
def test_contact_is_continuous_where_unloading_begins(highest):
    x = highest / SCALE
    loaded = contact_fraction(highest, highest, x, exponent=0.16)
    just_below = contact_fraction(highest * (1 - 1e-9), highest, x, exponent=0.16)
    assert just_below == pytest.approx(loaded, rel=1e-9)
    assert just_below < loaded


def test_unloading_keeps_most_of_the_contact():
    released = contact_fraction(5e6, 25e6, 25e6 / SCALE, exponent=0.16)
    never_above = contact_fraction(5e6, 5e6, 5e6 / SCALE, exponent=0.16)
    assert released == pytest.approx((1 - np.exp(-25 / 6.4)) * 0.2**0.16, rel=1e-12)
    assert released > never_above


def test_exponent_zero_is_perfect_memory():
    assert contact_fraction(1e6, 25e6, 2.0, exponent=0.0) == loaded_contact(2.0)


def test_pressing_harder_than_ever_does_not_count_twice():
    assert contact_fraction(30e6, 25e6, 2.0, exponent=0.16) == loaded_contact(2.0)


@pytest.mark.parametrize("time", [0.0, 10.0, 3600.0, 1e8])
def test_ripening_rate_is_the_derivative_of_its_closed_form(time):
    n, tau, pressure = 6.56, 2016.0, 25e6
    x = pressure / SCALE * (1.0 + time / tau) ** (1.0 / (n + 1.0))
    exact = x / ((n + 1.0) * (tau + time))
    rate = ripening_rate(pressure, x, scale=SCALE, time=tau, stress_exponent=n)
    assert rate == pytest.approx(exact, rel=1e-12)


def test_ripening_integrated_gives_the_closed_form():
    n, tau, load = 6.56, 2016.0, 3.0
    solved = solve_ivp(
        lambda t, x: ripening_rate(load * SCALE, x, scale=SCALE, time=tau, stress_exponent=n),
        (0.0, 1e5),
        [load],
        method="DOP853",
        rtol=1e-12,
        atol=1e-14,
    )
    exact = load * (1.0 + 1e5 / tau) ** (1.0 / 7.56)
    assert solved.y[0, -1] == pytest.approx(exact, rel=1e-10)  # the reference solver's own error


def test_ripening_stops_far_below_the_highest_pressure():
    full = ripening_rate(25e6, 25e6 / SCALE, scale=SCALE, time=2016.0, stress_exponent=6.56)
    released = ripening_rate(5e6, 25e6 / SCALE, scale=SCALE, time=2016.0, stress_exponent=6.56)
    assert released == pytest.approx(full * 0.2**7.56, rel=1e-12)


def test_constriction_vanishes_at_full_contact_and_is_its_scale_at_half():
    assert constriction_resistance(1.0, scale=53e-4) == 0.0
    assert constriction_resistance(0.5, scale=53e-4) == 53e-4


def test_a_composite_resists_with_the_square_root_of_pressure():
    at = partial(composite_resistance, reference=2e-3, reference_pressure=5e6, adhesion=0.0)
    assert at(5e6) == pytest.approx(2e-3)
    assert at(20e6) == pytest.approx(1e-3)  # four times the pressure, half the resistance
    assert composite_resistance(0.0, reference=2e-3, reference_pressure=5e6, adhesion=1e6) == pytest.approx(
        2e-3 * 5.0**0.5
    )
    assert composite_resistance(0.0, reference=0.0, reference_pressure=5e6, adhesion=0.0) == 0.0
