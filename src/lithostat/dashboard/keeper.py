"""Keeps what the pages show up to date: looks at the folder, has cells prepared in other processes, one after another.

A thread of the server. What it holds of a cell is small: paths, a head of JSON, and a mapped pyramid.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from lithostat.dashboard.replay import Replay
from lithostat.dashboard.shown import Sight
from lithostat.dashboard.view import KINDS, View
from lithostat.dashboard.worker import Did, Job, begin, do_report, do_traces
from lithostat.experiment.errors import InputError, sentence_of

EVERY = 1.0  # s between looks, at least
AGAIN = 5.0  # s until what could not be prepared is tried again
SHARE = 0.1  # of a core at most for one cell that keeps changing, and for looking at the folder
DIED = "its process was ended from outside, as where memory runs out"


@dataclass
class _Running:
    view: View
    kind: str
    state: str
    report: Path
    traces: Path
    until: float | None
    future: Future[Did]

    @property
    def key(self) -> tuple[str, str]:
        return self.view.shown.id, self.kind


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
        self._suspects: set[tuple[str, str]] = set()  # jobs of a pool that died; each is tried alone
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

    def working_on(self, view: View) -> bool:
        """Whether something of the cell is being prepared."""
        return any(job.view is view for job in self._running)

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
        if self.replay is not None and all(view.version or view.problem for view in self.views.values()):
            self.replay.begin()  # not before there is something to see of each
        for kind, view in self._due():
            if len(self._running) >= (1 if self._suspects else self._workers):
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
                view = View(shown, self._place / shown.id)
                view.tidy()
                if self.replay is None:
                    view.take_up()
            view.shown = shown
            views[shown.id] = view
        self.views = views
        self._suspects = {key for key in self._suspects if key[0] in views}

    def _due(self) -> list[tuple[str, View]]:
        """What should be done, most wanted first: what has nothing to show, then what somebody looks at."""
        now, at = time.monotonic(), None if self.replay is None else self.replay.now()
        running = {job.key for job in self._running}
        jobs = []
        for view in self.views.values():
            for rank, kind in enumerate(KINDS):
                key = (view.shown.id, kind)
                if key not in running and now >= view.due.get(kind, 0.0) and view.wants(kind, at):
                    jobs.append(((key not in self._suspects, view.version > 0, rank, -view.seen), kind, view))
        jobs.sort(key=lambda job: job[0])
        return [(kind, view) for _, kind, view in jobs]

    def _begin(self, kind: str, view: View) -> None:
        if self._pool is None:
            self._pool = self._made(self._workers)
        shown, traces, report = view.shown, view.traces_place(), view.report_place(kind)
        until = None if self.replay is None else self.replay.now()
        if until is not None:
            report = report.with_name(f"{report.name}-{view.version + 1}")
        if kind == "traces":
            assert shown.recorded is not None
            future = self._pool.submit(do_traces, shown.recorded, traces, bool(view.head.get("resistance")))
        else:
            own = None if shown.live else traces  # those of a live cell are written as it is recorded
            job = Job(shown.cell, shown.state, report, own, len(self.views), until, kind == "whole")
            future = self._pool.submit(do_report, job)
        self._running.append(_Running(view, kind, shown.state, report, traces, until, future))

    def _take(self, job: _Running) -> None:
        """What a process made. Where one died, each that ran with it is tried alone: one that dies alone is told."""
        alone = job.key in self._suspects
        self._suspects.discard(job.key)
        try:
            did = job.future.result()
        except BaseException:
            if self._pool is not None:
                self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
            if not alone:
                self._suspects.add(job.key)
                return
            did = Did(DIED, 0.0)
        view, now = job.view, time.monotonic()
        view.due[job.kind] = now + (did.took / SHARE if self.replay is None else 2.0 * did.took)
        view.done[job.kind] = job.state
        view.problems[job.kind] = did.problem
        if did.problem:  # the next time its files may be whole
            view.due[job.kind] = now + max(AGAIN, did.took / SHARE)
            if view.shown.live:
                del view.done[job.kind]
        elif job.kind == "traces":
            view.show_traces(job.traces)
        else:
            view.show_report(job.report, job.traces, job.until)
