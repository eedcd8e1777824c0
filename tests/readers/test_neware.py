"""Neware files against the vendor's own export of the same test, row by row."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from lithostat.experiment.errors import InputError
from lithostat.reading import neware
from lithostat.reading.internal_consistency import check_consistency

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "02_neware_with_BTSDA_truth"
GOOD = {
    "46_1_5_60_bts16.ndax": 84,
    "nw4-120-1-6-53.ndax": 18700,
    "TestFile.nda": 6670,
    "nda_v22.nda": 1380,
    "new_nda_file.nda": 439,
}
pytest.importorskip("fastnda", reason="the extra 'files' is not installed")
with_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no measured files beside this checkout ({DATA})")


def measured(name: str, folder: Path) -> Path:
    """The file itself, unpacked into `folder` if it is kept in a zip."""
    if name.endswith(".nda"):
        with zipfile.ZipFile(DATA / f"{name}.zip") as archive:
            archive.extract(name, folder)
        return folder / name
    return DATA / name


@pytest.fixture(scope="module", params=GOOD)
def pair(request, tmp_path_factory):
    path = measured(request.param, tmp_path_factory.mktemp("nda"))
    return check_consistency(neware.read(path)), pl.read_parquet(DATA / f"{Path(request.param).stem}.parquet")


def column(table: pl.DataFrame, start: str) -> np.ndarray:
    """The export's column whose name starts like this; its unit follows in brackets."""
    (name,) = [name for name in table.columns if name == start or name.startswith(f"{start}(")]
    return table[name].cast(pl.Float64).to_numpy()


@with_data
def test_every_row_is_there(pair, request):
    record, truth = pair
    assert len(record.table) == len(truth) == GOOD[request.node.callspec.params["pair"]]


# The export rounds to decimals that depend on the current range and keeps the result in single precision: half of the
# last digit, and 3e-7 of the value for single precision in the file, in the library and in the export.
@with_data
@pytest.mark.parametrize(
    ("ours", "theirs", "unit"),
    [
        ("voltage_volt", "Voltage", 1e-3),
        ("current_ampere", "Current", 1e-6),
        ("step_capacity_ah", "Capacity", 1e-3 / 3600.0),
        ("step_energy_wh", "Energy", 1e-3 / 3600.0),
    ],
)
def test_measured_columns_equal_the_export(pair, ours, theirs, unit):
    record, truth = pair
    expected = column(truth, theirs)
    if theirs in ("Capacity", "Energy"):  # one version of the export gives them a sign
        expected = np.abs(expected)
    digit = last_digit(expected)
    assert digit <= 1.0  # uA, mV, mAs or mWs
    difference = np.abs(record.column(ours) / unit - expected)
    assert np.all(difference <= 0.51 * digit + 3e-7 * np.abs(expected)), (difference.max(), digit)


def last_digit(values: np.ndarray) -> float:
    """Place value of the last decimal of most of the export's values."""
    for decimals in range(6):
        if np.mean(np.isclose(values, np.round(values, decimals), rtol=1.2e-7, atol=1e-12)) > 0.7:
            return 10.0**-decimals
    raise AssertionError("the export has more decimals than expected")


@with_data
@pytest.mark.parametrize(("ours", "theirs"), [("test_time_second", "Total Time"), ("step_time_second", "Time")])
def test_times_equal_the_export(pair, ours, theirs):
    record, truth = pair
    assert np.abs(record.column(ours) - column(truth, theirs)).max() <= 1e-9


@with_data
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("cycle_count", "Cycle Index"), ("step_index", "Step Index"), ("step_count", "Step Count")],
)
def test_counters_equal_the_export(pair, ours, theirs):
    record, truth = pair
    assert np.array_equal(record.column(ours), column(truth, theirs))


@with_data
def test_dates_equal_the_export_but_for_its_time_zone(pair):
    record, truth = pair
    date = truth["Date"].cast(pl.Datetime("ms")).dt.epoch("ms").to_numpy() / 1000.0
    apart = date - record.column("unix_time_second")
    zone = round(float(np.median(apart)) / 900.0) * 900.0
    assert abs(zone) <= 14 * 3600.0
    assert np.abs(apart - zone).max() <= 1.0  # some versions store whole seconds


@with_data
def test_current_is_positive_while_charging(pair):
    record, truth = pair
    kind = truth["Step Type"].cast(pl.String).str.replace("_", " ").to_numpy()
    for word, sign in (("CC Chg", 1.0), ("CC DChg", -1.0)):
        current = record.column("current_ampere")[kind == word]
        assert np.all(sign * current[np.abs(current) > 1e-6] > 0.0)


