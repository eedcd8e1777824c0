"""Files read in a process apart, which may run out of memory or time, or be ended by a library, and harms no other.

One child reads file after file; it is started at the first that needs it, and anew after one that ended it. Only
records and sentences come back. What it costs is in `docs/reading.md`.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO, Any, NamedTuple

from lithostat.experiment.errors import InputError, LithostatError, MissingPackage
from lithostat.experiment.other_programs import python_command
from lithostat.experiment.record import Record

MEMORY = (4 << 30, 30)  # bytes for each file, and times its size beside
SECONDS = (60.0, 10.0)  # of CPU for each file, and for each MB of it beside
PATIENCE = 10.0  # times as long by the clock, where the system limits no CPU time or the machine has much to do
_CHILD = "from lithostat.reading.apart_child import serve; serve()"
_END = "keeps its reader busy without an end; it is damaged or made to do so"


class Request(NamedTuple):
    """One file to read, and what that may cost."""

    path: str
    declaration: str | None
    memory: int
    seconds: float


class ChildAnswer(NamedTuple):
    """A record, or the parts of an `InputError`, or the sentence of another error; `spent` ends the child."""

    record: Record | None = None
    problem: dict[str, Any] | None = None
    missing: str | None = None
    spent: bool = False


class _Child:
    """A running reader and its ends of pipes."""

    def __init__(self) -> None:
        self.owner = os.getpid()  # a fork of this process has its memory but not its child
        self.folder = tempfile.TemporaryDirectory(prefix="lithostat-")
        self.said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(
            python_command(_CHILD),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.said,
            cwd=self.folder.name,
            start_new_session=os.name == "posix",
        )

    def answered(self, request: Request) -> ChildAnswer | None:
        """The answer; None if the child ended or was ended before it gave one."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        timer = threading.Timer(PATIENCE * request.seconds, self.kill)
        timer.start()
        try:
            send(self.process.stdin, request)
            found = receive(self.process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError):
            return None
        finally:
            timer.cancel()
        return found if isinstance(found, ChildAnswer) else None

    def kill(self) -> None:
        """End it and what it started."""
        with contextlib.suppress(OSError):
            if os.name == "posix":
                os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.kill()

    def closed(self) -> tuple[int, str]:
        """End it; how it ended, and the last line that it printed."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            code = self.process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            self.kill()
            code = self.process.wait()
        self.said.seek(max(0, self.said.seek(0, os.SEEK_END) - 4096))
        lines = self.said.read().decode(errors="replace").strip().splitlines()
        self.said.close()
        with contextlib.suppress(OSError):
            self.folder.cleanup()
        return code, (lines or [""])[-1][:200]


_lock = threading.Lock()
_child: _Child | None = None


def can_be_apart() -> bool:
    """Whether this process can start an interpreter: not where it is a program with Python inside."""
    return bool(sys.executable) and not getattr(sys, "frozen", False)


def read_apart(path: Path, declaration: Path | None = None) -> Record:
    """What `read_here` gives of this file, from the child. Raises `InputError` too if the file ended the child."""
    global _child
    size = path.stat().st_size
    request = Request(
        str(path.absolute()),
        None if declaration is None else str(declaration.absolute()),
        min(MEMORY[0] + MEMORY[1] * size, _free()),
        SECONDS[0] + SECONDS[1] * size / 1e6,
    )
    with _lock:
        child = _child if _child is not None and _child.owner == os.getpid() else _started(path)
        _child = None  # until it has answered
        try:
            answer = child.answered(request)
        except BaseException:  # a person stopped it
            child.kill()
            child.closed()
            raise
        if answer is not None and not answer.spent:
            _child = child
    if answer is None or answer.spent:
        code, last = child.closed()
    if answer is None:
        raise InputError(_why(code, last), file=str(path), expected="an unharmed file")
    return _record(answer, path, declaration)


def _record(answer: ChildAnswer, path: Path, declaration: Path | None) -> Record:
    """The record, or the error, about the paths as they were given."""
    given = {str(path.absolute()): str(path)}
    if declaration is not None:
        given[str(declaration.absolute())] = str(declaration)
    if answer.record is not None:
        return answer.record
    if answer.missing is not None:
        for whole, short in given.items():
            answer = answer._replace(missing=str(answer.missing).replace(whole, short))
        raise MissingPackage(str(answer.missing))
    said = dict(answer.problem or {})
    raise InputError(said.pop("problem"), **(said | {"file": given.get(said.get("file", ""), said.get("file"))}))


def _started(path: Path) -> _Child:
    try:
        return _Child()
    except OSError as error:
        raise LithostatError(f"{path}: no process could be started to read it ({error.strerror or error})") from None


def _why(code: int, last: str) -> str:
    """Why the child gave no answer, from how it ended."""
    out_of_time = {-getattr(signal, name, 0) for name in ("SIGXCPU", "SIGKILL")}
    if code in out_of_time:
        return _END
    if "memory" in last.lower() or "alloc" in last.lower():
        return "would need more memory than there is; it is damaged or far too large"
    return f"ended its reader ({last or f'code {code}'}); it is damaged or made to do so"


def _free() -> int:
    """Nine tenths of the memory that is free [bytes], at least 1 GiB; without a bound where nobody says."""
    try:
        with open("/proc/meminfo", encoding="ascii") as stream:
            said = dict(line.split(":") for line in stream)
        return max(int(0.9 * 1024 * int(said["MemAvailable"].split()[0])), 1 << 30)
    except (OSError, KeyError, ValueError):
        return sys.maxsize


def send(stream: IO[bytes], said: object) -> None:
    """One message: its length in 8 bytes, then itself."""
    data = pickle.dumps(said, protocol=5)
    stream.write(len(data).to_bytes(8, "little"))
    stream.write(data)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """One message; `EOFError` if the other side is gone."""
    length = int.from_bytes(_whole(stream, 8), "little")
    return pickle.loads(_whole(stream, length))


def _whole(stream: IO[bytes], length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data


@atexit.register
def _close() -> None:
    global _child
    if _child is not None and _child.owner == os.getpid():
        _child.closed()
    _child = None
