"""fit_series(spectra, circuit, ties=...) -> SeriesFit: spectra of one cell fitted together.

What the physics shares is shared (the pellet's bulk over pressure), what it orders is ordered (Arrhenius over
temperature), and the rest is free. Every spectrum keeps its own noise. If a tie costs more than noise allows, the
result says which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy import stats

from lithostat.experiment.errors import InputError
from lithostat.experiment.finding import Finding
from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.circuits.circuit import Circuit, circuit
from lithostat.impedance.circuits.fit import LEAST_NOISE, STARTS, Fit, doubts, fit_each, inverse, limits, with_structure
from lithostat.impedance.circuits.followed import followed
from lithostat.impedance.circuits.least_squares import Solution, least_squares
from lithostat.impedance.circuits.misfit import Sweeps, by_model, of_all, sweeps
from lithostat.impedance.circuits.ties import STEEPEST, Tie, second_differences, tie

AXES = ("pressure", "temperature", "time")
REFUSED = 1e-3  # chance of a tie's cost under noise alone below which it is doubted
WARMED = 2.0  # K between the coldest and the warmest spectrum, from which temperature orders a series
STEADY = 0.02  # least standard deviation of a second difference of a smooth logarithm


@dataclass(frozen=True)
class Law:
    """A tied parameter: its value at `centre` and its slope there, with standard errors, in SI.

    For 'arrhenius' the slope is the activation energy [J/mol] (positive: the value falls with temperature) and
    `centre` a temperature [K]; for 'power' it is the exponent [-] and `centre` a pressure [Pa]; for 'shared' there is
    no slope.
    """

    kind: str
    value: float
    value_error: float
    slope: float | None = None
    slope_error: float | None = None
    centre: float | None = None


@dataclass(frozen=True)
class SeriesFit:
    """Fits of a series, in its order. `laws` are the tied parameters, `doubted` a sentence if data speak against them.

    `covariance` is of all shared coordinates together, (K, K); `axis` is what the series runs along (None if nothing
    does). `alone` are the fits of each spectrum for itself, without ties: tied values lie on their law exactly, so that
    their scatter tells nothing.
    """

    circuit: Circuit
    fits: tuple[Fit, ...]
    laws: dict[str, Law]
    axis: str | None
    covariance: np.ndarray
    warnings: tuple[str, ...] = ()
    alone: tuple[Fit, ...] = ()
    doubted: tuple[str, ...] = ()

    def values(self, name: str) -> np.ndarray:
        """A parameter along the series, SI, (spectra,)."""
        self._known(name)
        return np.array([fit.values[name] for fit in self.fits])

    def standard_errors(self, name: str) -> np.ndarray:
        """Its standard errors, SI, (spectra,); NaN where a bound holds it."""
        self._known(name)
        return np.array([fit.standard_errors[name] for fit in self.fits])

    def along(self, axis: str) -> np.ndarray:
        """Pressure [Pa], temperature [K] or time [s] of the spectra, NaN where nobody said."""
        found = [getattr(fit.spectrum, axis) for fit in self.fits]
        return np.array([np.nan if value is None else value for value in found], float)

    def findings(self) -> tuple[Finding, ...]:
        """The tied parameters; those of each spectrum are its fit's."""
        found = []
        for name, law in self.laws.items():
            unit = self.circuit.units[self.circuit.names.index(name)]
            label = name
            if law.centre is not None:
                kelvin = law.kind == "arrhenius"
                label += f" at {law.centre:.4g} K" if kelvin else f" at {law.centre / 1e6:.4g} MPa"
            found.append(Finding(label, law.value, unit, self.warnings, law.value_error, "fit", self.circuit.text))
            if law.slope is not None:
                word, of = ("activation energy", "J/mol") if law.kind == "arrhenius" else ("pressure exponent", "1")
                formula = "ln x = ln x0 + Ea/R (1/T - 1/T0)" if law.kind == "arrhenius" else "ln x = ln x0 + m ln(P/P0)"
                found.append(Finding(f"{name} {word}", law.slope, of, self.warnings, law.slope_error, "fit", formula))
        return tuple(found)

    def _known(self, name: str) -> None:
        if name not in self.circuit.names:
            self.circuit.array({name: 0.0})  # says which names there are


