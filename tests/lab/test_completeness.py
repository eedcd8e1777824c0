"""The list of what has to be known: each thing counts once, and only where it is known."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from lithostat.experiment.cell_note import CellNote, note_from
from lithostat.experiment.record import Record
from lithostat.experiment.spectrum import Spectrum
from lithostat.lab.completeness import completeness

TIMES = np.arange(0.0, 40.0, 10.0)
FULL_NOTE = {
    "kind": "symmetric",
    "electrolyte": "Li6PS5Cl",
    "electrolyte_thickness": "0.5 mm",
    "electrolyte_mass": "100 mg",
    "area": "1 cm2",
    "lithium_thickness": "0.5 mm",
    "fabrication_pressure": "370 MPa",
    "pressure": "5 MPa",
    "temperature": "25 degC",
    "ended": "stopped",
}


def record(**columns):
    table = {
        "test_time_second": TIMES,
        "voltage_volt": np.zeros(4),
        "current_ampere": np.array([0.0, 1e-3, 1e-3, -1e-3]),
    }
    return pl.DataFrame(table | columns)


def full_record():
    table = record(
        measured_pressure_pa=np.array([4e6, 5e6, np.nan, 6e6]),
        net_capacity_ah=np.array([0.0, 1e-3, 2e-3, 1.5e-3]),
        cycle_count=np.array([0, 1, 1, 1]),
    )
    spectrum = Spectrum(np.array([1.0]), np.array([1.0 + 0j]), time=-60.0)
    return Record(table, spectra=(spectrum,), start=datetime(2025, 3, 1, tzinfo=UTC))


def items(result):
    return {item.name: item for item in result.items}


def test_a_cell_of_which_all_is_known_scores_one():
    result = completeness(full_record(), note_from(FULL_NOTE), repeats=3)
    assert result.missing == ()
    assert result.score == 1.0
    found = items(result)
    assert found["current density"].shown == "1000 uA/cm2"
    assert found["areal capacity"].shown == "2 mAh/cm2"  # up by 2, then down by 0.5
    assert found["pressure over time"].shown == "4 MPa to 6 MPa"
    assert found["operating pressure"].shown == "5 MPa"
    assert found["number of cycles"].shown == "1"
    assert found["sampling"].shown.startswith("10 s")


def test_nothing_known_scores_only_what_the_file_itself_says():
    result = completeness(Record(record()), CellNote())
    assert [item.name for item in result.items if item.present] == ["sampling"]
    assert result.score == pytest.approx(1.0 / len(result.items))
    assert all(item.why for item in result.items)


@pytest.mark.parametrize("key", [key for key in FULL_NOTE if key != "pressure"])
def test_each_statement_counts(key):
    all_of_it = completeness(full_record(), note_from(FULL_NOTE)).score
    without = completeness(full_record(), note_from({k: v for k, v in FULL_NOTE.items() if k != key})).score
    assert without < all_of_it


def test_active_material_counts_for_full_cells_only():
    symmetric, full = (
        completeness(full_record(), note_from(FULL_NOTE | {"kind": kind})) for kind in ("symmetric", "full")
    )
    assert "active mass" not in items(symmetric)
    assert not items(full)["active mass"].present
    assert len(full.items) == len(symmetric.items) + 2


def test_a_stated_pressure_is_not_one_measured_over_time():
    result = items(completeness(Record(record(applied_pressure_pa=np.full(4, 5e6))), note_from({"pressure": "5 MPa"})))
    assert result["operating pressure"].present
    assert not result["pressure over time"].present


def test_a_spectrum_after_current_flowed_is_not_one_before_cycling():
    late = Spectrum(np.array([1.0]), np.array([1.0 + 0j]), time=25.0)
    assert not items(completeness(Record(record(), spectra=(late,)), CellNote()))["impedance before cycling"].present


def test_one_cell_is_no_repeat():
    assert not items(completeness(full_record(), CellNote(), repeats=1))["repeated cells"].present
    assert "repeated cells" not in items(completeness(full_record(), CellNote()))
