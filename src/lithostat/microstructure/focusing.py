"""How much current a filament draws to its tip: Laplace's equation in three dimensions with the interface resistance.

A rod of lithium of length a stands on the lithium front of a slab of electrolyte. Front and rod pass current into the
electrolyte through the interface resistance ASR. With the reach lambda = sigma ASR the tip grows g(a) times as fast as
a flat front; the law `structure_focusing` says g = 1 + k a / lambda. Limits: g = 1 for a << lambda; k = 1 where the rod
does not disturb the field (thin rod, large lambda).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lithostat.experiment.errors import InputError
from lithostat.microstructure.field import Field

ROD = 3  # voxels across
LENGTHS = (2, 4, 8, 16, 24)  # voxels
BEYOND = 1.6  # height of the block over the longest filament


@dataclass(frozen=True)
class Focusing:
    """`length` [m] of filaments and the `growth` of their tips over that of a flat front [-], at `reach` [m]."""

    length: np.ndarray
    growth: np.ndarray
    reach: float
    width: float

    @property
    def structure_factor(self) -> float:
        """k of g = 1 + k a / lambda, by least squares through the limit of no length."""
        rise = self.length / self.reach
        return float((rise * (self.growth - 1.0)).sum() / (rise * rise).sum())

    def as_rows(self) -> list[dict[str, float]]:
        """The table: length [m], growth [-] and k of that length alone."""
        k = (self.growth - 1.0) * self.reach / self.length
        return [
            {"length_m": float(a), "focusing": float(g), "structure_factor": float(one)}
            for a, g, one in zip(self.length, self.growth, k, strict=True)
        ]


def focusing(
    electrolyte: np.ndarray,
    *,
    voxel_size: float,
    reach: float,
    lengths: Sequence[int] = LENGTHS,
    rod: int = ROD,
) -> Focusing:
    """Solve for filaments of several `lengths` [voxel] in the middle of a block [z, y, x], True where it conducts.

    `reach` lambda [m] is conductivity times area-specific resistance of the interface. Sides of the block are
    insulated: the block stands for filaments as far apart as it is wide. Raises `InputError` for a block too small.
    """
    if electrolyte.shape[0] < max(lengths) + 4 or min(electrolyte.shape[1:]) < 4 * rod:
        raise InputError(
            f"a block of {' x '.join(map(str, electrolyte.shape))} voxels is too small",
            expected=f"more than {max(lengths) + 4} layers of {4 * rod} x {4 * rod}",
        )
    ratio = reach / voxel_size
    flat = _tip_current(electrolyte, 0, rod, ratio)
    growth = [_tip_current(electrolyte, length, rod, ratio) / flat for length in lengths]
    return Focusing(np.array(lengths) * voxel_size, np.array(growth), reach, rod * voxel_size)


def _tip_current(electrolyte: np.ndarray, length: int, rod: int, ratio: float) -> float:
    """Current density at the end of a rod over that of the flat front far from it, at the sides of the block."""
    solid = electrolyte.copy()
    y, x = (n // 2 - rod // 2 for n in solid.shape[1:])
    tip = (slice(y, y + rod), slice(x, x + rod))
    solid[length:, y : y + rod, x : x + rod] |= length > 0  # the rod grows in electrolyte
    metal = np.zeros(solid.shape, bool)
    metal[:length, *tip] = True
    solid &= ~metal
    field = Field(solid, ratio)
    potential = field.spread(field.solve(metal))
    far = potential[0].copy()
    far[1:-1, 1:-1] = np.nan
    if not np.isfinite(far).any() or not np.isfinite(potential[length, *tip]).any():
        raise InputError("no electrolyte lies at the rod's end or at the sides", expected="another cut of the pellet")
    return float(np.nanmean(potential[length, *tip]) / np.nanmean(far))
