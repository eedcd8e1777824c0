"""What devices give: readings, the channels they belong to, and the contract that every source keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

OK, UNREADABLE, OUT_OF_RANGE, FIRST = 0, 1, 2, 3
QUALITY = ("ok", "unreadable", "out of range", "first after opening")


class Lost(Exception):
    """A source cannot give anything now; its sentence says why. It may be opened again."""


@dataclass(frozen=True)
class Channel:
    """One quantity of a source: its SI unit ('' for counts), the range that can be true, the usual interval [s]."""

    name: str
    unit: str = ""
    low: float = -np.inf
    high: float = np.inf
    interval: float = 1.0


@dataclass(frozen=True)
class Readings:
    """Values of some channels at n instants.

    `at` [s] is when they came, since the watch began; `stamped` [s] the device's own clock, NaN without one; `values`
    (n, channels) in SI, NaN where nothing could be read; `quality` (n) is an index into `QUALITY`.
    """

    source: str
    names: tuple[str, ...]
    at: np.ndarray
    stamped: np.ndarray
    values: np.ndarray
    quality: np.ndarray

    def __len__(self) -> int:
        """Number of instants."""
        return len(self.at)

    def column(self, name: str) -> np.ndarray:
        """Values of one channel, NaN where they are not good."""
        if name not in self.names:
            return np.full(len(self), np.nan)
        return np.where(self.quality == OK, self.values[:, self.names.index(name)], np.nan)


@dataclass(frozen=True)
class Lines:
    """Bytes that a file grew by, from `begin` to `begin + len(data)` of its part number `part`, whole lines alone.

    `file` is its name, `before` the last bytes in front of `begin`; `replaces` is the number of the part in whose
    place this one came, if the file was written anew. `whole` says that `data` is all of a file that is no text.
    """

    source: str
    file: str
    part: int
    begin: int
    data: bytes
    at: float
    before: bytes = b""
    replaces: int | None = None
    whole: bool = False

    @property
    def end(self) -> int:
        """First byte that is not in it."""
        return self.begin + len(self.data)


Reading = Readings | Lines


@runtime_checkable
class Source(Protocol):
    """A device or a file. Whatever goes wrong with it is `Lost`, and after it `open` may be called again."""

    name: str

    def describe(self) -> tuple[Channel, ...]:
        """Its channels."""
        ...

    def open(self) -> None:
        """Make it ready; returns after one good answer, or raises `Lost`."""
        ...

    def read(self, wait: float) -> Sequence[Reading]:
        """What came since the last call, after at most `wait` + 0.1 s; raises `Lost`."""
        ...

    def close(self) -> None:
        """Let it go; may be called twice."""
        ...
