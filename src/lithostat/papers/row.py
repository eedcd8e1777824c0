"""One published number beside the simulated one, and whether they agree."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """A line of a paper's table. `measured` or `simulated` is None where there is no number ('never').

    `bound` marks a measured value that is only a lower bound (a test stopped without a failure).

    `passed` is None for a row that is shown for its own sake and has no target.
    """

    id: str
    what: str
    measured: float | None
    simulated: float | None
    unit: str
    verdict: str
    passed: bool | None
    target: str
    tag: str
    measured_text: str = ""
    note: str = ""
    bound: bool = False

    @property
    def ratio(self) -> float | None:
        """Simulated over measured, None where that has no meaning."""
        if not self.measured or self.bound or self.simulated is None or not math.isfinite(self.simulated):
            return None
        if self.simulated / self.measured < 0.0:
            return None
        return self.simulated / self.measured

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self) | {"ratio": self.ratio}


def within_factor(measured: float, simulated: float | None, factor: float) -> bool:
    """True if the two differ by at most `factor` in either direction."""
    return simulated is not None and simulated > 0.0 and max(measured / simulated, simulated / measured) <= factor


def within_share(measured: float, simulated: float, share: float) -> bool:
    """True if they differ by at most `share` of the measured value."""
    return abs(simulated - measured) <= share * abs(measured)
