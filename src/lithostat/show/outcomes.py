"""How the end of a test is drawn: the same mark, colour and word for it in every figure that shows cells."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from lithostat.experiment.finding import group_of
from lithostat.show.style import BLUE, GREEN, MUTED, ORANGE, RED


class Look(NamedTuple):
    """A marker of matplotlib, its colour, and the word for it in a legend."""

    marker: str
    colour: str
    label: str


LOOKS = {
    "short": Look("X", RED, "short"),
    "contact lost": Look("s", BLUE, "contact lost"),
    "lithium spent": Look("D", ORANGE, "lithium spent"),
    "lived": Look("^", GREEN, "no short until then"),
    "not known": Look("P", MUTED, "how it ended is not known"),
}


def look(kind: str) -> Look:
    """How an outcome of that kind is drawn, one of `KINDS`; another raises `ValueError`."""
    return LOOKS[group_of(kind)]


def looks(kinds: Iterable[str]) -> dict[str, Look]:
    """Those of the groups that occur among the kinds, in one order, for a legend."""
    there = {group_of(kind) for kind in kinds}
    return {group: drawn for group, drawn in LOOKS.items() if group in there}
