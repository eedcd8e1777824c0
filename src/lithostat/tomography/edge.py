"""How sharp a tomogram is: the blur of its flattest edge, the interface between lithium and electrolyte."""

from __future__ import annotations

import numpy as np
from scipy.optimize import curve_fit
from scipy.special import erf

from lithostat.experiment.volume import Volume
from lithostat.tomography.layout import LocatedPellet
from lithostat.tomography.surfaces import BLOCK, Surfaces

REACH = 6.0  # voxels on either side of the edge
WIDTH = 0.25  # voxels of a bin
PATCHES = 60  # of 8 x 8 voxels, spread over the interface
LEAST, MOST = 0.3, 4.0


def blur(volume: Volume, layout: LocatedPellet, of: Surfaces) -> float | None:
    """Standard deviation of the blur [voxel], from the mean profile across the interfaces; None where none is seen.

    Roughness within patches of 8 x 8 voxels counts as blur, so that it is rather too large.
    """
    found = [one for k in range(2) if layout.seen[k] and (one := _side(volume, layout, of, k)) is not None]
    return min(found) if found else None


def _side(volume: Volume, layout: LocatedPellet, of: Surfaces, k: int) -> float | None:
    flat = np.isfinite(of.seen[k]) & (np.abs(of.seen[k] - of.even[k]) < 1.0)
    places = np.argwhere(flat)
    if len(places) < 8:
        return None
    places = places[np.linspace(0, len(places) - 1, min(PATCHES, len(places))).astype(int)]
    total, count = np.zeros(int(2 * REACH / WIDTH)), np.zeros(int(2 * REACH / WIDTH))
    for y, x in places:
        height = of.seen[k][y, x]
        low = max(0, int(height - REACH))
        part = np.asarray(
            volume.voxels[low : int(height + REACH) + 2, y * BLOCK : (y + 1) * BLOCK, x * BLOCK : (x + 1) * BLOCK],
            float,
        ).mean(axis=(1, 2))
        at = (np.arange(low, low + len(part)) - height) * (1.0 if k == 0 else -1.0)
        bins = np.floor((at + REACH) / WIDTH).astype(int)
        ok = (bins >= 0) & (bins < len(total))
        np.add.at(total, bins[ok], part[ok])
        np.add.at(count, bins[ok], 1.0)
    ok = count > 0
    middle = (np.arange(len(total)) + 0.5) * WIDTH - REACH
    greys = layout.greys

    def profile(x: np.ndarray, low: float, high: float, shift: float, sigma: float) -> np.ndarray:
        return low + 0.5 * (high - low) * (1.0 + erf((x - shift) / (np.sqrt(2.0) * np.abs(sigma) + 1e-9)))

    start = (greys.dark, greys.electrolyte, 0.0, 1.0)
    try:
        values, _ = curve_fit(profile, middle[ok], total[ok] / count[ok], start, sigma=1.0 / np.sqrt(count[ok]))
    except RuntimeError:
        return None
    return float(np.clip(abs(values[3]), LEAST, MOST))
