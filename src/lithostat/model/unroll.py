"""unroll(protocol, scale) -> Program: what a word means, how repeats and ramps unroll, which step comes next."""

from __future__ import annotations

import math
from typing import Any

from lithostat.experiment.errors import InputError
from lithostat.experiment.protocol import CHARGE_VERBS, CURRENT_VERBS, FULL_VERBS, PRESSURE_VERBS, Protocol, Step
from lithostat.experiment.ramp import Attach, Ramp
from lithostat.model.program import (
    LONGEST,
    Action,
    Budget,
    Exits,
    Program,
    RampPoint,
    Scale,
    check,
    density_from,
    density_of,
    flat,
)


def unroll(protocol: Protocol, scale: Scale) -> Program:
    """Unroll a protocol for a cell of that scale. Raises `InputError` for words that its kind does not know."""
    check(protocol, scale)
    walk = _Walk(scale, protocol.temperature)
    walk.add_all(protocol.steps, ())
    return Program(tuple(walk.actions), tuple(walk.budgets))


def ends_early(step: Step) -> bool:
    """Whether a step may end before its time: by its voltage, its pressure, or the current of a held voltage."""
    until = step.until
    limits = (until.voltage, until.pressure_above, until.pressure_below, until.current)
    return any(limit is not None for limit in limits)


_UNLIMITED = (None, None, None)


def _limits(step: Step) -> tuple[float | None, float | None, float | None]:
    """Limits of a step or a repeat: voltage [V], pressure above and below [Pa]."""
    return step.until.voltage, step.until.pressure_above, step.until.pressure_below


class _Outer:
    """A repeat that is being unrolled: what it has left, its limits, and the steps that must leave it."""

    def __init__(self, step: Step, first: int) -> None:
        self.until, self.first = step.until, first
        limited = step.until.time is not None or step.until.charge is not None
        self.followed = limited and any(ends_early(inner) for inner in flat(step.steps))  # only by a run
        self.time_left = self.time = math.inf if step.until.time is None else step.until.time
        self.charge_left = self.charge = math.inf if step.until.charge is None else step.until.charge
        self.leaving: list[tuple[int, str]] = []
        self.limits = _limits(step)

    def spend(self, time: float, charge: float) -> None:
        if not self.followed:
            self.time_left -= time
            self.charge_left -= charge

    @property
    def spent(self) -> bool:
        return self.time_left <= 1e-6 or self.charge_left <= 1e-9


