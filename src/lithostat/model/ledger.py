"""Books of charge and lithium, kept from a record's columns alone and not from the equations that made it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lithostat.experiment.record import Record
from lithostat.physics.constants import FARADAY

ATOMIC_LAYER = 2.5e-10  # of lithium [m]


class Ledger(NamedTuple):
    """What does not add up in a symmetric cell, each relative to the largest amount that moved. All zero if perfect.

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


class FullLedger(NamedTuple):
    """What does not add up in a full cell, each relative to the largest amount that moved.

    That amount is taken as a tenth of the cathode's lithium at least: less than 1e-9 of that drowns in the tolerance of
    a solver that holds all of it.

    `charge`: current integrated over time, where it is constant, against what passed as ions and electrons. `metal`:
    lithium of the electrode and its interphase against the ionic charge (NaN for an alloy). `cathode`: lithium in
    active material, in reach and out of reach, against the ionic charge less the oxidised. `lithium`: everything
    together against the start, with the lithium that the oxidised electrolyte gave.
    """

    charge: float
    metal: float
    cathode: float
    lithium: float

    @property
    def worst(self) -> float:
        """The largest of those that apply."""
        return float(np.nanmax(np.array(self)))


def ledger(record: Record) -> Ledger | FullLedger:
    """Balance a simulated record. Raises `InputError` if it lacks the columns (a measured one does)."""
    return _full(record) if "cathode_lithium_mole" in record.table.columns else _symmetric(record)


def _symmetric(record: Record) -> Ledger:
    current, step = record.column("current_ampere"), np.diff(record.column("test_time_second"))
    between = 0.5 * (current[1:] + current[:-1]) * step
    passed = np.concatenate([[0.0], np.cumsum(between * _same_stretch(record))])
    moved = np.sum(np.abs(between))
    parameters = record.provenance["parameters"]
    area, omega = parameters["area"], parameters["molar_volume"]
    ions, electrons = record.column("ionic_charge_coulomb"), record.column("leaked_charge_coulomb")
    one, two = record.column("lithium_thickness_1_metre"), record.column("lithium_thickness_2_metre")
    bound = 2.0 * record.column("interphase_thickness_metre") * parameters["interphase_charge"] * omega / FARADAY
    total = one + two + bound
    scale = max(moved, 1e-30)
    height = max(moved / area * omega / FARADAY, float(np.ptp(bound)), ATOMIC_LAYER)
    crossed = 0.5 * ((one - one[0]) - (two - two[0]))
    return Ledger(
        charge=float(np.max(np.abs(passed - ions - electrons)) / scale),
        capacity=float(np.max(np.abs(passed - 3600.0 * record.column("net_capacity_ah"))) / scale),
        transfer=float(np.max(np.abs(crossed - ions / area * omega / FARADAY)) / height),
        lithium=float(np.max(np.abs(total - total[0])) / height),
    )


def _full(record: Record) -> FullLedger:
    current, step = record.column("current_ampere"), np.diff(record.column("test_time_second"))
    ions, electrons = record.column("ionic_charge_coulomb"), record.column("leaked_charge_coulomb")
    oxidised = record.column("oxidised_charge_coulomb")
    in_cathode = record.column("cathode_lithium_mole") + record.column("unreachable_lithium_mole")
    number = record.provenance["parameters"]

    steady = (_same_stretch(record) > 0.0) & (np.abs(np.diff(current)) <= 1e-9 * np.max(np.abs(current)))
    passed = 0.5 * (current[1:] + current[:-1]) * step
    counted = np.diff(ions + electrons)
    moved = max(float(np.sum(np.abs(counted))), 0.1 * FARADAY * float(np.max(in_cathode)))
    amount = moved / FARADAY
    charge = float(np.max(np.abs(np.cumsum(np.where(steady, passed - counted, 0.0))), initial=0.0)) / moved

    cathode = (in_cathode - in_cathode[0]) + ((ions - ions[0]) - (oxidised - oxidised[0])) / FARADAY
    metal = (ions - ions[0]) / FARADAY
    off = np.full_like(ions, np.nan)
    if "lithium_thickness_1_metre" in record.table.columns:
        film = record.column("interphase_thickness_metre") * number["interphase_charge"] / FARADAY
        side = number["area"] * (record.column("lithium_thickness_1_metre") / number["molar_volume"] + film)
        off, metal = side - side[0] - metal, side - side[0]
    total = metal + (in_cathode - in_cathode[0]) - (oxidised - oxidised[0]) / FARADAY
    return FullLedger(
        charge=charge,
        metal=float(np.max(np.abs(off))) / amount,
        cathode=float(np.max(np.abs(cathode))) / amount,
        lithium=float(np.max(np.abs(total))) / amount,
    )


def _same_stretch(record: Record) -> np.ndarray:
    """1 between two rows of one step, 0 across the boundary between two (no time passes there)."""
    count = record.column("step_count")
    return (count[1:] == count[:-1]).astype(float)
