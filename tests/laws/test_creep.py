import itertools

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp
from scipy.special import hyp2f1

from lithostat.physics.creep import strain_rate, throat_velocity
from lithostat.physics.plating import constant_focusing

N = 6.56
MASIAS = {  # least-squares refit of Masias et al. 2019, Table S1
    "reference_rate": 7.7e-3,
    "reference_stress": 1e6,
    "exponent": N,
    "activation_energy": 37e3,
    "reference_temperature": 299.0,
}
RADIUS = 0.74e-6


def test_strain_rate_at_the_reference_point_is_the_reference_rate():
    assert strain_rate(1e6, 299.0, **MASIAS) == 7.7e-3


def test_strain_rate_is_a_power_of_stress():
    assert strain_rate(2e5, 299.0, **MASIAS) == pytest.approx(7.7e-3 * 0.2**N, rel=1e-12)


def test_strain_rate_follows_arrhenius():
    factor = np.exp(-37e3 / 8.314462618 * (1 / 333.15 - 1 / 299.0))
    assert strain_rate(1e6, 333.15, **MASIAS) == pytest.approx(7.7e-3 * factor, rel=1e-12)


@pytest.mark.parametrize("n", [1.0, 3.0, 6.56])
def test_throat_velocity_is_the_mean_of_the_pipe_profile(n):
    """Norton's law in shear, gamma = 3^((n+1)/2) A tau^n with tau = P s / (2 a), integrated twice across the pipe."""
    creep = MASIAS | {"exponent": n}
    pressure, depth = 25e6, 20e-6

    def shear(s):
        tau = pressure * s / (2 * depth)
        return np.sqrt(3.0) * 7.7e-3 * (np.sqrt(3.0) * tau / 1e6) ** n

    def speed(s):
        return quad(shear, s, RADIUS, epsabs=0.0, epsrel=1e-12)[0]

    flow = quad(lambda s: speed(s) * 2.0 * s / RADIUS**2, 0.0, RADIUS, epsabs=0.0, epsrel=1e-11)[0]
    assert throat_velocity(pressure, depth, RADIUS, 299.0, **creep) == pytest.approx(
        flow, rel=1e-9
    )  # two nested quadratures


def test_a_newtonian_fluid_flows_as_hagen_and_poiseuille_say():
    viscosity, pressure, depth = 1e9, 5e6, 30e-6
    newton = MASIAS | {"exponent": 1.0, "reference_rate": 1e6 / (3.0 * viscosity)}
    exact = RADIUS**2 * pressure / (8.0 * viscosity * depth)
    assert throat_velocity(pressure, depth, RADIUS, 299.0, **newton) == pytest.approx(exact, rel=1e-12)


def depth_by_creep(pressure, time):
    """a = ((n+1) K t)^(1/(n+1)), K = r/(n+3) 3^((n+1)/2) eps_ref (P r / (2 sigma_ref))^n [m^(n+1)/s]."""
    k = RADIUS / (N + 3.0) * 3.0 ** ((N + 1.0) / 2.0) * 7.7e-3 * (pressure * RADIUS / 2e6) ** N
    return ((N + 1.0) * k * time) ** (1.0 / (N + 1.0))


@pytest.mark.parametrize("pressure", [1e6, 5e6, 25e6])
@pytest.mark.parametrize("time", [1.0, 3600.0, 1e7])
def test_velocity_is_the_derivative_of_the_closed_form(pressure, time):
    depth = depth_by_creep(pressure, time)
    assert throat_velocity(pressure, depth, RADIUS, 299.0, **MASIAS) == pytest.approx(
        depth / ((N + 1.0) * time), rel=1e-11
    )


def test_velocity_integrated_gives_depth_with_the_exact_prefactor():
    begin, end = 1.0, 1e6
    solved = solve_ivp(
        lambda t, a: throat_velocity(25e6, a, RADIUS, 299.0, **MASIAS),
        (begin, end),
        [depth_by_creep(25e6, begin)],
        method="DOP853",
        rtol=1e-12,
        atol=1e-20,
    )
    assert solved.y[0, -1] == pytest.approx(depth_by_creep(25e6, end), rel=1e-9)  # the reference solver's own error


def test_depth_grows_with_pressure_and_time_as_published():
    """P^(n/(n+1)) t^(1/(n+1)): equal depths are reached when P^n t is equal."""
    base = throat_velocity(10e6, 5e-6, RADIUS, 299.0, **MASIAS)
    assert throat_velocity(20e6, 5e-6, RADIUS, 299.0, **MASIAS) == pytest.approx(2.0**N * base, rel=1e-12)
    assert throat_velocity(10e6, 10e-6, RADIUS, 299.0, **MASIAS) == pytest.approx(0.5**N * base, rel=1e-12)


@pytest.mark.parametrize("target", [2e-6, 20e-6, 200e-6])
def test_time_to_a_depth_under_creep_and_plating_is_the_hypergeometric_closed_form(target):
    """da/dt = K a^-n + v gives t = (a/v) (1 - 2F1(1, 1/n; 1 + 1/n; -(v/K) a^n))."""
    growth = {"focusing": 2.7, "molar_volume": 13.02e-6}
    tip = 2.7 * 0.75 * 13.02e-6 / 96485.33212
    k = RADIUS / (N + 3.0) * 3.0 ** ((N + 1.0) / 2.0) * 7.7e-3 * (25e6 * RADIUS / 2e6) ** N

    def pace(a):
        return 1.0 / (
            throat_velocity(25e6, a, RADIUS, 299.0, **MASIAS) + constant_focusing(0.75, a, 25e6, 1e-5, **growth)
        )

    bounds = np.geomspace(1e-9, target, 60)
    numeric = sum(quad(pace, lo, hi, epsabs=0.0, epsrel=1e-11)[0] for lo, hi in itertools.pairwise(bounds))
    closed = target / tip * (1.0 - hyp2f1(1.0, 1.0 / N, 1.0 + 1.0 / N, -(tip / k) * target**N))
    assert numeric == pytest.approx(closed, rel=1e-8)  # 1 - 2F1 loses digits while creep leads
