"""Figures 1, 2c and 3 as lives: what the full cells say of filaments, from charges that the paper states."""

from __future__ import annotations

import math

import numpy as np

from lithostat.calibration.data import CellLife
from lithostat.calibration.exposure import ROOM, Exposure, exposure_of_rows
from lithostat.calibration.stretches import Rows
from lithostat.experiment.quantity import in_unit, parse
from lithostat.model.sides import Sides
from lithostat.papers.doux2020.full_cells import published_full

HOUR = 3600.0
DISCHARGE, EFFICIENCY = 150.0, 0.69  # of the first cycle, main text [mAh/g]
SECOND = 152.0  # charge at 25 MPa in which the cell of Figure 2c shorts [mAh/g]
SEEN = 0.1  # hours of that charge which the figure shows without a short: an assumption, to the width of its line
CYCLES, LATER = 229, 130.0  # Figure 3: cycles survived, mean discharge read off the figure [mAh/g]
LITHIUM_SIDE = Sides(lithium=np.array([1.0, 0.0]), limits=np.array([1.0, 0.0]), filaments=np.array([1.0, 0.0]))
PRESSED, SETTLED = (60.0, 25e6, 0.0), (600.0, 5e6, 0.0)


def full_cell_lives(numbers: dict[str, float], group: str) -> list[CellLife]:
    """Short in its first charge at 25 MPa; short at 25 MPa in its second, after one cycle at 5; 229 cycles at 5 MPa.

    Lithium plates on charge and on one interface; constant force is taken, although the frame was rigid.
    """
    cathode = published_full()["cell"]["cathode"]
    loading = parse(cathode["areal_loading"], "areal_loading")
    current = 0.1 / HOUR * parse(cathode["specific_capacity"], "specific_capacity") * loading  # C/10 [A/m2]

    def time(capacity: float) -> float:
        """Of a half-cycle of so many mAh/g [s]."""
        return capacity * loading / in_unit(1.0, "specific_capacity", "mAh/g") / current

    first, second, later = time(DISCHARGE / EFFICIENCY), time(SECOND), time(LATER)
    cycle = [(first, 5e6, current), (time(DISCHARGE), 5e6, -current)]
    turn = [(later, 5e6, current), (later, 5e6, -current)]
    at_once = _exposure([PRESSED, (first, 25e6, current)])
    in_second = _exposure([PRESSED, SETTLED, *cycle, (second, 25e6, current)])
    lived = _exposure([PRESSED, SETTLED, *cycle, *(turn * (CYCLES - 1))])
    risen = in_second.length - second
    shorted = (risen + SEEN * HOUR, risen + second)
    return [
        CellLife("fig1-25MPa", at_once, 0.0, at_once.length, (0.0, math.inf), numbers, group=group),
        CellLife("fig2c-25MPa", in_second, *shorted, (shorted[0], math.inf), numbers, group=group),
        CellLife("fig3-5MPa", lived, lived.length, math.inf, (lived.length, math.inf), numbers, group=group),
    ]


def _exposure(parts: list[tuple[float, float, float]]) -> Exposure:
    """Stretches of (duration, pressure, current), the current positive while lithium plates."""
    durations, pressures, currents = (np.array(column, float) for column in zip(*parts, strict=True))
    same = np.full(len(parts), ROOM)
    return exposure_of_rows(Rows(durations, pressures, same, np.zeros(len(parts)), currents), sides=LITHIUM_SIDE)
