"""A tomogram: greys on a regular grid, read in parts and never whole in memory."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import numpy as np

from lithostat.experiment.errors import InputError

TYPES = ("uint8", "uint16", "int16", "float32")
STAGES = ("before", "after", "unknown")
ENDS = ("first end", "last end")
Index: TypeAlias = slice | tuple[slice, ...]  # what chooses a part of a block
ROWS = 8  # of y at a time: a pass over them stays in the cache of a core


class Voxels(Protocol):
    """Anything that gives parts of a block of greys: an array, a Zarr array, a stack of files."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of voxels along [through_plane, y, x]."""

    @property
    def dtype(self) -> np.dtype:
        """NumPy type of the greys."""

    def __getitem__(self, part: Any) -> np.ndarray:
        """The greys of a part, as slices say it."""


@dataclass(frozen=True)
class VolumeState:
    """When and under what a tomogram was taken: `stage` before | after | unknown; SI, None where nobody said it."""

    stage: str = "unknown"
    pressure: float | None = None
    temperature: float | None = None
    time: float | None = None

    def __post_init__(self) -> None:
        """Refuse a stage that is none."""
        if self.stage not in STAGES:
            raise InputError(f"received the stage '{self.stage}'", expected=f"one of {', '.join(STAGES)}")


@dataclass(frozen=True)
class VolumeSource:
    """Where the greys came from. `sha256` is over the SHA-256 of every 32 slices as they were read; `stamp` tells one
    version of the file from another without reading it: sizes and times of change."""

    file: str
    format: str = ""
    sha256: str | None = None
    stamp: str = ""


@dataclass(frozen=True)
class Volume:
    """A tomogram of one cell.

    `voxels` has the axes [through_plane, y, x]; `voxel_size` is the edge of a cubic voxel [m], stated by a person and
    never guessed. `outside` is the grey that stands for "not measured" (None if every voxel was). `ends` names what
    lies at the first and at the last slice. `coarse` holds the means of 2^3, 4^3, 8^3 voxels, as many as there are.
    """

    voxels: Voxels
    voxel_size: float
    name: str = "volume"
    outside: float | None = None
    state: VolumeState = field(default_factory=VolumeState)
    ends: tuple[str, str] = ENDS
    coarse: tuple[Voxels, ...] = ()
    source: VolumeSource | None = None
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no block of greys with a size."""
        if len(self.voxels.shape) != 3 or min(self.voxels.shape) < 1:
            raise InputError(
                f"{self.name} has the shape {self.voxels.shape}", expected="three axes, none of them empty"
            )
        if np.dtype(self.voxels.dtype).name not in TYPES:  # in either byte order
            raise InputError(f"{self.name} holds {self.voxels.dtype}", expected=f"one of {', '.join(TYPES)}")
        if not (math.isfinite(self.voxel_size) and self.voxel_size > 0.0):
            raise InputError(f"received the voxel size {self.voxel_size}", expected="a length above zero, '1.18 um'")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along [through_plane, y, x]."""
        z, y, x = self.voxels.shape
        return z, y, x

    @property
    def size(self) -> int:
        """Number of voxels."""
        return math.prod(self.shape)

    def level(self, binned: int) -> Voxels:
        """Greys as means of `binned`^3 voxels; `binned` is 1, 2, 4 or 8."""
        steps = int(binned).bit_length() - 1
        if 2**steps != binned or steps > len(self.coarse):
            raise InputError(
                f"{self.name} has no greys binned by {binned}", expected="a volume with its pyramid: ingest it first"
            )
        return self.coarse[steps - 1] if steps else self.voxels

    def not_measured(self, greys: np.ndarray) -> np.ndarray | None:
        """True where nothing was measured, of the shape of `greys`; None if that is nowhere."""
        if self.outside is None:
            return None
        return np.isnan(greys) if math.isnan(self.outside) else greys == self.outside


def halved(greys: np.ndarray) -> np.ndarray:
    """Means of 2 x 2 x 2 voxels of [z, y, x], in the same type (integers rounded, half up); an odd rest is left out."""
    z, y, x = (length // 2 * 2 for length in greys.shape)
    kind = greys.dtype
    wide = {"u1": np.uint16, "u2": np.uint32, "i2": np.int32}.get(kind.str[1:], np.float32)
    made = np.empty((z // 2, y // 2, x // 2), kind)
    for row in range(0, y, ROWS):
        part = greys[:z, row : min(row + ROWS, y), :x]
        total = np.add(part[::2], part[1::2], dtype=wide)
        total = total[:, ::2] + total[:, 1::2]
        total = total[:, :, ::2] + total[:, :, 1::2]
        if kind.kind == "f":
            total *= wide(0.125)
        else:
            total += wide(4)
            total >>= wide(3)
        made[:, row // 2 : row // 2 + total.shape[1]] = total
    return made


def in_memory(greys: np.ndarray, *, voxel_size: float, **about: Any) -> Volume:
    """A small volume whose greys are an array; `about` as for `Volume`."""
    coarse: list[np.ndarray] = []
    level = greys
    while min(level.shape) >= 2 and len(coarse) < 3:
        level = halved(level)
        coarse.append(level)
    return Volume(greys, voxel_size, coarse=tuple(coarse), **about)
