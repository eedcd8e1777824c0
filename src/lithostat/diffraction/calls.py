"""From evidence to a call: present, possible, not seen, cannot tell, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lithostat.diffraction.evidence import PhaseEvidence
from lithostat.diffraction.limits import FOUND, Limit

CALLS = ("present", "possible", "not seen", "cannot tell")
CERTAIN = 5.0  # standard deviations that a phase which is called present has at least
GAIN = 0.3  # of chi2 near its lines, that must go away with a phase which is present
LINES = 2  # strong lines that must be seen one by one
TOGETHER = 3.0  # standard deviations, by which all other lines together may stand for a second one
MISSING = 3  # seen lines per missing one, at least
RIVAL = 0.9  # of the fall of chi2, that no other candidate may reach in its place
PLENTY = (8.0, 0.5, 4)  # z, gain and seen lines, from which a cell at the wall of its box is a warning and no doubt
ENOUGH = 0.7  # of what stands above the floor, that must be explained before a share means anything
_NO_LINE = "none of its lines is in the range, or nothing was found that it could be a share of"
BLIND = 0.3  # weight fraction, above which a limit says nothing


@dataclass(frozen=True)
class PhaseCall:
    """One phase and what the pattern says of it.

    Args:
        call: one of `CALLS`; `why` the reason in a sentence.
        weight, low, high: fraction by weight of the crystalline part, with the least and the most; NaN where unknown.
        error: one standard error of `weight` from counting and misfit alone.
        volume: fraction by volume; `intensity` share of the scattered intensity.
        limit: weight fraction that would have been called in 95 % of such patterns, for a phase that is not seen.
        cell: every free edge or angle with its value [m, rad], error, and difference from the card [1e-6 of it].
        evidence: what the call rests on, None for what was never fitted.
    """

    name: str
    call: str
    why: str
    formula: str = ""
    weight: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    error: float = float("nan")
    volume: float = float("nan")
    intensity: float = float("nan")
    limit: Limit | None = None
    cell: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    evidence: PhaseEvidence | None = None
    unverified: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain data; lengths in m, angles in rad."""
        found = self.evidence
        strongest = min(found.lines, key=lambda line: line.error, default=None) if found else None
        return {
            "name": self.name,
            "formula": self.formula,
            "call": self.call,
            "why": self.why,
            "weight_fraction": self.weight,
            "low": self.low,
            "high": self.high,
            "standard_error": self.error,
            "volume_fraction": self.volume,
            "intensity_share": self.intensity,
            "limit_weight": self.limit.weight if self.limit else None,
            "limit_volume": self.limit.volume if self.limit else None,
            "cell": {
                name: {"value": value, "standard_error": error, "against_card_ppm": ppm}
                for name, (value, error, ppm) in self.cell.items()
            },
            "z": found.z if found else None,
            "z_with_free_main_phase": found.z_free if found else None,
            "gain": found.gain if found else None,
            "lines_seen": found.seen if found else None,
            "lines_missing": found.missing if found else None,
            "clearest_line_two_theta_rad": strongest.two_theta if strongest else None,
            "alternatives": [{"name": name, "reaches": part} for name, part in found.rivals] if found else [],
            "card_rests_on_memory": list(self.unverified),
        }


def judged(found: PhaseEvidence, explained: float = 1.0) -> tuple[str, str]:
    """'present' or 'possible', and why, of a phase that a pattern asks for by `FOUND` deviations at least.

    Where the phases found explain less than `ENOUGH` of the pattern, none is present: with a wrong wavelength some
    cubic phase always fits.
    """
    doubts = []
    if explained < ENOUGH:
        doubts.append(f"the phases found explain {100.0 * explained:.0f} % of the lines only")
    if min(found.z, found.z_free) < CERTAIN:
        doubts.append(f"the pattern asks for it by {min(found.z, found.z_free):.1f} standard deviations only")
    if found.gain < GAIN:
        doubts.append(f"near its lines only {100.0 * max(found.gain, 0.0):.0f} % of the misfit goes away with it")
    ratio, error = found.others_together
    if found.seen < LINES and not (found.seen and ratio > TOGETHER * error):
        doubts.append(
            f"{_counted(found.seen, 'of its strong lines is', 'of its strong lines are')} seen clear of others"
        )
    if found.missing * MISSING > found.seen:
        doubts.append(f"{_counted(found.missing, 'strong line is', 'strong lines are')} missing")
    z, gain, seen = PLENTY
    plenty = found.z >= z and found.gain >= gain and found.seen >= seen
    if found.at_wall and not plenty:
        doubts.append(f"its {' and '.join(found.at_wall)} ends at the wall of what is published")
    rival = next((name for name, part in found.rivals if part > RIVAL), None)
    if rival is not None:
        doubts.append(f"{rival} would do as well in its place")
    if doubts:
        return "possible", "; ".join(doubts)
    return "present", f"{found.seen} strong lines clear of others; {min(found.z, found.z_free):.0f} standard deviations"


def _counted(count: int, one: str, many: str) -> str:
    words = {0: "none", 1: "one", 2: "two"}
    return f"{words.get(count, str(count))} {one if count == 1 else many}"


def unseen(limit: Limit, unverified: tuple[str, ...], formula: str, others: str, explained: float) -> PhaseCall:
    """The call for a phase with a structure that the pattern does not ask for."""
    if explained < ENOUGH:
        return PhaseCall(
            limit.name,
            "cannot tell",
            f"the phases found explain {100.0 * explained:.0f} % of the lines only, so that shares mean nothing",
            formula,
            unverified=unverified,
        )
    if not np.isfinite(limit.weight) or limit.weight > BLIND:
        reason = f"its lines lie under those of {others}" if limit.clear > 0.0 else _NO_LINE
        return PhaseCall(limit.name, "cannot tell", reason, formula, limit=limit, unverified=unverified)
    text = (
        f"would be above {percent(limit.weight)} by weight ({percent(limit.volume)} by volume) in 95 % of such patterns"
    )
    return PhaseCall(
        limit.name, "not seen", text, formula, low=0.0, high=limit.weight, limit=limit, unverified=unverified
    )


def percent(share: float) -> str:
    """A share as people read it: two digits, no more."""
    value = 100.0 * share
    return f"{value:.0f} %" if value >= 9.95 else f"{value:.1f} %" if value >= 0.095 else f"{value:.2f} %"


def asked_for(z: float) -> bool:
    """True if a pattern asks for a phase clearly enough to call it."""
    return z >= FOUND
