"""Battery Data Format: names, order, what is left out, and what it means."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from lithostat.experiment.errors import InputError
from lithostat.experiment.record import Record
from lithostat.lab.export import write_bdf


def record():
    return Record(
        pl.DataFrame(
            {
                "cycle_count": [1, 1, 2],
                "current_ampere": [1e-3, -1e-3, np.nan],
                "test_time_second": [0.0, 1.0, 2.5],
                "voltage_volt": [0.1, -0.1, 0.0],
                "step_index": [3, 3, 4],
                "charging_capacity_ah": [0.0, 1.0, 0.0],
                "net_capacity_ah": [0.0, 0.5, -0.5],
                "cumulative_capacity_ah": [0.0, 1.5, 2.5],
                "applied_pressure_pa": [5e6, 5e6, 5e6],
                "measured_pressure_pa": [4.9e6, 4.8e6, 4.7e6],
                "contact_fraction_1": [1.0, 0.9, 0.8],
                "other:Kommentar": ["a", "b", "c"],
            }
        )
    )


def test_csv_has_labels_with_the_required_ones_first(tmp_path):
    left_out = write_bdf(record(), tmp_path / "cell.bdf.csv")
    written = pl.read_csv(tmp_path / "cell.bdf.csv")
    assert written.columns[:3] == ["Test Time / s", "Voltage / V", "Current / A"]
    assert written["Cycle Count / 1"].to_list() == [1, 1, 2]
    assert written["Applied Pressure / Pa"].to_list() == [5e6, 5e6, 5e6]
    assert written["Surface Pressure / Pa"].to_list() == [4.9e6, 4.8e6, 4.7e6]
    assert written["Current / A"].to_list() == [1e-3, -1e-3, None]
    assert left_out == ["step_index", "charging_capacity_ah", "contact_fraction_1", "other:Kommentar"]


def test_parquet_has_machine_readable_names(tmp_path):
    write_bdf(record(), tmp_path / "cell.bdf.parquet")
    written = pl.read_parquet(tmp_path / "cell.bdf.parquet")
    assert written.columns[:3] == ["test_time_second", "voltage_volt", "current_ampere"]
    assert "surface_pressure_pa" in written.columns
    assert "measured_pressure_pa" not in written.columns
    assert written["current_ampere"].null_count() == 1


def test_charge_in_each_direction_never_resets(tmp_path):
    write_bdf(record(), tmp_path / "cell.bdf.parquet")
    written = pl.read_parquet(tmp_path / "cell.bdf.parquet")
    assert written["charging_capacity_ah"].to_list() == [0.0, 1.0, 1.0]
    assert written["discharging_capacity_ah"].to_list() == [0.0, 0.5, 1.5]


def test_another_ending_and_an_empty_record_are_refused(tmp_path):
    with pytest.raises(InputError, match="bdf"):
        write_bdf(record(), tmp_path / "cell.csv")
    with pytest.raises(InputError, match="no rows"):
        write_bdf(Record(record().table.clear()), tmp_path / "cell.bdf.csv")
    assert not list(tmp_path.iterdir())


def test_the_reference_package_accepts_it(tmp_path):
    bdf = pytest.importorskip("bdf", reason="batterydf is not installed")
    write_bdf(record(), tmp_path / "cell.bdf.csv")
    report = bdf.validate(bdf.read(str(tmp_path / "cell.bdf.csv")), report=False, raise_on_error=False)
    assert report["ok"]
    assert report["time_stats"]["monotonic"]
