"""The commands that answer at which pressure: what their JSON promises, and what they refuse."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lithostat.calibration.calibration_file import read_calibration_file
from lithostat.calibration.posterior import calibrate
from lithostat.cli import app

ROOT = Path(__file__).resolve().parents[2]
PRINTED = re.findall(r"^```yaml\n(name:.*?)^```", (ROOT / "docs" / "calibration.md").read_text(), re.M | re.S)[0]
ASKED = ["--current", "75 uA/cm2", "--hours", "1000"]


def answered(*arguments: str) -> Any:
    done = CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=True)
    assert done.exit_code == 0, f"{done.output}{done.exception!r}"
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short posterior of the file that the documentation prints."""
    folder = tmp_path_factory.mktemp("calibration")
    (folder / "cells.yaml").write_text(PRINTED)
    read = read_calibration_file(folder / "cells.yaml")
    assert len(read.data.lives) == 5
    return calibrate(read.data, read.cell, seed=1, chains=2, draws=300).save(folder / "cells-calibration.json")


def test_recommend_prints_what_it_promises(saved: Path, tmp_path: Path) -> None:
    said = answered("recommend", str(saved), *ASKED, "-o", str(tmp_path))
    low, high = said["window_mpa"]
    assert low < 5.0 < high < 15.0
    assert said["interval_low_mpa"] <= said["best_mpa"] <= said["interval_high_mpa"]
    assert low <= said["best_mpa"] <= high
    assert 0.5 <= said["probability"] < 1.0
    assert {"low", "high"} <= set(said["limited_by"])
    assert {"pressure_mpa", "current_ua_per_cm2", "why"} <= set(said["next_cell"])
    (drawn,) = tmp_path.glob("*-window.png")  # named as the calibration is
    assert drawn.stat().st_size > 10_000


def test_a_target_in_cycles_is_one_in_hours(saved: Path, tmp_path: Path) -> None:
    hours = answered("recommend", str(saved), *ASKED, "-o", str(tmp_path))
    cycles = answered(
        "recommend", str(saved), "--current", "75 uA/cm2", "--cycles", "500", "--half-cycle", "1 h", "-o", str(tmp_path)
    )
    charge = answered(
        "recommend", str(saved), "--current", "75 uA/cm2", "--capacity", "75 mAh/cm2", "-o", str(tmp_path)
    )
    assert hours["window_mpa"] == cycles["window_mpa"] == pytest.approx(charge["window_mpa"], rel=1e-9)


def test_less_risk_makes_a_narrower_window(saved: Path, tmp_path: Path) -> None:
    wide = answered("recommend", str(saved), *ASKED, "--accept", "0.6", "-o", str(tmp_path))["window_mpa"]
    narrow = answered("recommend", str(saved), *ASKED, "--accept", "0.3", "-o", str(tmp_path))["window_mpa"]
    assert narrow is None or (wide[0] < narrow[0] and narrow[1] < wide[1])


def test_best_fit_answers_for_every_parameter(saved: Path) -> None:
    said = answered("calibrate", str(saved.with_name("cells.yaml")), "--best-fit")
    names = {row["name"] for row in said["parameters"]}
    assert {"toughness", "throat_radius", "focusing", "life_scatter"} <= names
    assert said["converged"]


def test_a_best_fit_of_nothing_says_so(saved: Path, tmp_path: Path) -> None:
    """Medians of the priors are not passed off as what the cells say."""
    path = tmp_path / "none.yaml"
    path.write_text(PRINTED.split("cells:")[0] + "cells: []\n")
    assert answered("calibrate", str(path), "--best-fit")["warnings"] == ["there are no data: the answer is the prior"]
    assert "there are no data" in CliRunner().invoke(app, ["calibrate", str(path), "--best-fit"]).output
    assert answered("calibrate", str(saved.with_name("cells.yaml")), "--best-fit")["warnings"] == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["recommend", "doux2002", *ASKED], "did you mean 'doux2020'"),
        (["recommend", "doux2020", "--current", "75 uA/cm2"], "no target"),
        (["recommend", "doux2020", "--current", "75", "--hours", "10"], "current"),
        (["recommend", "doux2020", "--current", "75 uA/cm2", "--cycles", "10"], "half-cycle"),
        (["calibrate", "nowhere.yaml"], "no paper and no file"),
    ],
)
def test_faulty_requests_are_sentences(arguments: list[str], says: str) -> None:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code != 0
    assert says in str(done.exception) + done.output


def test_a_fault_in_the_file_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "cells.yaml"
    path.write_text(PRINTED.replace("outcome: survived}", "outcome: surived}", 1))
    done = CliRunner().invoke(app, ["calibrate", str(path), "--best-fit"])
    assert "line 7" in str(done.exception), done.exception


def test_help_says_how_an_axis_is_written() -> None:
    """Words in square brackets would be taken for markup and vanish."""
    said = " ".join(re.sub(r"[^\w.]+", " ", CliRunner().invoke(app, ["sweep", "--help"]).output).split())
    assert "NAME LOW..HIGH UNIT and if wanted xCOUNT and log" in said
