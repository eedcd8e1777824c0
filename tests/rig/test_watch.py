"""A whole watch on pretended devices: what it logs, calls, tells and does, and what a person may ask of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rig_cases import Device, MptFile, content_of, symmetric_record

from lithostat.cycling.shorts import call_short
from lithostat.experiment.cell_note import note_from
from lithostat.experiment.errors import InputError
from lithostat.experiment.record import Record, read_parquet
from lithostat.lab.folder import find_cells, load
from lithostat.reading.read import read
from lithostat.rig.clock import Clock
from lithostat.rig.frames import entries
from lithostat.rig.interlock import Order
from lithostat.rig.open_rig import only_one, prepared
from lithostat.rig.orders import send_order
from lithostat.rig.readings import Lines
from lithostat.rig.state import Event, read_events, read_state
from lithostat.rig.watch import Watch
from lithostat.rig.worker import Asked, Judged, Worker, judge

CAMPAIGN = os.environ.get("LITHOSTAT_CAMPAIGN") == "1"
NOTE = "kind: symmetric\ndie_diameter: 10 mm\ntime_zone: UTC\n"
RIG = """\
name: bench
cells:
  - name: A
    note: cell.yaml
    cycler: {files: "a*.mpt", every: 0.05 s}
"""
LOAD_CELL = """\
    load_cell:
      port: PORT
      line: 'raw=(?P<load>-?\\d+) T=(?P<celsius>-?[\\d.]+)'
      points: [{raw: 0, load: 0 N}, {raw: 1000, load: 1000 N}]
"""
LIMIT = """\
    limits:
      - {name: too hard, channel: pressure, high: 20 MPa, stale: 5 min, trip: true}
"""


def until(met: Callable[[], object], seconds: float = 300.0) -> bool:
    """Wait for something to become true; only a watch that hangs makes this end without."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if met():
            return True
        time.sleep(0.02)
    return False


class InProcess(Worker):
    """Full calls in this process: starting another costs seconds of a test."""

    def _answer(self, asked: Asked) -> Judged:
        return judge(asked.plan)


@dataclass
class Bench:
    """A folder with a rig.yaml, its devices, and watches of it."""

    folder: Path
    rig: str = RIG
    device: Device | None = None
    in_process: bool = True
    events: list[Event] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "cell.yaml").write_text(NOTE)
        if self.device is not None:
            self.rig = self.rig.replace("PORT", self.device.name)
        (self.folder / "rig.yaml").write_text(self.rig)
        self.record = symmetric_record(short_at=150)
        self.file = MptFile(self.folder / "a.mpt", self.record, datetime.now(UTC).replace(tzinfo=None))

    @property
    def output(self) -> Path:
        return self.folder / "watched"

    @contextmanager
    def watched(self, clock: Clock | None = None) -> Iterator[Watch]:
        """A watch that runs in a thread, and is ended."""
        with only_one(self.output):
            watch = prepared(self.folder / "rig.yaml", self.output, clock or Clock(), tell=self.events.append)
            if self.in_process:
                watch.worker = InProcess()

            def run() -> None:
                try:
                    watch.run()
                except BaseException as error:
                    self.errors.append(error)

            thread = threading.Thread(target=run)
            thread.start()
            try:
                yield watch
            finally:
                watch.stopping = True
                thread.join(300.0)
        assert not self.errors

    def told(self, kind: str, text: str = "") -> bool:
        return any(event.kind == kind and text in event.text for event in self.events)

    def order(self, verb: str, **said: Any) -> str:
        return send_order(self.output, Order(verb, **said), patience=300.0)

    def lines(self) -> list[Lines]:
        return [entry for entry in entries(self.output / "A" / "log.frames") if isinstance(entry, Lines)]


@pytest.fixture
def device() -> Iterator[Device]:
    made = Device()
    yield made
    made.unplug()


@contextmanager
def talking(device: Device, newton: list[float]) -> Iterator[None]:
    """The load cell prints the force `newton[0]` again and again."""
    quiet = threading.Event()

    def talk() -> None:
        while not quiet.wait(0.02):
            device.say(f"raw={newton[0]:.0f} T=25.0\n")

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        yield
    finally:
        quiet.set()
        thread.join()