@with_data
@pytest.mark.parametrize("name", GOOD)
def test_clean_files_have_no_remark_that_is_not_true(name, tmp_path):
    said = check_consistency(neware.read(measured(name, tmp_path))).warnings
    known = (
        "columns without a standard name",
        "rows hold measured voltage and current only",
        "local one of the cycler",
    )
    rest = [text for text in said if not any(part in text for part in known)]
    # the computer's clock was put back by 175 s in the middle of a step of this test
    expected = (
        ["1 row where the clock falls back against test time (first: row 4916)"] if name == "TestFile.nda" else []
    )
    assert rest == expected


@with_data
def test_points_that_the_file_does_not_hold_are_marked(tmp_path):
    """The file stores clock and counters for 66 of 333 rows; the vendor's export fills in the others likewise."""
    record = neware.read(DATA / "interp-test.ndax")
    truth = pl.read_csv(DATA / "interp-test.csv", encoding="latin1", truncate_ragged_lines=True)
    made = record.column("interpolated")
    assert made.sum() == 267
    assert any(text.startswith("267 of 333 rows") for text in record.warnings)
    stored = record.column("record_index")[made == 0]
    assert stored[0] == 1
    assert stored[-1] == 333
    parts = truth["Total Time"].str.split(":").list.eval(pl.element().cast(pl.Float64)).to_list()
    seconds = np.array([3600.0 * h + 60.0 * m + s for h, m, s in parts])
    assert np.abs(record.column("test_time_second") - seconds).max() < 0.0011
    millivolt = truth["Voltage(mV)"].to_numpy()
    assert np.abs(record.column("voltage_volt") * 1e3 - millivolt).max() <= 0.051
    assert record.start.isoformat() == "2025-06-17T08:26:39.383000+00:00"


@with_data
def test_a_file_whose_auxiliary_channels_lost_their_description_is_refused():
    with pytest.raises(InputError, match=r"Unit27_Example_Corrupt\.ndax: is damaged: .*TestInfo\.xml") as caught:
        neware.read(DATA / "Unit27_Example_Corrupt.ndax")
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


@with_data
def test_an_empty_test_is_refused():
    with pytest.raises(InputError, match=r"empty\.ndax: holds no rows of data") as caught:
        neware.read(DATA / "empty.ndax")
    assert caught.value.exit_code == 2


@with_data
def test_auxiliary_temperature_is_the_cells_and_auxiliary_voltage_stays():
    record = neware.read(DATA / "46_1_5_60_bts16.ndax")
    truth = pl.read_parquet(DATA / "46_1_5_60_bts16.parquet")
    assert np.allclose(record.column("ambient_temperature_celsius"), truth["T1(?)"].to_numpy(), atol=0.051)
    assert np.abs(record.column("other:aux1_voltage_V") * 1e3 - truth["V1(mV)"].to_numpy()).max() <= 0.051


@with_data
def test_the_header_is_kept_and_not_used():
    record = neware.read(DATA / "46_1_5_60_bts16.ndax")
    assert record.provenance["files"][0]["header"]["Barcode"] == "ZZZZZZZZTEST"


@with_data
def test_a_renamed_file_is_found_by_its_content(tmp_path):
    path = tmp_path / "cell.dat"
    path.write_bytes((DATA / "interp-test.ndax").read_bytes())
    assert neware.recognise(path.read_bytes()[:1000], path)
    assert len(neware.read(path).table) == 333


def archive_with(folder: Path, **entries: bytes) -> Path:
    path = folder / "made.ndax"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name.replace("_ndc", ".ndc"), data)
    return path


def test_not_every_zip_is_a_neware_file(tmp_path):
    path = archive_with(tmp_path, book_xml=b"<x/>").rename(tmp_path / "book.xlsx")
    assert not neware.recognise(path.read_bytes(), path)
    path = archive_with(tmp_path, data_ndc=b"").rename(tmp_path / "cell.zip")
    assert neware.recognise(path.read_bytes(), path)


def test_an_archive_without_data_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"made\.ndax: holds no 'data\.ndc'"):
        neware.read(archive_with(tmp_path, other=b"1"))


def test_a_wrong_checksum_is_refused_though_the_library_would_not_read_that_entry(tmp_path):
    path = archive_with(tmp_path, data_ndc=b"rows", picture=b"0123456789")
    data = path.read_bytes()
    path.write_bytes(data.replace(b"0123456789", b"0123456780"))
    with pytest.raises(InputError, match=r"checksum of 'picture' is wrong"):
        neware.read(path)


def test_a_file_named_like_one_is_refused_by_name(tmp_path):
    path = tmp_path / "broken.nda"
    path.write_bytes(b"garbage" * 20)
    assert neware.recognise(b"garbage", path)
    with pytest.raises((InputError, ValueError)):
        neware.read(path)
