"""How a parameter may run along a series of spectra: free, shared, smooth, Arrhenius over temperature, or a power of
pressure.

Each is linear in the fit coordinates (logarithms of positive values), so that a tie is a matrix: the coordinates of all
spectra are `design @ shared`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lithostat.experiment.errors import InputError, nearest
from lithostat.experiment.spectrum import Spectrum
from lithostat.physics.constants import GAS

TIES = {
    "free": "each spectrum has its own value",
    "shared": "one value for all spectra",
    "smooth": "neighbours differ little from a straight line; how little is read from the spectra",
    "arrhenius": "ln value = ln value0 + Ea/R (1/T - 1/T0)",
    "power": "ln value = ln value0 + m ln(P/P0)",
}
STEEPEST = 60.0  # largest change of a logarithm along a series


class Tie(NamedTuple):
    """One parameter along a series: value coordinates (spectra,) = columns (spectra, k) @ its own coordinates (k,)."""

    kind: str
    columns: np.ndarray
    centre: float  # T0 [K] or P0 [Pa]; 0 where there is none
    slope_scale: float  # slope in natural terms = coordinate * slope_scale: Ea [J/mol], or the exponent m [-]


def tie(name: str, kind: str, spectra: Sequence[Spectrum]) -> Tie:
    """The tie of parameter `name`. Raises `InputError` if the spectra do not say what it needs."""
    count = len(spectra)
    if kind not in TIES:
        raise InputError(f"'{kind}' for {name} is no tie{nearest(kind, TIES)}", expected=f"one of {', '.join(TIES)}")
    if kind in ("free", "smooth"):
        return Tie(kind, np.eye(count), 0.0, 0.0)
    ones = np.ones((count, 1))
    if kind == "shared":
        return Tie(kind, ones, 0.0, 0.0)
    if kind == "arrhenius":
        kelvin = _stated(name, kind, "temperature", [spectrum.temperature for spectrum in spectra])
        centre = float(1.0 / np.mean(1.0 / kelvin))
        x, scale = 1.0 / kelvin - 1.0 / centre, GAS
    else:
        pascal = _stated(name, kind, "pressure", [spectrum.pressure for spectrum in spectra])
        if (pascal <= 0.0).any():
            raise InputError(f"a power of pressure for {name} at no pressure", expected="pressures above 0")
        centre = float(np.exp(np.log(pascal).mean()))
        x, scale = np.log(pascal / centre), 1.0
    reach = float(np.abs(x).max())
    if reach == 0.0:
        raise InputError(f"{name} cannot follow '{kind}': all spectra are alike", expected="'shared'")
    return Tie(kind, np.concatenate([ones, x[:, None] / reach], axis=1), centre, scale / reach)


def _stated(name: str, kind: str, what: str, values: list[float | None]) -> np.ndarray:
    missing = sum(value is None for value in values)
    if missing:
        raise InputError(
            f"'{kind}' for {name} needs the {what} of every spectrum, and {missing} of {len(values)} have none",
            expected=f"spectra with a {what}",
        )
    return np.array(values, float)


def second_differences(places: np.ndarray) -> np.ndarray:
    """Matrix (spectra - 2, spectra): how far each inner value lies off the line through its neighbours.

    `places` (spectra,) is where the spectra lie along the series, strictly ascending.
    """
    count = len(places)
    rows = np.zeros((max(count - 2, 0), count))
    for k in range(count - 2):
        left, right = places[k + 1] - places[k], places[k + 2] - places[k + 1]
        rows[k, k : k + 3] = [-right / (left + right), 1.0, -left / (left + right)]
    return rows
