"""Diffraction patterns that a note names: their findings stand with the cell's, and a bad one takes nothing with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lithostat.diffraction.instrument import Instrument
from lithostat.diffraction.simulate import exposure, simulate_pattern
from lithostat.experiment.cell_note import read_note
from lithostat.experiment.errors import InputError
from lithostat.experiment.radiation import read_lines
from lithostat.lab.analyze import analyze_cell
from lithostat.lab.cell_report import cell_report
from lithostat.lab.folder import find_cells
from lithostat.materials.phase import find_phase
from lithostat.show.report_page import report_page

NOTE = """\
name: pellet
patterns:
  - files: "xrd/*.xye"
    wavelength: Mo Ka
    geometry: transmission
    region: electrolyte
    host: Li6PS5Cl
    elements: Li, S, P, Cl
  - {files: nowhere.xye}
"""


def _cell(folder: Path) -> None:
    """A short record, a pattern of an electrolyte with 5 % Li2S, and a file that is none."""
    (folder / "cell.yaml").write_text(NOTE)
    rows = "\n".join(f"{10.0 * k},{0.003 if k % 2 else 0.0031},1e-4" for k in range(60))
    (folder / "run.csv").write_text(f"Test Time / s,Voltage / V,Current / A\n{rows}\n")
    told = exposure(np.radians(6.0), np.radians(35.0), np.radians(0.3), 1e4, 2e3)
    mixture = {find_phase("Li6PS5Cl"): 0.95, find_phase("Li2S"): 0.05}
    pattern = simulate_pattern(mixture, Instrument(read_lines("Mo Ka"), "transmission", "zero"), told, 1)
    (folder / "xrd").mkdir()
    rows = "\n".join(
        f"{x:.5f} {y:.0f} {s:.4f}" for x, y, s in zip(pattern.degrees, pattern.counts, pattern.sigma, strict=True)
    )
    (folder / "xrd" / "pellet.xye").write_text(rows + "\n")
    (folder / "xrd" / "torn.xye").write_text("1 2\n")


def test_findings_of_a_pattern_stand_on_the_page_of_its_cell(tmp_path: Path) -> None:
    _cell(tmp_path)
    (found,) = find_cells(tmp_path)
    cell = analyze_cell(found, overrides={}, repeats=1)
    assert cell.error is None
    assert cell.loaded is not None
    assert cell.analysis is not None
    assert cell.complete is not None
    assert cell.loaded.files == ("run.csv",)
    weight = next(each for each in cell.analysis.findings if each.name.endswith("weight fraction of Li2S"))
    assert weight.name.startswith("pellet.xye, electrolyte")
    assert weight.value == pytest.approx(0.05, abs=0.01)
    lithium = next(
        each for each in cell.analysis.findings if "lithium metal that would not have been seen" in each.name
    )
    assert lithium.value is not None
    assert any("torn.xye" in text for text in cell.analysis.warnings)
    assert any("no file is called 'nowhere.xye'" in text for text in cell.analysis.warnings)
    html = report_page(cell_report(cell.loaded, cell.analysis, cell.complete))
    assert "weight fraction of Li2S" in html


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{files: a.xy, wavelength: 1.54}", "wavelength"),
        ("{files: a.xy, wavelength: 154 nm}", "wavelength"),
        ("{files: a.xy, geometry: sideways}", "geometry"),
        ("{files: a.xy, radius: 145}", "radius"),
        ("{file: a.xy}", "files"),
    ],
)
def test_a_fault_in_the_note_is_one_sentence(entry: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "cell.yaml").write_text(f"patterns:\n  - {entry}\n")
    with pytest.raises(InputError) as caught:
        read_note(tmp_path / "cell.yaml")
    assert said in str(caught.value)
    assert "cell.yaml, line 2" in str(caught.value)
