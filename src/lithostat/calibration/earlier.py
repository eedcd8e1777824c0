"""Calibration files that an earlier version saved, brought to what this one reads."""

from __future__ import annotations

from typing import Any

from lithostat.calibration.data import numbers_of
from lithostat.experiment.cell import Cell

# What such a file does not hold comes from the cards, as for a cell of today; what a cell states itself, it holds.
_CELL = {
    "electrode": {"material": "lithium", "area": "1.267 cm2", "thickness": "0.5 mm"},
    "electrolyte": {"material": "Li6PS5Cl", "thickness": "1 mm"},
}
_KINDS = ("lives", "resistances", "critical_currents")


def upgraded(said: dict[str, Any]) -> dict[str, Any]:
    """The content of a saved calibration, with the numbers that the model has gained since it was written.

    The laws that a file names take none of these numbers, or it would hold them; they only have to be there.
    """
    cards = numbers_of(Cell.model_validate(_CELL))
    data = dict(said["data"])
    for kind in _KINDS:
        data[kind] = [one | {"numbers": cards | one["numbers"]} for one in data[kind]]
    return said | {"numbers": cards | said["numbers"], "data": data}
