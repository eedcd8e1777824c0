"""One thread that writes logs: what was read is on disk within a second, and a full disk loses nothing that waits."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from lithostat.experiment.errors import InputError
from lithostat.experiment.record import write_whole
from lithostat.rig.cell_log import whole_file
from lithostat.rig.frames import Entry, Fact, Log
from lithostat.rig.readings import Lines
from lithostat.rig.segments import LOG, LONG, merged, roll_up

EVERY = 1.0  # s between syncs
MOST_WAITING = 1_000_000  # entries that wait for space on a full disk


@dataclass
class Keeper:
    """Appends and syncs the logs of all cells; `say` is called with (cell, sentence) when something goes wrong."""

    folders: dict[str, Path]
    say: Callable[[str, str], None]
    long: int = LONG
    _logs: dict[str, Log] = field(default_factory=dict, init=False)
    _waiting: queue.Queue[tuple[str, Entry] | threading.Event | None] = field(default_factory=queue.Queue, init=False)
    _left: dict[str, list[Entry]] = field(default_factory=dict, init=False)
    _full: set[str] = field(default_factory=set, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)

    def start(self) -> dict[str, str]:
        """Open every log; what was cut off each, by cell."""
        for cell, folder in self.folders.items():
            folder.mkdir(parents=True, exist_ok=True)
            self._logs[cell] = Log(folder / LOG)
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
        self._thread.start()
        return {cell: log.recovered.cut for cell, log in self._logs.items()}

    def keep(self, cell: str, entry: Entry) -> None:
        """Have an entry written; returns at once."""
        self._waiting.put((cell, entry))

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until everything so far is durable; False where it is not in time."""
        done = threading.Event()
        self._waiting.put(done)
        return done.wait(timeout)

    def close(self) -> None:
        """Write what waits, and let the logs go."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join(timeout=30.0)
        for log in self._logs.values():
            log.close()

    def _run(self) -> None:
        open_ended = True
        while open_ended:
            told: list[threading.Event] = []
            until = time.monotonic() + EVERY
            while open_ended and not told and (pause := until - time.monotonic()) > 0.0:
                try:
                    entry = self._waiting.get(timeout=pause)
                except queue.Empty:
                    break
                if isinstance(entry, threading.Event):
                    told.append(entry)
                elif entry is None:
                    open_ended = False
                else:
                    self._left.setdefault(entry[0], []).append(entry[1])
            for cell in list(self._left):
                self._write(cell)
            if not self._full:
                for event in told:
                    event.set()

    def _write(self, cell: str) -> None:
        """Append and sync what waits for one cell; on a full disk it goes on waiting."""
        waiting = list(merged(self._left[cell]))
        log = self._logs[cell]
        done = 0
        try:
            for entry in waiting:
                log.append(self._aside(cell, entry))
                done += 1
            log.sync()
            if cell in self._full:
                self._full.discard(cell)
                self.say(cell, "the disk takes data again; nothing was lost")
            self._left[cell] = []
        except (OSError, InputError) as error:
            self._left[cell] = waiting[done:]
            if cell not in self._full:
                self._full.add(cell)
                why = getattr(error, "strerror", None) or error
                self.say(cell, f"the log cannot be written ({why}); what is read waits in memory")
            self._bounded(cell)
            return
        if log.size > self.long:
            self._rolled_up(cell)

    def _aside(self, cell: str, entry: Entry) -> Entry:
        """A file that is no text is kept beside the log, in its last version alone."""
        if not isinstance(entry, Lines) or not entry.whole:
            return entry
        path = whole_file(self.folders[cell], entry.part, entry.file)
        data = entry.data
        write_whole(path, lambda temporary: Path(temporary).write_bytes(data))
        return replace(entry, data=b"")

    def _bounded(self, cell: str) -> None:
        waiting = self._left[cell]
        if len(waiting) > MOST_WAITING:
            lost = len(waiting) - MOST_WAITING
            facts = [entry for entry in waiting[:lost] if isinstance(entry, Fact | Lines)]  # few, and needed
            self._left[cell] = [*facts, *waiting[lost:]]
            self.say(cell, f"{lost - len(facts)} readings were given up: the disk is full and so is the memory")

    def _rolled_up(self, cell: str) -> None:
        folder = self.folders[cell]
        self._logs[cell].close()
        try:
            roll_up(folder)
        except Exception as error:  # the log is as it was
            self.say(cell, f"the log could not be compressed ({error})")
            self.long *= 2
        self._logs[cell] = Log(folder / LOG)
