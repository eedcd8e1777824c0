"""The record is whole on disk or not there, and reads back as it was."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from lithostat import InputError, Record, read_parquet
from lithostat.experiment.record import COLUMNS, REQUIRED, write_text, write_whole


@pytest.fixture(scope="module")
def record(run):
    return run(
        [
            {"press": "25 MPa"},
            {"measure_impedance": {"from": "1 MHz", "to": "1 Hz"}},
            {"plate": "75 uA/cm2", "for": "40 h"},
            {"measure_impedance": None},
        ],
        parameters={"soft_short_resistance": "100 ohm"},
        after_short="30 h",
    )


@pytest.fixture
def small():
    columns = {"test_time_second": [0.0, 1.0], "voltage_volt": [0.1, np.nan], "current_ampere": [0.0, -1e-3]}
    return Record(pl.DataFrame(columns), pl.DataFrame({"step_count": [1]}))


def test_parquet_round_trip_is_equal(record, tmp_path):
    read = read_parquet(record.write_parquet(tmp_path / "record.parquet"))
    assert read.table.equals(record.table)
    assert read.table.schema == record.table.schema
    assert read.steps.equals(record.steps)
    assert read.outcome == record.outcome
    assert read.provenance == record.provenance
    assert read.warnings == record.warnings
    assert [spectrum.as_dict() for spectrum in read.spectra] == [spectrum.as_dict() for spectrum in record.spectra]
    assert len(read.spectra) == 2


def test_round_trip_of_a_bare_record_keeps_nan(small, tmp_path):
    read = read_parquet(small.write_parquet(tmp_path / "bare.parquet"))
    assert read.table.equals(small.table, null_equal=True)
    assert np.isnan(read.column("voltage_volt")[1])
    assert (read.outcome, read.spectra, read.provenance, read.warnings) == (None, (), {}, ())


def test_round_trip_twice_gives_the_same_record(record, tmp_path):
    once = read_parquet(record.write_parquet(tmp_path / "once.parquet"))
    twice = read_parquet(once.write_parquet(tmp_path / "twice.parquet"))
    assert twice.table.equals(once.table)
    assert twice.provenance == once.provenance


def test_csv_has_the_columns_and_the_numbers(record, tmp_path):
    read = pl.read_csv(record.write_csv(tmp_path / "record.csv"))
    assert read.columns == record.table.columns
    assert read["voltage_volt"].to_numpy() == pytest.approx(record.column("voltage_volt"), rel=1e-15)


# columns that only a file can have: clocks, counters and totals of an instrument, signals before calibration
FROM_FILES = {
    *("unix_time_second", "record_index", "step_index", "step_time_second", "file_index", "interpolated"),
    *("charging_capacity_ah", "discharging_capacity_ah", "step_capacity_ah", "power_watt"),
    *("charging_energy_wh", "discharging_energy_wh", "step_energy_wh"),
    *("frequency_hertz", "absolute_impedance_ohm", "phase_degree", "load_newton", "load_cell_volt"),
}
FROM_FULL_CELLS = {"cathode_lithium_mole", "unreachable_lithium_mole", "oxidised_charge_coulomb", "active_share"}
UNITS = ("second", "volt", "ampere", "count", "celsius", "ah", "wh", "watt", "hertz", "degree", "newton", "pa", "ohm")


def test_a_simulated_record_has_every_column_that_needs_no_instrument(record):
    assert set(record.table.columns) == set(COLUMNS) - FROM_FILES - FROM_FULL_CELLS


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_are_documented_and_say_their_unit(name):
    assert COLUMNS[name].strip()
    assert name.rstrip("_12").endswith((*UNITS, "metre", "coulomb", "mole", "share", "index")) or name.startswith(
        ("contact_fraction", "interpolated")
    )


def test_a_record_without_current_is_not_one():
    with pytest.raises(InputError, match="current_ampere"):
        Record(pl.DataFrame({name: [0.0] for name in REQUIRED if name != "current_ampere"}), pl.DataFrame())


def test_an_unknown_column_is_refused_with_the_nearest_name(small):
    with pytest.raises(InputError, match=r"voltage_volts.*did you mean 'voltage_volt'"):
        Record(small.table.with_columns(voltage_volts=0.0), small.steps)


def test_asking_for_a_column_that_is_not_there(small):
    with pytest.raises(InputError, match=r"current_amper'.*did you mean 'current_ampere'"):
        small.column("current_amper")


def test_a_writer_that_fails_leaves_the_folder_as_it_was(tmp_path):
    target = write_text(tmp_path / "note.txt", "old")

    def fails(temporary):
        Path(temporary).write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(target, fails)
    assert [entry.name for entry in tmp_path.iterdir()] == ["note.txt"]
    assert target.read_text() == "old"


def test_a_failed_first_write_leaves_nothing(tmp_path):
    def fails(temporary):
        Path(temporary).write_text("half")
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        write_whole(tmp_path / "record.parquet", fails)
    assert list(tmp_path.iterdir()) == []


def test_a_write_leaves_no_temporary_file(small, tmp_path):
    small.write_parquet(tmp_path / "a.parquet")
    small.write_csv(tmp_path / "deep" / "b.csv")
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == ["a.parquet", "b.csv"]


def test_writing_where_one_cannot_says_where(small, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"file/record\.csv"):
        small.write_csv(tmp_path / "file" / "record.csv")


def foreign(path: Path) -> Path:
    pl.DataFrame({"a": [1]}).write_parquet(path)
    return path


def no_json(path: Path) -> Path:
    pl.DataFrame({"a": [1]}).write_parquet(path, metadata={"lithostat": "not JSON"})
    return path


def no_format(path: Path) -> Path:
    pl.DataFrame({"a": [1]}).write_parquet(path, metadata={"lithostat": "{}"})
    return path


def other_format(path: Path) -> Path:
    pl.DataFrame({"a": [1]}).write_parquet(path, metadata={"lithostat": '{"format": 99}'})
    return path


def text(path: Path) -> Path:
    path.write_text("time,voltage\n0,1\n")
    return path


def empty(path: Path) -> Path:
    path.write_bytes(b"")
    return path


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def absent(path: Path) -> Path:
    return path


def truncated(path: Path) -> Path:
    pl.DataFrame({"a": list(range(1000))}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-100])
    return path


@pytest.mark.parametrize(
    "other",
    [foreign, no_json, no_format, other_format, text, empty, folder, absent, truncated],
    ids=lambda f: f.__name__,
)
def test_other_files_are_refused_by_name(other, tmp_path):
    path = other(tmp_path / "other.parquet")
    with pytest.raises(InputError) as caught:
        read_parquet(path)
    assert "other.parquet" in str(caught.value)
