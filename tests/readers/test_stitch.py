"""Several files of one cell on one timeline: order, gaps, overlaps, clocks, counters, charge, logs, spectra."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import polars as pl
import pytest

from lithostat.experiment.cell_note import CellNote, note_from
from lithostat.experiment.errors import InputError
from lithostat.experiment.record import Record
from lithostat.experiment.spectrum import Spectrum
from lithostat.reading.stitch import stitch, stitch_with_outside

NOON = datetime(2025, 3, 1, 12, 0, 0, tzinfo=UTC)
NOTHING = CellNote()


def cycler(start=None, times=None, current=1e-3, *, sha=None, spectra=(), warnings=(), **columns):
    times = np.arange(0.0, 101.0, 10.0) if times is None else np.asarray(times, float)
    table = {
        "test_time_second": times,
        "voltage_volt": np.full(len(times), 0.05),
        "current_ampere": np.broadcast_to(np.asarray(current, float), times.shape),
    }
    entry = {"name": "inside", "sha256": sha} if sha else {"name": "inside"}
    return Record(
        pl.DataFrame(table | columns),
        start=start,
        spectra=tuple(spectra),
        provenance={"made_by": "reading", "files": [entry]},
        warnings=tuple(warnings),
    )


def log(start=None, times=(0.0, 1000.0), **columns):
    times = np.asarray(times, float)
    nothing = np.full(len(times), np.nan)
    table = {"test_time_second": times, "voltage_volt": nothing, "current_ampere": nothing}
    return Record(pl.DataFrame(table | columns), start=start, provenance={"files": [{"name": "log"}]})


def sweep(start=None, own=None, **state):
    empty = np.zeros(0)
    table = pl.DataFrame({"test_time_second": empty, "voltage_volt": empty, "current_ampere": empty})
    spectrum = Spectrum(np.array([1e3, 1.0]), np.array([10.0 + 0j, 20.0 - 1j]), time=own, **state)
    return Record(table, spectra=(spectrum,), start=start, provenance={"files": [{"name": "eis"}]})


def said(record, *words):
    return [w for w in record.warnings if all(word in w for word in words)]


def test_two_files_by_clock_with_the_gap_between_them():
    first, second = cycler(NOON), cycler(NOON + timedelta(seconds=700))
    both = stitch([second, first], names=["b.csv", "a.csv"], note=NOTHING)
    assert both.start == NOON
    np.testing.assert_array_equal(both.column("test_time_second")[[0, 10, 11, 21]], [0.0, 100.0, 700.0, 800.0])
    np.testing.assert_array_equal(both.column("file_index"), [0] * 11 + [1] * 11)
    np.testing.assert_array_equal(both.column("unix_time_second"), NOON.timestamp() + both.column("test_time_second"))
    assert both.provenance["gaps"] == [{"start_second": 100.0, "end_second": 700.0, "between": ["a.csv", "b.csv"]}]
    assert said(both, "10 min", "a.csv", "b.csv")


def test_no_current_flows_between_files_and_trapezoids_hold_inside():
    first = cycler(NOON, current=np.linspace(0.0, 1e-3, 11))
    second = cycler(NOON + timedelta(seconds=130), current=-2e-3)
    both = stitch([first, second], names=["a", "b"], note=NOTHING)
    net, total = both.column("net_capacity_ah") * 3600.0, both.column("cumulative_capacity_ah") * 3600.0
    np.testing.assert_allclose([net[10], net[11], net[-1]], [0.05, 0.05, 0.05 - 0.2], rtol=1e-13)
    np.testing.assert_allclose([total[11], total[-1]], [0.05, 0.25], rtol=1e-13)
    assert not both.provenance["gaps"]  # 30 s is none


def test_a_line_through_zero_counts_both_directions():
    record = stitch([cycler(NOON, times=[0.0, 10.0], current=[-1.0, 1.0])], names=["a"], note=NOTHING)
    assert record.column("net_capacity_ah")[-1] == 0.0
    assert record.column("cumulative_capacity_ah")[-1] * 3600.0 == pytest.approx(5.0)


def test_unknown_current_adds_nothing_and_is_said():
    current = np.full(11, 1e-3)
    current[5] = np.nan
    record = stitch([cycler(NOON, current=current)], names=["a"], note=NOTHING)
    assert record.column("net_capacity_ah")[-1] * 3600.0 == pytest.approx(0.08)
    assert said(record, "current is unknown during 20 s")


def test_overlapping_files_are_reported_with_both_names_and_seconds():
    first, second = cycler(NOON), cycler(NOON + timedelta(seconds=65))
    both = stitch([first, second], names=["a.mpr", "b.mpr"], note=NOTHING)
    times = both.column("test_time_second")
    assert np.all(np.diff(times) >= 0.0)
    assert said(both, "a.mpr and b.mpr overlap by 35 s")
    np.testing.assert_array_equal(both.column("file_index")[times == 75.0], [1])
    assert both.column("cumulative_capacity_ah")[-1] * 3600.0 == pytest.approx(0.2)


def test_files_that_take_turns_do_not_overlap_and_lend_each_other_no_current():
    minutes = [np.arange(0.0, 31.0, 1.0) + 60.0 * k for k in range(4)]
    loop = cycler(NOON, np.concatenate(minutes), 1e-3)
    rest = cycler(NOON, np.concatenate(minutes) + 30.5, 0.0)
    both = stitch([loop, rest], names=["02_CP.mpr", "03_OCV.mpr"], note=NOTHING)
    assert not said(both, "overlap")
    assert both.column("net_capacity_ah")[-1] * 3600.0 == pytest.approx(4 * 0.03)


def test_a_slow_point_of_a_sweep_is_no_gap():
    times = np.concatenate([np.arange(50.0), 50.0 + 100.0 * np.arange(1, 5), 5000.0 + np.arange(50.0)])
    frequency = np.concatenate([np.full(50, 1e3), np.full(4, 0.05), np.full(50, 1e3)])
    record = stitch([cycler(NOON, times, frequency_hertz=frequency)], names=["a"], note=NOTHING)
    assert [gap["start_second"] for gap in record.provenance["gaps"]] == [450.0]


def test_a_stitched_record_can_be_stitched_again():
    once = stitch([cycler(NOON), cycler(NOON + timedelta(hours=1))], names=["a", "b"], note=NOTHING)
    again = stitch([once, cycler(NOON - timedelta(hours=1))], names=["ab", "c"], note=NOTHING)
    assert sorted(set(again.column("file_index"))) == [0, 1, 2]
    assert len(again.provenance["files"]) == 3
    assert again.provenance["gaps"][0]["between"] == ["c", "inside"]


def test_rounding_of_the_clock_is_no_overlap():
    first, second = cycler(NOON), cycler(NOON + timedelta(seconds=99.5))
    both = stitch([first, second], names=["a", "b"], note=NOTHING)
    assert not said(both, "overlap")
    np.testing.assert_array_equal(both.column("file_index"), [0] * 11 + [1] * 11)
    assert both.column("test_time_second")[11] == 100.0


def test_a_file_twice_counts_once():
    both = stitch([cycler(NOON, sha="x"), cycler(NOON, sha="x")], names=["a", "copy of a"], note=NOTHING)
    assert len(both.table) == 11
    assert said(both, "copy of a", "same content as a")
    assert len(both.provenance["files"]) == 1


def test_gaps_are_measured_against_the_sampling_around_them():
    fast, slow = np.arange(0.0, 1000.0, 1.0), 1000.0 + 600.0 * np.arange(1, 40)
    times = np.concatenate([fast, slow])
    assert stitch([cycler(NOON, times)], names=["a"], note=NOTHING).provenance["gaps"] == []
    holes = np.concatenate([fast, fast + 1100.0, fast + 2155.0, 5000.0 + fast])
    record = stitch([cycler(NOON, holes)], names=["a"], note=NOTHING)
    assert [(g["start_second"], g["end_second"]) for g in record.provenance["gaps"]] == [
        (999.0, 1100.0),
        (3154.0, 5000.0),
    ]
    assert all(gap["between"] is None for gap in record.provenance["gaps"])
    assert "30.8 min" in said(record, "no samples")[0]


def test_at_most_five_gaps_are_named():
    times = np.concatenate([k * 1000.0 + np.arange(0.0, 100.0, 1.0) for k in range(9)])
    record = stitch([cycler(NOON, times)], names=["a"], note=NOTHING)
    assert len(record.provenance["gaps"]) == 8
    assert len(said(record, "no samples for")) == 5
    assert said(record, "3 shorter stretches")


def test_counts_go_on_over_files():
    counts = np.repeat([1, 2], [5, 6])
    first, second = cycler(NOON, cycle_count=counts, step_count=counts), cycler(NOON + timedelta(seconds=110))
    third = cycler(NOON + timedelta(seconds=220), cycle_count=counts + 2, step_count=counts)
    record = stitch([first, second, third], names=["a", "b", "c"], note=NOTHING)
    np.testing.assert_array_equal(record.column("cycle_count")[[0, 10, 11, 22, 32]], [1, 2, 2, 3, 4])
    np.testing.assert_array_equal(record.column("step_count")[[0, 10, 11, 22, 32]], [1, 2, 3, 4, 5])


def test_a_naive_clock_is_read_in_the_stated_zone_over_the_change_of_summer_time():
    note = note_from({"time_zone": "Europe/Berlin"})
    first, second = cycler(datetime(2025, 3, 30, 1, 0, 0)), cycler(datetime(2025, 3, 30, 4, 0, 0))
    spring = stitch([first, second], names=["a", "b"], note=note)
    assert spring.column("test_time_second")[11] == 2 * 3600.0  # three hours on the wall, two in truth
    assert spring.start == datetime(2025, 3, 30, 0, 0, tzinfo=UTC)
    plain = stitch([first, second], names=["a", "b"], note=NOTHING)
    assert plain.column("test_time_second")[11] == 3 * 3600.0
    assert plain.start == datetime(2025, 3, 30, 1, 0, 0)
    twice = stitch([cycler(datetime(2025, 10, 26, 2, 30, 0))], names=["a"], note=note)
    assert twice.start is not None
    assert twice.start.timestamp() == datetime(2025, 10, 26, 0, 30, tzinfo=UTC).timestamp()
    assert said(twice, "twice")
    assert said(stitch([cycler(datetime(2025, 3, 30, 2, 30, 0))], names=["a"], note=note), "does not have")


def test_naive_and_aware_clocks_together_are_said_once():
    east = timezone(timedelta(hours=2))
    naive = cycler(datetime(2025, 3, 1, 12, 0, 0))
    aware = cycler(datetime(2025, 3, 1, 15, 0, 0, tzinfo=east))
    both = stitch([naive, naive, aware], names=["a", "b", "c"], note=NOTHING)
    assert len(said(both, "time zone", "UTC")) == 1
    assert both.column("test_time_second")[-1] == 3600.0 + 100.0
    assert not said(stitch([naive], names=["a"], note=NOTHING), "time zone")


def test_a_file_without_a_clock_follows_the_one_before_it_by_name():
    records = [cycler(NOON), cycler(None), cycler(NOON + timedelta(hours=1))]
    stitched = stitch(records, names=["run1²", "run2", "run10"], note=NOTHING)
    np.testing.assert_array_equal(stitched.column("test_time_second")[[11, 21, 22]], [100.0, 200.0, 3600.0])
    assert np.isnan(stitched.column("unix_time_second")[11])
    assert said(stitched, "run2", "no clock", "right after run1²", "unknown")


def test_files_without_any_clock_go_by_name_and_before_the_first_clock():
    plain = stitch([cycler(None), cycler(None)], names=["b", "a"], note=NOTHING)
    assert plain.start is None
    assert "unix_time_second" not in plain.table.columns
    assert plain.column("test_time_second")[-1] == 200.0
    assert len(said(plain, "b: ", "right after a")) == 1
    before = stitch([cycler(None), cycler(NOON)], names=["a", "b"], note=NOTHING)
    assert before.column("test_time_second")[0] == 0.0
    assert before.start == NOON - timedelta(seconds=100)
    assert said(before, "right before b")


def test_a_clock_that_leaves_the_test_time_is_said():
    times = np.arange(0.0, 101.0, 10.0)
    jump = NOON.timestamp() + times + np.where(times > 50.0, 3600.0, 0.0)
    assert said(
        stitch([cycler(NOON, unix_time_second=jump)], names=["a"], note=NOTHING), "3600 s", "test time is trusted"
    )


def test_a_log_is_interpolated_onto_the_rows_of_the_cycler_but_not_across_its_gaps():
    times = np.concatenate([np.arange(-500.0, 40.0, 5.0), np.arange(2000.0, 3000.0, 5.0)]) + 500.0
    log_start = NOON - timedelta(seconds=500)
    load = log(log_start, times, load_cell_volt=times * 1e-3)
    rows = cycler(NOON, np.arange(0.0, 2501.0, 2.0))
    record = stitch([load, rows], names=["load.csv", "a.mpr"], note=NOTHING)
    assert len(record.table) == len(rows.table)
    t, volt = record.column("test_time_second"), record.column("load_cell_volt")
    known = (t <= 35.0) | (t >= 2000.0)
    np.testing.assert_allclose(volt[known], (t[known] + 500.0) * 1e-3, rtol=1e-12)
    assert np.isnan(volt[~known]).all()
    assert said(record, f"{int((~known).sum())} of {len(t)} rows")
    assert said(record, "load.csv", "100 samples lie before")
    assert len(record.provenance["files"]) == 2
    assert set(record.column("file_index")) == {1}  # the log began first


def test_what_a_log_says_before_and_after_the_cycler_is_kept_beside_the_record():
    load = log(
        NOON - timedelta(seconds=60), np.arange(0.0, 201.0, 20.0), load_newton=np.arange(11.0), step_count=[1] * 11
    )
    line = stitch_with_outside([cycler(NOON), load], names=["a", "load"], note=NOTHING)
    assert list(line.outside) == ["load_newton"]
    times, values = line.outside["load_newton"]
    np.testing.assert_array_equal(times, [-60.0, -40.0, -20.0, 120.0, 140.0])
    np.testing.assert_array_equal(values, [0.0, 1.0, 2.0, 9.0, 10.0])
    assert stitch_with_outside([cycler(NOON)], names=["a"], note=NOTHING).outside == {}


def test_a_log_fills_only_what_the_cycler_does_not_know():
    own = np.full(11, 25.0)
    own[3] = np.nan
    warm = log(NOON, (0.0, 50.0, 100.0), ambient_temperature_celsius=np.full(3, 60.0))
    record = stitch([cycler(NOON, ambient_temperature_celsius=own), warm], names=["a", "oven"], note=NOTHING)
    np.testing.assert_array_equal(record.column("ambient_temperature_celsius"), [25.0] * 3 + [60.0] + [25.0] * 7)
    assert said(record, "ambient_temperature_celsius", "in a log")


def test_a_log_without_a_clock_starts_with_the_cycler():
    record = stitch(
        [
            cycler(NOON, np.arange(5.0, 106.0, 10.0)),
            log(None, (7.0, 57.0, 107.0), load_newton=np.array([0.0, 50.0, 100.0])),
        ],
        names=["a", "load"],
        note=NOTHING,
    )
    np.testing.assert_allclose(record.column("load_newton"), np.arange(0.0, 101.0, 10.0), atol=1e-12)
    assert said(record, "load", "no clock", "taken to start")


def test_spectra_get_time_pressure_temperature_and_area():
    note = note_from({"area": "1.267 cm2"})
    times = np.arange(0.0, 101.0, 10.0)
    rows = cycler(NOON, measured_pressure_pa=1e6 + times, ambient_temperature_celsius=np.full(11, 25.0))
    before = sweep(NOON - timedelta(seconds=300))
    late = sweep(NOON + timedelta(seconds=5000))
    own = sweep(NOON + timedelta(seconds=42), own=2.0, pressure=7e6)
    record = stitch([rows, before, late, own], names=["a", "b", "c", "d"], note=note)
    first, second, third = record.spectra
    assert [s.time for s in record.spectra] == [-300.0, 44.0, 5000.0]
    assert (first.pressure, first.temperature, first.area) == (1e6, 298.15, 1.267e-4)
    assert second.pressure == 7e6
    assert (third.pressure, third.temperature) == (None, None)
    inside = stitch(
        [cycler(NOON, [0.0, 5000.0], measured_pressure_pa=[1e6, 2e6]), sweep(NOON + timedelta(seconds=3000))],
        names=["a", "b"],
        note=note,
    )
    assert inside.spectra[0].pressure == 2e6  # far, but within the file around it
    stated = stitch([before], names=["b"], note=note_from({"pressure": "5 MPa", "temperature": "60 degC"}))
    assert (stated.spectra[0].pressure, stated.spectra[0].temperature) == (5e6, 333.15)
    assert len(stated.table) == 0


def test_warnings_carry_the_name_of_their_file():
    record = stitch([cycler(NOON, warnings=["odd"])], names=["sub/a.mpr"], note=NOTHING)
    assert "sub/a.mpr: odd" in record.warnings


def test_columns_that_only_some_files_have_are_nan_or_text():
    first = cycler(NOON, **{"other:x": np.ones(11), "power_watt": np.ones(11), "record_index": np.arange(11)})
    second = cycler(NOON + timedelta(seconds=110), **{"other:x": ["word"] * 11})
    record = stitch([first, second], names=["a", "b"], note=NOTHING)
    assert np.isnan(record.column("power_watt")[11:]).all()
    assert record.table["power_watt"].null_count() == 0
    assert record.table["other:x"][-1] == "word"
    assert record.column("record_index")[11] == 0


def test_time_that_runs_backwards_is_sorted_and_rows_without_time_are_dropped():
    record = stitch([cycler(NOON, [0.0, 20.0, 10.0, np.nan, 30.0])], names=["a"], note=NOTHING)
    np.testing.assert_array_equal(record.column("test_time_second"), [0.0, 10.0, 20.0, 30.0])
    assert said(record, "backwards")
    follows = stitch([cycler(NOON, [0.0, 20.0, 10.0]), cycler(None)], names=["a", "b"], note=NOTHING)
    assert follows.column("test_time_second")[-1] == 120.0
    assert said(record, "1 rows have no time")


def test_nothing_is_an_error():
    with pytest.raises(InputError, match="no record"):
        stitch([], names=[], note=NOTHING)


def test_millions_of_rows_keep_their_charge():
    n = 1_000_000
    records = [cycler(NOON + timedelta(seconds=k * n + 3), np.arange(n, dtype=float), np.ones(n)) for k in range(2)]
    record = stitch(records, names=["a", "b"], note=NOTHING)
    assert record.column("net_capacity_ah")[-1] * 3600.0 == pytest.approx(2.0 * (n - 1))
