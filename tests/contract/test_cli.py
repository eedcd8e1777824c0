"""The command line: what it prints, what it writes, how it fails."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from commands import lithostat

EXPERIMENT = """
cell:
  electrode: {material: lithium, diameter: 12.7 mm, thickness: 0.5 mm}
  electrolyte: {material: Li6PS5Cl, thickness: 1 mm}
protocol:
  steps:
    - press: 25 MPa
      for: 1 min
    - measure impedance:
    - plate: 75 uA/cm2
      for: 1 h
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mine.yaml").write_text(EXPERIMENT)
    return tmp_path


def test_run_writes_record_and_figure_and_says_how_it_ended(folder):
    done = lithostat("run", "mine.yaml", "--csv", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "survived" in done.stdout
    written = {path.name for path in (folder / "lithostat-out").iterdir()}
    assert written == {"mine.parquet", "mine.csv", "mine.png", "mine.html"}


def test_run_json_is_json_and_nothing_else(folder):
    done = lithostat("run", "mine.yaml", "--json", "--no-figure", "--cells", "20", cwd=folder)
    data = json.loads(done.stdout)
    assert data["outcome"]["kind"] == "survived"
    assert data["survival"]["survived"] == 20
    assert data["spectra"][0]["total_resistance_ohm"] > 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("0.5 mm", "-0.5 mm"), "line 3, cell.electrode.thickness: received '-0.5 mm'"),
        (("thickness: 1 mm", "thicknes: 1 mm"), "unknown key 'thicknes' (did you mean 'thickness'?)"),
        (("75 uA/cm2", "75 MPa"), "wrong dimension"),
        (
            ("      for: 1 h", "      for: 1 h\n      until: {voltage: -0.5 V}"),
            "counts in the direction of the current",
        ),
        (("      for: 1 h", "      until: {voltage: 1 V}"), "may never end"),
        (("Li6PS5Cl", "Li6PS5Br"), "there is no card 'Li6PS5Br'"),
        (("thickness: 1 mm}", "thickness: 1 mm, porosity: 118 %}"), "received '118 %'"),
    ],
)
def test_bad_input_is_one_sentence_exit_code_2_and_nothing_written(folder, change, says):
    (folder / "mine.yaml").write_text(EXPERIMENT.replace(*change))
    done = lithostat("run", "mine.yaml", cwd=folder)
    assert done.returncode == 2
    assert says in done.stderr
    assert "mine.yaml" in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert not (folder / "lithostat-out").exists()


def test_an_error_under_json_is_json(folder):
    done = lithostat("run", "absent.yaml", "--json", cwd=folder)
    assert done.returncode == 2
    assert json.loads(done.stdout)["exit_code"] == 2


def test_an_output_that_cannot_be_written_is_refused(folder):
    (folder / "taken").write_text("a file, not a folder")
    done = lithostat("run", "mine.yaml", "-o", "taken", "--no-figure", cwd=folder)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr


def test_materials_lists_cards_and_shows_sources(folder):
    assert "Li6PS5Cl" in lithostat("materials", cwd=folder).stdout
    cards = json.loads(lithostat("materials", "lithium", "--json", cwd=folder).stdout)
    assert cards[0]["properties"]["creep_exponent"]["source"]["cite"].startswith("Masias")


def test_unknown_paper_and_card_suggest_the_nearest(folder):
    assert "did you mean 'doux2020'" in lithostat("reproduce", "doux2002", cwd=folder).stderr
    assert "did you mean 'lithium'" in lithostat("materials", "litium", cwd=folder).stderr


def test_reproduce_json_has_the_promised_rows(folder, reproduced, monkeypatch):
    monkeypatch.setattr("lithostat.papers.doux2020.reproduce.reproduce", lambda *_: reproduced)
    done = lithostat("reproduce", "doux2020", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    rows = {row["id"]: row for row in json.loads(done.stdout)}
    assert {"fig2b-25MPa", "hold-25MPa", "fig4-5MPa-loading"} <= set(rows)
    assert all({"measured", "simulated", "unit", "verdict"} <= set(row) for row in rows.values())
    assert (folder / "lithostat-out" / "doux2020" / "index.html").exists()


def test_a_wrong_command_line_is_an_error_like_any_other(folder):
    for words in (["run"], ["run", "mine.yaml", "--cells", "0"], ["frob"]):
        done = lithostat(*words, "--json", cwd=folder)
        assert done.returncode == 2
        assert json.loads(done.stdout)["exit_code"] == 2
        assert "Traceback" not in done.stderr


def test_cells_that_short_under_the_press_are_not_given_a_negative_life(folder):
    (folder / "mine.yaml").write_text(EXPERIMENT.replace("25 MPa", "75 MPa"))
    done = lithostat("run", "mine.yaml", "--json", "--cells", "30", "--no-figure", cwd=folder)
    data = json.loads(done.stdout)
    assert data["outcome"]["kind"] == "short before current"
    assert data["survival"]["hours_until_50_percent_failed"] == 0.0
    kinds = pl.read_parquet(folder / "lithostat-out" / "mine-cells.parquet")["kind"].unique().to_list()
    assert kinds == ["short before current"]


def test_a_full_cell_runs_and_its_cycles_are_said(tmp_path):
    pytest.importorskip("pybamm", reason="full cells need PyBaMM (extra 'fullcell')")
    example = Path(__file__).resolve().parents[2] / "examples" / "full_cell_5MPa.yaml"
    (tmp_path / "full.yaml").write_text(example.read_text().replace("repeat: 5", "repeat: 2"))
    done = lithostat("run", "full.yaml", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    cycles = json.loads(done.stdout)["cycles"]
    assert [cycle["cycle_count"] for cycle in cycles] == [1, 2]
    assert cycles[0]["discharge_mah_per_g"] == pytest.approx(146.3, rel=0.01)
    assert {path.name for path in (tmp_path / "lithostat-out").iterdir()} == {
        "full.parquet",
        "full-cycles.csv",
        "full.png",
        "full.html",
    }


def test_many_full_cells_are_refused(tmp_path):
    example = Path(__file__).resolve().parents[2] / "examples" / "full_cell_5MPa.yaml"
    (tmp_path / "full.yaml").write_text(example.read_text())
    done = lithostat("run", "full.yaml", "--cells", "3", cwd=tmp_path)
    assert done.returncode == 2
    assert "--cells is for symmetric cells" in done.stderr


def test_the_process_says_it_in_one_sentence_and_with_its_exit_code(tmp_path):
    command = [sys.executable, "-m", "lithostat.cli", "run", "absent.yaml", "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == json.loads(done.stdout)["exit_code"] == 2
    assert len(done.stderr.splitlines()) == 1
