"""The load cell: known signals with known zeros and drifts must give known pressures."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from lithostat.experiment.cell_note import CellNote, note_from
from lithostat.experiment.errors import InputError
from lithostat.experiment.record import Record
from lithostat.experiment.spectrum import Spectrum
from lithostat.reading.load_cell import calibrate

AREA = 1e-4  # m2
CELL = {"sensitivity": "1000 N/V"}


def record(volts=None, *, rows=None, spectra=(), **columns):
    n = rows if rows is not None else len(volts) if volts is not None else len(next(iter(columns.values())))
    table = {
        "test_time_second": 3600.0 * np.arange(n),
        "voltage_volt": np.full(n, 0.05),
        "current_ampere": np.full(n, 1e-3),
    }
    if volts is not None:
        table["load_cell_volt"] = np.asarray(volts, float)
    return Record(pl.DataFrame(table | columns), spectra=tuple(spectra))


def note(load_cell=None, **said):
    if load_cell is not None:
        said["load_cell"] = load_cell
    return note_from({"area": "1 cm2"} | said)


def said(result, *words):
    return [w for w in result.warnings if all(word in w for word in words)]


def test_force_and_pressure_from_a_stated_zero():
    result = calibrate(record([0.2, 0.7, 1.2]), note(CELL | {"zero": "0.2 V"}))
    np.testing.assert_allclose(result.column("load_newton"), [0.0, 500.0, 1000.0], atol=1e-9)
    np.testing.assert_allclose(result.column("measured_pressure_pa"), [0.0, 5e6, 10e6], atol=1e-3)
    assert not result.warnings
    assert result.provenance["load_cell"]["sensitivity_newton_per_volt"] == 1000.0


def test_without_zero_and_tare_it_says_that_nothing_was_tared():
    result = calibrate(record([0.5, 0.5]), note(CELL))
    np.testing.assert_allclose(result.column("measured_pressure_pa"), 5e6)
    assert said(result, "0 V", "not tared")


def test_a_drifting_zero_between_two_tare_stretches_is_taken_out():
    hours = np.arange(49.0)
    zero = 0.1 + 0.01 * hours
    load = np.where((hours < 4) | (hours > 44), 0.0, 0.5)
    tare = [{"start": "0 h", "end": "3 h"}, {"start": "45 h", "end": "48 h"}]
    result = calibrate(record(zero + load), note(CELL | {"tare": tare}))
    inside = (hours >= 1.5) & (hours <= 46.5)
    np.testing.assert_allclose(result.column("measured_pressure_pa")[inside], 1e7 * load[inside], atol=1e-2)
    assert result.column("measured_pressure_pa")[0] == pytest.approx(-0.015 * 1e7)  # constant outside
    about = result.provenance["load_cell"]
    assert about["drift_per_day"] == pytest.approx(0.24)
    assert about["drift_pa_per_day"] == pytest.approx(2.4e6)
    assert said(result, "0.24 V per day", "2.4 MPa per day")


def test_one_tare_stretch_is_the_median_of_its_samples():
    volts = [0.1, 9.0, 0.1, 0.6, 0.6]
    result = calibrate(record(volts), note(CELL | {"zero": "0.3 V", "tare": [{"start": "0 h", "end": "2 h"}]}))
    np.testing.assert_allclose(result.column("measured_pressure_pa")[3:], 5e6)
    assert said(result, "0.3 V as stated", "0.1 V as tared")


def test_a_tare_stretch_without_samples_is_an_error():
    with pytest.raises(InputError, match=r"load_cell.tare\[1\]"):
        calibrate(record([0.1, 0.2]), note(CELL | {"tare": [{"start": "10 h", "end": "11 h"}]}))


@pytest.mark.parametrize("wanted", ["Kraft", "other:Kraft"])
def test_a_column_by_the_name_the_file_gives_it(wanted):
    result = calibrate(record(**{"other:Kraft": np.array([0.0, 1.0])}), note(CELL | {"column": wanted, "zero": "0 V"}))
    np.testing.assert_allclose(result.column("load_newton"), [0.0, 1000.0])


def test_an_unknown_column_names_the_nearest():
    with pytest.raises(InputError, match="did you mean 'Kraft'"):
        calibrate(record(**{"other:Kraft": np.array([0.0, 1.0])}), note(CELL | {"column": "Kravt"}))


def test_a_column_of_words_is_refused():
    with pytest.raises(InputError, match="holds no numbers"):
        calibrate(record(**{"other:Kraft": ["a", "b"]}), note(CELL | {"column": "Kraft"}))


@pytest.mark.parametrize(
    ("name", "value", "pascal"),
    [
        ("Load (kN)", 0.5, 5e6),
        ("Load [N]", 500.0, 5e6),
        ("force_kg", 100.0, 100 * 9.80665 / AREA),
        ("p / MPa", 5.0, 5e6),
        ("p/bar", 50.0, 5e6),
        ("signal/mV", 500.0, 5e6),
        ("signal", 0.5, 5e6),
    ],
)
def test_the_unit_at_the_end_of_a_name(name, value, pascal):
    column = {"other:" + name: np.array([value, value])}
    result = calibrate(record(**column), note(CELL | {"column": name, "zero": "0 V"}))
    np.testing.assert_allclose(result.column("measured_pressure_pa"), pascal, rtol=1e-12)
    np.testing.assert_allclose(result.column("load_newton"), pascal * AREA, rtol=1e-12)


def test_a_load_in_newton_needs_no_calibration_but_an_area():
    loaded = record(load_newton=np.array([0.0, 500.0]))
    np.testing.assert_allclose(calibrate(loaded, note()).column("measured_pressure_pa"), [0.0, 5e6])
    without = calibrate(loaded, CellNote())
    assert "measured_pressure_pa" not in without.table.columns
    assert said(without, "without an area", "die_diameter")


def test_a_stated_load_cell_without_an_area_is_refused():
    with pytest.raises(InputError, match="die_diameter"):
        calibrate(record([0.1]), note_from({"load_cell": CELL}))


def test_the_force_acts_on_the_die_and_not_on_the_electrode():
    both = note_from({"area": "0.5 cm2", "load_cell": CELL | {"zero": "0 V", "area": "2 cm2"}})
    np.testing.assert_allclose(calibrate(record([1.0]), both).column("measured_pressure_pa"), 5e6)


def test_volts_without_a_sensitivity_say_what_is_missing():
    result = calibrate(record([0.5]), note())
    assert "measured_pressure_pa" not in result.table.columns
    assert said(result, "load_cell.sensitivity")


def test_a_stated_load_cell_in_volts_without_a_sensitivity_says_what_to_add():
    with pytest.raises(InputError, match=r"load_cell_volt.*'sensitivity'.*cell\.yaml.*1000 N/V"):
        calibrate(record([0.5]), note({"zero": "0.1 V"}))


@pytest.mark.parametrize(("name", "value"), [("Load (kN)", 0.5), ("p / MPa", 5.0)])
def test_a_column_in_newton_or_pascal_needs_no_sensitivity(name, value):
    column = {"other:" + name: np.array([value, value])}
    plain = calibrate(record(**column), note({"column": name}))
    np.testing.assert_allclose(plain.column("measured_pressure_pa"), 5e6, rtol=1e-12)
    assert not plain.warnings
    tare = [{"start": "0 h", "end": "0.5 h"}]
    for cell in (CELL, CELL | {"tare": tare}):
        assert said(calibrate(record(**column), note(cell | {"column": name})), name, "without sensitivity of")


def test_a_tare_stretch_may_lie_where_only_the_log_has_samples():
    cell = CELL | {"tare": [{"start": "-2 h", "end": "-30 min"}]}
    outside = {"load_cell_volt": (np.array([-7000.0, -3600.0, -1800.0]), np.array([0.1, 0.1, 0.1]))}
    result = calibrate(record([0.6, 0.6]), note(cell), outside=outside)
    np.testing.assert_allclose(result.column("measured_pressure_pa"), 5e6)
    assert result.provenance["load_cell"]["tare"][0]["time_second"] == -3600.0
    with pytest.raises(InputError, match=r"-7200 s to -1800 s.*since the cycler started"):
        calibrate(record([0.6, 0.6]), note(cell))


def test_only_the_times_of_a_tare_stretch_may_be_negative():
    with pytest.raises(InputError, match="time_to_short"):
        note(override={"outcome": "hard short", "by": "me", "why": "seen", "time_to_short": "-1 h"})
    with pytest.raises(InputError, match="'end' lies before 'start'"):
        note(CELL | {"tare": [{"start": "-1 h", "end": "-2 h"}]})
    for wrong in ("--1 h", "-1", -1.0, "-1 V"):
        with pytest.raises(InputError):
            note(CELL | {"tare": [{"start": wrong, "end": "2 h"}]})


def test_a_pressure_below_zero_beyond_the_noise_is_reported():
    noise = np.random.default_rng(1).normal(0.0, 1e-3, 200)
    near = np.where(np.arange(200) < 100, 0.0, 0.5) + noise
    assert not calibrate(record(near), note(CELL | {"zero": "0 V"})).warnings
    assert said(calibrate(record(-near), note(CELL | {"zero": "0 V"})), "below zero in", "sign")


def test_nothing_unknown_becomes_a_number():
    result = calibrate(record([0.5, np.nan]), note(CELL | {"zero": "0 V"}))
    assert np.isnan(result.column("measured_pressure_pa")[1])
    assert np.isnan(result.column("load_newton")[1])


def test_stated_pressure_and_temperature_fill_what_was_not_measured():
    result = calibrate(record(rows=2), note(pressure="5 MPa", temperature="60 degC"))
    np.testing.assert_array_equal(result.column("applied_pressure_pa"), 5e6)
    np.testing.assert_array_equal(result.column("ambient_temperature_celsius"), 60.0)
    assert "measured_pressure_pa" not in result.table.columns
    known = calibrate(record(ambient_temperature_celsius=np.array([25.0])), note(temperature="60 degC"))
    np.testing.assert_array_equal(known.column("ambient_temperature_celsius"), 25.0)
    plain = calibrate(record(rows=2), note())
    assert "applied_pressure_pa" not in plain.table.columns
    assert "ambient_temperature_celsius" not in plain.table.columns


def test_a_measured_pressure_far_from_the_stated_one_is_said():
    result = calibrate(record([1.0]), note(CELL | {"zero": "0 V"}, pressure="5 MPa"))
    assert "applied_pressure_pa" not in result.table.columns
    assert said(result, "states 5 MPa", "shows 10 MPa")


def test_a_load_cell_without_a_signal_is_said():
    assert said(calibrate(record(rows=2), note(CELL)), "no file has its signal")


def test_spectra_get_the_calibrated_pressure():
    spectrum = Spectrum(np.array([1.0]), np.array([1.0 + 0j]), time=3600.0)
    result = calibrate(record([0.1, 0.2, 0.3], spectra=[spectrum]), note(CELL | {"zero": "0 V"}))
    assert result.spectra[0].pressure == pytest.approx(2e6)
