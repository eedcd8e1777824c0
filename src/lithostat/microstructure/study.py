"""The verb: what the pores of a pellet mean for lithium: whether they connect, how fast it creeps, how it focuses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lithostat.experiment.errors import InputError
from lithostat.materials.card import find
from lithostat.microstructure.focusing import Focusing, focusing
from lithostat.microstructure.front import Front, creep_front
from lithostat.microstructure.pellet import Pellet, make_pellet
from lithostat.microstructure.throats import Bottleneck, Connectivity, bottleneck, connectivity
from lithostat.tomography.tortuosity import Transport, transport

SHARES = (0.04, 0.08, 0.12, 0.18, 0.25, 0.35)  # of void, that connectivity is followed over
DEPTHS = (0.25, 0.5, 0.75)  # of the thickness, where throats are read off
CONDUCTED = 80  # voxels along an axis of the block that conduction and focusing are solved in
CARD = "lithium|Li6PS5Cl"


class VoidConnectivity(NamedTuple):
    """Connectivity at one share of void, with both kinds of neighbours."""

    void: float
    faces: Connectivity
    corners: Connectivity


class Throat(NamedTuple):
    """Throat radius [m] that the one-dimensional model would need to be as deep as soon, at `depth` [m].

    `radius` of the fastest way; `median` and `scatter` (standard deviation of ln r) over 4 x 4 patches of the pellet,
    NaN where fewer than four of them are reached.
    """

    depth: float
    radius: float
    median: float
    scatter: float
    patches: int


@dataclass(frozen=True)
class PelletStudy:
    """All that is known of a pellet. `densities` is empty for a measured one; `focused` is None where it could not be
    had, with its reason in `warnings`; `pressures` [Pa]."""

    pellet: Pellet
    connectivity: tuple[Connectivity, Connectivity]
    densities: tuple[VoidConnectivity, ...]
    bottlenecks: tuple[Bottleneck, Bottleneck]
    front: Front
    throats: tuple[Throat, ...]
    pressures: tuple[float, ...]
    solid: Transport
    focused: Focusing | None
    warnings: tuple[str, ...] = ()

    def time_through(self, pressure: float) -> float:
        """When lithium first comes out at the far face [s] under a pressure [Pa]; infinite where it never does."""
        return self.front.time_to(float(self.front.thickness) - 0.5 * self.front.voxel_size, pressure)


def study_pellet(
    pellet: Pellet,
    *,
    pressures: Sequence[float],
    reach: float | None = None,
    temperature: float = 298.15,
    progress: Callable[[str], None] | None = None,
) -> PelletStudy:
    """Connectivity, the creep front at every pressure, throats and focusing of a pellet.

    `reach` [m]: conductivity times interface resistance; without it, that of the cards.
    """
    tell = progress or (lambda _: None)
    tell("connecting pores")
    linked = connectivity(pellet, 6), connectivity(pellet, 26)
    narrow = bottleneck(pellet, 6), bottleneck(pellet, 26)
    tell("following lithium through the pores")
    front = creep_front(pellet, temperature=temperature)
    tell("making pellets of other densities")
    densities = against_density(pellet)
    tell("conduction and focusing")
    warnings: list[str] = []
    block = ~_middle(pellet.void)
    solid = transport(block, 0)
    focused = None
    try:
        focused = focusing(block, voxel_size=pellet.voxel_size, reach=reach or card_reach(), lengths=_lengths(block))
    except InputError as error:
        warnings.append(f"no focusing: {error.problem}")
    throats = tuple(_throat(front, share * pellet.thickness) for share in DEPTHS)
    warnings += _warnings(pellet, linked)
    return PelletStudy(
        pellet, linked, densities, narrow, front, throats, tuple(pressures), solid, focused, tuple(warnings)
    )


def against_density(of: Pellet) -> tuple[VoidConnectivity, ...]:
    """The same recipe with other shares of void; nothing for a measured pellet, which has only one."""
    if of.feature is None or of.seed is None:
        return ()
    shape = of.void.shape
    made = []
    for share in SHARES:
        other = make_pellet(
            of.kind, void=share, shape=shape, voxel_size=of.voxel_size, feature=of.feature, seed=of.seed
        )
        made.append(VoidConnectivity(share, connectivity(other, 6), connectivity(other, 26)))
    return tuple(made)


def card_reach() -> float:
    """Conductivity times charge-transfer resistance [m], of the cards of Li6PS5Cl and its interface with lithium."""
    conductivity = find("Li6PS5Cl").value("conductivity").value
    return conductivity * find(CARD).value("charge_transfer_resistance").value


def _throat(front: Front, depth: float) -> Throat:
    radii = front.throat_radii(depth)
    enough = len(radii) >= 4
    return Throat(
        depth,
        front.throat_radius(depth),
        float(np.median(radii)) if enough else float("nan"),
        float(np.std(np.log(radii), ddof=1)) if enough else float("nan"),
        len(radii),
    )


def _middle(void: np.ndarray) -> np.ndarray:
    """The block from the first face around the axis that conduction is solved in."""
    cuts = [slice(0, CONDUCTED)]
    cuts += [slice(max(0, (n - CONDUCTED) // 2), max(0, (n - CONDUCTED) // 2) + CONDUCTED) for n in void.shape[1:]]
    return void[tuple(cuts)]


def _lengths(block: np.ndarray) -> tuple[int, ...]:
    return tuple(n for n in (2, 4, 8, 16, 24) if n <= block.shape[0] // 2)


def _warnings(of: Pellet, linked: tuple[Connectivity, Connectivity]) -> list[str]:
    said = []
    if linked[0].spanning[0] != linked[1].spanning[0]:
        said.append("pores connect through corners but not through faces: a finer pellet may decide otherwise")
    size = of.feature
    if size is not None and size < 4.0 * of.voxel_size:
        said.append("pores of fewer than four voxels: radii are off by up to a quarter, times by up to a factor five")
    if size is not None and of.thickness < 20.0 * size:
        said.append(f"a block of {of.thickness / size:.0f} features overstates the connection of a whole pellet")
    return said
