"""Full cells built by hand: charges that fall, that never end, that become loud, and all that is everyday."""

from __future__ import annotations

import numpy as np
import pytest
from hand_cells import CAPACITY, HOUR, full_cell, holds, record

from lithostat.cycling.outcomes import SURE
from lithostat.cycling.shorts import call_short
from lithostat.experiment.cell_note import CellNote, note_from

BARE = note_from({"kind": "full"})
STATED = note_from({"kind": "full", "upper_voltage": "4.3 V", "active_mass": "10 mg", "specific_capacity": "200 mAh/g"})
NOTES = [BARE, STATED, CellNote()]


def call(columns, note):
    return call_short(record(*columns), note).outcome


def lives(columns, note):
    outcome = call(columns, note)
    assert outcome.kind == "censored", outcome


def charge(voltage, hours=30.0, current=3.0 * CAPACITY / (30.0 * HOUR)):
    """One charge over `hours`, of `voltage` as a function of the share of it that has passed."""
    time = np.arange(0.0, hours * HOUR, 60.0)
    draw = np.random.default_rng(0).standard_normal(len(time))
    return time, voltage(time / time[-1]) + 3e-4 * draw, current + 0.0 * time


@pytest.mark.parametrize("note", NOTES)
@pytest.mark.parametrize(
    "said",
    [
        {},
        {"overshoot": 0.1},
        {"overshoot": 0.25},
        {"constant_voltage": True},
        {"stairs": (1.0, 0.4)},
        {"stairs": (0.4, 1.0)},
        {"efficiency": lambda cycle: 0.7 if cycle == 0 else 1.0},  # formation
        {"efficiency": lambda cycle: 0.8 if cycle == 0 else 0.97},  # without lithium at the anode
        {"interval": 600.0},
        {"noise": 5e-3},
    ],
)
def test_everyday_cells_live(said, note):
    lives(full_cell(**said), note)


@pytest.mark.parametrize("fall", [0.1, 0.5])
def test_a_first_charge_that_falls_and_never_gets_there(fall):
    """Figure 1 of Doux et al. 2020: at 25 MPa the charge bends down below 3.9 V."""
    columns = charge(lambda share: np.where(share < 0.3, 3.6 + 0.9 * share, 3.87 - fall * (share - 0.3)))
    outcome = call(columns, STATED)
    assert outcome.kind == "soft short"
    assert outcome.confidence > 0.99
    assert any("never reached 4.3 V" in text for text in outcome.evidence)
    assert any("3.00 times the capacity" in text for text in outcome.evidence)
    assert SURE <= call(columns, BARE).confidence < outcome.confidence


def test_a_charge_of_three_times_the_capacity_at_a_flat_voltage():
    columns = charge(lambda share: np.where(share < 0.3, 3.6 + 0.9 * share, 3.87))
    outcome = call(columns, STATED)
    assert outcome.kind == "soft short"
    assert holds(outcome, 9.0)
    outcome = call(columns, BARE)  # it may be a large cell: nothing says what it holds
    assert outcome.kind == "censored"
    assert outcome.confidence < SURE
    assert any("no capacity was stated" in text for text in outcome.evidence)


def test_a_cell_that_gives_more_than_the_note_states():
    note = note_from({"kind": "full", "active_mass": "6 mg", "specific_capacity": "200 mAh/g"})
    time, voltage, current = full_cell()
    first = int(np.flatnonzero(current < 0.0)[-1])
    assert call((time[: first + 1], voltage[: first + 1], current[: first + 1]), note).confidence < 0.99


def test_micro_shorts_make_noise():
    loud = 0.02 * np.random.default_rng(1).standard_normal(1800)
    columns = charge(lambda share: np.where(share < 0.3, 3.6 + 0.9 * share, 3.87) + np.where(share > 0.3, loud, 0.0))
    outcome = call(columns, STATED)
    assert outcome.shorted
    assert abs(outcome.time - 9.0 * HOUR) <= 300.0
    assert call(columns, BARE).kind == "unknown"  # a loose contact is as loud


@pytest.mark.parametrize("note", NOTES)
def test_a_voltage_that_is_lost_at_rest(note):
    time, voltage, current = full_cell(2)
    rest = time[-1] + np.arange(60.0, 50.0 * HOUR, 60.0)
    fading = np.maximum(3.6 - 3.6 * (rest - rest[0]) / (20.0 * HOUR), 0.001)
    columns = np.r_[time, rest], np.r_[voltage, fading], np.r_[current, 0.0 * rest]
    outcome = call(columns, note)
    assert outcome.kind == "soft short"
    assert outcome.interval[0] <= rest[0] < outcome.interval[1]
    assert any("at rest" in text for text in outcome.evidence)


