"""How long to count: what more counts would show, by the limits of a pattern that was measured or simulated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lithostat.diffraction.identify import Question, identify
from lithostat.diffraction.instrument import Instrument
from lithostat.diffraction.limits import Limit
from lithostat.diffraction.simulate import Counting, simulate_pattern
from lithostat.diffraction.study import PatternStudy
from lithostat.materials.phase import Phase

BY_CHANCE = 1.2  # inflation of the errors, below which it is no sign of misfit
WANTED = 0.01  # weight fraction that a plan is made for, unless another is asked for


@dataclass(frozen=True)
class Planned:
    """How many times longer to count so that `wanted` of a phase would be called in 95 % of patterns.

    `times` is infinite where misfit, not counting, sets the limit; `counts` is the height of the main line that it
    takes, background left out.
    """

    name: str
    wanted: float
    limit: float
    times: float
    counts: float

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "name": self.name,
            "wanted_weight": self.wanted,
            "limit_weight": self.limit,
            "times_longer": self.times if np.isfinite(self.times) else None,
            "peak_counts": self.counts if np.isfinite(self.counts) else None,
        }


def plan(study: PatternStudy, limits: Sequence[Limit], wanted: float = WANTED) -> tuple[Planned, ...]:
    """The plan for every phase with a limit.

    A limit is the counting part, which falls with the root of the time, and the part that misfit adds (the inflation
    of the errors beyond what chance gives), which does not fall.
    """
    inflation = study.fit.inflation if study.fit.inflation > BY_CHANCE else 1.0
    highest = float((study.fit.calculated - study.fit.background).max())
    made = []
    for limit in limits:
        if not np.isfinite(limit.weight):
            continue
        counting = limit.weight / inflation
        misfit = np.sqrt(max(limit.weight**2 - counting**2, 0.0))
        room = wanted**2 - misfit**2
        times = counting**2 / room if room > 0.0 else float("inf")
        made.append(Planned(limit.name, wanted, limit.weight, times, highest * times))
    return tuple(made)


def planned_study(
    host: Phase, sought: Sequence[Phase], instrument: Instrument, exposure: Counting, seed: int = 0
) -> PatternStudy:
    """What a pattern of the host alone, counted like that, would say about phases that are not in it."""
    pattern = simulate_pattern({host: 1.0}, instrument, exposure, seed)
    return identify(pattern, Question((host, *sought), host=(host,), spread=False))
