"""One published cell, as its table says it: what was built and done, and what was seen within which bounds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from lithostat.experiment.errors import short
from lithostat.experiment.protocol import CURRENT_VERBS, FULL_VERBS
from lithostat.papers.columns import UNITS


@dataclass(frozen=True)
class PublishedCell:
    """A row of a table of published cells.

    `columns` holds the content of all columns that are not empty, in the units of their names, `protocol` a list of
    steps where the row has one. `value`, `low` and `high` are in `unit`; `value` is None where none was given, `low` 0
    and `high` infinite where there is no bound. A dated value has both bounds at it, or around it.
    """

    id: str
    paper: str
    kind: str
    outcome: str
    unit: str
    value: float | None
    low: float
    high: float
    censored: str
    tag: str
    use: str
    stated: frozenset[str]
    columns: dict[str, Any] = field(default_factory=dict)
    protocol: tuple[dict[str, Any], ...] | None = None

    @property
    def scored(self) -> bool:
        """Whether it counts in scores."""
        return self.use in ("fit", "sign", "blind") and self.outcome != "other"

    @property
    def assumed(self) -> tuple[str, ...]:
        """Inputs of the row that its source does not state."""
        return tuple(name for name in self.columns if name in ASSUMABLE and name not in self.stated)

    @property
    def measured(self) -> float | None:
        """The dated value, in `unit`; else the bound that there is, or the geometric middle of two."""
        if self.value is not None:
            return self.value
        if math.isinf(self.high):
            return self.low or None
        return math.sqrt(self.low * self.high) if self.low > 0.0 else self.high

    def number(self, column: str) -> float | None:
        """A numeric column, None where it is empty."""
        found = self.columns.get(column)
        return None if found is None else float(found)


ASSUMABLE = (
    "density_rel",
    "thickness_um",
    "lithium_thickness_um",
    "electrode_area_cm2",
    "attach_pressure_MPa",
    "attach_kind",
    "attach_time_h",
    "stack_pressure_MPa",
    "temperature_C",
    "plate_mA_cm2",
    "strip_mA_cm2",
    "charge_per_half_cycle_mAh_cm2",
    "protocol",
    "value",
    "low",
    "high",
)


def contradiction(cell: PublishedCell) -> tuple[str, str] | None:
    """(what is wrong, what was expected) where a row contradicts itself or lacks its bounds; None where it does not."""
    for judged in (_bounds, _units, _doings, _sign, _statements):
        found = judged(cell)
        if found is not None:
            return found
    return None


def _bounds(cell: PublishedCell) -> tuple[str, str] | None:
    if cell.outcome in ("sign", "other"):
        return None
    low, high = cell.low > 0.0, math.isfinite(cell.high)
    needed = {"none": (True, True), "right": (True, False), "left": (False, True), "interval": (True, True)}
    sides = needed[cell.censored]
    if (low, high) != sides and not (cell.censored == "left" and high):
        words = {
            "none": "'low' and 'high' around the value, or the value as both",
            "right": "'low', the last time or value without it, and no 'high'",
            "left": "'high', the first time or value with it",
            "interval": "'low' and 'high'",
        }
        given = " and ".join(name for name, has in (("'low'", low), ("'high'", high)) if has) or "no bounds"
        return f"censored '{cell.censored}' with {given}", words[cell.censored]
    if cell.low > cell.high:
        return f"low {cell.low:g} lies above high {cell.high:g}", "the lower bound first"
    if cell.censored == "none" and cell.value is None:
        return "a dated outcome without 'value'", "the value, or censored 'interval'"
    if cell.value is not None and cell.censored != "right" and not cell.low <= cell.value <= cell.high:
        return f"the value {cell.value:g} lies outside of {cell.low:g} to {cell.high:g}", "a value within its bounds"
    if cell.censored == "interval" and cell.low == cell.high:
        return "an interval of no width", "censored 'none', or two bounds"
    return None


def _units(cell: PublishedCell) -> tuple[str, str] | None:
    known = UNITS[cell.outcome]
    if cell.unit not in known:
        return f"'{cell.outcome}' in '{cell.unit}'", " or ".join(known) or "no unit"
    if cell.outcome == "survived" and cell.censored != "right":
        return f"'survived' and censored '{cell.censored}'", "censored 'right': a cell that lived has no end"
    if cell.outcome in ("short", "contact_lost", "short_before_current") and cell.censored == "right":
        return f"'{cell.outcome}' and censored 'right'", "outcome 'survived', or an upper bound"
    if cell.unit == "mAh_cm2" and cell.outcome != "other" and not cell.number("plate_mA_cm2"):
        return "a charge without 'plate_mA_cm2'", "the current that it passed at"
    return None


def _doings(cell: PublishedCell) -> tuple[str, str] | None:
    """Columns that contradict each other."""
    plate, strip = cell.number("plate_mA_cm2"), cell.number("strip_mA_cm2")
    if cell.outcome == "other":
        return None
    if cell.kind == "hold" and (plate or strip):
        return "a hold with a current", "cell_kind 'symmetric', or no current"
    if cell.kind == "one_way" and strip:
        return "one way, and 'strip_mA_cm2'", "cell_kind 'symmetric', or plating alone"
    if "attach_kind" in cell.columns and "attach_pressure_MPa" not in cell.columns:
        return "'attach_kind' without 'attach_pressure_MPa'", "both or neither"
    since = str(cell.columns.get("since", "current"))
    if since not in ("current", "start") and not (since.isdecimal() and int(since) > 0):
        return f"since {short(since)}", "current, start, or the number of a step of the protocol"
    return None if cell.protocol is None else _steps(cell, list(_all_steps(cell.protocol)))


def _all_steps(steps: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for step in steps:
        yield step
        yield from _all_steps(step.get("steps", ()))


def _steps(cell: PublishedCell, steps: list[dict[str, Any]]) -> tuple[str, str] | None:
    """Words of a protocol that make no sense for what the row says was seen."""
    words = {word.replace(" ", "_") for step in steps for word in step}
    strange = sorted(words.intersection(FULL_VERBS))
    if strange:
        return f"protocol: '{strange[0]}'", "'plate' and 'strip': full cells are followed on their lithium side"
    ramped = [step["ramp"].get("of") for step in steps if "ramp" in step]
    for quantity in ("current", "pressure"):
        if cell.outcome == f"critical_{quantity}" and ramped != [quantity]:
            return f"'critical_{quantity}' without a ramp of {quantity} in its protocol", "exactly one such ramp"
    if cell.kind == "hold" and words.intersection((*CURRENT_VERBS, "ramp")):
        return "a hold with a current in its protocol", "cell_kind 'symmetric', or no current"
    if cell.kind == "one_way" and words.issuperset(CURRENT_VERBS):
        return "one way, and both 'plate' and 'strip' in its protocol", "cell_kind 'symmetric', or one of them"
    return None


def _sign(cell: PublishedCell) -> tuple[str, str] | None:
    if (cell.outcome == "sign") != ("than" in cell.columns):
        return "a 'sign' and 'than' go together", "outcome 'sign' with the id of the row it is compared with"
    if cell.outcome == "sign" and cell.value not in (1.0, -1.0):
        return f"a sign of {cell.value}", "1 (lives longer than the other) or -1"
    return None


def _statements(cell: PublishedCell) -> tuple[str, str] | None:
    missing = sorted(cell.stated - set(cell.columns))
    if missing:
        return f"'stated' names '{missing[0]}', which is empty", "columns that have a content"
    if cell.tag == "M" and cell.use != "shown":
        return "a number from memory (tag M)", "use 'shown': it is no evidence"
    density = cell.number("density_rel")
    if density is not None and not 0.0 < density <= 1.0:
        return f"a relative density of {density:g}", "a share above 0 and at most 1"
    return None
