"""What is shown of one cell: the last report that was ready, its traces, and where they are kept."""

from __future__ import annotations

import contextlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lithostat.dashboard.pyramid import Pyramid, open_pyramid
from lithostat.dashboard.render import HEAD
from lithostat.dashboard.shown import Shown
from lithostat.experiment.errors import InputError

KINDS = ("traces", "report", "whole")  # of what is prepared of a cell, in the order in which it is wanted


@dataclass
class View:
    """A cell as its page and its tile show it; `place` is the folder of what is prepared of it.

    By kind of job: `problems` why it has no result, `due` the moment before which it is not done again, `done` the
    state of the cell for which it was done.
    """

    shown: Shown
    place: Path
    head: dict[str, Any] = field(default_factory=dict)
    report: Path | None = None
    version: int = 0
    traces: Pyramid | None = None
    traces_file: Path | None = None
    traces_version: int = 0
    until: float | None = None  # of a replay: where the report stands
    problems: dict[str, str] = field(default_factory=dict)
    due: dict[str, float] = field(default_factory=dict)
    done: dict[str, str] = field(default_factory=dict)
    seen: float = 0.0  # when somebody looked at its page

    @property
    def problem(self) -> str:
        """Why something of it could not be prepared; '' if all could."""
        return "; ".join(dict.fromkeys(filter(None, self.problems.values())))

    @property
    def name(self) -> str:
        """What its note calls it, once that is known."""
        return str(self.head.get("title") or self.shown.cell.name)

    @property
    def end(self) -> float:
        """The last time of its traces [s]."""
        return float(self.traces.time[-1]) if self.traces is not None and len(self.traces.time) else 0.0

    def report_place(self, kind: str) -> Path:
        """Where a report of its files as they are now is kept."""
        return self.place / f"{kind}-{self.shown.state}"

    def traces_place(self) -> Path:
        """Where the traces of its files as they are now are kept."""
        return self.place / f"traces-{self.shown.state}"

    def wants(self, kind: str, now: float | None) -> bool:
        """Whether a job of that kind should be done; `now` is where a replay stands."""
        shown, undone = self.shown, self.done.get(kind) != self.shown.state
        if kind == "traces":
            return shown.recorded is not None and undone
        if kind == "whole":
            called = self.done.get("report") == shown.state and bool(self.head.get("more"))
            return now is None and called and not shown.live and undone
        if shown.live and shown.recorded is None:
            return False  # nothing was recorded yet
        if now is not None and self.until is not None and self.traces is not None:
            return self.until < min(now, self.end)
        return undone

    def show_report(self, report: Path, traces: Path, until: float | None) -> None:
        """Show a report that is ready, and the traces that belong to it; what was shown before is removed."""
        earlier = self.report
        self.head = json.loads((report / HEAD).read_text(encoding="utf-8"))
        self.report, self.until = report, until
        self.version += 1
        if earlier is not None and earlier != report:
            shutil.rmtree(earlier, ignore_errors=True)
        if not self.shown.live:
            self.show_traces(traces)

    def show_traces(self, traces: Path) -> None:
        """Map traces; those before are removed, and stay whole for whoever reads them just now."""
        if traces == self.traces_file or not traces.is_file():
            return
        earlier = self.traces_file
        self.traces, self.traces_file = open_pyramid(traces), traces
        self.traces_version += 1
        if earlier is not None:
            with contextlib.suppress(OSError):
                earlier.unlink()

    def take_up(self) -> None:
        """Show what an earlier dashboard prepared of the same files; what is damaged is made anew."""
        for kind in ("whole", "report"):
            report, traces = self.report_place(kind), self.traces_place()
            if not (report / HEAD).is_file():
                continue
            try:
                self.show_report(report, traces, None)
            except (InputError, OSError, ValueError):
                shutil.rmtree(report, ignore_errors=True)
                traces.unlink(missing_ok=True)
                self.version, self.head, self.report = 0, {}, None
            else:
                self.done |= dict.fromkeys(("report", kind), self.shown.state)
                return

    def tidy(self) -> None:
        """Remove what was prepared of other files than those of now."""
        wanted = {self.report_place("report"), self.report_place("whole"), self.traces_place()}
        with contextlib.suppress(OSError):
            for path in self.place.iterdir():
                if path.name.split("-")[0] not in KINDS or path in wanted:
                    continue
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink()
