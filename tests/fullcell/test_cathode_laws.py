"""The laws of the cathode: their solutions and limits."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from lithostat.fullcell.cathode_laws import (
    contact_after,
    contact_loss_rate,
    hindered_diffusivity,
    oxidation_current,
)

HOUR = 3600.0
OXIDATION = {"reference_charge": 4200.0, "reference_time": 15 * HOUR, "onset": 3.4}


@pytest.mark.parametrize("exponent", [0.3, 0.5, 0.8])
def test_oxidised_charge_grows_as_its_power_of_time(exponent):
    def rate(time, charge):
        return oxidation_current(charge, 6.0, 298.15, exponent=exponent, **OXIDATION)

    start = 4200.0 * (1e-3) ** exponent  # on the solution, at 1e-3 of the reference time
    grown = solve_ivp(rate, (15.0 * 3.6, 150 * HOUR), [start], rtol=1e-9, atol=1e-9).y[0, -1]
    assert grown == pytest.approx(4200.0 * 10**exponent, rel=1e-6)


def test_oxidation_is_halved_at_the_onset_and_gone_below():
    free = oxidation_current(4200.0, 6.0, 298.15, exponent=0.4, **OXIDATION)
    assert oxidation_current(4200.0, 3.4, 298.15, exponent=0.4, **OXIDATION) == pytest.approx(0.5 * free)
    assert oxidation_current(4200.0, 2.5, 298.15, exponent=0.4, **OXIDATION) < 1e-14 * free


def test_lost_contact_is_the_solution_of_its_rate():
    said = {"weak": 0.3, "throughput": 1000.0}
    current = 0.5
    solved = solve_ivp(
        lambda t, y: contact_loss_rate(y, -current, **said), (0.0, 3000.0), [1.0], rtol=1e-10, atol=1e-12
    ).y[0, -1]
    assert contact_after(1.0, 1500.0, **said) == pytest.approx(solved, rel=1e-8)
    assert contact_after(contact_after(1.0, 500.0, **said), -1000.0, **said) == pytest.approx(solved, rel=1e-8)


def test_lost_contact_ends_at_the_strong_share():
    assert contact_after(1.0, 1e9, weak=0.3, throughput=1.0) == pytest.approx(0.7)


def test_diffusivity_runs_from_fast_to_slow():
    said = {"fast": 3e-15, "share": 0.004, "middle": 0.8, "width": 0.03}
    assert hindered_diffusivity(0.3, **said) == pytest.approx(3e-15, rel=1e-5)
    assert hindered_diffusivity(0.8, **said) == pytest.approx(3e-15 * np.sqrt(0.004))
    assert hindered_diffusivity(1.1, **said) == pytest.approx(3e-15 * 0.004, rel=1e-3)
