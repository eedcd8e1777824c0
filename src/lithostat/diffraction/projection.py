"""Variable projection: scales and background are solved exactly, Levenberg and Marquardt move the rest.

Golub and Pereyra (1973), with Kaufman's (1975) derivative of the projected residual.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, qr, solve_triangular
from scipy.optimize import nnls
from scipy.sparse import csc_array

from lithostat.diffraction.model import Evaluation, PatternModel

ENOUGH = 1e-6  # relative fall of chi2 below which a search ends
TINY = 0.01  # of a standard deviation, below which a step ends it
RIDGE = 1e-11  # of the largest diagonal, for columns that are nearly one


class BestScales(NamedTuple):
    """The best scales for given columns: `scales` (columns,), weighted `residual` (points,), `active` columns."""

    scales: np.ndarray
    residual: np.ndarray
    active: np.ndarray


@dataclass(frozen=True, eq=False)
class WeightedCounts:
    """Counts and weights (1/sigma), with the background's weighted columns made orthonormal once."""

    counts: np.ndarray
    weight: np.ndarray
    basis: np.ndarray  # (points, background) weighted, orthonormal
    background: np.ndarray  # (points, background) unweighted

    @classmethod
    def of(cls, counts: np.ndarray, sigma: np.ndarray, background: np.ndarray) -> WeightedCounts:
        """Data with a background of these columns."""
        weight = 1.0 / sigma
        basis = qr(background * weight[:, None], mode="economic")[0]
        return cls(counts, weight, basis, background)

    def without_background(self, weighted: np.ndarray) -> np.ndarray:
        """Weighted columns or values, less what a background could take of them."""
        return weighted - self.basis @ (self.basis.T @ weighted)


class Weighted(NamedTuple):
    """Weighted columns, what the background takes of them, and the Gram matrix of what it leaves."""

    columns: csc_array
    taken: np.ndarray  # (background, columns)
    gram: np.ndarray  # (columns, columns)

    @classmethod
    def of(cls, data: WeightedCounts, columns: csc_array) -> Weighted:
        """The weighted columns of one evaluation."""
        scaled = csc_array(
            (columns.data * data.weight[columns.indices], columns.indices, columns.indptr), columns.shape
        )
        taken = (scaled.T @ data.basis).T
        return cls(scaled, taken, (scaled.T @ scaled).toarray() - taken.T @ taken)

    def times(self, data: WeightedCounts, scales: np.ndarray) -> np.ndarray:
        """The columns, less what the background takes of them, times `scales`."""
        return self.columns @ scales - data.basis @ (self.taken @ scales)


def solve(data: WeightedCounts, columns: csc_array) -> BestScales:
    """Scales of the columns, none below zero, that leave the least chi2 beside any background."""
    return _solve(data, Weighted.of(data, columns))


def _solve(data: WeightedCounts, weighted: Weighted) -> BestScales:
    left = data.without_background(data.counts * data.weight)
    count = weighted.gram.shape[0]
    if count == 0:
        return BestScales(np.zeros(0), left, np.zeros(0, bool))
    gram, right = weighted.gram, weighted.columns.T @ left
    size = np.sqrt(np.maximum(np.diag(gram), 0.0))
    empty = size <= 1e-7 * size.max()
    size = np.where(empty, 1.0, size)
    gram = gram / np.outer(size, size)
    gram[empty], gram[:, empty] = 0.0, 0.0
    gram[np.diag_indices(count)] = 1.0 + RIDGE
    right = np.where(empty, 0.0, right / size)
    try:
        factor = np.linalg.cholesky(gram)
    except np.linalg.LinAlgError:  # two columns that are one
        factor = np.linalg.cholesky(gram + 1e-6 * np.eye(count))
    target = solve_triangular(factor, right, lower=True)
    scaled = solve_triangular(factor.T, target, lower=False)
    if (scaled < 0.0).any():
        scaled = nnls(factor.T, target)[0]
    scales = scaled / size
    return BestScales(scales, left - weighted.times(data, scales), scales != 0.0)


@dataclass(frozen=True, eq=False)
class Optimum:
    """Where a search ended: parameter values, scales, weighted residual, and the weighted derivative there."""

    values: np.ndarray
    scales: np.ndarray
    residual: np.ndarray
    chi2: float
    steps: int
    converged: bool


