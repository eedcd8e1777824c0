"""Half-cycles, charge and sampling of a record, against what was put in."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hand_cells import CURRENT, HOUR, clock, record

from lithostat.cycling.half_cycles import directions, half_cycles, usual_interval
from lithostat.experiment.record import Record


def test_a_reversal_a_rest_and_a_step_of_the_current_begin_a_stretch():
    current = np.repeat([1.0, -1.0, 0.0, 1.0, 1.5, -1.5], 10) * CURRENT
    time = 60.0 * np.arange(len(current))
    half = half_cycles(record(time, 0.0 * time, current))
    assert half.direction.tolist() == [1, -1, 0, 1, 1, -1]
    assert half.first.tolist() == [0, 10, 20, 30, 40, 50]
    assert half.last.tolist() == [9, 19, 29, 39, 49, 59]
    np.testing.assert_allclose(half.current, np.array([1.0, -1.0, 0.0, 1.0, 1.5, -1.5]) * CURRENT)
    np.testing.assert_allclose(half.charge[:2], [10.0 * 60.0 * CURRENT, -10.0 * 60.0 * CURRENT])
    assert half.until[:2].tolist() == [600.0, 1200.0]
    assert half.flowing.tolist() == [0, 1, 3, 4, 5]
    assert half.start[3] == 1800.0


def test_noise_of_the_current_begins_none():
    time, sign = clock(10.0)
    noisy = CURRENT * sign * (1.0 + 0.02 * np.random.default_rng(0).standard_normal(len(time)))
    assert len(half_cycles(record(time, 0.0 * time, noisy))) == 10
    assert directions(np.array([1.0, 0.005, -0.005, 0.02])).tolist() == [1, 0, 0, 1]


def test_a_sweep_of_impedance_is_no_half_cycle():
    time = 60.0 * np.arange(20.0)
    table = {
        "test_time_second": time,
        "voltage_volt": 0.0 * time,
        "current_ampere": CURRENT + 0.0 * time,
        "frequency_hertz": np.where(time >= 600.0, 1e3, 0.0),
    }
    half = half_cycles(Record(pl.DataFrame(table)))
    assert half.direction.tolist() == [1, -2]
    assert half.flowing.tolist() == [0]


def test_charge_goes_on_to_the_switch_and_not_over_a_gap():
    time = np.array([0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 500.0, 510.0])
    current = np.array([1.0, 1.0, 1.0, -1.0, -1.0, -1.0, 1.0, 1.0])
    half = half_cycles(record(time, 0.0 * time, current))
    np.testing.assert_allclose(half.charge, [30.0, -20.0, 10.0])
    assert half.until.tolist() == [30.0, 50.0, 510.0]


def test_the_time_of_the_step_tells_when_the_current_was_switched():
    time = np.array([0.0, 10.0, 20.0, 30.0, 40.0])
    made = record(time, 0.0 * time, np.array([1.0, 1.0, 1.0, -2.0, -2.0]))
    timed = made.table.with_columns(step_time_second=pl.Series([0.0, 10.0, 20.0, 6.0, 16.0]))
    half = half_cycles(Record(timed))
    np.testing.assert_allclose(half.charge, [24.0, -32.0])
    assert half.until[0] == 24.0


def test_no_half_cycle_goes_on_through_a_hole():
    time = np.arange(0.0, 100.0, 10.0)
    half = half_cycles(record(time, 0.0 * time, 1.0 + 0.0 * time), np.array([[40.0, 50.0]]))
    np.testing.assert_allclose(half.charge, [40.0, 40.0])


@pytest.mark.parametrize(
    ("time", "interval"), [([], 0.0), ([1.0], 0.0), ([0.0, 0.0], 0.0), ([0.0, 5.0, 10.0, 99.0], 5.0)]
)
def test_the_usual_interval(time, interval):
    time = np.array(time)
    assert usual_interval(time) == interval


def test_half_cycles_of_an_empty_record():
    half = half_cycles(record([], [], []))
    assert len(half) == 0
    assert not len(half.flowing)


def test_a_record_of_a_hundred_thousand_half_cycles():
    time, sign = clock(1000.0, half=0.01, interval=12.0)
    half = half_cycles(record(time, 0.0 * time, CURRENT * sign))
    assert abs(len(half) - 100_000) <= 1
    assert half.end[-1] < 1000.0 * HOUR
