"""The page that takes one file through simulation, analysis and calibration, run as it is printed."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lithostat.cli import app
from lithostat.experiment.errors import InputError
from lithostat.experiment.record import read_parquet

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "one-cell.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.M | re.S)
COMMANDS = [shlex.split(line) for block in BLOCKS for line in block.splitlines()]


def carried_out(command: list[str]) -> str:
    """Output of a command of the page, in process."""
    verb, *rest = command
    if verb == "mkdir":
        Path(rest[0]).mkdir()
    elif verb == "cp":
        shutil.copy(*rest)
    else:
        assert verb == "lithostat"
        done = CliRunner().invoke(app, [*rest, "--json"])
        assert done.exit_code == 0, f"{command}: {done.output}{done.exception!r}"
        return done.stdout
    return ""


def test_one_file_is_simulated_analysed_and_calibrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "examples" / "one_cell", tmp_path / "one_cell")
    monkeypatch.chdir(tmp_path / "one_cell")
    said = {command[1]: carried_out(command) for command in COMMANDS}
    assert {"run", "analyze", "calibrate"} <= set(said)
    simulated, (analysed,) = json.loads(said["run"]), json.loads(said["analyze"])
    assert simulated["outcome"]["kind"] == "short"
    assert analysed["outcome"] == "hard short"
    true = simulated["outcome"]["cycling_time_s"]
    assert analysed["time_to_short_s"] == pytest.approx(true, abs=5.0)
    assert read_parquet("simulated/cell.parquet").outcome is not None
    fitted = json.loads(said["calibrate"])
    assert "toughness" in json.dumps(fitted)


def test_the_answer_to_the_wrong_command_is_the_one_that_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "examples" / "one_cell")
    (command, answer) = re.findall(r"^\$ lithostat (.*)\nlithostat: (.*)$", PAGE, re.M)[0]
    done = CliRunner().invoke(app, shlex.split(command))
    assert isinstance(done.exception, InputError)
    assert str(done.exception) == answer
