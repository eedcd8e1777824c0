"""Impedance of a circuit and its derivatives at many points at once, by JAX.

Points of all spectra and all starts form one flat list, cut into pieces of one length, so that each circuit compiles
once however many spectra there are. A compilation costs as much as a million points: only long lists get a second
one, for pieces that cost a little less per point.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lithostat.engine import engine
from lithostat.impedance.circuits.circuit import Circuit, circuit

PIECES = (512, 4096)  # points that one compiled call takes
LONG = 8  # large pieces, from which a list is cut into them


def natural(coordinates: Any, logarithmic: np.ndarray, xp: Any = np) -> Any:
    """From fit coordinates (logarithms where `logarithmic`) to values in SI; parameters on the last axis."""
    return xp.where(logarithmic, xp.exp(xp.where(logarithmic, coordinates, 0.0)), coordinates)


def logarithmic(chosen: Circuit) -> np.ndarray:
    """Which of the circuit's parameters are fitted as logarithms, (parameters,)."""
    return np.array([parameter.logarithmic for parameter in chosen.parameters])


@functools.lru_cache(maxsize=64)
def _compiled(text: str) -> Any:
    """f(coordinates (points, P), omega (points,)) -> parts (points, 2), derivatives (points, 2, P)."""
    chosen = circuit(text)
    logs = logarithmic(chosen)

    def parts(coordinates: Any, omega: Any) -> Any:
        z = chosen.tree.impedance(omega, natural(coordinates, logs, jnp), jnp)
        return jnp.stack([z.real, z.imag])

    def both(coordinates: Any, omega: Any) -> Any:
        value, pull = jax.vjp(lambda u: parts(u, omega), coordinates)  # two outputs, many inputs: backwards is cheaper
        return value, jax.vmap(pull)(jnp.eye(2))[0]

    return jax.jit(jax.vmap(both))


def impedance_and_derivatives(
    chosen: Circuit, coordinates: np.ndarray, omega: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Real and imaginary part (points, 2) [ohm] and their derivatives by the fit coordinates (points, 2, parameters).

    `coordinates` is (points, parameters), `omega` (points,) [rad/s].
    """
    count = len(omega)
    pieces = _pieces(count)
    short = sum(pieces) - count
    coordinates = np.concatenate([coordinates, np.repeat(coordinates[-1:], short, axis=0)])
    omega = np.concatenate([omega, np.repeat(omega[-1:], short)])
    function = _compiled(chosen.text)
    ends = np.cumsum(pieces)
    with engine():
        found = [
            function(coordinates[end - size : end], omega[end - size : end])
            for end, size in zip(ends, pieces, strict=True)
        ]
        values = np.concatenate([np.asarray(value) for value, _ in found])[:count]
        slopes = np.concatenate([np.asarray(slope) for _, slope in found])[:count]
    return values, slopes


def _pieces(count: int) -> list[int]:
    """Lengths of the pieces for so many points: large ones for a long list, and small ones for what is left."""
    small, large = PIECES
    many = count // large if count >= LONG * large else 0
    return [large] * many + [small] * -(-(count - many * large) // small)
