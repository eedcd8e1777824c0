"""The heartbeat of a relay: text that it must get every so often, or it opens. Only the loop that judges sends it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from lithostat.rig.readings import Lost
from lithostat.rig.rig_file import Heartbeat, Text


@dataclass
class Beat:
    """Sends while an interlock is energised, and never else; without `settings` there is no relay.

    `send` must return at once or raise `Lost`.
    """

    settings: Heartbeat | None
    send: Callable[[Text], None]
    _next: float = field(default=0.0, init=False)
    _said: list[str] = field(default_factory=list, init=False)
    _silent: bool = field(default=False, init=False)

    def beat(self, *, energised: bool) -> None:
        """Send if it is time; call it in every round of the loop."""
        now = time.monotonic()
        if self.settings is None or not energised or now < self._next:
            return
        self._next = now + self.settings.every
        try:
            self.send(self.settings)
            if self._silent:
                self._said.append("the relay gets its heartbeat again")
            self._silent = False
        except Lost as error:
            if not self._silent:
                self._said.append(f"the relay gets no heartbeat and will open: {error}")
            self._silent = True

    def stop(self) -> None:
        """No more of it."""
        self.settings = None

    def problems(self) -> list[str]:
        """What there is to say since this was asked last."""
        said, self._said = self._said, []
        return said
