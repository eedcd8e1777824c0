"""Keeps what the pages show up to date: looks at the folder, has cells prepared in other processes, one after another.

A thread of the server. What it holds of a cell is small: paths, a head of JSON, and a mapped pyramid.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from lithostat.dashboard.pyramid import Pyramid, open_pyramid
from lithostat.dashboard.render import HEAD
from lithostat.dashboard.replay import Replay
from lithostat.dashboard.shown import Shown, Sight
from lithostat.dashboard.worker import Did, Job, begin, do_report, do_traces
from lithostat.experiment.errors import InputError, sentence_of

EVERY = 1.0  # s between looks, at least
AGAIN = 5.0  # s until what could not be prepared is tried again
SHARE = 0.1  # of a core at most for one cell that keeps changing, and for looking at the folder


@dataclass
class View:
    """What is shown of a cell: the last report that was ready, its traces, and what is going on."""

    shown: Shown
    head: dict[str, Any] = field(default_factory=dict)
    report: Path | None = None
    version: int = 0
    traces: Pyramid | None = None
    traces_file: Path | None = None
    traces_version: int = 0
    until: float | None = None  # of a replay: where the report stands
    problems: dict[str, str] = field(default_factory=dict)  # kind of job: why it has no result, or ''
    due: dict[str, float] = field(default_factory=dict)  # kind of job: not before this moment
    done: dict[str, str] = field(default_factory=dict)  # kind of job: state of the cell for which it was done
    seen: float = 0.0  # when somebody looked at its page

    @property
    def problem(self) -> str:
        """Why something of it could not be prepared; '' if all could."""
        return "; ".join(dict.fromkeys(filter(None, self.problems.values())))

    @property
    def name(self) -> str:
        """What its note calls it, once that is known."""
        return str(self.head.get("title") or self.shown.cell.name)


@dataclass
class _Running:
    id: str
    kind: str
    state: str
    report: Path
    traces: Path
    until: float | None
    future: Future[Did]


def processes(workers: int) -> Executor:
    """Processes of their own, each begun anew after a hundred jobs, so that no memory grows for days."""
    context = get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=begin, max_tasks_per_child=100)


class Keeper:
    """Looks with `look`, keeps what is prepared in `place`; `replay` shows records as if they were being made."""

    def __init__(
        self,
        look: Callable[[], Sight],
        place: Path,
        *,
        replay: Replay | None = None,
        workers: int = 1,
        pool: Callable[[int], Executor] = processes,
    ) -> None:
        self._look, self._place, self.replay, self._workers, self._made = look, place, replay, workers, pool
        self.began = time.time_ns()
        self.sight = look()
        self.views: dict[str, View] = {}
        self.problem = ""
        self._next_look = 0.0
        self._running: list[_Running] = []
        self._pool: Executor | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self._adopt(self.sight)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and the processes too."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5.0)
        if self._pool is not None:
            working = dict(getattr(self._pool, "_processes", None) or {})  # nothing public ends them before 3.14
            self._pool.shutdown(wait=False, cancel_futures=True)
            for process in working.values():
                process.terminate()

    @property
    def busy(self) -> int:
        """How many cells have nothing to show yet."""
        return sum(view.version == 0 for view in self.views.values())

    def working_on(self, view: View) -> bool:
        """Whether something of the cell is being prepared."""
        return any(job.id == view.shown.id for job in self._running)

    def visit(self, view: View) -> None:
        """Somebody looks at the page of this cell: it goes before others."""
        view.seen = time.monotonic()

    def step(self) -> None:
        """Look, take what is ready, begin what is due."""
        now = time.monotonic()
        if now >= self._next_look:
            with contextlib.suppress(InputError):  # a folder that is not there for a moment
                self.sight = self._look()
                self._adopt(self.sight)
            took = time.monotonic() - now
            self._next_look = now + max(EVERY, took / SHARE)
        for job in [job for job in self._running if job.future.done()]:
            self._running.remove(job)
            self._take(job)
        for kind, view in self._due():
            if len(self._running) >= self._workers:
                break
            self._begin(kind, view)

    def _keep(self) -> None:
        while not self._stop.wait(0.1 if self._running else 0.3):
            try:
                self.step()
                self.problem = ""
            except Exception as error:  # the next look may be better, and people are told
                self.problem = sentence_of(error)
                self._stop.wait(EVERY)

    def _adopt(self, sight: Sight) -> None:
        """Views of the cells that are there now, in their order."""
        views = {}
        for shown in sight.cells:
            view = self.views.get(shown.id)
            if view is None:
                view = View(shown)
                self._from_before(view)
            view.shown = shown
            views[shown.id] = view
        self.views = views

    def _from_before(self, view: View) -> None:
        """What an earlier dashboard prepared of the same files; what it prepared of others is removed."""
        self._tidy(view.shown)
        if self.replay is not None:
            return
        for kind in ("whole", "report"):
            report, traces = self._report(view.shown, kind), self._traces(view.shown)
            if not (report / HEAD).is_file():
                continue
            try:
                self._show(view, report, traces, None)
            except (InputError, OSError, ValueError):  # damaged: made anew
                shutil.rmtree(report, ignore_errors=True)
                traces.unlink(missing_ok=True)
                view.version, view.head, view.report = 0, {}, None
            else:
                view.done |= {"report": view.shown.state, **({"whole": view.shown.state} if kind == "whole" else {})}
                return

    def _tidy(self, shown: Shown) -> None:
        wanted = {self._report(shown, "report"), self._report(shown, "whole"), self._traces(shown)}
        with contextlib.suppress(OSError):
            for path in (self._place / shown.id).iterdir():
                if path.name.startswith(("report-", "whole-")) and path not in wanted:
                    shutil.rmtree(path, ignore_errors=True)
                elif path.name.startswith("traces-") and path not in wanted:
                    path.unlink()

    def _report(self, shown: Shown, kind: str) -> Path:
        return self._place / shown.id / f"{kind}-{shown.state}"

    def _traces(self, shown: Shown) -> Path:
        return self._place / shown.id / f"traces-{shown.state}"

    # --------------------------------------------------------------------------------------------------------- jobs

    def _due(self) -> list[tuple[str, View]]:
        """What should be done, most wanted first: what has nothing to show, then what somebody looks at."""
        now = time.monotonic()
        running = {(job.id, job.kind) for job in self._running}
        jobs = []
        for view in self.views.values():
            for rank, kind in enumerate(("traces", "report", "whole")):
                waits = (view.shown.id, kind) in running or now < view.due.get(kind, 0.0)
                if not waits and self._wanted(view, kind):
                    jobs.append(((view.version > 0, rank, -view.seen), kind, view))
        jobs.sort(key=lambda job: job[0])
        return [(kind, view) for _, kind, view in jobs]

    def _wanted(self, view: View, kind: str) -> bool:
        state = view.shown.state
        if kind == "traces":
            return view.shown.recorded is not None and view.done.get(kind) != state
        if kind == "whole":
            ready = self.replay is None and view.done.get("report") == state and bool(view.head.get("more"))
            return ready and not view.shown.live and view.done.get(kind) != state
        if view.shown.live and view.shown.recorded is None:
            return False  # nothing was recorded yet
        if self.replay is not None and view.until is not None and view.traces is not None:
            end = float(view.traces.time[-1]) if len(view.traces.time) else 0.0
            return view.until < min(self.replay.now(), end)
        return view.done.get(kind) != state

    def _begin(self, kind: str, view: View) -> None:
        if self._pool is None:
            self._pool = self._made(self._workers)
        shown = view.shown
        until = None if self.replay is None else self.replay.now()
        report = self._report(shown, kind)
        if until is not None:
            report = report.with_name(f"{report.name}-{view.version + 1}")
        traces = self._traces(shown)
        if kind == "traces":
            assert shown.recorded is not None
            future = self._pool.submit(do_traces, shown.recorded, traces, bool(view.head.get("resistance")))
        else:
            own = None if shown.live else traces  # those of a live cell are written as it is recorded
            job = Job(shown.cell, shown.state, report, own, len(self.views), until, kind == "whole")
            future = self._pool.submit(do_report, job)
        self._running.append(_Running(shown.id, kind, shown.state, report, traces, until, future))

    def _take(self, job: _Running) -> None:
        """What a process made; one that died is told on the cell's page and does not take the others."""
        view = self.views.get(job.id)
        try:
            did = job.future.result()
        except BaseException as error:
            did = Did(f"could not be prepared: {type(error).__name__}", AGAIN * SHARE)
            if self._pool is not None:
                self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
        if view is None:
            return
        view.due[job.kind] = time.monotonic() + (did.took / SHARE if self.replay is None else 2.0 * did.took)
        view.done[job.kind] = job.state
        view.problems[job.kind] = did.problem
        if did.problem:  # the next time its files may be whole
            view.due[job.kind] = time.monotonic() + max(AGAIN, did.took / SHARE)
            if view.shown.live:
                del view.done[job.kind]
            return
        if job.kind == "traces":
            self._show_traces(view, job.traces)
        else:
            self._show(view, job.report, job.traces, job.until)

    def _show(self, view: View, report: Path, traces: Path, until: float | None) -> None:
        earlier = view.report
        view.head = json.loads((report / HEAD).read_text(encoding="utf-8"))
        view.report, view.until = report, until
        view.version += 1
        if earlier is not None and earlier != report:
            shutil.rmtree(earlier, ignore_errors=True)
        if not view.shown.live:
            self._show_traces(view, traces)

    def _show_traces(self, view: View, traces: Path) -> None:
        """Map traces; those before are removed, and stay whole for whoever reads them just now."""
        if traces == view.traces_file or not traces.is_file():
            return
        earlier = view.traces_file
        view.traces, view.traces_file = open_pyramid(traces), traces
        view.traces_version += 1
        if earlier is not None:
            with contextlib.suppress(OSError):
                earlier.unlink()
