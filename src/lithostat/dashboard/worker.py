"""What runs in the processes beside the server: it loads the heavy packages, so that the server does not."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from lithostat.experiment.errors import sentence_of
from lithostat.lab.folder import CellFolder


@dataclass(frozen=True)
class Job:
    """A cell to prepare, whose files are in `state`: the report into `report` (a folder), the traces into `traces`.

    Traces that are there are left; None writes none. `repeats` is the number of cells in the folder; `until` [s] is
    where a replay stands; `whole` asks for what takes longer.
    """

    cell: CellFolder
    state: str
    report: Path
    traces: Path | None
    repeats: int = 1
    until: float | None = None
    whole: bool = False


def begin() -> None:
    """First thing in a process: the server and whatever measures go before it, and it ends with the server.

    Ctrl-C is for the server, which ends its processes; one whose server was killed ends by itself.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError, AttributeError):
        os.nice(5)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(2.0)
    os._exit(1)


class Did(NamedTuple):
    """How a job went: '' or a sentence that says why there is no result, and the processor time that it took [s]."""

    problem: str
    took: float


def do_report(job: Job) -> Did:
    """Prepare a cell."""

    def work() -> None:
        from lithostat.dashboard.prepare import prepare

        prepare(job)

    return _done(work)


def do_traces(recorded: Path, traces: Path, resistance: bool) -> Did:
    """Write the traces of a record that grows, with V/I where `resistance` asks for it."""

    def work() -> None:
        from lithostat.dashboard.traces import write_traces_of_file

        write_traces_of_file(recorded, traces, resistance=resistance)

    return _done(work)


def _done(work: Callable[[], None]) -> Did:
    began = time.process_time()
    problem = ""
    try:
        work()
    except BaseException as error:
        problem = sentence_of(error)
    return Did(problem, time.process_time() - began)
