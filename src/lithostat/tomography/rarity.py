"""How long pores of a pellet get, and how rare a longer one would be: what a filament must exceed to be called one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lithostat.tomography.components import TOUCH_RIM, Merged

LEAST = 8  # voxels of a component that counts; smaller ones are noise
FEW = 40  # components below which their tail cannot be learned
RARE = 1e-3  # expected number of pores as long, below which a component is no pore
CAUTION = 1.15  # by which the scale of the tail is taken longer: one standard error of a hundred, and a bit


class LengthTail(NamedTuple):
    """Beyond `start` voxels the number of components as long falls as exp(-(length - start) / scale), from `number`.

    `known` is False where there are too few components to learn it from and a cautious one stands in.
    """

    start: float
    scale: float
    number: float
    known: bool

    def expected(self, length: np.ndarray | float) -> np.ndarray:
        """Expected number of pores of at least that length [voxel]."""
        beyond = np.maximum(np.asarray(length, float) - self.start, 0.0)
        return self.number * np.exp(-beyond / self.scale)

    def longest(self, expected: float) -> float:
        """Length [voxel] that as many pores are expected to reach."""
        return self.start + self.scale * float(np.log(max(self.number / expected, 1.0)))


def tail(of: Merged) -> LengthTail:
    """The tail of the lengths of dark components (longest side of their box), from all but the longest few.

    Exponential between the hundredth part and the tenth part of the components, which filaments, being few, do not
    bend. A pellet whose pores connect has a long tail, and then nothing is rare in it.
    """
    lengths = np.sort(of.extent.max(axis=1)[_counted(of)])[::-1].astype(float)
    if len(lengths) < FEW:
        scale = max(float(LEAST), float(np.median(lengths)) if len(lengths) else 0.0)
        return LengthTail(0.0, scale, len(lengths) + 1.0, False)
    far = max(FEW // 2, min(len(lengths) // 10, max(1000, len(lengths) // 100)))
    near = max(3, far // 10)
    scale = (lengths[near - 1] - lengths[far - 1]) / np.log(far / near)
    return LengthTail(lengths[near - 1], CAUTION * max(float(scale), 1.0), float(near), True)


def rare(of: Merged, null: LengthTail) -> np.ndarray:
    """Indices of the components that are no pores, the longest first; those at the rim of the pellet are left out."""
    lengths = of.extent.max(axis=1)
    exceptional = _counted(of) & (null.expected(lengths) < RARE)
    return np.flatnonzero(exceptional)[np.argsort(-lengths[exceptional], kind="stable")]


def _counted(of: Merged) -> np.ndarray:
    return (of.size >= LEAST) & ((of.touches & TOUCH_RIM) == 0)
