"""A pellet from a tomogram: its pores, cut out as a block that fits in memory."""

from __future__ import annotations

import numpy as np

from lithostat.experiment.errors import InputError
from lithostat.experiment.volume import Volume
from lithostat.microstructure.pellet import Pellet

MOST = 512**3  # voxels


def measured_pellet(volume: Volume, *, below: float | None = None, pores: float | None = None) -> Pellet:
    """Pores are the voxels darker than `below`, or those of the grey `pores` in a volume of a few labels.

    Which of the two is never guessed. Raises `InputError` for neither or both, for more voxels than fit in memory, for
    a grey that is nowhere, and where nothing was measured in a part of the block.
    """
    if (below is None) == (pores is None):
        raise InputError("it is not stated which voxels are pores", expected="either --below GREY or --pores LABEL")
    if volume.size > MOST:
        raise InputError(
            f"{' x '.join(map(str, volume.shape))} voxels are more than a pellet is solved with",
            expected=f"at most {MOST:.3g} voxels: a part of it, or a coarser level",
        )
    greys = np.asarray(volume.voxels[0 : volume.shape[0]])
    outside = volume.not_measured(greys)
    if outside is not None and outside.any():
        raise InputError(
            f"{volume.name}: {100.0 * float(outside.mean()):.3g} % of the block was not measured",
            expected="a block that lies inside the field of view",
        )
    if greys.dtype.kind == "f" and not np.isfinite(greys).all():
        raise InputError(f"{volume.name} holds greys that are not finite", expected="finite greys")
    if pores is not None:
        void = greys == pores
        if not void.any():
            seen = ", ".join(f"{value:g}" for value in np.unique(greys)[:6])
            raise InputError(f"no voxel of {volume.name} is {pores:g}", expected=f"a label that it holds ({seen})")
    else:
        void = greys < below
    share = float(void.mean())
    if not 0.0 < share < 1.0:
        raise InputError(f"{100.0 * share:.3g} % of {volume.name} would be pores", expected="a threshold between")
    return Pellet(void, volume.voxel_size, "measured", source=volume.source.file if volume.source else volume.name)
