"""Times to short where they can be written down: one unbroken plating, or creep alone, at constant pressure."""

import numpy as np
import pytest
from scipy.special import hyp2f1

from lithostat.simulation.integrate import FIRST_STEP, Tolerance

# the numbers of the closed form, stated to the cell as well, so that no card decides
N, RADIUS, TOUGHNESS, FOCUSING, OMEGA = 6.56, 0.74e-6, 0.20e6, 2.7, 13.02e-6
STATED = {
    "creep_exponent": N,
    "creep_rate": "7.7e-3 1/s",
    "creep_stress": "1 MPa",
    "creep_temperature": "299 K",
    "creep_activation_energy": "37 kJ/mol",
    "throat_radius": "0.74 um",
    "toughness": "0.20 MPa m^0.5",
    "focusing": FOCUSING,
    "molar_volume": "13.02 cm3/mol",
    "focusing_scatter": 0,
    "overpressure_transmission": 0,
}


def critical(pressure, thickness=1e-3):
    return min(np.pi / 4 * (TOUGHNESS / pressure) ** 2, thickness)


def creep_constant(pressure, temperature=298.15):
    """K in da/dt = K a^-n [m^(n+1)/s]."""
    rate = 7.7e-3 * np.exp(-37e3 / 8.314462618 * (1 / temperature - 1 / 299.0))
    return RADIUS / (N + 3) * 3 ** ((N + 1) / 2) * rate * (pressure * RADIUS / 2e6) ** N


def time_with_plating(pressure, current, length):
    v = FOCUSING * current * OMEGA / 96485.33212
    return length / v * (1 - hyp2f1(1, 1 / N, 1 + 1 / N, -(v / creep_constant(pressure)) * length**N))


def time_by_creep(pressure, length, temperature=298.15):
    return length ** (N + 1) / ((N + 1) * creep_constant(pressure, temperature))


@pytest.mark.parametrize("pressure", [5, 10, 15, 20, 25, 30, 40, 50, 75])
@pytest.mark.parametrize("current", [75, 200])
def test_one_unbroken_plating_shorts_at_the_closed_form(run, pressure, current):
    record = run([{"press": f"{pressure} MPa"}, {"plate": f"{current} uA/cm2", "for": "2000 h"}], parameters=STATED)
    exact = time_with_plating(pressure * 1e6, current / 100, critical(pressure * 1e6))
    assert record.outcome.kind == "short"
    assert record.outcome.time == pytest.approx(exact, rel=1e-6)  # the integrator's tolerance
    assert record.outcome.cycling_time == record.outcome.time
    assert record.outcome.charge == pytest.approx(current / 100 * exact, rel=1e-6)


@pytest.mark.parametrize("pressure", [25, 50, 75])
@pytest.mark.parametrize("temperature", [298.15, 333.15])
def test_creep_alone_shorts_at_the_closed_form(run, pressure, temperature):
    record = run(
        [{"press": f"{pressure} MPa"}, {"hold": "800000 h"}], parameters=STATED, temperature=f"{temperature} K"
    )
    exact = time_by_creep(pressure * 1e6, critical(pressure * 1e6), temperature)
    assert record.outcome.kind == "short before current"
    assert record.outcome.cycling_time is None
    # linear in the coordinate of the filament: what is left is the search for the event inside its step
    assert record.outcome.time == pytest.approx(exact, rel=1e-8, abs=Tolerance().event * FIRST_STEP)


@pytest.mark.parametrize("pressure", [2, 5, 10])
def test_without_current_a_cell_below_its_critical_length_never_shorts(run, pressure):
    """After 90 years creep alone has not reached the critical length."""
    length = critical(pressure * 1e6)
    assert time_by_creep(pressure * 1e6, length) > 3.0e9
    record = run([{"press": f"{pressure} MPa"}, {"hold": "3e9 s"}], parameters=STATED)
    assert record.outcome.kind == "survived"
    reached = ((N + 1) * creep_constant(pressure * 1e6) * 3e9) ** (1 / (N + 1))
    assert record.column("filament_length_1_metre")[-1] == pytest.approx(reached, rel=1e-9)
    assert np.all(record.column("filament_length_1_metre") < record.column("critical_length_metre"))


def test_percolation_needs_the_whole_thickness(run):
    record = run(
        [{"press": "25 MPa"}, {"plate": "500 uA/cm2", "for": "2000 h"}],
        parameters=STATED,
        laws={"failure": "percolation"},
        thickness="0.2 mm",
    )
    assert record.outcome.kind == "short"
    assert record.outcome.time == pytest.approx(time_with_plating(25e6, 5.0, 0.2e-3), rel=1e-6)
    assert "other electrode" in record.outcome.cause


def test_only_plating_grows_the_filament(run):
    """Both filaments creep alike; only the one that is plated on grows on top, and stripping takes nothing back."""
    hour = {"for": "1 h"}
    record = run([{"press": "10 MPa"}, {"plate": "1 mA/cm2", **hour}, {"strip": "1 mA/cm2", **hour}], parameters=STATED)
    one, two = record.column("filament_length_1_metre"), record.column("filament_length_2_metre")
    first = record.column("step_count") == 2
    by_creep = ((N + 1) * creep_constant(10e6) * record.column("test_time_second")[first]) ** (1 / (N + 1))
    assert two[first] == pytest.approx(by_creep, rel=1e-9, abs=1e-30)
    assert one[first][-1] > two[first][-1] + 3.0 * 1e-6
    assert np.all(np.diff(one) >= 0.0)


LADDER = {
    "one plating at 25 MPa": [{"press": "25 MPa"}, {"plate": "75 uA/cm2", "for": "100 h"}],
    "one plating at 50 MPa": [{"press": "50 MPa"}, {"plate": "75 uA/cm2", "for": "100 h"}],
    "hours in turns at 25 MPa": [
        {"press": "25 MPa"},
        {"repeat": 31, "steps": [{"plate": "75 uA/cm2", "for": "1 h"}, {"strip": "75 uA/cm2", "for": "1 h"}]},
    ],
    "voids at 1.5 MPa": [
        {"press": "1.5 MPa"},
        {"repeat": 3, "steps": [{"plate": "75 uA/cm2", "for": "1 h"}, {"strip": "75 uA/cm2", "for": "1 h"}]},
    ],
}


@pytest.mark.parametrize("steps", LADDER.values(), ids=LADDER)
def test_default_tolerance_is_good_to_a_millionth(run, steps):
    default = run(steps)
    tight = run(steps, tolerance=Tolerance(1e-10, 1e-13, 1e-12))
    assert default.outcome.kind == tight.outcome.kind
    assert default.outcome.time == pytest.approx(tight.outcome.time, rel=1e-6)
    for name in ("filament_length_1_metre", "filament_length_2_metre", "interphase_thickness_metre"):
        assert default.column(name)[-1] == pytest.approx(tight.column(name)[-1], rel=1e-6), name
