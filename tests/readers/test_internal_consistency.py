"""What a file's own columns say of each other, on records made for it."""

from __future__ import annotations

import time

import numpy as np
import polars as pl
import pytest

from lithostat.experiment.record import Record
from lithostat.experiment.spectrum import Spectrum
from lithostat.reading import internal_consistency
from lithostat.reading.internal_consistency import check_consistency

ROWS = 400


def clean(**columns) -> dict[str, np.ndarray]:
    """Two steps of 10 s samples: charging at 1 mA, then discharging, with every counter that a cycler keeps."""
    rng = np.random.default_rng(5)
    second = np.arange(ROWS) * 10.0
    step = 1 + (np.arange(ROWS) >= ROWS // 2)
    current = np.where(step == 1, 1e-3, -1e-3)
    within = np.where(step == 1, second, second - second[ROWS // 2])
    charge = np.where(step == 1, within, 0.0) * 1e-3 / 3600.0
    voltage = 3.0 + 0.2 * np.where(step == 1, within, within[::-1] - 300.0) / 2000.0 + 2e-5 * rng.standard_normal(ROWS)
    table = {
        "test_time_second": second,
        "unix_time_second": second + 1.7e9,
        "voltage_volt": voltage,
        "current_ampere": current,
        "step_count": step,
        "cycle_count": np.ones(ROWS, int),
        "step_index": step,
        "step_time_second": within,
        "ambient_temperature_celsius": 25.0 + 0.01 * rng.standard_normal(ROWS),
        "charging_capacity_ah": charge,
        "discharging_capacity_ah": np.where(step == 2, within, 0.0) * 1e-3 / 3600.0,
        "step_capacity_ah": within * 1e-3 / 3600.0,
        "power_watt": voltage * current,
    }
    return table | columns


def said(table: dict[str, np.ndarray], spectra=()) -> list[str]:
    return list(check_consistency(Record(pl.DataFrame(table), spectra=tuple(spectra))).warnings)


def changed(name: str, row: int, value: float) -> dict[str, np.ndarray]:
    """The clean table with one value changed; rows count from 1."""
    table = clean()
    table[name] = table[name].astype(float).copy()
    table[name][row - 1] = value
    return table


def test_a_clean_table_has_no_remark():
    assert said(clean()) == []


@pytest.mark.parametrize(
    ("name", "row", "value", "expected"),
    [
        ("voltage_volt", 51, np.nan, "1 row without a number for time, voltage or current (first: row 51)"),
        ("test_time_second", 51, 5.0, "1 row with a time before that of the row above (first: row 51)"),
        ("test_time_second", 51, 504.0, "1 row whose time does not fit the even spacing around it (first: row 51)"),
        ("test_time_second", 400, 1e10, "1 row with test_time outside 0 to 1.58e+09 s (first: row 400)"),
        ("test_time_second", 1, -1.0, "1 row with test_time outside 0 to 1.58e+09 s (first: row 1)"),
        ("voltage_volt", 1, 2000.0, "1 row with voltage outside -1000 to 1e+03 V (first: row 1)"),
        ("current_ampere", 1, -2000.0, "1 row with current outside -1000 to 1e+03 A (first: row 1)"),
        ("ambient_temperature_celsius", 1, -200.0, "outside -100 to 300 degC (first: row 1)"),
        ("unix_time_second", 70, 1.7e9 + 690.0 + 90.0, "1 row whose clock does not fit test time (first: row 70)"),
        ("step_time_second", 33, 325.0, "2 rows where test time and step time do not go on together (first: row 33)"),
        ("step_count", 80, 7, "1 row where step_count counts down (first: row 81)"),
        ("cycle_count", 80, 3, "1 row where cycle_count counts down (first: row 81)"),
        ("step_index", 80, 9, "1 row alone in another step while the one around it goes on (first: row 80)"),
        ("voltage_volt", 120, 3.13, "1 row whose voltage stands alone (first: row 120)"),
        ("current_ampere", 120, 1.1e-3, "1 row whose current stands alone, without an answer in the voltage"),
        ("ambient_temperature_celsius", 120, 60.0, "1 row whose temperature stands alone (first: row 120)"),
        ("charging_capacity_ah", 120, 2e-3, "1 row whose charging_capacity_ah stands off the rows around it"),
        ("current_ampere", 120, 1e-310, "1 row with a value below 1e-30 that is not zero (first: row 120)"),
        ("power_watt", 120, 4e-3, "1 row whose power is not voltage times current (first: row 120)"),
    ],
)
def test_one_changed_value_is_found(name, row, value, expected):
    assert any(expected in text for text in said(changed(name, row, value)))


def test_a_point_below_the_bounds_is_not_called():
    """The bound of the check of voltage: 1 % of the range of 0.2 V."""
    steady = clean()["voltage_volt"]
    assert said(changed("voltage_volt", 120, steady[119] + 1.5e-3)) == []
    assert said(changed("voltage_volt", 120, steady[119] + 6e-3)) != []


def test_a_voltage_that_answers_a_pulse_of_current_is_no_fault():
    table = clean()
    for name, value in (("voltage_volt", 3.4), ("current_ampere", 5e-3), ("power_watt", 3.4 * 5e-3)):
        table[name] = table[name].copy()
        table[name][150] = value
    assert not any("stands alone" in text for text in said(table))


@pytest.mark.parametrize("name", ["charging_capacity_ah", "discharging_capacity_ah", "step_capacity_ah"])
def test_a_counter_that_the_current_does_not_explain_is_named(name):
    table = clean()
    table[name] = table[name] * 1.08
    (text,) = said(table)
    assert f"{name} differs from the integral of current by more than 5 %" in text
    assert "most in the step from row" in text


def test_a_counter_within_five_per_cent_is_let_pass():
    assert said(clean(charging_capacity_ah=clean()["charging_capacity_ah"] * 1.04)) == []


def test_a_counter_of_sparse_rows_is_not_blamed_for_what_lies_between_them():
    """A current that falls between two rows may have done so at once or at the end."""
    second = np.array([0.0, 1000.0, 2000.0])
    current = np.array([1e-3, 1e-4, 1e-5])
    counted = np.array([0.0, 2e-4, 2.2e-4]) * 1000.0 / 3600.0
    table = {"test_time_second": second, "voltage_volt": np.full(3, 4.0), "current_ampere": current}
    assert said(table | {"charging_capacity_ah": counted}) == []
    assert said(table | {"charging_capacity_ah": counted * 10.0}) != []


def test_energy_is_held_against_power():
    table = clean()
    power = table["power_watt"]
    energy = np.concatenate(([0.0], np.cumsum(5.0 * np.maximum(power[1:] + power[:-1], 0.0)))) / 3600.0
    assert said(table | {"charging_energy_wh": energy}) == []
    (text,) = said(table | {"charging_energy_wh": energy * 1.2})
    assert "charging_energy_wh differs from the integral of power" in text


def test_daylight_saving_is_an_hour_and_a_pause_is_not_a_fault():
    clock = clean()["unix_time_second"].copy()
    clock[200:] += 3600.0
    assert said(clean(unix_time_second=clock)) == [
        "1 row where the clock jumps by about an hour against test time, as for daylight saving (first: row 201)"
    ]
    clock[200:] += 5000.0
    assert said(clean(unix_time_second=clock)) == []


def test_a_clock_that_goes_wrong_is_named():
    clock = clean()["unix_time_second"].copy()
    clock[200:] -= 60.0
    assert said(clean(unix_time_second=clock)) == [
        "1 row where the clock falls back against test time (first: row 201)"
    ]
    (text,) = said(clean(unix_time_second=1.7e9 + 1.03 * clean()["test_time_second"]))
    assert text.startswith("the clock drifts by 120 s against test time")


def test_many_equal_times_are_named_and_one_per_step_is_not():
    twice = np.repeat(np.arange(ROWS // 2) * 10.0, 2)
    table = {"test_time_second": twice, "voltage_volt": np.full(ROWS, 3.0), "current_ampere": np.zeros(ROWS)}
    assert said(table) == ["200 rows with the time of the row above, in one step (first: row 2)"]
    assert said(table | {"step_count": np.arange(ROWS)}) == []


def test_rows_of_a_sweep_and_pauses_are_not_integrated():
    table = clean()
    frequency = np.full(ROWS, 10.0)
    assert said(table | {"frequency_hertz": frequency, "step_capacity_ah": table["step_capacity_ah"] * 3.0}) == []
    late = np.where(np.arange(ROWS) < 100, 0.0, 1e6)
    shifted = {name: table[name] + late for name in ("test_time_second", "unix_time_second", "step_time_second")}
    assert said(table | shifted) == []


def test_a_column_of_nothing_is_not_repeated():
    record = Record(pl.DataFrame(clean(voltage_volt=np.full(ROWS, np.nan), power_watt=np.full(ROWS, np.nan))))
    assert check_consistency(record) is record


def test_a_point_of_a_spectrum_that_stands_alone_is_named():
    frequency = np.logspace(5, -1, 61)
    impedance = 50.0 + 100.0 / (1.0 + 2j * np.pi * frequency * 0.01)
    empty = {"test_time_second": [], "voltage_volt": [], "current_ampere": []}
    assert said(empty, [Spectrum(frequency, impedance, name="one")]) == []
    off = impedance.copy()
    off[30] += 20.0
    (text,) = said(empty, [Spectrum(frequency, off, name="one")])
    assert text == f"1 points of spectra stand alone (first: 'one' at {frequency[30]:.4g} Hz)"
    phase = impedance.copy()
    phase[40] *= np.exp(0.1j)  # 5.7 degrees, within a slope
    assert said(empty, [Spectrum(frequency, phase, name="one")]) != []
    off_grid = frequency.copy()
    off_grid[20] *= 1.006
    assert said(empty, [Spectrum(off_grid, impedance, name="one")]) != []


@pytest.mark.parametrize("rows", range(9))
def test_any_number_of_rows_will_do(rows):
    table = {name: values[:rows] for name, values in clean(frequency_hertz=np.full(ROWS, 5.0)).items()}
    assert said(table) == []
    assert said({name: np.full(rows, np.nan) for name in table}) == []


def test_nothing_is_changed_and_nothing_said_twice():
    record = Record(pl.DataFrame(changed("voltage_volt", 120, 3.13)), warnings=("before",))
    once = check_consistency(record)
    assert once.table is record.table
    assert once.warnings[0] == "before"
    assert len(once.warnings) == 2
    assert check_consistency(once).warnings == once.warnings


@pytest.mark.parametrize("block", [13, 33, 50, 199])
def test_what_is_said_does_not_depend_on_the_blocks(block, monkeypatch):
    rng = np.random.default_rng(block)
    tables = [clean()]
    for _ in range(60):
        table = clean(frequency_hertz=np.where(np.arange(ROWS) % 97 < 40, 10.0 ** (5 - np.arange(ROWS) % 97 / 10), 0.0))
        for name in rng.choice([*table], 3):
            row, values = rng.integers(ROWS), np.array(table[name], float)
            values[row] = rng.choice([np.nan, -values[row], 1.1 * values[row], values[row] + 0.37, 0.0, 1e-40])
            table[name] = values
        tables.append(table)
    whole = [[text.split(":")[0] for text in said(table)] for table in tables]
    monkeypatch.setattr(internal_consistency, "BLOCK", block)
    assert [[text.split(":")[0] for text in said(table)] for table in tables] == whole


def test_it_costs_little():
    """A million rows; ten million take ten times as long."""
    rows = 1_000_000
    table = {"test_time_second": np.arange(rows) * 1.0, "voltage_volt": np.zeros(rows), "current_ampere": np.ones(rows)}
    record = Record(pl.DataFrame(table | {"step_capacity_ah": np.arange(rows) / 3600.0}))
    begin = time.process_time()
    assert check_consistency(record).warnings == ()
    assert time.process_time() - begin < 1.0
