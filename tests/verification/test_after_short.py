"""A short opens an electronic path beside the ionic one; the test goes on."""

import numpy as np
import pytest

STEPS = [{"press": "25 MPa"}, {"plate": "75 uA/cm2", "for": "100 h"}]
AREA = 1.267e-4


def shorted(run, **parameters):
    record = run(STEPS, parameters=parameters, after_short="6 h")
    after = record.column("test_time_second") > record.outcome.time
    assert after.sum() > 5
    return record, after


def test_a_hard_short_is_two_resistances_in_parallel(run):
    record, after = shorted(run, short_resistance="3 ohm", soft_short_resistance="3 ohm")
    current = record.column("current_ampere")[after]
    ionic = record.column("internal_resistance_ohm")[after]
    assert record.column("voltage_volt")[after] == pytest.approx(current / (1 / ionic + 1 / 3.0), rel=1e-12)


def test_before_the_short_the_cell_is_an_ohmic_resistance(run):
    record, _ = shorted(run)
    before = record.column("test_time_second") < record.outcome.time
    drop = record.column("current_ampere") * record.column("internal_resistance_ohm")
    assert record.column("voltage_volt")[before] == pytest.approx(drop[before], rel=1e-12)


def test_a_soft_short_hardens_exponentially(run):
    record, after = shorted(run, short_resistance="2 ohm", soft_short_resistance="200 ohm", hardening_time="2 h")
    since = record.column("test_time_second")[after] - record.outcome.time
    ohm = record.column("voltage_volt")[after] / record.column("current_ampere")[after]
    conductance = 1 / ohm - 1 / record.column("internal_resistance_ohm")[after]
    exact = 0.5 - (0.5 - 0.005) * np.exp(-since / 7200.0)
    assert conductance == pytest.approx(exact, rel=1e-5)  # the integrator's tolerance, over a difference


def test_ions_and_electrons_share_the_charge(run):
    record, after = shorted(run, short_resistance="2 ohm", soft_short_resistance="200 ohm", hardening_time="2 h")
    total = record.column("ionic_charge_coulomb") + record.column("leaked_charge_coulomb")
    passed = 0.75 * AREA * record.column("test_time_second")
    assert total == pytest.approx(passed, rel=1e-11)
    assert np.all(record.column("leaked_charge_coulomb")[~after] == 0.0)
    assert np.all(np.diff(record.column("leaked_charge_coulomb")[after]) > 0.0)


def test_the_test_goes_on_for_as_long_as_it_was_told(run):
    record, _ = shorted(run)
    assert record.column("test_time_second")[-1] == pytest.approx(record.outcome.time + 6 * 3600.0, rel=1e-12)


def test_a_step_that_shorts_keeps_its_length(run):
    record = run([{"press": "25 MPa"}, {"plate": "75 uA/cm2", "for": "40 h"}, {"rest": "1 h"}], after_short="100 h")
    assert record.steps["ended_by"].to_list() == ["its time", "short", "its time", "its time"]
    assert record.steps["end_second"].to_list()[2:] == pytest.approx([40 * 3600.0, 41 * 3600.0], rel=1e-12)
    assert record.column("net_capacity_ah")[-1] == pytest.approx(40 * 75e-6 * 1.267, rel=1e-11)


def test_an_impedance_after_the_short_sees_the_electronic_path(run):
    steps = [{"press": "50 MPa"}, {"hold": "1 h"}, {"measure_impedance": {"from": "1 MHz", "to": "1 mHz"}}]
    record = run(steps, parameters={"short_resistance": "3 ohm", "soft_short_resistance": "3 ohm"})
    assert record.outcome.kind == "short before current"
    ionic = record.column("internal_resistance_ohm")[-1]
    assert record.spectra[0].total_resistance == pytest.approx(1 / (1 / ionic + 1 / 3.0), rel=1e-9)
