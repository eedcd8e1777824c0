"""Ctrl-C: what is kept is said within a second, and a command that was stopped never ends as if it had succeeded."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import active_children
from pathlib import Path

from lithostat.experiment.unfinished import written

STOPPED = 130  # exit code of what Ctrl-C ended
SOON = 0.5  # s until it is said
PATIENCE = 3.0  # s more for the command to come to an end by itself; a compiler or a solver does not listen
SHOWN = 3  # names; more are counted

_saying = threading.Lock()


def what_is_kept() -> str:
    """A sentence on the files that were written whole."""
    files = list(dict.fromkeys(written))
    if not files:
        return "stopped; nothing was written yet"
    folders = {path.parent for path in files}
    if len(files) <= SHOWN:
        return f"stopped; written whole: {', '.join(map(str, files))}"
    places = f" in {next(iter(folders))}" if len(folders) == 1 else ""
    return f"stopped; {len(files)} files are written whole{places}"


def say_stopped() -> None:
    """Say it, once."""
    if _saying.acquire(blocking=False):
        from lithostat.terminal import visible

        with contextlib.suppress(OSError):
            print(visible(f"lithostat: {what_is_kept()}"), file=sys.stderr, flush=True)


def end_children() -> None:
    """End the processes that work for this one."""
    for child in active_children():
        child.terminate()


@contextmanager
def stopped_in_time() -> Iterator[None]:
    """Inside the block, Ctrl-C is answered within a second and ends this process soon after, wherever it is.

    A command that answers it itself, as one that runs until it is stopped, is left to do so.
    """
    if os.name != "posix" or threading.current_thread() is not threading.main_thread():
        yield
        return
    heard, rings = os.pipe()
    os.set_blocking(rings, False)
    over = threading.Event()
    threading.Thread(target=_listen, args=(heard, over), daemon=True).start()
    before = signal.set_wakeup_fd(rings, warn_on_full_buffer=False)
    try:
        yield
    finally:
        over.set()
        signal.set_wakeup_fd(before)
        os.close(rings)


def _listen(heard: int, over: threading.Event) -> None:
    """Wait for the signal, outside of the thread that computes, and end the process if that does not."""
    while told := os.read(heard, 64):
        if signal.SIGINT in told and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            if over.wait(SOON):
                break
            end_children()
            say_stopped()
            if over.wait(PATIENCE):
                break
            os._exit(STOPPED)
    os.close(heard)


def add_written(paths: tuple[Path, ...]) -> None:
    """What another process has written for this one."""
    written.extend(paths)
