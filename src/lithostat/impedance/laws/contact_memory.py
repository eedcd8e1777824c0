"""Resistance against pressure, pressing and releasing: the contact law with its memory, fitted to both branches.

The law is the simulator's own (`physics.contact`), for two like interfaces in series with everything that pressure does
not change:

    R = (S + 2 ASR_0 (1/c - 1)) / A,    c = (1 - exp(-x)) (P / P_max)^beta,    x = P_max / P_c,

with S the series resistance of pellet and films [ohm m2]. S is one number: resistance against pressure cannot tell the
pellet from the films. `contact_memory_card.split` does, if thickness and conductivity of the pellet are known. P_max is
the highest pressure seen, from the order in which the pressures were applied. Ripening (x grows while lithium creeps)
is ignored unless the times are given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import stats

from lithostat.experiment.errors import InputError
from lithostat.experiment.finding import Finding
from lithostat.impedance.circuits.least_squares import least_squares, normal_equations
from lithostat.impedance.circuits.profile_likelihood import profile_interval, rise
from lithostat.impedance.laws.contact_memory_points import (
    NAMES,
    STEP,
    ContactPoints,
    Ripening,
    bounds,
    checked,
    determined,
    enough,
    law,
    positive,
    residuals,
    starts,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

UNITS = {"contact_pressure": "Pa", "unloading_exponent": ""}  # of the others: ohm m2
FORMULA = "R = (S + 2 ASR_0 (1/c - 1)) / A, c = (1 - exp(-P_max/P_c)) (P/P_max)^beta"
MISFIT = 0.01  # probability below which the stated errors are too small for the misfit


class Estimate(NamedTuple):
    """One fitted number, SI. `low` and `high` end its confidence interval: 0 or infinity where nothing bounds it.

    `error` is the standard error of its logarithm.
    """

    name: str
    value: float
    low: float
    high: float
    error: float


@dataclass(frozen=True)
class Memory:
    """The fit. Arrays have one entry per measurement, in the order they were made.

    `covariance` is that of the logarithms of `estimates`, in their order. `known` holds what was not fitted (SI).
    `spread` is the relative error of one resistance: None where errors were stated or no point was left to tell.
    `chi_squared` over `freedom` is about 1 where errors were stated rightly (None where none were stated).
    """

    estimates: tuple[Estimate, ...]
    covariance: np.ndarray
    known: Mapping[str, float]
    pressure: np.ndarray
    resistance: np.ndarray
    error: np.ndarray | None
    highest: np.ndarray
    area: float
    fabrication_pressure: float
    confidence: float
    freedom: int
    spread: float | None
    chi_squared: float | None
    times: np.ndarray | None
    ripening: Ripening | None
    warnings: tuple[str, ...]

    def value(self, name: str) -> float | None:
        """A fitted or known number, SI; None where the measurement says nothing about it."""
        fitted = {estimate.name: estimate.value for estimate in self.estimates}
        return fitted.get(name, self.known.get(name))

    @property
    def unloading(self) -> np.ndarray:
        """Which measurements were made below the highest pressure seen."""
        return self.pressure < self.highest

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every estimate as a finding."""
        how = "fit: standard error of the logarithm, times the value; the interval is of the profile likelihood"
        found = []
        for one in self.estimates:
            span = f"{100 * self.confidence:.0f} % interval {one.low:.4g} to {one.high:.4g} {_unit(one.name)}".rstrip()
            span = "no interval: nothing tells how large the errors are" if np.isnan(one.low) else span
            size = one.value * one.error if np.isfinite(one.error) else None
            found.append(Finding(one.name, one.value, _unit(one.name), (span,), size, how, FORMULA))
        if self.value("unloading_exponent") is None:
            found.append(Finding("unloading_exponent", None, "", (_NO_RELEASE,), formula=FORMULA))
        return tuple(found)


