"""One trace: however a record is written, call, findings and tables are those of the clean one."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hand_cells import CURRENT, HOUR, clock, full_cell, record

from lithostat.cycling.analysis import Analysis, analyze
from lithostat.cycling.trace import trace_of
from lithostat.experiment.cell_note import CellNote, note_from
from lithostat.experiment.finding import Caution
from lithostat.experiment.record import Record
from lithostat.reading.stitch import stitch

RECORDS = 400 if os.environ.get("LITHOSTAT_CAMPAIGN") else 24
START = datetime(2026, 3, 1, tzinfo=UTC)


def clean_record(draw: np.random.Generator) -> tuple[Record, CellNote]:
    """A symmetric cell, rising, shorted or neither, or a full one; with and without its kind stated."""
    if draw.random() < 0.3:
        leak = {} if draw.random() < 0.5 else {"leak": lambda time: 3e-4 if time > 60.0 * HOUR else 0.0}
        made, said = record(*full_cell(int(draw.integers(2, 6)), hours=5.0, **leak)), {"kind": "full"}
    else:
        time, sign = clock(float(draw.uniform(10.0, 60.0)), half=float(draw.choice([0.5, 1.0, 4.0])))
        ohm = draw.uniform(40.0, 900.0) * (1.0 + draw.uniform(0.0, 1.0) * time / time[-1])
        if draw.random() < 0.5:
            ohm = np.where(time > draw.uniform(0.3, 0.9) * time[-1], draw.uniform(0.02, 0.6) * ohm, ohm)
        current = CURRENT * sign * np.where(time > 0.5 * time[-1], draw.choice([1.0, 2.0]), 1.0)
        noise = 1e-5 * draw.standard_normal(len(time))
        pressure = {"pressure": 5e6 + 2e4 * draw.standard_normal(len(time))} if draw.random() < 0.5 else {}
        made, said = record(time, ohm * current + noise, current, **pressure), {"kind": "symmetric"}
    if draw.random() < 0.5:
        said = {}
    return made, note_from(said | {"area": "1.3 cm2"})


def signs_turned(made: Record, draw: np.random.Generator) -> Record:
    columns = [("voltage_volt",), ("current_ampere",)][int(draw.integers(2))]
    return replace(made, table=made.table.with_columns(-pl.col(name) for name in columns))


def shuffled(made: Record, draw: np.random.Generator) -> Record:
    return replace(made, table=made.table[draw.permutation(len(made.table))])


def with_nan_rows(made: Record, draw: np.random.Generator) -> Record:
    """Some rows again, at times between the others, without one of time, voltage and current."""
    rows = made.table[np.sort(draw.choice(len(made.table) - 1, 20, replace=False))]
    name = ["test_time_second", "voltage_volt", "current_ampere"][int(draw.integers(3))]
    between = (pl.col("test_time_second") + draw.uniform(1.0, 30.0)).alias("test_time_second")
    rows = rows.with_columns(between).with_columns(pl.lit(float("nan")).alias(name))
    return replace(made, table=pl.concat([made.table, rows]).sort("test_time_second"))


def in_two_files(made: Record, draw: np.random.Generator) -> Record:
    """Both with a clock of their own; the second counts time from its own start."""
    row = int(draw.integers(2, len(made.table) - 2))
    begin = float(made.table["test_time_second"][row])
    first = Record(made.table[:row], start=START)
    second = made.table[row:].with_columns(pl.col("test_time_second") - begin)
    return stitch(
        [first, Record(second, start=START + timedelta(seconds=begin))], names=["1.csv", "2.csv"], note=CellNote()
    )


def shifted(made: Record, draw: np.random.Generator) -> Record:
    return replace(made, table=made.table.with_columns(pl.col("test_time_second") + draw.uniform(0.0, 1e6)))


WAYS = (signs_turned, shuffled, with_nan_rows, in_two_files, shifted)


def the_same(now: Analysis, clean: Analysis) -> None:
    """Times are compared from the first row on; a turned current exchanges the two directions of a symmetric cell."""
    shift = float(now.trace.time[0] - clean.trace.time[0])
    one, other = now.outcome, clean.outcome
    assert (one.kind, one.evidence, one.confidence) == (other.kind, other.evidence, other.confidence)
    assert one.time - shift == pytest.approx(other.time, abs=1e-6)
    assert one.cycling_time == pytest.approx(other.cycling_time, abs=1e-6)
    assert (one.charge, one.charge_both) == pytest.approx((other.charge, other.charge_both), rel=1e-9)
    if other.interval:
        assert np.asarray(one.interval) - shift == pytest.approx(np.asarray(other.interval), abs=1e-6)
    mirror = (
        -1.0 if len(now.half_cycles) and now.half_cycles["direction"][0] != clean.half_cycles["direction"][0] else 1
    )
    assert [found.name for found in now.findings] == [found.name for found in clean.findings]
    for found, expected in zip(now.findings, clean.findings, strict=True):
        expected_value = expected.value if expected.value is None else pytest.approx(expected.value, rel=1e-6, abs=1e-9)
        value = mirror * found.value if found.name == "pressure against charge" else found.value
        assert value == expected_value, found.name
    assert now.kind == clean.kind
    for table, expected in ((now.half_cycles, clean.half_cycles), (now.cycles, clean.cycles)):
        assert table.columns == expected.columns
        for name in table.columns:
            values, wanted = table[name].to_numpy().astype(float), expected[name].to_numpy().astype(float)
            turns = (
                name in ("direction", "current_ampere", "voltage_start_volt", "voltage_end_volt") or "density" in name
            )
            values = values - shift if name.endswith("_second") else mirror * values if turns else values
            if mirror > 0.0 or expected is not clean.cycles:
                np.testing.assert_allclose(values, wanted, rtol=1e-9, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("seed", range(RECORDS))
def test_however_it_is_written_it_says_the_same(seed):
    draw = np.random.default_rng(seed)
    made, note = clean_record(draw)
    clean = analyze(made, note)
    ways = [way for way in WAYS if draw.random() < 0.5] or [WAYS[int(draw.integers(len(WAYS)))]]
    for way in ways:
        made = way(made, draw)
    the_same(analyze(made, note), clean)


def test_a_turned_voltage_gives_positive_overpotentials():
    time, sign = clock(20.0)
    ohm = 400.0 * (1.0 + time / time[-1])
    made = record(time, -ohm * CURRENT * sign, CURRENT * sign)
    said = {found.name: found.value for found in analyze(made, note_from({"kind": "symmetric"})).findings}
    assert said["overpotential at first"] == pytest.approx(41.5, abs=0.5)
    assert said["overpotential at last"] == pytest.approx(79.5, abs=0.5)


def test_warnings_know_their_kind():
    time, sign = clock(20.0)
    order = np.random.default_rng(0).permutation(len(time))
    made = record(*(column[order] for column in (time, -70.0 * CURRENT * sign, CURRENT * sign)))
    warnings = trace_of(made).warnings
    assert [warning.code for warning in warnings] == ["rows-sorted", "voltage-turned", "kind-guessed"]
    assert all(isinstance(warning, Caution) and isinstance(warning, str) for warning in warnings)


@pytest.mark.parametrize("short", [False, True])
def test_a_kind_that_cannot_be_known_is_asked_for(short):
    """One direction of current and a small voltage along it: judged as each kind that it may be."""
    time = np.arange(0.0, 10.0 * HOUR, 10.0)
    ohm = np.where(short & (time > 8.0 * HOUR), 5.0, 1e3)
    analysis = analyze(record(time, ohm * CURRENT, CURRENT + 0.0 * time))
    assert analysis.kind == "not known"
    if short:
        assert analysis.outcome.kind == "unknown"
        assert any(getattr(warning, "code", "") == "kind-needed" for warning in analysis.warnings)
    else:
        assert analysis.outcome.kind == "censored"


def test_what_flowed_in_a_hole_is_not_made_up():
    time = np.arange(0.0, 30.0 * HOUR, 60.0)
    current = np.where((time > 10.0 * HOUR) & (time < 20.0 * HOUR), np.nan, CURRENT)
    trace = trace_of(record(time, 0.1 + 0.0 * time, current), note_from({"kind": "symmetric"}))
    np.testing.assert_allclose(trace.holes, [[10.0 * HOUR, 20.0 * HOUR]])
    assert trace.half.charge.sum() == pytest.approx(20.0 * HOUR * CURRENT, rel=1e-3)
    assert len(trace.seen.table) == len(time)
