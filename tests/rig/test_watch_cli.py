"""`lithostat watch` as people type it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from rig_cases import Device, symmetric_record
from test_watch import LOAD_CELL, Bench, talking, until

from commands import lithostat
from lithostat.rig import demo, known_loads
from lithostat.rig.install import write_service
from lithostat.rig.rig_file import Cycler, LoadCellDevice, StatedLimit, WatchedCell, read_rig
from lithostat.rig.state import read_state


def test_the_demo_prints_a_line_an_event_and_ends_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a cell that needs no simulation: the pipeline is the one of the demo, file and pseudo terminal and all."""
    monkeypatch.setattr(
        demo, "simulated_cell", lambda: (symmetric_record(short_at=120), demo.note_from({"die_diameter": "13 mm"}))
    )
    done = lithostat("watch", "demo", "--speed", "2000", "--json", "-o", "w", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["kind"] for event in events].count("short") == 1
    assert all({"at_s", "time", "cell", "kind", "text", "acknowledged"} == set(event) for event in events)
    state = read_state(tmp_path / "w")
    assert (state.cells[0].state, state.cells[0].outcome, state.speed) == ("short", "hard short", 2000.0)
    assert state.cells[0].pressure_pa == pytest.approx(3e7, rel=0.01)
    shown = lithostat("watch", "status", "w", cwd=tmp_path)
    assert "hard short" in shown.stdout
    assert "the watch has ended;" in shown.stdout
    again = lithostat("watch", "demo", "--json", "-o", "w", cwd=tmp_path)
    assert again.returncode == 2
    assert "holds a watch already" in again.stderr


def test_a_dry_run_says_what_answers_and_what_would_be_done(tmp_path: Path) -> None:
    device = Device()
    rig = Path("rig.yaml")
    bench = Bench(tmp_path, f"name: b\ncells:\n  - name: A\n    note: cell.yaml\n{LOAD_CELL}", device)
    with talking(device, [500.0]):
        done = lithostat("watch", rig, "--dry-run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "6.366 MPa" in done.stdout
    assert "nothing is armed by itself" in done.stdout
    assert "a year of its log" in done.stdout
    assert not bench.output.exists()
    device.unplug()
    done = lithostat("watch", rig, "--dry-run", cwd=tmp_path)
    assert done.returncode == 2
    assert "cannot be opened" in done.stdout


def test_the_rig_of_the_page_is_one_and_every_key_is_described(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "rig.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"^```yaml\n(name:.*?)^```", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "rig.yaml").write_text(text, encoding="utf-8")
    assert read_rig(tmp_path / "rig.yaml").cells[0].limits[0].trip
    table = page.split("| key | meaning |")[1].split("\n\n")[0]
    keys = {*WatchedCell.model_fields, *LoadCellDevice.model_fields, *Cycler.model_fields, *StatedLimit.model_fields}
    assert [key for key in sorted(keys) if f"`{key}`" not in table] == []


def test_orders_need_a_watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lithostat.rig.orders.send_order.__kwdefaults__", {"patience": 0.1})
    done = lithostat("watch", "acknowledge", tmp_path, cwd=tmp_path)
    assert done.returncode == 2
    assert "no watch answers here" in done.stderr
    assert lithostat("watch", "zero", tmp_path, "--cell", "A", "--why", "w", cwd=tmp_path).returncode == 2


def test_orders_from_the_command_line(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "bench")
    bench.file.grow(3)
    with bench.watched():
        assert until(lambda: (bench.output / "watch.json").exists())
        done = lithostat("watch", "acknowledge", "rig.yaml", "--why", "seen", cwd=bench.folder)
        assert (done.returncode, done.stdout) == (0, "A: acknowledged (seen)\n")
        assert "there is no limit that could trip" in lithostat("watch", "arm", "rig.yaml", cwd=bench.folder).stdout
        refused = lithostat("watch", "bypass", "rig.yaml", "x", "--why", "w", "--for", "10 min", cwd=bench.folder)
        assert (refused.returncode, "there is no limit 'x'" in refused.stdout) == (1, True)
        assert "runs" in lithostat("watch", "status", "rig.yaml", cwd=bench.folder).stdout
        assert lithostat("watch", "stop", "rig.yaml", cwd=bench.folder).stdout == "it ends\n"


def test_a_load_cell_is_calibrated_against_known_loads(tmp_path: Path) -> None:
    device = Device()
    load_cell = LOAD_CELL.replace("points: [{raw: 0, load: 0 N}, {raw: 1000, load: 1000 N}]", "calibration: load.csv")
    Bench(tmp_path, f"name: b\ncells:\n  - name: A\n    note: cell.yaml\n{load_cell}", device)
    command = ("watch", "calibrate", "rig.yaml", "--cell", "A", "--seconds", "3")
    assert "needs two different loads" in lithostat("watch", "rig.yaml", "--dry-run", cwd=tmp_path).stderr
    with talking(device, [100.0]):
        done = lithostat(*command, "--load", "0 N", cwd=tmp_path)
    assert "one more load is needed" in done.stdout, done.stderr
    with talking(device, [2100.0]):
        done = lithostat(*command, "--load", "1 kN", "--json", cwd=tmp_path)
        assert "6.366 MPa" not in lithostat("watch", "rig.yaml", "--dry-run", cwd=tmp_path).stdout
    made = json.loads(done.stdout)["calibration"]
    assert (made["slope"], made["zero"]) == (pytest.approx(0.5), pytest.approx(100.0))
    assert len(known_loads.read_points(tmp_path / "load.csv")) == 2
    with talking(device, [1100.0]):
        assert "6.366 MPa" in lithostat("watch", "rig.yaml", "--dry-run", cwd=tmp_path).stdout
    wrong = lithostat(*command, "--cell", "B", "--load", "0 N", cwd=tmp_path)
    assert "there is no cell 'B'" in wrong.stderr
    device.unplug()


def test_the_service_starts_the_watch_and_arms_nothing(tmp_path: Path) -> None:
    rig = tmp_path / "a rig%.yaml"
    made = write_service(rig, "bench\nExecStart=/bin/rm", tmp_path / "out", system="systemd", to=tmp_path)
    text = made.path.read_text()
    assert text.count("ExecStart=") == 2  # the second is inside the description's one line
    assert next(line for line in text.splitlines() if line.startswith("ExecStart=")).endswith(
        f'watch run "{tmp_path}/a rig%%.yaml" --output "{tmp_path}/out"'
    )
    assert "arm" not in text
    made = write_service(rig, "a & b", tmp_path / "out", system="windows", to=tmp_path)
    text = made.path.read_text(encoding="utf-16")
    assert "a &amp; b" in text
    assert "BootTrigger" in text
