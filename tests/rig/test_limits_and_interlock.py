"""Limits as levels, and the promises of the interlock under random operations."""

from __future__ import annotations

import math
import os

import numpy as np
import pytest

from lithostat.rig.interlock import Condition, Interlock, Order, looked, ordered
from lithostat.rig.limits import Level, Limit, at_time, with_reading

CAMPAIGN = os.environ.get("LITHOSTAT_CAMPAIGN") == "1"
MPA = 1e6


def course(limit: Limit, readings: list[tuple[float, float]]) -> list[bool]:
    """Whether a limit is out after each reading (time, MPa)."""
    level, out = Level(0.0), []
    for at, value in readings:
        level = with_reading(limit, level, at, value * MPA)
        out.append(level.out)
    return out


def test_a_limit_that_holds() -> None:
    limit = Limit("high", "pressure", high=30 * MPA, hold=2.0, hysteresis=1 * MPA)
    assert course(limit, [(0, 31), (1, 31), (2, 31)]) == [False, False, True]
    assert course(limit, [(0, 31), (1, 29.5), (3, 31)]) == [False, False, True]  # within the hysteresis it is not back
    assert course(limit, [(0, 31), (1, 28.5), (3, 31)]) == [False, False, False]
    assert course(limit, [(0, 31), (2, 31), (3, 28)]) == [False, True, False]


def test_no_data_is_out_of_limits() -> None:
    limit = Limit("low", "pressure", low=1 * MPA, stale=5.0)
    level = Level(0.0)
    assert not at_time(limit, level, 5.0).out
    assert at_time(limit, level, 5.1).reason == "no reading of the pressure for more than 5 s"
    level = with_reading(limit, level, 4.0, 2 * MPA)
    assert not at_time(limit, level, 9.0).out
    assert with_reading(limit, level, 9.5, math.nan).out  # a reading that is none is no data


def test_a_value_that_stands_still_and_one_that_jumps() -> None:
    limit = Limit("stuck", "pressure", stuck=3.0, stale=100.0)
    assert course(limit, [(0, 5), (2, 5), (4, 5), (5, 5.01)]) == [False, False, True, False]
    limit = Limit("jump", "pressure", jump=1 * MPA)
    assert course(limit, [(0, 5), (1, 6.5), (2, 6.5)]) == [False, True, True]


@pytest.mark.parametrize(("value", "reason"), [(31, "pressure above 30 MPa"), (4, "pressure below 5 MPa")])
def test_a_limit_says_which_end_was_passed(value: float, reason: str) -> None:
    limit = Limit("band", "pressure", low=5 * MPA, high=30 * MPA)
    assert with_reading(limit, Level(0.0), 0.0, value * MPA).reason == reason


@pytest.mark.parametrize("seed", range(10 if CAMPAIGN else 2))
def test_random_operations_break_no_promise(seed: int) -> None:
    """Ten thousand looks and orders each (a hundred thousand in the campaign), the promises held after every one."""
    rng, state, at = np.random.default_rng(seed), Interlock(), 0.0
    names = ["a", "b", "c"]
    out: dict[str, Condition] = {}
    trips = 0
    for _ in range(10_000):
        at += float(rng.exponential(1.0))
        before = state
        if rng.random() < 0.6:
            if rng.random() < 0.3:
                name = str(rng.choice(names))
                if name in out:
                    out = {key: one for key, one in out.items() if key != name}
                else:
                    out = out | {name: Condition(name, "why", name != "c")}
            step = looked(state, out, at)
            state = step.state
            live = {n: until for n, until in before.bypassed.items() if until > at}
            assert dict(state.bypassed) == live  # a bypass ends by itself
            cause = any(one.trip and name not in live for name, one in out.items())
            assert step.trip == (before.energised and cause)  # at once, however long the condition has been true
            assert state.armed == before.armed  # nothing arms by itself
            assert state.tripped == (before.tripped or step.trip)  # and nothing resets by itself
            if before.tripped:
                assert state.first_out == before.first_out
            if step.trip:
                trips += 1
                assert state.first_out in out
        else:
            verb = str(rng.choice(["arm", "disarm", "acknowledge", "reset", "bypass"]))
            step = ordered(state, Order(verb, why="w", condition=str(rng.choice(names)), seconds=5.0), at)
            state = step.state
            assert not step.trip
            if verb == "arm" and not before.armed:
                assert state.armed == (not before.tripped and not before.causes)
            if verb == "reset":
                allowed = before.tripped and before.acknowledged and not before.causes
                assert state.tripped == (before.tripped and not allowed)
                assert not (allowed and state.armed)
            if verb == "acknowledge":
                assert state.tripped == before.tripped
        assert not (state.tripped and state.energised)  # de-energised to trip
    assert trips > 50


def test_a_bypass_needs_a_reason_and_an_end() -> None:
    for order in (Order("bypass", condition="a", seconds=5.0), Order("bypass", why="w", condition="a", seconds=1e6)):
        assert ordered(Interlock(), order, 0.0).events[0][0] == "refused"


def test_what_happens_is_told_once() -> None:
    out = {"a": Condition("a", "pressure above 30 MPa", True)}
    first = looked(Interlock(armed=True), out, 0.0)
    assert [kind for kind, _ in first.events] == ["limit", "trip"]
    assert looked(first.state, out, 1.0).events == ()
    refused = ordered(first.state, Order("reset"), 2.0)
    assert refused.events[0][1] == "reset refused: the trip was not acknowledged"
    seen = ordered(first.state, Order("acknowledge"), 3.0).state
    assert "a: pressure above 30 MPa" in ordered(seen, Order("reset"), 4.0).events[0][1]
    over = looked(seen, {}, 5.0).state
    assert not ordered(over, Order("reset"), 6.0).state.tripped
