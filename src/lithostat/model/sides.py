"""What the two electrodes of a symmetric cell are: with lithium or bare, limiting or not, with filaments or not."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lithostat.experiment.cell import Cell
from lithostat.physics.types import Values


class Sides(NamedTuple):
    """Of electrodes 1 and 2, (2,) each: 1 is yes and 0 is no."""

    lithium: Values  # begins with lithium; an electrode that does not is a bare collector
    limits: Values  # loss of its contact or of its lithium ends the test, and its resistance is measured
    filaments: Values  # filaments start from it


BOTH = Sides(np.ones(2), np.ones(2), np.ones(2))


def sides_of(cell: Cell) -> Sides:
    """What the electrodes of a symmetric cell are; electrode 2 is the counter electrode."""
    return Sides(
        lithium=np.array([float(cell.collector != 1), float(cell.collector != 2)]),
        limits=np.array([1.0, float(cell.counter == "limits")]),
        filaments=np.array([1.0, float(cell.counter != "inert")]),
    )
