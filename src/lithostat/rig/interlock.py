"""The interlock as a pure function: what limits and people say to a state, and what is to be done.

Its promises: it de-energises to trip; a condition that is true when it is armed counts; the first that went out is kept
until the reset; acknowledging and resetting are two acts, and a reset is refused while a cause lasts; a bypass is for
one condition and expires; nothing arms by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

LONGEST_BYPASS = 24 * 3600.0  # s


class Condition(NamedTuple):
    """A limit that is out: its name, why, and whether it trips."""

    name: str
    reason: str
    trip: bool


@dataclass(frozen=True)
class Order:
    """What a person asks a watch for. `cell` may be '' for every cell; `why` is kept with it.

    `condition` and `seconds` are those of a bypass; `newton` is the load that acts now, for a new zero, None to say
    that the zero before still holds.
    """

    verb: str
    cell: str = ""
    why: str = ""
    condition: str = ""
    seconds: float = 0.0
    newton: float | None = None
    number: str = ""


@dataclass(frozen=True)
class Interlock:
    """Where it stands; `bypassed` has the time at which each bypass ends, `alarms` what was not acknowledged yet."""

    armed: bool = False
    tripped: bool = False
    first_out: str | None = None
    first_reason: str = ""
    acknowledged: bool = True
    bypassed: Mapping[str, float] = field(default_factory=dict)
    out: Mapping[str, Condition] = field(default_factory=dict)
    alarms: frozenset[str] = frozenset()

    @property
    def energised(self) -> bool:
        """Whether the heartbeat goes on that keeps a relay closed."""
        return self.armed and not self.tripped

    @property
    def causes(self) -> tuple[Condition, ...]:
        """Conditions that trip, are out, and are not bypassed."""
        return tuple(one for one in self.out.values() if one.trip and one.name not in self.bypassed)


class Step(NamedTuple):
    """The state after a step, what happened as (kind, sentence), and whether the actions of a trip are due."""

    state: Interlock
    events: tuple[tuple[str, str], ...] = ()
    trip: bool = False


def looked(state: Interlock, out: Mapping[str, Condition], at: float) -> Step:
    """The state after a look at all limits: `out` has those that are out now, by name."""
    events = [("bypass", f"the bypass of '{name}' has ended") for name, until in state.bypassed.items() if until <= at]
    bypassed = {name: until for name, until in state.bypassed.items() if until > at}
    for name, condition in out.items():
        if name not in state.out:
            passed = " (bypassed)" if name in bypassed else ""
            events.append(("limit", f"{name}: {condition.reason}{passed}"))
    events += [("limit over", f"{name} is back within its limits") for name in state.out if name not in out]
    fresh = frozenset(name for name in out if name not in state.out and name not in bypassed)
    state = replace(state, bypassed=bypassed, out=dict(out), alarms=state.alarms | fresh)
    if fresh:
        state = replace(state, acknowledged=False)
    if not state.energised or not state.causes:
        return Step(state, tuple(events))
    first = state.causes[0]
    state = replace(state, tripped=True, first_out=first.name, first_reason=first.reason, acknowledged=False)
    return Step(state, (*events, ("trip", f"TRIPPED by {first.name}: {first.reason}")), True)


def ordered(state: Interlock, order: Order, at: float) -> Step:
    """The state after what a person asked for, or the same with the reason why not."""
    said = f" ({order.why})" if order.why else ""
    refusal = _refusal(state, order)
    if refusal:
        return Step(state, (("refused", f"{order.verb} refused: {refusal}"),))
    if order.verb == "arm":
        return Step(replace(state, armed=True), (("arm", f"armed{said}"),))
    if order.verb == "disarm":
        return Step(replace(state, armed=False), (("disarm", f"disarmed{said}"),))
    if order.verb == "acknowledge":
        state = replace(state, acknowledged=True, alarms=frozenset())
        return Step(state, (("acknowledge", f"acknowledged{said}"),))
    if order.verb == "reset":
        state = replace(state, armed=False, tripped=False, first_out=None, first_reason="")
        return Step(state, (("reset", f"reset{said}; it is not armed"),))
    until = at + order.seconds
    state = replace(state, bypassed={**state.bypassed, order.condition: until})
    return Step(state, (("bypass", f"'{order.condition}' is bypassed for {order.seconds:.6g} s{said}"),))


def _refusal(state: Interlock, order: Order) -> str:
    """Why an order cannot be followed; '' if it can."""
    causes = "; ".join(f"{one.name}: {one.reason}" for one in state.causes)
    if order.verb == "arm":
        if state.tripped:
            return "it has tripped; reset it first"
        return causes
    if order.verb == "reset":
        if not state.tripped:
            return "it has not tripped"
        if not state.acknowledged:
            return "the trip was not acknowledged"
        return causes
    if order.verb == "bypass":
        if not order.why:
            return "nobody said why"
        if not 0.0 < order.seconds <= LONGEST_BYPASS:
            return "a bypass lasts more than 0 s and at most 24 h"
    return ""
