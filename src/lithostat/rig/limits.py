"""Limits of a channel as levels: what is out stays out while it lasts, and no data is out of limits."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from lithostat.experiment.quantity import show, span

SHOWN_JUMP = 10.0  # s that a jump counts as out of limits
CHANNELS = {"pressure": "pressure", "temperature": "temperature", "voltage": "voltage", "current": "current"}


@dataclass(frozen=True)
class Limit:
    """What a channel [SI] may do. `trip` ends in the actions of a trip where the interlock is armed, else in an alarm.

    Out is: below `low` or above `high` for `hold` [s], until it is back by `hysteresis`; without a good reading for
    `stale` [s]; exactly the same value for `stuck` [s]; another value than the one before by more than `jump`.
    """

    name: str
    channel: str
    low: float = -math.inf
    high: float = math.inf
    hold: float = 0.0
    hysteresis: float = 0.0
    stale: float = 10.0
    stuck: float = math.inf
    jump: float = math.inf
    trip: bool = False


@dataclass(frozen=True)
class Level:
    """Where a limit stands: `out` with its `reason`, the last good reading, and since when things are as they are."""

    since: float  # the watch began to look
    out: bool = False
    reason: str = ""
    beyond: float | None = None  # time from which on the value was beyond low or high
    seen: float | None = None  # time of the last good reading
    value: float = math.nan
    moved: float = 0.0  # time at which the value last changed
    jumped: float = -math.inf


def with_reading(limit: Limit, level: Level, at: float, value: float) -> Level:
    """The level after a reading [SI, at time at]; one that is not finite is none, and only time goes on."""
    if not math.isfinite(value):
        return at_time(limit, level, at)
    same = level.seen is not None and value == level.value
    jumped = level.seen is not None and abs(value - level.value) > limit.jump
    inner = limit.hysteresis if level.beyond is not None else 0.0
    beyond = value < limit.low + inner or value > limit.high - inner
    since = at if level.beyond is None else level.beyond
    return at_time(
        limit,
        replace(
            level,
            seen=at,
            value=value,
            moved=level.moved if same else at,
            beyond=since if beyond else None,
            jumped=at if jumped else level.jumped,
        ),
        at,
    )


def at_time(limit: Limit, level: Level, at: float) -> Level:
    """The level at a time: a limit goes out without any reading too."""
    reason = _why_out(limit, level, at)
    return (
        level
        if (level.out, level.reason) == (bool(reason), reason)
        else replace(level, out=bool(reason), reason=reason)
    )


def _why_out(limit: Limit, level: Level, at: float) -> str:
    name, quantity = limit.channel, CHANNELS[limit.channel]
    silent = at - (level.since if level.seen is None else level.seen)
    if silent > limit.stale:
        return f"no reading of the {name} for more than {span(limit.stale)}"
    if level.beyond is not None and at - level.beyond >= limit.hold:
        edge, way = (limit.low, "below") if level.value < 0.5 * (limit.low + limit.high) else (limit.high, "above")
        if not math.isfinite(edge):
            edge, way = (limit.high, "above") if math.isfinite(limit.high) else (limit.low, "below")
        return f"{name} {way} {show(edge, quantity)}"
    if level.seen is not None and at - level.moved > limit.stuck:
        return f"the {name} has not changed for more than {span(limit.stuck)}: does the device hang?"
    if at - level.jumped < SHOWN_JUMP:
        return f"the {name} jumped by more than {show(limit.jump, quantity)}"
    return ""
