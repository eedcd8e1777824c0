"""An Arbin .res against tables that another package (cellpy) made of the same file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from lithostat.experiment.errors import InputError, MissingPackage
from lithostat.reading import arbin_res
from lithostat.reading.internal_consistency import check_consistency

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "03_arbin_res_with_goldens"
FILE = DATA / "20160805_test001_45_cc_01.res"
with_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no measured files beside this checkout ({DATA})")
mdbtools = pytest.mark.skipif(shutil.which("mdb-export") is None, reason="mdbtools is not installed")
SINGLE = 1.2e-7  # of a value in single precision, where a program printed 8 digits of it


@pytest.fixture(scope="module", params=[pytest.param("mdb-export", marks=mdbtools), "access-parser"])
def record(request):
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "access-parser":
            pytest.importorskip("access_parser", reason="the extra 'files' is not installed")
            patch.setattr(arbin_res, "program", lambda name, outside: None)
        return arbin_res.read(FILE)


@pytest.fixture(scope="module")
def raw():
    return pl.read_parquet(DATA / "loader_arbin_res" / "raw.parquet")


@pytest.fixture(scope="module")
def summary():
    return pl.read_parquet(DATA / "pipeline_smoke" / "summary.parquet").sort("cycle_num")


@with_data
@pytest.mark.parametrize(
    ("ours", "theirs", "relative"),
    [
        ("record_index", "data_point", 0.0),
        ("cycle_count", "cycle_index", 0.0),
        ("step_index", "step_index", 0.0),
        ("test_time_second", "test_time", 1e-15),
        ("step_time_second", "step_time", 1e-15),
        ("voltage_volt", "voltage", SINGLE),
        ("current_ampere", "current", SINGLE),
        ("charging_capacity_ah", "charge_capacity", 1e-15),
        ("discharging_capacity_ah", "discharge_capacity", 1e-15),
        ("charging_energy_wh", "charge_energy", 1e-15),
        ("discharging_energy_wh", "discharge_energy", 1e-15),
        ("other:dV/dt", "dv_dt", SINGLE),
        ("other:Internal_Resistance", "internal_resistance", SINGLE),
        ("other:Is_FC_Data", "is_fc_data", 0.0),
        ("other:AC_Impedance", "ac_impedance", SINGLE),
        ("other:ACI_Phase_Angle", "aci_phase_angle", SINGLE),
    ],
)
def test_every_row_equals_the_other_package(record, raw, ours, theirs, relative):
    assert len(record.table) == len(raw) == 10261
    expected = raw[theirs].cast(pl.Float64).to_numpy()
    found = record.table[ours].cast(pl.Float64).to_numpy()
    assert np.all(np.abs(found - expected) <= relative * np.abs(expected))


@with_data
def test_clock_equals_the_other_package(record, raw):
    expected = raw["date_time"].dt.epoch("us").to_numpy() / 1e6
    # days as a double resolve 0.6 us; the other package rounds to the second
    assert np.abs(record.column("unix_time_second") - expected).max() <= 0.51
    meta = json.loads((DATA / "loader_arbin_res" / "meta.json").read_text())["meta_common"]
    days = (record.start - arbin_res.EPOCH).total_seconds() / 86400.0
    assert days == pytest.approx(meta["start_datetime"], abs=1e-10)
    assert record.start.tzinfo is None


@with_data
def test_capacity_of_every_cycle_equals_the_other_package(record, summary):
    """Theirs are the counters in A h at the end of a cycle; 'absolute' is mA h, 'gravimetric' mA h/g of 1 mg."""
    assert len(summary) == 18
    ends = record.table.group_by("cycle_count").last().sort("cycle_count")
    assert ends["cycle_count"].to_list() == summary["cycle_num"].to_list()
    assert ends["record_index"].to_list() == summary["datapoint_num_last"].to_list()
    for direction in ("charge", "discharge"):
        found = ends[f"{direction[:-1]}ing_capacity_ah"].to_numpy()
        assert np.allclose(found, summary[f"{direction}_capacity"].to_numpy(), rtol=1e-12, atol=0.0)
        assert np.allclose(found * 1e3, summary[f"{direction}_capacity_absolute"].to_numpy(), rtol=1e-12, atol=0.0)
        assert np.allclose(found * 1e6, summary[f"{direction}_capacity_gravimetric"].to_numpy(), rtol=1e-12, atol=0.0)


def curve(record, cycle: int, sign: int) -> tuple[np.ndarray, np.ndarray]:
    """Capacity [mA h / g of 1 mg] and voltage where the current has this sign, without one-row steps for resistance."""
    table = record.table.filter(
        (pl.col("cycle_count") == cycle) & (pl.col("current_ampere") * sign > 0.0) & (pl.len().over("step_count") > 1)
    )
    name = "charging_capacity_ah" if sign > 0 else "discharging_capacity_ah"
    return table[name].to_numpy() * 1e6, table["voltage_volt"].to_numpy()


@with_data
def test_discharge_curve_of_cycle_5_equals_the_other_package(record):
    truth = pl.read_parquet(DATA / "curve_get_dcap_c5" / "curve.parquet")
    capacity, voltage = curve(record, 5, -1)
    assert len(capacity) == len(truth) == 224
    assert np.allclose(capacity, truth["cumulative_discharge_capacity"].to_numpy(), rtol=1e-9, atol=1e-12)
    assert np.allclose(voltage, truth["potential"].to_numpy(), rtol=SINGLE, atol=0.0)


@with_data
def test_both_curves_of_cycle_1_equal_the_other_package(record):
    truth = pl.read_parquet(DATA / "curve_get_cap_forth_labeled_c1" / "curve.parquet")
    assert len(truth) == 1105
    for sign in (-1, 1):
        part = truth.filter(pl.col("direction") == sign)
        capacity, voltage = curve(record, 1, sign)
        assert len(capacity) == len(part)
        assert np.allclose(capacity, part["capacity"].to_numpy(), rtol=1e-9, atol=1e-9)
        assert np.allclose(voltage, part["potential"].to_numpy(), rtol=SINGLE, atol=0.0)


@with_data
def test_steps_are_counted_as_the_other_package_counts_them(record):
    expected = json.loads((DATA / "pipeline_smoke" / "metrics.json").read_text())["n_steps"]
    assert record.column("step_count").max() == expected


@with_data
def test_the_header_states_a_mass_that_nothing_uses(record):
    header = record.provenance["files"][0]["header"]
    assert float(header["MASS"]) == pytest.approx(0.0008528379839845002, rel=SINGLE)
    assert not any("mass" in name.lower() for name in record.table.columns)


@with_data
def test_a_clean_file_has_no_remark_that_is_not_true(record):
    said = [text for text in check_consistency(record).warnings if "columns without a standard name" not in text]
    assert said == [
        "the clock is the local one of the cycler's computer; the file does not say its time zone",
        # the computer's clock was put back by 7 s on two days
        "2 rows where the clock falls back against test time (first: row 1834)",
    ]


def holds(monkeypatch, rows, channels=None, names=None):
    """A database with these tables."""
    tables = {"Channel_Normal_Table": rows, "Global_Table": {}, "Auxiliary_Table": channels or {}}
    tables |= {"Aux_Global_Data_Table": names or {}}
    made = {name: pl.DataFrame(columns) for name, columns in tables.items()}
    monkeypatch.setattr(arbin_res, "_by_mdbtools", lambda path, exporter: (made, []))
    monkeypatch.setattr(arbin_res, "program", lambda name, outside: Path(name))


def test_auxiliary_channels_are_kept_under_the_names_of_the_lab(monkeypatch, tmp_path):
    path = tmp_path / "made.res"
    path.write_bytes(arbin_res.MAGIC[0] + bytes(100))
    rows = {"Test_ID": [1, 1, 1], "Data_Point": [1, 2, 3], "Test_Time": [1.0, 2.0, 3.0]}
    rows |= {"Current": [0.1, 0.1, 0.1], "Voltage": [1.0, 2.0, 3.0]}
    channels = {"Data_Point": [3, 1, 2, 1, 9], "Auxiliary_Index": [0, 0, 0, 1, 0], "Data_Type": [0, 0, 0, 1, 0]}
    channels |= {"X": [5.3, 5.1, 5.2, 25.0, 7.0]}
    names = {"Auxiliary_Index": [0], "Data_Type": [0], "Nickname": ["Load cell"], "Unit": ["V"]}
    holds(monkeypatch, rows, channels, names)
    record = arbin_res.read(path)
    assert record.column("other:Aux Load cell 0 (V)").tolist() == [5.1, 5.2, 5.3]
    assert record.table["other:Aux temperature 1"].to_list() == [25.0, None, None]
    said = " ".join(record.warnings)
    assert "1 samples of 'Aux Load cell 0 (V)' belong to no row" in said
    assert "auxiliary channels: Aux Load cell 0 (V), Aux temperature 1" in said


def test_rows_come_in_the_order_of_their_data_points_and_gaps_are_said(monkeypatch, tmp_path):
    path = tmp_path / "made.res"
    path.write_bytes(arbin_res.MAGIC[0] + bytes(100))
    rows = {"Test_ID": [1, 1, 1], "Data_Point": [4, 1, 2], "Test_Time": [4.0, 1.0, 2.0], "Step_Time": [0.0, 1.0, 2.0]}
    rows |= {"Current": [0.0, 0.1, 0.1], "Voltage": [1.0, 2.0, 3.0], "Step_Index": [2, 1, 1], "Cycle_Index": [1, 1, 1]}
    holds(monkeypatch, rows)
    record = arbin_res.read(path)
    assert record.column("voltage_volt").tolist() == [2.0, 3.0, 1.0]
    assert record.column("step_count").tolist() == [1, 1, 2]
    assert "data points jump 1 times, first at 4: rows are missing or damaged" in record.warnings
    assert record.start is None


def test_what_is_no_database_is_refused(tmp_path):
    path = tmp_path / "cell.res"
    path.write_bytes(b"not a database at all")
    assert arbin_res.recognise(path.read_bytes(), path)
    with pytest.raises(InputError, match=r"cell\.res: does not start like an Access database"):
        arbin_res.read(path)


@pytest.mark.parametrize("installed", [pytest.param(True, marks=mdbtools), False])
def test_a_database_that_is_none_is_refused_in_one_sentence(tmp_path, monkeypatch, installed):
    if not installed:
        pytest.importorskip("access_parser", reason="the extra 'files' is not installed")
        monkeypatch.setattr(arbin_res, "program", lambda name, outside: None)
    path = tmp_path / "cell.res"
    path.write_bytes(arbin_res.MAGIC[0] + bytes(5000))
    with pytest.raises(InputError, match=r"cell\.res: ") as caught:
        arbin_res.read(path)
    assert "\n" not in str(caught.value)


def test_a_reader_that_never_ends_is_stopped(tmp_path, monkeypatch):
    path = tmp_path / "cell.res"
    path.write_bytes(arbin_res.MAGIC[0] + bytes(100))
    monkeypatch.setattr(arbin_res, "PATIENCE", 0.2)
    with pytest.raises(InputError, match="keeps its reader busy"):
        arbin_res._run(["sleep", "5"], path)


def test_a_reader_that_prints_without_end_is_stopped(tmp_path):
    path = tmp_path / "cell.res"
    path.write_bytes(arbin_res.MAGIC[0] + bytes(100))
    with pytest.raises(InputError, match="keeps its reader busy"):
        arbin_res._run(["yes"], path)


def test_without_any_reader_it_says_what_to_install(tmp_path, monkeypatch):
    path = tmp_path / "cell.res"
    path.write_bytes(arbin_res.MAGIC[1] + bytes(100))
    monkeypatch.setattr(arbin_res, "program", lambda name, outside: None)
    monkeypatch.setitem(__import__("sys").modules, "access_parser", None)
    with pytest.raises(MissingPackage, match=r"pip install 'lithostat\[files\]'"):
        arbin_res.read(path)
