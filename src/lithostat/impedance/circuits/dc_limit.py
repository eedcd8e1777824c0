"""Resistance of a fitted circuit at rest: its direct-current limit, and how sure it is."""

from __future__ import annotations

import numpy as np

from lithostat.impedance.circuits.circuit import Circuit, Leaf, Node, Series
from lithostat.impedance.circuits.fit import Fit
from lithostat.impedance.circuits.jacobian import logarithmic, natural

SLOW = 1e-15  # rad/s
REACHED = 0.5  # share of the limit that the real part has at the lowest frequency
_BLOCKING = ("C", "CPE", "W", "Wo", "TLB")  # alone in the main chain, they are the electrodes' blocking or diffusion
_CLOSED = 1e-2  # reactance over resistance below which the limit is one
_STEP = 1e-5


def direct_current_resistance(fit: Fit) -> tuple[float, float] | None:
    """(resistance, standard error) [ohm] of the circuit at rest, its blocking end left out.

    None if it has none, if it rests on a value that a bound holds, or if the sweep does not reach it: less than
    `REACHED` of it at the lowest frequency is a guess.

    What is left out is a capacitor, constant phase element or half-infinite diffusion alone in the main chain: the
    resistance is then that of everything else.
    """
    parts = _kept(fit.circuit)
    if not parts:
        return None
    logs = logarithmic(fit.circuit)

    def at(coordinates: np.ndarray) -> complex:
        values = natural(coordinates, logs)
        return complex(sum(part.impedance(np.array(SLOW), values, np) for part in parts))

    limit = at(fit.coordinates)
    if not np.isfinite(limit.real) or abs(limit.imag) > _CLOSED * abs(limit.real):
        return None
    lowest = np.array(2.0 * np.pi * fit.spectrum.frequency.min())
    values = natural(fit.coordinates, logs)
    if not float(sum(part.impedance(lowest, values, np).real for part in parts)) > REACHED * limit.real:
        return None
    steps = _STEP * np.eye(len(logs))
    slope = np.array([(at(fit.coordinates + step) - at(fit.coordinates - step)).real for step in steps]) / (2.0 * _STEP)
    used = np.abs(slope) > 1e-9 * abs(limit.real)
    variance = slope[used] @ fit.covariance[np.ix_(used, used)] @ slope[used]
    return (limit.real, float(np.sqrt(variance))) if np.isfinite(variance) else None


def _kept(circuit: Circuit) -> list[Node]:
    parts = circuit.tree.parts if isinstance(circuit.tree, Series) else (circuit.tree,)
    return [part for part in parts if not (isinstance(part, Leaf) and part.element.symbol in _BLOCKING)]