def fit_series(
    spectra: Sequence[Spectrum],
    text: str | Circuit,
    *,
    ties: Mapping[str, str] | None = None,
    axis: str | None = None,
    weighting: str = "modulus",
    fixed: Mapping[str, float] | None = None,
    begin: Sequence[Mapping[str, float]] | None = None,
    starts: int = STARTS,
    seed: int = 0,
) -> SeriesFit:
    """Fit one circuit to a series. `ties` says how parameters run along it (see `TIES`); the others are free.

    `begin` are values in SI to start each spectrum from; without them starts are searched for.
    `axis` is 'pressure', 'temperature' or 'time': what 'smooth' runs along (the order of the spectra if it is None).
    Raises `InputError` for a tie that the spectra cannot follow.
    """
    chosen = circuit(text) if isinstance(text, str) else text
    alone = fit_each(spectra, chosen, weighting=weighting, fixed=fixed, begin=begin, starts=starts, seed=seed)
    alone = followed(alone, _warmth(alone))
    used = {name: kind for name, kind in (ties or {}).items() if kind != "free"}
    for name in used:
        if name not in chosen.names:
            chosen.array({name: 0.0})
        if name in (fixed or {}):
            raise InputError(f"{name} is both fixed and tied", expected="one of them")
    if axis is not None and axis not in AXES:
        raise InputError(f"a series along '{axis}'", expected=f"one of {', '.join(AXES)}")
    if not used:
        return SeriesFit(chosen, alone, {}, axis, np.zeros((0, 0)), alone=alone)
    clean = [fit.spectrum for fit in alone]
    knots = {name: tie(name, kind, clean) for name, kind in used.items()}
    return _together(chosen, alone, knots, axis, weighting, fixed or {})


def _warmth(fits: Sequence[Fit]) -> np.ndarray | None:
    """Temperatures [K], if they order the series: its resistances follow them more than anything else."""
    kelvin = [fit.spectrum.temperature for fit in fits]
    known = np.array([np.nan if each is None else each for each in kelvin], float)
    return known if np.isfinite(known).all() and np.ptp(known) > WARMED else None


class _Problem(NamedTuple):
    """A series as one problem of least squares in coordinates that its spectra share, K of them.

    `design` (spectra, parameters, K) makes a spectrum's own coordinates of them, `edges` says where those of each
    parameter begin, `penalty` (rows, K) holds smooth ones near a line; `low` and `high` (K,) are their ends.
    """

    circuit: Circuit
    alone: tuple[Fit, ...]
    knots: dict[str, Tie]
    weighting: str
    table: Sweeps
    design: np.ndarray
    edges: np.ndarray
    penalty: np.ndarray
    low: np.ndarray
    high: np.ndarray


def _together(
    chosen: Circuit,
    alone: tuple[Fit, ...],
    knots: dict[str, Tie],
    axis: str | None,
    weighting: str,
    fixed: Mapping[str, float],
) -> SeriesFit:
    clean = [fit.spectrum for fit in alone]
    each = np.stack([fit.coordinates for fit in alone])
    sure = np.stack([np.diag(fit.covariance) for fit in alone])
    table = _absolute(sweeps(clean, weighting), chosen, each, alone, weighting)
    free = Tie("free", np.eye(len(clean)), 0.0, 0.0)
    columns = [knots.get(name, free) for name in chosen.names]
    edges = np.concatenate([[0], np.cumsum([knot.columns.shape[1] for knot in columns])])
    design = np.zeros((len(clean), len(chosen.names), edges[-1]))
    for k, knot in enumerate(columns):
        design[:, k, edges[k] : edges[k + 1]] = knot.columns
    penalty = _penalty(chosen, knots, edges, each, sure, _places(clean, axis, knots))
    low, high = _bounds(limits(chosen, fixed), columns, edges)
    start = np.concatenate([_projected(knot, each[:, k], sure[:, k]) for k, knot in enumerate(columns)])
    solution = least_squares(of_all(table, chosen, design, penalty), start[None], low, high, iterations=400)
    return _result(_Problem(chosen, alone, knots, weighting, table, design, edges, penalty, low, high), solution, axis)


