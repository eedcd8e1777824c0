"""What a dark thing holds: lithium, nothing, or what cannot be told; against pores of its own width in the same scan.

Lithium and void differ by 5 to 7 % of their contrast to the electrolyte. Blur, fringes and smoothing change the grey of
a narrow thing by as much, so that nothing is decided against one grey of the volume: pores that touch nothing are taken
as empty, and a thing of the same width is held against them and against the lithium of the electrodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from lithostat.tomography.chunk_cache import ChunkCache
from lithostat.tomography.cluster import cluster
from lithostat.tomography.darkness import DarkRows, pieces
from lithostat.tomography.phases import Phases

NARROWEST = 4.5  # voxels; below, cores are all edge
ALIKE = (0.45, 3.0)  # volume of a reference pore over that of a ball as wide as the thing
PORES = 300  # at most, of a reference
FEWEST = 6
SYSTEMATIC = 0.006  # of the contrast of lithium: what grains, rings and fringes leave beyond the measured scatter
APART = 4.0  # standard errors between lithium and void, to decide at all
SURE = 2.0  # standard errors from half-way, to decide
GAP = (0.02, 0.25)  # by which void is darker than lithium, over lithium's contrast: 3 to 14 % between 30 and 60 keV


class Contrast(NamedTuple):
    """How dark something is, 1 being lithium, with its standard error; from `number` pores or pieces."""

    value: float
    error: float
    number: int


class Content(NamedTuple):
    """`kind`: lithium | void | cannot tell; `why` a sentence with the number that decides."""

    kind: str
    why: str


def contrast(parts: Sequence[DarkRows]) -> Contrast:
    """Weighted mean of the cores of pieces; its error from their scatter, by leaving each out."""
    weight = np.array([one.core for one in parts])
    value = np.array([one.contrast for one in parts])[weight > 0.0]
    weight = weight[weight > 0.0]
    if len(value) < 2:
        return Contrast(float(value[0]) if len(value) else float("nan"), float("inf"), len(value))
    total, summed = weight.sum(), (weight * value).sum()
    left = (summed - weight * value) / (total - weight)
    count = len(value)
    return Contrast(
        float(summed / total), float(np.sqrt((count - 1) / count * ((left - left.mean()) ** 2).sum())), count
    )


def void_reference(of: Phases, width: float, blur: float) -> Contrast | None:
    """How dark empty pores about as wide as `width` voxels are; None where there are too few."""
    ball = np.pi / 6.0 * width**3
    alone = (of.faint.touches == 0) & (of.faint.size > ALIKE[0] * ball) & (of.faint.size < ALIKE[1] * ball)
    alone &= of.faint.extent.max(axis=1) < 3.0 * width
    chosen = np.flatnonzero(alone)
    if len(chosen) > PORES:  # whole chunks of neighbours, since each is read once then
        chunk = of.faint.low[chosen] // (32, 256, 256)
        order = np.lexsort((chunk[:, 2], chunk[:, 1], chunk[:, 0]))
        chosen = chosen[order][(len(chosen) - PORES) // 2 :][:PORES]
    of = replace(of, volume=replace(of.volume, voxels=ChunkCache(of.volume.voxels)), labels=ChunkCache(of.labels))
    pores = [pore for index in chosen if (pore := cluster(of, of.faint, int(index))) is not None]
    dark = 1.0
    for _ in range(2):  # drawn as lithium a void is too large, so that it is drawn once more as what it is
        found = [one for pore in pores for one in pieces(of, pore, None, blur, dark) if one.core > 0.0]
        if len(found) < FEWEST:
            return None
        seen = contrast(found)
        dark = float(np.clip(seen.value, 1.0, 1.0 + GAP[1]))
    return seen


def content(thing: Contrast, width: float, void: Contrast | None) -> Content:
    """Decide by where the thing lies between lithium (1) and void."""
    if width < NARROWEST:
        return Content("cannot tell", f"{width:.1f} voxels wide: below {NARROWEST} lithium and void look alike")
    if void is None:
        return Content(
            "cannot tell", f"fewer than {FEWEST} empty pores of its width ({width:.1f} voxels) to compare with"
        )
    error = float(np.hypot(np.hypot(thing.error, void.error), SYSTEMATIC))
    gap = void.value - 1.0
    said = (
        f"{thing.value:.3f} ± {thing.error:.3f} as dark as lithium; {void.number} pores of its width {void.value:.3f}"
    )
    if not GAP[0] < gap < GAP[1] or gap < APART * error:
        return Content("cannot tell", f"{said}: lithium (1) and void are not {APART:g} standard errors apart")
    place = (thing.value - 1.0) / gap
    off = SURE * error / gap
    if not -0.5 < place < 1.5:
        return Content("cannot tell", f"{said}: neither")
    if place + off < 0.5:
        return Content("lithium", said)
    if place - off > 0.5:
        return Content("void", said)
    return Content("cannot tell", f"{said}: too near to half-way")
