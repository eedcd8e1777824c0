"""What is learnt from, as nouns: lives of cells with what is not known of them, resistances, critical currents."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from lithostat.calibration.exposure import Exposure
from lithostat.experiment.cell import Cell
from lithostat.experiment.errors import InputError
from lithostat.experiment.finding import Outcome
from lithostat.model.life import NUMBERS, Segments
from lithostat.model.resistance import CONTACT_NUMBERS
from lithostat.model.resolve import resolve

ALL_NUMBERS = tuple(dict.fromkeys((*NUMBERS, *CONTACT_NUMBERS)))
_HOLDER = "one above 0, if only what the holder gives: contact and critical current are powers of it"
_FAR = 1e4  # stands for an infinite logarithm, so that derivatives stay finite


@dataclass(frozen=True)
class CellLife:
    """One cell: it shorted between `low` and `high` [s since the start of its exposure].

    Equal: a short dated to the instant. `high` infinite: it outlived the test (right-censored). `low` 0: it was short
    when somebody first looked (left-censored). `contact_lost` is True if the test ended because the contact was lost,
    False if it cycled without that, None if nobody could say. `numbers` are the cell's own of `ALL_NUMBERS`, SI.
    `called` is the kind of its outcome where that says more than these.
    """

    name: str
    exposure: Exposure
    low: float
    high: float
    contact_lost: bool | None
    numbers: Mapping[str, float]
    called: str | None = None

    def __post_init__(self) -> None:
        """Refuse times that are none."""
        if math.isnan(self.low) or math.isnan(self.high) or not 0.0 <= self.low <= self.high or self.high <= 0.0:
            raise InputError(
                f"the cell '{self.name}' shorts between {self.low:.4g} s and {self.high:.4g} s",
                expected="times after the start, the earlier first",
            )
        if self.low == 0.0 and math.isinf(self.high):
            raise InputError(f"the cell '{self.name}' has no outcome", expected="how long it lived, or when it shorted")
        if np.any((self.exposure.stripping > 0.0) & (self.exposure.pressures <= 0.0)):
            raise InputError(f"the cell '{self.name}' cycles under a pressure of 0", expected=_HOLDER)

    @property
    def kind(self) -> str:
        """'short', 'short in an interval', 'survived' or 'short before current'."""
        if math.isinf(self.high):
            return "survived"
        if self.low == self.high:
            return "short"
        return "short before current" if self.low == 0.0 else "short in an interval"

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

    def __post_init__(self) -> None:
        """Refuse what has no logarithm."""
        _check_ends(self.name, "a resistance", self.low, self.high, self.pressure)


@dataclass(frozen=True)
class CriticalCurrent:
    """Critical stripping current density between `low` and `high` [A/m2] (equal: measured) at `pressure` [Pa]."""

    name: str
    pressure: float
    low: float
    high: float
    numbers: Mapping[str, float]

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
        names = self.names
        for name in names:
            if names.count(name) > 1:
                raise InputError(f"two observations are called '{name}'", expected="a name of its own for each")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all observations, lives first."""
        return tuple(one.name for one in self.observations)

    @property
    def observations(self) -> tuple[Any, ...]:
        """All of them in that order."""
        return (*self.lives, *self.resistances, *self.critical_currents)

    def without(self, name: str) -> Data:
        """The same data without one observation."""
        if name not in self.names:
            raise InputError(f"no observation is called '{name}'", expected=f"one of {', '.join(self.names)}")
        kept = {
            kind: tuple(one for one in getattr(self, kind) if one.name != name)
            for kind in ("lives", "resistances", "critical_currents")
        }
        return replace(self, **kept)

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
        lives = tuple(
            CellLife(**(_ended(one) | {"exposure": Exposure.from_dict(one["exposure"])})) for one in data["lives"]
        )
        return cls(
            lives,
            tuple(Resistance(**_ended(one)) for one in data["resistances"]),
            tuple(CriticalCurrent(**_ended(one)) for one in data["critical_currents"]),
            tuple(data["warnings"]),
        )


def _plain(one: Any) -> dict[str, Any]:
    said = {f.name: getattr(one, f.name) for f in dataclasses.fields(one)}
    if "exposure" in said:
        said["exposure"] = said["exposure"].as_dict()
    return said | {"numbers": dict(one.numbers), "high": None if math.isinf(one.high) else one.high}


def _ended(said: Mapping[str, Any]) -> dict[str, Any]:
    return dict(said) | {"high": math.inf if said["high"] is None else said["high"]}


