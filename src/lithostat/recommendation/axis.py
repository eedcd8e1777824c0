"""An axis of a regime map: which input of a cell or protocol it is, and its values."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from lithostat.experiment.cell import OVERRIDABLE
from lithostat.experiment.errors import InputError, nearest
from lithostat.experiment.protocol import CURRENT_VERBS, PRESSURE_VERBS
from lithostat.experiment.quantity import check, lookup, parse, show

MOST = 4000  # values on an axis
Plain = dict[str, Any]  # what `model_dump(mode="json")` of a cell or a protocol gives


class Input(NamedTuple):
    """One thing an axis may vary. `set` writes a value [SI] into plain data of the cell or of the protocol."""

    quantity: str
    where: str  # 'cell' or 'protocol'
    set: Callable[[Plain, float], None]


@dataclass(frozen=True)
class Axis:
    """`count` values of an input between `low` and `high` (SI, both included), evenly spaced or `log`."""

    name: str
    low: float
    high: float
    count: int
    log: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no axis."""
        quantity = find(self.name).quantity
        check(self.low, quantity)
        check(self.high, quantity)
        if not self.low < self.high:
            ends = " to ".join(show(end, quantity) for end in (self.low, self.high))
            raise InputError(f"the axis '{self.name}' runs from {ends}", expected="low to high")
        if self.log and self.low <= 0.0:
            start = show(self.low, quantity)
            raise InputError(f"the logarithmic axis '{self.name}' starts at {start}", expected="a start above 0")
        if not 2 <= self.count <= MOST:
            raise InputError(f"the axis '{self.name}' has {self.count} values", expected=f"2 to {MOST}")

    @property
    def quantity(self) -> str:
        """Name of its quantity in `experiment.quantity`."""
        return find(self.name).quantity

    @property
    def values(self) -> np.ndarray:
        """(count,) SI."""
        spaced = np.geomspace if self.log else np.linspace
        return np.asarray(spaced(self.low, self.high, self.count))


_WORDS = re.compile(r"\s*(\w+)\s*[:=\s]\s*([^\s.]\S*?)\s*\.\.\s*(\S+)\s*(.*?)\s*((?:(?:\bx\s*\d+|\blog)\s*)*)")
_COUNT = re.compile(r"x\s*(\d+)")


def read_axis(text: str, count: int = 50) -> Axis:
    """An axis as a person writes it: 'pressure 1..30 MPa', 'current 10..1000 uA/cm2 log', 'density 0.7..0.83 x20'.

    `count` is the number of values where the text states none. Raises `InputError`.
    """
    match = _WORDS.fullmatch(text)
    if match is None:
        raise InputError(f"received the axis '{text}'", expected="something like 'pressure 1..30 MPa x50 log'")
    name, low, high, unit, rest = match.groups()
    stated = _COUNT.findall(rest)
    if len(stated) > 1 or rest.count("log") > 1:
        raise InputError(f"received the axis '{text}'", expected="one number of values and 'log' at most once")
    quantity = find(name).quantity
    low, high = (parse(f"{end} {unit}".strip(), quantity) for end in (low, high))
    return Axis(name, low, high, int(stated[0]) if stated else count, "log" in rest)


def find(name: str) -> Input:
    """The input of that name, or an error that suggests the nearest."""
    if name in INPUTS:
        return INPUTS[name]
    if name in OVERRIDABLE:
        lookup(name)
        return Input(name, "cell", lambda cell, value: cell["parameters"].__setitem__(name, value))
    raise InputError(
        f"'{name}' is no input that a map can vary{nearest(name, (*INPUTS, *OVERRIDABLE))}",
        expected=f"one of {', '.join(INPUTS)} or a parameter of a card",
    )


def _set_pressure(protocol: Plain, value: float) -> None:
    """The pressure under which current flows: of the last pressure step before it, and of every later one like it."""
    before: list[Plain] = []
    flowing: list[bool] = []
    for step in _walk(protocol["steps"]):
        if step["verb"] in CURRENT_VERBS:
            flowing.append(True)
        elif step["verb"] in PRESSURE_VERBS:
            if flowing:
                raise InputError(
                    "the protocol changes the pressure after current has flowed",
                    expected="one pressure while current flows, for an axis of pressure",
                )
            before.append(step)
    if not before:
        raise InputError("no step of the protocol sets a pressure", expected="a step like 'press: 5 MPa'")
    before[-1] |= {"verb": "set_pressure", "value": value}


def _set_current(protocol: Plain, value: float) -> None:
    steps = [step for step in _walk(protocol["steps"]) if step["verb"] in CURRENT_VERBS]
    if len({(step["value"], step["absolute"]) for step in steps}) != 1:
        raise InputError(
            f"the protocol has {len({step['value'] for step in steps})} different currents",
            expected="one current, for an axis of current",
        )
    for step in steps:
        step |= {"value": value, "absolute": False}


def _set_temperature(protocol: Plain, value: float) -> None:
    if any(step["verb"] == "set_temperature" for step in _walk(protocol["steps"])):
        raise InputError("the protocol sets temperatures itself", expected="one temperature, for an axis of it")
    protocol["temperature"] = value


def _set_density(cell: Plain, value: float) -> None:
    """Relative density, by the stated porosity; a stated mass would contradict it."""
    cell["electrolyte"] |= {"porosity": 1.0 - value, "mass": None}


def _set_thickness(cell: Plain, value: float) -> None:
    """Thickness of the pellet at the same density: a stated mass grows with it."""
    pellet = cell["electrolyte"]
    if pellet["mass"] is not None:
        pellet["mass"] *= value / pellet["thickness"]
    pellet["thickness"] = value


def _set_area(cell: Plain, value: float) -> None:
    cell["electrode"] |= {"area": value, "diameter": None}


def _set_lithium(cell: Plain, value: float) -> None:
    cell["electrode"]["thickness"] = value


def _walk(steps: list[Plain]) -> list[Plain]:
    return [inner for step in steps for inner in (step, *_walk(step["steps"]))]


INPUTS: dict[str, Input] = {
    "pressure": Input("pressure", "protocol", _set_pressure),
    "current": Input("current_density", "protocol", _set_current),
    "temperature": Input("temperature", "protocol", _set_temperature),
    "density": Input("reference_density", "cell", _set_density),
    "thickness": Input("thickness", "cell", _set_thickness),
    "area": Input("area", "cell", _set_area),
    "lithium": Input("lithium_thickness", "cell", _set_lithium),
}
