"""A thread that writes `watch.json` and `events.jsonl`, so that a slow disk never holds the loop."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from lithostat.experiment.errors import InputError
from lithostat.rig.state import Event, WatchState, append_events, write_state

AGAIN = 1.0  # s


class Teller:
    """Writes states and events of a watch into its folder; what cannot be written now is tried again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: queue.Queue[WatchState | Sequence[Event] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="teller", daemon=True)
        self._thread.start()

    def state(self, state: WatchState) -> None:
        """Have a state written; returns at once."""
        self._waiting.put(state)

    def events(self, events: Sequence[Event]) -> None:
        """Have events written; returns at once."""
        if events:
            self._waiting.put(tuple(events))

    def close(self) -> None:
        """Write what waits."""
        self._waiting.put(None)
        self._thread.join(timeout=10.0)

    def _run(self) -> None:
        ended = False
        state: WatchState | None = None
        events: list[Event] = []
        while not ended:
            told = [self._waiting.get()]
            while not self._waiting.empty():
                told.append(self._waiting.get_nowait())
            for one in told:
                if one is None:
                    ended = True
                elif isinstance(one, WatchState):
                    state = one
                else:
                    events += one
            try:
                append_events(self._folder, events)
                events = []
                if state is not None:
                    write_state(self._folder, state)
                    state = None
            except (OSError, InputError):  # a full disk; the keeper says so
                time.sleep(0.0 if ended else AGAIN)
