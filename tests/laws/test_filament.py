import numpy as np
import pytest
from scipy.integrate import solve_ivp

from lithostat.physics.creep import throat_velocity
from lithostat.physics.filament import (
    UNIT,
    above_threshold,
    additive,
    at_any_pressure,
    coupled,
    creep_rate_of_coordinate,
    crept_length,
    crept_slope,
    delayed_fracture,
    flaw_length,
    flaw_slope,
)
from lithostat.physics.fracture import critical_flaw, stress_intensity

N, RADIUS = 6.56, 0.2e-6
CREEP = {
    "throat_radius": RADIUS,
    "creep_rate": 7.7e-3,
    "creep_stress": 1e6,
    "creep_exponent": N,
    "creep_activation_energy": 37e3,
    "creep_temperature": 299.0,
}
FLAW = {"flaw_size": 6.7e-6, "fracture_velocity": 1.6e-10, "fracture_exponent": 6.56}
TOUGHNESS = 0.177e6


@pytest.mark.parametrize("pressure", [5e6, 25e6, 75e6])
def test_creep_by_its_coordinate_is_creep_by_its_velocity(pressure):
    hours = 100.0
    u = creep_rate_of_coordinate(pressure, 298.15, **CREEP) * hours * 3600.0
    k = (
        throat_velocity(
            pressure,
            1e-5,
            RADIUS,
            298.15,
            reference_rate=7.7e-3,
            reference_stress=1e6,
            exponent=N,
            activation_energy=37e3,
            reference_temperature=299.0,
        )
        * 1e-5**N
    )
    exact = ((N + 1.0) * k * hours * 3600.0) ** (1.0 / (N + 1.0))
    assert crept_length(u, creep_exponent=N) == pytest.approx(exact, rel=1e-12)


def test_slopes_are_derivatives():
    a = np.array([1e-6, 2e-5, 3e-4])
    u = (a / UNIT) ** (N + 1.0)
    du = ((a * 1.0000005 / UNIT) ** (N + 1.0) - (a * 0.9999995 / UNIT) ** (N + 1.0)) / (1e-6 * a)
    assert crept_slope(u, a, creep_exponent=N) == pytest.approx(du, rel=1e-8)
    q = (FLAW["flaw_size"] / a[1:]) ** (0.5 * N - 1.0)
    above = (FLAW["flaw_size"] / (a[1:] * 1.0000005)) ** (0.5 * N - 1.0)
    below = (FLAW["flaw_size"] / (a[1:] * 0.9999995)) ** (0.5 * N - 1.0)
    assert flaw_slope(q, a[1:], fracture_exponent=N) == pytest.approx((above - below) / (1e-6 * a[1:]), rel=1e-8)


def test_a_flaw_grows_as_the_law_of_its_velocity_says():
    pressure, seconds = 50e6, 3600.0
    size, v0, m = FLAW["flaw_size"], FLAW["fracture_velocity"], FLAW["fracture_exponent"]

    def velocity(_, a):
        return v0 * (stress_intensity(pressure, a) / TOUGHNESS) ** m

    exact = solve_ivp(velocity, (0.0, seconds), [size], rtol=1e-11, atol=1e-18).y[0, -1]
    q = 1.0 + delayed_fracture(pressure, 298.15, toughness=TOUGHNESS, **FLAW) * seconds
    assert flaw_length(q, flaw_size=size, fracture_exponent=m) == pytest.approx(exact, rel=1e-8)


def test_a_flaw_runs_away_in_the_time_of_the_closed_form():
    size, v0, m = FLAW["flaw_size"], FLAW["fracture_velocity"], FLAW["fracture_exponent"]
    load = stress_intensity(25e6, size) / TOUGHNESS
    exact = size / v0 * load**-m / (0.5 * m - 1.0)
    assert -1.0 / delayed_fracture(25e6, 298.15, toughness=TOUGHNESS, **FLAW) == pytest.approx(exact, rel=1e-12)


def test_a_flaw_never_shrinks_below_its_size():
    assert flaw_length(1.5, flaw_size=1e-5, fracture_exponent=N) == pytest.approx(1e-5, rel=1e-14)


def test_at_the_critical_flaw_the_stress_intensity_is_the_toughness():
    length = critical_flaw(25e6, toughness=TOUGHNESS)
    assert stress_intensity(25e6, length) == pytest.approx(TOUGHNESS, rel=1e-12)


def test_a_threshold_takes_its_pressure_off():
    assert above_threshold(np.array([3e6, 8e6]), entry_pressure=5e6) == pytest.approx([0.0, 3e6])
    assert at_any_pressure(3e6) == 3e6


def test_coupled_filaments_are_one_and_additive_ones_are_two():
    assert coupled(2.0, 3.0, 10.0) == (32.0, 0.0)
    assert additive(2.0, 3.0, 10.0) == (2.0, 3.0)