_NO_RELEASE = "no measurement was made after releasing, so the unloading exponent is not determined"
_ONE_NUMBER = (
    "the series resistance is pellet and films together: resistance against pressure alone cannot tell them apart"
)


def fit_memory(
    pressure: ArrayLike,
    resistance: ArrayLike,
    *,
    area: float | None,
    error: ArrayLike | None = None,
    scaled: bool = False,
    fabrication_pressure: float = 0.0,
    series_resistance: float | None = None,
    times: ArrayLike | None = None,
    ripening: Ripening | None = None,
    confidence: float = 0.6827,
) -> Memory:
    """Fit the contact law to `resistance` [ohm] at `pressure` [Pa] (N,), both in the order they were measured.

    `error` (N,) is the standard error of each resistance [ohm]; without it one relative error for all is estimated from
    the misfit; with `scaled` only the ratio of the errors counts, and their size is. Errors are log-normal. `area` is
    that of one electrode [m2]. `fabrication_pressure` is the highest pressure before the first measurement (0: lithium
    was never pressed). `series_resistance` of pellet and films [ohm], if it is known, is kept; else it is fitted. With
    `ripening`, `times` [s] say when each resistance was measured; its pressure is taken to act since the measurement
    before (the first since time 0).

    Refused (`InputError`): no area, fewer points than unknowns, one pressure only, and data that leave a combination of
    the unknowns free. Without a point below the highest pressure the unloading exponent is left out, and that is said.
    """
    if not 0.0 < confidence < 1.0:
        raise InputError(f"received a confidence of {confidence:g}", expected="a share between 0 and 1")
    data = checked(pressure, resistance, error, area, fabrication_pressure, times, ripening)
    known = {} if series_resistance is None else {"series_resistance": positive(series_resistance) * data.area}
    best = _best(data, known)
    freedom = len(data.pressure) - len(best.names)
    stated = error is not None and not scaled
    variance = 1.0 if stated else (2.0 * best.cost / freedom if freedom else np.nan)
    covariance = variance * np.linalg.inv(best.normal)
    ends = np.full((len(best.names), 2), np.nan)
    if np.isfinite(variance):
        ends = _intervals(best, rise(confidence, freedom=None if stated else freedom, variance=variance))
    estimates = _estimates(best.names, best.at, ends, np.sqrt(np.diag(covariance)))
    chi = 2.0 * best.cost if stated else None
    return Memory(
        estimates=estimates,
        covariance=covariance,
        known=known,
        pressure=data.pressure,
        resistance=data.resistance,
        error=data.error,
        highest=data.highest,
        area=data.area,
        fabrication_pressure=fabrication_pressure,
        confidence=confidence,
        freedom=freedom,
        spread=float(np.sqrt(variance)) if error is None and freedom else None,
        chi_squared=chi,
        times=data.times,
        ripening=ripening,
        warnings=_warnings(data, estimates, best, chi, freedom),
    )


class _Best(NamedTuple):
    """Where the misfit is least: logarithms of the unknowns within `low` and `high`, half its squares, their curvature.

    `linearised` is the misfit as `least_squares` takes it; `bound` says which of the unknowns lie at an end.
    """

    names: tuple[str, ...]
    at: np.ndarray
    cost: float
    normal: np.ndarray
    bound: np.ndarray
    low: np.ndarray
    high: np.ndarray
    linearised: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


