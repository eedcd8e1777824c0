"""Books of charge and lithium of a full cell, kept from a record's columns alone and not from the equations."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lithostat.experiment.record import Record
from lithostat.physics.constants import FARADAY


class FullLedger(NamedTuple):
    """What does not add up, each relative to the largest amount that moved. All zero in a perfect world.

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


def full_ledger(record: Record) -> FullLedger:
    """Balance the record of a full cell. Raises `InputError` if it lacks the columns."""
    time, current = record.column("test_time_second"), record.column("current_ampere")
    count = record.column("step_count")
    ions, electrons = record.column("ionic_charge_coulomb"), record.column("leaked_charge_coulomb")
    oxidised = record.column("oxidised_charge_coulomb")
    kept = record.column("cathode_lithium_mole") + record.column("unreachable_lithium_mole")
    number = record.provenance["parameters"]

    step, same = np.diff(time), np.diff(count) == 0
    steady = same & (np.abs(np.diff(current)) <= 1e-9 * np.max(np.abs(current)))
    passed = 0.5 * (current[1:] + current[:-1]) * step
    counted = np.diff(ions + electrons)
    moved = max(float(np.sum(np.abs(counted))), 1e-30)
    amount = max(moved / FARADAY, 1e-30)
    charge = float(np.max(np.abs(np.cumsum(np.where(steady, passed - counted, 0.0))), initial=0.0)) / moved

    cathode = (kept - kept[0]) + ((ions - ions[0]) - (oxidised - oxidised[0])) / FARADAY
    metal = (ions - ions[0]) / FARADAY
    off = np.full_like(ions, np.nan)
    if "lithium_thickness_1_metre" in record.table.columns:
        film = record.column("interphase_thickness_metre") * number["interphase_charge"] / FARADAY
        held = number["area"] * (record.column("lithium_thickness_1_metre") / number["molar_volume"] + film)
        off, metal = held - held[0] - metal, held - held[0]
    total = metal + (kept - kept[0]) - (oxidised - oxidised[0]) / FARADAY
    return FullLedger(
        charge=charge,
        metal=float(np.max(np.abs(off))) / amount,
        cathode=float(np.max(np.abs(cathode))) / amount,
        lithium=float(np.max(np.abs(total))) / amount,
    )
