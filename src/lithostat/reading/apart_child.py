"""The other side of `apart`: a process that reads the files it is told to, each within limits, until nobody asks."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import IO

from lithostat.experiment.errors import InputError, MissingPackage
from lithostat.reading.apart import ChildAnswer, Request, receive, send
from lithostat.reading.read import read_here

GROWN = 1 << 30  # bytes by which the child may have grown before a new one takes its place


def serve() -> None:
    """Answer requests from standard input until it ends."""
    requests, answers = sys.stdin.buffer, _answers()
    begun = _size()
    with contextlib.suppress(EOFError, OSError):
        while True:
            answer = _answer(receive(requests))
            spent = answer.spent or _size() > begun + GROWN
            send(answers, answer._replace(spent=spent))
            if spent:
                return
    with contextlib.suppress(OSError):  # nobody asks any more, and whoever made the folder may be gone
        os.rmdir(os.getcwd())


def _answers() -> IO[bytes]:
    """Standard output for answers alone: what a library prints goes where errors go."""
    sys.stdout.flush()
    stream = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return stream


def _answer(request: Request) -> ChildAnswer:
    path, declared = Path(request.path), request.declaration
    with _limits(request):
        try:
            return ChildAnswer(record=read_here(path, declaration=None if declared is None else Path(declared)))
        except InputError as error:
            parts = {name: getattr(error, name) for name in ("problem", "file", "line", "place", "expected")}
            return ChildAnswer(problem=parts, spent=_out_of_memory(error))
        except MissingPackage as error:
            return ChildAnswer(missing=str(error))


def _out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out on the way: what is left of it then is in pieces."""
    while error is not None:
        if isinstance(error, MemoryError):
            return True
        error = error.__context__  # type: ignore[assignment]
    return False


@contextlib.contextmanager
def _limits(request: Request):  # type: ignore[no-untyped-def]
    """Limits on memory and on CPU time where the system has them; a process that uses up its time is ended."""
    try:
        import resource
    except ImportError:  # Windows: the parent looks at the clock
        yield
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    used = resource.getrusage(resource.RUSAGE_SELF)
    wanted = {
        resource.RLIMIT_CPU: int(used.ru_utime + used.ru_stime + request.seconds) + 1,
        resource.RLIMIT_AS: _size() + request.memory,
    }
    before = {kind: resource.getrlimit(kind) for kind in wanted}
    for kind, value in wanted.items():
        hard = before[kind][1]
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
    try:
        yield
    finally:
        for kind, both in before.items():
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(kind, both)


def _size() -> int:
    """Address space of this process [bytes]; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as stream:
            return int(stream.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return 0
