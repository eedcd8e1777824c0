"""The paper's cells as data to calibrate with."""

from __future__ import annotations

import math
from typing import Any

from lithostat.calibration.data import CellLife, Data, Resistance, numbers_of
from lithostat.calibration.exposure import Exposure, exposure_of_protocol
from lithostat.experiment.quantity import parse
from lithostat.papers.doux2020.published import cell, cycling, hold, published

HOUR = 3600.0
PRESSED = 25e6  # fabrication pressure [Pa]
GROUP = "doux2020"


def paper_data(*, impedance: bool = True, overpotential: bool = False, full_cells: bool = False) -> Data:
    """Times to short and holds of Doux et al. 2020; with `impedance` Figure 4c, with `overpotential` Figure S4.

    `full_cells` adds Figures 2c and 3, which contradict the filament law of symmetric cells: 229 cycles at 5 MPa need a
    focusing of at most about 2, a short in the first charge at 25 MPa one of at least about 9.
    """
    data = published()
    numbers = numbers_of(cell())
    lives = [_cycled(entry, numbers) for entry in data["cycling"]]
    lives += [_held(entry, numbers) for entry in data["holds"]]
    if full_cells:
        from lithostat.papers.doux2020.full_cell_lives import full_cell_lives

        lives += full_cell_lives(numbers, GROUP)
    points = [_impedance(entry, numbers) for entry in data["impedance"]] if impedance else []
    points += [_overpotential(entry, numbers) for entry in data["overpotential"]] if overpotential else []
    return Data(tuple(lives), tuple(points))


def _cycled(entry: dict[str, Any], numbers: dict[str, float]) -> CellLife:
    exposure = exposure_of_protocol(cell(), cycling(entry["pressure"]))
    return _life(entry, exposure, exposure.began + entry["hours"] * HOUR, True, numbers)


def _held(entry: dict[str, Any], numbers: dict[str, float]) -> CellLife:
    exposure = exposure_of_protocol(cell(), hold(entry["pressure"], entry["hours"]))
    return _life(entry, exposure, exposure.length, False, numbers)


def _life(entry: dict[str, Any], exposure: Exposure, time: float, cycled: bool, numbers: dict[str, float]) -> CellLife:
    """A cell with what the paper says of it: dated, outlived, or short when current first flowed."""
    if entry["short"] == "before current":
        return CellLife(entry["id"], exposure, 0.0, time, None, numbers, group=GROUP)
    high = math.inf if entry["short"] == "none" else time
    contact = (time, math.inf) if cycled else None
    return CellLife(entry["id"], exposure, time, high, contact, numbers, group=GROUP)


def _impedance(entry: dict[str, Any], numbers: dict[str, float]) -> Resistance:
    """One point of Figure 4c; a value that is printed as exceeded is a lower bound."""
    pressure, ohm = parse(entry["pressure"], "pressure"), float(entry["ohm"])
    highest = PRESSED if entry["id"].endswith("unloading") else pressure
    high = math.inf if "exceeds" in entry.get("note", "") else ohm
    return Resistance(entry["id"], pressure, highest, ohm, high, numbers, group=GROUP)


def _overpotential(entry: dict[str, Any], numbers: dict[str, float]) -> Resistance:
    """Overpotential at the start of cycling over the current, as a resistance."""
    pressure = parse(entry["pressure"], "pressure")
    amperes = parse(published()["current"], "current_density") * numbers["area"]
    ohm = parse(entry["start"], "voltage") / amperes
    return Resistance(entry["id"], pressure, max(PRESSED, pressure), ohm, ohm, numbers, group=GROUP)