def _absolute(table: Sweeps, chosen: Circuit, each: np.ndarray, alone: tuple[Fit, ...], weighting: str) -> Sweeps:
    """Weights in units of each spectrum's own noise, so that residuals of all spectra have a variance of one."""
    if weighting == "modulus":
        table = by_model(table, chosen, each)
    noise = np.maximum([fit.noise for fit in alone], LEAST_NOISE)
    return table._replace(weight=table.weight / noise[:, None, None])


def _places(clean: Sequence[Spectrum], axis: str | None, knots: dict[str, Tie]) -> np.ndarray:
    """Where the spectra lie along the series, for 'smooth'."""
    if axis is None or not any(knot.kind == "smooth" for knot in knots.values()):
        return np.arange(len(clean), dtype=float)
    places = [getattr(spectrum, axis) for spectrum in clean]
    if any(place is None for place in places):
        raise InputError(f"a smooth series needs the {axis} of every spectrum", expected=f"spectra with a {axis}")
    steps = np.diff(np.array(places, float))
    if not ((steps > 0.0).all() or (steps < 0.0).all()):
        raise InputError(
            f"a smooth series along {axis} must rise or fall from spectrum to spectrum",
            expected="spectra in order, none twice (fit loading and unloading apart), or no axis: their order counts",
        )
    return np.abs(np.array(places, float) - places[0])


def _penalty(
    chosen: Circuit,
    knots: dict[str, Tie],
    edges: np.ndarray,
    each: np.ndarray,
    sure: np.ndarray,
    places: np.ndarray,
) -> np.ndarray:
    """Rows that hold smooth parameters near a line. How near is what their scatter beyond noise says."""
    rows = [np.zeros((0, edges[-1]))]
    for name, knot in knots.items():
        if knot.kind != "smooth":
            continue
        k = chosen.names.index(name)
        bend = second_differences(places)
        if not len(bend):
            continue
        noise = (bend**2) @ np.nan_to_num(sure[:, k], nan=0.0, posinf=0.0)
        spread = (bend @ each[:, k]) ** 2 - np.minimum(noise, 1e3)
        own = np.sqrt(max(float(np.mean(spread)), STEADY**2))
        block = np.zeros((len(bend), edges[-1]))
        block[:, edges[k] : edges[k + 1]] = bend / own
        rows.append(block)
    return np.concatenate(rows)