def test_a_cell_that_shorts_live_and_from_its_files(tmp_path: Path) -> None:
    """The record and the call are those of the file, and the folder of the watch is one that `analyze` takes."""
    bench = Bench(tmp_path / "bench", in_process=False)
    with bench.watched():
        for _ in range(15):
            bench.file.grow(15, torn=False)
            time.sleep(0.05)
        assert until(lambda: bench.told("short"))
    bench.file.grow(0)
    logged = read_parquet(bench.output / "A" / "record.parquet")
    whole = read(bench.file.path)
    for column in ("test_time_second", "voltage_volt", "current_ampere", "step_index"):
        assert np.array_equal(logged.column(column), whole.column(column))
    note = note_from({"kind": "symmetric"})
    live, batch = (call_short(record, note).outcome for record in (logged, whole))
    assert (live.kind, live.time, live.confidence) == (batch.kind, batch.time, batch.confidence)
    state = read_state(bench.output).cells[0]
    assert (state.state, state.outcome, state.confidence) == ("short", batch.kind, batch.confidence)
    (cell,) = find_cells(bench.output)
    assert call_short(load(cell).record, note).outcome.time == batch.time
    assert [event.kind for event in read_events(bench.output) if event.kind == "short"] == ["short"]


def test_pressure_from_the_load_cell_is_on_the_same_timeline(tmp_path: Path, device: Device) -> None:
    bench = Bench(tmp_path / "bench", RIG + LOAD_CELL, device)
    area = np.pi / 4 * 0.01**2
    with talking(device, [1000.0]), bench.watched():
        assert until(lambda: read_state_or_none(bench) and read_state(bench.output).cells[0].pressure_pa)
        bench.file.record = bench.record
        bench.file.grow(3)
        assert until(lambda: bench.lines())
    assert read_state(bench.output).cells[0].pressure_pa == pytest.approx(1000.0 / area, rel=1e-6)
    record = read_parquet(bench.output / "A" / "record.parquet")
    pressure = record.column("measured_pressure_pa")
    assert pressure[np.isfinite(pressure)] == pytest.approx(1000.0 / area, rel=1e-6)


def read_state_or_none(bench: Bench) -> object:
    try:
        return read_state(bench.output)
    except InputError:
        return None


