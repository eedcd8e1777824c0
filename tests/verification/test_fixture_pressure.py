"""What the frame does to the pressure, against closed forms."""

import numpy as np
import pytest

STILL = {"interphase_constant": "0 m2/s"}


def frame(stiffness="0.5 MPa/um", **more):
    return {"kind": "fixed gap", "stiffness": stiffness, **more}


@pytest.mark.parametrize(("fraction", "hours"), [(0.3, 5.0), (1.0, 0.2), (0.05, 100.0), (0.4, 1e-5)])
def test_a_clamped_stack_relaxes_exponentially(run, fraction, hours):
    held = frame(relaxation={"fraction": fraction, "time": f"{hours} h"})
    record = run([{"press": "10 MPa"}, {"rest": "20 h"}], fixture=held, parameters=STILL)
    time = record.column("test_time_second")
    exact = 10e6 * (1.0 - fraction * (1.0 - np.exp(-time / (hours * 3600.0))))
    assert record.column("measured_pressure_pa") == pytest.approx(exact, rel=1e-12, abs=1e-3)


def test_a_frame_that_relaxes_in_a_minute_may_rest_for_years(run):
    held = frame(relaxation={"fraction": 0.3, "time": "1 min"})
    record = run([{"press": "10 MPa"}, {"rest": "20000 h"}], fixture=held, parameters=STILL)
    assert record.outcome.kind == "survived"
    assert record.column("measured_pressure_pa")[-1] == pytest.approx(7e6, rel=1e-12)


def test_hold_keeps_the_pressure_whatever_the_frame(run):
    held = frame(relaxation={"fraction": 0.5, "time": "1 h"})
    steps = [{"press": "10 MPa"}, {"rest": "2 h"}, {"hold": "5 h"}]
    record = run(steps, fixture=held, parameters=STILL)
    held_pressure = record.column("measured_pressure_pa")[record.column("step_count") == 3]
    assert held_pressure == pytest.approx(np.full(held_pressure.size, held_pressure[0]), rel=1e-12)
    assert held_pressure[0] == pytest.approx(10e6 * (1.0 - 0.5 * (1.0 - np.exp(-2.0))), rel=1e-6)


def test_setting_the_pressure_again_starts_the_relaxation_anew(run):
    held = frame(relaxation={"fraction": 0.5, "time": "1 h"})
    steps = [{"press": "10 MPa"}, {"rest": "5 h"}, {"set_pressure": "10 MPa"}, {"rest": "1 h"}]
    record = run(steps, fixture=held, parameters=STILL)
    pressure, step = record.column("measured_pressure_pa"), record.column("step_count")
    assert pressure[step == 3] == pytest.approx([10e6], rel=1e-12)
    assert pressure[step == 4][-1] == pytest.approx(10e6 * (1.0 - 0.5 * (1.0 - np.exp(-1.0))), rel=1e-5)


def test_a_growing_interphase_unloads_a_stiff_frame(run):
    """Products take 27 % less room than reactants, lithium included: P = P_set + 2 k (1 - 1/0.73) (d - d_0)."""
    stated = {"interphase_constant": "1e-19 m2/s", "interphase_initial": "5 nm", "interphase_volume_change": -0.27}
    record = run([{"press": "10 MPa"}, {"rest": "400 h"}], fixture=frame(), parameters=stated)
    d = np.sqrt(5e-9**2 + 2e-19 * record.column("test_time_second"))
    exact = 10e6 + 0.5e12 * 2.0 * (1.0 - 1.0 / 0.73) * (d - 5e-9)
    assert exact[-1] < 9.9e6
    assert record.column("measured_pressure_pa") == pytest.approx(exact, rel=1e-6)


def test_plating_from_one_side_to_the_other_swells_nothing_but_voids_do(run):
    """Pressure gained is stiffness times the growth of lithium and voids."""
    steps = [{"press": "1.5 MPa"}, {"plate": "75 uA/cm2", "for": "30 min"}]
    record = run(steps, fixture=frame("0.05 MPa/um"), parameters=STILL)
    names = (
        "lithium_thickness_1_metre",
        "lithium_thickness_2_metre",
        "void_thickness_1_metre",
        "void_thickness_2_metre",
    )
    height = sum(record.column(name) for name in names)
    gained = record.column("measured_pressure_pa") - 1.5e6
    assert gained[-1] > 1e3
    assert gained == pytest.approx(0.05e12 * (height - height[0]), rel=1e-6, abs=1e-2)


