"""Every cycle of a full cell in one row."""

from __future__ import annotations

import numpy as np
import polars as pl

from lithostat.experiment.record import Record

PER_GRAM = 1.0 / 3600.0  # C/kg -> mAh/g


def cycle_summary(record: Record) -> pl.DataFrame:
    """Charge and discharge per gram of active material [mAh/g], efficiency, retention, and where the cell stands.

    The efficiency of a cycle is its discharge over its charge. Retention is the discharge over that of the first cycle
    that has one, never derived from efficiencies. Cycles that did not finish are in it, with what
    they passed. Row by cycle; cycle 0, before the first, is left out.
    """
    number = record.provenance["parameters"]
    mass = number["loading"] * number["area"]
    cycles, first = np.unique(record.column("cycle_count"), return_index=True)
    last = np.append(first[1:], len(record.table)) - 1
    kept = cycles > 0
    net, both = record.column("net_capacity_ah") * 3600.0, record.column("cumulative_capacity_ah") * 3600.0
    before = np.maximum(first - 1, 0)
    up, total = net[last] - net[before], both[last] - both[before]
    charge, discharge = 0.5 * (total + up) / mass * PER_GRAM, 0.5 * (total - up) / mass * PER_GRAM
    with_one = np.flatnonzero(kept & (discharge > 0.0))
    reference = discharge[with_one[0]] if len(with_one) else np.nan
    table = {
        "cycle_count": cycles,
        "charge_mah_per_g": charge,
        "discharge_mah_per_g": discharge,
        "efficiency": np.divide(discharge, charge, out=np.full(len(cycles), np.nan), where=charge > 0.0),
        "retention": discharge / reference,
        "end_second": record.column("test_time_second")[last],
    }
    for name in ("filament_length_1_metre", "active_share", "measured_pressure_pa", "leaked_charge_coulomb"):
        if name in record.table.columns:
            table[name] = record.column(name)[last]
    return pl.DataFrame(table).filter(pl.Series(kept))