@pytest.mark.parametrize("kills", [50 if CAMPAIGN else 2])
def test_a_watch_that_is_killed_goes_on_without_a_row_missing_or_doubled(tmp_path: Path, kills: int) -> None:
    """The process itself, ended by the system while the file grows."""
    bench = Bench(tmp_path / "bench")
    code = "from lithostat.cli import main; main()"
    rng = np.random.default_rng(0)
    for _ in range(kills):
        watch = subprocess.Popen(
            [sys.executable, "-c", code, "watch", "rig.yaml", "--json"],
            cwd=bench.folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            before = len(bench.lines()) if bench.output.exists() else 0
            for _ in range(20):
                bench.file.grow(int(rng.integers(1, 4)), torn=True)
                time.sleep(float(rng.uniform(0.0, 0.1)))
                bench.file.finish_line()
            assert until(lambda seen=before: bench.output.exists() and len(bench.lines()) > seen)
        finally:
            watch.send_signal(signal.SIGKILL)
            watch.communicate()
    with bench.watched():
        assert until(lambda: content_of(bench.lines()) == bench.file.content)
    assert content_of(bench.lines()) == bench.file.content
    assert bench.told("resumed")
    assert np.array_equal(
        read_parquet(bench.output / "A" / "record.parquet").column("voltage_volt"),
        read(bench.file.path).column("voltage_volt"),
    )


def test_two_watchers_are_one_too_many(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "bench")
    with bench.watched(), pytest.raises(InputError, match="another watch runs in this folder"), only_one(bench.output):
        pass


def test_a_cable_that_is_pulled_is_told_and_the_watch_goes_on(tmp_path: Path, device: Device) -> None:
    bench = Bench(tmp_path / "bench", RIG + LOAD_CELL, device)
    with bench.watched():
        with talking(device, [500.0]):
            assert until(lambda: read_state_or_none(bench) and read_state(bench.output).cells[0].pressure_pa)
        device.unplug()
        assert until(lambda: bench.told("lost", "load cell"))
        assert until(lambda: read_state(bench.output).cells[0].state == "lost")
        bench.file.grow(5)
        assert until(lambda: bench.lines())  # the cycler is read all the same


def test_a_file_that_is_locked_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read every file")
    bench = Bench(tmp_path / "bench")
    with bench.watched():
        bench.file.grow(5)
        assert until(lambda: bench.lines())
        bench.file.path.chmod(0)
        assert until(lambda: bench.told("lost", "locked by another program"))
        bench.file.path.chmod(0o644)
        bench.file.grow(5)
        assert until(lambda: content_of(bench.lines()) == bench.file.content)


def test_clocks_that_sleep_and_step_are_told(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "bench")
    slept, stepped = [0.0], [0.0]
    clock = Clock(
        boot=lambda: time.monotonic() + slept[0],
        wall=lambda: time.time() + slept[0] + stepped[0],
    )
    with bench.watched(clock):
        bench.file.grow(5)
        assert until(lambda: bench.lines())
        slept[0] = 7200.0
        assert until(lambda: bench.told("watch", "the computer slept for 2 h"))
        stepped[0] = 3600.0
        assert until(lambda: bench.told("watch", "set forward by 60 min"))
        bench.file.grow(5)
        assert until(lambda: content_of(bench.lines()) == bench.file.content)
    assert np.array_equal(
        read_parquet(bench.output / "A" / "record.parquet").column("test_time_second"),
        read(bench.file.path).column("test_time_second"),
    )


def test_a_trip_is_done_once_confirmed_and_reset_by_a_person(tmp_path: Path, device: Device) -> None:
    """Armed by a person, tripped by the pressure, the valve opened, the fall of the pressure confirms it."""
    opened = tmp_path / "opened"
    trip = (
        "    on_trip:\n"
        f'      - {{command: [\'{sys.executable}\', -c, \'open("{opened}", "a").write("x")\'],'
        " confirm: {channel: pressure, below: 5 MPa, within: 5 min}}\n"
        f'      - {{serial: {{port: PORT, text: "OPEN\\n"}}}}\n'
    )
    bench = Bench(tmp_path / "bench", RIG + LOAD_CELL + LIMIT + trip, device)
    newton = [500.0]
    bench.file.grow(3)
    with talking(device, newton), bench.watched():
        state: Callable[[], Any] = lambda: read_state(bench.output).cells[0]  # noqa: E731
        assert until(lambda: read_state_or_none(bench) and state().pressure_pa)
        newton[0] = 2000.0  # 25 MPa
        assert until(lambda: bench.told("limit", "pressure above 20 MPa"))
        assert not bench.told("trip")  # nobody armed it
        assert "arm refused: too hard: pressure above 20 MPa" in bench.order("arm")
        newton[0] = 500.0
        assert until(lambda: bench.told("limit over"))
        assert "armed" in bench.order("arm", why="test begins")
        newton[0] = 2000.0
        assert until(lambda: bench.told("trip"))
        assert until(lambda: "OPEN" in device.heard())
        assert until(lambda: state().state == "tripped")
        assert state().first_out == "too hard"
        assert "reset refused: the trip was not acknowledged" in bench.order("reset")
        bench.order("acknowledge")
        assert "reset refused: too hard" in bench.order("reset")
        newton[0] = 100.0
        assert until(lambda: bench.told("action", "confirmed by the pressure"))
        assert "it is not armed" in bench.order("reset", why="valve looked at")
        assert until(lambda: state().state == "ok")
    assert opened.read_text() == "x"


def test_an_action_that_nothing_confirms_stays(tmp_path: Path, device: Device) -> None:
    trip = (
        "    on_trip:\n"
        f"      - {{command: ['{sys.executable}', -c, 'raise SystemExit(3)'],"
        " confirm: {channel: pressure, below: 5 MPa, within: 0.3 s}}\n"
    )
    bench = Bench(tmp_path / "bench", RIG + LOAD_CELL + LIMIT + trip, device)
    newton = [500.0]
    with talking(device, newton), bench.watched():
        assert until(lambda: read_state_or_none(bench) and read_state(bench.output).cells[0].pressure_pa)
        bench.order("arm")
        newton[0] = 2000.0
        assert until(lambda: bench.told("not confirmed", "ACTION NOT CONFIRMED"))
        assert until(lambda: bench.told("action failed", "ended with code 3"))
        assert until(lambda: read_state(bench.output).cells[0].state_reason.startswith("ACTION NOT CONFIRMED"))


def test_a_load_cell_that_was_opened_again_disarms_and_asks_for_its_zero(tmp_path: Path, device: Device) -> None:
    bench = Bench(tmp_path / "bench", RIG + LOAD_CELL + LIMIT, device)
    with talking(device, [500.0]):
        with bench.watched():
            assert until(lambda: read_state_or_none(bench) and read_state(bench.output).cells[0].pressure_pa)
            assert "armed" in bench.order("arm")
        with bench.watched():
            assert until(lambda: bench.told("zero", "opened again"))
            assert "nobody confirmed the zero" in bench.order("arm")
            said = bench.order("zero", newton=250.0, why="weighed")
            assert "a load of 250 N acts now" in said
            assert until(
                lambda: read_state(bench.output).cells[0].pressure_pa == pytest.approx(250 / 7.854e-5, rel=1e-3)
            )
            assert read_state(bench.output).cells[0].epoch == 1
            assert "armed" in bench.order("arm")


def test_the_heartbeat_is_that_of_the_loop_and_only_while_armed(tmp_path: Path, device: Device) -> None:
    relay = Device()
    rig = RIG + LOAD_CELL + LIMIT + f"heartbeat: {{port: {relay.name}, text: H, every: 0.05 s}}\n"
    bench = Bench(tmp_path / "bench", rig, device)
    newton = [500.0]
    with talking(device, newton), bench.watched() as watch:
        assert until(lambda: read_state_or_none(bench) and read_state(bench.output).cells[0].pressure_pa)
        assert relay.heard() == ""
        bench.order("arm")
        assert until(lambda: "H" in relay.heard())
        turn, hang = watch._turn, threading.Event()

        def hung(*args: Any) -> None:
            hang.wait(1.0)
            turn(*args)

        watch._turn = hung  # type: ignore[method-assign]  # a loop that hangs
        time.sleep(0.3)
        relay.heard()
        time.sleep(0.3)
        assert relay.heard().count("H") <= 1
        watch._turn = turn  # type: ignore[method-assign]
        hang.set()
        newton[0] = 2000.0
        assert until(lambda: bench.told("trip"))
        relay.heard()
        time.sleep(0.3)
        assert relay.heard() == ""
    relay.unplug()


def test_a_clock_of_the_cycler_in_another_zone_is_found_out(tmp_path: Path, device: Device) -> None:
    """The file says 'one hour ahead'; rows that come now cannot be from the future."""
    bench = Bench(tmp_path / "bench", RIG + LOAD_CELL, device)
    started = datetime.fromtimestamp(time.time() + 3600.0, UTC).replace(tzinfo=None)
    record = Record(bench.record.table.with_columns(test_time_second=bench.record.table["test_time_second"] / 6000.0))
    bench.file = MptFile(bench.folder / "a.mpt", record, started)
    bench.file.grow(3)
    with talking(device, [1000.0]), bench.watched():
        assert until(lambda: read_state_or_none(bench) and read_state(bench.output).cells[0].pressure_pa)
        for _ in range(19):
            bench.file.grow(10)
            time.sleep(0.1)
        assert until(lambda: bench.told("clock", "ahead of that of this computer"))
    pressure = read_parquet(bench.output / "A" / "record.parquet").column("measured_pressure_pa")
    assert np.isfinite(pressure[20:150]).all()


def test_a_rig_that_cannot_be_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    alone = "name: bench\ncells:\n  - name: A\n    note: cell.yaml\n" + LOAD_CELL
    for text, sentence in (
        (
            RIG + LOAD_CELL.replace("      points: [{raw: 0, load: 0 N}, {raw: 1000, load: 1000 N}]\n", ""),
            "expected one of 'unit'",
        ),
        (RIG + "    on_trip: [{command: [sh, -c, rm]}]\n", "received the shell 'sh'"),
        (RIG + "    on_trip: [{command: 'rm -rf'}]\n", "expected a list of words"),
        (RIG + LOAD_CELL.replace("(?P<load>", "(?P<force>"), "expected .*load"),
        (alone + LIMIT.replace("pressure", "voltage").replace("20 MPa", "20 V"), "nothing of 'A' measures the voltage"),
        (RIG + LIMIT.replace("20 MPa", "20 V"), "wrong dimension"),
        (RIG + RIG.split("cells:\n")[1], "two cells share a name"),
        ("name: x\ncells: []\n", "cells"),
    ):
        folder = tmp_path / str(abs(hash(text)))
        bench = Bench(folder, text)
        with pytest.raises(InputError, match=sentence):
            prepared(folder / "rig.yaml", bench.output, Clock(), tell=lambda event: None)


def test_orders_that_are_none_are_taken_away(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "bench")
    place = bench.output / ".orders"
    place.mkdir(parents=True)
    (place / "1.json").write_text("{")
    (place / "2.json").write_text(json.dumps({"verb": "rm", "number": "2"}))
    with bench.watched():
        assert "there is no cell 'B'" in bench.order("acknowledge", cell="B")
        assert "A: acknowledged" in bench.order("acknowledge")
    assert list(place.glob("*.json")) == []
