"""Figures 2c and 3 as lives: what the full cells say of filaments, from charges that the paper states."""

from __future__ import annotations

import math

import numpy as np

from lithostat.calibration.data import CellLife
from lithostat.calibration.exposure import Exposure
from lithostat.experiment.quantity import in_unit, parse
from lithostat.papers.doux2020.full_cells import published_full

HOUR = 3600.0
ROOM = 298.15
FIRST = 150.0 / 0.69  # mAh/g of the first charge: its discharge over its efficiency, main text
CYCLES, DISCHARGE = 229, 130.0  # Figure 3: cycles survived, mean discharge read off the figure [mAh/g]


def full_cell_lives(numbers: dict[str, float], group: str) -> list[CellLife]:
    """The cell that shorted in its first charge at 25 MPa, and the one that lived 229 cycles at 5 MPa.

    Lithium plates on charge only and on one interface; constant force is taken, although the frame was rigid.
    """
    cathode = published_full()["cell"]["cathode"]
    loading = parse(cathode["areal_loading"], "areal_loading")
    current = 0.1 / HOUR * parse(cathode["specific_capacity"], "specific_capacity") * loading  # C/10 [A/m2]

    def charge(capacity: float) -> float:
        return capacity * loading / in_unit(1.0, "specific_capacity", "mAh/g") / current  # time of a charge [s]

    first, later = charge(FIRST), charge(DISCHARGE)
    short = _exposure([(60.0, 25e6, 0.0), (math.inf, 25e6, current)], current)
    turn = 2.0 * later
    whole = [(60.0, 25e6, 0.0), (600.0, 5e6, 0.0), (first, 5e6, current), (math.inf, 5e6, 0.5 * current)]
    survived = _exposure(whole, current)
    end = survived.began + first + later + (CYCLES - 1) * turn
    return [
        CellLife("fig2c-25MPa", short, short.began, short.began + first, False, numbers, group=group),
        CellLife("fig3-5MPa", survived, end, math.inf, False, numbers, group=group),
    ]


def _exposure(parts: list[tuple[float, float, float]], current: float) -> Exposure:
    """Segments of (duration, pressure, plating current averaged over the segment); only interface 1 is lithium."""
    durations, pressures, plating = (np.array(column, float) for column in zip(*parts, strict=True))
    began = float(durations[plating == 0.0].sum())
    both = np.stack([plating, np.zeros_like(plating)], axis=1)
    stripping = np.where(plating > 0.0, current, 0.0)
    return Exposure(durations, pressures, np.full(len(parts), ROOM), both, stripping, began, math.inf)
