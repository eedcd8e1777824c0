"""Half-cycles and cycles of a trace as tables."""

from __future__ import annotations

import numpy as np
import polars as pl

from lithostat.cycling.cleaning import row_at
from lithostat.cycling.cycles import begins_with, cycles_of, gains
from lithostat.cycling.half_cycles import HalfCycles
from lithostat.cycling.trace import Trace

MAH = 1000.0 / 3600.0  # mAh per coulomb


def half_cycle_table(trace: Trace) -> pl.DataFrame:
    """One row per half-cycle that carries current; areal values only with a stated area.

    `overpotential_volt` is the mean of the voltage along the current, less its offset, over the second half of the
    time of the half-cycle (symmetric cells only); `charge_ah` is positive in both directions.
    """
    half, note, voltage, pressure = trace.half, trace.note, trace.voltage, trace.pressure
    keep = half.flowing
    table = {
        "half_cycle": np.arange(1, len(keep) + 1),
        "cycle_count": cycles_of(trace)[keep],
        "direction": half.direction[keep].astype(np.int64),
        "start_second": half.start[keep],
        "end_second": half.end[keep],
        "current_ampere": half.current[keep],
        "charge_ah": np.abs(half.charge[keep]) / 3600.0,
        "voltage_start_volt": voltage[half.first[keep]],
        "voltage_end_volt": voltage[half.last[keep]],
    }
    if trace.symmetric:
        middle = row_at(trace.record, half, keep, 0.5)
        table["overpotential_volt"] = (_mean(voltage, middle, half.last[keep]) - trace.offset) * half.direction[keep]
    if pressure is not None:
        table["pressure_pa"] = _mean(pressure, half.first[keep], half.last[keep])
        table["pressure_change_pa"] = pressure[half.last[keep]] - pressure[half.first[keep]]
    if note.electrode_area is not None:
        table["current_density_ampere_per_m2"] = half.current[keep] / note.electrode_area
        table["areal_charge_mah_per_cm2"] = np.abs(half.charge[keep]) * MAH / (1e4 * note.electrode_area)
    return pl.DataFrame(table)


def cycle_table(trace: Trace) -> pl.DataFrame:
    """One row per cycle: charge and discharge capacity [Ah], efficiency; specific and areal only with what was stated.

    Cycles are those of the file where it counts them, else pairs of a charge and a discharge. Capacities are the sums
    of what the cycler's own counters gained where it has them, else the integral of the current. The efficiency of a
    cycle is what its second half gave over what its first took: discharge over charge, or charge over discharge where a
    half cell begins with a discharge; NaN without the first.
    """
    half, note = trace.half, trace.note
    charge, discharge = gains(trace)
    cycle = cycles_of(trace)
    numbers = np.unique(cycle[np.abs(half.direction) == 1])
    at = np.searchsorted(numbers, cycle)
    inside = (at < len(numbers)) & np.isin(cycle, numbers)
    table: dict[str, np.ndarray] = {"cycle_count": numbers}
    table["charge_ah"] = np.bincount(at[inside], charge[inside], len(numbers))
    table["discharge_ah"] = np.bincount(at[inside], discharge[inside], len(numbers))
    took, gave = table["charge_ah"], table["discharge_ah"]
    if begins_with(trace) == "discharge":
        took, gave = gave, took
    table["efficiency"] = np.divide(gave, took, out=np.full(len(numbers), np.nan), where=took > 0.0)
    if note.active_mass is not None:
        for name in ("charge", "discharge"):
            table[f"{name}_mah_per_g"] = table[f"{name}_ah"] / note.active_mass
    if note.electrode_area is not None:
        for name in ("charge", "discharge"):
            table[f"{name}_mah_per_cm2"] = 0.1 * table[f"{name}_ah"] / note.electrode_area
    return pl.DataFrame(table)


def charges_until(half: HalfCycles, time: float) -> tuple[float, float]:
    """(charge in the direction that carried more, charge in both) up to `time` [C]; parts of a half-cycle count."""
    width = np.maximum(half.until - half.start, 1e-12)
    share = np.clip((time - half.start) / width, 0.0, 1.0)
    passed = half.charge * share
    forth, back = float(passed[passed > 0.0].sum()), float(-passed[passed < 0.0].sum())
    return max(forth, back), forth + back


def _mean(values: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Mean of the known values of the rows first..last of each stretch."""
    known = np.isfinite(values)
    total = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    count = np.concatenate([[0], np.cumsum(known)])
    number = count[last + 1] - count[first]
    return np.divide(total[last + 1] - total[first], number, out=np.full(len(first), np.nan), where=number > 0)
