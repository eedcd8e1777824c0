"""The linear Kramers-Kronig model: what a linear, causal and steady cell could have shown at these frequencies.

    Z(w) = R + j w L + sum_k R_k / (1 + j w tau_k) + 1 / (j w C)

Every term obeys the Kramers-Kronig relations, and the R_k may have either sign, so that inductive loops are covered
(Boukamp, J. Electrochem. Soc. 142 (1995) 1885). How many terms the data carry is commonly decided by counting them
(Schoenleber et al., Electrochim. Acta 131 (2014) 20). Here the terms are dense and their sizes have a normal prior in
proportion to the modulus nearby, whose width follows from the data by restricted maximum likelihood. That makes the
residuals Gaussian with known covariance, so that tests on them have the levels they state.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import qr, solve_triangular, svd
from scipy.optimize import minimize_scalar

SPACING = 0.25  # of ln tau
BEYOND = 2.3  # of ln tau past both ends of the window; what lies further out is a resistance, L or C
_WIDTHS = (-6.0, 24.0)  # ln of the prior's width over the noise
RESISTANCE, INDUCTANCE, DRIFT = 0, 1, 2  # places of the terms without prior


@dataclass(frozen=True)
class Agreement:
    """The model that agrees best with some points. Arrays of shape (points,), from high to low frequency.

    `model` and `residual` = measured - model are complex [ohm]. `misfit` is how far a point is from what all the
    others say of it, squared and in units of the weights: over `scale`**2 it has a chi-squared distribution with two
    degrees of freedom. `scale` is the noise in units of the weights, `freedom` its degrees of freedom, `likelihood` the
    logarithm of the restricted likelihood, by which weights can be compared, `terms` the effective number of terms.
    Pairs are (value, standard uncertainty): `resistance` at infinite frequency [ohm], `inductance` [H], `total`
    resistance at zero frequency [ohm], `drift` (relative growth of the impedance over the sweep). `standard` of shape
    (2, points) are residuals over their own standard deviation, real and imaginary.
    """

    model: np.ndarray
    residual: np.ndarray
    misfit: np.ndarray
    standard: np.ndarray
    scale: float
    likelihood: float
    freedom: int
    terms: float
    resistance: tuple[float, float]
    inductance: tuple[float, float]
    total: tuple[float, float]
    drift: tuple[float, float]

    @property
    def spare(self) -> float:
        """Degrees of freedom left when every effective term has taken one: what tests of a single point go by."""
        return max(self.freedom - self.terms, 2.0)


def modulus(impedance: np.ndarray) -> np.ndarray:
    """|Z| [ohm] as the median of five neighbours: one stray point has no say in its own weight."""
    size = np.log(np.abs(impedance))
    padded = np.concatenate([size[:1], size[:1], size, size[-1:], size[-1:]])
    return np.exp(np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1))


def elapsed(frequency: np.ndarray) -> np.ndarray:
    """Share of the sweep's duration that has passed at each frequency, if every point takes as many cycles as any."""
    passed = np.cumsum(1.0 / frequency)
    return passed / passed[-1]


def agreement(
    frequency: np.ndarray, impedance: np.ndarray, weight: np.ndarray, *, keep: np.ndarray, drift: np.ndarray | None
) -> Agreement:
    """Fit the model to the points in `keep`; the other points are held against it too.

    `weight` is the noise that is expected of each point, up to a common factor [ohm]. `drift` is None, or the change
    that a drift would have made [ohm, complex].
    """
    free, bound = _terms(frequency, impedance, drift)
    rows = np.concatenate([keep, keep])
    scaling = 1.0 / np.concatenate([weight, weight])
    y = _stacked(impedance) * scaling
    free, bound = free * scaling[:, None], bound * scaling[:, None]
    solved = _solve(free[rows], bound[rows], y[rows])
    beta, w = solved.beta, solved.weights
    model = (free @ beta + bound @ w) / scaling
    n = len(frequency)
    residual = _stacked(impedance) - model
    misfit, standard = _misfits(solved, free, bound, residual * scaling, rows)
    count = np.zeros(free.shape[1])
    unit = {name: _unit(count, place) for name, place in (("r", RESISTANCE), ("l", INDUCTANCE))}
    sizes = _sizes(frequency, impedance)
    return Agreement(
        model=model[:n] + 1j * model[n:],
        residual=residual[:n] + 1j * residual[n:],
        misfit=misfit,
        standard=standard,
        scale=solved.scale,
        likelihood=solved.likelihood - 2.0 * float(np.sum(np.log(weight[keep]))),
        freedom=solved.freedom,
        terms=solved.terms,
        resistance=solved.functional(unit["r"], np.zeros(len(w))),
        inductance=solved.functional(unit["l"], np.zeros(len(w))),
        total=solved.functional(unit["r"], np.concatenate([sizes, [0.0]])),
        drift=(0.0, np.nan) if drift is None else solved.functional(_unit(count, DRIFT), np.zeros(len(w))),
    )


@dataclass(frozen=True)
class _Solution:
    beta: np.ndarray
    weights: np.ndarray
    scale: float
    likelihood: float
    freedom: int
    terms: float
    triangle: np.ndarray
    bridge: np.ndarray
    vectors: np.ndarray
    shrink: np.ndarray
    width: float

    def functional(self, free: np.ndarray, bound: np.ndarray) -> tuple[float, float]:
        """A linear combination of the terms: (value, standard uncertainty)."""
        value = float(free @ self.beta + bound @ self.weights)
        return value, float(np.sqrt(self.variance(free[None], bound[None])[0]))

    def variance(self, free: np.ndarray, bound: np.ndarray) -> np.ndarray:
        """Posterior variance of combinations, one per row."""
        left = solve_triangular(self.triangle, free.T, trans="T", lower=False)
        rest = bound - left.T @ self.bridge
        seen = rest @ self.vectors
        outside = np.maximum(np.sum(rest**2, axis=1) - np.sum(seen**2, axis=1), 0.0)
        prior = self.width**2 * (outside + np.sum(seen**2 * (1.0 - self.shrink), axis=1))
        return self.scale**2 * (np.sum(left**2, axis=0) + prior)


