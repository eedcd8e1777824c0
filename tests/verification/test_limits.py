"""Limits end a step at the right instant and lead to the right place."""

import numpy as np
import pytest

STILL = {"ripening_time": "1e8 h", "interphase_constant": "1e-16 m2/s", "interphase_initial": "5 nm"}
RELAXING = {"kind": "fixed gap", "stiffness": "0 MPa/um", "relaxation": {"fraction": 0.5, "time": "2 h"}}


def verbs(record):
    return list(zip(record.steps["verb"], record.steps["ended_by"], strict=True))


@pytest.mark.parametrize("verb", ["plate", "strip"])
def test_a_voltage_limit_ends_the_step_when_the_interphase_has_grown_to_it(run, verb):
    """V = |j| (R_0 + 2 (d - d_0) / sigma_d) with everything but the interphase at rest."""
    free = run([{"press": "10 MPa"}, {verb: "100 uA/cm2", "for": "1 s"}], parameters=STILL)
    start = abs(free.column("voltage_volt")[1])
    limit = 1.2 * start
    grown = 5e-9 + (limit - start) / 1.0 * 1e-3 / 2.0  # sigma_d is 1e-3 S/m, j is 1 A/m2
    exact = (grown**2 - 5e-9**2) / 2e-16
    step = {verb: "100 uA/cm2", "for": "10 h", "until": {"voltage": f"{limit:.17g} V"}}
    record = run([{"press": "10 MPa"}, step], parameters=STILL | {"interphase_conductivity": "1e-3 S/m"})
    assert verbs(record)[-1] == (verb, "voltage limit")
    assert record.steps["end_second"][-1] == pytest.approx(exact, rel=1e-5)  # ripening is slow, not absent
    assert abs(record.column("voltage_volt")[-1]) == pytest.approx(limit, rel=1e-8)


@pytest.mark.parametrize(("current", "absolute"), [("75 uA/cm2", False), ("1 mA", True)])
def test_a_charge_limit_ends_after_charge_over_current(run, current, absolute):
    record = run([{"press": "10 MPa"}, {"plate": current, "until": {"charge": "0.2 mAh/cm2"}}])
    density = 1e-3 / 1.267e-4 if absolute else 0.75
    assert record.steps["end_second"][-1] == pytest.approx(0.2 * 36e3 / density, rel=1e-12)
    assert record.column("net_capacity_ah")[-1] == pytest.approx(0.2e-3 * 1.267, rel=1e-12)


def test_whichever_limit_comes_first_ends_the_step(run):
    step = {"plate": "75 uA/cm2", "for": "1 h", "until": {"time": "30 min", "charge": "10 mAh/cm2"}}
    record = run([{"press": "5 MPa"}, step])
    assert record.steps["end_second"][-1] == pytest.approx(1800.0, rel=1e-12)


def test_a_falling_pressure_ends_the_step_where_relaxation_says(run):
    record = run([{"press": "10 MPa"}, {"rest": "20 h", "until": {"pressure_below": "8 MPa"}}], fixture=RELAXING)
    exact = -7200.0 * np.log(1.0 - 0.2 / 0.5)
    assert verbs(record)[-1] == ("rest", "pressure limit")
    assert record.steps["end_second"][-1] == pytest.approx(exact, rel=1e-6)
    assert record.column("measured_pressure_pa")[-1] == pytest.approx(8e6, rel=1e-8)


def test_a_rising_pressure_ends_the_step_where_the_ramp_says(run):
    measured = {"kind": "measured", "times": ["0 h", "1 h"], "pressures": ["1 MPa", "5 MPa"]}
    record = run([{"rest": "1 h", "until": {"pressure_above": "4 MPa"}}], fixture=measured)
    assert verbs(record) == [("rest", "pressure limit")]
    assert record.steps["end_second"][-1] == pytest.approx(2700.0, rel=1e-9)


def test_a_limit_that_is_met_already_ends_the_step_at_once(run):
    steps = [{"press": "10 MPa"}, {"rest": "1 h", "until": {"pressure_below": "12 MPa"}}, {"rest": "1 min"}]
    record = run(steps)
    assert record.steps["end_second"].to_list() == [0.0, 0.0, 60.0]


