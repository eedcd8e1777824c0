"""Findings against closed forms: charge, overpotential, efficiency, retention, critical current, pressure."""

import numpy as np
import polars as pl
import pytest
from synthetic import full_cell, square_wave

from lithostat.cycling.analysis import analyze
from lithostat.experiment.cell_note import note_from
from lithostat.experiment.record import Record

AREA = {"kind": "symmetric", "area": "1.5 cm2"}


def values(analysis):
    return {finding.name: finding.value for finding in analysis.findings}


def test_a_square_wave_gives_its_charge_and_its_resistance_back():
    found = values(analyze(square_wave(current=1e-4, ohm=40.0, cycles=5), note_from(AREA)))
    assert found["overpotential at first"] == pytest.approx(4.0, rel=1e-12)
    assert found["charge per half-cycle"] == pytest.approx(0.1, rel=2 / 60)  # the last interval is not in it
    assert found["charge in both directions"] == pytest.approx(1.0, rel=0.02)
    assert found["charge in one direction"] == pytest.approx(0.5, rel=0.02)
    assert found["current density"] == pytest.approx(0.1 / 1.5, rel=1e-12)
    assert found["drift of the overpotential"] == pytest.approx(0.0, abs=1e-9)


def test_lithium_per_half_cycle_is_faraday():
    found = values(analyze(square_wave(), note_from(AREA)))
    per_area = found["charge per half-cycle"] * 3.6 / 1.5e-4  # C/m2
    assert found["lithium per half-cycle"] == pytest.approx(1e6 * per_area * 13.02e-6 / 96485.33, rel=1e-3)


def test_a_rising_overpotential_has_the_slope_it_was_given():
    record = square_wave(cycles=50)
    ohm = 40.0 * (1.0 + record.column("test_time_second") / 3.6e5)  # 100 % in 100 h
    rising = record.table.with_columns(voltage_volt=pl.col("current_ampere") * pl.Series(ohm))
    found = values(analyze(Record(rising), note_from(AREA)))
    assert found["drift of the overpotential"] == pytest.approx(100.0, rel=0.02)


def test_without_area_and_mass_nothing_is_normalised():
    analysis = analyze(square_wave(), note_from({"kind": "symmetric"}))
    assert not [f for f in analysis.findings if "cm2" in f.unit or "/g" in f.unit]
    assert analysis.outcome.charge is None
    full = analyze(full_cell(charges=[1e-3] * 3, discharges=[0.9e-3] * 3), note_from({"kind": "full"}))
    specific = next(f for f in full.findings if f.name == "largest specific capacity")
    assert specific.value is None
    assert "no active mass" in specific.evidence[0]


def test_the_offset_of_the_voltage_is_no_overpotential():
    record = square_wave()
    shifted = Record(record.table.with_columns(voltage_volt=pl.col("voltage_volt") + 3e-4))
    assert values(analyze(shifted, note_from(AREA)))["overpotential at last"] == pytest.approx(4.0, rel=1e-9)


def test_efficiency_and_retention_say_which_cycles_they_mean():
    charges, discharges = [2.0e-3, 1.0e-3, 0.98e-3, 0.96e-3], [1.0e-3, 0.99e-3, 0.97e-3, 0.9e-3]
    analysis = analyze(full_cell(charges=charges, discharges=discharges), note_from({"kind": "full"}))
    found = {finding.name: finding for finding in analysis.findings}
    assert found["first-cycle efficiency"].value == pytest.approx(50.0, rel=1e-9)
    mean = 100.0 * np.mean(np.divide(discharges[1:], charges[1:]))
    assert found["mean Coulombic efficiency"].value == pytest.approx(mean, rel=1e-9)
    assert "the first one left out" in found["mean Coulombic efficiency"].formula
    retention = found["capacity retention at cycle 4"]
    assert retention.value == pytest.approx(90.0, rel=1e-9)
    assert "cycle 1 (the reference)" in retention.formula
    assert analysis.cycles["charge_ah"].to_list() == pytest.approx(charges, rel=1e-9)


def test_specific_and_areal_capacity_use_what_was_stated():
    note = note_from({"kind": "full", "active_mass": "5 mg", "area": "1.3 cm2"})
    found = values(analyze(full_cell(charges=[1e-3] * 2, discharges=[0.8e-3] * 2), note))
    assert found["largest specific capacity"] == pytest.approx(160.0, rel=1e-9)
    assert found["largest areal capacity"] == pytest.approx(0.8 / 1.3, rel=1e-9)


