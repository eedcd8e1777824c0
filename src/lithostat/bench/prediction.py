"""What a law predicts for a row, as a distribution: lognormal about the simulated value, or not before a bound."""

from __future__ import annotations

import math
from typing import NamedTuple

from lithostat.bench.fate import Fate
from lithostat.papers.published_cell import PublishedCell

LEAST = {"h": 1e-3, "mAh_cm2": 1e-5, "mA_cm2": 1e-4, "MPa": 1e-4}  # stands for 'at once', which has no logarithm


class Prediction(NamedTuple):
    """A predicted outcome in the row's unit. `value` is where it failed, None where it did not until `beyond`."""

    value: float | None
    beyond: float
    kind: str

    @property
    def middle(self) -> float:
        """The value that a logarithm is taken of: where it failed, else how far it was followed."""
        return self.beyond if self.value is None else self.value


def prediction(cell: PublishedCell, fate: Fate) -> Prediction:
    """What a fate says of the outcome of a row."""
    if cell.outcome in ("critical_current", "critical_pressure"):
        return _critical(cell, fate)
    value = fate.charge / 36000.0 if cell.unit == "mAh_cm2" else fate.clock / 3600.0
    least = LEAST["mAh_cm2" if cell.unit == "mAh_cm2" else "h"]
    value = max(value, least)
    return Prediction(value if fate.failed else None, value, fate.kind)


def _critical(cell: PublishedCell, fate: Fate) -> Prediction:
    """The geometric middle of the last value that was borne and the first that was not."""
    scale, least = (0.1, LEAST["mA_cm2"]) if cell.unit == "mA_cm2" else (1e-6, LEAST["MPa"])
    found = fate.critical
    if found is None:  # failed before the ramp, or never came to it
        return Prediction(least if fate.failed else None, least, fate.kind)
    borne, failed = (None if end is None else max(scale * end, least) for end in (found.borne, found.failed))
    if failed is None:
        return Prediction(None, borne or least, fate.kind)
    value = failed if borne is None else math.sqrt(borne * failed)
    return Prediction(value, value, fate.kind)
