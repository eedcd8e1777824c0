"""The paper's full cell and its cycles, through the same door as a file."""

from __future__ import annotations

import copy
from typing import Any

from lithostat.experiment.cell import Cell

CELL: dict[str, Any] = {
    "kind": "full",
    "electrode": {"material": "lithium", "diameter": "12.7 mm", "thickness": "0.5 mm"},
    "electrolyte": {"material": "Li6PS5Cl", "diameter": "13 mm", "thickness": "1 mm"},
    "cathode": {
        "material": "NCA",
        "electrolyte": "Li6PS5Cl",
        "composition": {"active": 11, "electrolyte": 16, "carbon": 1},
        "areal_loading": "3.55 mg/cm2",
        "porosity": "15 %",
        "specific_capacity": "150 mAh/g",
    },
}
ALLOY = {"material": "Li-In", "diameter": "12.7 mm", "mass": "70 mg"}
# a soft path, as the flat voltage of the paper's failed cells asks for
SOFT = {"soft_short_resistance": "57 kohm", "short_resistance": "18 kohm", "hardening_time": "30 h"}


def turn(upper: str = "4.3 V", lower: str = "2.5 V", rate: str = "C/10") -> list[dict[str, Any]]:
    return [{"charge": rate, "until": {"voltage": upper}}, {"discharge": rate, "until": {"voltage": lower}}]


def cycles(count: int, pressure: str = "5 MPa", **limits: str) -> list[dict[str, Any]]:
    return [
        {"press": "25 MPa", "for": "1 min"},
        {"set_pressure": pressure},
        {"repeat": count, "steps": turn(**limits)},
    ]


def full_cell(**said: Any) -> Cell:
    return Cell.from_dict(copy.deepcopy(CELL) | said)
