"""Battery Data Format in both namings, and records of our own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from lithostat.experiment.errors import InputError
from lithostat.experiment.record import Record
from lithostat.experiment.spectrum import Spectrum
from lithostat.reading import own
from lithostat.reading.read import read

MACHINE = (
    "unix_time_second,test_time_second,voltage_volt,current_ampere,cycle_count,"
    "ambient_temperature_celsius,temperature_t1_celsius"
)
LABELS = (
    "Unix Time / s,Test Time / s,Voltage / V,Current / A,Cycle Count / 1,"
    "Ambient Temperature / degC,Temperature T1 / degC"
)
ROWS = "\n1700000000.5,0.5,3.25,-0.125,1,25.0,24.0\n1700000001.5,1.5,3.5,0.25,2,26.0,25.0\n"


def written(tmp_path: Path, text: str, name: str) -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def check(record: Record, t1: str) -> None:
    assert record.column("test_time_second").tolist() == [0.5, 1.5]
    assert record.column("voltage_volt").tolist() == [3.25, 3.5]
    assert record.column("current_ampere").tolist() == [-0.125, 0.25]
    assert record.column("cycle_count").tolist() == [1, 2]
    assert record.column("ambient_temperature_celsius").tolist() == [25.0, 26.0]
    assert record.column(f"other:{t1}").tolist() == [24.0, 25.0]
    assert record.start == datetime.fromtimestamp(1700000000, UTC)
    assert [warning for warning in record.warnings if "without a standard name" not in warning] == []


@pytest.mark.parametrize("name", ["cell.bdf.csv", "cell.csv"])
@pytest.mark.parametrize("names", [MACHINE, LABELS])
def test_csv_in_both_namings(tmp_path: Path, names: str, name: str) -> None:
    record = read(written(tmp_path, names + ROWS, name))
    check(record, names.split(",")[-1])
    assert record.provenance["files"][0]["format"] == "Battery Data Format"


@pytest.mark.parametrize("names", [MACHINE, LABELS])
def test_parquet_in_both_namings(tmp_path: Path, names: str) -> None:
    frame = pl.read_csv((names + ROWS).encode())
    path = tmp_path / "cell.bdf.parquet"
    frame.write_parquet(path)
    check(read(path), names.split(",")[-1])


def test_units_in_the_label_count(tmp_path: Path) -> None:
    text = "Test Time / min,Voltage / mV,Current / mA,Surface Pressure / kPa\n1,3250,-125,5\n"
    record = read(written(tmp_path, text, "cell.bdf.csv"))
    assert record.table.row(0, named=True) == {
        "test_time_second": 60.0,
        "voltage_volt": 3.25,
        "current_ampere": -0.125,
        "measured_pressure_pa": 5000.0,
    }


def test_impedance_alone(tmp_path: Path) -> None:
    text = "Frequency / Hz,Real Impedance / ohm,Imaginary Impedance / ohm\n100,1,2\n10,3,4\n"
    record = read(written(tmp_path, text, "cell.bdf.csv"))
    assert record.spectra[0].impedance.tolist() == [1 + 2j, 3 + 4j]
    assert len(record.table) == 0
    assert record.warnings == ()  # the format says the sign


def test_own_record_comes_back_whole(tmp_path: Path) -> None:
    table = pl.DataFrame(
        {
            "test_time_second": [0.0, 1.0],
            "voltage_volt": [3.0, float("nan")],
            "current_ampere": [0.0, 1.0],
            "other:x": ["a", "b"],
        }
    )
    spectrum = Spectrum(np.array([1.0, 10.0]), np.array([1 - 1j, 2 - 2j]), name="s")
    record = Record(table, spectra=(spectrum,), warnings=("why it is NaN",), start=datetime(2024, 1, 1, tzinfo=UTC))
    back = read(record.write_parquet(tmp_path / "record.parquet"))
    assert back.table.equals(table)
    assert back.spectra[0].impedance.tolist() == [1 - 1j, 2 - 2j]
    assert (back.warnings[0], back.start) == ("why it is NaN", record.start)


def test_own_csv_comes_back(tmp_path: Path) -> None:
    table = pl.DataFrame(
        {
            "test_time_second": [0.0, 1.0],
            "voltage_volt": [3.0, 3.5],
            "current_ampere": [0.0, 1.0],
            "measured_pressure_pa": [1e6, 2e6],
            "other:x": ["a", "b"],
        }
    )
    back = read(Record(table).write_csv(tmp_path / "record.csv"))
    assert back.table.equals(table)


def test_parquet_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pl.DataFrame({"a": [1, 2]}).write_parquet(path)
    with pytest.raises(InputError, match="Parquet without a column of time"):
        read(path)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        own.read(path)
