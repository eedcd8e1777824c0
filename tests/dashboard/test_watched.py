"""The folder of a watch: what it says comes first, its records are followed, its silence is told."""

from __future__ import annotations

import json
import resource
import time
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from served import NOTE, Here, keeper_of, made_record, served, settle, unpacked, write_cell

from lithostat.dashboard import traces
from lithostat.dashboard.keeper import SHARE, Keeper
from lithostat.dashboard.pyramid import open_pyramid
from lithostat.dashboard.watched import see_watch, state_report
from lithostat.dashboard.worker import Did
from lithostat.experiment.errors import InputError
from lithostat.experiment.record import Record
from lithostat.rig.state import CellState, Event, WatchState, append_events, write_state

NOW = datetime(2026, 11, 28, 5, 0, tzinfo=UTC)
RUNS = CellState("runs", "runs", "ok", "", 20.0, 4.9e6, 298.15, 0.05, 2.5e-4, "censored", 0.94)
TRIPS = CellState(
    "trips", "trips", "tripped", "pressure above 6 MPa for 5 s", 3.0, 6.2e6, first_out="pressure", epoch=1
)


def write_watch(folder: Path, *cells: CellState, heartbeat: datetime = NOW, ended: bool = False) -> None:
    write_state(folder, WatchState("rig 1", NOW - timedelta(hours=20), heartbeat, 1.0, cells, ended))


