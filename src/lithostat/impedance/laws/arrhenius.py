"""Conductivity against temperature: two activation energies, which are not the same, and whether one branch is enough.

Two plots are called an Arrhenius plot. ln sigma against 1/T gives E_sigma (what a cell and the cards of this package
use: sigma = sigma_ref exp(-E_sigma/R (1/T - 1/T_ref))); ln(sigma T) against 1/T, after Nernst and Einstein, gives
E_sigmaT. They differ by R times the temperature in the middle of the data: E_sigmaT - E_sigma is about R T, 2.5 kJ/mol
(26 meV) at room temperature. Both are reported and named.

Liquids and polymers bend: Vogel, Fulcher and Tammann, sigma = A exp(-B/(T - T_0)).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from lithostat.experiment.errors import InputError
from lithostat.experiment.finding import Finding
from lithostat.experiment.quantity import show
from lithostat.impedance.laws.error_budget import ErrorBudget, Stated, error_budget
from lithostat.impedance.laws.fitted_card import card_text, fitted_property, stated
from lithostat.physics.constants import FARADAY, GAS

ROOM = 298.15  # [K]
LEAST_T0 = 50.0  # K; a bend that asks for less is another thing than a glass transition
CURVED = 0.01  # probability below which a straight line is not enough
FORMULAS = {
    "sigma": "ln sigma = ln sigma_ref - E_sigma/R (1/T - 1/T_ref)",
    "sigma T": "ln(sigma T) = ln(sigma T)_ref - E_sigmaT/R (1/T - 1/T_ref)",
}


class Branch(NamedTuple):
    """A straight line through logarithms. `reference` is sigma [S/m] or sigma T [S K/m] at the reference temperature.

    `covariance` (2, 2) is that of (ln reference, activation energy [J/mol]). `curvature` is the probability of so much
    bend by chance, NaN where the points do not suffice.
    """

    reference: float
    activation_energy: float
    covariance: np.ndarray
    curvature: float

    @property
    def error(self) -> float:
        """Standard error of the activation energy [J/mol]."""
        return float(np.sqrt(self.covariance[1, 1]))


class Vft(NamedTuple):
    """sigma = A exp(-B/(T - T_0)): A [S/m], B [K], T_0 [K], and how many times less it leaves over than a line."""

    a: float
    b: float
    t0: float
    better: float


@dataclass(frozen=True)
class Arrhenius:
    """Conductivity against temperature. `temperature` [K] and `conductivity` [S/m] are (N,) as they were measured.

    `sigma` and `sigma_t` are the two lines. `freedom` is N - 2 where the errors were estimated from the misfit, None
    where they were stated. `vft` is there where a bend was found and the law could be fitted.
    """

    temperature: np.ndarray
    conductivity: np.ndarray
    error: np.ndarray | None
    reference_temperature: float
    sigma: Branch
    sigma_t: Branch
    freedom: int | None
    vft: Vft | None
    warnings: tuple[str, ...]
    budget: ErrorBudget | None = None

    @property
    def errors(self) -> tuple[float, float, float]:
        """Standard errors: relative, of sigma at the reference temperature; of both activation energies [J/mol]."""
        own = float(np.sqrt(self.sigma.covariance[0, 0]))
        if self.budget is None:
            return own, self.sigma.error, self.sigma_t.error
        more = max(self.budget.energy**2 - self.sigma.error**2, 0.0)
        return self.budget.sigma, self.budget.energy, float(np.sqrt(self.sigma_t.error**2 + more))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Conductivity at the reference temperature, both activation energies, and the bend."""
        how = "fit: regression in log space" if self.budget is None else f"error budget: {self.budget.sentence}"
        at = show(self.reference_temperature, "temperature")
        relative, *of_energies = self.errors
        size = self.sigma.reference * relative
        found = [Finding("conductivity", self.sigma.reference, "S/m", (f"at {at}",), size, how, FORMULAS["sigma"])]
        for name, branch, wide in zip(FORMULAS, (self.sigma, self.sigma_t), of_energies, strict=True):
            said = f"{branch.activation_energy / FARADAY:.4g} eV"
            found.append(
                Finding(
                    f"activation energy of {name}",
                    branch.activation_energy,
                    "J/mol",
                    (said, *self.warnings),
                    wide,
                    how,
                    FORMULAS[name],
                )
            )
        if np.isfinite(self.sigma.curvature):
            said = "so much bend by chance, if one Arrhenius branch held"
            found.append(Finding("probability of one branch", self.sigma.curvature, "", (said,), formula="F test"))
        return tuple(found)

    def at(self, temperature: ArrayLike) -> np.ndarray:
        """Conductivity of the line through ln sigma [S/m] at `temperature` [K]."""
        inverse = 1.0 / np.asarray(temperature, float) - 1.0 / self.reference_temperature
        return np.asarray(self.sigma.reference * np.exp(-self.sigma.activation_energy / GAS * inverse))

    def band(self, temperature: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """One standard error of that line on either side [S/m]."""
        inverse = (1.0 / np.asarray(temperature, float) - 1.0 / self.reference_temperature) / -GAS
        covariance = self.sigma.covariance
        variance = covariance[0, 0] + 2.0 * inverse * covariance[0, 1] + inverse**2 * covariance[1, 1]
        width = np.exp(np.sqrt(variance))
        return self.at(temperature) / width, self.at(temperature) * width

    def interval(self, confidence: float = 0.6827) -> tuple[float, float]:
        """Confidence interval of the activation energy of sigma [J/mol]: Student's t where errors were estimated."""
        tail = 0.5 * (1.0 + confidence)
        wide = stats.norm.ppf(tail) if self.freedom is None else stats.t.ppf(tail, self.freedom)
        half = float(wide) * self.sigma.error
        return self.sigma.activation_energy - half, self.sigma.activation_energy + half


def conductivity(
    resistance: ArrayLike,
    *,
    thickness: float | None = None,
    area: float | None = None,
    cell_constant: float | None = None,
) -> np.ndarray:
    """sigma = L / (A R) [S/m] from resistances [ohm], or K / R with a stated cell constant K [1/m].

    Raises `InputError` without thickness [m] and area [m2] or a cell constant, and for a resistance not above 0.
    """
    if cell_constant is None:
        if thickness is None or area is None:
            raise InputError(
                "a conductivity cannot be had from a resistance alone",
                expected="thickness (m) and area (m2) of the electrolyte, or the cell constant (1/m) of the vessel",
            )
        if not thickness > 0.0 or not area > 0.0:
            raise InputError(f"received a thickness of {thickness:g} m and an area of {area:g} m2", expected="above 0")
        cell_constant = thickness / area
    ohm = np.atleast_1d(np.asarray(resistance, float))
    wrong = np.flatnonzero(~np.isfinite(ohm) | (ohm <= 0.0))
    if len(wrong) or not cell_constant > 0.0:
        received = f"resistance {ohm[wrong[0]]:g} ohm" if len(wrong) else f"cell constant {cell_constant:g} 1/m"
        raise InputError(f"received {received}", expected="numbers above 0")
    return np.asarray(cell_constant / ohm)


def fit_arrhenius(
    temperature: ArrayLike,
    conductivity: ArrayLike,
    *,
    error: ArrayLike | None = None,
    scaled: bool = False,
    reference_temperature: float = ROOM,
) -> Arrhenius:
    """Fit both lines to `conductivity` [S/m] at `temperature` [K], weighted by its standard `error` [S/m]; all (N,).

    Without errors one relative error for all points is estimated from the misfit; with `scaled` ones only their ratio
    counts, and their size is. Raises `InputError` for fewer than two temperatures (three points where errors are
    estimated), numbers that are not above 0, and a conductivity that falls as it gets warmer.
    """
    given = {"temperature": temperature, "conductivity": conductivity, "error": error}
    arrays = {name: np.atleast_1d(np.asarray(one, float)) for name, one in given.items() if one is not None}
    for name, values in arrays.items():
        if values.shape != arrays["temperature"].shape:
            raise InputError(f"{len(arrays['temperature'])} temperatures and {len(values)} of {name}", expected="pairs")
        wrong = np.flatnonzero(~np.isfinite(values) | (values <= 0.0))
        if len(wrong):
            raise InputError(f"point {wrong[0] + 1} has {name} {values[wrong[0]]:g}", expected="a number above 0")
    kelvin, sigma, sd = arrays["temperature"], arrays["conductivity"], arrays.get("error")
    known = sd is not None and not scaled
    least = 2 if known else 3
    if len(kelvin) < least or len(np.unique(kelvin)) < 2:
        raise InputError(
            f"{len(kelvin)} points at {len(np.unique(kelvin))} temperatures do not give an activation energy",
            expected=f"{least} points at two temperatures at least",
        )
    weight = np.ones(len(kelvin)) if sd is None else sigma / sd
    freedom = None if known else len(kelvin) - 2
    x = (1.0 / kelvin - 1.0 / reference_temperature) / -GAS
    lines = [_line(x, np.log(values), weight, freedom) for values in (sigma, sigma * kelvin)]
    if lines[0].activation_energy < 0.0:
        raise InputError(
            f"the conductivity falls as it gets warmer ({lines[0].activation_energy / FARADAY:.3g} eV): a negative "
            "activation energy is no property of an electrolyte",
            expected="resistances of one electrolyte, each with its temperature; see which spectra are read wrongly",
        )
    bent = bool(lines[0].curvature < CURVED)
    vft = _vft(kelvin, np.log(sigma), weight) if bent else None
    return Arrhenius(
        kelvin,
        sigma,
        sd,
        reference_temperature,
        lines[0],
        lines[1],
        freedom,
        vft,
        _said(lines[0], lines[1], vft, kelvin),
    )


def with_budget(fit: Arrhenius, *, thickness: float | None, area: float | None, stated: Stated) -> Arrhenius:
    """The same with thickness [m], area [m2] and temperature in its errors (see `error_budget`)."""
    scatter = float(np.sqrt(fit.sigma.covariance[0, 0])), fit.sigma.error
    made = error_budget(
        scatter=scatter,
        energy=fit.sigma.activation_energy,
        temperature=fit.temperature,
        reference_temperature=fit.reference_temperature,
        thickness=thickness,
        area=area,
        stated=stated,
    )
    return replace(fit, budget=made)


def card_properties(fit: Arrhenius) -> dict[str, Any]:
    """Conductivity, its temperature and its activation energy (of sigma), as entries of a card with standard errors."""
    low, high = (show(float(end), "temperature") for end in (fit.temperature.min(), fit.temperature.max()))
    where = f"{len(fit.temperature)} points, {low} to {high}"
    note = "The range is one standard error."
    value, energy = fit.sigma.reference, fit.sigma.activation_energy
    size, spread, _ = fit.errors
    span = (value * np.exp(-size), value * np.exp(size))
    slope = fitted_property(
        "conductivity_activation_energy",
        energy,
        conditions=where,
        span=(energy - spread, energy + spread),
        note=f"Of sigma; that of sigma T is {show(fit.sigma_t.activation_energy, 'conductivity_activation_energy')}.",
    )
    return {
        "conductivity": fitted_property("conductivity", value, conditions=where, span=span, note=note),
        "conductivity_temperature": fitted_property(
            "conductivity_temperature", fit.reference_temperature, conditions="of the stated conductivity"
        ),
        "conductivity_activation_energy": slope,
    }


def cell_parameters(fit: Arrhenius) -> dict[str, str]:
    """The same for `parameters:` of a cell, each number with its unit."""
    return stated(card_properties(fit))


def electrolyte_card(fit: Arrhenius, name: str, *, source: str, base: str | None = None) -> str:
    """A card of this electrolyte as YAML, which `materials.card` reads back; see `fitted_card.card_text`."""
    about = f"Conductivity fitted to {len(fit.temperature)} measurements against temperature."
    kind = "solid electrolyte"
    return card_text(name, kind=kind, about=about, source=source, properties=card_properties(fit), base=base)


def _line(x: np.ndarray, y: np.ndarray, weight: np.ndarray, freedom: int | None) -> Branch:
    """Weighted least squares of y against x, with the test of a third, quadratic term."""
    rows = np.stack([np.ones(len(x)), x], 1) * weight[:, None]
    scale = np.linalg.norm(rows, axis=0)
    inverse = np.linalg.inv((rows / scale).T @ (rows / scale)) / np.outer(scale, scale)
    best = np.linalg.lstsq(rows / scale, y * weight, rcond=None)[0] / scale
    left = float(np.sum((rows @ best - y * weight) ** 2))
    variance = 1.0 if freedom is None else left / freedom
    curvature = _curvature(x, y, weight, left, known=freedom is None)
    return Branch(float(np.exp(best[0])), float(best[1]), variance * inverse, curvature)


def _curvature(x: np.ndarray, y: np.ndarray, weight: np.ndarray, left: float, *, known: bool) -> float:
    """Probability that a straight line leaves so much over a parabola by chance; NaN with too few points."""
    spare = len(x) - 3
    if len(np.unique(x)) < 3 or (spare < 1 and not known):
        return float("nan")
    unit = (x - x.mean()) / np.ptp(x)
    rows = np.stack([np.ones(len(x)), unit, unit**2], 1) * weight[:, None]
    best = np.linalg.lstsq(rows, y * weight, rcond=None)[0]
    rest = float(np.sum((rows @ best - y * weight) ** 2))
    noise = len(x) * (16.0 * np.finfo(float).eps * float(np.abs(y * weight).max())) ** 2  # rounding is no bend
    gain = max(left - rest, 0.0)
    if known:
        return float(stats.chi2.sf(gain, 1))
    return float(stats.f.sf(gain / (max(rest, noise) / spare), 1, spare))


def _vft(kelvin: np.ndarray, y: np.ndarray, weight: np.ndarray) -> Vft | None:
    """Best T_0 between 0 and the coldest point; A and B follow from a line for each."""
    from scipy.optimize import minimize_scalar

    def line(t0: float) -> tuple[float, np.ndarray]:
        rows = np.stack([np.ones(len(y)), -1.0 / (kelvin - t0)], 1) * weight[:, None]
        best = np.linalg.lstsq(rows, y * weight, rcond=None)[0]
        return float(np.sum((rows @ best - y * weight) ** 2)), best

    coldest = float(kelvin.min())
    found = minimize_scalar(lambda t0: line(t0)[0], bounds=(0.0, coldest - 5.0), method="bounded")
    straight = line(0.0)[0]
    left, (offset, slope) = line(float(found.x))
    if found.x < LEAST_T0 or found.x > coldest - 6.0 or slope <= 0.0 or left >= straight:
        return None
    return Vft(float(np.exp(offset)), float(slope), float(found.x), straight / max(left, 1e-300))


def _said(sigma: Branch, sigma_t: Branch, vft: Vft | None, kelvin: np.ndarray) -> tuple[str, ...]:
    if not sigma.curvature < CURVED:
        return ()
    said = f"one Arrhenius branch is not enough (probability {sigma.curvature:.1g}): the activation energy changes"
    low, high = (show(float(end), "temperature") for end in (kelvin.min(), kelvin.max()))
    said += f" between {low} and {high}, and the one given is a mean"
    if sigma_t.curvature >= CURVED:
        return (f"{said}; sigma T has one branch",)
    if vft is None:
        return (f"{said}; a VFT law does not explain the bend either",)
    return (f"{said}; VFT with T_0 = {vft.t0:.0f} K leaves {np.sqrt(vft.better):.3g} times less over",)
