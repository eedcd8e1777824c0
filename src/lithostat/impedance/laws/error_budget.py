"""Where the error of a conductivity and of an activation energy comes from: resistances, thickness, area, temperature.

sigma = L / (A R): relative errors of L and A enter sigma as they are, and not the activation energy, for they are the
same at all temperatures. A thermometer that is off by d shifts the line: ln sigma at T_ref by E d / (R T_ref^2), and E
itself by 2 E d / T in the middle of the data, since 1/T - 1/T_ref is then wrong by 2 d / T of itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lithostat.experiment.quantity import show
from lithostat.physics.constants import GAS

# Judgements, where nobody stated the uncertainty; every one of them is printed as such.
THICKNESS, AREA = 0.02, 0.02  # relative: a micrometer on a pellet that is not flat, an electrode's rim
TEMPERATURE = 1.0  # K: a thermocouple in a chamber, not in the cell


class Stated(NamedTuple):
    """Standard uncertainties that somebody stated: thickness [m], area [m2], temperature [K]; None where nobody did."""

    thickness: float | None = None
    area: float | None = None
    temperature: float | None = None


class BudgetEntry(NamedTuple):
    """One source: its share of the relative error of sigma, of that of the activation energy [J/mol], and its text."""

    source: str
    sigma: float
    energy: float
    text: str


@dataclass(frozen=True)
class ErrorBudget:
    """The sources of error of one line; they are independent, so that their squares add."""

    entries: tuple[BudgetEntry, ...]

    @property
    def sigma(self) -> float:
        """Relative standard error of the conductivity at the reference temperature."""
        return float(np.sqrt(sum(entry.sigma**2 for entry in self.entries)))

    @property
    def energy(self) -> float:
        """Standard error of the activation energy [J/mol]."""
        return float(np.sqrt(sum(entry.energy**2 for entry in self.entries)))

    @property
    def sentence(self) -> str:
        """All entries in one line."""
        return "; ".join(f"{entry.source}: {entry.text}" for entry in self.entries)


def error_budget(
    *,
    scatter: tuple[float, float],
    energy: float,
    temperature: np.ndarray,
    reference_temperature: float,
    thickness: float | None,
    area: float | None,
    stated: Stated,
) -> ErrorBudget:
    """The budget of a line with `energy` [J/mol] through points at `temperature` [K].

    `scatter` are the standard errors of ln sigma and of the energy [J/mol] that follow from the points themselves;
    `thickness` [m] and `area` [m2] are None where a cell constant was given instead of both.
    """
    entries = [BudgetEntry("points", *scatter, f"{100.0 * scatter[0]:.2g} % of sigma, {scatter[1]:.2g} J/mol")]
    for name, value, error, usual in (
        ("thickness", thickness, stated.thickness, THICKNESS),
        ("area", area, stated.area, AREA),
    ):
        if value is not None:
            share = usual if error is None else error / value
            how = "assumed" if error is None else f"{show(error, 'length' if name == 'thickness' else name)} stated"
            entries.append(BudgetEntry(name, share, 0.0, f"{100.0 * share:.2g} % of sigma ({how})"))
    kelvin = TEMPERATURE if stated.temperature is None else stated.temperature
    how = "assumed" if stated.temperature is None else "stated"
    middle = float(1.0 / np.mean(1.0 / temperature))
    shift = abs(energy) * kelvin / (GAS * reference_temperature**2)
    turn = 2.0 * abs(energy) * kelvin / middle
    text = f"{100.0 * shift:.2g} % of sigma, {turn:.2g} J/mol ({kelvin:.3g} K {how})"
    return ErrorBudget((*entries, BudgetEntry("temperature", shift, turn, text)))
