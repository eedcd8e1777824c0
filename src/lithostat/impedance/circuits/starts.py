"""Where to start a fit: time constants and resistances read from the spectrum, spread over what it allows.

A non-negative sum of Debye elements (R||C) is fitted to the spectrum first, which is a linear problem. Its resistance
against time constant is cut into as many pieces as the circuit has arcs, at random places; each start has other cuts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import nnls

from lithostat.impedance.circuits.circuit import Circuit, Leaf, Node, Parallel, Series

PER_DECADE = 4  # Debye elements
_OPEN = ("C", "CPE", "W", "Wo", "TLB")  # alone in the main chain they are the low-frequency end
_PLAIN = ("R", "L", "La", *_OPEN)


class Outline(NamedTuple):
    """What a spectrum shows at first sight, SI."""

    tau: np.ndarray  # time constants of Debye elements, ascending [s]
    weight: np.ndarray  # their resistances, all positive [ohm]
    ohmic: float  # resistance at the highest frequencies [ohm]
    inductive: float  # reactance of the leads there [ohm]
    open_end: float  # modulus at the lowest frequency [ohm]
    omega: tuple[float, float]  # lowest and highest [rad/s]


def outline(omega: np.ndarray, z: np.ndarray) -> Outline:
    """A spectrum as a sum of Debye elements, a resistance, an inductance and a capacitance in series."""
    low, high = float(omega.min()), float(omega.max())
    decades = np.log10(high / low) + 2.0
    tau = np.geomspace(0.1 / high, 10.0 / low, max(8, int(PER_DECADE * decades)))
    columns = [1.0 / (1.0 + 1j * omega[:, None] * tau), np.ones((len(omega), 1)), 1j * omega[:, None] / high]
    matrix = np.concatenate([*columns, -1j * low / omega[:, None]], axis=1) / np.abs(z)[:, None]
    target = z / np.abs(z)
    found = _positive(np.concatenate([matrix.real, matrix.imag]), np.concatenate([target.real, target.imag]))
    size = float(np.median(np.abs(z)))
    first, last = z[np.argmax(omega)], z[np.argmin(omega)]
    ohmic = found[len(tau)] if found[len(tau)] > 0.0 else max(float(first.real), 1e-3 * size)
    return Outline(
        tau,
        np.maximum(found[: len(tau)], 1e-4 * size),
        float(ohmic),
        float(found[len(tau) + 1]) or 1e-3 * size,
        float(abs(last)),
        (low, high),
    )


def _positive(matrix: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Non-negative least squares; where that does not end, the positive part of a damped one will do for a start."""
    try:
        return np.asarray(nnls(matrix, target, maxiter=20 * matrix.shape[1])[0])
    except RuntimeError:
        size = matrix.shape[1]
        damped = np.linalg.solve(matrix.T @ matrix + 1e-3 * np.eye(size), matrix.T @ target)
        return np.maximum(damped, 0.0)


def starts(chosen: Circuit, seen: Outline, count: int, random: np.random.Generator) -> np.ndarray:
    """Values to start from, (count, parameters) in SI, clipped to the parameters' bounds."""
    values = np.full((count, len(chosen.parameters)), np.nan)
    parts = chosen.tree.parts if isinstance(chosen.tree, Series) else (chosen.tree,)
    arcs = [part for part in parts if not _plain(part)]
    open_end = any(_plain(part) and part.element.symbol in _OPEN for part in parts if isinstance(part, Leaf))
    if not any(isinstance(part, Leaf) and part.element.symbol == "R" for part in parts):  # the first arc has it all
        seen = seen._replace(weight=seen.weight + np.where(np.arange(len(seen.tau)) == 0, seen.ohmic, 0.0))
    tau, ohm = _pieces(seen, len(arcs) + open_end, count, random)  # what lies below the slowest arc is the open end's
    for k, part in enumerate(arcs):
        _fill(part, ohm[:, k], tau[:, k], values, random)
    for part in parts:
        if isinstance(part, Leaf) and _plain(part):
            _fill(part, *_end(part, seen, count, random), values, random)
    low = np.array([parameter.low for parameter in chosen.parameters])
    high = np.array([parameter.high for parameter in chosen.parameters])
    return np.clip(values, low, high)


def _plain(part: Node) -> bool:
    return isinstance(part, Leaf) and part.element.symbol in _PLAIN


def _pieces(seen: Outline, arcs: int, count: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Time constants [s] and resistances [ohm] of `arcs` arcs, (count, arcs), from fast to slow.

    Half of the cuts are even in log time, half even in resistance, so that small arcs get their share.
    """
    share = np.cumsum(seen.weight) / seen.weight.sum()
    even = np.linspace(0.0, 1.0, len(seen.tau))
    tau, ohm = np.empty((count, arcs)), np.empty((count, arcs))
    for row in range(count):
        scale = share if row % 2 else even
        cuts = np.searchsorted(scale, np.sort(random.random(arcs - 1))) if arcs > 1 else np.zeros(0, int)
        edges = np.concatenate([[0], np.clip(cuts, 1, len(seen.tau) - 1), [len(seen.tau)]])
        for k in range(arcs):
            piece = slice(edges[k], max(edges[k + 1], edges[k] + 1))
            weight = seen.weight[piece]
            ohm[row, k] = weight.sum()
            tau[row, k] = np.exp((weight * np.log(seen.tau[piece])).sum() / weight.sum())
    return tau, ohm * np.exp(0.2 * random.standard_normal(ohm.shape))


def _end(part: Leaf, seen: Outline, count: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Resistance and time constant of an element that stands alone in the main chain."""
    jitter = np.exp(0.3 * random.standard_normal(count))
    low, high = seen.omega
    if part.element.symbol == "R":
        return seen.ohmic * jitter, np.ones(count)
    if part.element.symbol in _OPEN:
        return seen.open_end * jitter, np.exp(random.uniform(np.log(1.0 / low), np.log(10.0 / low), count))
    return seen.inductive * jitter, np.full(count, 1.0 / high)


def _fill(part: Node, ohm: np.ndarray, tau: np.ndarray, values: np.ndarray, random: np.random.Generator) -> None:
    """Give every element of `part` values that make it matter at 1/tau with a size of `ohm`."""
    if isinstance(part, Parallel):
        for branch in part.parts:
            _fill(branch, ohm, tau, values, random)
        return
    if isinstance(part, Series):
        for inner in part.parts:
            share = random.uniform(0.2, 0.8, len(ohm))
            later = np.exp(random.uniform(0.0, 3.0, len(ohm))) if inner is not part.parts[0] else 1.0
            _fill(inner, share * ohm, tau * later, values, random)
        return
    n = random.uniform(0.6, 1.0, len(ohm))
    sized = {
        "R": (ohm,),
        "C": (tau / ohm,),
        "L": (ohm * tau,),
        "La": (ohm * tau**n, n),
        "CPE": (tau**n / ohm, n),
        "W": (ohm / np.sqrt(2.0 * tau),),
        "HN": (ohm, tau, n, random.uniform(0.6, 1.0, len(ohm))),
        "ZARC": (ohm, tau, n),
        "ARC": (ohm, tau / ohm, n),
        "TL": (ohm, 0.1 * ohm, ohm, tau**n / ohm, n),
        "TLB": (0.1 * ohm, 0.01 * ohm, tau**n / ohm, n),
        "TLS": (ohm, 10.0 * ohm, tau**n / ohm, n),
    }
    own = sized.get(part.element.symbol, (ohm, tau))
    values[:, part.first : part.first + len(own)] = np.stack(own, axis=1)
