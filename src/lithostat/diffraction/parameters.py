"""What a model depends on beyond scales: names, start values, bounds; a vector with names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class LineParameter:
    """One number that lines depend on. `phase` is its phase's place in the model, None for the instrument's own.

    `scale` is the size of a usual change; derivatives step by a part of it.
    """

    name: str
    phase: int | None
    start: float
    low: float
    high: float
    scale: float


@dataclass(frozen=True)
class ModelParameters:
    """All parameters of a model in their order."""

    parameters: tuple[LineParameter, ...]

    @property
    def start(self) -> np.ndarray:
        """(k,) start values."""
        return np.array([each.start for each in self.parameters])

    @property
    def low(self) -> np.ndarray:
        """(k,) lower bounds."""
        return np.array([each.low for each in self.parameters])

    @property
    def high(self) -> np.ndarray:
        """(k,) upper bounds."""
        return np.array([each.high for each in self.parameters])

    @property
    def scale(self) -> np.ndarray:
        """(k,) sizes of a usual change."""
        return np.array([each.scale for each in self.parameters])

    def find(self, name: str, phase: int | None = None) -> int | None:
        """Place of a parameter, None if the model has none of that name."""
        for place, each in enumerate(self.parameters):
            if each.name == name and each.phase == phase:
                return place
        return None

    def of_phase(self, phase: int | None) -> list[int]:
        """Places of the parameters of one phase, or of the instrument."""
        return [place for place, each in enumerate(self.parameters) if each.phase == phase]

    def mask(self, names: Iterable[str], phases: Iterable[int | None] | None = None) -> np.ndarray:
        """(k,) True for parameters of these names ('cell' stands for all edges and angles), and of these phases.

        A parameter whose bounds are one number never moves.
        """
        wanted, of = set(names), None if phases is None else set(phases)
        return np.array(
            [
                each.name.partition(" ")[0] in wanted and (of is None or each.phase in of) and each.high > each.low
                for each in self.parameters
            ],
            bool,
        )

    def started_at(self, values: np.ndarray) -> ModelParameters:
        """The same layout with other start values, kept within their bounds."""
        inside = np.clip(values, self.low, self.high)
        pairs = zip(self.parameters, inside, strict=True)
        return ModelParameters(tuple(replace(each, start=float(value)) for each, value in pairs))
