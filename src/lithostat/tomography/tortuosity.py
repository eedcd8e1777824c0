"""Whether a phase connects, and by how much its paths slow down conduction."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array, csr_array, diags_array
from scipy.sparse.linalg import cg

from lithostat.experiment.errors import InputError

TOLERANCE = 1e-6  # of the residual, relative
BALANCED = 2e-3  # relative difference of the currents through both ends


class Transport(NamedTuple):
    """Conduction through a phase along one axis: `share` of the volume that is the phase, `connected` share of the
    volume that hangs together from end to end, `effective` conductivity over that of the phase, and `tortuosity` =
    share / effective (infinite where nothing connects). `imbalance`: relative difference of the two end currents."""

    share: float
    connected: float
    effective: float
    tortuosity: float
    imbalance: float


def connected(phase: np.ndarray, axis: int) -> np.ndarray:
    """Voxels of a phase [z, y, x] that hang together with both ends of an axis, through faces."""
    import cc3d

    labels = cc3d.connected_components(phase, connectivity=6, binary_image=True)
    first, last = (np.unique(np.take(labels, end, axis)) for end in (0, -1))
    both = np.intersect1d(first, last)
    both = both[both > 0]
    if not both.size:
        return np.zeros(phase.shape, bool)
    wanted = np.zeros(int(labels.max()) + 1, bool)
    wanted[both] = True
    return wanted[labels]


def transport(phase: np.ndarray, axis: int = 0) -> Transport:
    """Solve Laplace's equation in a phase [z, y, x] between fixed potentials at both ends of an axis.

    The potentials are held on the outer faces, half a voxel from the first and the last layer. Sides are insulated.
    Algebraic multigrid (pyamg, Ruge-Stuben) with conjugate gradients. Raises `InputError` without a phase.
    """
    import pyamg

    if phase.ndim != 3 or not phase.any():
        raise InputError("the phase is empty", expected="a block of three axes with some of the phase in it")
    share = float(phase.mean())
    path = np.moveaxis(connected(phase, axis), axis, 0)
    if not path.any():
        return Transport(share, 0.0, 0.0, float("inf"), 0.0)
    matrix, right, ends = laplace(path)
    levels = pyamg.ruge_stuben_solver(matrix, max_coarse=500, coarse_solver="splu")
    solved, info = cg(matrix, right, rtol=TOLERANCE, M=levels.aspreconditioner(), maxiter=500)
    if info:
        raise InputError("conduction through the phase could not be solved", expected="a smaller or cleaner volume")
    length, area = path.shape[0], path.shape[1] * path.shape[2]
    into, out = 2.0 * float((1.0 - solved[ends[0]]).sum()), 2.0 * float(solved[ends[1]].sum())
    effective = 0.5 * (into + out) * length / area
    return Transport(share, float(path.mean()), effective, share / effective, abs(into - out) / max(into, out))


def laplace(path: np.ndarray) -> tuple[csr_array, np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Matrix and right side for conduction through `path`; 1 before the first layer and 0 behind the last, half a voxel
    away. Also the unknowns in either layer."""
    matrix, number = laplacian(path)
    first, last = (number[k][number[k] >= 0] for k in (0, -1))
    ends, right = np.zeros(matrix.shape[0]), np.zeros(matrix.shape[0])
    ends[first] += 2.0
    ends[last] += 2.0
    right[first] = 2.0
    return (matrix + diags_array(ends)).tocsr(), right, (first, last)


def laplacian(solid: np.ndarray) -> tuple[csr_array, np.ndarray]:
    """Unit conductance between voxels of `solid` [z, y, x] that share a face, and no ends: the matrix of their
    potentials, and the number of each voxel in it (-1 where it has none)."""
    count = int(solid.sum())
    number = np.full(solid.shape, -1, np.int32)
    number[solid] = np.arange(count, dtype=np.int32)
    ends = np.concatenate([faces(number, solid, solid, axis) for axis in range(3)], axis=1)
    degree = np.bincount(ends.ravel(), minlength=count).astype(float)
    own = np.arange(count, dtype=np.int32)
    rows, columns = np.concatenate([ends[0], ends[1], own]), np.concatenate([ends[1], ends[0], own])
    values = np.concatenate([np.full(2 * ends.shape[1], -1.0), degree])
    return coo_array((values, (rows, columns)), shape=(count, count)).tocsr(), number


def faces(number: np.ndarray, one: np.ndarray, other: np.ndarray, axis: int) -> np.ndarray:
    """Numbers of voxels of `one` and of those of `other` right behind them along an axis, (2, n)."""
    low = tuple(slice(0, -1) if k == axis else slice(None) for k in range(3))
    high = tuple(slice(1, None) if k == axis else slice(None) for k in range(3))
    both = one[low] & other[high]
    return np.stack([number[low][both], number[high][both]])
