"""The paper's numbers, and its experiments as cells and protocols."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Any

from lithostat.experiment import document
from lithostat.experiment.cell import Cell
from lithostat.experiment.protocol import Protocol
from lithostat.experiment.quantity import parse

PRESS, SETTLE, STEP = "1 min", "10 min", "5 min"  # assumed; see `assumed` in published.yaml
CYCLING_HOURS = 2400  # simulated far beyond the tests, so that survivors get a predicted time too
AFTER_SHORT = "3 h"
DIRECT = 25e6  # cells above the fabrication pressure go straight to their own [Pa]


@functools.cache
def published() -> dict[str, Any]:
    """The contents of published.yaml as plain data."""
    text = (resources.files(__package__) / "published.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = document.parse(text, "published.yaml").data
    return data


@functools.cache
def cell() -> Cell:
    """The paper's symmetric cell."""
    return Cell.from_dict(published()["cell"])


def _fabrication(pressure: str) -> list[dict[str, Any]]:
    """Press lithium on at 25 MPa, then set the pressure of the test."""
    value = parse(pressure, "pressure")
    if value > DIRECT:
        return [{"press": pressure, "for": SETTLE}]
    return [{"press": "25 MPa", "for": PRESS}, {"release": pressure, "for": SETTLE}]


def cycling(pressure: str) -> Protocol:
    """Plating and stripping at one pressure until the cell shorts, or for 2400 h."""
    data = published()
    turn = [{verb: data["current"], "for": data["half_cycle"]} for verb in ("plate", "strip")]
    steps = [*_fabrication(pressure), {"repeat": CYCLING_HOURS // 2, "steps": turn}]
    return Protocol.from_dict({"name": f"cycled at {pressure}", "after_short": AFTER_SHORT, "steps": steps})


def hold(pressure: str, hours: float) -> Protocol:
    """Pressure without current."""
    steps = [*_fabrication(pressure), {"hold": f"{hours} h"}]
    return Protocol.from_dict({"name": f"held at {pressure}", "after_short": "0 s", "steps": steps})


def impedance_sequence() -> Protocol:
    """Impedance on pressing step by step and on release, in the order of Figure 4c."""
    steps: list[dict[str, Any]] = []
    for point in published()["impedance"]:
        verb = "release" if point["id"].endswith("unloading") else "press"
        steps += [{verb: point["pressure"], "for": STEP}, {"measure_impedance": {"from": "1 MHz", "to": "0.1 Hz"}}]
    return Protocol.from_dict({"name": "impedance against pressure", "steps": steps})
