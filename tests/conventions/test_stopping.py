"""Ctrl-C is answered within a second with what was kept, in compiled code as well, and never ends as success."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

MAIN = """
import sys, time
from lithostat import cli
from lithostat.experiment.record import write_text
from lithostat.lab.many_cells import side_by_side

@cli.app.command()
def slow(kind: str, folder: str, files: int) -> None:
    for k in range(files):
        write_text(f"{folder}/{k}.txt", "whole")
    print("begun", flush=True)
    if kind == "children":
        list(side_by_side([60.0] * 4, time.sleep, time.sleep, lambda cell, why: why, size=1 << 40, workers=2))
    if kind == "answers":
        import signal
        signal.signal(signal.SIGINT, lambda *_: None)
        time.sleep(6)
        return
    while True:
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            if kind != "deaf":  # as compiled code is
                raise

if __name__ == "__main__":
    sys.argv.insert(1, "slow")
    cli.main()
"""


def interrupted(folder: Path, kind: str, files: int) -> tuple[int, str]:
    """How the slow command of `MAIN` ends that is stopped half a second in, and what it says."""
    script = folder / "slow.py"
    script.write_text(MAIN)
    command = [sys.executable, str(script), kind, str(folder / "out"), str(files)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    return process.returncode, said


@pytest.mark.parametrize(("kind", "files"), [("asleep", 0), ("asleep", 2), ("children", 9), ("deaf", 1)])
def test_ctrl_c(tmp_path: Path, kind: str, files: int) -> None:
    out = tmp_path / "out"
    code, said = interrupted(tmp_path, kind, files)
    assert code == 130
    expected = {
        0: "nothing was written yet",
        1: f"written whole: {out}/0.txt",
        9: f"9 files are written whole in {out}",
    }
    expected[2] = f"written whole: {out}/0.txt, {out}/1.txt"
    assert re.findall("lithostat: stopped; (.*)", said) == [expected[files]], said
    assert "Traceback" not in said
    assert len(list(out.glob("*"))) == files


def test_a_command_that_answers_itself_is_left_to_do_so(tmp_path: Path) -> None:
    assert interrupted(tmp_path, "answers", 0) == (0, "")
