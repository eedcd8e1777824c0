"""The clock of a watch: seconds since it began that cannot jump, and what the computer's own clock did meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from lithostat.experiment.quantity import span

WORTH_SAYING = 2.0  # s by which clocks may part without a word


def _since_boot() -> float:
    """Seconds that go on while the computer sleeps, where the system has such a clock."""
    kind = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if kind is None else time.clock_gettime(kind)


@dataclass
class Clock:
    """Time of a watch. `speed` times as much passes as on the wall, for simulated cells alone.

    `boot` counts on while the computer sleeps and is never set, `awake` counts only while it is awake, `wall` is the
    computer's clock, which people and programs set; all in seconds. `ahead` is what had passed before this process, for
    a watch that goes on after a restart.
    """

    speed: float = 1.0
    ahead: float = 0.0
    boot: Callable[[], float] = _since_boot
    awake: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    _origin: float = field(init=False)
    _wall_apart: float = field(init=False)
    _awake_apart: float = field(init=False)
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        """Begin now."""
        self._origin = self.boot()
        self._wall_apart = self.wall() - self._origin
        self._awake_apart = self.awake() - self._origin
        self._began = self.wall()

    def now(self) -> float:
        """Seconds since the watch began."""
        return self.ahead + self.speed * (self.boot() - self._origin)

    def began(self) -> datetime:
        """The instant of second 0, by the wall clock as it stood when this process began."""
        return datetime.fromtimestamp(self._began, UTC) - timedelta(seconds=self.ahead)

    def today(self) -> datetime:
        """What a clock on the wall shows now."""
        return datetime.fromtimestamp(self.wall(), UTC)

    def jumps(self) -> list[str]:
        """What happened to the computer's clocks since this was asked last, as sentences."""
        boot = self.boot()
        said = []
        asleep = self._awake_apart - (self.awake() - boot)
        if asleep > WORTH_SAYING:
            said.append(f"the computer slept for {span(asleep)}: nothing was measured or judged meanwhile")
            self._awake_apart -= asleep
        stepped = (self.wall() - boot) - self._wall_apart
        if abs(stepped) > WORTH_SAYING:
            way = "forward" if stepped > 0.0 else "back"
            said.append(
                f"the computer's clock was set {way} by {span(abs(stepped))}; times of the record are not moved"
            )
            self._wall_apart += stepped
        return said
