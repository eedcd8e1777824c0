"""What passes from one solve of a test to the next, what each leaves, and how solves and tests end."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

from lithostat.model.parameters import Laws
from lithostat.physics.types import Values
from lithostat.simulation.equations import Observation, State
from lithostat.simulation.plan import Drive

Choice = TypeVar("Choice")
# what ends a solve; the last three are limits of the protocol
RAN, SHORT, CONTACT_LOST, LITHIUM_SPENT, VOLTAGE, HIGH, LOW = range(-1, 6)
RUNNING, DONE, NO_CONTACT, NO_LITHIUM, STALLED = range(5)  # how a test stands
ENDED_AS = {DONE: "survived", NO_CONTACT: "contact lost", NO_LITHIUM: "lithium spent", STALLED: "stalled"}  # no short


class Tolerance(NamedTuple):
    """Of the integrator (per field, in its own unit) and of the time of an event relative to the step it lies in.

    `void` is what an error of the void thickness counts for. Its rate jumps where a void closes, so that at 1 most of
    the steps of a cell that strips too fast go into finding those moments.
    """

    relative: float = 1e-8
    absolute: float = 1e-11
    event: float = 1e-10
    void: float = 1.0


def suited(laws: Laws, either: tuple[Choice, Choice]) -> Choice:
    """The one of (straight, curved) that the chosen law of voids asks for.

    Where voids close at one rate the states follow straight lines within a half-cycle, which one step of a low order
    takes. Otherwise they follow curves, for which a higher order pays.
    """
    straight, curved = either
    return straight if laws.voids == "constant_closure" else curved


class Carry(NamedTuple):
    """What passes from one solve to the next."""

    row: Values
    elapsed: Values  # inside the row [s]
    time: Values  # since the start of the test [s]
    state: State
    held: Values  # pressure the fixture was set to, relaxation and swelling aside [Pa]
    stack: Values  # stack height at that moment [m]
    shorted: Values  # 0. or 1.
    short_time: Values  # infinite until then [s]
    stop: Values  # the test ends here at the latest [s]
    status: Values


class Piece(NamedTuple):
    """One solve: where it started, what drove it, the states saved on its way (trailing entry: its end)."""

    row: Values
    start: Values  # [s]
    cause: Values  # what ended it
    times: Values  # local (samples + 1,) [s], infinite beyond an event
    states: State  # leading axis (samples + 1,)
    seen: Observation  # leading axis (samples + 1,)
    drive: Drive


class Ended(NamedTuple):
    """The end of a solve: local time [s], state, and what ended it."""

    time: Values
    state: State
    cause: Values