def _solve(free: np.ndarray, bound: np.ndarray, y: np.ndarray) -> _Solution:
    """Generalised least squares with `free` terms and a normal prior on `bound` ones, its width by REML."""
    size = np.linalg.norm(free, axis=0)
    q, triangle = qr(free / size)
    p = free.shape[1]
    triangle = triangle[:p] * size
    inner, outer = q[:, :p], q[:, p:]
    left, s, right = svd(outer.T @ bound, full_matrices=False)
    rest = outer.T @ y
    seen = left.T @ rest
    unseen = max(float(rest @ rest - seen @ seen), 0.0)
    freedom = len(rest)

    def quadratic(width: float) -> float:
        return float(np.sum(seen**2 / (1.0 + (width * s) ** 2))) + unseen

    def cost(log_width: float) -> float:
        width = np.exp(log_width)
        return freedom * np.log(quadratic(width) + 1e-300) + float(np.sum(np.log1p((width * s) ** 2)))

    grid = np.linspace(*_WIDTHS, 31)
    best = grid[np.argmin([cost(x) for x in grid])]
    width = float(np.exp(minimize_scalar(cost, bounds=(best - 1.0, best + 1.0), method="bounded").x))
    shrink = (width * s) ** 2 / (1.0 + (width * s) ** 2)
    weights = right.T @ (seen * shrink / np.maximum(s, 1e-300))
    beta = solve_triangular(triangle, inner.T @ (y - bound @ weights), lower=False)
    scale = np.sqrt(quadratic(width) / freedom)
    return _Solution(
        beta=beta,
        weights=weights,
        scale=float(scale),
        likelihood=-0.5 * cost(np.log(width)) - float(np.sum(np.log(np.abs(np.diag(triangle))))),
        freedom=freedom,
        terms=float(p + shrink.sum()),
        triangle=triangle,
        bridge=inner.T @ bound,
        vectors=right.T,
        shrink=shrink,
        width=width,
    )


def _misfits(
    solved: _Solution, free: np.ndarray, bound: np.ndarray, residual: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Squared distance of each point from what the others say of it, and residuals over their deviation.

    For a point of the fit the variance of its residual is 1 - leverage; for a point left out it is 1 + the variance
    of the prediction, all in units of scale**2.
    """
    n = len(residual) // 2
    one, two = slice(0, n), slice(n, 2 * n)
    var = solved.variance(free, bound) / solved.scale**2
    plus = solved.variance(free[one] + free[two], bound[one] + bound[two]) / solved.scale**2
    cross = 0.5 * (plus - var[one] - var[two])
    sign = np.where(rows[one], -1.0, 1.0)
    a, b = np.maximum(1.0 + sign * var[one], 1e-6), np.maximum(1.0 + sign * var[two], 1e-6)
    c = sign * cross
    determinant = np.maximum(a * b - c**2, 1e-9 * a * b)
    re, im = residual[one], residual[two]
    misfit = (b * re**2 - 2.0 * c * re * im + a * im**2) / determinant
    return misfit, np.stack([re / np.sqrt(a), im / np.sqrt(b)]) / solved.scale


def _terms(frequency: np.ndarray, impedance: np.ndarray, drift: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """(terms without prior, terms with prior); rows are all real parts, then all imaginary parts [ohm]."""
    omega = 2.0 * np.pi * frequency
    free = [np.ones(len(omega)) + 0j, 1j * omega]
    if drift is not None:
        free.append(drift)
    tau = relaxation_grid(frequency)
    arcs = _sizes(frequency, impedance) / (1.0 + 1j * omega[:, None] * tau)
    capacitor = modulus(impedance)[-1] * omega[-1] / (1j * omega)
    return _stacked(np.stack(free, axis=1)), _stacked(np.column_stack([arcs, capacitor]))


def relaxation_grid(frequency: np.ndarray, spacing: float = SPACING, beyond: float = BEYOND) -> np.ndarray:
    """Times tau [s], evenly spaced in ln tau, from before the highest to after the lowest frequency."""
    low, high = -np.log(2.0 * np.pi * frequency[0]) - beyond, -np.log(2.0 * np.pi * frequency[-1]) + beyond
    return np.exp(np.linspace(low, high, int(np.ceil((high - low) / spacing)) + 1))


def _sizes(frequency: np.ndarray, impedance: np.ndarray) -> np.ndarray:
    """What a term at tau may well be [ohm]: the modulus there, which leads' inductance must not raise again."""
    size = np.minimum.accumulate(modulus(impedance)[::-1])
    at, inside = np.log(relaxation_grid(frequency)), -np.log(2.0 * np.pi * frequency)
    outside = np.maximum(inside[0] - at, 0.0) + np.maximum(at - inside[-1], 0.0)
    return np.interp(at, inside, size[::-1]) * np.exp(-0.4 * outside)


def _stacked(values: np.ndarray) -> np.ndarray:
    return np.concatenate([values.real, values.imag])


def _unit(zeros: np.ndarray, place: int) -> np.ndarray:
    made = zeros.copy()
    made[place] = 1.0
    return made
