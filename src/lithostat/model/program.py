"""unroll(protocol, scale) -> Program: a protocol as the steps that a cell goes through, one after another.

Every engine walks the same program: what a word means, how repeats unroll, what their limits do and which step comes
next is decided here, once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from lithostat.experiment.errors import InputError
from lithostat.experiment.protocol import (
    CHARGE_VERBS,
    CURRENT_VERBS,
    FULL_VERBS,
    PRESSURE_VERBS,
    Current,
    Protocol,
    Step,
    Sweep,
)
from lithostat.experiment.quantity import show

LONGEST = 3.2e9  # of one step, 100 years [s]


class Scale(NamedTuple):
    """What turns words into currents: electrode area [m2], and the charge that 1C passes in an hour [C/m2] or None."""

    area: float
    capacity: float | None = None
    full: bool = False


class Exits(NamedTuple):
    """Index of the step that comes next when a limit of this one was reached."""

    voltage: int
    high: int
    low: int


class Action(NamedTuple):
    """One step as it is carried out, SI. Current is positive while the cell charges; limits are None where absent."""

    step: int  # counts executed steps, from 1
    cycle: int  # 0 before the first cycle
    verb: str
    duration: float  # at the longest [s]
    temperature: float  # [K]
    exits: Exits
    current: float = 0.0  # [A/m2]
    pressure: float | None = None  # to set [Pa]
    clamped: bool = False
    voltage: float | None = None  # to hold [V]
    upper: float | None = None  # [V]
    lower: float | None = None  # [V]
    least_current: float | None = None  # that ends a held voltage, in size [A/m2]
    pressure_above: float | None = None  # [Pa]
    pressure_below: float | None = None  # [Pa]
    sweep: Sweep | None = None  # of an impedance measurement

    @property
    def flowing(self) -> bool:
        """Whether a current is applied, or whatever current a voltage asks for."""
        return self.current != 0.0 or self.voltage is not None


class Budget(NamedTuple):
    """A repeat whose time or charge runs out while it runs, because its steps end by themselves.

    It covers the actions `first` to `end` (not included); infinite where there is no limit.
    """

    first: int
    end: int
    time: float  # [s]
    charge: float  # [C/m2]


class Program(NamedTuple):
    """All steps in their order, and the repeats whose limits only a run can follow."""

    actions: tuple[Action, ...]
    budgets: tuple[Budget, ...] = ()

    @property
    def limits(self) -> frozenset[str]:
        """Which limits its steps have: fields of `Action`."""
        names = ("upper", "lower", "least_current", "pressure_above", "pressure_below")
        return frozenset(name for name in names if any(getattr(one, name) is not None for one in self.actions))

    @property
    def temperatures(self) -> tuple[float, float]:
        """The lowest and the highest [K]."""
        all_ = [action.temperature for action in self.actions]
        return min(all_), max(all_)


def unroll(protocol: Protocol, scale: Scale) -> Program:
    """Unroll a protocol for a cell of that scale. Raises `InputError` for words that its kind does not know."""
    check(protocol, scale)
    walk = _Walk(scale, protocol.temperature)
    walk.add_all(protocol.steps, ())
    return Program(tuple(walk.actions), tuple(walk.budgets))


def check(protocol: Protocol, scale: Scale) -> None:
    """Refuse what this kind of cell cannot go through, before anything runs."""
    highs, lows = [], []
    for step in _flat(protocol.steps):
        if step.verb in (CURRENT_VERBS if scale.full else FULL_VERBS):
            kind, better = ("symmetric", "'charge' or 'discharge'") if scale.full else ("full", "'plate' or 'strip'")
            raise InputError(f"'{step.verb}' is a word for {kind} cells", expected=better)
        density_of(step, scale)
        if scale.full and step.verb == "repeat" and step.until.voltage is not None:
            raise InputError(
                "a repeat of a full cell has a voltage limit: is it that of the charges or of the discharges?",
                expected="the limit on the steps inside",
            )
        if step.verb == "charge" and step.until.voltage is not None:
            highs.append(step.until.voltage)
        if step.verb == "discharge" and step.until.voltage is not None:
            lows.append(step.until.voltage)
    if highs and lows and min(highs) <= max(lows):
        raise InputError(
            f"the voltage limits cross: a charge ends at {show(min(highs), 'upper_voltage')} and a discharge at "
            f"{show(max(lows), 'upper_voltage')}",
            expected="every charge to end above every discharge",
        )


def density_of(step: Step, scale: Scale) -> float:
    """Current density of a step [A/m2], positive while the cell charges."""
    if step.until.current is not None:
        _density(step.until.current, scale)
    if step.verb not in (*CURRENT_VERBS, *CHARGE_VERBS):
        return 0.0
    size = _density(step, scale)
    return size if step.verb in ("charge", "plate") else -size


def _density(said: Step | Current, scale: Scale) -> float:
    if said.absolute:
        return float(said.value / scale.area)
    if not said.c_rate:
        return float(said.value)
    if scale.capacity is None:
        raise InputError(
            "a C-rate is stated, but not the capacity it counts",
            place="cell.cathode",
            expected="'specific_capacity' of the cathode, e.g. 150 mAh/g, or a current like '53 uA/cm2'",
        )
    return float(said.value * scale.capacity / 3600.0)


def _flat(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from _flat(step.steps)


def ends_early(step: Step) -> bool:
    """Whether a step may end before its time: by its voltage, its pressure, or the current of a held voltage."""
    until = step.until
    limits = (until.voltage, until.pressure_above, until.pressure_below, until.current)
    return any(limit is not None for limit in limits)


class _Outer:
    """A repeat that is being unrolled: what it has left, its limits, and the steps that must leave it."""

    def __init__(self, step: Step, first: int) -> None:
        self.until, self.first = step.until, first
        limited = step.until.time is not None or step.until.charge is not None
        self.followed = limited and any(ends_early(inner) for inner in _flat(step.steps))  # only by a run
        self.time_left = self.time = math.inf if step.until.time is None else step.until.time
        self.charge_left = self.charge = math.inf if step.until.charge is None else step.until.charge
        self.leaving: list[tuple[int, str]] = []

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
        self.step = self.cycle = 0

    def add_all(self, steps: tuple[Step, ...], outer: tuple[_Outer, ...]) -> None:
        for step in steps:
            if any(each.spent for each in outer):
                return
            (self._repeat if step.verb == "repeat" else self._add)(step, outer)

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

    def _add(self, step: Step, outer: tuple[_Outer, ...]) -> None:
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
            least_current=None if step.until.current is None else _density(step.until.current, self.scale),
            sweep=step.value if step.verb == "measure_impedance" else None,
        )
        self.actions.append(self._limited(action, step, outer))
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
        index, own = len(self.actions), step.until
        tightest: dict[str, tuple[float | None, _Outer | None]] = {
            "voltage": (own.voltage, None),
            "high": (own.pressure_above, None),
            "low": (own.pressure_below, None),
        }
        for each in outer:
            theirs = (each.until.voltage, each.until.pressure_above, each.until.pressure_below)
            for (kind, (value, _)), other in zip(list(tightest.items()), theirs, strict=True):
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