def test_the_cyclers_own_counters_are_used_where_it_has_them():
    record = full_cell(charges=[1e-3, 1e-3], discharges=[0.9e-3, 0.9e-3])
    current, time = record.column("current_ampere"), record.column("test_time_second")
    width = np.concatenate([[0.0], np.diff(time)]) / 3600.0
    charge = 1.02 * np.cumsum(np.where(current > 0, current * width, 0.0))  # a counter that is 2 % off shows itself
    discharge = np.cumsum(np.where(current < 0, -current * width, 0.0))
    counted = Record(
        record.table.with_columns(charging_capacity_ah=pl.Series(charge), discharging_capacity_ah=pl.Series(discharge))
    )
    cycles = analyze(counted, note_from({"kind": "full"})).cycles
    assert cycles["charge_ah"].to_list() == pytest.approx([1.02e-3, 1.02e-3], rel=2e-3)


def ramp(levels, *, ohm=40.0, short_at=None):
    """One cycle at each current; from `short_at` on nothing but 1 ohm is left."""
    parts = []
    for number, level in enumerate(levels):
        table = square_wave(current=level, ohm=ohm, cycles=1).table
        parts.append(table.with_columns(test_time_second=pl.col("test_time_second") + 7200.0 * number))
    table = pl.concat(parts)
    if short_at is not None:
        after = pl.col("test_time_second") >= short_at
        table = table.with_columns(
            voltage_volt=pl.when(after).then(pl.col("current_ampere") * 1.0).otherwise(pl.col("voltage_volt"))
        )
    return Record(table)


def test_the_critical_current_is_an_interval():
    record = ramp([1e-4, 2e-4, 4e-4, 8e-4], short_at=2 * 7200.0 + 1800.0)
    found = values(analyze(record, note_from({"kind": "symmetric", "area": "1 cm2"})))
    assert found["critical current density, last survived"] == pytest.approx(0.2, rel=1e-9)
    assert found["critical current density, first failed"] == pytest.approx(0.4, rel=1e-9)


def test_a_ramp_without_a_short_gives_a_lower_bound():
    found = {f.name: f for f in analyze(ramp([1e-4, 2e-4, 4e-4]), note_from(AREA)).findings}
    assert found["critical current density, first failed"].value is None
    assert "lower bound" in found["critical current density, last survived"].evidence[0]


def test_pressure_against_charge_and_the_stiffness_behind_it():
    record = full_cell(charges=[1e-3] * 4, discharges=[1e-3] * 4)
    sign = np.sign(record.column("current_ampere"))
    width = np.concatenate([[0.0], np.diff(record.column("test_time_second"))])
    passed = np.cumsum(np.where(width <= 1.0 + 3600.0, record.column("current_ampere") * width, 0.0))
    table = record.table.with_columns(measured_pressure_pa=pl.Series(5e6 + 1e5 * passed))
    assert sign.any()
    note = note_from({"kind": "full", "area": "1.3 cm2"})
    found = values(analyze(Record(table), note))
    assert found["pressure against charge"] == pytest.approx(1e5 * 3.6 * 1.3 / 1e6, rel=0.02)
    stiffness = 1e5 * 96485.33 * 1.3e-4 / 13.02e-6 / 1e12
    assert found["stiffness of stack and frame"] == pytest.approx(stiffness, rel=0.02)


def test_relaxation_over_the_longest_rest():
    time = np.arange(0.0, 7200.0, 10.0)
    table = pl.DataFrame(
        {
            "test_time_second": time,
            "voltage_volt": np.zeros(len(time)),
            "current_ampere": np.zeros(len(time)),
            "measured_pressure_pa": 1e7 * (1.0 - 0.1 * time / 7200.0),
        }
    )
    found = values(analyze(Record(table), note_from({"kind": "symmetric"})))
    assert found["relaxation of the pressure at rest"] == pytest.approx(9.5, abs=0.1)  # means of a twentieth each


@pytest.mark.parametrize(
    ("note", "says"),
    [
        ({"lithium_thickness": "0.1 um", **AREA}, "one half-cycle moves"),
        (
            {
                "electrolyte": "Li6PS5Cl",
                "electrolyte_mass": "300 mg",
                "electrolyte_thickness": "1 mm",
                "die_diameter": "14 mm",
                **AREA,
            },
            "more than the 1.86",
        ),
    ],
)
def test_numbers_that_do_not_fit_are_said(note, says):
    assert any(says in line for line in analyze(square_wave(), note_from(note)).warnings)


def test_efficiency_over_one_hundred_per_cent_is_said():
    analysis = analyze(full_cell(charges=[1e-3] * 3, discharges=[1e-3, 1.1e-3, 1e-3]), note_from({"kind": "full"}))
    assert any("give back more than they took" in line for line in analysis.warnings)


def test_every_finding_with_a_number_has_a_unit_and_most_a_formula():
    for record, kind in ((square_wave(), "symmetric"), (full_cell(charges=[1e-3], discharges=[1e-3]), "full")):
        for finding in analyze(record, note_from({"kind": kind, "area": "1 cm2"})).findings:
            assert finding.unit
            assert finding.formula or finding.evidence
