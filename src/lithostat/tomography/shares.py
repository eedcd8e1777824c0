"""Where smoothed greys lie between dark (0) and the local electrolyte (1), for any part of a volume."""

from __future__ import annotations

import numpy as np

from lithostat.experiment.volume import Volume
from lithostat.tomography.layout import BLOCK, LocatedPellet
from lithostat.tomography.smoothing import GAIN, Levels, smoothed


def shares(volume: Volume, layout: LocatedPellet, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Shares of the [1 2 1]^3 means in the box from `low` to `high` (z, y, x), float32; edges of the volume repeat."""
    first, last = np.maximum(low - 1, 0), np.minimum(high + 1, volume.shape)
    greys = np.asarray(volume.voxels[tuple(slice(int(a), int(b)) for a, b in zip(first, last, strict=True))])
    pads = [(int(f - (a - 1)), int((b + 1) - la)) for f, la, a, b in zip(first, last, low, high, strict=True)]
    if any(map(any, pads)):
        greys = np.pad(greys, pads, mode="edge")
    levels = Levels.around(layout.greys, volume.voxels.dtype)
    made = smoothed(greys, levels).astype(np.float32)
    made *= np.float32(levels.per_level / GAIN)
    made += np.float32(levels.low - layout.greys.dark)
    rows, columns = slice(int(low[1]), int(high[1])), slice(int(low[2]), int(high[2]))
    for block in range(int(low[0]) // BLOCK, (int(high[0]) - 1) // BLOCK + 1):
        inside = slice(max(block * BLOCK - int(low[0]), 0), (block + 1) * BLOCK - int(low[0]))
        made[inside] /= (layout.bright(block, rows, columns) - layout.greys.dark).astype(np.float32)
    return made
