"""drive_of(cell) -> Drive: a published cell as a cell and a protocol to simulate, with what had to be assumed."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lithostat.experiment.cell import Cell
from lithostat.experiment.errors import InputError
from lithostat.experiment.protocol import Protocol
from lithostat.materials.card import find
from lithostat.model.program import Scale
from lithostat.model.unroll import unroll
from lithostat.papers.published_cell import PublishedCell

# Where a table leaves an input empty; every use of one is said.
ASSUMED: dict[str, float] = {
    "thickness_um": 1000.0,
    "lithium_thickness_um": 500.0,
    "electrode_area_cm2": 1.267,
    "temperature_C": 25.0,
}
HALF_CYCLE = 1.0  # h, where no charge per half-cycle is known
ATTACHED = {"isostatic": 10.0 / 60.0, "uniaxial": 1.0 / 60.0}  # h, where no time is known
SETTLE = "1 min"  # at the stack pressure, before current flows
RAMPED = {"of": "current", "from": "0.02 mA/cm2", "to": "20 mA/cm2", "factor": 1.2, "for": "1 h"}
PRESSED = {"of": "pressure", "from": "1 MPa", "to": "100 MPa", "factor": 1.2, "for": "1 h"}
CYCLED = ("symmetric", "full", "anode_free", "three_electrode")


class NotSimulated(Exception):
    """A published cell that cannot be simulated; the text says what is missing."""


@dataclass(frozen=True)
class PublishedDrive:
    """What is simulated for a row: the cell without its laws, the steps, and what goes on as long as the cell lives.

    `turn` is repeated (or waited, where it is one step of waiting) behind `steps` until a horizon; empty where the
    steps end by themselves. `since` is what hours count from: 'current', 'start', or the number of a step.
    """

    cell: dict[str, Any]
    steps: tuple[dict[str, Any], ...]
    turn: tuple[dict[str, Any], ...]
    turn_hours: float
    temperature: float  # [degC]
    since: str
    assumed: tuple[str, ...]

    def for_law(self, law: str) -> Cell:
        """The cell under a named law."""
        return Cell.from_dict(copy.deepcopy(self.cell) | {"laws": {"named": law}})

    def protocol(self, hours: float) -> Protocol:
        """The test, for about so many hours of what goes on."""
        steps = list(self.steps)
        if len(self.turn) == 1 and math.isinf(self.turn_hours):
            (word, value), *beside = self.turn[0].items()
            timed = {word: f"{hours} h"} if word in ("hold", "rest") else {word: value, "for": f"{hours} h"}
            steps.append(timed | {key: entry for key, entry in beside if key != "for"})
        elif self.turn:
            steps.append({"repeat": max(1, math.ceil(hours / self.turn_hours)), "steps": list(self.turn)})
        said = {"steps": steps, "temperature": f"{self.temperature} degC", "after_short": "0 s"}
        return Protocol.from_dict(copy.deepcopy(said))

    def steps_in(self, hours: float) -> float:
        """About how many steps that is."""
        endless = len(self.turn) <= 1 or math.isinf(self.turn_hours)
        return len(self.steps) + (1 if endless else len(self.turn) * max(1.0, hours / self.turn_hours))


def drive_of(cell: PublishedCell) -> PublishedDrive:
    """The drive of a row. Raises `NotSimulated` with what is missing."""
    if cell.outcome == "other":
        raise NotSimulated(str(cell.columns.get("note", "nothing here that a law predicts")))
    assumed = [*cell.assumed]

    def number(column: str) -> float:
        found = cell.number(column)
        if found is None:
            assumed.append(column)
            return ASSUMED[column]
        return found

    built = _built(cell, number)
    default_since = "start" if cell.kind == "hold" else "current"
    since = str(cell.columns.get("since", default_since))
    temperature = number("temperature_C")
    if cell.protocol is not None:
        steps, turn, hours = _of_protocol(cell.protocol, Cell.from_dict(copy.deepcopy(built)).area)
    else:
        steps, turn, hours = _of_columns(cell, assumed)
    return PublishedDrive(built, tuple(steps), tuple(turn), hours, temperature, since, tuple(dict.fromkeys(assumed)))


def _built(cell: PublishedCell, number: Callable[[str], float]) -> dict[str, Any]:
    """The cell as a person would write it."""
    electrolyte = cell.columns.get("electrolyte")
    if electrolyte is None:
        raise NotSimulated("no electrolyte is named")
    try:
        find(str(electrolyte))
    except InputError as error:
        raise NotSimulated(error.problem) from None
    pellet: dict[str, Any] = {"material": electrolyte, "thickness": f"{number('thickness_um')} um"}
    for column, key, unit in (("grain_um", "grain", "um"), ("roughness_um", "roughness", "um")):
        if column in cell.columns:
            pellet[key] = f"{cell.number(column)} {unit}"
    density = cell.number("density_rel")
    if density is not None:
        pellet["porosity"] = 1.0 - density
    area, metal = number("electrode_area_cm2"), number("lithium_thickness_um")
    electrode = {"area": f"{area} cm2", "thickness": f"{metal} um"}
    if "anode" in cell.columns:
        electrode["material"] = cell.columns["anode"]
    counter = {"full": "inert", "three_electrode": "does not limit"}.get(cell.kind, "limits")
    name = f"{cell.paper} {cell.id}"
    built: dict[str, Any] = {"name": name, "electrode": electrode, "electrolyte": pellet, "counter": counter}
    if cell.kind == "anode_free":
        built["collector"] = 1
    try:
        Cell.from_dict(copy.deepcopy(built))
    except InputError as error:
        raise NotSimulated(str(error)) from None
    return built


def _of_protocol(protocol: tuple[dict[str, Any], ...], area: float) -> tuple[list[Any], list[Any], float]:
    """(steps, what goes on behind them, hours of one turn): a last repeat, hold or current goes on without end."""
    steps = [copy.deepcopy(step) for step in protocol]
    last = steps[-1]
    if "repeat" in last:
        once = unroll(Protocol.from_dict({"steps": copy.deepcopy(last["steps"])}), Scale(area))
        return steps[:-1], last["steps"], sum(action.duration for action in once.actions) / 3600.0
    if any(word in last for word in ("hold", "rest", "plate", "strip")) and "until" not in last:
        return steps[:-1], [last], math.inf
    return steps, [], math.inf


def _of_columns(cell: PublishedCell, assumed: list[str]) -> tuple[list[Any], list[Any], float]:
    steps = _pressed(cell, assumed)
    if cell.outcome in ("critical_current", "critical_pressure"):
        assumed.append("protocol")
        return [*steps, {"ramp": RAMPED if cell.outcome == "critical_current" else PRESSED}], [], math.inf
    if cell.kind == "hold":
        still = "hold" if cell.number("stack_pressure_MPa") else "rest"
        return steps, [{still: "1 h"}], math.inf
    plate = cell.number("plate_mA_cm2")
    if plate is None:
        raise NotSimulated("no current is stated")
    if cell.kind == "one_way":
        return steps, [{"plate": f"{plate} mA/cm2"}], math.inf
    if cell.kind not in CYCLED:
        raise NotSimulated(f"a '{cell.kind}' with the outcome '{cell.outcome}' has no steps")
    strip = cell.number("strip_mA_cm2") or plate
    charge = cell.number("charge_per_half_cycle_mAh_cm2")
    if charge is None:
        assumed.append("charge_per_half_cycle_mAh_cm2")
        charge = plate * HALF_CYCLE
    back: dict[str, Any] = {"strip": f"{strip} mA/cm2", "for": f"{charge / strip} h"}
    if cell.kind == "anode_free":
        back["until"] = {"voltage": "1 V"}
    turn = [{"plate": f"{plate} mA/cm2", "for": f"{charge / plate} h"}, back]
    return steps, turn, charge / plate + charge / strip


def _pressed(cell: PublishedCell, assumed: list[str]) -> list[dict[str, Any]]:
    """Attachment and stack pressure before current flows."""
    steps: list[dict[str, Any]] = []
    attached, stack = cell.number("attach_pressure_MPa"), cell.number("stack_pressure_MPa")
    if attached is not None:
        kind = str(cell.columns.get("attach_kind", "uniaxial"))
        time = cell.number("attach_time_h")
        if time is None:
            assumed.append("attach_time_h")
            time = ATTACHED[kind]
        if "attach_kind" not in cell.columns:
            assumed.append("attach_kind")
        steps.append({"attach": {"pressure": f"{attached} MPa", "kind": kind, "for": f"{time} h"}})
    if stack is None:
        raise NotSimulated("no stack pressure is stated")
    if stack > 0.0:
        steps.append({"set_pressure": f"{stack} MPa", **({} if cell.kind == "hold" else {"for": SETTLE})})
    return steps
