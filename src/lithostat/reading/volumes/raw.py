"""Raw greys: bytes without a header, whose shape, type and byte order a person states."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from lithostat.experiment.errors import InputError
from lithostat.experiment.volume import TYPES
from lithostat.reading.volumes.tiff import MOST, Opened

SUFFIXES = (".raw", ".vol", ".bin", ".dat")
ORDERS: dict[str, Literal["<", ">"]] = {"little": "<", "big": ">"}
_SHAPE = "z=1000,y=2000,x=2000"
_PATTERN = re.compile(r"\s*([xyz])\s*=\s*(\d{1,6})\s*")


class RawLayout(NamedTuple):
    """How greys lie in a raw file: the slowest axis first. `header` bytes at its head are passed over."""

    shape: tuple[int, int, int]
    dtype: str
    byte_order: str | None = None
    header: int = 0


def parse_shape(text: str) -> tuple[int, int, int]:
    """'z=1000,y=2000,x=2000' as (1000, 2000, 2000); without the letters nobody knows which axis is which."""
    matches = [_PATTERN.fullmatch(part) for part in text.split(",")]
    found = {match[1]: match[2] for match in matches if match}
    if sorted(found) != ["x", "y", "z"] or min(map(int, found.values())) < 1:
        raise InputError(f"received the shape '{text}'", expected=f"all three axes with their letters, '{_SHAPE}'")
    return int(found["z"]), int(found["y"]), int(found["x"])


def open_raw(path: Path, layout: RawLayout | None) -> Opened:
    """Open a raw file as it was stated to be; a size that does not fit to the byte is refused."""
    if layout is None:
        raise InputError(
            "is raw: nothing in it says how it is laid out",
            file=str(path),
            expected=f"--shape {_SHAPE} (x runs fastest), --type uint16 and, above 8 bit, --byte-order little or big",
        )
    if layout.dtype not in TYPES:
        raise InputError(f"received the type '{layout.dtype}'", file=str(path), expected=f"one of {', '.join(TYPES)}")
    kind = np.dtype(layout.dtype)
    if kind.itemsize > 1 and layout.byte_order not in ORDERS:
        raise InputError(
            f"the byte order of raw {layout.dtype} is not stated", file=str(path), expected="--byte-order little or big"
        )
    needed, there = math.prod(layout.shape) * kind.itemsize + layout.header, path.stat().st_size
    if math.prod(layout.shape) > MOST or needed != there:
        over = there - needed
        more = f"{over} bytes more, --header {over + layout.header}?" if over > 0 else f"{-over} bytes less"
        raise InputError(
            f"{' x '.join(map(str, layout.shape))} greys of {layout.dtype} need {needed} bytes, the file has {there}",
            file=str(path),
            expected=f"a shape and type that fit to the byte ({more})",
        )
    order = kind.newbyteorder(ORDERS[layout.byte_order]) if layout.byte_order in ORDERS else kind
    return Opened(np.memmap(path, order, "r", layout.header, layout.shape), None, ())
