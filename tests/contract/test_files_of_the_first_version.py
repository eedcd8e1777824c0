"""Files that the first version wrote or took, kept as they were: they go on working, with the answers of that day."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import lithostat
from lithostat.cli import app

FILES = Path(__file__).with_name("files_of_the_first_version")
OF_RECOMMEND = ("window_mpa", "best_mpa", "probability")
OF_ANALYZE = ("cell", "outcome", "time_to_short_s", "confidence", "evidence", "warnings", "findings")


def said(*arguments: str) -> object:
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == 0, f"{done.output}{done.exception!r}"
    return json.loads(done.stdout)


def test_an_experiment_gives_the_record_of_that_day() -> None:
    experiment = lithostat.read_experiment(FILES / "experiment.yaml")
    now, then = (
        lithostat.simulate(experiment.cell, experiment.protocol),
        lithostat.read_parquet(FILES / "record.parquet"),
    )
    assert now.outcome.kind == then.outcome.kind == "survived"
    for name in ("test_time_second", "voltage_volt", "current_ampere", "internal_resistance_ohm"):
        assert now.column(name) == pytest.approx(then.column(name), rel=1e-6, abs=1e-12), name
    assert now.column("filament_length_1_metre")[-1] == pytest.approx(
        then.column("filament_length_1_metre")[-1], rel=1e-6
    )
    assert now.spectra[0].total_resistance == pytest.approx(then.spectra[0].total_resistance, rel=1e-6)


def test_an_experiment_with_a_full_cell_is_read() -> None:
    experiment = lithostat.read_experiment(FILES / "full.yaml")
    assert experiment.cell.with_cathode


def test_a_record_in_either_format_is_read() -> None:
    table, text = lithostat.read_parquet(FILES / "record.parquet"), lithostat.read(FILES / "record.csv")
    assert text.column("voltage_volt") == pytest.approx(table.column("voltage_volt"), abs=1e-9)


def test_a_flat_note_and_all_flags(tmp_path: Path) -> None:
    shutil.copy(FILES / "cell.yaml", tmp_path)
    shutil.copy(FILES / "record.csv", tmp_path / "cycler.csv")
    (noted,) = said("analyze", str(tmp_path), "-o", str(tmp_path / "out"), "--no-pages")
    assert [key for key in OF_ANALYZE if key not in noted] == []
    assert noted["cell"] == "Li-Li 25 MPa, third try"
    assert noted["outcome"] == "censored"
    flags = ["--kind", "symmetric", "--area", "1.267 cm2", "--pressure", "25 MPa", "--temperature", "25 degC"]
    (typed,) = said(
        "analyze", str(tmp_path / "cycler.csv"), *flags, "--ended", "stopped", "-o", str(tmp_path / "b"), "--no-pages"
    )
    assert typed["outcome"] == "censored"
    assert typed["pressure_pa"] == noted["pressure_pa"] == 25e6


def test_a_calibration_file_is_read() -> None:
    name, cell, data = lithostat.read_calibration_file(FILES / "calibration.yaml")
    assert name == "six cells"
    assert cell.electrolyte.material == "Li6PS5Cl"
    assert len(data.lives) == 3


def test_a_posterior_recommends_what_it_did(tmp_path: Path) -> None:
    answer = said(
        "recommend", str(FILES / "posterior.json"), "--current", "75 uA/cm2", "--hours", "1000", "-o", str(tmp_path)
    )
    assert [key for key in OF_RECOMMEND if key not in answer] == []
    assert np.asarray(answer["window_mpa"]) == pytest.approx(np.array([3.6225, 6.9477]), rel=0.02)
    assert answer["best_mpa"] == pytest.approx(5.441, rel=0.05)
