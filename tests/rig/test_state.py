"""What a watch tells others: written and read back the same, and nothing damaged or hostile is believed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from lithostat.experiment.errors import InputError
from lithostat.experiment.record import Record
from lithostat.lab.folder import find_cells
from lithostat.rig.state import (
    CellState,
    Event,
    WatchState,
    append_events,
    read_events,
    read_state,
    write_state,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CELL = CellState("Li-Li 25 MPa", "cell-1", "alarm", "pressure above 30 MPa", 12.5, 3.1e7, 298.0, 0.02, 1e-4)
STATE = WatchState("rig 1", NOW, NOW, 1.0, (CELL, CellState("b", "b")), ended=True)


def test_a_state_comes_back(tmp_path: Path) -> None:
    write_state(tmp_path, STATE)
    assert read_state(tmp_path) == STATE


def test_a_value_that_is_no_number_is_not_known(tmp_path: Path) -> None:
    write_state(tmp_path, replace(STATE, cells=(replace(CELL, pressure_pa=float("nan")),)))
    assert read_state(tmp_path).cells[0].pressure_pa is None


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"version": 2}, "has version 2"),
        ({"cells": [{"cell": "a", "folder": "../b"}]}, "names the folder '../b'"),
        ({"cells": [{"cell": "a", "folder": "b", "state": "<b>"}]}, "says '<b>' of a cell"),
        ({"cells": [{"cell": "a", "folder": "b", "hours": "1"}]}, "hours is '1'"),
        ({"cells": [{"cell": "a", "folder": "b", "more": 1}]}, "unknown key 'more'"),
        ({"cells": 3}, "is no state of a watch"),
        ({"heartbeat": "yesterday"}, "is no state of a watch"),
    ],
)
def test_what_is_no_state_is_refused(tmp_path: Path, change: dict[str, object], sentence: str) -> None:
    path = write_state(tmp_path, STATE)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=sentence.replace("(", r"\(")):
        read_state(tmp_path)


def test_a_line_that_was_cut_takes_no_other_with_it(tmp_path: Path) -> None:
    first, second = Event(1.0, NOW, "a", "limit", "one"), Event(2.0, NOW, "a", "short", "two")
    append_events(tmp_path, [first])
    with (tmp_path / "events.jsonl").open("ab") as stream:
        stream.write(b'{"at_s": 1.5, "time"')
    append_events(tmp_path, [second])
    assert read_events(tmp_path) == (first, second)


def test_an_acknowledgement_is_for_its_cell_and_for_what_came_before(tmp_path: Path) -> None:
    append_events(tmp_path, [Event(1.0, NOW, "a", "limit", ""), Event(1.0, NOW, "b", "limit", "")])
    append_events(tmp_path, [Event(2.0, NOW, "a", "acknowledge", "by hand"), Event(3.0, NOW, "a", "limit", "")])
    assert [event.acknowledged for event in read_events(tmp_path)] == [True, False, False, False]


def test_no_file_is_no_event(tmp_path: Path) -> None:
    assert read_events(tmp_path) == ()
    with pytest.raises(InputError, match=r"watch\.json"):
        read_state(tmp_path)


def test_a_folder_of_a_watch_is_a_folder_of_cells(tmp_path: Path) -> None:
    """What the watch keeps for itself is no file of a cell."""
    write_state(tmp_path, STATE)
    append_events(tmp_path, [Event(1.0, NOW, "a", "limit", "")])
    cell = tmp_path / "cell-1"
    cell.mkdir()
    (cell / "log.frames").write_bytes(b"LFR1")
    (cell / "cell.yaml").write_text("kind: symmetric\n")
    rows = {"test_time_second": [0.0, 1.0], "voltage_volt": [0.1, 0.1], "current_ampere": [1e-4, 1e-4]}
    Record(pl.DataFrame(rows)).write_parquet(cell / "record.parquet")
    (found,) = find_cells(tmp_path)
    assert [path.name for path in found.files] == ["record.parquet"]
    assert found.left_over == ()
