"""What the wall and the head of a page show of each cell: heads of reports, as the watch or the analysis made them."""

from __future__ import annotations

import math
from typing import Any

from lithostat.dashboard.keeper import Keeper, View
from lithostat.experiment.quantity import span


def wall_state(keeper: Keeper) -> dict[str, Any]:
    """All cells as tiles; `answer` counts them by what became of them."""
    tiles = [_tile(keeper, view) for view in keeper.views.values()]
    waiting = sum(not (tile["ready"] or tile["word"]) for tile in tiles)
    words = [tile["word"] for tile in tiles if tile["word"]]
    counts = {word: words.count(word) for word in dict.fromkeys(words)}
    answer = [f"{len(tiles)} cell{'' if len(tiles) == 1 else 's'}", *(f"{n} {word}" for word, n in counts.items())]
    return {
        "title": keeper.sight.title,
        "answer": ", ".join([*answer, *([f"{waiting} being read"] if waiting else [])]),
        "banner": keeper.problem or keeper.sight.banner,
        "replay": _replay(keeper),
        "live": any(view.shown.live for view in keeper.views.values()),
        "tiles": tiles,
    }


def cell_state(keeper: Keeper, view: View) -> dict[str, Any]:
    """All of a cell but its traces and the body of its report."""
    traces = view.traces
    times = traces.time if traces is not None and len(traces.time) else None
    last = None if times is None else float(times[-1])
    if last is not None and keeper.replay is not None:
        last = min(last, keeper.replay.now())
    marks = [
        mark for mark in view.head.get("marks", []) if keeper.replay is None or mark["start"] <= keeper.replay.now()
    ]
    tile = _tile(keeper, view)
    there = {number["label"] for number in tile["numbers"]}
    if view.shown.tile is not None:  # what the watch says, then what the analysis does
        tile["numbers"] = tile["numbers"] + [
            each for each in view.head.get("numbers", []) if each["label"] not in there
        ]
    return tile | {
        "call": ""
        if view.shown.tile is None or not view.head.get("word")
        else f"{view.head['word']}: {view.head['answer']}",
        "banner": keeper.problem or keeper.sight.banner,
        "replay": _replay(keeper),
        "lead": view.head.get("lead", ""),
        "panels": [] if traces is None else list(traces.about),
        "first_s": None if times is None else float(times[0]),
        "last_s": last,
        "samples": 0 if times is None else len(times),
        "marks": marks,
        "gaps": view.head.get("gaps", []),
        "events": list(view.shown.events),
        "live": view.shown.live,
    }


def _tile(keeper: Keeper, view: View) -> dict[str, Any]:
    """The head of the report; where a watch says more, its own comes first."""
    head = {"word": "", "tone": "", "answer": "", "numbers": [], "warnings": 0} | view.head
    said = view.shown.tile
    shown = head if said is None else head | said
    if said is None and view.version == 0:
        shown = head | {"word": "", "answer": view.problem or "is being read"}
    return {
        "id": view.shown.id,
        "name": view.name,
        "word": shown["word"],
        "tone": shown["tone"],
        "answer": shown["answer"],
        "numbers": shown["numbers"],
        "warnings": head["warnings"],
        "ready": view.version > 0,
        "version": _mark(keeper, view.version),
        "traces_version": _mark(keeper, view.traces_version),
        "busy": keeper.working_on(view),
        "problem": view.problem,
        "as_of": "" if view.until is None else f"called at {span(view.until)}",
    }


def _mark(keeper: Keeper, version: int) -> str:
    """What changes with a version, and with the server: a page that is open may meet the next one. '' for none."""
    return f"{keeper.began}-{version}" if version else ""


def _replay(keeper: Keeper) -> dict[str, Any] | None:
    if keeper.replay is None:
        return None
    now = keeper.replay.now()
    ends = [float(v.traces.time[-1]) for v in keeper.views.values() if v.traces is not None and len(v.traces.time)]
    over = bool(ends) and len(ends) == len(keeper.views) and now >= max(ends)
    at = span(max(ends)) if over else span(now) if math.isfinite(now) else ""
    speed = f"{keeper.replay.speed:g}"
    return {"speed": keeper.replay.speed, "now_s": now, "over": over, "text": f"replay at {speed} times, {at}"}
