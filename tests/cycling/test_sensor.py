"""The simulated laboratory: what its instruments write is the truth, with their errors and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hand_cells import CURRENT, HOUR, OHM, clock, spectrum

from lithostat.experiment.errors import InputError
from lithostat.experiment.record import COLUMNS, Record
from lithostat.simulation.sensor import Instrument, sense

QUIET = Instrument(
    interval=60.0,
    voltage_noise=0.0,
    voltage_resolution=1e-12,
    current_noise=0.0,
    pressure_noise=0.0,
    temperature_noise=0.0,
    impedance_noise=0.0,
)
HIDDEN = ("filament_length_1_metre", "contact_fraction_1", "internal_resistance_ohm")


def truth(hours: float = 10.0) -> Record:
    """As the simulator writes it: both sides of every edge, unevenly spaced, with what no lab can see."""
    time, sign, step = [], [], []
    for number in range(int(hours)):
        inside = np.unique(np.concatenate([[0.0, HOUR], HOUR * np.linspace(0.0, 1.0, 7 + number) ** 2]))
        time.append(number * HOUR + inside)
        sign.append(np.full(len(inside), 1.0 if number % 2 == 0 else -1.0))
        step.append(np.full(len(inside), number + 1))
    time, sign, step = np.concatenate(time), np.concatenate(sign), np.concatenate(step)
    ohm = OHM + time / HOUR
    columns = {
        "test_time_second": time,
        "voltage_volt": ohm * sign * CURRENT,
        "current_ampere": sign * CURRENT,
        "step_count": step,
        "cycle_count": (step + 1) // 2,
        "ambient_temperature_celsius": 25.0 + 0.0 * time,
        "applied_pressure_pa": 5e6 + 0.0 * time,
        "measured_pressure_pa": 5e6 + time,
    } | dict.fromkeys(HIDDEN, 0.5 + 0.0 * time)
    return Record(pl.DataFrame(columns), spectra=(spectrum(),))


def test_a_perfect_instrument_writes_the_truth():
    sensed = sense(truth(), QUIET, seed=0)
    time, current = sensed.column("test_time_second"), sensed.column("current_ampere")
    np.testing.assert_allclose(sensed.column("voltage_volt"), (OHM + time / HOUR) * current, atol=1e-9)
    np.testing.assert_allclose(sensed.column("measured_pressure_pa"), 5e6 + time)
    np.testing.assert_array_equal(sensed.spectra[0].impedance, spectrum().impedance)
    assert np.all(np.diff(time) >= 0.0)
    assert np.max(np.diff(time)) <= 60.0 + 1e-9
    assert time[-1] == 10.0 * HOUR


def test_what_a_lab_cannot_see_is_left_out():
    sensed = sense(truth(), seed=0)
    assert not set(HIDDEN) & set(sensed.table.columns)
    assert sensed.outcome is None
    assert set(sensed.table.columns) <= set(COLUMNS)
    assert sensed.provenance["seed"] == 0


@pytest.mark.parametrize("edges", [True, False])
def test_both_sides_of_every_edge_are_written_if_the_cycler_does_so(edges):
    sensed = sense(truth(), replace(QUIET, edges=edges, interval=50.0), seed=0)
    time = sensed.column("test_time_second")
    twice = time[1:][np.diff(time) == 0.0]
    assert twice.tolist() == ([HOUR * hour for hour in range(1, 10)] if edges else [])
    sign = np.sign(sensed.column("current_ampere"))
    inside = time % HOUR != 0.0
    expected = clock(10.0, interval=1.0)[1][np.floor(time[inside]).astype(int)]
    np.testing.assert_array_equal(sign[inside], expected)


def test_the_noise_is_as_stated_and_the_seed_decides_it():
    tool = replace(
        QUIET, interval=1.0, voltage_noise=2e-5, voltage_offset=1e-4, pressure_noise=1e4, temperature_noise=0.2
    )
    sensed, quiet = sense(truth(), tool, seed=3), sense(truth(), replace(QUIET, interval=1.0), seed=3)
    for name, noise, offset in (
        ("voltage_volt", 2e-5, 1e-4),
        ("measured_pressure_pa", 1e4, 0.0),
        ("ambient_temperature_celsius", 0.2, 0.0),
    ):
        error = sensed.column(name) - quiet.column(name)
        assert abs(error.mean() - offset) < 5.0 * noise / np.sqrt(len(error))
        assert abs(error.std() / noise - 1.0) < 0.03
        assert abs(np.corrcoef(error[1:], error[:-1])[0, 1]) < 0.03
    assert sensed.table.equals(sense(truth(), tool, seed=3).table)
    assert not sensed.table.equals(sense(truth(), tool, seed=4).table)


def test_the_resolution_rounds():
    sensed = sense(truth(), replace(QUIET, voltage_resolution=1e-3), seed=0)
    steps = sensed.column("voltage_volt") / 1e-3
    np.testing.assert_allclose(steps, np.round(steps))


def test_gaps_leave_out_samples_and_nothing_else():
    whole, gapped = (sense(truth(), replace(QUIET, gaps=gaps, gap_length=1800.0), seed=1) for gaps in (0, 2))
    time = gapped.column("test_time_second")
    assert 1 <= np.sum(np.diff(time) > 1700.0) <= 2
    assert time[0] == 0.0
    kept = whole.table.filter(pl.col("test_time_second").is_in(time.tolist()))
    assert kept.select("voltage_volt").equals(gapped.table.select("voltage_volt"))


def test_a_rest_has_no_current_whatever_the_noise():
    made = truth()
    resting = Record(
        made.table.with_columns(current_ampere=pl.when(pl.col("step_count") == 3).then(0.0).otherwise(1e-4))
    )
    sensed = sense(resting, replace(QUIET, current_noise=1e-6), seed=0)
    rest = sensed.column("step_count") == 3
    assert np.all(sensed.column("current_ampere")[rest] == 0.0)
    assert np.std(sensed.column("current_ampere")[~rest]) == pytest.approx(1e-6, rel=0.1)


@pytest.mark.parametrize("tool", [replace(QUIET, interval=0.0), QUIET])
def test_nothing_to_sense(tool):
    made = truth()
    record = made if tool.interval == 0.0 else Record(made.table.clear())
    with pytest.raises(InputError, match="nothing to sense"):
        sense(record, tool, seed=0)


# What cyclers and labs do beside sampling evenly


def since_switch(sensed: Record) -> np.ndarray:
    """Time of every sample since the hour in which it lies began [s]."""
    return sensed.column("test_time_second") % HOUR


def test_samples_behind_a_switch_show_a_voltage_on_its_way():
    tool = replace(QUIET, after_switch=(0.01, 0.1, 1.0, 10.0), polarisation=2.0, polarised=0.5)
    sensed, plain = sense(truth(), tool, seed=0), sense(truth(), QUIET, seed=0)
    assert len(sensed.table) == len(plain.table) + 4 * 9
    time, voltage = sensed.column("test_time_second"), sensed.column("voltage_volt")
    behind = (time > HOUR) & (time < HOUR + 11.0)
    steady = -CURRENT * (OHM + 1.0)
    expected = steady + 0.5 * 2.0 * CURRENT * (OHM + 1.0) * np.exp(-(time[behind] - HOUR) / 2.0)
    np.testing.assert_allclose(voltage[behind], expected, rtol=3e-3)


def test_a_trigger_adds_samples_where_the_voltage_moves():
    tool = replace(QUIET, interval=600.0, trigger=1e-3, polarisation=20.0, polarised=1.0)
    sensed = sense(truth(), tool, seed=0)
    voltage = sensed.column("voltage_volt")
    behind = (since_switch(sensed) > 0.0) & (since_switch(sensed) < 60.0) & (sensed.column("test_time_second") > HOUR)
    assert behind.sum() > 9 * 8
    steps = np.abs(np.diff(voltage))[behind[1:] & behind[:-1]]
    assert np.max(steps) == pytest.approx(1e-3, rel=0.05)


def test_one_sample_has_part_of_both_currents():
    sensed = sense(truth(), replace(QUIET, part_samples=1.0), seed=0)
    current = sensed.column("current_ampere")
    part = np.abs(np.abs(current) - CURRENT) > 1e-9 * CURRENT
    assert part.sum() == 9
    assert np.all(np.abs(current) <= CURRENT * (1.0 + 1e-12))


def test_an_averaged_voltage_is_the_mean_since_the_sample_before():
    sensed = sense(truth(), replace(QUIET, averaged=True, interval=600.0), seed=0)
    time, current = sensed.column("test_time_second"), sensed.column("current_ampere")
    inside = since_switch(sensed) > 1.0
    expected = (OHM + (time - 300.0) / HOUR) * current
    np.testing.assert_allclose(sensed.column("voltage_volt")[inside], expected[inside], rtol=1e-6)


def test_ripple_is_a_share_of_the_current():
    sensed = sense(truth(), replace(QUIET, interval=1.0, current_ripple=0.08), seed=0)
    share = np.abs(sensed.column("current_ampere")) / CURRENT
    assert np.std(share) == pytest.approx(0.08, rel=0.03)
    assert np.mean(share) == pytest.approx(1.0, abs=0.003)


def test_weather_moves_temperature_and_voltage_together():
    sensed, plain = (sense(truth(48.0), replace(QUIET, weather=swing), seed=0) for swing in (2.0, 0.0))
    celsius = sensed.column("ambient_temperature_celsius")
    assert np.ptp(celsius) == pytest.approx(4.0, abs=0.01)
    ratio = np.log(np.abs(sensed.column("voltage_volt") / plain.column("voltage_volt")))
    slope = np.polyfit(1.0 / (celsius + 273.15), ratio, 1)[0]
    assert slope == pytest.approx(38e3 / 8.314, rel=0.01)


def test_pressure_breathes_with_the_charge():
    sensed, plain = (sense(truth(), replace(QUIET, breathing=share), seed=0) for share in (1e6, 0.0))
    more = sensed.column("measured_pressure_pa") - plain.column("measured_pressure_pa")
    time = sensed.column("test_time_second")
    assert more[time == HOUR][0] == pytest.approx(1e6 * CURRENT * HOUR, rel=1e-6)
    assert more[-1] == pytest.approx(0.0, abs=1.0)


def test_what_a_lab_does_not_measure_is_not_there():
    sensed = sense(truth(), replace(QUIET, unmeasured=("measured_pressure_pa",)), seed=0)
    assert "measured_pressure_pa" not in sensed.table.columns


def test_steps_that_repeat():
    sensed = sense(truth(), replace(QUIET, steps="repeated"), seed=0)
    assert sorted(set(sensed.column("step_index").tolist())) == [1, 2]
    assert not {"step_count", "cycle_count"} & set(sensed.table.columns)
    assert "step_index" not in sense(truth(), replace(QUIET, steps="none"), seed=0).table.columns
