"""Each interface between lithium and electrolyte: how flat it is, what opens in it, and how much of it touches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import uniform_filter

from lithostat.experiment.volume import Volume
from lithostat.tomography.layout import LocatedPellet
from lithostat.tomography.surfaces import BLOCK, TILE, Surfaces, without_slope

PATCH = 2  # blocks of 8 x 8 voxels that a gap must be wide
LAYER = (1.5, 5.5)  # voxels into the lithium where a gap would lie
DEEP = (8.0, 14.0)  # where lithium is taken as whole
OPENING = 2.5  # voxels by which a surface must sink to be called open
CLEAR = 4.0  # standard errors by which a gap must differ from lithium, else contact is not told


@dataclass(frozen=True)
class Interface:
    """SI. `roughness` rms and `range` (1 to 99 %) of the height less its slope; `slope` [rad]; `open_share` of the area
    that sinks by more than 2.5 voxels; `contact` (low, high) share of the area without a gap that is thicker than four
    voxels and wider than sixteen, None where lithium and void cannot be told apart in this scan."""

    name: str
    roughness: float
    range: float
    slope: float
    open_share: float
    contact: tuple[float, float] | None
    why: str

    def as_json(self) -> dict[str, Any]:
        """Plain data, SI, units in the keys."""
        return {
            "name": self.name,
            "roughness_m": self.roughness,
            "range_m": self.range,
            "slope_rad": self.slope,
            "open_share": self.open_share,
            "contact_share": None if self.contact is None else {"low": self.contact[0], "high": self.contact[1]},
            "contact_why": self.why,
        }


def interfaces(volume: Volume, layout: LocatedPellet, of: Surfaces, void: float | None) -> tuple[Interface, ...]:
    """Describe the interfaces that are seen. `void`: how dark empty pores are, lithium being 1; None if unknown."""
    found = []
    for k in range(2):
        known = np.isfinite(of.seen[k])
        if not layout.seen[k] or known.sum() < 16:
            continue
        even = np.where(known, of.seen[k], np.nan)
        rest = without_slope(even)[known]
        whole = even[known] - rest
        y, x = np.nonzero(known)
        design = np.stack([np.ones(len(y)), y * BLOCK, x * BLOCK], axis=1)
        _, along_y, along_x = np.linalg.lstsq(design, whole, rcond=None)[0]
        sunk = (of.seen[k] - of.even[k])[known] * (1.0 if k == 0 else -1.0)
        closed = np.abs(sunk) <= OPENING
        contact, why = _contact(volume, layout, of, k, void)
        size = volume.voxel_size
        low, high = np.quantile(rest[closed], (0.01, 0.99))
        found.append(
            Interface(
                volume.ends[k], float(np.std(rest[closed])) * size, float(high - low) * size,
                float(np.hypot(along_y, along_x)), float((sunk > OPENING).mean()), contact, why,
            )
        )  # fmt: skip
    return tuple(found)


def _contact(
    volume: Volume, layout: LocatedPellet, of: Surfaces, k: int, void: float | None
) -> tuple[tuple[float, float] | None, str]:
    """Share of the interface without a gap, and why it can or cannot be told."""
    if void is None:
        return None, "no empty pores show how dark a gap would be"
    layer, deep = _layers(volume, layout, of, k)
    excess = deep - layer  # contrasts by which the layer is darker than lithium
    usual = float(np.nanmedian(excess))
    excess = uniform_filter(np.where(np.isfinite(excess), excess, usual), PATCH, mode="nearest")[1::PATCH, 1::PATCH]
    known = np.isfinite(layer[1::PATCH, 1::PATCH])
    values = excess[known] - usual  # fringes are everywhere; so would be a gap that is everywhere
    noise = 1.4826 * float(np.median(np.abs(values)))
    gap = void - 1.0
    if noise * CLEAR > gap:
        return None, f"lithium and void differ by {gap:.3f} of the contrast, patches scatter by {noise:.3f}"
    open_ = float((values > 0.5 * gap).mean())
    sure = max(0.0, open_ - float((values < -0.5 * gap).mean()))  # noise is as often bright as dark
    said = f"gaps thicker than {LAYER[1] - LAYER[0]:g} voxels, against the median of the interface"
    return (1.0 - open_, 1.0 - sure), said


def _layers(volume: Volume, layout: LocatedPellet, of: Surfaces, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean share beside the interface and deeper in the lithium, on blocks (y, x); NaN where unknown."""
    sign = -1.0 if k == 0 else 1.0
    shape = of.even[k].shape
    made = [np.full(shape, np.nan), np.full(shape, np.nan)]
    step = TILE // BLOCK
    for y in range(0, shape[0], step):
        for x in range(0, shape[1], step):
            tile = (slice(y, min(y + step, shape[0])), slice(x, min(x + step, shape[1])))
            height = np.where(np.isfinite(of.seen[k][tile]), of.even[k][tile], np.nan)
            if not np.isfinite(height).any():
                continue
            ends = (np.nanmin(height) + sign * DEEP[1], np.nanmax(height) + sign * DEEP[1])
            low = max(0, int(min(*ends, np.nanmin(height))))
            high = min(volume.shape[0], int(max(*ends, np.nanmax(height))) + 2)
            part = (slice(low, high), *(slice(one.start * BLOCK, one.stop * BLOCK) for one in tile))
            greys = np.asarray(volume.voxels[part], np.float32)
            rows, columns = height.shape
            greys = greys.reshape(len(greys), rows, BLOCK, columns, BLOCK).mean(axis=(2, 4))
            shares = (greys - layout.greys.dark) / layout.greys.contrast
            depth = sign * (np.arange(low, high)[:, None, None] - height)
            for out, (near, far) in zip(made, (LAYER, DEEP), strict=True):
                inside = (depth >= near) & (depth <= far)
                number = inside.sum(axis=0)
                total = np.where(inside, shares, 0.0).sum(axis=0)
                out[tile] = np.divide(total, number, out=np.full(height.shape, np.nan), where=number > 0)
    return made[0], made[1]
