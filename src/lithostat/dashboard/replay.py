"""The clock of a replay: seconds of the record at any speed."""

from __future__ import annotations

import time
from collections.abc import Callable

from lithostat.experiment.errors import InputError

FASTEST = 1e7


class Replay:
    """Begins at time 0 of every record when it is made. `speed` is seconds of the record a second."""

    def __init__(self, speed: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.speed, self._clock = speed, clock
        self._start = clock()

    def now(self) -> float:
        """Where the replay stands [s] of the record."""
        return (self._clock() - self._start) * self.speed


def speed_of(text: str) -> float:
    """'1000x' or '1000' as a number; `InputError` for anything else."""
    try:
        speed = float(text.strip().lower().removesuffix("x"))
    except ValueError:
        speed = float("nan")
    if not 0.0 < speed <= FASTEST:
        raise InputError(f"received '{text}' for --replay", expected=f"a speed like 1000x, at most {FASTEST:.0e}x")
    return speed
