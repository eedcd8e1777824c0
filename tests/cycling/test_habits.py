"""Habits of cyclers, each by hand: what settles, what a stretch is, what was done in it, which drops are sudden."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hand_cells import BARE, CURRENT, HOUR, clock, full_cell, holds, record

from lithostat.cycling.analysis import analyze
from lithostat.cycling.coverage import coverage_of
from lithostat.cycling.shorts import call_short
from lithostat.cycling.technique import GALVANOSTATIC, POTENTIOSTATIC, SWEEP
from lithostat.cycling.trace import trace_of
from lithostat.experiment.cell_note import note_from
from lithostat.experiment.record import Record


def burst(hours: float, *, tau: float, ohm: float = 1000.0, count: int = 17, last: float = 0.01) -> Record:
    """Half-cycles of an hour with `count` fast samples behind each reversal, the voltage coming with `tau` [s]."""
    parts = []
    for number in range(int(hours)):
        time = np.concatenate([last * np.arange(1, count + 1) / count, np.arange(60.0, HOUR, 60.0)])
        sign = 1.0 if number % 2 == 0 else -1.0
        came = 1.0 - (2.0 if number else 1.0) * np.exp(-time / tau)
        parts.append((number * HOUR + time, ohm * CURRENT * sign * came, CURRENT * sign + 0.0 * time))
    return record(*(np.concatenate(values) for values in zip(*parts, strict=True)))


@pytest.mark.parametrize("count", [2, 3, 17, 60])
@pytest.mark.parametrize(("tau", "last"), [(0.004, 0.01), (0.2, 1.0), (15.0, 55.0), (60.0, 55.0)])
def test_samples_on_their_way_are_no_resistance(tau, last, count):
    made = burst(12.0, tau=tau, last=last, count=count)
    outcome = call_short(made, BARE).outcome
    assert outcome.kind == "censored", outcome.evidence
    trace = trace_of(made, BARE)
    assert np.all(trace.time[trace.settled[1]] % HOUR > 3.0 * tau)


@pytest.mark.parametrize("tau", [0.004, 15.0, 60.0])
def test_a_short_among_them_is_found_with_its_first_settled_sample(tau):
    made = burst(24.0, tau=tau, last=min(5.0 * tau, 55.0))
    time = made.column("test_time_second")
    voltage = np.where(time > 15.35 * HOUR, 0.1, 1.0) * made.column("voltage_volt")
    outcome = call_short(record(time, voltage, made.column("current_ampere")), BARE).outcome
    assert outcome.kind == "hard short"
    assert abs(outcome.time - 15.35 * HOUR) <= 61.0


def test_a_resistance_that_grows_is_not_taken_for_one_that_settles():
    time = np.arange(0.0, 2.0 * HOUR, 1.0)
    trace = trace_of(record(time, CURRENT * 1e3 * (1.0 + time / HOUR), CURRENT + 0.0 * time), BARE)
    assert trace.settled[1].tolist() == [1]


@pytest.mark.parametrize("ripple", [0.02, 0.08, 0.15])
def test_noise_of_the_current_makes_no_stretches_and_no_short(ripple):
    time, sign = clock(20.0, interval=10.0)
    draw = np.random.default_rng(0)
    current = CURRENT * sign * (1.0 + ripple * draw.standard_normal(len(time)))
    made = record(time, 70.0 * CURRENT * sign + 1e-6 * draw.standard_normal(len(time)), current)
    trace = trace_of(made, BARE)
    assert len(trace.half) == 20
    np.testing.assert_allclose(np.abs(trace.half.current), CURRENT, rtol=0.05)
    assert call_short(made, BARE).outcome.kind == "censored"


def test_steps_of_the_current_are_seen_through_the_noise():
    time = np.arange(0.0, 10.0 * HOUR, 10.0)
    level = np.where(time < 4.0 * HOUR, 1.0, 1.5)
    noisy = CURRENT * level * (1.0 + 0.08 * np.random.default_rng(1).standard_normal(len(time)))
    half = trace_of(record(time, 70.0 * CURRENT * level, noisy), BARE).half
    assert len(half) == 2
    assert abs(half.start[1] - 4.0 * HOUR) <= 30.0


@pytest.mark.parametrize("value", [0.3, -0.4, 0.0])
def test_one_sample_with_part_of_the_current_is_no_half_cycle(value):
    time, sign = clock(10.0)
    current = CURRENT * sign
    rows = np.flatnonzero(np.diff(sign)) + 1
    current[rows] *= value
    trace = trace_of(record(time, 70.0 * CURRENT * sign, current), note_from({"kind": "full"}))
    flowing = trace.half.flowing
    long = flowing[(trace.half.last - trace.half.first)[flowing] > 1]
    assert len(long) == 10
    np.testing.assert_allclose(np.abs(trace.half.current[long]), CURRENT, rtol=1e-6)
    cycles = analyze(record(time, 70.0 * CURRENT * sign, current), note_from({"kind": "full"})).cycles
    assert len(cycles) == 5


def test_a_glitch_of_the_current_ends_no_half_cycle():
    time, sign = clock(4.0)
    current = CURRENT * sign
    current[[30, 90, 91]] = [-CURRENT, 0.0, 0.0]
    assert len(trace_of(record(time, 70.0 * current, current), BARE).half) == 4


def voltammogram() -> Record:
    """A resistor and a capacitor in parallel under a triangle of the voltage."""
    time = np.arange(0.0, 400.0, 0.1)
    voltage = 0.8 * (2.0 / np.pi) * np.arcsin(np.sin(2.0 * np.pi * time / 100.0))
    return record(time, voltage, voltage / 1e3 + 2e-3 * np.gradient(voltage, time))


def test_a_voltammogram_is_a_sweep_of_the_voltage():
    trace = trace_of(voltammogram())
    flowing = trace.half.flowing
    long = flowing[(trace.half.last - trace.half.first)[flowing] > 50]
    assert set(trace.technique[long].tolist()) == {SWEEP}
    outcome = call_short(voltammogram()).outcome
    assert outcome.kind == "unknown"
    assert "no cycling at a held current" in outcome.evidence[0]


def test_the_technique_that_a_file_states_counts():
    time, sign = clock(6.0)
    made = record(time, 70.0 * CURRENT * sign, CURRENT * sign)
    files = [{"name": "a.mpt", "header": {"technique": "Cyclic Voltammetry"}}]
    stated = Record(made.table, provenance={"files": files})
    assert set(trace_of(stated, BARE).technique.tolist()) == {SWEEP}
    assert set(trace_of(made, BARE).technique.tolist()) == {GALVANOSTATIC}


def test_a_hold_gives_the_leakage_resistance():
    time = np.arange(0.0, 20.0 * HOUR, 60.0)
    made = record(time, 0.2 + 0.0 * time, 0.2 / 5e4 + 1e-4 * np.exp(-time / HOUR))
    trace = trace_of(made, BARE)
    assert trace.technique.tolist() == [POTENTIOSTATIC]
    found = {finding.name: finding for finding in analyze(made, BARE).findings}
    assert found["leakage resistance"].value == pytest.approx(5e4, rel=0.01)


def test_a_hold_that_still_falls_says_so():
    time = np.arange(0.0, 2.0 * HOUR, 60.0)
    made = record(time, 0.2 + 0.0 * time, 1e-6 + 1e-4 * np.exp(-time / HOUR))
    leak = next(finding for finding in analyze(made, BARE).findings if finding.name == "leakage resistance")
    assert any("lower bound" in text for text in leak.evidence)


@pytest.mark.parametrize("offset", [0.0, 5e-3])
def test_steps_of_the_voltage_give_a_resistance(offset):
    volts = np.array([9.0, -9.0, 14.0, -14.0, 20.0, -20.0]) * 1e-3
    time = np.arange(0.0, 6.0 * HOUR, 60.0)
    level = volts[(time // HOUR).astype(int)]
    noise = 1e-8 * np.random.default_rng(0).standard_normal(len(time))
    found = {f.name: f.value for f in analyze(record(time, level, (level - offset) / 7.0 + noise), BARE).findings}
    if offset:
        assert found["dc resistance at the end of the steps"] == pytest.approx(7.0, rel=1e-4)
        assert found["offset of the voltage"] == pytest.approx(1e3 * offset, rel=1e-3)
    else:  # without an offset nobody can tell which of the two was held
        assert "overpotential at first" in found


@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.parametrize("left", [0.3, 0.56, 0.6])
def test_a_sudden_drop_is_a_sign_however_high_it_was(left, watched):
    """One way, V/I grown from 240 to 420 ohm: what is left after the drop may lie above all that was seen before."""
    time = np.arange(0.0, 62.0 * HOUR, 60.0)
    ohm = np.where(time < 33.0 * HOUR, 240.0 + 180.0 * time / (33.0 * HOUR), left * 420.0)
    draw = np.random.default_rng(0)
    quiet = {"pressure": 5e6 + 2e4 * draw.standard_normal(len(time)), "temperature": 25.0 + 0.0 * time}
    made = record(time, CURRENT * ohm, CURRENT + 0.0 * time, **(quiet if watched else {}))
    outcome = call_short(made, BARE).outcome
    assert outcome.kind == ("soft short" if watched else "unknown") or left == 0.3, outcome
    assert any("fell to" in text for text in outcome.evidence)
    assert abs(outcome.time - 33.0 * HOUR) <= 60.0


def test_a_drop_that_the_press_explains_is_none():
    time = np.arange(0.0, 62.0 * HOUR, 60.0)
    pressed = time >= 33.0 * HOUR
    ohm = np.where(pressed, 260.0, 240.0 + 180.0 * time / (33.0 * HOUR))
    quiet = {"pressure": np.where(pressed, 9e6, 5e6), "temperature": 25.0 + 0.0 * time}
    assert call_short(record(time, CURRENT * ohm, CURRENT + 0.0 * time, **quiet), BARE).outcome.kind == "censored"


def test_slow_wetting_under_one_long_plating_is_no_short():
    time = np.arange(0.0, 40.0 * HOUR, 60.0)
    ohm = 150.0 + 300.0 * (1.0 + time / 600.0) ** -0.2
    quiet = {"pressure": 5e6 + 0.0 * time, "temperature": 25.0 + 0.0 * time}
    outcome = call_short(record(time, CURRENT * ohm, CURRENT + 0.0 * time, **quiet), BARE).outcome
    assert outcome.kind == "censored", outcome.evidence


def test_what_was_judged_is_said():
    time, sign = clock(20.0)
    current = np.where(time > 15.0 * HOUR, np.nan, CURRENT * sign)
    made = record(time, 70.0 * CURRENT * sign, current)
    coverage = coverage_of(trace_of(made, BARE))
    assert coverage.judged == pytest.approx(15.0 * HOUR, rel=0.01)
    assert coverage.share == pytest.approx(0.75, abs=0.01)
    outcome = call_short(made, BARE).outcome
    assert outcome.kind == "censored"
    assert outcome.time == pytest.approx(15.0 * HOUR, abs=61.0)
    assert any("nothing is claimed" in text for text in outcome.evidence)


def test_zeros_that_an_instrument_left_are_no_short():
    time, sign = clock(20.0)
    voltage = 70.0 * CURRENT * sign + 1e-6 * np.random.default_rng(0).standard_normal(len(time))
    made = record(time, np.where(time > 10.0 * HOUR, 0.0, voltage), CURRENT * sign)
    called = call_short(made, BARE)
    assert not called.outcome.shorted
    assert any(warning.code == "voltage-not-filled" for warning in called.warnings)


def test_zeros_of_a_coarse_instrument_are_one():
    time, sign = clock(20.0)
    voltage = np.where(time > 10.0 * HOUR, 0.2e-3, 7e-3) * sign
    outcome = call_short(record(time, np.round(voltage, 3), CURRENT * sign), BARE).outcome
    assert outcome.kind == "hard short"
    assert holds(outcome, 10.0)


def test_a_gap_that_may_hide_a_switch_ends_a_half_cycle():
    time, sign = clock(40.0)
    seen = (time < 10.5 * HOUR) | (time > 30.7 * HOUR)
    half = trace_of(record(time[seen], 70.0 * CURRENT * sign[seen], CURRENT * sign[seen]), BARE).half
    assert np.max(half.end - half.start) <= HOUR


def test_counters_that_count_nothing_are_not_believed():
    time, voltage, current = full_cell(3)
    made = record(time, voltage, current)
    empty = made.table.with_columns(charging_capacity_ah=pl.lit(0.0), discharging_capacity_ah=pl.lit(0.0))
    analysis, plain = (analyze(one, note_from({"kind": "full"})) for one in (Record(empty), made))
    assert analysis.cycles.equals(plain.cycles)
    assert any(getattr(warning, "code", "") == "charge-counters-differ" for warning in analysis.warnings)


def test_counts_of_an_impedance_file_are_no_cycles():
    time, voltage, current = full_cell(3)
    counted = record(time, voltage, current).table.with_columns(cycle_count=pl.lit(1))
    counts = (np.arange(len(time)) > 0.9 * len(time)) + 1
    counted = counted.with_columns(cycle_count=pl.Series(counts))
    assert len(analyze(Record(counted), note_from({"kind": "full"})).cycles) == 3


@pytest.mark.parametrize(("stated", "efficiency"), [(None, 0.95), ("charge", 1.0 / 0.95)])
def test_a_half_cell_that_begins_with_a_discharge(stated, efficiency):
    parts = []
    for cycle in range(4):
        for sign, hours in ((-1.0, 1.0), (1.0, 0.95)):
            time = np.arange(0.0, hours * HOUR, 60.0)
            slope = 1.0 - 0.9 * time / HOUR if sign < 0.0 else 0.1 + 0.9 * time / (0.95 * HOUR)
            parts.append(
                (cycle * 1.95 * HOUR + (HOUR if sign > 0.0 else 0.0) + time, slope, sign * CURRENT + 0.0 * time)
            )
    made = record(*(np.concatenate(values) for values in zip(*parts, strict=True)))
    said = {"kind": "half"} | ({"cycle_begins_with": stated} if stated else {})
    table = analyze(made, note_from(said)).cycles
    values = table["efficiency"].to_numpy()
    assert np.nanmedian(values) == pytest.approx(efficiency, rel=0.02)
