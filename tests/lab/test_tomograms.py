"""A tomogram is one more measurement of a cell: on its page, in its JSON, held against its record and its mass."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))
from bad_cells import TABLE

from lithostat.cli import app
from lithostat.experiment.cell_note import note_from
from lithostat.experiment.errors import InputError
from lithostat.tomography.phantom.phantom import Camera, Phantom, Strand
from lithostat.tomography.phantom.scan import Scan

tifffile = pytest.importorskip("tifffile")
NOTE = """
cell:
  kind: symmetric
  electrode: {diameter: 2 mm}
  electrolyte: {material: Li6PS5Cl, diameter: 2 mm, thickness: 1 mm, mass: 5.8 mg}
volumes:
  - {file: after.tif, voxel_size: 1.18 um, stage: after, pressure: 25 MPa, outside: 0}
  - {file: before.tif, voxel_size: 1.18 um, stage: before, outside: 0}
  - {file: gone.tif, voxel_size: 1.18 um, stage: after}
  - {file: ../elsewhere.tif, voxel_size: 1.18 um, stage: after}
"""


def test_findings_of_a_tomogram_stand_on_the_page_of_its_cell(tmp_path: Path) -> None:
    place = tmp_path / "lab" / "A17"
    place.mkdir(parents=True)
    (place / "run.csv").write_text(TABLE)
    (place / "cell.yaml").write_text(NOTE)
    for name, strands, noise in (("after", (Strand(reach=1.0, width=5.0),), 1), ("before", (), 2)):
        shape = (112, 88, 88)
        made = Phantom(shape=shape, pores="spheres", strands=strands, camera=Camera(noise_seed=noise))
        tifffile.imwrite(place / f"{name}.tif", Scan(made)[0 : shape[0]], photometric="minisblack")
    said = CliRunner().invoke(app, ["analyze", str(tmp_path / "lab"), "-o", str(tmp_path / "out"), "--json"])
    (cell,) = json.loads(said.stdout)
    after, gone, elsewhere = cell["volumes"]
    assert cell["refused"] == []  # scans are no cycler files
    assert "error" not in after, after
    assert after["spans"] == "yes"
    names = {finding["name"] for finding in after["findings"]}
    assert {"lithium that was plated at most", "porosity by mass", "new dark volume"} <= names
    assert any("mass leaves a porosity" in line for line in after["conflicts"])
    assert "no such file" in gone["error"]
    assert "does not lie in the folder" in elsewhere["error"]
    page = (tmp_path / "out" / "A17.html").read_text()
    assert "Something dark crosses from electrode to electrode" in page
    assert "A17-tomogram/1-after.html" in page
    assert (tmp_path / "out" / "A17-tomogram" / "1-after.html").is_file()


def test_two_scans_from_before_and_a_scan_without_voxel_size_are_refused() -> None:
    scan = {"file": "a.tif", "voxel_size": "1 um", "stage": "before"}
    with pytest.raises(InputError, match="more than one"):
        note_from({"volumes": [scan, scan]})
    with pytest.raises(InputError, match="voxel_size"):
        note_from({"volumes": [{"file": "a.tif"}]})
