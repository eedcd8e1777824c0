"""The stack pressure that a cell felt: from steps, from a measured curve, from a record."""

from __future__ import annotations

import numpy as np

from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.errors import InputError
from lithostat.experiment.record import Record


def held(pressure: np.ndarray) -> np.ndarray:
    """Set pressures with every gap (NaN) filled by the one before it; no pressure before the first."""
    known = np.maximum.accumulate(np.where(np.isnan(pressure), -1, np.arange(len(pressure))))
    return np.where(known >= 0, pressure[known], 0.0)


def mean_of_curve(times: np.ndarray, values: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Mean of straight lines between points over each [start, end]; constant beyond the last point."""
    last = max(float(ends[-1]), float(times[-1])) + 1.0
    times, values = np.append(times, last), np.append(values, values[-1])
    area = np.concatenate([[0.0], np.cumsum(0.5 * (values[1:] + values[:-1]) * np.diff(times))])

    def integral(t: np.ndarray) -> np.ndarray:
        k = np.clip(np.searchsorted(times, t, side="right") - 1, 0, len(times) - 2)
        value = np.interp(t, times, values)
        return area[k] + 0.5 * (values[k] + value) * (t - times[k])

    width = np.where(ends > starts, ends - starts, 1.0)
    return np.where(ends > starts, (integral(ends) - integral(starts)) / width, np.interp(starts, times, values))


def pressure_of(record: Record, note: CellNote, warnings: list[str]) -> np.ndarray:
    """Pressure of every row [Pa]: measured, else applied, else as the note states it; doubts go to `warnings`."""
    for name in ("measured_pressure_pa", "applied_pressure_pa"):
        if name in record.table.columns:
            values = np.asarray(record.column(name), float)
            known = np.isfinite(values)
            if np.any(known):
                if not np.all(known):
                    warnings.append(f"{name} is unknown in {np.mean(~known):.0%} of the rows; its neighbours stand in")
                return np.maximum(np.interp(np.arange(len(values)), np.flatnonzero(known), values[known]), 0.0)
    if note.pressure is None:
        raise InputError("nobody knows the stack pressure", place="pressure", expected="'pressure' in the note")
    warnings.append("the pressure is the one that the note states, constant")
    return np.full(len(record.table), note.pressure)
