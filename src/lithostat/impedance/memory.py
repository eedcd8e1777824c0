"""Resistance against pressure, pressing and releasing: the contact law with its memory, fitted to both branches.

The law is the simulator's own (`physics.contact`), for two like interfaces in series with everything that pressure does
not change:

    R = (S + 2 ASR_0 (1/c - 1)) / A,    c = (1 - exp(-x)) (P / P_max)^beta,    x = P_max / P_c,

with S the series resistance of pellet and films [ohm m2]. S is one number: resistance against pressure cannot tell the
pellet from the films. `memory_card.split` does, if thickness and conductivity of the pellet are known. P_max is the
highest pressure seen, from the order in which the pressures were applied. Ripening (x grows while lithium creeps) is
ignored unless the times are given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from lithostat.experiment.errors import InputError
from lithostat.experiment.finding import Finding
from lithostat.experiment.quantity import show
from lithostat.impedance.least_squares import least_squares, normal_equations
from lithostat.impedance.profile import profile_interval, rise
from lithostat.physics.contact import constriction_resistance, contact_fraction

NAMES = ("contact_pressure", "constriction_resistance", "series_resistance", "unloading_exponent")
UNITS = {"contact_pressure": "Pa", "unloading_exponent": ""}  # of the others: ohm m2
FORMULA = "R = (S + 2 ASR_0 (1/c - 1)) / A, c = (1 - exp(-P_max/P_c)) (P/P_max)^beta"
WORST_CONDITION = 1e9  # of the normal matrix, scaled: beyond it a combination of parameters is free
MISFIT = 0.01  # probability below which the stated errors are too small for the misfit
_STEP = 1e-6  # of a logarithm, for derivatives


class Ripening(NamedTuple):
    """Growth of contact with time: tau [s] and the stress exponent n of the creep of lithium, both known."""

    time: float
    stress_exponent: float


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
    `spread` is the relative error of one resistance: None where errors were stated. `chi_squared` over `freedom` is
    about 1 where errors were stated rightly (None where none were stated).
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
    pressure: Any,
    resistance: Any,
    *,
    area: float | None,
    error: Any = None,
    fabrication_pressure: float = 0.0,
    series_resistance: float | None = None,
    times: Any = None,
    ripening: Ripening | None = None,
    confidence: float = 0.6827,
) -> Memory:
    """Fit the contact law to `resistance` [ohm] at `pressure` [Pa] (N,), both in the order they were measured.

    `error` (N,) is the standard error of each resistance [ohm]; without it one relative error for all is estimated from
    the misfit. Errors are log-normal. `area` is that of one electrode [m2]. `fabrication_pressure` is the highest
    pressure before the first measurement (0: lithium was never pressed). `series_resistance` of pellet and films
    [ohm], if it is known, is kept; else it is fitted. With `ripening`, `times` [s] say when each resistance was
    measured; its pressure is taken to act since the measurement before (the first since time 0).

    Refused (`InputError`): no area, fewer points than unknowns, one pressure only, and data that leave a combination of
    the unknowns free. Without a point below the highest pressure the unloading exponent is left out, and that is said.
    """
    data = _checked(pressure, resistance, error, area, fabrication_pressure, times, ripening)
    known = {} if series_resistance is None else {"series_resistance": _positive(series_resistance) * data.area}
    released = bool((data.pressure < data.highest).any())
    names = tuple(name for name in NAMES if name not in known and (released or name != "unloading_exponent"))
    _enough(data, names)
    low, high = _bounds(data, names)

    def linearised(_: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return normal_equations(*_residuals(data, names, known, at))

    solution = least_squares(linearised, _starts(data, names, known), low, high)
    best = int(np.argmin(solution.cost))
    at, cost, normal = solution.coordinates[best], float(solution.cost[best]), solution.normal[best]
    _determined(normal, names)
    freedom = len(data.pressure) - len(names)
    variance = 1.0 if error is not None else (2.0 * cost / freedom if freedom else np.nan)
    covariance = variance * np.linalg.inv(normal)
    ends = np.full((len(names), 2), np.nan)
    if np.isfinite(variance):
        allowed = rise(confidence, freedom=None if error is not None else freedom, variance=variance)
        ends = np.array(
            [profile_interval(linearised, at, cost, k, rise=allowed, low=low, high=high) for k in range(len(names))]
        )
    errors = np.sqrt(np.diag(covariance))
    estimates = tuple(
        Estimate(name, float(np.exp(at[k])), float(np.exp(ends[k, 0])), float(np.exp(ends[k, 1])), float(errors[k]))
        for k, name in enumerate(names)
    )
    chi = 2.0 * cost if error is not None else None
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
        spread=None if error is not None else float(np.sqrt(variance)),
        chi_squared=chi,
        times=data.times,
        ripening=ripening,
        warnings=_warnings(data, estimates, solution.bound[best], names, chi, freedom, ripening),
    )


def highest_pressure(pressure: Any, fabrication_pressure: float = 0.0) -> np.ndarray:
    """Highest pressure seen up to and with each measurement [Pa], (N,)."""
    return np.maximum(np.maximum.accumulate(np.asarray(pressure, float)), fabrication_pressure)


def predicted(memory: Memory, pressure: Any, highest: Any) -> np.ndarray:
    """Resistance of the fitted law [ohm] at `pressure` [Pa] after `highest` [Pa] was seen; ripening left aside."""
    p, top = np.broadcast_arrays(np.asarray(pressure, float), np.asarray(highest, float))
    values = {name: memory.value(name) or 0.0 for name in NAMES}
    return _law(p, top, top / values["contact_pressure"], values) / memory.area


def band(memory: Memory, pressure: Any, highest: Any) -> tuple[np.ndarray, np.ndarray]:
    """One standard error of the law on either side [ohm], from the covariance of the logarithms."""
    p, top = np.broadcast_arrays(np.asarray(pressure, float), np.asarray(highest, float))
    centre = np.log(predicted(memory, p, top))
    names = [estimate.name for estimate in memory.estimates]
    at = np.log([estimate.value for estimate in memory.estimates])

    def law(shift: np.ndarray) -> np.ndarray:
        values = dict.fromkeys(NAMES, 0.0) | dict(memory.known) | dict(zip(names, np.exp(at + shift), strict=True))
        return np.asarray(np.log(_law(p, top, top / values["contact_pressure"], values) / memory.area))

    slopes = np.array([(law(_STEP * unit) - law(-_STEP * unit)) / (2.0 * _STEP) for unit in np.eye(len(at))])
    width = np.sqrt(np.einsum("k...,kl,l...->...", slopes, memory.covariance, slopes))
    return np.exp(centre - width), np.exp(centre + width)


class _Data(NamedTuple):
    pressure: np.ndarray
    resistance: np.ndarray
    error: np.ndarray | None
    highest: np.ndarray
    area: float
    fabrication: float
    times: np.ndarray | None
    ripening: Ripening | None


def _law(pressure: Any, highest: Any, conformity: Any, values: Mapping[str, Any]) -> Any:
    """Area-specific resistance of the stack [ohm m2]."""
    c = contact_fraction(pressure, highest, conformity, exponent=values["unloading_exponent"])
    return values["series_resistance"] + 2.0 * constriction_resistance(c, scale=values["constriction_resistance"])


def _conformity(data: _Data, scale: np.ndarray) -> np.ndarray:
    """Conformity at each measurement, (..., N), for contact pressures `scale` (..., 1)."""
    if data.ripening is None or data.times is None:
        return data.highest / scale
    power = data.ripening.stress_exponent + 1.0
    x = data.fabrication / scale[..., 0]
    rows = []
    for load, waited in zip(data.pressure, np.diff(data.times, prepend=0.0), strict=True):
        here = load / scale[..., 0]
        x = np.maximum(x, here)
        # x = here (.)^(1/power) solves the rate of `physics.contact.ripening_rate` at constant pressure
        x = here * ((x / here) ** power + waited / data.ripening.time) ** (1.0 / power)
        rows.append(x)
    return np.stack(rows, -1)


def _residuals(data: _Data, names: tuple[str, ...], known: Mapping[str, float], at: np.ndarray) -> tuple[Any, Any]:
    """(problems, N) differences of logarithms over their errors, and (problems, N, K) derivatives."""
    weight = 1.0 if data.error is None else data.resistance / data.error

    def logs(here: np.ndarray) -> np.ndarray:
        values: dict[str, Any] = dict.fromkeys(NAMES, 0.0) | dict(known)
        values |= {name: np.exp(here[:, k : k + 1]) for k, name in enumerate(names)}
        x = _conformity(data, values["contact_pressure"])
        return np.asarray(np.log(_law(data.pressure, data.highest, x, values) / data.area))

    count, size = at.shape
    steps = _STEP * np.concatenate([np.zeros((1, size)), np.eye(size), -np.eye(size)])
    stacked = logs((at[None] + steps[:, None]).reshape(-1, size)).reshape(1 + 2 * size, count, -1)
    slopes = np.moveaxis(stacked[1 : 1 + size] - stacked[1 + size :], 0, -1) / (2.0 * _STEP)
    return (stacked[0] - np.log(data.resistance)) * weight, slopes * np.reshape(weight, (-1, 1))


def _starts(data: _Data, names: tuple[str, ...], known: Mapping[str, float]) -> np.ndarray:
    """Several contact pressures and exponents; the two resistances, in which the law is linear, follow from each."""
    starts = []
    for scale in np.geomspace(0.2 * data.pressure.min(), 3.0 * data.pressure.max(), 9):
        x = _conformity(data, np.array([[scale]]))[0]
        for exponent in (0.05, 0.3, 1.0):
            c = contact_fraction(data.pressure, data.highest, x, exponent=exponent)
            areal = data.resistance * data.area
            rows = np.stack([2.0 * constriction_resistance(c, scale=1.0), np.ones(len(c))], 1) / areal[:, None]
            narrow, series = np.linalg.lstsq(rows, np.ones(len(c)), rcond=None)[0]
            guess = {
                "contact_pressure": scale,
                "constriction_resistance": max(narrow, 0.01 * areal.min()),
                "series_resistance": max(series, 0.1 * areal.min()),
                "unloading_exponent": exponent,
            }
            starts.append([np.log(guess[name]) for name in names])
    return np.array(starts)


def _bounds(data: _Data, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    areal = data.resistance * data.area
    bounds = {
        "contact_pressure": (1e-3 * data.pressure.min(), 1e3 * data.highest.max()),
        "constriction_resistance": (1e-6 * areal.min(), 1e6 * areal.max()),
        "series_resistance": (1e-4 * areal.min(), 2.0 * areal.max()),
        "unloading_exponent": (1e-4, 10.0),
    }
    ends = np.log([bounds[name] for name in names])
    return ends[:, 0], ends[:, 1]


def _checked(
    pressure: Any, resistance: Any, error: Any, area: Any, fabrication: float, times: Any, ripening: Ripening | None
) -> _Data:
    """Arrays of one length, finite and positive; an area."""
    if area is None or not np.isfinite(area) or area <= 0.0:
        raise InputError(
            "a resistance cannot be given per area without the area of the electrode", expected="area, in m2"
        )
    given = {"pressure": pressure, "resistance": resistance, "error": error, "times": times}
    arrays = {name: np.atleast_1d(np.asarray(one, float)) for name, one in given.items() if one is not None}
    for name, values in arrays.items():
        if values.shape != arrays["pressure"].shape or values.ndim != 1:
            raise InputError(
                f"there are {len(arrays['pressure'])} pressures and {len(values)} of {name}", expected="one for each"
            )
        wrong = np.flatnonzero(~np.isfinite(values) | (values <= 0.0 if name != "times" else values < 0.0))
        if len(wrong):
            raise InputError(f"point {wrong[0] + 1} has {name} {values[wrong[0]]:g}", expected="a number above 0")
    if ripening is not None and "times" not in arrays:
        raise InputError("ripening cannot be followed without times", expected="times [s] of every measurement")
    if "times" in arrays and (np.diff(arrays["times"]) < 0.0).any():
        raise InputError("the times go backwards", expected="points in the order they were measured")
    highest = highest_pressure(arrays["pressure"], fabrication)
    return _Data(
        arrays["pressure"],
        arrays["resistance"],
        arrays.get("error"),
        highest,
        float(area),
        fabrication,
        arrays.get("times"),
        ripening,
    )


def _positive(resistance: float) -> float:
    if not np.isfinite(resistance) or resistance <= 0.0:
        raise InputError(f"received a series resistance of {resistance:g} ohm", expected="a number above 0")
    return resistance


def _enough(data: _Data, names: tuple[str, ...]) -> None:
    """Refuse what cannot determine the unknowns, whatever the numbers."""
    if len(np.unique(data.pressure)) == 1:
        raise InputError(
            f"all resistances were measured at {show(data.pressure[0], 'pressure')}: they say nothing about pressure",
            expected="two pressures at least, better five on pressing and one on release",
        )
    if len(data.pressure) < len(names):
        raise InputError(
            f"{len(data.pressure)} points cannot determine {len(names)} unknowns ({', '.join(names)})",
            expected="more points, or series_resistance if pellet and films are known",
        )


def _determined(normal: np.ndarray, names: tuple[str, ...]) -> None:
    """Refuse a fit in which some combination of the unknowns does not change the misfit."""
    scale = np.sqrt(np.diag(normal))
    if (scale > 0.0).all():
        values, vectors = np.linalg.eigh(normal / np.outer(scale, scale))
        if values[0] * WORST_CONDITION > values[-1]:
            return
        free = [name for name, share in zip(names, np.abs(vectors[:, 0]), strict=True) if share > 0.1]
    else:
        free = [name for name, one in zip(names, scale, strict=True) if not one > 0.0]
    raise InputError(
        f"these points do not determine {' and '.join(free)}",
        expected="points at several pressures on pressing, from contact far from full to nearly full",
    )


def _warnings(
    data: _Data,
    estimates: tuple[Estimate, ...],
    bound: np.ndarray,
    names: tuple[str, ...],
    chi: float | None,
    freedom: int,
    ripening: Ripening | None,
) -> tuple[str, ...]:
    said = []
    if not (data.pressure < data.highest).any():
        said.append(_NO_RELEASE)
    if "series_resistance" in names:
        said.append(_ONE_NUMBER)
    if ripening is None:
        said.append("ripening of the contact while a pressure is held is ignored; what it did is in the numbers")
    if data.error is None and freedom == 0:
        said.append("as many unknowns as points and no errors stated: nothing is left to tell how sure the numbers are")
    if chi is not None and freedom and stats.chi2.sf(chi, freedom) < MISFIT:
        said.append(
            f"the law misses the points by more than their errors (chi squared {chi:.3g} for {freedom}): errors are "
            "understated, or the law does not hold, and the intervals are too narrow"
        )
    said += [f"{name} lies at the end of its range" for name, held in zip(names, bound, strict=True) if held]
    said += [
        f"the points do not bound {one.name} from {side}"
        for one in estimates
        for side, end in (("below", one.low == 0.0), ("above", np.isinf(one.high)))
        if end
    ]
    return tuple(said)


def _unit(name: str) -> str:
    return UNITS.get(name, "ohm m2")
