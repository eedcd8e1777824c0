"""What a fit of phases to a pattern ended in: curves, parameters, scales, and how sure each is."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from lithostat.diffraction.crystal import Crystal
from lithostat.diffraction.model import PatternModel
from lithostat.diffraction.projection import Optimum, WeightedCounts
from lithostat.diffraction.setup import Choice
from lithostat.experiment.pattern import Pattern

WALL = 1e-3  # of a box, from its end, that counts as lying at its wall
LAGS = 40  # points over which residuals are looked at for being correlated


@dataclass(frozen=True, eq=False)
class PatternFit:
    """Phases fitted to a pattern.

    Args:
        pattern: as fitted (its points and sigma).
        choices: the phases, and how each was treated.
        model, data, optimum: the model, the weighted data, and where the search ended.
        moved: (parameters,) True for those that were fitted.
    """

    pattern: Pattern
    choices: tuple[Choice, ...]
    model: PatternModel
    data: WeightedCounts
    optimum: Optimum
    moved: np.ndarray

    @property
    def names(self) -> tuple[str, ...]:
        """Of the phases."""
        return tuple(choice.phase.name for choice in self.choices)

    @property
    def crystals(self) -> tuple[Crystal, ...]:
        """The phases as they were put into the model."""
        return tuple(lines.crystal for lines in self.model.phases)

    @functools.cached_property
    def columns(self) -> np.ndarray:
        """(points, columns) of the model at its end."""
        return self.model.evaluate(self.optimum.values).columns.toarray()

    @functools.cached_property
    def background(self) -> np.ndarray:
        """(points,) smooth background with humps and blank [counts]."""
        rest = (self.pattern.counts - self.columns @ self.optimum.scales) * self.data.weight
        weighted = self.data.background * self.data.weight[:, None]
        smooth = self.data.background @ np.linalg.lstsq(weighted, rest, rcond=None)[0]
        still = self.model.fixed.shape[1]
        return smooth + self.columns[:, :still] @ self.optimum.scales[:still]

    def curve(self, number: int) -> np.ndarray:
        """(points,) what one phase contributes [counts]."""
        place = self.model.places[number]
        return self.columns[:, place] @ self.optimum.scales[place]

    @functools.cached_property
    def calculated(self) -> np.ndarray:
        """(points,) the whole model [counts]."""
        return self.background + sum((self.curve(k) for k in range(len(self.choices))), np.zeros(len(self.pattern)))

    @property
    def residual(self) -> np.ndarray:
        """(points,) measured less calculated, over sigma."""
        return (self.pattern.counts - self.calculated) * self.data.weight

    @property
    def degrees_of_freedom(self) -> int:
        """Points less everything that was fitted."""
        used = int(self.moved.sum()) + int((self.optimum.scales != 0.0).sum()) + self.data.background.shape[1]
        return max(len(self.pattern) - used, 1)

    @property
    def goodness(self) -> float:
        """Square root of chi2 over degrees of freedom."""
        return float(np.sqrt(self.optimum.chi2 / self.degrees_of_freedom))

    @property
    def weighted_profile(self) -> float:
        """R_wp, background included [-]."""
        whole = max(float(np.sum((self.pattern.counts * self.data.weight) ** 2)), 1e-300)  # zero in the dark
        return float(np.sqrt(self.optimum.chi2 / whole))

    @functools.cached_property
    def inflation(self) -> float:
        """Factor on all standard errors: misfit, and neighbours whose residuals are alike (Berar and Lelann 1991)."""
        residual = self.residual
        spread = max(float(residual @ residual), 1e-300)  # zero in the dark
        alike = 0.0
        for lag in range(1, min(LAGS, len(residual) // 4)):
            likeness = float(residual[lag:] @ residual[:-lag] / spread)
            if likeness < 2.0 / np.sqrt(len(residual)):
                break
            alike += likeness
        return max(self.goodness, 1.0) * float(np.sqrt(1.0 + 2.0 * alike))

    @functools.cached_property
    def covariance(self) -> tuple[np.ndarray, np.ndarray]:
        """Covariance of scales and then moved parameters, and which of all of these it holds.

        Scales at zero and parameters at a wall are known exactly as far as it is concerned. Inflated by `inflation`.
        """
        optimum, layout = self.optimum, self.model.layout
        inside = self.moved & ~self.at_wall
        evaluation = self.model.evaluate(optimum.values)
        slope = evaluation.derivative(optimum.scales)[:, inside] * layout.scale[inside]
        active = np.abs(optimum.scales) > 0.0
        both = np.concatenate([self.columns[:, active], slope], axis=1) * self.data.weight[:, None]
        both = self.data.without_background(both)
        size = np.linalg.norm(both, axis=0)
        size = np.where(size > 1e-12 * size.max(initial=0.0), size, np.inf)  # of no consequence: known exactly
        gram = (both / size).T @ (both / size)
        inverse = np.linalg.pinv(gram, rcond=1e-10, hermitian=True) / np.outer(size, size)
        unit = np.concatenate([np.ones(int(active.sum())), layout.scale[inside]])
        return inverse * np.outer(unit, unit) * self.inflation**2, np.concatenate([active, inside])

    @property
    def at_wall(self) -> np.ndarray:
        """(parameters,) True where a parameter lies at an end of its box."""
        layout, values = self.model.layout, self.optimum.values
        room = WALL * (layout.high - layout.low)
        return (values <= layout.low + room) | (values >= layout.high - room)

    def value(self, name: str, phase: int | None = None) -> tuple[float, float]:
        """A parameter and its standard error; NaN for the error where it was not fitted or lies at a wall."""
        place = self.model.layout.find(name, phase)
        if place is None:
            return float("nan"), float("nan")
        error = float("nan")
        covariance, held = self.covariance
        row = len(self.optimum.scales) + place
        if held[row]:
            index = int(held[:row].sum())
            error = float(np.sqrt(max(covariance[index, index], 0.0)))
        return float(self.optimum.values[place]), error

    def scale(self, number: int) -> tuple[float, float]:
        """Scale of a phase with a structure and its standard error; of a free one, the sum of its intensities."""
        place = self.model.places[number]
        covariance, held = self.covariance
        chosen = np.arange(int(held[place].sum())) + int(held[: place.start].sum())
        total = float(self.optimum.scales[place].sum())
        return total, float(np.sqrt(max(covariance[np.ix_(chosen, chosen)].sum(), 0.0)))

    def cell(self, number: int) -> np.ndarray:
        """The unit cell of a phase, edges [m] and angles [rad]."""
        free = self.crystals[number].cell
        return free.at(np.array([self.value(f"cell {name}", number)[0] for name in free.names]))

    def as_json(self) -> dict[str, Any]:
        """How well it fits."""
        return {
            "points": len(self.pattern),
            "goodness_of_fit": self.goodness,
            "weighted_profile": self.weighted_profile,
            "error_inflation": self.inflation,
            "converged": self.optimum.converged,
            "steps": self.optimum.steps,
            "shift": self.model.instrument.shift,
        }
