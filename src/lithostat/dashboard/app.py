"""The pages and what they ask for: a wall of all cells, a page for each, its traces as bytes."""

from __future__ import annotations

import math
import struct
from importlib import metadata, resources
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from lithostat.dashboard.guard import FIGURE_POLICY
from lithostat.dashboard.keeper import Keeper, View
from lithostat.dashboard.pyramid import Pyramid, Zoom
from lithostat.dashboard.render import BODY, figure_file
from lithostat.dashboard.tiles import cell_state, wall_state
from lithostat.show.page import page

STATIC = {
    "uPlot.iife.min.js": "text/javascript",
    "uPlot.min.css": "text/css",
    "uPlot.LICENSE": "text/plain",
    "common.js": "text/javascript",
    "wall.js": "text/javascript",
    "cell.js": "text/javascript",
    "dashboard.css": "text/css",
    "icon.svg": "image/svg+xml",
}
MOST_COLUMNS = 4096


def make_app(keeper: Keeper) -> Starlette:
    """The application without its guard."""
    made = _Pages(keeper)
    routes = [
        Route("/", made.wall, methods=["GET"]),
        Route("/wall.json", made.wall_json, methods=["GET"]),
        Route("/cell/{id}/", made.cell, methods=["GET"]),
        Route("/cell/{id}/state.json", made.cell_json, methods=["GET"]),
        Route("/cell/{id}/body", made.body, methods=["GET"]),
        Route("/cell/{id}/figure/{number:int}", made.figure, methods=["GET"]),
        Route("/cell/{id}/traces", made.traces, methods=["GET"]),
        Route("/static/{name}", _static, methods=["GET"]),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _refused, Exception: _failed})


class _Pages:
    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._version = metadata.version("lithostat")

    def wall(self, _: Request) -> Response:
        state = wall_state(self._keeper)
        return self._page("wall.html", title=state["title"], state=state)

    def wall_json(self, _: Request) -> Response:
        return JSONResponse(wall_state(self._keeper))

    def cell(self, request: Request) -> Response:
        view = self._view(request)
        cells = [(other.shown.id, other.name) for other in self._keeper.views.values()]
        state = cell_state(self._keeper, view)
        return self._page("cell.html", title=view.name, state=state, body=_body(view), cells=cells, id=view.shown.id)

    def cell_json(self, request: Request) -> Response:
        return JSONResponse(cell_state(self._keeper, self._view(request)))

    def body(self, request: Request) -> Response:
        return HTMLResponse(_body(self._view(request)))

    def figure(self, request: Request) -> Response:
        view, number = self._view(request), request.path_params["number"]
        path = None if view.report is None else view.report / figure_file(min(number, 10**6))
        if path is None or not path.is_file():
            raise HTTPException(404, "There is no such figure.")
        return FileResponse(path, media_type="image/svg+xml", headers={"content-security-policy": FIGURE_POLICY})

    def traces(self, request: Request) -> Response:
        view = self._view(request)
        if view.traces is None:
            raise HTTPException(404, "The traces of this cell are not ready.")
        start, end, columns = _asked(request, view.traces)
        if self._keeper.replay is not None:
            end = min(end, self._keeper.replay.now())
        zoom = view.traces.between(start, end, columns)
        if self._keeper.replay is not None:
            zoom = _until(zoom, end)
        return Response(as_bytes(with_gaps(zoom, view.head.get("gaps", []))), media_type="application/octet-stream")

    def _view(self, request: Request) -> View:
        view = self._keeper.views.get(request.path_params["id"])
        if view is None:
            raise HTTPException(404, "There is no such cell.")
        self._keeper.visit(view)
        return view

    def _page(self, template: str, **contents: Any) -> Response:
        text = page(template, package="lithostat.dashboard", version=self._version, **contents)
        return HTMLResponse(text)


def _body(view: View) -> str:
    """What stands below the head of a report; it was escaped when it was made."""
    try:
        return "" if view.report is None else (view.report / BODY).read_text(encoding="utf-8")
    except OSError:  # replaced just now; the page asks again
        return ""


def _asked(request: Request, traces: Pyramid) -> tuple[float, float, int]:
    """Start and end [s] and the number of columns; what is no such number is refused."""
    whole = (float(traces.time[0]), float(traces.time[-1])) if len(traces.time) else (0.0, 0.0)
    try:
        start = float(request.query_params.get("start", whole[0]))
        end = float(request.query_params.get("end", whole[1]))
        columns = int(request.query_params.get("columns", 1000))
    except ValueError:
        raise HTTPException(400, "start and end are seconds, columns is a whole number.") from None
    if not (math.isfinite(start) and math.isfinite(end) and start <= end and abs(start) < 1e15 and abs(end) < 1e15):
        raise HTTPException(400, "start and end are seconds, and start is not after end.")
    if not 1 <= columns <= MOST_COLUMNS:
        raise HTTPException(400, f"columns is between 1 and {MOST_COLUMNS}.")
    return start, end, columns


def _until(zoom: Zoom, end: float) -> Zoom:
    """Without the sample beyond the end, which a replay does not know yet."""
    known = zoom.time <= end
    return Zoom(zoom.time[known], zoom.low[:, known], zoom.high[:, known], zoom.whole)


def with_gaps(zoom: Zoom, gaps: list[list[float]]) -> Zoom:
    """The same with a point of no value inside of each gap, so that no line is drawn through it."""
    if not gaps or not len(zoom.time):
        return zoom
    starts, ends = np.array(gaps, float).T
    inside = (starts > zoom.time[0]) & (ends < zoom.time[-1] + 1e-9)
    middles = 0.5 * (starts + ends)[inside]
    at = np.searchsorted(zoom.time, middles)
    low, high = (np.insert(values, at, np.nan, axis=1) for values in (zoom.low, zoom.high))
    return Zoom(np.insert(zoom.time, at, middles), low, high, zoom.whole)


def as_bytes(zoom: Zoom) -> bytes:
    """Little-endian: columns, traces, whether each column is one sample, 0 (uint32 each); time (float64); low, trace
    after trace (float32); high, unless it is the same."""
    head = struct.pack("<4I", len(zoom.time), len(zoom.low), zoom.whole, 0)
    parts = [head, zoom.time.astype("<f8").tobytes(), zoom.low.astype("<f4").tobytes()]
    return b"".join(parts if zoom.whole else [*parts, zoom.high.astype("<f4").tobytes()])


def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in STATIC:
        raise HTTPException(404, "There is no such file.")
    content = (resources.files("lithostat.dashboard") / "static" / name).read_bytes()
    return Response(content, media_type=STATIC[name], headers={"cache-control": "no-cache"})


def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return PlainTextResponse(error.detail, error.status_code)


def _failed(_: Request, error: Exception) -> Response:
    return PlainTextResponse(f"This is a fault in lithostat, please report it: {type(error).__name__}.", 500)
