"""grow(pellet, reach): lithium fills pores voxel by voxel where the current is, until it reaches the other electrode.

Laplacian growth with an exponent of one (dielectric breakdown: Niemeyer, Pietronero, Wiesmann 1984): an empty voxel
beside lithium is filled with a probability in proportion to the current that it would take from the electrolyte around
it. The electrolyte does not crack and lithium does not creep here: what a structure alone does to a short.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lithostat.experiment.errors import InputError
from lithostat.materials.card import find
from lithostat.microstructure.field import Field
from lithostat.microstructure.pellet import Pellet
from lithostat.physics.constants import FARADAY

TOLERANCE = 1e-5  # of the field between two batches; the growth is random anyway
SHARE = 0.2  # of the voxels that lithium could fill next, filled before the field is solved anew
_FACES = ((0, 1), (0, -1), (1, 1), (1, -1), (2, 1), (2, -1))


@dataclass(frozen=True)
class Growth:
    """`filled` [z, y, x]: the batch in which a voxel was filled, 0 where it was not. After every batch: `depth` [m] of
    the deepest lithium, `charge` [C/m2] in the filled pores, `focusing` [-]: highest current density into lithium over
    the mean one.

    `shorted`: the far face was reached; otherwise nothing more could be filled.
    """

    filled: np.ndarray
    voxel_size: float
    depth: np.ndarray
    charge: np.ndarray
    focusing: np.ndarray
    shorted: bool

    @property
    def lithium(self) -> np.ndarray:
        """Where lithium is, [z, y, x] bool."""
        return self.filled > 0


def grow(
    pellet: Pellet,
    *,
    reach: float,
    seed: int = 0,
    share: float = SHARE,
    progress: Callable[[float], None] | None = None,
) -> Growth:
    """Grow lithium from the first face. `reach` [m] is conductivity times area-specific resistance of the interface.

    `progress` is called with the share of the thickness that is reached. Raises `InputError` where the solid does not
    connect or the first face has no pore.
    """
    if not 0.0 < share <= 1.0:
        raise InputError(f"received the share {share:g}", expected="more than 0, at most 1")
    void, rng = pellet.void, np.random.default_rng(seed)
    if not void[0].any():
        raise InputError("the pellet has no pore at its first face", expected="a pellet that lithium can enter")
    field = Field(~void, reach / pellet.voxel_size, TOLERANCE)
    filled, potential = np.zeros(void.shape, np.int32), None
    each = pellet.voxel_size * FARADAY / find("lithium").value("molar_volume").value / void[0].size  # C/m2 a voxel
    depth, charge, focusing = [], [], []
    while True:
        lithium = filled > 0
        potential = field.solve(lithium, potential)
        current = potential / (field.ratio + 0.5)  # density into a face of lithium, of every solid voxel
        faced = field.conductance(lithium) > 0.0
        focusing.append(float(current[faced].max() / current[faced].mean()))
        depth.append(_deepest(lithium) * pellet.voxel_size)
        charge.append(each * int(lithium.sum()))
        if progress:
            progress(depth[-1] / pellet.thickness)
        open_voxels = _beside(lithium) & void & ~lithium
        if lithium[-1].any() or not open_voxels.any():
            break
        weights = _drawn(field.spread(current), open_voxels)
        next_ = rng.choice(len(weights), size=_batch(weights, share), replace=False, p=weights / weights.sum())
        filled[tuple(np.argwhere(open_voxels)[next_].T)] = len(depth)
    reached = bool(lithium[-1].any())
    return Growth(filled, pellet.voxel_size, np.array(depth), np.array(charge), np.array(focusing), reached)


def _batch(weights: np.ndarray, share: float) -> int:
    """How many voxels to fill at once: a share of them, and no more than can be drawn."""
    return max(1, min(int(share * len(weights)), int((weights > 0.0).sum())))


def _deepest(lithium: np.ndarray) -> int:
    """Layers that lithium has reached."""
    layers = np.flatnonzero(lithium.any(axis=(1, 2)))
    return int(layers[-1]) + 1 if layers.size else 0


def _beside(lithium: np.ndarray) -> np.ndarray:
    """Voxels that share a face with lithium, or with the electrode before the first layer."""
    near = np.zeros(lithium.shape, bool)
    near[0] = True
    for axis, way in _FACES:
        near |= _shifted(lithium, axis, way, False)
    return near


def _drawn(current: np.ndarray, open_voxels: np.ndarray) -> np.ndarray:
    """Current that every open voxel would take from the solid around it; one that touches no solid takes the least."""
    known = np.nan_to_num(current)
    total = sum(_shifted(known, axis, way, 0.0) for axis, way in _FACES)
    weights = np.asarray(total)[open_voxels]
    least = weights[weights > 0.0].min(initial=np.inf)
    return np.where(weights > 0.0, weights, least if np.isfinite(least) else 1.0)


def _shifted(block: np.ndarray, axis: int, way: int, fill: float | bool) -> np.ndarray:
    """The block moved by one voxel along an axis, `fill` where nothing comes from."""
    moved = np.full(block.shape, fill, block.dtype)
    to, source = [slice(None)] * 3, [slice(None)] * 3
    to[axis], source[axis] = (slice(1, None), slice(0, -1)) if way > 0 else (slice(0, -1), slice(1, None))
    moved[tuple(to)] = block[tuple(source)]
    return moved