class _Walk:
    """Collects actions while it walks the steps, keeping the counts of steps and cycles."""

    def __init__(self, scale: Scale, temperature: float) -> None:
        self.scale, self.temperature = scale, temperature
        self.actions: list[Action] = []
        self.budgets: list[Budget] = []
        self.step = self.cycle = self.ramps = 0

    def add_all(self, steps: tuple[Step, ...], outer: tuple[_Outer, ...]) -> None:
        for step in steps:
            if any(each.spent for each in outer):
                return
            {"repeat": self._repeat, "ramp": self._ramp, "attach": self._attach}.get(step.verb, self._add)(step, outer)

    def _repeat(self, step: Step, outer: tuple[_Outer, ...]) -> None:
        innermost = any(inner.verb in (*CURRENT_VERBS, *CHARGE_VERBS) for inner in step.steps)
        here = _Outer(step, len(self.actions))
        for _ in range(step.value):
            if any(each.spent for each in (*outer, here)):
                break
            self.cycle += innermost
            self.add_all(step.steps, (*outer, here))
        end = len(self.actions)
        for index, limit in here.leaving:
            left = self.actions[index]
            self.actions[index] = left._replace(exits=left.exits._replace(**{limit: end}))
        if here.followed:
            self.budgets.append(Budget(here.first, end, here.time, here.charge))

    def _attach(self, step: Step, outer: tuple[_Outer, ...]) -> None:
        """Isostatic: nothing but the contact feels it. Uniaxial: a stack pressure that is kept, then none."""
        said: Attach = step.value
        if said.kind == "isostatic":
            self._add(_step("attach", duration=said.duration), outer, attach_pressure=said.pressure)
            return
        self._add(_step("attach", duration=said.duration), outer, pressure=said.pressure, clamped=True)
        self.step -= 1  # two actions, one step
        self._add(_step("attach", duration=0.0), outer, pressure=0.0)

    def _ramp(self, step: Step, outer: tuple[_Outer, ...]) -> None:
        """The values of a ramp as steps. Reaching its voltage limit leaves it."""
        said: Ramp = step.value
        self.ramps += 1
        first, before = len(self.actions), None
        for value in said.values:
            mark = {"ramp": RampPoint(self.ramps, said.of, value, before)}
            before = value
            if said.of == "pressure":
                resting = None if said.flowing else said.duration
                self._add(_step("set_pressure", value=value, duration=resting), outer, **mark)
            for _ in range(said.cycles if said.flowing else 0):
                self.cycle += 1
                for verb, current in _half_cycles(said, value):
                    time = said.duration if said.charge is None else said.charge / current
                    turn = _step(verb, value=current, duration=time, until=step.until)
                    self._add(turn, outer, **mark)
        end = len(self.actions)
        for index in range(first, end):
            self.actions[index] = self.actions[index]._replace(exits=self.actions[index].exits._replace(voltage=end))

    def _add(self, step: Step, outer: tuple[_Outer, ...], **special: Any) -> None:
        """One step as one action; `special` are fields of the action that no step has."""
        self.step += 1
        if step.verb == "set_temperature":
            self.temperature = step.value
        current = density_of(step, self.scale)
        duration = self._duration(step, current, outer)
        next_ = len(self.actions) + 1
        action = Action(
            step=self.step,
            cycle=self.cycle,
            verb=step.verb,
            duration=duration,
            temperature=self.temperature,
            exits=Exits(next_, next_, next_),
            current=current,
            pressure=step.value if step.verb in PRESSURE_VERBS else None,
            clamped=step.verb == "hold",
            voltage=step.value if step.verb == "hold_voltage" else None,
            least_current=None if step.until.current is None else density_from(step.until.current, self.scale),
            sweep=step.value if step.verb == "measure_impedance" else None,
        )
        action = action._replace(**special) if special else action
        limited = any(limits != _UNLIMITED for limits in (_limits(step), *(each.limits for each in outer)))
        self.actions.append(self._limited(action, step, outer) if limited else action)
        for each in outer:
            each.spend(duration, abs(current) * duration)

    def _duration(self, step: Step, current: float, outer: tuple[_Outer, ...]) -> float:
        limits = [t for t in (step.duration, step.until.time) if t is not None]
        flowing = step.verb in (*CURRENT_VERBS, *FULL_VERBS)
        if not limits:
            limits = [math.inf if flowing else 0.0]
        limits += [each.time_left for each in outer if not each.followed]
        if current:
            charges = [step.until.charge, *(each.charge_left for each in outer if not each.followed)]
            limits += [charge / abs(current) for charge in charges if charge is not None]
        if min(limits) <= LONGEST:
            return min(limits)
        if math.isinf(min(limits)) and flowing:  # its voltage or current ends it
            return LONGEST
        raise InputError(
            f"step {self.step} ('{step.verb}') would take {min(limits) / LONGEST * 100:.3g} years",
            expected="a step that ends within 100 years",
        )

    def _limited(self, action: Action, step: Step, outer: tuple[_Outer, ...]) -> Action:
        """The action with the tightest of its own and its repeats' limits, and where each of them leads."""
        index = len(self.actions)
        tightest: dict[str, tuple[float | None, _Outer | None]] = {
            kind: (value, None) for kind, value in zip(("voltage", "high", "low"), _limits(step), strict=True)
        }
        for each in outer:
            for (kind, (value, _)), other in zip(list(tightest.items()), each.limits, strict=True):
                if kind == "voltage" and action.current == 0.0:
                    continue
                falls = kind == "low" or (kind == "voltage" and step.verb == "discharge")
                if other is not None and (value is None or (other > value if falls else other < value)):
                    tightest[kind] = (other, each)
        for kind, (_, owner) in tightest.items():
            if owner is not None:
                owner.leaving.append((index, kind))
        upper, lower = _between_terminals(step.verb, tightest["voltage"][0])
        return action._replace(
            upper=upper,
            lower=lower,
            pressure_above=tightest["high"][0],
            pressure_below=tightest["low"][0],
        )


def _between_terminals(verb: str, limit: float | None) -> tuple[float | None, float | None]:
    """(upper, lower) limit of the terminal voltage; a person counts it along the current of 'plate' and 'strip'."""
    if limit is None:
        return None, None
    if verb in ("plate", "charge"):
        return limit, None
    return None, -limit if verb == "strip" else limit


def _step(verb: str, **said: Any) -> Step:
    """A step that no person wrote, SI."""
    return Step.model_construct(verb=verb, **said)


def _half_cycles(ramp: Ramp, value: float) -> list[tuple[str, float]]:
    """(verb, current density) of the half-cycles of one pass at a value of the ramp."""
    current = value if ramp.of == "current" else ramp.current or 0.0
    if ramp.way == "alternating":
        return [("plate", current), ("strip", current)]
    one_way: list[tuple[str, float]] = [(ramp.way, current)]
    return one_way if ramp.back is None else [*one_way, ("strip" if ramp.way == "plate" else "plate", ramp.back)]
