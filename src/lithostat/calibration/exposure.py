"""What a cell went through, condensed to a few stretches of constant drive: all that its time to short depends on."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lithostat.calibration.condense import Rows, condense
from lithostat.experiment.cell import Cell
from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.errors import InputError
from lithostat.experiment.protocol import Protocol
from lithostat.experiment.record import Record
from lithostat.simulation.schedule import schedule

MOST = 24  # segments that a protocol or a record is condensed to
ROOM = 298.15  # temperature where nobody stated one [K]


@dataclass(frozen=True)
class Exposure:
    """Segments of constant drive, SI; the last one goes on for ever.

    `durations` (s,) [s], the last infinite; `pressures` (s,) [Pa], compression positive; `temperatures` (s,) [K];
    `plating` (s, 2) [A/m2] >= 0, the plating current density of each interface averaged over the segment, so that an
    hour of plating and an hour of stripping at j are j/2 at both; `stripping` (s,) [A/m2], the largest stripping
    current density of either interface. `began` is when current first flows (infinite without current) and `length`
    how long the protocol or record lasts [s], both since the start. `warnings` says what was left out.
    """

    durations: np.ndarray
    pressures: np.ndarray
    temperatures: np.ndarray
    plating: np.ndarray
    stripping: np.ndarray
    began: float
    length: float
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no history of a cell."""
        count = len(self.durations)
        shapes = [np.shape(column) for column in (self.pressures, self.temperatures, self.stripping)]
        if count < 1 or shapes != [(count,)] * 3 or np.shape(self.plating) != (count, 2):
            raise InputError(
                f"received {count} durations and columns of shape {shapes}", expected="one value a segment"
            )
        columns = (self.durations[:-1], self.pressures, self.temperatures, self.plating, self.stripping)
        if not all(np.all(np.isfinite(column)) and np.all(np.asarray(column) >= 0.0) for column in columns):
            raise InputError("an exposure holds a negative or unknown number", expected="durations, pressures in Pa")

    def as_dict(self) -> dict[str, Any]:
        """Plain data that `Exposure.from_dict` takes back."""
        columns = ("pressures", "temperatures", "plating", "stripping")
        return {name: np.asarray(getattr(self, name)).tolist() for name in columns} | {
            "durations": np.asarray(self.durations)[:-1].tolist(),
            "began": None if math.isinf(self.began) else self.began,
            "length": None if math.isinf(self.length) else self.length,
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Exposure:
        """Inverse of `as_dict`."""

        def column(name: str) -> np.ndarray:
            return np.asarray(data[name], float)

        began, length = (math.inf if data[name] is None else float(data[name]) for name in ("began", "length"))
        return cls(
            np.append(column("durations"), math.inf),
            column("pressures"),
            column("temperatures"),
            column("plating").reshape(-1, 2),
            column("stripping"),
            began,
            length,
            tuple(data["warnings"]),
        )


def steady(
    pressure: float,
    current: float,
    *,
    temperature: float = ROOM,
    fabrication: tuple[float, float] | None = (25e6, 60.0),
    settle: float = 600.0,
    alternating: bool = True,
) -> Exposure:
    """Lithium pressed on at `fabrication` (pressure [Pa], time [s]), `settle` [s] at `pressure` [Pa], then current.

    `current` [A/m2] alternates between plating and stripping, in equal times whatever their length, or plates
    interface 1 for ever. A `pressure` above the fabrication pressure is set at once. 0 A/m2 is a hold.
    """
    before = [] if fabrication is None or pressure > fabrication[0] else [fabrication]
    durations = [time for _, time in before] + [settle, math.inf]
    pressures = [level for level, _ in before] + [pressure, pressure]
    count = len(durations)
    plating, stripping = np.zeros((count, 2)), np.zeros(count)
    plating[-1] = (0.5 * current, 0.5 * current) if alternating else (current, 0.0)
    stripping[-1] = current
    began = sum(durations[:-1])
    return Exposure(
        np.array(durations),
        np.array(pressures, float),
        np.full(count, temperature),
        plating,
        stripping,
        began if current else math.inf,
        math.inf,
    )


def exposure_of_protocol(cell: Cell, protocol: Protocol, *, most: int = MOST) -> Exposure:
    """What `protocol` does to `cell`, in at most `most` segments.

    The pressure is that of the protocol or of the measured fixture. In a fixed gap it follows the stack, which only a
    simulation or a measurement knows: that raises `InputError`. Limits on voltage and pressure are not followed, which
    is a warning.
    """
    if cell.fixture.kind == "fixed gap":
        raise InputError(
            "the pressure in a fixed gap is not known beforehand",
            place="cell.fixture",
            expected="an exposure made from the simulated or measured record",
        )
    timetable = schedule(cell, protocol)
    count = len(timetable.rows)
    table = timetable.plan.table
    durations, current, temperature = (
        np.asarray(column[:count], float) for column in (table.duration, table.current, table.temperature)
    )
    pressure = _held(np.asarray(table.set_pressure[:count], float))
    times, pressures = cell.fixture.times, cell.fixture.pressures
    if times is not None and pressures is not None:
        ends = np.cumsum(durations)
        pressure = _mean_of_curve(np.asarray(times), np.asarray(pressures), ends - durations, ends)
    limits = (table.voltage_limit, table.pressure_high, -np.asarray(table.pressure_low))
    limited = any(np.any(np.isfinite(np.asarray(limit[:count], float))) for limit in limits)
    said: tuple[str, ...] = ("limits on voltage or pressure are not followed; every step takes its whole time",)
    said = said if limited else ()
    if np.any(np.asarray(table.attach_pressure[:count]) > 0.0):
        said += ("isostatic attachment is left out: what it does for the contact is not followed",)
    made = _exposure(durations, pressure, temperature, current, most, said)
    return made if cell.counter != "inert" else replace(made, plating=made.plating * [1.0, 0.0])


def exposure_of_record(record: Record, note: CellNote | None = None, *, most: int = MOST) -> Exposure:
    """What the cell of a simulated or measured record went through until its outcome or the end of the record.

    The area comes from `note` or from the record's own cell, the pressure from the measured column, else from the
    applied one, else from the note; without an area or a pressure `InputError` says so. The temperature is 25 degC
    where neither record nor note has one, with a warning.
    """
    note = note or CellNote()
    area = note.electrode_area or _area_of(record)
    if area is None:
        raise InputError("nobody stated the electrode area", place="area", expected="'area' in the note of the cell")
    times = np.asarray(record.column("test_time_second"), float)
    end = record.outcome.time if record.outcome is not None and record.outcome.shorted else math.inf
    warnings: list[str] = []
    pressure = _pressure_of(record, note, warnings)
    temperature = _temperature_of(record, note, warnings)
    current = np.nan_to_num(np.asarray(record.column("current_ampere"), float)) / area
    durations = np.clip(np.minimum(times[1:], end) - times[:-1], 0.0, None)
    kept = durations > 0.0
    if not np.any(kept):
        raise InputError("the record has no duration before its outcome", expected="at least two rows")
    pressure, temperature, current = (
        0.5 * (column[1:] + column[:-1])[kept] for column in (pressure, temperature, current)
    )
    return _exposure(durations[kept], pressure, temperature, current, most, tuple(warnings), tail=0.1)


def _exposure(
    durations: np.ndarray,
    pressure: np.ndarray,
    temperature: np.ndarray,
    current: np.ndarray,
    most: int,
    warnings: tuple[str, ...],
    tail: float = 0.0,
) -> Exposure:
    flowing = np.abs(current) > 0.0
    starts = np.cumsum(durations) - durations
    plating = np.stack([np.maximum(current, 0.0), np.maximum(-current, 0.0)], axis=1)
    rows = condense(Rows(durations, pressure, temperature, plating, np.abs(current)), most, tail=tail)
    began = float(starts[np.argmax(flowing)]) if np.any(flowing) else math.inf
    return Exposure(*rows, began=began, length=float(durations.sum()), warnings=warnings)


def _held(pressure: np.ndarray) -> np.ndarray:
    """Set pressures with every gap (NaN) filled by the one before it; no pressure before the first."""
    known = np.maximum.accumulate(np.where(np.isnan(pressure), -1, np.arange(len(pressure))))
    return np.where(known >= 0, pressure[known], 0.0)


def _mean_of_curve(times: np.ndarray, values: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
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


def _area_of(record: Record) -> float | None:
    """Electrode area that a simulated record carries [m2]."""
    area = record.provenance.get("parameters", {}).get("area")
    return None if area is None else float(area)


def _pressure_of(record: Record, note: CellNote, warnings: list[str]) -> np.ndarray:
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


def _temperature_of(record: Record, note: CellNote, warnings: list[str]) -> np.ndarray:
    if "ambient_temperature_celsius" in record.table.columns:
        values = np.asarray(record.column("ambient_temperature_celsius"), float)
        if np.any(np.isfinite(values)):
            return np.where(np.isfinite(values), values, np.nanmedian(values)) + 273.15
    if note.temperature is None:
        warnings.append("nobody stated a temperature; 25 degC is assumed")
    return np.full(len(record.table), note.temperature or ROOM)