@pytest.fixture
def watch(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    write_cell(folder / "runs", made_record(), NOTE.format(name="runs"))
    write_cell(folder / "trips", made_record(samples=180), NOTE.format(name="trips"))
    write_watch(folder, RUNS, TRIPS)
    append_events(
        folder, [Event(3600.0, NOW, "trips", "alarm", "pressure high"), Event(9e3, NOW, "trips", "trip", "out")]
    )
    return folder


def keeper_of_watch(folder: Path, kept: Path, now: datetime = NOW) -> Keeper:
    return keeper_of(folder, kept, look=lambda: see_watch(folder, now=now))


def test_tiles_show_what_the_watch_says(watch: Path, tmp_path: Path) -> None:
    with served(settle(keeper_of_watch(watch, tmp_path / "kept"))) as pages:
        wall = json.loads(pages.get("/wall.json")[1])
        runs, trips = wall["tiles"]
        assert (wall["title"], wall["live"], wall["banner"]) == ("rig 1", True, "")
        assert (runs["word"], runs["tone"]) == ("ok", "good")
        values = {number["label"]: number["value"] for number in runs["numbers"]}
        assert values["since its record began"] == "20 h"
        assert values["stack pressure now"] == "4.9 MPa"
        assert values["confidence: censored"] == "94 %"
        assert (trips["word"], trips["tone"]) == ("tripped", "bad")
        assert trips["answer"] == "pressure above 6 MPa for 5 s; first out: pressure; zero number 2 of its load cell"
        page = json.loads(pages.get(f"/cell/{trips['id']}/state.json")[1])
        assert [(event["at_s"], event["tone"]) for event in page["events"]] == [(3600.0, "doubtful"), (9e3, "bad")]
        assert page["live"]
        page = json.loads(pages.get(f"/cell/{runs['id']}/state.json")[1])
        assert page["call"].startswith("censored: ")
        assert [panel["label"] for panel in page["panels"]][:1] == ["voltage / mV"]


@pytest.mark.parametrize(
    ("silence", "said"), [(1.0, False), (14.0, False), (16.0, True), (3600.0, True), (-3600.0, False)]
)
def test_a_watch_that_is_silent_is_told_and_nothing_is_green(silence: float, said: bool, watch: Path) -> None:
    sight = see_watch(watch, now=NOW + timedelta(seconds=silence))
    assert ("not been heard of" in sight.banner) is said
    tones = [shown.tile["tone"] for shown in sight.cells if shown.tile is not None]
    assert ("good" in tones) is not said
    assert "bad" in tones


def test_a_watch_that_ended_is_not_silent(watch: Path) -> None:
    write_watch(watch, replace(RUNS, state="done"), replace(TRIPS, state="done", outcome="hard short"))
    sight = see_watch(watch, now=NOW + timedelta(days=3))
    assert sight.banner == ""
    assert [(shown.tile["word"], shown.tile["tone"]) for shown in sight.cells] == [
        ("censored", "good"),
        ("hard short", "bad"),
    ]


@pytest.mark.parametrize("state", ["ok", "alarm", "tripped", "short", "lost", "done"])
def test_every_state_has_a_face(state: str) -> None:
    report = state_report(CellState("a", "a", state))
    assert report.word == state
    assert report.tone == {"ok": "good", "done": ""}.get(state, report.tone)
    assert (report.tone in ("bad", "doubtful")) is (state not in ("ok", "done"))


def test_a_state_that_is_no_state_for_a_moment_changes_nothing(watch: Path, tmp_path: Path) -> None:
    keeper = settle(keeper_of_watch(watch, tmp_path / "kept"))
    (watch / "watch.json").write_text("{")
    keeper._next_look = 0.0
    keeper.step()
    assert [view.version for view in keeper.views.values()] == [1, 1]
    with pytest.raises(InputError):
        see_watch(watch)


def part(record: Record, rows: int) -> Record:
    return replace(record, table=record.table.head(rows))


def test_it_follows_with_flat_memory_and_one_set_of_files(tmp_path: Path) -> None:
    """A day that grows by a few minutes at a time: every step is shown whole, and nothing is left behind."""
    folder, kept = tmp_path / "out", tmp_path / "kept"
    record = made_record(samples=86_400)
    path = write_cell(folder / "runs", part(record, 1000), NOTE.format(name="runs"))
    write_watch(folder, RUNS)
    keeper = settle(keeper_of_watch(folder, kept))
    view = next(iter(keeper.views.values()))
    view.due["report"] = np.inf  # the traces alone: an analysis is not what is measured here
    sizes, last = [], 0
    for rows in range(2000, 86_400, 2000):
        part(record, rows).write_parquet(path)
        keeper._next_look = view.due["traces"] = 0.0
        keeper.step()
        keeper.step()
        zoom = view.traces.between(-1e9, 1e9, 1500)
        assert (len(view.traces.time), float(view.traces.time[-1])) == (rows, (rows - 1) * 60.0)
        assert zoom.low.shape == (len(view.traces.traces), len(zoom.time))
        assert view.traces_version > last
        last = view.traces_version
        sizes.append(resident())
    assert sorted(path.name.split("-")[0] for path in (kept / view.shown.id).iterdir()) == ["report", "traces"]
    assert max(sizes[-5:]) - max(sizes[8:13]) < 30e6, sizes  # a mapped file of 2 MB, and what the allocator keeps


def resident() -> float:
    """Memory of this process now [bytes]."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        pytest.skip("memory of a process is read from /proc")


class Slow(Here):
    """As if each job took three seconds of a processor."""

    def submit(self, work: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(Did(super().submit(work, *args, **kwargs).result().problem, 3.0))
        return done


def test_what_keeps_changing_takes_a_share_of_a_core(watch: Path, tmp_path: Path) -> None:
    """The next report of a live cell waits until the last one was a tenth of the time."""
    keeper = settle(keeper_of(watch, tmp_path / "kept", look=lambda: see_watch(watch, now=NOW), pool=lambda _: Slow()))
    view = next(iter(keeper.views.values()))
    assert 0.0 < view.due["report"] - time.monotonic() <= 3.0 / SHARE
    view.due["report"] = time.monotonic() + 1000.0
    made_record(samples=1300).write_parquet(view.shown.recorded)
    keeper._next_look = 0.0
    keeper.step()
    assert view.shown.state != view.done["report"]
    assert ("report", view) not in keeper._due()


def test_a_record_that_is_replaced_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No part of one record meets a part of the other; one that never holds still leaves nothing."""
    record, path = tmp_path / "record.parquet", tmp_path / "traces"
    made_record(samples=300).write_parquet(record)
    read, calls = traces._of_file, []

    def meanwhile(parquet: Path, into: Path, resistance: bool) -> None:
        calls.append(parquet)
        read(parquet, into, resistance)
        if len(calls) in (1, 2) or len(calls) > 5:
            made_record(samples=300 + 10 * len(calls)).write_parquet(record)

    monkeypatch.setattr(traces, "_of_file", meanwhile)
    traces.write_traces_of_file(record, path, resistance=True)
    assert (len(calls), len(open_pyramid(path).time)) == (3, 320)
    calls += [record] * 5
    with pytest.raises(InputError, match="replaced faster than it can be read"):
        traces.write_traces_of_file(record, path, resistance=True)
    assert not path.exists()


def test_traces_that_cannot_be_read_are_told_and_tried_again(watch: Path, tmp_path: Path) -> None:
    keeper = keeper_of_watch(watch, tmp_path / "kept")
    path = watch / "runs" / "record.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    keeper._next_look = 0.0
    settle(keeper, 6)
    view = next(iter(keeper.views.values()))
    assert "record.parquet" in view.problem
    path.write_bytes(whole)
    keeper._next_look = view.due["traces"] = view.due["report"] = 0.0
    settle(keeper, 6)
    assert (view.problem, len(view.traces.time)) == ("", 1200)


def test_traces_of_a_growing_record_are_as_it_was_recorded(watch: Path, tmp_path: Path) -> None:
    keeper = settle(keeper_of_watch(watch, tmp_path / "kept"))
    with served(keeper) as pages:
        view = next(iter(keeper.views.values()))
        assert [panel["label"] for panel in view.traces.about] == [
            "voltage / mV",
            "current / µA",
            "stack pressure / MPa",
        ]
        made_record(samples=1300).write_parquet(view.shown.recorded)  # now it is known to be symmetric
        keeper._next_look = view.due["traces"] = 0.0
        settle(keeper)
        assert [panel["label"] for panel in view.traces.about][-1] == "V/I / Ω"
        at, low, _ = unpacked(pages.get(f"/cell/{view.shown.id}/traces?columns=2000")[1])
        record = made_record(samples=1300)
        assert np.array_equal(at, record.column("test_time_second"))
        assert np.allclose(low[0], 1e3 * record.column("voltage_volt"), rtol=1e-6)
        assert np.allclose(low[3], record.column("voltage_volt") / record.column("current_ampere"), rtol=1e-6)


def test_a_watch_that_ended_is_not_called_lost(tmp_path: Path) -> None:
    write_watch(tmp_path, CellState("A1", "A1"), heartbeat=NOW - timedelta(hours=3), ended=True)
    sight = see_watch(tmp_path, now=NOW)
    assert sight.banner.startswith("The watch ended at ")
    assert "has not been heard of" not in sight.banner
