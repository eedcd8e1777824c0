"""Records to other people's formats: Battery Data Format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from lithostat.experiment.errors import InputError
from lithostat.experiment.record import Record, write_whole

# Our columns that mean the same as a term of Battery Data Format (ontology 1.1.0): its machine-readable name and its
# preferred label. Required ones come first, then recommended ones. Left out on purpose: `step_index`, which there
# counts the rows of a step, and the cycler's own counters of charge and energy, which there never reset.
TERMS: dict[str, tuple[str, str]] = {
    "test_time_second": ("test_time_second", "Test Time / s"),
    "voltage_volt": ("voltage_volt", "Voltage / V"),
    "current_ampere": ("current_ampere", "Current / A"),
    "unix_time_second": ("unix_time_second", "Unix Time / s"),
    "cycle_count": ("cycle_count", "Cycle Count / 1"),
    "step_count": ("step_count", "Step Count / 1"),
    "ambient_temperature_celsius": ("ambient_temperature_celsius", "Ambient Temperature / degC"),
    "record_index": ("record_index", "Record Index / 1"),
    "step_time_second": ("step_time_second", "Step Time / s"),
    "net_capacity_ah": ("net_capacity_ah", "Net Capacity / Ah"),
    "cumulative_capacity_ah": ("cumulative_capacity_ah", "Cumulative Capacity / Ah"),
    "power_watt": ("power_watt", "Power / W"),
    "internal_resistance_ohm": ("internal_resistance_ohm", "Internal Resistance / ohm"),
    "frequency_hertz": ("frequency_hertz", "Frequency / Hz"),
    "absolute_impedance_ohm": ("absolute_impedance_ohm", "Absolute Impedance / ohm"),
    "phase_degree": ("phase_degree", "Phase / deg"),
    "applied_pressure_pa": ("applied_pressure_pa", "Applied Pressure / Pa"),
    "measured_pressure_pa": ("surface_pressure_pa", "Surface Pressure / Pa"),
}
CHARGED = ("charging_capacity_ah", "Charging Capacity / Ah")
DISCHARGED = ("discharging_capacity_ah", "Discharging Capacity / Ah")
ENDINGS = (".bdf.csv", ".bdf.parquet")


def write_bdf(record: Record, path: str | Path) -> list[str]:
    """Write the table as Battery Data Format and return the names of the columns that were left out.

    `NAME.bdf.csv` has the preferred labels as its header, `NAME.bdf.parquet` the machine-readable names. Charge in each
    direction since time 0 follows from `net_capacity_ah` and `cumulative_capacity_ah`. Values that are not known are
    empty. The measured stack pressure goes to 'Surface Pressure', the set one to 'Applied Pressure'.

    Raises `InputError` for another ending, or a record without rows.
    """
    path = Path(path)
    ending = next((ending for ending in ENDINGS if path.name.lower().endswith(ending)), None)
    if ending is None:
        raise InputError("is no name for Battery Data Format", file=str(path), expected="NAME.bdf.csv or .bdf.parquet")
    if not len(record.table):
        raise InputError("would be empty: the record has no rows", file=str(path))
    labelled = ending == ".bdf.csv"
    table = pl.DataFrame([column.alias(names[labelled]) for names, column in _columns(record)])
    if labelled:
        write_whole(path, table.write_csv)
    else:
        write_whole(path, table.write_parquet)
    return [name for name in record.table.columns if name not in TERMS]


def _columns(record: Record) -> list[tuple[tuple[str, str], pl.Series]]:
    """Every column that Battery Data Format knows, NaN as null, with its two names."""
    table = record.table
    columns = [(TERMS[name], _nulls(table[name])) for name in TERMS if name in table.columns]
    if {"net_capacity_ah", "cumulative_capacity_ah"} <= set(table.columns):
        net, both = table["net_capacity_ah"].to_numpy(), table["cumulative_capacity_ah"].to_numpy()
        columns.append((CHARGED, _nulls(pl.Series(np.maximum(0.5 * (both + net), 0.0)))))
        columns.append((DISCHARGED, _nulls(pl.Series(np.maximum(0.5 * (both - net), 0.0)))))
    return columns


def _nulls(values: pl.Series) -> pl.Series:
    return values.fill_nan(None) if values.dtype.is_float() else values
