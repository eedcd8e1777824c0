"""Half-cycles, charge and sampling of a record, against what was put in."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hand_cells import CURRENT, HOUR, clock, record

from lithostat.cycling.steps import charge_passed, directions, half_cycles, usual_interval
from lithostat.experiment.record import Record


def test_a_reversal_a_rest_and_a_step_of_the_current_begin_a_stretch():
    current = np.repeat([1.0, -1.0, 0.0, 1.0, 1.5, -1.5], 10) * CURRENT
    time = 60.0 * np.arange(len(current))
    half = half_cycles(record(time, 0.0 * time, current))
    assert half.direction.tolist() == [1, -1, 0, 1, 1, -1]
    assert half.first.tolist() == [0, 10, 20, 30, 40, 50]
    assert half.last.tolist() == [9, 19, 29, 39, 49, 59]
    np.testing.assert_allclose(half.current, np.array([1.0, -1.0, 0.0, 1.0, 1.5, -1.5]) * CURRENT)
    np.testing.assert_allclose(half.charge[:2], [9.0 * 60.0 * CURRENT, -9.0 * 60.0 * CURRENT])
    assert half.flowing.tolist() == [0, 1, 3, 4, 5]
    assert half.start[3] == 1800.0


def test_noise_of_the_current_begins_none():
    time, sign = clock(10.0)
    noisy = CURRENT * sign * (1.0 + 0.02 * np.random.default_rng(0).standard_normal(len(time)))
    assert len(half_cycles(record(time, 0.0 * time, noisy))) == 10
    assert directions(np.array([1.0, 0.005, -0.005, 0.02, np.nan])).tolist() == [1, 0, 0, 1, -2]


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


def test_charge_is_the_trapezoid_or_the_records_own_sum():
    time = np.array([0.0, 10.0, 30.0, 40.0])
    made = record(time, 0.0 * time, np.array([1.0, 1.0, 0.0, np.nan]))
    np.testing.assert_allclose(charge_passed(made), [0.0, 10.0, 20.0, 20.0])
    own = made.table.with_columns(net_capacity_ah=pl.Series([0.0, 1.0, 2.0, 3.0]))
    np.testing.assert_allclose(charge_passed(Record(own)), [0.0, 3600.0, 7200.0, 10800.0])


@pytest.mark.parametrize(
    ("time", "interval"), [([], 0.0), ([1.0], 0.0), ([0.0, 0.0], 0.0), ([0.0, 5.0, 10.0, 99.0], 5.0)]
)
def test_the_usual_interval(time, interval):
    time = np.array(time)
    assert usual_interval(record(time, time, time)) == interval


def test_half_cycles_of_an_empty_record():
    half = half_cycles(record([], [], []))
    assert len(half) == 0
    assert not len(half.flowing)


def test_a_record_of_a_hundred_thousand_half_cycles():
    time, sign = clock(1000.0, half=0.01, interval=12.0)
    half = half_cycles(record(time, 0.0 * time, CURRENT * sign))
    assert abs(len(half) - 100_000) <= 1
    assert half.end[-1] < 1000.0 * HOUR
