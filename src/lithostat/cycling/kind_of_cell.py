"""Which kind of cell a record is of, where nobody said: every kind that its voltage allows, with the reason."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lithostat.cycling.cleaning import MOST, half_voltages
from lithostat.cycling.half_cycles import HalfCycles
from lithostat.experiment.record import Record

NOT_KNOWN = "not known"
SMALL = 0.5  # V; the voltage of a symmetric cell begins below
TINY = 0.1  # V; no cell with a cathode cycles below


class Kind(NamedTuple):
    """A kind of cell and what speaks for it; `plausible` are the kinds that are left where it is not known."""

    name: str
    evidence: str
    plausible: tuple[str, ...]


def kind_of_cell(record: Record, half: HalfCycles, judged: np.ndarray, stated: str | None) -> Kind:
    """'symmetric', 'half' or 'full' as stated, else as the voltage decides it, else 'not known'.

    The voltage of a symmetric cell turns with the current; that of a cell with a cathode keeps its sign. In one
    direction of current alone a small voltage along the current may be either. `judged` are the stretches at a held
    current; other techniques say nothing of the kind.
    """
    if stated is not None:
        return Kind(stated, "as stated", (stated,))
    voltage, direction = half_voltages(record, half, judged)
    if not len(voltage):
        return Kind(NOT_KNOWN, "no current is held", ("symmetric", "full"))
    largest, usual, first = float(np.max(np.abs(voltage))), float(np.median(np.abs(voltage))), abs(float(voltage[0]))
    along = np.sign(voltage) * direction
    if len(set(direction.tolist())) == 2:
        if largest < TINY:  # an offset may outweigh what a shorted cell shows
            return _known("symmetric", f"the voltage stays below {1e3 * TINY:.0f} mV in both directions of current")
        if abs(float(np.mean(along))) > MOST and usual < SMALL:
            return _known("symmetric", "the voltage turns with the current")
        if abs(float(np.mean(along))) > MOST:
            return Kind(NOT_KNOWN, f"the voltage turns with the current, but is {usual:.2g} V", ("symmetric", "full"))
        return _known("full", "the voltage keeps its sign when the current turns")
    if first >= SMALL:
        return _known("full", f"the current has one direction, and the voltage begins at {voltage[0]:.2g} V")
    why = "the current has one direction, and a small voltage may be that of any cell"
    return Kind(NOT_KNOWN, why, ("symmetric", "full"))


def _known(name: str, evidence: str) -> Kind:
    return Kind(name, evidence, (name,))