def _bounds(
    each: tuple[np.ndarray, np.ndarray], columns: list[Tie], edges: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    low, high = np.full(edges[-1], -STEEPEST), np.full(edges[-1], STEEPEST)
    for k, knot in enumerate(columns):
        own = slice(edges[k], edges[k] + (knot.columns.shape[1] if knot.kind in ("free", "smooth") else 1))
        low[own], high[own] = each[0][k], each[1][k]
    return low, high


def _projected(knot: Tie, values: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Coordinates of the tie that come closest to the values of the spectra's own fits."""
    if knot.kind in ("free", "smooth"):
        return values
    weight = 1.0 / np.sqrt(np.clip(np.nan_to_num(variance, nan=1.0), 1e-6, 1e6))
    if knot.kind == "shared":
        return np.array([np.median(values[weight >= np.median(weight)])])
    return np.asarray(np.linalg.lstsq(knot.columns * weight[:, None], values * weight, rcond=None)[0])


def _result(of: _Problem, solution: Solution, axis: str | None) -> SeriesFit:
    shared, normal = solution.coordinates[0], solution.normal[0]
    loose = of.low < of.high
    free = loose & ~solution.bound[0]
    within = inverse(normal[np.ix_(free, free)])
    rest = of.penalty @ shared
    data = 2.0 * float(solution.cost[0]) - float(rest @ rest)
    seen = normal - of.penalty.T @ of.penalty
    used = float(np.trace(within @ seen[np.ix_(free, free)]))
    degrees = max(int(np.count_nonzero(of.table.weight) - round(used)), 1)
    scale = data / degrees
    covariance = np.where(loose[:, None] & loose[None, :], np.nan, 0.0)
    covariance[np.ix_(free, free)] = scale * within
    fits = tuple(
        _one(of, row, shared, covariance, sure=free | ~loose, scale=scale, degrees=degrees)
        for row in range(len(of.alone))
    )
    laws = {name: _law(of.circuit, name, knot, of.edges, shared, covariance) for name, knot in of.knots.items()}
    laws = {name: law for name, law in laws.items() if law.kind != "smooth"}
    converged = () if solution.converged[0] else ("the series did not converge",)
    doubted = _doubted(of.alone, fits, of.knots, data, degrees)
    return SeriesFit(of.circuit, fits, laws, axis, covariance, (*converged, *doubted), of.alone, doubted)


def _one(
    of: _Problem, row: int, shared: np.ndarray, covariance: np.ndarray, *, sure: np.ndarray, scale: float, degrees: int
) -> Fit:
    """The fit of one spectrum of the series; a value that rests on a bound has no standard error."""
    alone, design = of.alone[row], of.design[row]
    own = design @ np.nan_to_num(covariance) @ design.T
    held = (np.abs(design[:, ~sure]) > 0.0).any(1)
    own[held, :] = own[:, held] = np.nan
    model = replace(
        alone,
        coordinates=design @ shared,
        covariance=own,
        degrees=degrees,
        at_bound=tuple(np.array(of.circuit.names)[held].tolist()),
        converged=True,
        bent=(),
        warnings=(),
    )
    noise = float(np.sqrt((np.abs(model.residuals) ** 2).sum() / (2 * len(model.spectrum.frequency))))
    model = replace(model, noise=noise if of.weighting == "modulus" else alone.noise * float(np.sqrt(scale)))
    model = with_structure(model)
    return replace(model, warnings=doubts(model))


def _law(chosen: Circuit, name: str, knot: Tie, edges: np.ndarray, shared: np.ndarray, covariance: np.ndarray) -> Law:
    k = chosen.names.index(name)
    first = int(edges[k])
    error = float(np.sqrt(covariance[first, first]))
    log = chosen.parameters[k].logarithmic
    value = float(np.exp(shared[first])) if log else float(shared[first])
    law = Law(knot.kind, value, error * value if log else error)
    if knot.kind not in ("arrhenius", "power"):
        return law
    slope_error = float(np.sqrt(covariance[first + 1, first + 1]))
    return replace(
        law,
        slope=float(shared[first + 1]) * knot.slope_scale,
        slope_error=slope_error * knot.slope_scale,
        centre=knot.centre,
    )


def _doubted(
    alone: tuple[Fit, ...], fits: tuple[Fit, ...], knots: dict[str, Tie], data: float, degrees: int
) -> tuple[str, ...]:
    """A sentence if the ties cost more than noise allows, with the spectrum that pays most."""
    before = float(sum(fit.degrees for fit in alone))  # each spectrum's residuals have unit variance by construction
    ties = degrees - before
    if ties <= 0:
        return ()
    ratio = (data - before) / ties
    if stats.f.sf(max(ratio, 0.0), ties, before) > REFUSED:
        return ()
    worst = max(range(len(fits)), key=lambda row: fits[row].noise / max(alone[row].noise, LEAST_NOISE))
    name = fits[worst].spectrum.name or f"spectrum {worst + 1}"
    what = ", ".join(f"{name} {knot.kind}" for name, knot in knots.items())
    return (
        f"the spectra speak against the ties ({what}): they cost {ratio:.3g} times what noise allows, most in {name}",
    )
