"""fit(spectrum, circuit) -> Fit: the values of a circuit's elements, and how sure they are.

Positive values are fitted as logarithms within wide bounds. Several starts are read from the spectrum; the share of
them that end in the same minimum is reported. The noise is estimated from what the circuit leaves over, so standard
errors mean something only if the circuit is right: a fit that leaves structure in its residuals says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import stats

from lithostat.experiment.errors import InputError
from lithostat.experiment.finding import Finding
from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.circuits.circuit import Circuit, circuit
from lithostat.impedance.circuits.exchangeable import ordered_alike
from lithostat.impedance.circuits.jacobian import logarithmic, natural
from lithostat.impedance.circuits.least_squares import Solution, least_squares
from lithostat.impedance.circuits.misfit import by_model, of_each, sweeps
from lithostat.impedance.circuits.nonlinearity import bent
from lithostat.impedance.circuits.search import STRUCTURE, correlation, search
from lithostat.impedance.validity.sweep import ordered

STARTS = 24
UNDETERMINED = 0.5  # standard error of a logarithm above which a value is not determined
ASTRAY = 0.3  # of |Z| left over; such a circuit describes nothing
NOTHING = -800.0  # logarithm of what is fixed at zero: its exponential is 0
MATTERS = 0.01  # of |Z| left over with structure; below it the larger standard errors say enough
MOST_ALIKE = 0.95  # correlation of neighbouring residuals that is counted at most
LEAST_NOISE = 1e-7  # weighted residual below which a spectrum counts as exact


@dataclass(frozen=True)
class Fit:
    """A circuit fitted to a spectrum. Values in SI by name; `covariance` is of the fit coordinates.

    Coordinates are the values, as logarithms where `Circuit.parameters` says so; their covariance is NaN for a value
    that a bound holds and zero for a fixed one. `noise` is the standard deviation of a weighted residual (relative to
    |Z| for modulus weights), `degrees` its degrees of freedom, `agreed` the share of the followed starts that ended in
    this minimum. `bent` names the values whose standard error is not to be believed (see `nonlinearity`); ask for the
    posterior there.
    """

    circuit: Circuit
    spectrum: Spectrum
    coordinates: np.ndarray
    covariance: np.ndarray
    noise: float
    degrees: int
    weighting: str
    fixed: tuple[str, ...] = ()
    at_bound: tuple[str, ...] = ()
    agreed: float = 1.0
    converged: bool = True
    bent: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=())

    @property
    def values(self) -> dict[str, float]:
        """Fitted values in SI, by name."""
        found = natural(self.coordinates, logarithmic(self.circuit))
        return dict(zip(self.circuit.names, map(float, found), strict=True))

    @property
    def standard_errors(self) -> dict[str, float]:
        """One standard deviation of each value in SI, to first order; NaN where a bound holds it."""
        sd = np.sqrt(np.diag(self.covariance))
        scale = np.where(logarithmic(self.circuit), np.abs(list(self.values.values())), 1.0)
        return dict(zip(self.circuit.names, map(float, sd * scale), strict=True))

    def interval(self, level: float = 0.68) -> dict[str, tuple[float, float]]:
        """Confidence interval of each value in SI: Student's t on the fit coordinates."""
        half = stats.t.ppf(0.5 + 0.5 * level, max(self.degrees, 1)) * np.sqrt(np.diag(self.covariance))
        ends = [natural(self.coordinates + sign * half, logarithmic(self.circuit)) for sign in (-1.0, 1.0)]
        return {name: (float(ends[0][k]), float(ends[1][k])) for k, name in enumerate(self.circuit.names)}

    def impedance(self, frequency: np.ndarray | None = None) -> np.ndarray:
        """Complex impedance of the fitted circuit [ohm], at the measured frequencies if none are given [Hz]."""
        return np.asarray(
            self.circuit.impedance(self.spectrum.frequency if frequency is None else frequency, self.values)
        )

    @property
    def residuals(self) -> np.ndarray:
        """Measured minus fitted, relative to the fitted modulus, complex (points,)."""
        model = self.impedance()
        return np.asarray((self.spectrum.impedance - model) / np.abs(model))

    def findings(self) -> tuple[Finding, ...]:
        """Every value with its standard error."""
        errors = self.standard_errors
        return tuple(
            Finding(
                name=name,
                value=value,
                unit=unit,
                evidence=self.warnings,
                uncertainty=errors[name] if np.isfinite(errors[name]) else None,
                uncertainty_from="fit",
                formula=self.circuit.text,
            )
            for (name, value), unit in zip(self.values.items(), self.circuit.units, strict=True)
        )


