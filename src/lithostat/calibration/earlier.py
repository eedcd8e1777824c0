"""Calibration files that an earlier version saved, brought to what this one reads."""

from __future__ import annotations

import math
from typing import Any

from lithostat.calibration.data import numbers_of
from lithostat.calibration.exposure import HALF_CYCLE
from lithostat.experiment.cell import Cell
from lithostat.model.segments import ENDLESS

# What such a file does not hold comes from the cards, as for a cell of today; what a cell states itself, it holds.
_CELL = {
    "electrode": {"material": "lithium", "area": "1.267 cm2", "thickness": "0.5 mm"},
    "electrolyte": {"material": "Li6PS5Cl", "thickness": "1 mm"},
}
_KINDS = ("lives", "resistances", "critical_currents")


def upgraded(said: dict[str, Any]) -> dict[str, Any]:
    """The content of a saved calibration, with the numbers that the model has gained since it was written.

    The laws that a file names take none of these numbers, or it would hold them; they only have to be there. Exposures
    of files that hold averages over half-cycles get half-cycles of an hour with the same averages, which under the law
    of such files changes a life by less than one of them.
    """
    cards = numbers_of(Cell.model_validate(_CELL | {"laws": {"named": "first"}}))
    data = dict(said["data"])
    for kind in _KINDS:
        data[kind] = [one | {"numbers": cards | one["numbers"]} for one in data[kind]]
    data["lives"] = [_life(one) for one in data["lives"]]
    return said | {"numbers": cards | said["numbers"], "data": data}


def _life(one: dict[str, Any]) -> dict[str, Any]:
    if "contact_lost" not in one:
        return one
    lost, low = one["contact_lost"], one["low"]
    contact = None if lost is None else [0.0, low] if lost else [low, None]
    rest = {name: value for name, value in one.items() if name != "contact_lost"}
    return rest | {"contact": contact, "exposure": _exposure(one["exposure"])}


def _exposure(said: dict[str, Any]) -> dict[str, Any]:
    """Averages of plating as trains of half-cycles of an hour with the largest current that the segment had."""
    count, ends = len(said["pressures"]), [*said["durations"], math.inf]
    plating, turns, periods = [], [], []
    for means, largest, end in zip(said["plating"], said["stripping"], ends, strict=True):
        shares = [mean / largest if largest > 0.0 else 0.0 for mean in means]
        alone = min(shares) == 0.0
        period = min(end, ENDLESS) if alone else min(2.0 * HALF_CYCLE / sum(shares), end)
        plating.append([largest if share > 0.0 else 0.0 for share in shares])
        turns.append([share * period for share in shares])
        periods.append(max(period, 1e-9))
    return {
        "durations": said["durations"],
        "pressures": said["pressures"],
        "temperatures": said["temperatures"],
        "attached": [0.0] * count,
        "plating": plating,
        "turns": turns,
        "periods": periods,
        "second": [0.0] * count,
        "began": said["began"],
        "length": said["length"],
        "filaments": [True, True],
        "limits": [True, True],
        "warnings": said["warnings"],
    }
