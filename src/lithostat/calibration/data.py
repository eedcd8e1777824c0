"""What is learnt from, as nouns: lives of cells with what is not known of them, resistances, critical currents."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lithostat.calibration.exposure import Exposure
from lithostat.experiment.cell import Cell
from lithostat.experiment.errors import InputError
from lithostat.experiment.finding import Outcome
from lithostat.materials.card import find_law
from lithostat.model.life import NUMBERS
from lithostat.model.resistance import CONTACT_NUMBERS
from lithostat.model.resolve import resolve

OWN = "own"  # the group of cells of which nobody said whose they are
KINDS = ("lives", "resistances", "critical_currents")
ALL_NUMBERS = tuple(dict.fromkeys((*NUMBERS, *CONTACT_NUMBERS)))
_HOLDER = "one above 0, or an adhesion pressure: contact and critical current are powers of what presses"


@dataclass(frozen=True)
class CellLife:
    """One cell: it shorted between `low` and `high` [s since the start of its exposure].

    Equal: a short dated to the instant. `high` infinite: it outlived the test (right-censored). `low` 0: it was short
    when somebody first looked (left-censored). `contact` are the last time at which it still had its contact and the
    first at which it had lost it, infinite if it never was seen to; None if nobody could say. `numbers` are the cell's
    own of `ALL_NUMBERS`, SI. `called` is the kind of its outcome where that says more than these. Cells of one `group`
    (a paper, a lab) live longer or shorter together.
    """

    name: str
    exposure: Exposure
    low: float
    high: float
    contact: tuple[float, float] | None
    numbers: Mapping[str, float]
    called: str | None = None
    group: str = OWN

    def __post_init__(self) -> None:
        """Refuse times that are none."""
        if math.isnan(self.low) or math.isnan(self.high) or not 0.0 <= self.low <= self.high or self.high <= 0.0:
            raise InputError(
                f"the cell '{self.name}' shorts between {self.low:.4g} s and {self.high:.4g} s",
                expected="times after the start, the earlier first",
            )
        if self.low == 0.0 and math.isinf(self.high) and not self.contact_lost:
            raise InputError(f"the cell '{self.name}' has no outcome", expected="how long it lived, or when it shorted")
        if self.contact is not None and not 0.0 <= self.contact[0] <= self.contact[1]:
            raise InputError(
                f"the cell '{self.name}' loses its contact between {self.contact[0]:.4g} s and {self.contact[1]:.4g} s",
                expected="times after the start, the earlier first",
            )
        bare = (self.exposure.stripping > 0.0) & (self.exposure.pressures <= 0.0)
        if np.any(bare) and not self.numbers.get("adhesion_pressure", 0.0) > 0.0:
            raise InputError(f"the cell '{self.name}' cycles under a pressure of 0", expected=_HOLDER)

    @property
    def contact_lost(self) -> bool | None:
        """Whether the contact was lost; None if nobody could say."""
        return None if self.contact is None else math.isfinite(self.contact[1])

    @property
    def kind(self) -> str:
        """'short', 'short in an interval', 'survived' or 'short before current'."""
        if math.isinf(self.high):
            return "survived"
        if self.low == self.high:
            return "short"
        before = self.low == 0.0 and not self.exposure.began < self.high
        return "short before current" if before else "short in an interval"

    @property
    def ended(self) -> str:
        """How its test ended, one of `finding.KINDS`: what is drawn of it."""
        if self.called is not None:
            return self.called
        if self.contact_lost and math.isinf(self.high):
            return "contact lost"
        return "short" if self.kind == "short in an interval" else self.kind


@dataclass(frozen=True)
class Resistance:
    """Ionic resistance of a cell between `low` and `high` [ohm] (equal: measured) at `pressure` after `highest` [Pa].

    `time` is the age of the interphase [s]. An overpotential enters as its ratio to the current.
    """

    name: str
    pressure: float
    highest: float
    low: float
    high: float
    numbers: Mapping[str, float]
    temperature: float = 298.15
    time: float = 0.0
    group: str = OWN

    def __post_init__(self) -> None:
        """Refuse what has no logarithm."""
        _check_ends(self.name, "a resistance", self.low, self.high, self.pressure)


@dataclass(frozen=True)
class CriticalCurrent:
    """Critical stripping current density of an electrode between `low` and `high` [A/m2] (equal: measured).

    At `pressure` after the stack was at `highest` and lithium was pressed on from all sides at `attached` [Pa], at a
    `temperature` [K].
    """

    name: str
    pressure: float
    low: float
    high: float
    numbers: Mapping[str, float]
    group: str = OWN
    temperature: float = 298.15
    highest: float = 0.0
    attached: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what has no logarithm."""
        _check_ends(self.name, "a critical current", self.low, self.high, self.pressure)


def _check_ends(name: str, what: str, low: float, high: float, pressure: float) -> None:
    if not (0.0 <= low <= high and high > 0.0 and (low > 0.0 or low < high)):  # NaN fails too
        raise InputError(f"'{name}' is {what} between {low:.4g} and {high:.4g} (SI)", expected="values above 0")
    if low == 0.0 and math.isinf(high):
        raise InputError(f"'{name}' is {what} with no bound", expected="a value, or a bound above 0")
    if not pressure > 0.0:
        raise InputError(f"'{name}' is {what} under a pressure of {pressure:g} Pa", expected=_HOLDER)


