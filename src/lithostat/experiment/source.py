"""Where a number comes from, and how much that is worth."""

from __future__ import annotations

from typing import NamedTuple

TAGS = {
    "V1": "read in the original source",
    "V2": "read in a secondary text that quotes the source",
    "V2-fig": "as V2, read off a figure (5 to 15 %)",
    "D": "derived here from tagged numbers",
    "fit": "fitted here to published data",
    "M": "from memory, unverified",
    "user": "stated by the user",
}


class Source(NamedTuple):
    """A publication or a derivation that a number rests on."""

    key: str
    cite: str
    doi: str | None = None


class Value(NamedTuple):
    """A number with everything one needs to judge it. `value` is SI; `low` and `high` are SI or None."""

    name: str
    value: float
    text: str
    source: Source
    tag: str
    low: float | None = None
    high: float | None = None
    conditions: str | None = None
    note: str | None = None
    unverified: bool = False
