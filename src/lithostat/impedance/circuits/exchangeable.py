"""Parts of a circuit that could change places: they are put in order of their time constants, fast to slow.

The impedance of `p(R1,CPE1)-p(R2,CPE2)` does not say which arc is the first. The fast one is, so that a series of
spectra tells one story and two fits can be compared.
"""

from __future__ import annotations

import itertools

import numpy as np

from lithostat.impedance.circuits.circuit import Circuit, Leaf, Node
from lithostat.impedance.circuits.jacobian import logarithmic, natural

_OMEGA = np.geomspace(1e-8, 1e12, 401)


def ordered_alike(
    chosen: Circuit, coordinates: np.ndarray, bounds: tuple[np.ndarray, np.ndarray] | None = None
) -> np.ndarray:
    """Coordinates (..., parameters) with exchangeable parts sorted by time constant.

    Parts with a fixed value (equal bounds) are left where they are.
    """
    sorted_ = np.array(coordinates, float)
    still = np.zeros(len(chosen.names), bool) if bounds is None else bounds[0] == bounds[1]
    for twins in exchangeable(chosen.tree):
        spots = [places(part) for part in twins]
        if still[np.concatenate(spots)].any():
            continue
        for row in sorted_.reshape(-1, sorted_.shape[-1]):
            values = natural(row, logarithmic(chosen))
            order = np.argsort([_centre(part, values) for part in twins], kind="stable")
            row[np.concatenate(spots)] = np.concatenate([row[spots[k]] for k in order])
    return sorted_


def exchangeable(part: Node) -> list[list[Node]]:
    """Groups of parts of one kind within one chain or one bracket, innermost first."""
    if isinstance(part, Leaf):
        return []
    groups = list(itertools.chain.from_iterable(exchangeable(inner) for inner in part.parts))
    kinds: dict[object, list[Node]] = {}
    for inner in part.parts:
        kinds.setdefault(_kind(inner), []).append(inner)
    return groups + [twins for twins in kinds.values() if len(twins) > 1]


def _kind(part: Node) -> object:
    if isinstance(part, Leaf):
        return part.element.symbol
    return (type(part).__name__, tuple(_kind(inner) for inner in part.parts))


def places(part: Node) -> np.ndarray:
    """Places of a part's values among the circuit's."""
    if isinstance(part, Leaf):
        return np.arange(part.first, part.first + len(part.element.parameters))
    return np.concatenate([places(inner) for inner in part.parts])


def _centre(part: Node, values: np.ndarray) -> float:
    """Logarithm of the time constant at which the part's reactance has its centre."""
    z = part.impedance(_OMEGA, values, np)
    weight = np.abs(z.imag) + 1e-300
    return float(-(weight * np.log(_OMEGA)).sum() / weight.sum())
