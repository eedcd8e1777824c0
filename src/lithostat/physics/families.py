"""Laws that can be chosen, by family; the default of each family comes first.

A law takes its arguments by position and the numbers it rests on by keyword, under the names they have in cards and
cells. Whoever applies a law looks those names up (`taken_by`), so that a new law with a number of its own needs no
other place than its function, the table of quantities and a card.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from lithostat.physics import creep, fracture, plating

Law = Callable[..., Any]

FAMILIES: dict[str, dict[str, Law]] = {
    "growth": {
        "constant_focusing": plating.constant_focusing,
        "length_focusing": plating.length_focusing,
        "pressure_focusing": plating.pressure_focusing,
    },
    "entry": {"open": creep.enters_freely, "threshold": creep.enters_above},
    "failure": {"fracture": fracture.runs_or_penetrates, "percolation": fracture.penetrates},
}


@functools.cache
def taken_by(law: Law) -> tuple[str, ...]:
    """Names of the numbers that a law takes by keyword, the array namespace aside."""
    parameters = inspect.signature(law).parameters.values()
    return tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.name != "xp")


@functools.cache
def _wants_namespace(law: Law) -> bool:
    return "xp" in inspect.signature(law).parameters


def apply(law: Law, *arguments: Any, p: Any, xp: Any) -> Any:
    """The law at these arguments, with its numbers from the attributes of `p` and the array namespace `xp`."""
    numbers = {name: getattr(p, name) for name in taken_by(law)}
    return law(*arguments, **numbers, **({"xp": xp} if _wants_namespace(law) else {}))


def default(family: str) -> str:
    """Name of the default law of a family."""
    return next(iter(FAMILIES[family]))
