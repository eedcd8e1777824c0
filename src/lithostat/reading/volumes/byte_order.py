"""Whether 16-bit greys were read in the right byte order."""

from __future__ import annotations

import numpy as np

from lithostat.experiment.errors import InputError

SAMPLE = 2**20  # greys of the middle slice that are looked at
BITS = 1.0  # by which the upper byte must vary more than the lower
SMOOTHER = 0.1  # by which neighbours must be more alike once the bytes are swapped


def check_byte_order(greys: np.ndarray, name: str) -> None:
    """Raise `InputError` where 16-bit greys [z, y, x] look like swapped bytes.

    In a tomogram the lower byte is mostly noise and the upper one varies little. Swapped bytes show the reverse, and
    neighbours that are less alike than they are the other way round; both are asked for.
    """
    if greys.dtype.itemsize != 2:
        return
    plane = greys[len(greys) // 2]
    rows = max(1, min(plane.shape[0], SAMPLE // plane.shape[1]))
    middle = np.ascontiguousarray(plane[(plane.shape[0] - rows) // 2 :][:rows])
    lower, upper = _entropy(middle & 0xFF), _entropy((middle >> 8) & 0xFF)
    if lower == 0.0 or upper < lower + BITS:
        return
    if _alike(middle.byteswap()) > _alike(middle) + SMOOTHER:
        raise InputError(
            f"the greys of {name} look like numbers with swapped bytes",
            expected="the other --byte-order; or say --byte-order (little or big) to have it taken as it is",
        )


def _entropy(values: np.ndarray) -> float:
    share = np.bincount(values.ravel().astype(np.int64), minlength=256) / values.size
    share = share[share > 0.0]
    return float(-(share * np.log2(share)).sum())


def _alike(plane: np.ndarray) -> float:
    """Correlation of neighbours along x."""
    left, right = plane[:, :-1].astype(float), plane[:, 1:].astype(float)
    left, right = left - left.mean(), right - right.mean()
    scale = float((left * left).sum() * (right * right).sum()) ** 0.5
    return float((left * right).sum()) / scale if scale > 0.0 else 1.0
