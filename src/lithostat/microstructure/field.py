"""The potential in an electrolyte of voxels between lithium behind an interface resistance and a far face at 1.

The matrix is made once for a block; lithium that fills pores changes nothing but its diagonal, so that the multigrid
hierarchy of the first solve serves as a preconditioner for all that follow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.sparse import csr_array, diags_array
from scipy.sparse.linalg import cg

from lithostat.experiment.errors import InputError
from lithostat.tomography.tortuosity import faces, laplacian

TOLERANCE = 1e-9  # of the residual, relative


@dataclass
class Field:
    """`solid` [z, y, x]: True where the block conducts. `ratio`: conductivity times area-specific resistance of the
    interface, in voxels. Lithium (at 0) lies before the first layer, and wherever `solve` is told; the far face is at
    1, half a voxel behind the last layer; sides are insulated."""

    solid: np.ndarray
    ratio: float
    tolerance: float = TOLERANCE
    _number: np.ndarray = field(init=False, repr=False)
    _matrix: csr_array = field(init=False, repr=False)
    _far: np.ndarray = field(init=False, repr=False)
    _levels: Any = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        """Number the voxels and make the matrix, lithium left out."""
        self._matrix, self._number = laplacian(self.solid)
        self._far = np.zeros(self._matrix.shape[0])
        last = self._number[-1][self._number[-1] >= 0]
        self._far[last] = 2.0

    def conductance(self, metal: np.ndarray) -> np.ndarray:
        """Of every solid voxel to the lithium that it faces: the front and `metal` [z, y, x], (solid voxels,)."""
        count = np.zeros(len(self._far))
        first = self._number[0][self._number[0] >= 0]
        count[first] += 1.0
        for axis in range(3):
            np.add.at(count, faces(self._number, self.solid, metal, axis)[0], 1.0)
            np.add.at(count, faces(self._number, metal, self.solid, axis)[1], 1.0)
        return count / (self.ratio + 0.5)

    def solve(self, metal: np.ndarray, start: np.ndarray | None = None) -> np.ndarray:
        """Potential of the solid voxels, (solid voxels,), with lithium in `metal`; `start` is a guess of it."""
        import pyamg

        diagonal = self.conductance(metal) + self._far
        diagonal[(diagonal == 0.0) & (self._matrix.diagonal() == 0.0)] = 1.0  # a voxel on its own
        matrix = self._matrix + diags_array(diagonal)
        if self._levels is None:
            self._levels = pyamg.ruge_stuben_solver(matrix.tocsr(), max_coarse=300, coarse_solver="splu")
        found, info = cg(
            matrix, self._far, x0=start, rtol=self.tolerance, M=self._levels.aspreconditioner(), maxiter=500
        )
        if info:
            raise InputError("the field in the pellet could not be solved", expected="a block whose solid connects")
        return np.asarray(found)

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Values of the solid voxels on the block [z, y, x], NaN elsewhere."""
        block = np.full(self.solid.shape, np.nan)
        block[self.solid] = values
        return block
