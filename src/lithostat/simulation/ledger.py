"""Books of charge and lithium, kept from a record's columns alone and not from the equations that made it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lithostat.experiment.record import Record
from lithostat.physics.constants import FARADAY

ATOMIC_LAYER = 2.5e-10  # of lithium [m]


class Ledger(NamedTuple):
    """What does not add up, each relative to the largest amount that moved. All zero in a perfect world.

    Lithium is compared with one atomic layer at least: less than that drowns in the rounding of the electrodes' own.

    `charge`: current integrated over time against what passed as ions and as electrons. `capacity`: the same against
    the net capacity column. `transfer`: lithium that changed sides against the ionic charge. `lithium`: metal of both
    electrodes plus what the interphases hold, against the start.
    """

    charge: float
    capacity: float
    transfer: float
    lithium: float

    @property
    def worst(self) -> float:
        """The largest of the four."""
        return max(self)


def ledger(record: Record) -> Ledger:
    """Balance a simulated record. Raises `InputError` if it lacks the columns (a measured one does)."""
    time, current = record.column("test_time_second"), record.column("current_ampere")
    step = np.diff(time)
    passed = np.concatenate([[0.0], np.cumsum(0.5 * (current[1:] + current[:-1]) * step * _same_stretch(record))])
    moved = np.sum(np.abs(0.5 * (current[1:] + current[:-1])) * step)
    parameters = record.provenance["parameters"]
    area, omega = parameters["area"], parameters["molar_volume"]
    ions, electrons = record.column("ionic_charge_coulomb"), record.column("leaked_charge_coulomb")
    one, two = record.column("lithium_thickness_1_metre"), record.column("lithium_thickness_2_metre")
    film = record.column("interphase_thickness_metre")
    held = 2.0 * film * parameters["interphase_charge"] * omega / FARADAY
    total = one + two + held
    scale = max(moved, 1e-30)
    height = max(moved / area * omega / FARADAY, float(np.ptp(held)), ATOMIC_LAYER)
    crossed = 0.5 * ((one - one[0]) - (two - two[0]))
    return Ledger(
        charge=float(np.max(np.abs(passed - ions - electrons)) / scale),
        capacity=float(np.max(np.abs(passed - 3600.0 * record.column("net_capacity_ah"))) / scale),
        transfer=float(np.max(np.abs(crossed - ions / area * omega / FARADAY)) / height),
        lithium=float(np.max(np.abs(total - total[0])) / height),
    )


def _same_stretch(record: Record) -> np.ndarray:
    """1 between two rows of one step, 0 across the boundary between two (no time passes there)."""
    count = record.column("step_count")
    return (count[1:] == count[:-1]).astype(float)
