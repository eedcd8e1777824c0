"""The command as a process: its address, its answer, its end; and what is wrong with what was typed."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from served import NOTE, made_record, write_cell

from commands import lithostat


def children(pid: int) -> list[int]:
    try:
        lists = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        lists = []
    if not lists:
        pytest.skip("children of a process are read from /proc")
    return [int(each) for children in lists for each in children]


def test_it_serves_until_it_is_stopped_and_leaves_no_process(tmp_path: Path) -> None:
    write_cell(tmp_path / "lab" / "a", made_record(samples=200), NOTE.format(name="one"))
    command = [sys.executable, "-m", "lithostat.cli", "dashboard", "lab", "--port", "0"]
    environment = os.environ | {"LITHOSTAT_CACHE": str(tmp_path / "cache"), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        found = re.fullmatch(r"1 cell at http://127\.0\.0\.1:(\d+)/\?token=(\S+)\n", process.stdout.readline())
        assert found
        port, token = int(found[1]), found[2]
        assert len(token) >= 43
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60.0)) as connection:
            connection.request("GET", "/wall.json", headers={"Cookie": f"lithostat-{port}={token}"})
            assert connection.getresponse().status == 200
        (kept,) = (tmp_path / "cache" / "dashboard").glob("*/token")
        assert kept.read_text() == token
        assert kept.stat().st_mode & 0o077 == 0
        for _ in range(600):  # its thread begins the first job
            if working := children(process.pid):
                break
            time.sleep(0.05)
        assert working
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
        assert (process.returncode, errors) == (0, "")
        for child in working:
            assert gone(child)
    finally:
        process.kill()


def gone(pid: int) -> bool:
    for _ in range(200):
        try:
            if Path(f"/proc/{pid}/stat").read_text().split(") ")[1].startswith("Z"):
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


def test_a_port_that_is_taken_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITHOSTAT_CACHE", str(tmp_path / "cache"))
    write_cell(tmp_path / "a", made_record(samples=200), NOTE.format(name="one"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = lithostat("dashboard", "a", "--port", taken.getsockname()[1], cwd=tmp_path)
    assert done.returncode == 2
    assert "cannot be used" in done.stderr
    assert "--port" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("absent",), "is no folder"),
        (("empty",), "holds nothing that could be a cell's file"),
        (("a", "--replay", "fast"), "a speed like 1000x"),
        (("a", "--port", "70000"), "--port"),
        (("damaged",), "is no JSON"),
    ],
)
def test_what_cannot_be_shown_is_a_sentence(
    arguments: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITHOSTAT_CACHE", str(tmp_path / "cache"))
    write_cell(tmp_path / "a", made_record(samples=200), NOTE.format(name="one"))
    (tmp_path / "empty").mkdir()
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "watch.json").write_text("{")
    done = lithostat("dashboard", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_package_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] in ("starlette", "uvicorn")]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.startswith("lithostat.dashboard")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    done = lithostat("dashboard", ".", cwd=tmp_path)
    assert done.returncode == 4
    assert "pip install 'lithostat[dashboard]'" in done.stderr