def test_a_limit_of_a_repeat_leaves_the_repeat(run):
    inner = [{"plate": "75 uA/cm2", "for": "10 min"}, {"rest": "20 min"}]
    steps = [
        {"press": "10 MPa"},
        {"repeat": 10, "until": {"pressure_below": "8 MPa"}, "steps": inner},
        {"rest": "7 min"},
    ]
    record = run(steps, fixture=RELAXING)
    exact = -7200.0 * np.log(1.0 - 0.2 / 0.5)  # 3678 s: in the plating of the third turn
    assert [verb for verb, _ in verbs(record)] == ["press", "plate", "rest", "plate", "rest", "plate", "rest"]
    assert record.steps["end_second"][-2] == pytest.approx(exact, rel=1e-6)
    assert record.steps["end_second"][-1] == pytest.approx(exact + 420.0, rel=1e-6)


def test_a_limit_of_an_inner_repeat_leaves_only_that_one(run):
    inner = {"repeat": 3, "until": {"pressure_below": "12 MPa"}, "steps": [{"rest": "1 h"}]}
    record = run([{"press": "10 MPa"}, {"repeat": 2, "steps": [inner, {"rest": "1 min"}]}])
    assert record.steps["end_second"].to_list() == [0.0, 0.0, 60.0, 60.0, 120.0]


def test_a_voltage_limit_of_a_repeat_leaves_it_from_either_direction(run):
    turns = [{"plate": "100 uA/cm2", "for": "1 h"}, {"strip": "100 uA/cm2", "for": "1 h"}]
    steps = [{"press": "10 MPa"}, {"repeat": 20, "until": {"voltage": "8 mV"}, "steps": turns}, {"rest": "1 min"}]
    record = run(steps, parameters=STILL)
    kinds = verbs(record)
    assert kinds[-1] == ("rest", "its time")
    assert [cause for _, cause in kinds].count("voltage limit") == 1
    assert len(kinds) < 42
    volts, step = record.column("voltage_volt"), record.column("step_count")
    last_turn = step == record.steps["step_count"][-2]
    assert abs(volts[last_turn][-1]) == pytest.approx(8e-3, rel=1e-8)


@pytest.mark.parametrize(
    ("until", "end"), [({"time": "2.5 h"}, 2.5 * 3600.0), ({"charge": "0.1 mAh/cm2"}, 3600.0 * 0.1 / 0.075)]
)
def test_time_and_charge_of_a_repeat_cut_its_last_turn(run, until, end):
    turns = [{"plate": "75 uA/cm2", "for": "1 h"}, {"strip": "75 uA/cm2", "for": "1 h"}]
    record = run([{"press": "5 MPa"}, {"repeat": 10, "until": until, "steps": turns}])
    assert record.steps["end_second"][-1] == pytest.approx(end, rel=1e-9)


def test_a_temperature_step_changes_the_pellet_by_arrhenius(run):
    energy, sigma = 33.8e3, 0.28
    stated = {
        "conductivity": "2.8 mS/cm",
        "conductivity_activation_energy": "33.8 kJ/mol",
        "conductivity_temperature": "25 degC",
    }
    record = run(
        [{"press": "10 MPa"}, {"set_temperature": "60 degC"}, {"set_temperature": "0 degC"}], parameters=stated
    )
    assert record.column("ambient_temperature_celsius") == pytest.approx([25.0, 60.0, 0.0])
    ohm = record.column("internal_resistance_ohm")
    kelvin = np.array([298.15, 333.15, 273.15])
    bulk = 1e-3 / (sigma * np.exp(-energy / 8.314462618 * (1 / kelvin - 1 / 298.15))) / 1.267e-4
    assert ohm - ohm[0] == pytest.approx(bulk - bulk[0], rel=1e-9, abs=1e-12)


def test_cycles_count_the_passes_of_the_repeat_that_carries_current(run):
    turns = {"repeat": 2, "steps": [{"plate": "75 uA/cm2", "for": "1 h"}, {"strip": "75 uA/cm2", "for": "1 h"}]}
    record = run([{"press": "5 MPa"}, {"repeat": 2, "steps": [turns, {"rest": "1 h"}]}])
    assert record.steps["cycle_count"].to_list() == [0, 1, 1, 2, 2, 2, 3, 3, 4, 4, 4]
    assert record.steps["step_count"].to_list() == list(range(1, 12))
