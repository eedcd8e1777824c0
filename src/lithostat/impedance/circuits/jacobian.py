"""Impedance of a circuit and its derivatives by the fit coordinates, for many problems at once.

The tree is walked once: in series impedances and their derivatives add, in parallel dZ = (Z / Z_k)^2 dZ_k. Elements
that are powers of the frequency state the derivative of their logarithm; all others are analytic in their parameters,
and the mean over four points of a small circle in the complex plane gives the derivative to rounding (Lyness & Moler
1967, SIAM J. Numer. Anal. 4, 202).
"""

from __future__ import annotations

import numpy as np

from lithostat.impedance.circuits.circuit import Circuit, Leaf, Node, Series
from lithostat.impedance.circuits.elements import QUARTER
from lithostat.physics.types import Namespace, Waves

_STEP = 1e-3  # of a coordinate: what is left out is its fourth power
_TURNS = (1.0, 1j, -1.0, -1j)
_SMALLEST = 1e-280  # ohm; a branch of nothing stays a branch


def natural(coordinates: Waves, logarithmic: np.ndarray, xp: Namespace = np) -> Waves:
    """From fit coordinates (logarithms where `logarithmic`) to values in SI; parameters on the last axis."""
    with np.errstate(over="ignore"):  # a start far off; its misfit is then infinite
        return xp.where(logarithmic, xp.exp(xp.where(logarithmic, coordinates, 0.0)), coordinates)


def logarithmic(chosen: Circuit) -> np.ndarray:
    """Which of the circuit's parameters are fitted as logarithms, (parameters,)."""
    return np.array([parameter.logarithmic for parameter in chosen.parameters])


def impedance_and_derivatives(
    chosen: Circuit, coordinates: np.ndarray, omega: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Real and imaginary part (problems, points, 2) [ohm] and derivatives (problems, points, 2, parameters).

    `coordinates` is (problems, parameters), `omega` (problems, points) [rad/s].
    """
    values = natural(coordinates, logarithmic(chosen)).T[:, :, None]
    slopes = np.empty((*omega.shape, len(chosen.parameters)), complex)
    with np.errstate(all="ignore"):  # what overflows is told apart by its misfit
        z = _walked(chosen.tree, omega, np.log(omega) + QUARTER, values, slopes)
    return np.stack([z.real, z.imag], axis=-1), np.stack([slopes.real, slopes.imag], axis=-2)


def _walked(part: Node, omega: np.ndarray, log_jw: np.ndarray, values: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """Impedance of a part (problems, points); its derivatives are written into their places of `slopes`."""
    if isinstance(part, Leaf):
        return _leaf(part, omega, log_jw, values, slopes)
    found = [_walked(inner, omega, log_jw, values, slopes) for inner in part.parts]
    if isinstance(part, Series):
        return np.asarray(sum(found))
    found = [np.where(np.abs(z) < _SMALLEST, _SMALLEST, z) for z in found]
    whole = 1.0 / sum(1.0 / z for z in found)
    for inner, z in zip(part.parts, found, strict=True):
        slopes[..., _span(inner)] *= ((whole / z) ** 2)[..., None]
    return np.asarray(whole)


def _leaf(part: Leaf, omega: np.ndarray, log_jw: np.ndarray, values: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    element, first = part.element, part.first
    own = [values[first + k] for k in range(len(element.parameters))]
    z = np.asarray(element.impedance(omega, *own, xp=np))
    if element.log_slopes is not None:
        for k, slope in enumerate(element.log_slopes(log_jw)):
            slopes[..., first + k] = z * slope
        return z
    for k, parameter in enumerate(element.parameters):
        total: Waves = 0.0
        for turn in _TURNS:
            step = _STEP * turn
            moved = own[k] * np.exp(step) if parameter.logarithmic else own[k] + step
            total = total + element.impedance(omega, *own[:k], moved, *own[k + 1 :], xp=np) / step
        slopes[..., first + k] = total / len(_TURNS)
    return z


def _span(part: Node) -> slice:
    """Places of a part's parameters among the circuit's; they stand side by side."""
    if isinstance(part, Leaf):
        return slice(part.first, part.first + len(part.element.parameters))
    return slice(_span(part.parts[0]).start, _span(part.parts[-1]).stop)
