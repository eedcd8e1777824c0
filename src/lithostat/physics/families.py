"""Laws that can be chosen, by family; the default of each family comes first.

A law takes its arguments by position and the numbers it rests on by keyword, under the names they have in cards and
cells. Whoever applies a law looks those names up (`taken_by`), so that a new law with a number of its own needs no
other place than its function, the table of quantities and a card.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

from lithostat.physics import filament, fracture, plating, voids
from lithostat.physics.types import Namespace, Values

Law = Callable[..., Any]


class Entry(NamedTuple):
    """How lithium enters without current: what drives it, the rate of a coordinate, the way back, and its start."""

    drive: Law
    rate: Law
    length: Law
    slope: Law
    start: float


class Voids(NamedTuple):
    """How voids grow and close, and what share of the contact they leave."""

    rate: Law
    left: Law


_CREEP = (filament.creep_rate_of_coordinate, filament.crept_length, filament.crept_slope, 0.0)
_FLAW = (filament.delayed_fracture, filament.flaw_length, filament.flaw_slope, 1.0)
FAMILIES: dict[str, dict[str, Any]] = {
    "growth": {
        "constant_focusing": plating.constant_focusing,
        "structure_focusing": plating.structure_focusing,
        "length_focusing": plating.length_focusing,
        "pressure_focusing": plating.pressure_focusing,
    },
    "reversal": {"none": plating.stays, "partial": plating.retracts},
    "filament": {"coupled": filament.coupled, "additive": filament.additive},
    "entry": {
        "throat_creep": Entry(filament.at_any_pressure, *_CREEP),
        "threshold": Entry(filament.above_threshold, *_CREEP),
        "delayed_fracture": Entry(filament.at_any_pressure, *_FLAW),
    },
    "failure": {"fracture": fracture.runs_or_penetrates, "percolation": fracture.penetrates},
    "voids": {
        "constant_closure": Voids(voids.constant_closure, voids.left_exponentially),
        "proportional_closure": Voids(voids.proportional_closure, voids.left_linearly),
    },
}
# Words that mean the same, of earlier files and of the literature: family, word -> family, law.
SAME: dict[tuple[str, str], tuple[str, str]] = {
    ("entry", "open"): ("entry", "throat_creep"),
    ("focusing", "constant"): ("growth", "constant_focusing"),
    ("focusing", "structure"): ("growth", "structure_focusing"),
}


def functions(law: Law | tuple[Law | float, ...]) -> tuple[Law, ...]:
    """The functions that a member of a family is made of."""
    return tuple(part for part in law if callable(part)) if isinstance(law, tuple) else (law,)


@functools.cache
def taken_by(law: Law | tuple[Law | float, ...]) -> tuple[str, ...]:
    """Names of the numbers that a law takes by keyword, the array namespace aside."""
    names: dict[str, None] = {}
    for function in functions(law):
        parameters = inspect.signature(function).parameters.values()
        names |= dict.fromkeys(p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.name != "xp")
    return tuple(names)


@functools.cache
def _wants_namespace(law: Law) -> bool:
    return "xp" in inspect.signature(law).parameters


def apply(law: Law, *arguments: Values, p: object, xp: Namespace) -> Values:
    """The law at these arguments, with its numbers from the attributes of `p` and the array namespace `xp`."""
    numbers = {name: getattr(p, name) for name in taken_by(law)}
    return law(*arguments, **numbers, **({"xp": xp} if _wants_namespace(law) else {}))


def default(family: str) -> str:
    """Name of the default law of a family."""
    return next(iter(FAMILIES[family]))
