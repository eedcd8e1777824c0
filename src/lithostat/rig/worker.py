"""Full calls in a process of their own, so that limits never wait for them."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Any, NamedTuple

from lithostat.cycling.next_sample import LowerBound
from lithostat.experiment.errors import InputError, sentence_of
from lithostat.experiment.finding import Outcome
from lithostat.experiment.other_programs import python_command
from lithostat.reading.apart import receive, send
from lithostat.rig.cell_log import Plan, record_of
from lithostat.rig.state import RECORD_FILE

_SERVE = "from lithostat.rig.worker import serve; serve()"


@dataclass(frozen=True)
class Judged:
    """What a full call gives of one cell: its outcome, the bound of the next sample, and what reading had to say.

    `rows` are those of the record; `last` the time of its last row [s]; `problem` why there is no call, or no record.
    """

    cell: str
    outcome: Outcome | None = None
    bound: LowerBound | None = None
    rows: int = 0
    last: float = 0.0
    warnings: tuple[str, ...] = ()
    problem: str = ""


class Asked(NamedTuple):
    """A full call of one cell; its record is written where `write` is true."""

    plan: Plan
    write: bool


def judge(plan: Plan, *, write: bool = True, asker: int | None = None) -> Judged:
    """Make the record of a cell's log, call it, and write it into the cell's folder.

    Where the process `asker` is gone by then nothing is written: the watch that took its place knows more.
    """
    from lithostat.cycling.next_sample import lower_bound_now
    from lithostat.cycling.shorts import call
    from lithostat.cycling.trace import trace_of

    record = record_of(plan)
    if record is None:
        return Judged(plan.name, problem="there is no row yet")
    unwritten = ""
    if write and asker in (None, os.getppid()):
        try:
            record.write_parquet(plan.folder / RECORD_FILE)
        except InputError as error:  # a full disk: the call matters more
            unwritten = str(error)
    rows = len(record.table)
    last = float(record.column("test_time_second")[-1]) if rows else 0.0
    warnings = tuple(map(str, record.warnings))
    trace = trace_of(record, plan.note)
    if not len(trace.time):
        return Judged(plan.name, rows=rows, last=last, warnings=warnings, problem="no row has voltage and current yet")
    return Judged(plan.name, call(trace).outcome, lower_bound_now(trace), rows, last, warnings, unwritten)


def serve() -> None:
    """Answer requests on standard input until it closes; what libraries print goes to standard error."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    asker = os.getppid()
    while True:
        try:
            asked: Asked = receive(requests)
        except EOFError:
            return
        try:
            answer = judge(asked.plan, write=asked.write, asker=asker)
        except BaseException as error:  # whatever it is, the next cell wants its answer
            answer = Judged(asked.plan.name, problem=sentence_of(error))
        send(answers, answer)


@dataclass
class Worker:
    """One process that judges cell after cell. `ask` returns at once; answers lie in `answers`.

    A process that dies is started anew, and the cell that it died of gets that as its answer.
    """

    answers: queue.Queue[Judged] = field(default_factory=queue.Queue)
    _asked: queue.Queue[tuple[Asked, Callable[[], object]] | None] = field(default_factory=queue.Queue, init=False)
    _process: Any = field(default=None, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)

    def ask(self, plan: Plan, *, durable: Callable[[], object], write: bool = True) -> None:
        """Have a cell judged, after those that were asked for before.

        A call reads the log from disk: `durable` waits until all that was read by now is there, and is called in the
        thread that asks. Rows that the log does not hold yet would count as judged.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="full calls", daemon=True)
            self._thread.start()
        self._asked.put((Asked(plan, write), durable))

    def close(self) -> None:
        """End it once it has answered what it is at."""
        if self._thread is not None:
            self._asked.put(None)
            self._thread.join(timeout=60.0)
        self._end()

    def _run(self) -> None:
        while (next_ := self._asked.get()) is not None:
            asked, durable = next_
            durable()
            self.answers.put(self._answer(asked))

    def _answer(self, asked: Asked) -> Judged:
        try:
            if self._process is None:
                self._process = subprocess.Popen(
                    python_command(_SERVE), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
                )
            stdin, stdout = _pipes(self._process)
            send(stdin, asked)
            answer = receive(stdout)
        except (OSError, EOFError) as error:
            self._end()
            return Judged(asked.plan.name, problem=f"the process that judges ended ({error or 'without a word'})")
        return answer if isinstance(answer, Judged) else Judged(asked.plan.name, problem="no answer")

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in _pipes(process):
            with contextlib.suppress(OSError):
                pipe.close()
        try:
            process.wait(timeout=10.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _pipes(process: Any) -> tuple[IO[bytes], IO[bytes]]:
    return process.stdin, process.stdout
