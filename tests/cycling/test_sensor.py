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
