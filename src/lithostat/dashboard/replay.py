"""The clock of a replay: seconds of the record at any speed."""

from __future__ import annotations

import time
from collections.abc import Callable

from lithostat.experiment.errors import InputError

FASTEST = 1e7


class Replay:
    """Stands at time 0 of every record until it begins. `speed` is seconds of the record a second."""

    def __init__(self, speed: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.speed, self._clock = speed, clock
        self._start: float | None = None

    def begin(self) -> None:
        """Let time run, from 0; a second time changes nothing."""
        if self._start is None:
            self._start = self._clock()

    def now(self) -> float:
        """Where the replay stands [s] of the record."""
        return 0.0 if self._start is None else (self._clock() - self._start) * self.speed


def speed_of(text: str) -> float:
    """'1000x' or '1000' as a number; `InputError` for anything else."""
    try:
        speed = float(text.strip().lower().removesuffix("x"))
    except ValueError:
        speed = float("nan")
    if not 0.0 < speed <= FASTEST:
        raise InputError(f"received '{text}' for --replay", expected=f"a speed like 1000x, at most {FASTEST:.0e}x")
    return speed
