"""The misfit between circuits and spectra, linearised: what a fit minimises.

Residuals are real and imaginary parts times a weight. With modulus weights they are relative to |Z|, which is right for
an instrument whose error is a share of the modulus; the modulus is that of the model, so that noise does not pull it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lithostat.experiment.errors import InputError, nearest
from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.circuits.circuit import Circuit
from lithostat.impedance.circuits.jacobian import impedance_and_derivatives, natural
from lithostat.impedance.circuits.jacobian import logarithmic as logarithmic_of
from lithostat.impedance.circuits.least_squares import Linearised, normal_equations

WEIGHTINGS = {
    "modulus": "errors are a share of |Z|",
    "parts": "errors of real and imaginary part are a share of each",
    "unit": "errors are the same in ohm at all frequencies",
}
LEAST_PART = 1e-2  # of |Z|, for 'parts': a part that crosses zero does not weigh infinitely


class Sweeps(NamedTuple):
    """Spectra of a series in one table; shorter ones are filled up with points of no weight."""

    omega: np.ndarray  # (spectra, points) [rad/s]
    parts: np.ndarray  # real and imaginary (spectra, points, 2) [ohm]
    weight: np.ndarray  # (spectra, points, 2) [1/ohm]


def sweeps(spectra: Sequence[Spectrum], weighting: str) -> Sweeps:
    """The table of checked spectra. Raises `InputError` for an unknown weighting."""
    if weighting not in WEIGHTINGS:
        raise InputError(
            f"no weighting is called '{weighting}'{nearest(weighting, WEIGHTINGS)}",
            expected=f"one of {', '.join(WEIGHTINGS)}",
        )
    longest = max(len(spectrum.frequency) for spectrum in spectra)
    omega = np.ones((len(spectra), longest))
    parts = np.zeros((len(spectra), longest, 2))
    weight = np.zeros((len(spectra), longest, 2))
    for row, spectrum in enumerate(spectra):
        count = len(spectrum.frequency)
        omega[row, :count] = 2.0 * np.pi * spectrum.frequency
        omega[row, count:] = omega[row, count - 1]
        parts[row, :count] = np.stack([spectrum.impedance.real, spectrum.impedance.imag], axis=1)
        weight[row, :count] = _weight(parts[row, :count], weighting)
    return Sweeps(omega, parts, weight)


def _weight(parts: np.ndarray, weighting: str) -> np.ndarray:
    modulus = np.hypot(parts[:, 0], parts[:, 1])[:, None]
    if weighting == "unit":
        return np.full(parts.shape, 1.0 / float(np.median(modulus)))
    if weighting == "parts":
        return 1.0 / np.maximum(np.abs(parts), LEAST_PART * modulus)
    return np.broadcast_to(1.0 / modulus, parts.shape)


def by_model(table: Sweeps, chosen: Circuit, coordinates: np.ndarray) -> Sweeps:
    """The same with the modulus of the model as weight; `coordinates` (spectra, parameters)."""
    values = natural(coordinates, logarithmic_of(chosen)).T[:, :, None]
    modulus = np.abs(chosen.impedance(table.omega / (2.0 * np.pi), values))[:, :, None]
    return table._replace(weight=np.where(table.weight > 0.0, 1.0 / modulus, 0.0))


def of_each(table: Sweeps, chosen: Circuit, owner: np.ndarray) -> Linearised:
    """The misfit of problems that each concern one spectrum, number `owner[problem]`."""

    def linearised(now: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return normal_equations(*_residuals(table, chosen, owner[now], at))

    return linearised


def of_all(table: Sweeps, chosen: Circuit, design: np.ndarray, penalty: np.ndarray) -> Linearised:
    """The misfit of all spectra together, a single problem in shared coordinates.

    Coordinates of spectrum s are `design[s] @ shared`, design (spectra, parameters, K). Rows of `penalty` (rows, K)
    are further residuals, linear and wanted zero.
    """
    everyone = np.arange(len(table.omega))

    def linearised(now: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        shared = at[0]
        cost, gradient, normal = normal_equations(*_residuals(table, chosen, everyone, design @ shared))
        rest = penalty @ shared
        whole = np.einsum("spk,spq,sql->kl", design, normal, design, optimize=True) + penalty.T @ penalty
        slope = np.einsum("spk,sp->k", design, gradient) + penalty.T @ rest
        return np.array([cost.sum() + 0.5 * rest @ rest]), slope[None], whole[None]

    return linearised


def _residuals(
    table: Sweeps, chosen: Circuit, rows: np.ndarray, coordinates: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted residuals (problems, 2 points) and derivatives (problems, 2 points, parameters)."""
    values, slopes = impedance_and_derivatives(chosen, coordinates, table.omega[rows])
    weight = table.weight[rows]
    with np.errstate(all="ignore"):  # a start far off may overflow; its cost is then infinite
        rest = (values - table.parts[rows]) * weight
        slopes *= weight[..., None]
    return rest.reshape(len(rows), -1), slopes.reshape(len(rows), -1, slopes.shape[-1])