@dataclass(frozen=True)
class Data:
    """Everything that one calibration learns from. `warnings` says what was left out and why."""

    lives: tuple[CellLife, ...] = ()
    resistances: tuple[Resistance, ...] = ()
    critical_currents: tuple[CriticalCurrent, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse two observations of one name: warnings name them."""
        seen: set[str] = set()
        for name in self.names:
            if name in seen:
                raise InputError(f"two observations are called '{name}'", expected="a name of its own for each")
            seen.add(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all observations, lives first."""
        return tuple(one.name for one in self.observations)

    @property
    def observations(self) -> tuple[Any, ...]:
        """All of them in that order."""
        return (*self.lives, *self.resistances, *self.critical_currents)

    @property
    def groups(self) -> tuple[str, ...]:
        """Whose lives are in it, in the order of their first cell."""
        return tuple(dict.fromkeys(one.group for one in self.lives))

    @property
    def resistance_groups(self) -> tuple[str, ...]:
        """Whose resistances are in it."""
        return tuple(dict.fromkeys(one.group for one in self.resistances))

    def without(self, *names: str) -> Data:
        """The same data without some observations."""
        for name in names:
            if name not in self.names:
                raise InputError(f"no observation is called '{name}'", expected=f"one of {', '.join(self.names)}")
        return self._only(lambda one: one.name not in names)

    def only_group(self, group: str) -> Data:
        """The data of one group alone."""
        return self._only(lambda one: one.group == group)

    def _only(self, wanted: Callable[[Any], bool]) -> Data:
        return replace(self, **{kind: tuple(one for one in getattr(self, kind) if wanted(one)) for kind in KINDS})

    def under(self, law: str) -> Data:
        """The same data with the numbers of a named law in place of those of the cards."""
        own = {name: value.value for name, value in find_law(law).properties.items() if name in ALL_NUMBERS}
        changed = {
            kind: tuple(replace(one, numbers=dict(one.numbers) | own) for one in getattr(self, kind)) for kind in KINDS
        }
        return replace(self, **changed)

    def __add__(self, other: Data) -> Data:
        """Both together."""
        return Data(
            self.lives + other.lives,
            self.resistances + other.resistances,
            self.critical_currents + other.critical_currents,
            self.warnings + other.warnings,
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain data that `Data.from_dict` takes back; infinities as None."""
        return {
            "lives": [_plain(one) for one in self.lives],
            "resistances": [_plain(one) for one in self.resistances],
            "critical_currents": [_plain(one) for one in self.critical_currents],
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Data:
        """Inverse of `as_dict`."""
        return cls(
            tuple(_life(one) for one in data["lives"]),
            tuple(Resistance(**_ended(one)) for one in data["resistances"]),
            tuple(CriticalCurrent(**_ended(one)) for one in data["critical_currents"]),
            tuple(data["warnings"]),
        )


def _plain(one: Any) -> dict[str, Any]:
    said = {f.name: getattr(one, f.name) for f in dataclasses.fields(one)}
    if "exposure" in said:
        said["exposure"] = said["exposure"].as_dict()
        said["contact"] = None if one.contact is None else [_open(end) for end in one.contact]
    return said | {"numbers": dict(one.numbers), "high": _open(one.high)}


def _open(end: float) -> float | None:
    return None if math.isinf(end) else end


def _life(said: Mapping[str, Any]) -> CellLife:
    ends = said["contact"]
    contact = None if ends is None else (float(ends[0]), math.inf if ends[1] is None else float(ends[1]))
    return CellLife(**(_ended(said) | {"exposure": Exposure.from_dict(said["exposure"]), "contact": contact}))


def _ended(said: Mapping[str, Any]) -> dict[str, Any]:
    return dict(said) | {"high": math.inf if said["high"] is None else said["high"]}


def numbers_of(cell: Cell) -> dict[str, float]:
    """The cell's own `ALL_NUMBERS` in SI: from its cards and what it states."""
    resolved = resolve(cell)
    found: dict[str, Any] = resolved.parameters._asdict() | resolved.scatter
    return {name: float(found[name]) for name in ALL_NUMBERS}


def life_of_outcome(
    name: str, exposure: Exposure, outcome: Outcome, numbers: Mapping[str, float], group: str = OWN
) -> CellLife | None:
    """A cell as the call of its record says it; None if the record cannot say (kinds 'unknown' and 'stalled').

    A short without an interval is dated to its instant; 'short before current' is left-censored at its time; anything
    that ended without a short is right-censored there. A lost contact was lost by then.
    """
    if outcome.kind in ("unknown", "stalled"):
        return None
    low, high = outcome.interval or (outcome.time, outcome.time)
    low, high = (low, high) if outcome.shorted else (outcome.time, math.inf)
    if outcome.kind == "short before current":
        low = 0.0
    low, high = max(low, 0.0), max(high, 1e-3)
    lost, cycled = outcome.kind == "contact lost", exposure.began < outcome.time
    contact = (0.0, outcome.time) if lost else (low, math.inf) if cycled else None
    return CellLife(name, exposure, low, high, contact, numbers, None if outcome.shorted else outcome.kind, group)
