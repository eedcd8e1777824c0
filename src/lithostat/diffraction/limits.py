"""What would have been seen: the least amount of a phase that a pattern as it is would show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import qr

from lithostat.diffraction.amounts import structure_scale
from lithostat.diffraction.library import Library
from lithostat.diffraction.pattern_fit import PatternFit
from lithostat.diffraction.search import taken_by
from lithostat.diffraction.setup import Choice, crystals
from lithostat.materials.phase import Phase

FOUND = 4.0  # standard deviations by which a pattern must ask for a phase, before it is called
SURE = 1.645  # standard errors between a value that is called half the time and one that is called in 95 %
HIDDEN = 0.5  # of its lines' strength, that must be left beside other phases for a limit to mean anything


@dataclass(frozen=True)
class Limit:
    """The weight fraction of the crystalline part that would be called in 95 % of patterns like this one.

    `weight` and `volume` are fractions, NaN where nothing can be said; `clear` is the part of the phase's lines that
    other phases and the background leave free.
    """

    name: str
    weight: float
    volume: float
    clear: float

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"name": self.name, "limit_weight": self.weight, "limit_volume": self.volume, "clear": self.clear}


def detection_limits(fit: PatternFit, library: Library, phases: Sequence[Phase]) -> tuple[Limit, ...]:
    """Limits of phases that are not in `fit`, from its Fisher matrix (Cramer and Rao), with the fit's own misfit.

    Everything that was fitted is free beside the sought phase: background, scales or single intensities, cells, shift,
    widths. The worst size of the sought phase's cell within its box counts.
    """
    taken = taken_with_slopes(fit)
    place = fit.model.layout.find("shift")
    shift = float(fit.optimum.values[place]) if place is not None else 0.0
    scales = [structure_scale(fit, number)[0] for number in range(len(fit.choices))]
    mass = float(np.nansum([s * c.mass * c.volume for s, c in zip(scales, fit.crystals, strict=True)]))
    room = float(np.nansum([s * c.volume**2 for s, c in zip(scales, fit.crystals, strict=True)]))
    return tuple(_limit(fit, library, phase, taken, shift, (mass, room)) for phase in phases)


def taken_with_slopes(fit: PatternFit) -> np.ndarray:
    """(points, k) orthonormal weighted directions that the model can follow, derivatives included."""
    taken = taken_by(fit)
    slope = fit.model.evaluate(fit.optimum.values).derivative(fit.optimum.scales)
    slope = slope[:, fit.moved & ~fit.at_wall] * fit.data.weight[:, None]
    size = np.linalg.norm(slope, axis=0)
    slope = slope[:, size > 0.0] / size[size > 0.0]
    slope -= taken @ (taken.T @ slope)
    return np.concatenate([taken, qr(slope, mode="economic")[0]], axis=1) if slope.shape[1] else taken


def _limit(
    fit: PatternFit, library: Library, phase: Phase, taken: np.ndarray, shift: float, held: tuple[float, float]
) -> Limit:
    templates = library.of(phase, shift)
    made = crystals([Choice(phase)], fit.model.instrument, fit.pattern.two_theta[-1])[0]
    mass, room = held
    if not templates or mass <= 0.0:
        return Limit(phase.name, float("nan"), float("nan"), 0.0)
    clear = [1.0 - float(np.square(taken.T @ template.column).sum()) for template in templates]
    least = [np.sqrt(max(part, 1e-12)) * template.size for part, template in zip(clear, templates, strict=True)]
    scale = (FOUND + SURE) * fit.inflation / min(least)
    weight, volume = scale * made.mass * made.volume, scale * made.volume**2
    return Limit(phase.name, weight / (mass + weight), volume / (room + volume), float(min(clear)))
