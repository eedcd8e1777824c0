"""The example of growth through pores, at a size that costs a second."""

import runpy
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "pellet_growth.py"


def test_the_example_ends_and_draws(tmp_path, monkeypatch, capsys):
    pytest.importorskip("pyamg", reason="the extra 'tomography' is not installed")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(EXAMPLE), "20"])
    runpy.run_path(str(EXAMPLE))
    said = capsys.readouterr().out
    assert "mAh/cm2 in the pores" in said
    assert (tmp_path / "pellet-growth.png").stat().st_size > 10_000
