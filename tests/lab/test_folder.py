"""Which cells lie in a folder, and what one of them becomes: with a reader of our own for small files."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from lithostat.experiment.errors import InputError, MissingPackage
from lithostat.experiment.record import Record
from lithostat.experiment.spectrum import Spectrum
from lithostat.lab import folder as module
from lithostat.lab.folder import find_cells, load

NOON = datetime(2025, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def real():
    """For tests of files as they are read; every other test has files of its own kind."""


@pytest.fixture(autouse=True)
def reader(monkeypatch, request):
    """A file is JSON: the hour at which it starts, and its header."""
    seen = []
    if "real" in request.fixturenames:
        return seen

    def read(path, *, declaration=None):
        seen.append((path.name, None if declaration is None else declaration.name))
        text = path.read_text()
        if text == "package":
            raise MissingPackage("galvani is needed for .mpr files: pip install lithostat[gpl]")
        if text == "crash":
            raise RuntimeError("boom\nmore")
        if not text.startswith("{"):
            raise InputError("is in no format that is known here", file=str(path))
        said = json.loads(text)
        times = np.arange(0.0, 50.0, 10.0)
        table = {"test_time_second": times, "voltage_volt": np.zeros(5), "current_ampere": np.full(5, 1e-3)}
        if "load" in said:
            table["load_cell_volt"] = np.full(5, said["load"])
        file = {"name": path.name, "header": said.get("header", {})}
        return Record(
            pl.DataFrame(table), start=NOON + timedelta(hours=said.get("hour", 0)), provenance={"files": [file]}
        )

    monkeypatch.setattr(module, "read", read)
    monkeypatch.setattr(module, "_why_unknown", lambda path: None)
    return seen


@pytest.fixture
def lab(tmp_path):
    """Write files by name; a value that is no text becomes JSON."""

    def write(**files):
        for name, content in files.items():
            path = tmp_path / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        return tmp_path

    return write


def names(cells):
    return {cell.name: [path.name for path in cell.files] for cell in cells}


def test_a_folder_with_a_note_is_one_cell_with_all_files_below_it(lab):
    root = lab(
        A__cell_dot_yaml="kind: symmetric\n",
        A__run10_dot_csv={},
        A__run2_dot_csv={},
        A__eis__sweep_dot_z={},
        A__deep__cell_dot_yaml="name: inner\n",
        A__deep__x_dot_csv={},
    )
    assert names(find_cells(root)) == {"A": ["sweep.z", "run2.csv", "run10.csv"], "deep": ["x.csv"]}
    inner = next(cell for cell in find_cells(root) if cell.name == "deep")
    assert load(inner).name == "inner"


def test_notes_by_name_claim_files_by_their_beginning_or_by_patterns(lab):
    root = lab(
        cell1_dot_cell_dot_yaml="kind: symmetric\n",
        cell2_dot_cell_dot_yaml="files: ['eis/*.z', 'second*']\n",
        cell1_a_dot_csv={},
        cell10_a_dot_csv={},
        second_dot_csv={},
        eis__s_dot_z={},
    )
    cells = find_cells(root)
    assert names(cells) == {"cell1": ["cell1_a.csv"], "cell2": ["s.z", "second.csv"]}
    assert any("cell10_a.csv" in warning for warning in load(cells[0]).record.warnings)
    assert not any("cell10_a.csv" in warning for warning in load(cells[1]).record.warnings)


def test_the_longer_name_claims_first(lab):
    root = lab(
        a_dot_cell_dot_yaml="kind: half\n", a_b_dot_cell_dot_yaml="kind: half\n", a_b_1_dot_csv={}, a_1_dot_csv={}
    )
    assert names(find_cells(root)) == {"a": ["a_1.csv"], "a_b": ["a_b_1.csv"]}


def test_without_a_note_every_file_is_a_cell_unless_they_belong_together(lab):
    root = lab(one_dot_csv={}, two_dot_csv={}, sub__one_dot_csv={})
    assert names(find_cells(root)) == {"one.csv": ["one.csv"], "sub/one.csv": ["one.csv"], "two": ["two.csv"]}
    (cell,) = find_cells(root, together=True)
    assert len(cell.files) == 3
    assert cell.name == root.name


def test_what_is_no_data_is_ignored(lab):
    root = lab(
        cell_dot_yaml="kind: half\nread_as: {'*.txt': ours.yaml}\n",
        ours_dot_yaml="x: 1",
        _dot_hidden="x",
        SHA256SUMS="",
        LICENSE_dot_txt="x",
        README="x",
        notes_dot_md="x",
        paper_dot_PDF="x",
        photo_dot_png="x",
        sketch_dot_svg="x",
        page_dot_html="x",
        a_dot_txt={},
        **{"lithostat-out__report_dot_csv": {}},
    )
    (cell,) = find_cells(root)
    assert [path.name for path in cell.files] == ["a.txt"]


def test_a_path_of_one_file_is_that_cell_with_its_note(lab):
    root = lab(cell_dot_yaml="area: 1 cm2\n", a_dot_csv={}, b_dot_csv={})
    (cell,) = find_cells(root / "a.csv")
    assert names([cell]) == {"a": ["a.csv"]}
    assert load(cell).note.area == pytest.approx(1e-4)


def test_an_empty_folder_says_what_to_put_there(tmp_path):
    with pytest.raises(InputError, match=r"cell\.yaml"):
        find_cells(tmp_path)
    with pytest.raises(InputError, match="no folder"):
        find_cells(tmp_path / "absent")


def test_one_bad_file_stops_no_other(lab, reader):
    root = lab(
        cell_dot_yaml="kind: half\n",
        a_dot_csv={},
        b_dot_csv="words",
        c_dot_mpr="package",
        d_dot_csv="crash",
        e_dot_csv={"hour": 1},
    )
    (cell,) = find_cells(root)
    told = []
    loaded = load(cell, progress=told.append)
    assert told == ["a.csv", "b.csv", "c.mpr", "d.csv", "e.csv"]
    assert loaded.files == ("a.csv", "e.csv")
    refused = dict(loaded.refused)
    assert refused.pop("d.csv").startswith("this is a fault in lithostat, please report it: RuntimeError: boom (")
    assert refused == {
        "b.csv": "is in no format that is known here",
        "c.mpr": "galvani is needed for .mpr files: pip install lithostat[gpl]",
    }
    assert loaded.record.column("test_time_second")[-1] == 3640.0


def test_a_cell_of_which_nothing_can_be_read_is_an_error(lab):
    (cell,) = find_cells(lab(a_dot_csv="words"))
    with pytest.raises(InputError, match="no format"):
        load(cell)


def test_read_as_gives_the_declaration(lab, reader):
    root = lab(
        cell_dot_yaml="read_as: {'*.txt': formats/ours.yaml}\n",
        formats__ours_dot_yaml="x: 1",
        a_dot_txt={},
        b_dot_csv={},
    )
    load(find_cells(root)[0])
    assert reader == [("a.txt", "ours.yaml"), ("b.csv", None)]


def test_a_file_with_another_sum_than_the_listed_one_is_refused(lab):
    root = lab(cell_dot_yaml="kind: half\n", a_dot_csv={}, b_dot_csv={"hour": 1}, c_dot_csv={"hour": 2})
    good = hashlib.sha256((root / "a.csv").read_bytes()).hexdigest()
    (root / "SHA256SUMS").write_text(f"{good.upper()} *a.csv\n{'0' * 64}  b.csv\nno line\n")
    loaded = load(find_cells(root)[0])
    assert loaded.files == ("a.csv", "c.csv")
    assert loaded.refused[0][0] == "b.csv"
    assert "SHA256SUMS" in loaded.refused[0][1]


def test_what_was_typed_goes_over_the_note_and_a_conflict_is_shown(lab):
    root = lab(cell_dot_yaml="electrode_diameter: 12.7 mm\npressure: 5 MPa\n", a_dot_csv={})
    (cell,) = find_cells(root)
    loaded = load(cell, note_overrides={"pressure": "10 MPa", "kind": "half"})
    assert (loaded.note.pressure, loaded.note.kind) == (10e6, "half")
    assert [w for w in loaded.record.warnings if "'10 MPa'" in w and "'5 MPa'" in w]
    assert not [w for w in load(cell, note_overrides={"pressure": "5000 kPa"}).record.warnings if "typed" in w]
    area = load(cell, note_overrides={"area": "1 cm2"})
    assert area.note.electrode_area == pytest.approx(1e-4)
    assert [w for w in area.record.warnings if "1 cm2" in w and "1.267 cm2" in w]
    with pytest.raises(InputError, match="presure"):
        load(cell, note_overrides={"presure": "1 MPa"})


def test_parts_of_the_load_cell_may_be_typed(lab):
    root = lab(cell_dot_yaml="area: 1 cm2\nload_cell: {sensitivity: 1000 N/V}\n", a_dot_csv={"load": 0.6})
    loaded = load(find_cells(root)[0], note_overrides={"load_cell": {"zero": "0.1 V"}})
    np.testing.assert_allclose(loaded.record.column("measured_pressure_pa"), 5e6)


def test_a_load_cell_without_an_area_names_the_note(lab):
    root = lab(cell_dot_yaml="load_cell: {sensitivity: 1000 N/V}\n", a_dot_csv={"load": 0.6})
    with pytest.raises(InputError, match=r"cell\.yaml.*die_diameter"):
        load(find_cells(root)[0])


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ({"area": "2 cm2"}, "2 cm2"),
        ({"Electrode surface area": "0.001 cm²"}, "0.001 cm2"),
        ({"part": {"surface_area_cm2": 2.0}}, "2 cm2"),
        ({"area": "1.01 cm2"}, None),
        ({"area": "1"}, None),
        ({"areas of interest": "2 cm2"}, None),
    ],
)
def test_an_area_in_a_header_that_is_not_the_declared_one_is_shown(lab, header, shown):
    (cell,) = find_cells(lab(cell_dot_yaml="area: 1 cm2\n", a_dot_csv={"header": header}))
    loaded = load(cell)
    found = [w for w in loaded.record.warnings if "header" in w]
    assert loaded.note.electrode_area == 1e-4
    assert [shown in w and "1 cm2" in w for w in found] == ([True] if shown else [])


def test_an_area_of_a_header_is_never_used(lab):
    (cell,) = find_cells(lab(a_dot_csv={"header": {"area": "2 cm2"}}))
    loaded = load(cell)
    assert loaded.note.electrode_area is None
    assert [w for w in loaded.record.warnings if "not used" in w]


def test_a_fault_in_a_note_names_file_and_line(lab):
    (cell,) = find_cells(lab(cell_dot_yaml="kin: half\n", a_dot_csv={}))
    with pytest.raises(InputError, match=r"cell\.yaml, line 1"):
        load(cell)


TABLE = "time/s,voltage/V,current/mA\n" + "".join(f"{10 * k},0.05,1.0\n" for k in range(20))


@pytest.mark.usefixtures("real")
def test_records_of_our_own_and_an_impedance_become_one_timeline(tmp_path):
    times = np.arange(0.0, 101.0, 10.0)

    def part(hours, times, spectra=()):
        table = {"test_time_second": times, "voltage_volt": 0.05 + 0.0 * times, "current_ampere": 1e-3 + 0.0 * times}
        return Record(pl.DataFrame(table), spectra=spectra, start=NOON + timedelta(hours=hours))

    spectrum = Spectrum(np.array([1e5, 1.0]), np.array([30.0 + 0.0j, 40.0 - 2.0j]))
    part(0, times).write_parquet(tmp_path / "1_before.parquet")
    part(2, times).write_parquet(tmp_path / "2_after.parquet")
    part(1, np.zeros(0), (spectrum,)).write_parquet(tmp_path / "sweep.parquet")
    (tmp_path / "cell.yaml").write_text("kind: symmetric\narea: 1 cm2\npressure: 5 MPa\ntemperature: 25 degC\n")

    (cell,) = find_cells(tmp_path)
    loaded = load(cell)
    record = loaded.record
    assert loaded.files == ("1_before.parquet", "2_after.parquet", "sweep.parquet")
    assert loaded.refused == ()
    assert record.start == NOON
    np.testing.assert_array_equal(record.column("test_time_second"), np.append(times, 7200.0 + times))
    np.testing.assert_array_equal(record.column("unix_time_second")[[0, -1]] - NOON.timestamp(), [0.0, 7300.0])
    assert record.column("net_capacity_ah")[-1] == pytest.approx(2 * 1e-3 * 100.0 / 3600.0)
    np.testing.assert_array_equal(record.column("applied_pressure_pa"), 5e6)
    (gap,) = record.provenance["gaps"]
    assert (gap["start_second"], gap["end_second"]) == (100.0, 7200.0)
    (found,) = record.spectra
    assert (found.time, found.pressure, found.temperature, found.area) == (3600.0, 5e6, 298.15, 1e-4)


@pytest.mark.usefixtures("real")
def test_without_a_note_what_no_format_knows_is_left_over_with_the_first_cell(lab):
    root = lab(
        a_dot_csv=TABLE,
        b_dot_csv=TABLE,
        sample_info_dot_txt="made by hand on a Monday\n",
        meta_dot_json={"a": 1},
        nothing_dot_txt="",
    )
    first, second = find_cells(root)
    assert names([first, second]) == {"a": ["a.csv"], "b": ["b.csv"]}
    assert [path.name for path, _ in first.left_over] == ["meta.json", "nothing.txt", "sample_info.txt"]
    assert not second.left_over
    warnings = load(first).record.warnings
    assert "left out: sample_info.txt (is in no format that is known here)" in warnings
    assert any("meta.json (is JSON" in warning for warning in warnings)


@pytest.mark.usefixtures("real")
def test_a_folder_in_which_nothing_can_be_read_says_why_of_every_file(lab):
    with pytest.raises(InputError, match=r"a\.txt: is in no format.*; b\.txt: is empty"):
        find_cells(lab(a_dot_txt="words and words\n", b_dot_txt=""))


@pytest.mark.usefixtures("real")
def test_the_load_cell_is_tared_where_only_its_log_has_samples(tmp_path):
    rows = np.arange(0.0, 3601.0, 10.0)
    table = {"test_time_second": rows, "voltage_volt": 0.05 + 0.0 * rows, "current_ampere": 1e-3 + 0.0 * rows}
    Record(pl.DataFrame(table), start=NOON).write_parquet(tmp_path / "cycling.parquet")
    logged = np.arange(0.0, 7201.0, 5.0)  # from half an hour before the cycler starts until half an hour after it ends
    loaded = (logged > 900.0) & (logged < 6300.0)
    table = {"test_time_second": logged, "voltage_volt": np.nan * logged, "current_ampere": np.nan * logged}
    table["load_cell_volt"] = 0.1 + 1e-5 * logged + np.where(loaded, 0.5, 0.0)
    Record(pl.DataFrame(table), start=NOON - timedelta(minutes=30)).write_parquet(tmp_path / "load.parquet")
    tare = "[{start: -30 min, end: -20 min}, {start: 80 min, end: 90 min}]"
    (tmp_path / "cell.yaml").write_text(f"area: 1 cm2\nload_cell: {{sensitivity: 1000 N/V, tare: {tare}}}\n")
    record = load(find_cells(tmp_path)[0]).record
    np.testing.assert_allclose(record.column("measured_pressure_pa"), 5e6, rtol=1e-9)
    assert record.column("test_time_second")[0] == 0.0
    first, last = record.provenance["load_cell"]["tare"]
    assert (first["time_second"], last["time_second"]) == (-1500.0, 5100.0)
    assert first["zero"] == pytest.approx(0.103)


def outside(rng, folder):
    """A path of a declaration that leads out of the folder of the note, in one of many ways."""
    (folder.parent / "secret.yaml").write_text("name: not for you\n")
    link = folder / f"link{rng.integers(1 << 30)}.yaml"
    ways = [
        "../secret.yaml",
        "sub/../../secret.yaml",
        str(folder.parent / "secret.yaml"),
        "a\0b.yaml",
        "../" * 200 + "x",
    ]
    ways += [link.name, f"sub/../{link.name}"]
    link.symlink_to(
        [folder.parent / "secret.yaml", "../secret.yaml", link.name][rng.integers(3)]
    )  # the last goes round
    return ways[rng.integers(len(ways))]


@pytest.mark.parametrize("seed", range(40))
def test_no_declaration_is_read_outside_of_the_folder_of_its_note(tmp_path, reader, seed):
    rng = np.random.default_rng(seed)
    root = tmp_path / "cell"
    (root / "sub").mkdir(parents=True)
    (root / "a.txt").write_text("{}")
    (root / "b.csv").write_text("{}")
    (root / "cell.yaml").write_text(f"read_as: {json.dumps({'*.txt': outside(rng, root)})}\n")
    (cell,) = find_cells(root)
    loaded = load(cell)
    assert ("b.csv", None) in reader
    assert all(name != "a.txt" and declaration is None for name, declaration in reader)
    why = dict(loaded.refused)["a.txt"]
    assert "does not lie in the folder of the note" in why