def numbers_of(cell: Cell) -> dict[str, float]:
    """The cell's own `ALL_NUMBERS` in SI: from its cards and what it states."""
    resolved = resolve(cell)
    found: dict[str, Any] = resolved.parameters._asdict() | resolved.scatter
    return {name: float(found[name]) for name in ALL_NUMBERS}


def life_of_outcome(name: str, exposure: Exposure, outcome: Outcome, numbers: Mapping[str, float]) -> CellLife | None:
    """A cell as the call of its record says it; None if the record cannot say (kinds 'unknown' and 'stalled').

    A short without an interval is dated to its instant; 'short before current' is left-censored at its time; anything
    that ended without a short is right-censored there.
    """
    if outcome.kind in ("unknown", "stalled"):
        return None
    cycled = math.isfinite(exposure.began) and exposure.began < outcome.time
    lost: bool | None = (False if cycled else None) if outcome.kind != "contact lost" else True
    if not outcome.shorted:
        return CellLife(name, exposure, outcome.time, math.inf, lost, numbers, outcome.kind)
    low, high = outcome.interval or (outcome.time, outcome.time)
    if outcome.kind == "short before current":
        low = 0.0
    return CellLife(name, exposure, max(low, 0.0), max(high, 1e-3), lost, numbers)


class Packed(NamedTuple):
    """Data as arrays for the likelihood; leading axis: observations. Logarithms of times, ohms and A/m2."""

    segments: Segments  # (lives, segments)
    stripping: Any  # (lives, segments) [A/m2]
    life: Any  # (lives, 2) ln of low and high
    weight: Any  # (lives,) 1, or 0 for a cell that is left out
    lost: Any  # (lives,) 1 contact lost, 0 kept, NaN unknown
    life_numbers: dict[str, Any]  # (lives,)
    points: Any  # (resistances, 4) pressure, highest, temperature, time
    resistance: Any  # (resistances, 2)
    point_numbers: dict[str, Any]
    critical_pressure: Any  # (critical currents,)
    critical: Any  # (critical currents, 2)
    critical_numbers: dict[str, Any]


def pack(data: Data) -> tuple[Packed, tuple[bool, ...]]:
    """Arrays, and for every segment whether a current flows in it in any cell (static for the life)."""
    segments, stripping, plated = pack_exposures([one.exposure for one in data.lives])
    lost = [math.nan if one.contact_lost is None else float(one.contact_lost) for one in data.lives]
    points = [(one.pressure, one.highest, one.temperature, one.time) for one in data.resistances]
    packed = Packed(
        segments,
        stripping,
        _logarithms(data.lives),
        np.ones(len(data.lives)),
        np.array(lost, float),
        _columns(data.lives),
        np.array(points, float).reshape(-1, 4),
        _logarithms(data.resistances),
        _columns(data.resistances),
        np.array([one.pressure for one in data.critical_currents], float),
        _logarithms(data.critical_currents),
        _columns(data.critical_currents),
    )
    return packed, plated


def pack_exposures(exposures: Iterable[Exposure]) -> tuple[Segments, np.ndarray, tuple[bool, ...]]:
    """Exposures as arrays of one length: shorter ones begin with segments of no duration."""
    exposures = list(exposures)
    length = max((len(one.durations) for one in exposures), default=1)

    def column(name: str, fill: float | None = None) -> np.ndarray:
        rows = []
        for one in exposures:
            values = np.asarray(getattr(one, name), float)
            first = values[:1] if fill is None else np.full_like(values[:1], fill)
            rows.append(np.concatenate([np.repeat(first, length - len(values), axis=0), values]))
        return np.array(rows).reshape(len(exposures), length, *([2] if name == "plating" else []))

    durations, plating, stripping = column("durations", 0.0), column("plating", 0.0), column("stripping", 0.0)
    durations[:, -1] = 0.0  # not used; infinite would spoil derivatives
    if len(exposures) and np.array_equal(plating[..., 0], plating[..., 1]):
        plating = plating[..., :1]  # two interfaces alike are one
    plated = tuple(bool(flag) for flag in np.atleast_1d((plating > 0.0).any(axis=(0, 2))))
    return Segments(durations, column("pressures"), column("temperatures"), plating), stripping, plated


def _logarithms(observations: Iterable[Any]) -> np.ndarray:
    ends = [(one.low, one.high) for one in observations]
    with np.errstate(divide="ignore"):
        return np.clip(np.log(np.array(ends, float).reshape(-1, 2)), -_FAR, _FAR)


def _columns(observations: Iterable[Any]) -> dict[str, np.ndarray]:
    observations = list(observations)
    return {name: np.array([one.numbers[name] for one in observations], float) for name in ALL_NUMBERS}