def _best(data: ContactPoints, known: Mapping[str, float]) -> _Best:
    """The fit of what is not `known`; without a point below the highest pressure, without the unloading exponent."""
    released = bool((data.pressure < data.highest).any())
    names = tuple(name for name in NAMES if name not in known and (released or name != "unloading_exponent"))
    enough(data, names)
    low, high = bounds(data, names)

    def linearised(_: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return normal_equations(*residuals(data, names, known, at))

    solution = least_squares(linearised, starts(data, names, known), low, high)
    best = int(np.argmin(solution.cost))
    at, cost, normal = solution.coordinates[best], float(solution.cost[best]), solution.normal[best]
    determined(normal, names)
    return _Best(names, at, cost, normal, solution.bound[best], low, high, linearised)


def _intervals(best: _Best, allowed: float) -> np.ndarray:
    """Ends of the intervals inside which the profile of the misfit rises by no more than allowed, (unknowns, 2)."""
    return np.array(
        [
            profile_interval(best.linearised, best.at, best.cost, k, rise=allowed, low=best.low, high=best.high)
            for k in range(len(best.names))
        ]
    )


def _estimates(names: Sequence[str], at: np.ndarray, ends: np.ndarray, errors: np.ndarray) -> tuple[Estimate, ...]:
    """Values with intervals, from logarithms; `errors` are those of the logarithms."""
    value, interval = np.exp(at), np.exp(ends)
    return tuple(
        Estimate(name, float(value[k]), float(interval[k, 0]), float(interval[k, 1]), float(errors[k]))
        for k, name in enumerate(names)
    )


def predicted(memory: Memory, pressure: ArrayLike, highest: ArrayLike) -> np.ndarray:
    """Resistance of the fitted law [ohm] at `pressure` [Pa] after `highest` [Pa] was seen, without ripening.

    NaN on release where no unloading exponent was determined.
    """
    p, top = np.broadcast_arrays(np.asarray(pressure, float), np.asarray(highest, float))
    values = {name: memory.value(name) or 0.0 for name in NAMES}
    ohm = law(p, top, top / values["contact_pressure"], values) / memory.area
    unknown = (p < top) & (memory.value("unloading_exponent") is None)
    return np.where(unknown, np.nan, ohm)


def band(memory: Memory, pressure: ArrayLike, highest: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """One standard error of the law on either side [ohm], from the covariance of the logarithms."""
    p, top = np.broadcast_arrays(np.asarray(pressure, float), np.asarray(highest, float))
    centre = np.log(predicted(memory, p, top))
    names = [estimate.name for estimate in memory.estimates]
    at = np.log([estimate.value for estimate in memory.estimates])

    def shifted(shift: np.ndarray) -> np.ndarray:
        values = dict.fromkeys(NAMES, 0.0) | dict(memory.known) | dict(zip(names, np.exp(at + shift), strict=True))
        return np.asarray(np.log(law(p, top, top / values["contact_pressure"], values) / memory.area))

    slopes = np.array([(shifted(STEP * unit) - shifted(-STEP * unit)) / (2.0 * STEP) for unit in np.eye(len(at))])
    width = np.sqrt(np.einsum("k...,kl,l...->...", slopes, memory.covariance, slopes))
    return np.exp(centre - width), np.exp(centre + width)


def _warnings(
    data: ContactPoints, estimates: tuple[Estimate, ...], best: _Best, chi: float | None, freedom: int
) -> tuple[str, ...]:
    said = []
    if not (data.pressure < data.highest).any():
        said.append(_NO_RELEASE)
    if "series_resistance" in best.names:
        said.append(_ONE_NUMBER)
    if data.ripening is None:
        said.append("ripening of the contact while a pressure is held is ignored; what it did is in the numbers")
    if data.error is None and freedom == 0:
        said.append("as many unknowns as points and no errors stated: nothing is left to tell how sure the numbers are")
    if chi is not None and freedom and stats.chi2.sf(chi, freedom) < MISFIT:
        said.append(
            f"the law misses the points by more than their errors (chi squared {chi:.3g} for {freedom}): errors are "
            "understated, or the law does not hold, and the intervals are too narrow"
        )
    said += [f"{name} lies at the end of its range" for name, held in zip(best.names, best.bound, strict=True) if held]
    said += [
        f"the points do not bound {one.name} from {side}"
        for one in estimates
        for side, end in (("below", one.low == 0.0), ("above", np.isinf(one.high)))
        if end
    ]
    return tuple(said)


def _unit(name: str) -> str:
    return UNITS.get(name, "ohm m2")
