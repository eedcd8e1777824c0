"""A pass that was killed goes on, and labels come out as if it had not been."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

_RUN = """
import os, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from cells import cell
from lithostat.experiment.journal import Journal
from lithostat.reading.volumes.ingest import ingest
from lithostat.tomography.segment import segment
folder, step, die = Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
keep = Journal.keep
def kept(self, part, **arrays):
    keep(self, part, **arrays)
    if part == die:
        os._exit(9)
if die >= 0:
    Journal.keep = kept
made = cell(shape=(112, 72, 72))
if step == "ingest":
    ingest(made.volume, folder / "own.zarr")
else:
    segment(made.volume, folder=folder / step, height=16)
"""


def run(folder: Path, step: str, die: int) -> int:
    here = str(Path(__file__).parent)
    return subprocess.run([sys.executable, "-c", _RUN, here, str(folder), step, str(die)], env=os.environ).returncode


def test_a_kill_leaves_no_wrong_label(tmp_path: Path) -> None:
    import zarr

    assert run(tmp_path, "ingest", 1) == 9
    assert not (tmp_path / "own.zarr").exists()
    assert run(tmp_path, "ingest", -1) == 0
    assert run(tmp_path, "killed", 3) == 9
    assert run(tmp_path, "killed", -1) == 0
    assert run(tmp_path, "whole", -1) == 0
    labels = [
        np.asarray(zarr.open_array(str(tmp_path / name / "phases.zarr"), mode="r")[:]) for name in ("killed", "whole")
    ]
    np.testing.assert_array_equal(*labels)
    assert labels[0].max() > 2
