"""What is done at a trip, in threads of their own, and whether a reading confirms that it worked."""

from __future__ import annotations

import queue
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lithostat.rig.readings import Lost
from lithostat.rig.rig_file import StatedAction, Text

LONGEST = 30.0  # s that a program may take

Send = Callable[[Text], None]


@dataclass(frozen=True)
class Pending:
    """An action that a reading must confirm until `deadline` [s]."""

    action: StatedAction
    deadline: float


def named(action: StatedAction) -> str:
    """An action as people read it."""
    if action.command is not None:
        return " ".join(action.command)[:80]
    assert action.serial is not None
    return f"'{action.serial.text.strip()}' to {action.serial.port}"


@dataclass
class Actions:
    """Does actions, each in its own thread, so that none waits for another; what they say lies in `said`."""

    send: Send
    said: queue.Queue[tuple[str, str, str]] = field(default_factory=queue.Queue)

    def do(self, cell: str, actions: Sequence[StatedAction]) -> None:
        """Begin all of them now."""
        for action in actions:
            threading.Thread(target=self._done, args=(cell, action), name="action", daemon=True).start()

    def _done(self, cell: str, action: StatedAction) -> None:
        problem = ""
        try:
            if action.serial is not None:
                self.send(action.serial)
            else:
                problem = _run(action.command or ())
        except Lost as error:
            problem = str(error)
        if problem:
            self.said.put((cell, "action failed", f"{named(action)}: {problem}"))
        else:
            self.said.put((cell, "action", f"{named(action)}: done"))


def _run(argv: Sequence[str]) -> str:
    """Run a program without any shell; why it failed, '' if it did not."""
    try:
        done = subprocess.run(
            list(argv), stdin=subprocess.DEVNULL, capture_output=True, timeout=LONGEST, check=False, shell=False
        )
    except subprocess.TimeoutExpired:
        return f"did not end within {LONGEST:.0f} s and was ended"
    except (OSError, ValueError) as error:
        return f"cannot be run ({error})"
    if done.returncode:
        last = (done.stderr.decode("utf-8", "replace").strip().splitlines() or [""])[-1][:120]
        return f"ended with code {done.returncode} {last}".rstrip()
    return ""
