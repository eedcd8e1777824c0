"""Lithium that creeps through connected pores: where its front is at any pressure, from one solve.

Along a path with throats r(s) the flow of a power-law fluid is conserved, so that with
    R(s) = integral r^-(1 + 3/n) ds        T(s) = integral r^2 R^n ds
the front is at s after the time t(s; P) = (n + 3) 2^n / (B P^n) T(s), with B = A 3^((n+1)/2) and the creep law
eps = A sigma^n. Pressure is only the factor P^-n: the path of least R is one Dijkstra over the void voxels, T one sweep
along its tree. T has no unit. Side branches are neglected, so that times are lower bounds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from lithostat.experiment.errors import InputError
from lithostat.materials.card import find
from lithostat.microstructure.pellet import Pellet
from lithostat.microstructure.throats import radii
from lithostat.physics.creep import strain_rate

MOST = 4_000_000  # void voxels; about 1 kB of memory each
PATCHES = 4  # of y and x that the face is parted into, to see how throats scatter


@dataclass(frozen=True)
class Front:
    """`at` (n, 3), `depth` [m], `patch` and `reduced` time T [-] of every void voxel that lithium can reach; `creep` as
    keywords of `physics.creep.strain_rate`, `temperature` [K]; `thickness` [m] of the block."""

    at: np.ndarray
    depth: np.ndarray
    patch: np.ndarray
    reduced: np.ndarray
    creep: Mapping[str, float]
    temperature: float
    thickness: float
    voxel_size: float

    @property
    def exponent(self) -> float:
        """Stress exponent n of the creep law."""
        return float(self.creep["exponent"])

    def time_to(self, depth: float, pressure: float) -> float:
        """When lithium first reaches a depth [m] under a pressure [Pa], in s; infinite where it never does."""
        return self._scale(pressure) * self._first(depth)

    def depth_at(self, time: float, pressure: float) -> float:
        """Deepest lithium [m] after a time [s] under a pressure [Pa]."""
        reached = self.depth[self.reached(time, pressure)]
        return float(reached.max()) if reached.size else 0.0

    def reached(self, time: float, pressure: float) -> np.ndarray:
        """Which of the voxels `at` lithium has reached after a time [s] under a pressure [Pa], (n,) bool."""
        return np.asarray(self.reduced * self._scale(pressure) <= time)

    def throat_radius(self, depth: float) -> float:
        """Radius [m] of the straight throat in which lithium would be as deep as soon; NaN where it never is.

        r_eff = s / ((n + 1) T)^(1 / (n + 1)): what the one-dimensional model calls the throat radius.
        """
        return float(self._radius(depth, np.array([self._first(depth)]))[0])

    def throat_radii(self, depth: float) -> np.ndarray:
        """The same for each of 4 x 4 patches of the far plane at `depth`; those never reached are left out."""
        first = np.full(PATCHES**2, np.inf)
        deep = self.depth >= depth
        np.minimum.at(first, self.patch[deep], self.reduced[deep] * self._back(depth, self.depth[deep]))
        return self._radius(depth, first[np.isfinite(first)])

    def _radius(self, depth: float, reduced: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            made = depth / ((self.exponent + 1.0) * reduced) ** (1.0 / (self.exponent + 1.0))
        return np.where(np.isfinite(reduced), made, np.nan)

    def _first(self, depth: float) -> float:
        """T at a depth: of the first voxel as deep, taken back by less than a voxel as in a straight throat."""
        deep = np.flatnonzero(self.depth >= depth)
        if not deep.size:
            return math.inf
        return float((self.reduced[deep] * self._back(depth, self.depth[deep])).min())

    def _back(self, depth: float, seen: np.ndarray) -> np.ndarray:
        near = seen - depth < self.voxel_size
        return np.where(near, depth / seen, 1.0) ** (self.exponent + 1.0)

    def _scale(self, pressure: float) -> float:
        """Seconds per unit of T: (n + 3) 2^n / (B P^n)."""
        n = self.exponent
        rate = float(strain_rate(np.asarray(pressure), self.temperature, **self.creep))  # A P^n
        return (n + 3.0) * 2.0**n / (rate * 3.0 ** (0.5 * (n + 1.0)))


def lithium_creep() -> dict[str, float]:
    """The creep law of the lithium card, as keywords of `strain_rate`."""
    card = find("lithium")
    names = {
        "reference_rate": "creep_rate",
        "reference_stress": "creep_stress",
        "exponent": "creep_exponent",
        "activation_energy": "creep_activation_energy",
        "reference_temperature": "creep_temperature",
    }
    return {keyword: card.value(name).value for keyword, name in names.items()}


def creep_front(of: Pellet, *, temperature: float = 298.15, creep: Mapping[str, float] | None = None) -> Front:
    """Solve for the front of lithium that enters at the first face, at every pressure at once.

    Voxels are connected with all 26 neighbours. Raises `InputError` for more void voxels than memory allows.
    """
    creep = dict(creep or lithium_creep())
    count = int(of.void.sum())
    if count > MOST:
        raise InputError(
            f"{count} void voxels need about {count / 1e6:.1f} GB of memory",
            expected=f"at most {MOST} (crop or bin it)",
        )
    n = creep["exponent"]
    at = np.argwhere(of.void).astype(np.int32)
    wide = radii(of.void)[of.void].astype(float)
    graph = _graph(of.void, at, wide, 1.0 + 3.0 / n)
    start = np.flatnonzero(at[:, 0] == 0)
    if not start.size:
        return _front(of, at[:0], np.zeros(0), creep, temperature)
    resistance, before, _ = dijkstra(graph, directed=False, indices=start, min_only=True, return_predecessors=True)
    # lithium enters the first voxel through half of it
    entry = 0.5 * wide ** -(1.0 + 3.0 / n)
    root = _roots(before, resistance)
    resistance = resistance + entry[root]
    reduced = _sweep(resistance, before, at, wide, entry, n)
    ok = np.isfinite(reduced)
    return _front(of, at[ok], reduced[ok], creep, temperature)


def _front(of: Pellet, at: np.ndarray, reduced: np.ndarray, creep: dict[str, float], temperature: float) -> Front:
    y, x = of.void.shape[1:]
    patch = (at[:, 1] * PATCHES // y) * PATCHES + at[:, 2] * PATCHES // x
    depth = (at[:, 0] + 0.5) * of.voxel_size
    return Front(at, depth, patch, reduced, creep, temperature, of.thickness, of.voxel_size)


def _graph(void: np.ndarray, at: np.ndarray, wide: np.ndarray, power: float) -> csr_array:
    """Neighbours with the resistance of the way between them: length times the mean of r^-power at its ends."""
    shape = void.shape
    number = np.full(shape, -1, np.int32)
    number[void] = np.arange(len(at), dtype=np.int32)
    cost = wide**-power
    rows, columns, values = [], [], []
    for step in [(0, 0, 1), (0, 1, -1), (0, 1, 0), (0, 1, 1), *((1, b, c) for b in (-1, 0, 1) for c in (-1, 0, 1))]:
        one = tuple(slice(max(0, -s), n - max(0, s)) for s, n in zip(step, shape, strict=True))
        other = tuple(slice(max(0, s), n - max(0, -s)) for s, n in zip(step, shape, strict=True))
        both = void[one] & void[other]
        first, second = number[one][both], number[other][both]
        rows.append(first)
        columns.append(second)
        values.append(math.sqrt(sum(s * s for s in step)) * 0.5 * (cost[first] + cost[second]))
    return csr_array((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=(len(at),) * 2)


def _roots(before: np.ndarray, resistance: np.ndarray) -> np.ndarray:
    """The voxel of the first face that each voxel is reached from."""
    root = np.where(before < 0, np.arange(len(before)), before)
    while True:
        further = root[root]
        if np.array_equal(further, root):
            return root
        root = further


def _sweep(
    resistance: np.ndarray, before: np.ndarray, at: np.ndarray, wide: np.ndarray, entry: np.ndarray, n: float
) -> np.ndarray:
    """T of every voxel, along the tree: on each step R is linear, so that the integral of r^2 R^n is exact in R."""
    power = n + 1.0
    length = np.sqrt(((at - at[np.maximum(before, 0)]) ** 2).sum(axis=1).astype(float))
    parent = np.maximum(before, 0)
    own = before < 0
    rise = np.where(own, entry, resistance - resistance[parent])
    low = np.where(own, 0.0, resistance[parent])
    area = np.where(own, wide**2, 0.5 * (wide**2 + wide[parent] ** 2))
    step = np.where(own, 0.5, length)
    with np.errstate(invalid="ignore"):
        gain = area * step * (resistance**power - low**power) / (power * rise)
    reduced = gain.tolist()
    links = before.tolist()
    for k in np.argsort(resistance, kind="stable").tolist():
        if links[k] >= 0:
            reduced[k] += reduced[links[k]]
    made = np.array(reduced)
    made[~np.isfinite(resistance)] = np.inf
    return made
