"""A program: the steps that a cell goes through, one after another, as numbers. Every engine walks the same one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lithostat.experiment.errors import InputError
from lithostat.experiment.protocol import CHARGE_VERBS, CURRENT_VERBS, FULL_VERBS, Protocol, Step
from lithostat.experiment.quantity import show
from lithostat.experiment.words import Current, Sweep

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


class RampPoint(NamedTuple):
    """Where in a ramp a step stands: which ramp (from 1), of what, its value and the one before it [A/m2 or Pa]."""

    number: int
    of: str  # a key of `experiment.ramp.QUANTITY`
    value: float
    before: float | None  # None at the first value


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
    attach_pressure: float | None = None  # isostatic, which makes the contact conform and loads no flaw [Pa]
    ramp: RampPoint | None = None

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


def check(protocol: Protocol, scale: Scale) -> None:
    """Refuse what this kind of cell cannot go through, before anything runs."""
    highs, lows = [], []
    for step in flat(protocol.steps):
        if step.verb in (CURRENT_VERBS if scale.full else FULL_VERBS):
            kind, better = ("symmetric", "'charge' or 'discharge'") if scale.full else ("full", "'plate' or 'strip'")
            raise InputError(f"'{step.verb}' is a word for {kind} cells", expected=better)
        if scale.full and step.verb == "ramp":
            raise InputError("'ramp' is a word for symmetric cells", expected="'charge' and 'discharge' in a repeat")
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
        density_from(step.until.current, scale)
    if step.verb not in (*CURRENT_VERBS, *CHARGE_VERBS):
        return 0.0
    size = density_from(step, scale)
    return size if step.verb in ("charge", "plate") else -size


def density_from(said: Step | Current, scale: Scale) -> float:
    """A current as a density without sign [A/m2]; `InputError` for a C-rate where nobody stated a capacity."""
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


def flat(steps: tuple[Step, ...]) -> Iterator[Step]:
    """All steps, those of repeats behind the repeat they stand in."""
    for step in steps:
        yield step
        yield from flat(step.steps)