def fit(
    spectrum: Spectrum,
    text: str | Circuit,
    *,
    weighting: str = "modulus",
    fixed: Mapping[str, float] | None = None,
    start: Mapping[str, float] | None = None,
    starts: int = STARTS,
    seed: int = 0,
) -> Fit:
    """Fit a circuit such as `R0-p(R1,CPE1)-W1` to one spectrum.

    `fixed` holds values in SI that are not fitted; `start` adds a start of one's own. Raises `InputError` for a circuit
    or a spectrum that cannot be used.
    """
    return fit_each([spectrum], text, weighting=weighting, fixed=fixed, start=start, starts=starts, seed=seed)[0]


def fit_each(
    spectra: Sequence[Spectrum],
    text: str | Circuit,
    *,
    weighting: str = "modulus",
    fixed: Mapping[str, float] | None = None,
    start: Mapping[str, float] | None = None,
    begin: Sequence[Mapping[str, float]] | None = None,
    starts: int = STARTS,
    seed: int = 0,
) -> tuple[Fit, ...]:
    """Fit one circuit to many spectra at once, each for itself; `search` says where each fit starts.

    `begin` are the values in SI that each spectrum starts from, and then nothing is searched.
    """
    chosen = circuit(text) if isinstance(text, str) else text
    checked = [ordered(spectrum) for spectrum in spectra]
    if not checked:
        raise InputError("there is no spectrum to fit", expected="at least one")
    clean = [spectrum for spectrum, _ in checked]
    bounds = limits(chosen, fixed or {})
    _enough(chosen, clean, bounds)
    table = sweeps(clean, weighting)
    if begin is None:
        found, agreed = search(table, chosen, bounds, own=start, count=starts, seed=seed)
    else:
        found, agreed = coordinates(chosen, begin), np.ones(len(clean))
    if weighting == "modulus":
        table = by_model(table, chosen, found)
    rows = np.arange(len(clean))
    found = ordered_alike(chosen, found, bounds)
    last = least_squares(of_each(table, chosen, rows), found, *bounds)
    fits = [
        fit_from(chosen, spectrum, last, row, bounds, weighting, fixed or {}, float(agreed[row]))
        for row, (spectrum, _) in enumerate(checked)
    ]
    covariance, noise = np.stack([one.covariance for one in fits]), np.array([one.noise for one in fits])
    curved = bent(table, chosen, last.coordinates, covariance, np.maximum(noise, LEAST_NOISE))
    fits = [with_structure(replace(one, bent=names)) for one, names in zip(fits, curved, strict=True)]
    return tuple(replace(one, warnings=(*said, *doubts(one))) for one, (_, said) in zip(fits, checked, strict=True))


def coordinates(chosen: Circuit, values: Sequence[Mapping[str, float]]) -> np.ndarray:
    """Fit coordinates (spectra, parameters) of values in SI by name; a value of zero is the lowest there is."""
    logs = logarithmic(chosen)
    natural_ = np.stack([chosen.array(each) for each in values])
    with np.errstate(divide="ignore"):
        return np.where(logs, np.maximum(np.log(np.where(logs, natural_, 1.0)), NOTHING), natural_)


