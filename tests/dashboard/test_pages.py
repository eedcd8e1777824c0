"""What the pages show is what the report says, and the traces are the samples."""

from __future__ import annotations

import html
import json

import numpy as np
import pytest
from served import NOTE, Served, keeper_of, made_record, settle, unpacked, write_cell

from conftest import HOSTILE
from lithostat.dashboard.render import head_of
from lithostat.dashboard.tiles import cell_state
from lithostat.lab.analyze import analyze_cell
from lithostat.lab.folder import find_cells
from lithostat.lab.whole_report import first_report
from lithostat.show.report_page import printed


def analysed(pages: Served, name: str):
    view = next(view for view in pages.keeper.views.values() if view.name == name)
    return analyze_cell(view.shown.cell, overrides={}, repeats=len(pages.keeper.views))


@pytest.mark.parametrize("name", ["lives", "shorts"])
def test_the_page_says_what_the_report_says(name: str, pages: Served) -> None:
    report = first_report(analysed(pages, name))
    state = json.loads(pages.get(f"/cell/{pages.id_of(name)}/state.json")[1])
    head = head_of(report)
    for key in ("word", "tone", "answer", "numbers", "lead", "warnings"):
        assert state[key] == head[key], key
    tile = next(tile for tile in json.loads(pages.get("/wall.json")[1])["tiles"] if tile["name"] == name)
    assert (tile["word"], tile["numbers"]) == (report.word, head["numbers"])
    body = html.unescape(pages.get(f"/cell/{pages.id_of(name)}/body")[1].decode())
    assert report.findings
    for finding in map(printed, report.findings):
        assert f'<td>{finding["name"]}</td><td class="number">{finding["value"]}</td>' in body
    for section in report.sections:
        if [drawing.name for drawing in section.drawings] == ["time"]:
            continue  # drawn as traces
        for line in (section.title, *section.points, *section.text):
            assert line in body
    for warning in report.warnings:
        assert warning in body


def test_a_short_is_marked_where_the_call_puts_it(pages: Served) -> None:
    call = analysed(pages, "shorts").analysis.outcome
    state = json.loads(pages.get(f"/cell/{pages.id_of('shorts')}/state.json")[1])
    assert call.kind == "hard short"
    assert state["tone"] == "bad"
    assert [mark["start"] for mark in state["marks"] if mark["sure"]] == [call.time] == [36_000.0]
    assert json.loads(pages.get(f"/cell/{pages.id_of('lives')}/state.json")[1])["marks"] == []


def test_traces_are_the_samples_of_the_record(pages: Served) -> None:
    """In the units of the labels, also V/I, and every zoom from its own samples."""
    address = f"/cell/{pages.id_of('lives')}"
    state = json.loads(pages.get(f"{address}/state.json")[1])
    labels = [panel["label"] for panel in state["panels"]]
    assert labels == ["voltage / V", "current / µA", "stack pressure / MPa", "V/I / Ω"]
    record = made_record(glitch=777)
    time = record.column("test_time_second")
    truth = np.stack([record.column("voltage_volt"), 1e6 * record.column("current_ampere")]).astype(np.float32)
    at, low, high = unpacked(pages.get(f"{address}/traces?columns=4000")[1])
    assert np.array_equal(at, time)
    assert np.array_equal(low[:2], truth)
    assert np.allclose(low[3], record.column("voltage_volt") / record.column("current_ampere"), rtol=1e-6)
    rng = np.random.default_rng(3)
    for _ in range(20):
        start, end = np.sort(rng.uniform(time[0], time[-1], 2)).tolist()
        at, low, high = unpacked(pages.get(f"{address}/traces?start={start!r}&end={end!r}&columns=40")[1])
        inside = (time >= start) & (time <= end)
        if inside.sum() > 80:
            assert np.array_equal(low[:2].min(1), truth[:, inside].min(1))
            assert np.array_equal(high[:2].max(1), truth[:, inside].max(1))
    assert high[0].max() <= truth[0].max()
    at, low, high = unpacked(pages.get(f"{address}/traces?columns=30")[1])
    assert np.count_nonzero(high[0] > 0.4) == 1, "the glitch is one column"
    assert high[0].max() == truth[0, 777]


def test_a_hostile_name_is_text(pages: Served) -> None:
    tile = next(tile for tile in json.loads(pages.get("/wall.json")[1])["tiles"] if tile["name"] == HOSTILE)
    for path in ("/", f"/cell/{tile['id']}/", f"/cell/{pages.id_of('lives')}/"):
        text = pages.get(path)[1].decode()
        assert "<img src=x" not in text
        assert "</script><img" not in text
        assert "{{7*7}}" in text
        data = text.split('<script type="application/json" id="state">')[1].split("</script>")[0]
        assert json.loads(data)
    assert HOSTILE in pages.get("/wall.json")[1].decode().replace('\\"', '"')


def test_a_bad_cell_is_told_and_takes_no_other(pages: Served) -> None:
    tiles = {tile["name"]: tile for tile in json.loads(pages.get("/wall.json")[1])["tiles"]}
    assert set(tiles) == {"lives", "shorts", HOSTILE, "d"}
    assert tiles["d"]["word"] == "not analysed"
    assert "bananas" in tiles["d"]["answer"]
    assert pages.get(f"/cell/{tiles['d']['id']}/")[0] == 200
    assert pages.get(f"/cell/{tiles['d']['id']}/traces")[0] == 404


def test_what_was_prepared_is_found_again_and_changes_with_its_files(tmp_path) -> None:
    folder, kept = tmp_path / "lab", tmp_path / "kept"
    record = write_cell(folder / "a", made_record(), NOTE.format(name="one"))
    first = settle(keeper_of(folder, kept))
    (view,) = first.views.values()
    assert (view.version, view.head["word"]) == (1, "censored")
    again = keeper_of(folder, kept)
    (view,) = again.views.values()
    assert view.version == 1
    assert again._due() == []
    made_record(short_at=36_000.0).write_parquet(record)
    again._next_look = 0.0
    settle(again)
    (view,) = again.views.values()
    assert (view.version, view.head["word"]) == (2, "hard short")
    assert sorted(path.name.split("-")[0] for path in (kept / view.shown.id).iterdir()) == ["report", "traces"]
    assert len(find_cells(folder)) == 1, "nothing was written beside the lab's files"
    assert sorted(path.name for path in (folder / "a").iterdir()) == ["cell.yaml", "record.parquet"]


def test_a_page_that_meets_the_next_server_sees_that_it_is_another(tmp_path) -> None:
    write_cell(tmp_path / "lab" / "a", made_record(samples=200), NOTE.format(name="one"))
    marks = []
    for _ in range(2):
        keeper = settle(keeper_of(tmp_path / "lab", tmp_path / "kept"))
        (view,) = keeper.views.values()
        assert view.version == 1
        state = cell_state(keeper, view)
        marks += [state["version"], state["traces_version"]]
    assert marks[0] != marks[2]
    assert marks[1] != marks[3]


def test_a_damaged_cache_is_made_again(tmp_path) -> None:
    folder, kept = tmp_path / "lab", tmp_path / "kept"
    write_cell(folder / "a", made_record(), NOTE.format(name="one"))
    (view,) = settle(keeper_of(folder, kept)).views.values()
    (view.report / "head.json").write_text("{")
    view.traces_file.write_bytes(b"nothing")
    (view,) = settle(keeper_of(folder, kept)).views.values()
    assert view.head["word"] == "censored"
    assert len(view.traces.time) == 1200