def minimise(
    model: PatternModel,
    data: WeightedCounts,
    start: np.ndarray,
    moving: np.ndarray,
    *,
    blur: float = 0.0,
    most: int = 30,
) -> Optimum:
    """Move the parameters that are True in `moving` to the least chi2 within their bounds."""
    low, high, scale = model.layout.low, model.layout.high, model.layout.scale
    values = np.clip(start, low, high)
    evaluation = model.evaluate(values, blur)
    weighted = Weighted.of(data, evaluation.columns)
    linear = _solve(data, weighted)
    chi2, damping, moves = float(linear.residual @ linear.residual), 1e-3, np.flatnonzero(moving)
    converged = len(moves) == 0
    steps = 0
    while steps < most and not converged:
        steps += 1
        slope = _projected(data, evaluation, weighted, linear, moves) * scale[moves]
        gradient, hessian = slope.T @ linear.residual, slope.T @ slope
        while True:
            step = _bounded_step(values, moves, gradient, hessian, damping, (low, high, scale))
            trial = values.copy()
            trial[moves] += step * scale[moves]
            near = model.evaluate(trial, blur)
            heavier = Weighted.of(data, near.columns)
            better = _solve(data, heavier)
            found = float(better.residual @ better.residual)
            if found <= chi2 or damping > 1e8:
                break
            damping *= 8.0
        fall = chi2 - found
        if fall < 0.0:
            converged = True
            break
        noise = chi2 / max(len(data.counts), 1)
        small = float(step @ (hessian @ step)) < TINY**2 * noise * max(len(moves), 1)
        values, evaluation, weighted, linear, chi2 = trial, near, heavier, better, found
        damping = max(damping / 6.0, 1e-9)
        converged = fall < ENOUGH * chi2 or small
    return Optimum(values, linear.scales, linear.residual, chi2, steps, converged)


def _projected(
    data: WeightedCounts, evaluation: Evaluation, weighted: Weighted, linear: BestScales, moves: np.ndarray
) -> np.ndarray:
    """(points, moves) derivative of the model, weighted, less what scales and background take of it."""
    full = evaluation.derivative(linear.scales)[:, moves] * data.weight[:, None]
    full = data.without_background(full)
    active = np.flatnonzero(linear.active)
    if len(active) == 0:
        return full
    gram = weighted.gram[np.ix_(active, active)]
    size = np.sqrt(np.maximum(np.diag(gram), 1e-300))
    gram = gram / np.outer(size, size) + RIDGE * np.eye(len(active))
    right = (weighted.columns[:, active].T @ full) / size[:, None]
    try:
        part = cho_solve(cho_factor(gram), right)
    except LinAlgError:  # two columns that are one
        part = np.linalg.lstsq(gram, right, rcond=None)[0]
    scales = np.zeros((len(linear.scales), len(moves)))
    scales[active] = part / size[:, None]
    return full - weighted.times(data, scales)


def _bounded_step(
    values: np.ndarray,
    moves: np.ndarray,
    gradient: np.ndarray,
    hessian: np.ndarray,
    damping: float,
    limits: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> np.ndarray:
    """A damped step in units of the scales; parameters that a bound stops stay where they are."""
    low, high, scale = (part[moves] for part in limits)
    room_up, room_down = (high - values[moves]) / scale, (low - values[moves]) / scale
    free = np.ones(len(moves), bool)
    step = np.zeros(len(moves))
    for _ in range(len(moves) + 1):
        chosen = np.flatnonzero(free)
        if len(chosen) == 0:
            break
        part = hessian[np.ix_(chosen, chosen)]
        diagonal = np.maximum(np.diag(part), 1e-12 * np.diag(hessian).max() + 1e-300)
        step[chosen] = np.linalg.solve(part + np.diag(damping * diagonal), gradient[chosen])
        beyond = free & ((step > room_up) | (step < room_down))
        if not beyond.any():
            break
        step[beyond] = np.clip(step[beyond], room_down[beyond], room_up[beyond])
        gradient = gradient - hessian[:, beyond] @ step[beyond]
        free &= ~beyond
    return step