def limits(chosen: Circuit, fixed: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest coordinate of every parameter, (parameters,) each; equal for a fixed one."""
    logs = logarithmic(chosen)
    low = np.array([parameter.low for parameter in chosen.parameters])
    high = np.array([parameter.high for parameter in chosen.parameters])
    for name, value in fixed.items():
        if name not in chosen.names:
            chosen.array({name: value})  # says which names there are
        place = chosen.names.index(name)
        nothing = value == 0.0 and chosen.parameters[place].letter in ("R", "L")
        if not (low[place] <= value <= high[place] or nothing):
            raise InputError(
                f"{name} = {value:g} {chosen.units[place]} cannot be fixed there",
                expected=f"a value from {low[place]:g} to {high[place]:g}",
            )
        low[place] = high[place] = value
    with np.errstate(divide="ignore"):
        return tuple(np.where(logs, np.maximum(np.log(end), NOTHING), end) for end in (low, high))  # type: ignore[return-value]


def _enough(chosen: Circuit, spectra: Sequence[Spectrum], bounds: tuple[np.ndarray, np.ndarray]) -> None:
    free = int((bounds[0] < bounds[1]).sum())
    for spectrum in spectra:
        if 2 * len(spectrum.frequency) <= free:
            raise InputError(
                f"{spectrum.name or 'the spectrum'} has {len(spectrum.frequency)} points and {chosen.text} has "
                f"{free} free values",
                expected=f"more than {free // 2} points, or a circuit with fewer values",
            )


def fit_from(
    chosen: Circuit,
    spectrum: Spectrum,
    solution: Solution,
    row: int,
    bounds: tuple[np.ndarray, np.ndarray],
    weighting: str,
    fixed: Mapping[str, float],
    agreed: float,
) -> Fit:
    """One row of a solution as a fit with its covariance."""
    held, still = solution.bound[row], bounds[0] == bounds[1]
    free = ~(held | still)
    degrees = 2 * len(spectrum.frequency) - int(free.sum())
    noise = float(np.sqrt(2.0 * solution.cost[row] / degrees))
    covariance = np.where(still[:, None] | still[None, :], 0.0, np.nan)
    covariance[np.ix_(free, free)] = noise**2 * inverse(solution.normal[row][np.ix_(free, free)])
    return Fit(
        circuit=chosen,
        spectrum=spectrum,
        coordinates=solution.coordinates[row],
        covariance=covariance,
        noise=noise,
        degrees=degrees,
        weighting=weighting,
        fixed=tuple(fixed),
        at_bound=tuple(np.array(chosen.names)[held & ~still].tolist()),
        agreed=agreed,
        converged=bool(solution.converged[row]),
    )


def with_structure(found: Fit) -> Fit:
    """The fit with a larger covariance where its residuals follow each other: so many fewer of them are independent.

    With a correlation r of neighbours as in an autoregression, n residuals are worth n (1 - r) / (1 + r) (Bartlett
    1946, J. R. Stat. Soc. Suppl. 8, 27).
    """
    rest = found.residuals
    if correlation(rest) <= STRUCTURE or found.noise <= LEAST_NOISE:
        return found
    parts = np.stack([rest.real, rest.imag])
    r = min(float((parts[:, 1:] * parts[:, :-1]).sum() / (parts**2).sum()), MOST_ALIKE)
    return replace(found, covariance=found.covariance * (1.0 + r) / (1.0 - r))


def inverse(normal: np.ndarray) -> np.ndarray:
    """Inverse of J^T J after scaling its diagonal to one; directions that data do not see get a huge variance."""
    scale = np.sqrt(np.maximum(np.diag(normal), 1e-300))
    values, vectors = np.linalg.eigh(normal / np.outer(scale, scale))
    values = np.maximum(values, 1e-14 * max(float(values.max(initial=0.0)), 1e-300))
    whole = (vectors / values) @ vectors.T
    return np.asarray(whole / np.outer(scale, scale))


def doubts(found: Fit) -> tuple[str, ...]:
    """What a reader must know before believing the numbers."""
    said = []
    if not found.converged:
        said.append("the fit did not converge")
    if found.at_bound:
        said.append(f"held by a bound, without a standard error: {', '.join(found.at_bound)}")
    sd = np.sqrt(np.diag(found.covariance))
    with np.errstate(invalid="ignore"):
        loose = [name for name, wide in zip(found.circuit.names, sd > UNDETERMINED, strict=True) if wide]
    if loose:
        said.append(f"not determined by this spectrum: {', '.join(loose)}")
    if set(found.bent) - set(loose) and found.noise > LEAST_NOISE:  # of an exact spectrum the rest is rounding
        said.append(f"standard errors not to be believed (the misfit is no parabola): {', '.join(found.bent)}")
    rest = found.residuals
    left = float(np.sqrt(0.5 * np.mean(np.abs(rest) ** 2)))
    if left > ASTRAY:
        said.append(f"the circuit does not describe this spectrum: it leaves {min(left, 9.99):.0%} of |Z| or more over")
    together = correlation(rest)
    if together > STRUCTURE and left > MATTERS:
        said.append(
            f"the residuals follow each other ({together:.0f} standard deviations): the circuit leaves {left:.1%} of "
            "|Z| over that is not noise, which no standard error covers"
        )
    return tuple(said)
