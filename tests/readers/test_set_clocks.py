"""Files whose only time is a clock that was set: the order of the rows is kept, and the time that passed is right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from lithostat.experiment.cell_note import note_from
from lithostat.experiment.record import Record
from lithostat.reading.read import read
from lithostat.reading.stitch import stitch

BERLIN = ZoneInfo("Europe/Berlin")
NOTE = note_from({"time_zone": "Europe/Berlin"})


def write(path: Path, begin: datetime, seconds: np.ndarray, back: dict[int, float] | None = None, zone=None) -> Path:
    """A log without test time; its clock is set back by `back[row]` seconds. The voltage counts the seconds."""
    shift, lines = 0.0, ["Date,Voltage (V),Current (mA)"]
    for row, passed in enumerate(seconds):
        shift += (back or {}).get(row, 0.0)
        at = begin + timedelta(seconds=float(passed))
        at = at.astimezone(zone).replace(tzinfo=None) if zone else at
        lines.append(f"{at - timedelta(seconds=shift):%Y-%m-%d %H:%M:%S},{1e-6 * passed},1.0")
    path.write_text("\n".join(lines) + "\n")
    return path


def passed(record: Record) -> np.ndarray:
    """What the rows themselves say has passed [s]."""
    return np.round(1e6 * record.column("voltage_volt"))


@pytest.mark.parametrize("seed", range(12))
def test_a_clock_that_is_set_back_loses_no_order(tmp_path, seed):
    """Rows stay in their order; the time is right to one interval for each time the clock was set."""
    draw = np.random.default_rng(seed)
    seconds = np.cumsum(np.full(300, float(draw.choice([10, 60, 300]))))
    usual = seconds[0]
    rows = np.sort(draw.choice(np.arange(5, 295), int(draw.integers(1, 4)), replace=False))
    back = {int(row): float(draw.choice([2 * usual, 3600.0, 7777.0])) for row in rows}
    record = stitch(
        [read(write(tmp_path / "a.csv", datetime(2026, 5, 1), seconds, back))], names=["a.csv"], note=note_from({})
    )
    np.testing.assert_array_equal(passed(record), seconds)
    error = record.column("test_time_second") - (seconds - seconds[0])
    assert np.all(np.diff(record.column("test_time_second")) > 0.0)
    assert np.abs(error).max() <= usual * len(back)
    assert sum("the clock goes back by" in warning for warning in record.warnings) == len(back)


@pytest.mark.parametrize("begin", [datetime(2026, 10, 24, 20, 0, tzinfo=UTC), datetime(2026, 3, 28, 20, 0, tzinfo=UTC)])
@pytest.mark.parametrize("minutes", [0, 170, 245, 275, 295, 310])
@pytest.mark.parametrize("interval", [60.0, 900.0, 5400.0])
def test_the_ends_of_summer_time_with_the_zone_stated(tmp_path, begin, minutes, interval):
    """Wherever a file begins, before, in or behind the hour that comes twice or not at all: exactly what has passed."""
    seconds = np.arange(1.0, 400.0) * interval
    begin += timedelta(minutes=minutes)
    read_as = read(write(tmp_path / "a.csv", begin, seconds, zone=BERLIN))
    record = stitch([read_as], names=["a.csv"], note=NOTE)
    np.testing.assert_array_equal(passed(record), seconds)
    np.testing.assert_allclose(record.column("test_time_second"), seconds - seconds[0], atol=1e-3)
    assert record.start is not None
    assert record.start.astimezone(UTC) == begin + timedelta(seconds=interval)  # of unlike zones none equals a fold


@pytest.mark.parametrize("between", [10, 30])
def test_of_two_files_in_the_hour_that_comes_twice_the_second_comes_second(tmp_path, between):
    begin = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    first = write(tmp_path / "run1.csv", begin, np.arange(1.0, 55.0) * 60.0, zone=BERLIN)
    later = begin + timedelta(minutes=60 + between)
    second = write(tmp_path / "run2.csv", later, np.arange(1.0, 25.0) * 60.0, zone=BERLIN)
    record = stitch([read(first), read(second)], names=["run1.csv", "run2.csv"], note=NOTE)
    time, index = record.column("test_time_second"), record.column("file_index")
    assert np.all(np.diff(index) >= 0)
    assert time[index == 1][0] == pytest.approx(60.0 * (60 + between))
    assert not [warning for warning in record.warnings if "overlap" in warning]


def test_rows_in_no_order_are_sorted_as_ever(tmp_path):
    seconds = np.random.default_rng(0).permutation(np.arange(200.0)) * 60.0
    record = stitch(
        [read(write(tmp_path / "a.csv", datetime(2026, 5, 1), seconds))], names=["a.csv"], note=note_from({})
    )
    np.testing.assert_array_equal(passed(record), np.sort(seconds))
    assert any("runs backwards" in warning for warning in record.warnings)
