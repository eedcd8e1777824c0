"""From scales to weight and volume: shares of what is crystalline, their errors, and what absorption may do to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lithostat.diffraction.crystal import absorption
from lithostat.diffraction.pattern_fit import PatternFit
from lithostat.diffraction.phase_lines import line_table, phase_lines
from lithostat.materials.phase import composition

GRAIN = 10e-6  # m, a coarse grain of a ground powder
CONTRAST = 0.1  # of absorption over such a grain against the mean, from where weights are visibly wrong
GRAINY = 0.1  # of a line's intensity, that grains and texture may move it by
MINOR = 0.03  # weight fraction below which a phase's own absorption is not worth a warning


@dataclass(frozen=True)
class Amount:
    """How much of a phase there is, as a share of the crystalline phases whose intensities are known.

    `weight` and `volume` fractions, `error` one standard error of `weight` from counting and misfit, `intensity` the
    share of the scattered intensity. NaN where the intensities of the phase are not known.
    """

    name: str
    weight: float
    error: float
    volume: float
    intensity: float


def structure_scale(fit: PatternFit, number: int) -> tuple[float, float]:
    """Scale of a phase and its error, as if its structure had been fitted.

    Free intensities are held against the calculated ones, each with its own error and `GRAINY` of itself for what
    grains and texture do to single lines.
    """
    lines = fit.model.phases[number]
    if not lines.free:
        return fit.scale(number)
    if not lines.crystal.known:
        return float("nan"), float("nan")
    ideal = _calculated(fit, number)
    place = fit.model.places[number]
    covariance, held = fit.covariance
    chosen = np.arange(int(held[place].sum())) + int(held[: place.start].sum())
    spread = np.zeros((lines.columns, lines.columns))
    found = np.flatnonzero(held[place])
    spread[np.ix_(found, found)] = covariance[np.ix_(chosen, chosen)]
    columns = fit.data.without_background(fit.columns[:, place] * fit.data.weight[:, None])
    least = (fit.inflation / np.maximum(np.linalg.norm(columns, axis=0), 1e-300)) ** 2  # also of a line held at zero
    spread[np.diag_indices_from(spread)] = np.maximum(np.diag(spread), least)
    intensity, norm, scale = fit.optimum.scales[place], 0.0, 0.0
    if ideal.sum() > 0.0:
        scale = float(intensity @ ideal) / float(ideal @ ideal)
    for _ in range(3):  # the grains' part of the error depends on the scale
        weight = ideal / (np.diag(spread) + (GRAINY * scale * ideal) ** 2 + 1e-300)
        norm = float(weight @ ideal)
        if norm <= 0.0:
            return float("nan"), float("nan")
        scale = float(weight @ intensity) / norm
    grains = np.diag((GRAINY * scale * ideal) ** 2)
    return scale, float(np.sqrt(weight @ (spread + grains) @ weight)) / norm


def _calculated(fit: PatternFit, number: int) -> np.ndarray:
    """(columns,) intensities that the structure gives to the groups of a phase whose intensities are free."""
    lines, model = fit.model.phases[number], fit.model
    x = fit.pattern.two_theta
    fixed = phase_lines(lines.crystal, model.instrument, x[0], x[-1])
    table = line_table(fixed, number, model.instrument, model.layout, fit.optimum.values)
    rays = len(table.area) // max(len(fixed.chosen), 1)
    per_line = table.area.reshape(len(fixed.chosen), rays).sum(axis=1)
    weights = sum(weight for _, weight in model.instrument.lines)  # a free intensity is that of the first line alone
    group = dict(zip(lines.chosen.tolist(), lines.group.tolist(), strict=True))
    places = np.array([group.get(int(line), -1) for line in fixed.chosen], int)  # -1: beyond the ends of the pattern
    return np.bincount(places[places >= 0], per_line[places >= 0], lines.columns) / weights


def amounts(fit: PatternFit) -> tuple[Amount, ...]:
    """Amounts of all phases; the weight is S M V of the unit cell (Hill and Howard 1987), normalised to one."""
    scales = [structure_scale(fit, number) for number in range(len(fit.choices))]
    mass = np.array([ready.mass for ready in fit.crystals])
    size = np.array([ready.volume for ready in fit.crystals])
    share = np.array([np.trapezoid(fit.curve(k), fit.pattern.two_theta) for k in range(len(scales))])
    share = share / max(share.sum(), 1e-300)
    weight = np.array([scale for scale, _ in scales]) * mass * size
    error = np.array([error for _, error in scales]) * mass * size
    volume = np.array([scale for scale, _ in scales]) * size**2
    known = np.isfinite(weight)
    total, room = weight[known].sum(), volume[known].sum()
    found = []
    for number, name in enumerate(fit.names):
        if not known[number] or total <= 0.0:
            found.append(Amount(name, float("nan"), float("nan"), float("nan"), float(share[number])))
            continue
        part = weight[number] / total
        others = error[known & (np.arange(len(error)) != number)]
        sure = np.hypot((1.0 - part) * error[number], part * np.linalg.norm(others)) / total
        found.append(Amount(name, float(part), float(sure), float(volume[number] / room), float(share[number])))
    return tuple(found)


def absorption_warnings(fit: PatternFit, shares: Sequence[Amount]) -> tuple[str, ...]:
    """Sentences on phases that absorb otherwise than the rest; nothing is corrected, since no grain size is known."""
    if fit.model.instrument.geometry != "reflection":
        return ()
    known = [
        (ready, amount)
        for ready, amount in zip(fit.crystals, shares, strict=True)
        if np.isfinite(amount.weight) and ready.known
    ]
    lengths = [
        absorption(composition(ready.phase.formula), ready.density, fit.model.instrument.wavelength)
        for ready, _ in known
    ]
    volumes = np.array([amount.volume for _, amount in known])
    mean = float(np.dot(volumes, lengths)) if len(known) else 0.0
    sentences = []
    for (ready, amount), length in zip(known, lengths, strict=True):
        contrast = (length - mean) * GRAIN
        if abs(contrast) > CONTRAST and amount.weight > MINOR:
            side = "more" if contrast > 0.0 else "less"
            way = "low" if contrast > 0.0 else "high"
            sentences.append(
                f"{ready.phase.name} absorbs {side} than the rest ({length / 100.0:.0f} against {mean / 100.0:.0f} per "
                f"cm): with grains of {GRAIN * 1e6:.0f} um its weight fraction comes out too {way} by about "
                f"{100.0 * abs(-np.expm1(-1.45 * contrast)):.0f} % of itself"
            )
    return tuple(sentences)
