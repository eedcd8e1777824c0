"""A replay knows nothing of what is still to come: neither the call, nor the marks, nor a sample."""

from __future__ import annotations

import json

import pytest
from served import NOTE, keeper_of, made_record, served, settle, unpacked, write_cell

from lithostat.cycling.analysis import analyze
from lithostat.dashboard.replay import Replay, speed_of
from lithostat.experiment.errors import InputError
from lithostat.lab.folder import find_cells, load

HOUR = 3600.0


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_replay_shows_each_moment_as_it_was(tmp_path) -> None:
    write_cell(tmp_path / "lab" / "a", made_record(short_at=10.0 * HOUR), NOTE.format(name="shorts"))
    clock = Clock()
    keeper = keeper_of(tmp_path / "lab", tmp_path / "kept", replay=Replay(1000.0, clock))
    settle(keeper)
    loaded = load(find_cells(tmp_path / "lab")[0])
    seen = []
    with served(keeper) as pages:
        (view,) = keeper.views.values()
        for hours in (2.0, 6.0, 9.99, 10.5, 15.0, 30.0):
            clock.now = hours * HOUR / 1000.0
            view.due["report"] = 0.0
            settle(keeper)
            state = json.loads(pages.get(f"/cell/{view.shown.id}/state.json")[1])
            at, _, _ = unpacked(pages.get(f"/cell/{view.shown.id}/traces?end=1e9&columns=4000")[1])
            assert at[-1] <= hours * HOUR
            assert at[-1] > min(hours * HOUR, 1199 * 60.0) - 61.0
            coarse, _, _ = unpacked(pages.get(f"/cell/{view.shown.id}/traces?end=1e9&columns=10")[1])
            assert coarse[-1] <= hours * HOUR
            then = loaded.until(hours * HOUR)
            assert state["word"] == analyze(then.record, then.note).outcome.kind
            assert all(mark["start"] <= hours * HOUR for mark in state["marks"])
            seen.append(state["word"])
        assert seen[:3] == ["censored"] * 3
        assert seen[-1] == "hard short"
        assert json.loads(pages.get("/wall.json")[1])["replay"]["over"]
        assert keeper._due() == [], "a replay that is over rests"
    names = [path.name.split("-")[0] for path in (tmp_path / "kept" / view.shown.id).iterdir()]
    assert sorted(names) == ["report", "traces"]


@pytest.mark.parametrize(("text", "speed"), [("1000x", 1000.0), ("1", 1.0), (" 0.5X ", 0.5), ("1e4x", 1e4)])
def test_a_speed_is_read(text: str, speed: float) -> None:
    assert speed_of(text) == speed


@pytest.mark.parametrize("text", ["", "x", "fast", "-5x", "0x", "nan", "inf", "1e9x", "10xx", "10 x 2"])
def test_what_is_no_speed_is_a_sentence(text: str) -> None:
    with pytest.raises(InputError, match="expected a speed like 1000x"):
        speed_of(text)
