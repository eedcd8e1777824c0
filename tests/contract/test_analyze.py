"""lithostat analyze FOLDER: what it prints, what it writes, how it fails."""

import json

import polars as pl
import pytest

from commands import lithostat
from lithostat.experiment.record import read_parquet
from lithostat.simulation.run import simulate
from lithostat.simulation.sensor import Instrument, sense

NOTE = """
name: Li-Li {pressure}
kind: symmetric
electrolyte: Li6PS5Cl
electrode_diameter: 12.7 mm
electrolyte_thickness: 1 mm
"""
KEYS = {"cell", "outcome", "time_to_short_s", "confidence", "evidence", "warnings", "findings"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, experiment):
    """Two cells, one that shorts and one that lives, and a file that nobody can read."""
    folder = tmp_path_factory.mktemp("lab")
    for pressure in ("25 MPa", "5 MPa"):
        steps = [{"press": pressure, "for": "1 min"}, {"measure_impedance": {}}]
        wave = [{"plate": "75 uA/cm2", "for": "1 h"}, {"strip": "75 uA/cm2", "for": "1 h"}]
        record = simulate(*experiment([*steps, {"repeat": 40, "steps": wave}]))
        cell = folder / pressure.replace(" ", "")
        cell.mkdir()
        sense(record, Instrument(gaps=1), seed=1).write_parquet(cell / "run.parquet")
        (cell / "cell.yaml").write_text(NOTE.format(pressure=pressure))
    (folder / "25MPa" / "broken.mpr").write_bytes(b"BIO-LOGIC MODULAR FILE\x1a" + b"\0" * 40)
    return folder


@pytest.fixture(scope="module")
def analysed(folder):
    done = lithostat("analyze", folder, "--json", "-o", "out", cwd=folder.parent)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), folder.parent / "out"


def test_json_is_one_object_per_cell(analysed):
    cells, _ = analysed
    assert [cell["cell"] for cell in cells] == ["Li-Li 5 MPa", "Li-Li 25 MPa"]
    for cell in cells:
        assert cell.keys() >= KEYS


def test_the_cell_that_shorts_is_called_and_the_other_is_not(analysed):
    alive, dead = analysed[0]
    assert alive["outcome"] == "censored"
    assert alive["time_to_short_s"] is None
    assert dead["outcome"] == "hard short"
    assert dead["time_to_short_s"] == pytest.approx(56.6 * 3600.0, rel=0.02)
    assert dead["confidence"] > 0.99
    assert any("electrons" in line for line in dead["evidence"])


def test_one_bad_file_is_named_and_stops_nothing(analysed):
    _, dead = analysed[0]
    assert [entry["file"] for entry in dead["refused"]] == ["broken.mpr"]
    assert dead["files"] == ["run.parquet"]


def test_pages_tables_and_battery_data_format_are_written(analysed):
    _, out = analysed
    names = {path.name for path in out.iterdir()}
    for stem in ("Li-Li_25_MPa", "Li-Li_5_MPa"):
        assert {f"{stem}.html", f"{stem}.parquet", f"{stem}.bdf.parquet", f"{stem}-half-cycles.csv"} <= names
    assert {"cells.csv", "cells.parquet", "index.html"} <= names
    table = pl.read_parquet(out / "cells.parquet")
    assert table["outcome"].to_list() == ["censored", "hard short"]
    bdf = pl.read_parquet(out / "Li-Li_25_MPa.bdf.parquet")
    assert {"test_time_second", "voltage_volt", "current_ampere", "applied_pressure_pa"} <= set(bdf.columns)
    assert bdf["applied_pressure_pa"].null_count() == 0


def test_pages_ask_for_nothing_from_anywhere(analysed):
    for path in analysed[1].glob("*.html"):
        text = path.read_text()
        assert "src=" not in text.replace("srcset", "")
        assert 'href="http' not in text


def test_the_written_record_is_a_record(analysed):
    record = read_parquet(analysed[1] / "Li-Li_25_MPa.parquet")
    assert record.provenance["files"][0]["sha256"]
    assert record.provenance["gaps"]


def test_an_override_stands_beside_the_call(folder, tmp_path):
    path = folder / "25MPa" / "run.parquet"
    cell = tmp_path / "judged"
    cell.mkdir()
    (cell / "run.parquet").write_bytes(path.read_bytes())
    note = NOTE.format(pressure="25 MPa") + "override: {outcome: censored, by: me, why: the lead fell off}\n"
    (cell / "cell.yaml").write_text(note)
    done = lithostat("analyze", "judged", "--json", cwd=tmp_path)
    (data,) = json.loads(done.stdout)
    assert data["outcome"] == "hard short"
    assert data["override"]["outcome"] == "censored"
    assert (cell / "cell.yaml").read_text() == note
    assert "the lead fell off" in next((tmp_path / "lithostat-out").glob("Li-Li*.html")).read_text()


def test_flags_say_what_a_note_would(folder, tmp_path):
    (tmp_path / "run.parquet").write_bytes((folder / "25MPa" / "run.parquet").read_bytes())
    done = lithostat("analyze", "run.parquet", "--area", "2 cm2", "--kind", "symmetric", "--json", cwd=tmp_path)
    (data,) = json.loads(done.stdout)
    density = next(f for f in data["findings"] if f["name"] == "current density")
    assert density["value"] == pytest.approx(0.075 * 1.267 / 2.0, rel=0.01)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nowhere",), "nowhere"),
        ((".", "--area", "2"), "without a unit"),
        ((".", "--kind", "fool"), "'symmetric', 'half' or 'full'"),
        ((".",), "cell"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(tmp_path, arguments, says):
    done = lithostat("analyze", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
