"""What one pattern says: every phase with its call, what would not have been seen, and what is left over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lithostat.diffraction.bands import Band
from lithostat.diffraction.calls import PhaseCall, percent
from lithostat.diffraction.leftover import Indexing, Leftover
from lithostat.diffraction.pattern_fit import PatternFit
from lithostat.experiment.finding import Finding
from lithostat.experiment.pattern import Pattern


def _between(call: PhaseCall) -> tuple[str, ...]:
    return (f"between {percent(call.low)} and {percent(call.high)}",) if np.isfinite(call.high) else ()


@dataclass(frozen=True, eq=False)
class PatternStudy:
    """A pattern identified.

    Args:
        pattern: as it was read.
        fit: of the phases that were called, on every point.
        calls: present ones first, then possible, not seen, cannot tell.
        bands: what other choices do to the weights.
        explained: share of what stands above the floor of the pattern that its phases explain.
        leftover: lines that no phase explains.
        cells: phases known by their cell only, held against the leftover lines.
    """

    pattern: Pattern
    fit: PatternFit
    calls: tuple[PhaseCall, ...]
    bands: tuple[Band, ...]
    explained: float
    leftover: tuple[Leftover, ...]
    cells: tuple[Indexing, ...]
    warnings: tuple[str, ...]

    def called(self, *kinds: str) -> tuple[PhaseCall, ...]:
        """The phases with one of these calls."""
        return tuple(call for call in self.calls if call.call in kinds)

    def call(self, name: str) -> PhaseCall | None:
        """The call of one phase, None if nobody asked for it."""
        return next((call for call in self.calls if call.name == name), None)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Weights of what is there, and the limit for lithium, as any other result of a measurement."""
        found = [
            Finding(
                name=f"weight fraction of {call.name}",
                value=call.weight if np.isfinite(call.weight) else None,
                unit="1",
                evidence=(call.call, call.why, *_between(call)),
                uncertainty=0.5 * (call.high - call.low) if np.isfinite(call.high) else None,
                uncertainty_from="counting, misfit, and choices that nobody can justify (shift, background, texture)",
                formula="S M V of the unit cell, over all crystalline phases",
            )
            for call in self.called("present", "possible")
        ]
        lithium = self.call("Li")
        if lithium is not None and lithium.call == "not seen" and lithium.limit is not None:
            found.append(
                Finding(
                    name="lithium metal that would not have been seen",
                    value=lithium.limit.weight,
                    unit="1",
                    evidence=(lithium.why,),
                    formula="Fisher matrix of the fit, 95 % of injections",
                )
            )
        return tuple(found)

    def as_json(self) -> dict[str, Any]:
        """One object for people and programs; SI, shares as fractions of one."""
        return {
            "pattern": self.pattern.as_json(),
            "phases": [call.as_json() for call in self.called("present", "possible")],
            "not_seen": [
                {"name": call.name, "limit_weight": call.limit.weight, "limit_volume": call.limit.volume}
                for call in self.called("not seen")
                if call.limit is not None
            ],
            "cannot_tell": [{"name": call.name, "why": call.why} for call in self.called("cannot tell")],
            "explained": self.explained,
            "unexplained": [line.as_json() for line in self.leftover],
            "fit": self.fit.as_json()
            | {"weights_tried_with": {band.name: dict(band.variants) for band in self.bands if band.variants}},
            "findings": [finding.as_json() for finding in self.findings],
            "warnings": list(self.warnings),
        }
