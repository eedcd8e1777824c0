"""Variable projection: scales and background are solved exactly, Levenberg and Marquardt move the rest.

Golub and Pereyra (1973), with Kaufman's (1975) derivative of the projected residual.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, qr
from scipy.optimize import nnls

from lithostat.diffraction.model import PatternModel

ENOUGH = 1e-6  # relative fall of chi2 below which a search ends
TINY = 0.01  # of a standard deviation, below which a step ends it
RIDGE = 1e-11  # of the largest diagonal, for columns that are nearly one


class Linear(NamedTuple):
    """The best scales for given columns: `scales` (columns,), weighted `residual` (points,), `active` columns."""

    scales: np.ndarray
    residual: np.ndarray
    active: np.ndarray


@dataclass(frozen=True, eq=False)
class Data:
    """Counts and weights (1/sigma), with the background's weighted columns made orthonormal once."""

    counts: np.ndarray
    weight: np.ndarray
    basis: np.ndarray  # (points, background) weighted, orthonormal
    background: np.ndarray  # (points, background) unweighted

    @classmethod
    def of(cls, counts: np.ndarray, sigma: np.ndarray, background: np.ndarray) -> Data:
        """Data with a background of these columns."""
        weight = 1.0 / sigma
        basis = qr(background * weight[:, None], mode="economic")[0]
        return cls(counts, weight, basis, background)

    def without_background(self, weighted: np.ndarray) -> np.ndarray:
        """Weighted columns or values, less what a background could take of them."""
        return weighted - self.basis @ (self.basis.T @ weighted)


def solve(data: Data, columns: np.ndarray, signed: bool = False) -> Linear:
    """Scales of the columns that leave the least chi2 beside any background; not negative unless `signed`."""
    left = data.without_background(data.counts * data.weight)
    if columns.shape[1] == 0:
        return Linear(np.zeros(0), left, np.zeros(0, bool))
    weighted = data.without_background(columns * data.weight[:, None])
    gram, right = weighted.T @ weighted, weighted.T @ left
    size = np.sqrt(np.maximum(np.diag(gram), 1e-300))
    empty = size < 1e-12 * size.max()
    gram = gram / np.outer(size, size) + RIDGE * np.eye(len(size))
    gram[empty], gram[:, empty] = 0.0, 0.0
    gram[empty, empty] = 1.0
    right = np.where(empty, 0.0, right / size)
    try:
        factor = np.linalg.cholesky(gram)
    except np.linalg.LinAlgError:
        factor = np.linalg.cholesky(gram + 1e-6 * np.eye(len(size)))
    target = np.linalg.solve(factor, right)
    scaled = np.linalg.solve(factor.T, target)
    if not signed and (scaled < 0.0).any():
        scaled = nnls(factor.T, target)[0]
    scales = scaled / size
    active = (scales != 0.0) if not signed else ~empty
    return Linear(scales, left - weighted @ scales, active)


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
    data: Data,
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
    linear = solve(data, evaluation.columns)
    chi2, damping, moves = float(linear.residual @ linear.residual), 1e-3, np.flatnonzero(moving)
    converged = len(moves) == 0
    steps = 0
    while steps < most and not converged:
        steps += 1
        slope = _projected(model, data, evaluation, linear, moves) * scale[moves]
        gradient, hessian = slope.T @ linear.residual, slope.T @ slope
        while True:
            step = _bounded_step(values, moves, gradient, hessian, damping, (low, high, scale))
            trial = values.copy()
            trial[moves] += step * scale[moves]
            near = model.evaluate(trial, blur)
            better = solve(data, near.columns)
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
        values, evaluation, linear, chi2 = trial, near, better, found
        damping = max(damping / 6.0, 1e-9)
        converged = fall < ENOUGH * chi2 or small
    return Optimum(values, linear.scales, linear.residual, chi2, steps, converged)


def _projected(model: PatternModel, data: Data, evaluation: object, linear: Linear, moves: np.ndarray) -> np.ndarray:
    """(points, moves) derivative of the model, weighted, less what scales and background take of it."""
    full = evaluation.derivative(linear.scales)[:, moves] * data.weight[:, None]  # type: ignore[attr-defined]
    full = data.without_background(full)
    active = np.flatnonzero(linear.active)
    if len(active) == 0:
        return full
    columns = data.without_background(evaluation.columns[:, active] * data.weight[:, None])  # type: ignore[attr-defined]
    gram = columns.T @ columns
    gram += RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))
    try:
        return full - columns @ cho_solve(cho_factor(gram), columns.T @ full)
    except LinAlgError:
        return full - columns @ np.linalg.lstsq(columns, full, rcond=None)[0]


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
