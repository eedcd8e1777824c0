"""The command line of tomograms and pellets: what it asks for, and what it refuses before any work."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from lithostat.cli import app

tifffile = pytest.importorskip("tifffile")


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    tifffile.imwrite(tmp_path / "scan.tif", np.full((40, 30, 30), 9, np.uint8), photometric="minisblack")
    return tmp_path / "scan.tif"


def problem(*words: object) -> str:
    said = CliRunner().invoke(app, [str(word) for word in words])
    assert said.exit_code != 0
    return str(said.exception)


def test_plan_says_what_is_needed_and_stops(scan: Path) -> None:
    said = CliRunner().invoke(app, ["tomogram", "plan", str(scan), "--voxel-size", "1 um", "--json"])
    needed = json.loads(said.stdout)
    assert {"memory_byte", "disk_byte", "time_s", "available_byte"} == needed.keys()
    assert list(scan.parent.iterdir()) == [scan]


def test_what_was_not_said_is_asked_for(scan: Path) -> None:
    assert "voxel size is not stated" in problem("tomogram", scan)
    assert "byte-order" in problem("tomogram", scan, "--voxel-size", "1 um", "--byte-order", "middle")
    assert "stated twice" in problem("tomogram", scan, "--voxel-size", "1 um", "--record", scan, "--charge", "1 C")
    assert "not stated which pellet" in problem("pellet")
    assert "not whole" in problem("pellet", "--make", "blobs", "--void", "0.1")
    assert "which voxels are pores" in problem("pellet", scan, "--voxel-size", "1 um")


def test_more_memory_than_the_machine_has_is_refused(scan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lithostat.tomography.plan.available_memory", lambda: 1e6)
    said = problem("tomogram", scan, "--voxel-size", "1 um", "-o", scan.parent / "out")
    assert "are needed" in said
    assert not (scan.parent / "out").exists()
