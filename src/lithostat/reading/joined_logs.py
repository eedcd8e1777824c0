"""Logs, such as that of the load cell, at the times of the cycler's rows."""

from __future__ import annotations

import numpy as np
import polars as pl

from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.record import COLUMNS, OTHER, Record
from lithostat.reading.clock import File
from lithostat.reading.gaps import long_intervals

Samples = tuple[np.ndarray, np.ndarray]  # times [s] and values, in the order of time

_LOAD = ("load_cell_volt", "load_newton", "measured_pressure_pa")


def is_cycler(record: Record, note: CellNote) -> bool:
    """True for rows of a cell: with a current, or with a voltage and no load cell beside it."""
    if not len(record.table):
        return False
    if any_known(record.table["current_ampere"]):
        return True
    load = any(name in record.table.columns and any_known(record.table[name]) for name in _LOAD)
    signal = note.load_cell.column if note.load_cell else None
    load = load or (signal is not None and bool({signal, OTHER + signal} & set(record.table.columns)))
    return any_known(record.table["voltage_volt"]) and not load


def any_known(values: pl.Series) -> bool:
    """True if a column of numbers holds at least one that is finite."""
    return values.dtype.is_numeric() and bool(values.is_finite().any())


def join_logs(table: pl.DataFrame, logs: list[File], warnings: list[str]) -> pl.DataFrame:
    """Columns of the logs at the times of the table's rows; a column that the cycler has too fills only its NaN."""
    if not logs or not len(table):
        return table
    times = table["test_time_second"].to_numpy()
    for name, (t, values) in _samples(logs).items():
        joined = _interpolated(times, t, values)
        missing = int(np.isnan(joined).sum())
        if missing:
            warnings.append(
                f"{_plain(name)} of the log is unknown in {missing} of {len(times)} rows, where the log has no samples"
            )
        if name in table.columns and any_known(table[name]):
            own = table[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
            joined = np.where(np.isfinite(own), own, joined)
            warnings.append(f"{_plain(name)} is in the cycler's file and in a log; the log fills only what is missing")
        table = table.with_columns(pl.Series(name, joined))
    _report_before(logs, warnings)
    return table.select([name for name in dict.fromkeys((*COLUMNS, *table.columns)) if name in table.columns])


def samples_outside(table: pl.DataFrame, logs: list[File]) -> dict[str, Samples]:
    """What the logs say, by column, before the first and after the last row of the table."""
    if not len(table):
        return {}
    times = table["test_time_second"].to_numpy()
    found = {}
    for name, (t, values) in _samples(logs).items():
        outside = (t < times[0]) | (t > times[-1])
        if outside.any():
            found[name] = t[outside], values[outside]
    return found


def _samples(logs: list[File]) -> dict[str, Samples]:
    """Every column that the logs may give and that holds a number."""
    names = dict.fromkeys(name for log in logs for name in log.record.table.columns)
    found = {name: _samples_of(logs, name) for name in names if _is_joined(name)}
    return {name: samples for name, samples in found.items() if len(samples[0])}


def _is_joined(name: str) -> bool:
    """Loads, pressures, temperatures and columns without a standard name; never counters and charges of a cycler."""
    return name not in COLUMNS or name in _LOAD or name in ("applied_pressure_pa", "ambient_temperature_celsius")


def _samples_of(logs: list[File], name: str) -> Samples:
    """The finite samples of one column in all logs that have it as numbers."""
    times, values = [np.zeros(0)], [np.zeros(0)]
    for log in logs:
        table = log.record.table
        if name in table.columns and table[name].dtype.is_numeric():
            x = table[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
            good = np.isfinite(x)
            times.append(table["test_time_second"].to_numpy()[good] + (log.offset or 0.0))
            values.append(x[good])
    t = np.concatenate(times)
    order = np.argsort(t, kind="stable")
    return t[order], np.concatenate(values)[order]


def _interpolated(at: np.ndarray, times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Linear in time between samples; NaN outside of them and across gaps of the log."""
    result = np.interp(at, times, values, left=np.nan, right=np.nan)
    for k in long_intervals(times):
        low, high = np.searchsorted(at, times[k], "right"), np.searchsorted(at, times[k + 1], "left")
        result[low:high] = np.nan
    return result


def _report_before(logs: list[File], warnings: list[str]) -> None:
    for log in logs:
        times = log.record.table["test_time_second"].to_numpy() + (log.offset or 0.0)
        before = int((times < 0.0).sum())
        if before:
            warnings.append(
                f"{log.name}: {before} samples lie before the cycler starts (up to {-times[0]:.6g} s) and are left out"
            )


def _plain(name: str) -> str:
    return name.removeprefix(OTHER)
