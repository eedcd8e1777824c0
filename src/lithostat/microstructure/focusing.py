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
from scipy.sparse import coo_array
from scipy.sparse.linalg import cg

from lithostat.experiment.errors import InputError

TOLERANCE = 1e-9
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
    potential = _solved(solid, metal, ratio)
    far = potential[0].copy()
    far[1:-1, 1:-1] = np.nan
    if not np.isfinite(far).any() or not np.isfinite(potential[length, *tip]).any():
        raise InputError("no electrolyte lies at the rod's end or at the sides", expected="another cut of the pellet")
    return float(np.nanmean(potential[length, *tip]) / np.nanmean(far))


def _solved(solid: np.ndarray, metal: np.ndarray, ratio: float) -> np.ndarray:
    """Potential of every voxel (NaN in none) with lithium at 0 behind lambda = `ratio` voxels and 1 at the far face.
    The current into lithium is the potential over (`ratio` + 1/2)."""
    import pyamg

    number = np.full(solid.shape, -1, np.int64)
    number[solid] = np.arange(int(solid.sum()))
    pairs, diagonal = [], np.zeros(int(solid.sum()))
    for axis in range(3):
        low = tuple(slice(0, -1) if k == axis else slice(None) for k in range(3))
        high = tuple(slice(1, None) if k == axis else slice(None) for k in range(3))
        both = solid[low] & solid[high]
        pairs.append(np.stack([number[low][both], number[high][both]]))
        for one, other in ((low, high), (high, low)):
            faced = solid[one] & metal[other]
            np.add.at(diagonal, number[one][faced], 1.0 / (ratio + 0.5))
    first, last = (number[k][number[k] >= 0] for k in (0, -1))
    diagonal[first] += 1.0 / (ratio + 0.5)
    ends = np.concatenate(pairs, axis=1)
    diagonal += np.bincount(ends.ravel(), minlength=len(diagonal))
    diagonal[last] += 2.0
    right = np.zeros(len(diagonal))
    right[last] = 2.0
    alone = diagonal == 0.0
    diagonal[alone] = 1.0
    rows = np.concatenate([ends[0], ends[1], np.arange(len(diagonal))])
    columns = np.concatenate([ends[1], ends[0], np.arange(len(diagonal))])
    values = np.concatenate([np.full(2 * ends.shape[1], -1.0), diagonal])
    matrix = coo_array((values, (rows, columns)), shape=(len(diagonal),) * 2).tocsr()
    levels = pyamg.ruge_stuben_solver(matrix, max_coarse=300, coarse_solver="splu")
    found, info = cg(matrix, right, rtol=TOLERANCE, M=levels.aspreconditioner(), maxiter=300)
    if info:
        raise InputError("the field around the filament could not be solved", expected="a block whose solid connects")
    potential = np.full(solid.shape, np.nan)
    potential[solid] = found
    return potential