@pytest.mark.parametrize("note", NOTES)
def test_a_voltage_that_is_lost_under_current(note):
    time, voltage, current = full_cell()
    outcome = call((time, np.where(time > 50.0 * HOUR, 0.05 * np.sign(current), voltage), current), note)
    assert outcome.kind == "hard short"
    assert holds(outcome, 50.0)


def test_two_samples_without_a_voltage_are_a_glitch():
    time, voltage, current = full_cell()
    voltage[[100, 101, 2000]] = 0.0
    lives((time, voltage, current), STATED)


@pytest.mark.parametrize("note", NOTES)
def test_a_leak_that_takes_the_half_of_the_charge(note):
    outcome = call(full_cell(10, leak=lambda time: 0.0 if time < 60.0 * HOUR else 8e-5), note)
    assert outcome.kind == "soft short"
    assert holds(outcome, 60.0)
    assert any("gave back" in text for text in outcome.evidence)
    outcome = call(full_cell(14, leak=lambda time: 8e-5 if 60.0 * HOUR < time < 120.0 * HOUR else 0.0), note)
    assert outcome.kind == "soft short, recovered"
    assert holds(outcome, 60.0)


def test_a_fade_that_is_slow_is_no_short():
    lives(full_cell(12, efficiency=lambda cycle: 1.0 - 0.01 * cycle), STATED)


@pytest.mark.parametrize("note", NOTES)
def test_pulses_and_rests(note):
    """A titration, then a discharge in pulses, then a charge without any."""
    time = np.arange(0.0, 48.0 * HOUR, 30.0)
    within, on = time % HOUR, time % HOUR < 900.0
    size = CAPACITY / (24.0 * 900.0)
    sign = np.where(time < 24.0 * HOUR, 1.0, -1.0)
    current = np.where(on, size, 0.0) * sign
    charged = np.cumsum(current) * 30.0 / CAPACITY
    swing = np.where(on, 0.06 + 0.05 * np.sqrt(within / 900.0), 0.05 * np.exp(-(within - 900.0) / 600.0))
    voltage = 3.6 + 0.6 * charged + sign * swing + 2e-4 * np.random.default_rng(0).standard_normal(len(time))
    last = time[-1] + np.arange(60.0, 10.0 * HOUR, 60.0)
    level = CAPACITY / (10.0 * HOUR)
    columns = (
        np.r_[time, last],
        np.r_[voltage, 3.6 + 0.6 * (last - last[0]) / (10.0 * HOUR) + 0.05],
        np.r_[current, level + 0.0 * last],
    )
    lives(columns, note)


@pytest.mark.parametrize("note", NOTES)
def test_a_record_that_begins_at_the_end_of_a_discharge(note):
    columns = full_cell(4)
    first = np.flatnonzero(columns[2] < 0.0)[0] + 500
    lives(tuple(column[first:] for column in columns), note)


def test_a_half_cell_works_near_lithium():
    """Graphite against lithium stands below 0.3 V at rest, and lives."""
    time = np.arange(0.0, 40.0 * HOUR, 60.0)
    current = np.where((time % HOUR) < 1800.0, -1e-4, 0.0)
    voltage = np.where(time < 1800.0, 2.0 - 1.8 * time / 1800.0, 0.2 - 0.1 * time / time[-1])
    lives((time, voltage, current), note_from({"kind": "half"}))
    falling = np.where(time < 20.0 * HOUR, 1.5, 0.2)  # at once, at rest: a full cell would be dead
    resting = 0.0 * time
    resting[:60] = -1e-4
    assert call((time, falling, resting), BARE).shorted
    lives((time, falling, resting), note_from({"kind": "half"}))


@pytest.mark.parametrize("note", [BARE, STATED])
def test_a_cell_that_was_discharged_to_nothing_was_not_shorted(note):
    time, voltage, current = full_cell(2)
    down = time[-1] + np.arange(60.0, 2.0 * HOUR, 60.0)
    rest = down[-1] + np.arange(60.0, 5.0 * HOUR, 60.0)
    columns = (
        np.r_[time, down, rest],
        np.r_[voltage, np.linspace(3.4, 0.1, len(down)), 0.15 + 0.0 * rest],
        np.r_[current, -2e-4 + 0.0 * down, 0.0 * rest],
    )
    lives(columns, note)


def test_an_interrupted_discharge_is_no_capacity():
    time, voltage, current = full_cell(3)
    kept = (time < 8.0 * HOUR) | (time > 16.0 * HOUR)
    lives((time[kept], voltage[kept], current[kept]), BARE)
