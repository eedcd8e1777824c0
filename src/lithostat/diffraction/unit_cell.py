"""Unit cells: which edges and angles symmetry leaves free, and the spacings that follow from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class FreeCell:
    """A published cell and how its free parameters move it.

    Args:
        base: a, b, c [m], alpha, beta, gamma [rad] as published.
        names: of the free parameters, edges first ('a', 'c') and then angles ('beta').
        moves: (parameters, 6) which entries of the cell a parameter moves; an edge moves in proportion, an angle by
            its value in rad.
    """

    base: np.ndarray
    names: tuple[str, ...]
    moves: np.ndarray

    def at(self, shifts: np.ndarray) -> np.ndarray:
        """The cell for `shifts`: relative for edges, in rad for angles."""
        total = np.asarray(shifts, float) @ self.moves
        return np.concatenate([self.base[:3] * (1.0 + total[:3]), self.base[3:] + total[3:]])


# of a system: which edges move together, and which angles move
_SYSTEMS: dict[str, tuple[dict[str, tuple[int, ...]], tuple[str, ...]]] = {
    "cubic": ({"a": (0, 1, 2)}, ()),
    "tetragonal": ({"a": (0, 1), "c": (2,)}, ()),
    "hexagonal": ({"a": (0, 1), "c": (2,)}, ()),
    "orthorhombic": ({"a": (0,), "b": (1,), "c": (2,)}, ()),
    "monoclinic": ({"a": (0,), "b": (1,), "c": (2,)}, ("oblique",)),
    "triclinic": ({"a": (0,), "b": (1,), "c": (2,)}, ("alpha", "beta", "gamma")),
    "rhombohedral": ({"a": (0, 1, 2)}, ("all",)),
}


def free_cell(cell: tuple[float, ...], system: str) -> FreeCell:
    """What may move in a cell [m, rad] of that crystal system ('trigonal' in either setting)."""
    base = np.asarray(cell, float)
    if system == "trigonal":
        system = "rhombohedral" if abs(base[5] - np.radians(120.0)) > 1e-6 else "hexagonal"
    edges, angles = _SYSTEMS[system]
    names = list(edges)
    moves = [[float(k in entries) for k in range(6)] for entries in edges.values()]
    for angle in angles:
        places: tuple[int, ...]
        if angle == "all":
            places, name = (3, 4, 5), "alpha"
        elif angle == "oblique":
            places = (3 + int(np.argmax(np.abs(base[3:] - 0.5 * np.pi))),)
            name = ("alpha", "beta", "gamma")[places[0] - 3]
        else:
            places, name = (3 + ("alpha", "beta", "gamma").index(angle),), angle
        names.append(name)
        moves.append([float(k in places) for k in range(6)])
    return FreeCell(base, tuple(names), np.array(moves))


def reciprocal_metric(cell: np.ndarray) -> np.ndarray:
    """(3, 3) metric of the reciprocal cell [1/m2]: 1/d2 = h G h."""
    a, b, c = cell[:3]
    alpha, beta, gamma = np.cos(cell[3:])
    direct = np.array(
        [
            [a * a, a * b * gamma, a * c * beta],
            [a * b * gamma, b * b, b * c * alpha],
            [a * c * beta, b * c * alpha, c * c],
        ]
    )
    return np.linalg.inv(direct)


def spacings(cell: np.ndarray, hkl: np.ndarray) -> np.ndarray:
    """Spacing d [m] of every reflection, (n,) from (n, 3)."""
    return 1.0 / np.sqrt(np.einsum("ni,ij,nj->n", hkl, reciprocal_metric(cell), hkl))


def volume(cell: np.ndarray) -> float:
    """Of the unit cell [m3]."""
    return float(1.0 / np.sqrt(np.linalg.det(reciprocal_metric(np.asarray(cell, float)))))