def test_no_stiffness_equals_a_constant_force(run):
    steps = [{"press": "25 MPa"}, {"plate": "75 uA/cm2", "for": "100 h"}]
    soft, constant = run(steps, fixture=frame("0 MPa/um")), run(steps)
    assert soft.outcome.time == constant.outcome.time
    assert soft.column("measured_pressure_pa") == pytest.approx(constant.column("measured_pressure_pa"), rel=1e-14)


MEASURED = {"kind": "measured", "times": ["0 h", "2 h", "3 h"], "pressures": ["5 MPa", "25 MPa", "10 MPa"]}


def test_a_measured_pressure_is_followed_between_its_points_and_constant_beyond(run):
    steps = [{"rest": "30 min"}, {"plate": "75 uA/cm2", "for": "2 h"}, {"strip": "75 uA/cm2", "for": "2 h"}]
    record = run(steps, fixture=MEASURED)
    told = np.interp(record.column("test_time_second"), [0.0, 7200.0, 10800.0], [5e6, 25e6, 10e6])
    assert record.column("measured_pressure_pa") == pytest.approx(told, rel=1e-12)


def test_a_measured_pressure_keeps_its_clock_when_a_step_ends_early(run):
    """`times` count from the start of the protocol, not from where the steps would have been."""
    steps = [{"plate": "75 uA/cm2", "for": "1 h", "until": {"pressure_above": "10 MPa"}}, {"rest": "2 h"}]
    record = run(steps, fixture=MEASURED)
    assert record.steps["end_second"][0] == pytest.approx(1800.0, rel=1e-9)
    told = np.interp(record.column("test_time_second"), [0.0, 7200.0, 10800.0], [5e6, 25e6, 10e6])
    assert record.column("measured_pressure_pa") == pytest.approx(told, rel=1e-9)


def test_the_interface_remembers_its_highest_pressure(run):
    """Released from 25 to 5 MPa the contact is c(25) (5/25)^beta; no time passes."""
    stated = {"contact_pressure": "6.4 MPa", "unloading_exponent": 0.16}
    record = run([{"press": "25 MPa"}, {"release": "5 MPa"}], parameters=stated)
    contact = record.column("contact_fraction_1")
    assert contact == pytest.approx([1 - np.exp(-25 / 6.4), (1 - np.exp(-25 / 6.4)) * 0.2**0.16], rel=1e-12)


def test_contact_ripens_as_a_small_power_of_time(run):
    stated = {"contact_pressure": "6.4 MPa", "ripening_time": "0.56 h"}
    record = run([{"press": "5 MPa"}, {"hold": "20 h"}], parameters=stated)
    x = 5 / 6.4 * (1 + record.column("test_time_second") / 2016.0) ** (1 / 7.56)
    assert record.column("contact_fraction_1") == pytest.approx(1 - np.exp(-x), rel=1e-6)


@pytest.mark.parametrize("start", ["1 MPa", "10 MPa"])
def test_a_pressure_that_falls_to_nothing_under_current_is_no_obstacle(run, start):
    """Contact goes as (P/P_max)^0.11, with an infinite slope at P = 0: the step must end, in whatever state."""
    falling = {"kind": "measured", "times": ["0 h", "1 h"], "pressures": [start, "0 MPa"]}
    record = run([{"plate": "100 uA/cm2", "for": "1 h"}], fixture=falling)
    assert record.outcome.kind == "contact lost"  # at 1 MPa voids take it before the hour is over
    assert record.column("test_time_second")[-1] <= 3600.0
    assert np.isfinite(record.column("voltage_volt")).all()


@pytest.mark.parametrize("seed", range(8))
def test_contact_never_falls_while_the_pressure_rises(run, seed):
    """A measured pressure that wanders, above and below all that was before, with and without current."""
    rng = np.random.default_rng(seed)
    times = np.concatenate([[0.0], np.cumsum(rng.uniform(0.05, 2.0, 12))])
    pressures = np.exp(np.cumsum(np.concatenate([[np.log(10.0)], rng.normal(0.0, 0.4, 12)])))
    measured = {
        "kind": "measured",
        "times": [f"{t} h" for t in times],
        "pressures": [f"{p} MPa" for p in pressures],
    }
    step = {"rest": f"{times[-1]} h"} if seed % 2 else {"plate": "20 uA/cm2", "for": f"{times[-1]} h"}
    record = run([step], fixture=measured)
    pressure, contact = record.column("measured_pressure_pa"), record.column("contact_fraction_1")
    rising = np.diff(pressure) > 0.0
    assert rising.sum() > 10
    assert np.diff(contact)[rising].min() >= -1e-9
