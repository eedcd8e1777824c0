"""What a cell went through, condensed to a few trains of like cycles: all that its time to short depends on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from lithostat.calibration.pressures import held, mean_of_curve, pressure_of
from lithostat.calibration.stretches import Rows, stretches
from lithostat.calibration.trains import Trains, condensed, going_on, trains
from lithostat.experiment.cell import Cell
from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.errors import InputError
from lithostat.experiment.protocol import Protocol
from lithostat.experiment.record import Record
from lithostat.model.segments import ENDLESS
from lithostat.model.sides import BOTH, sides_of
from lithostat.simulation.schedule import schedule

MOST = 24  # segments that a protocol or a record is condensed to
ROOM = 298.15  # temperature where nobody stated one [K]
HALF_CYCLE = 3600.0  # where nobody stated one [s]
PRESSED = (25e6, 60.0)  # on which lithium is pressed where nobody stated it [Pa], [s]
_COLUMNS = ("pressures", "temperatures", "attached", "plating", "turns", "periods", "second")


@dataclass(frozen=True)
class Exposure:
    """Segments of constant pressure, each with a train of like cycles, SI; the last one goes on for ever.

    `durations` (s,) [s], the last infinite; `pressures` (s,) of the stack [Pa], compression positive; `temperatures`
    (s,) [K]; `attached` (s,) pressure from all sides, which loads no flaw [Pa]. In a segment interface 1 and 2 plate at
    `plating` (s, 2) [A/m2] for `turns` (s, 2) [s] once a period (`periods` (s,) [s]), and strip while the other plates;
    `second` (s,) is 1 where interface 2 begins. A lone half-cycle is a period of its own. `began` is when current first
    flows (infinite without current) and `length` how long the protocol or record lasts [s], both since the start.
    `filaments` and `limits` say at which interfaces filaments start and voids count. `warnings`: what was left out.
    """

    durations: np.ndarray
    pressures: np.ndarray
    temperatures: np.ndarray
    attached: np.ndarray
    plating: np.ndarray
    turns: np.ndarray
    periods: np.ndarray
    second: np.ndarray
    began: float
    length: float
    filaments: tuple[bool, bool] = (True, True)
    limits: tuple[bool, bool] = (True, True)
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no history of a cell."""
        count = len(self.durations)
        along = [np.shape(getattr(self, name)) for name in _COLUMNS]
        wide = [(count, 2) if name in ("plating", "turns") else (count,) for name in _COLUMNS]
        if count < 1 or along != wide:
            raise InputError(f"received {count} durations and columns of shape {along}", expected="one value a segment")
        columns = [self.durations[:-1], *(getattr(self, name) for name in _COLUMNS)]
        if not all(np.all(np.isfinite(column)) and np.all(np.asarray(column) >= 0.0) for column in columns):
            raise InputError("an exposure holds a negative or unknown number", expected="durations, pressures in Pa")
        if not np.all(self.periods >= self.turns.sum(1) * (1.0 - 1e-9)) or not np.all(self.periods > 0.0):
            raise InputError("the half-cycles of an exposure take longer than its cycles", expected="periods above 0")

    @property
    def stripping(self) -> np.ndarray:
        """Largest current density of each segment, plating at one interface and stripping at the other (s,) [A/m2]."""
        return np.asarray(np.where(self.turns > 0.0, self.plating, 0.0).max(axis=1))

    @property
    def cycled(self) -> bool:
        """Whether a current ever flows."""
        return math.isfinite(self.began)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that `Exposure.from_dict` takes back."""
        return {name: np.asarray(getattr(self, name)).tolist() for name in _COLUMNS} | {
            "durations": np.asarray(self.durations)[:-1].tolist(),
            "began": None if math.isinf(self.began) else self.began,
            "length": None if math.isinf(self.length) else self.length,
            "filaments": list(self.filaments),
            "limits": list(self.limits),
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Exposure:
        """Inverse of `as_dict`."""
        columns = {name: np.asarray(data[name], float) for name in _COLUMNS}
        columns |= {name: columns[name].reshape(-1, 2) for name in ("plating", "turns")}
        began, length = (math.inf if data[name] is None else float(data[name]) for name in ("began", "length"))
        first, second = data["filaments"]
        one, other = data["limits"]
        return cls(
            durations=np.append(np.asarray(data["durations"], float), math.inf),
            **columns,
            began=began,
            length=length,
            filaments=(bool(first), bool(second)),
            limits=(bool(one), bool(other)),
            warnings=tuple(data["warnings"]),
        )


def exposure_of_rows(
    rows: Rows,
    *,
    most: int = MOST,
    measured: bool = False,
    sides: Any = BOTH,
    warnings: tuple[str, ...] = (),
    tail: float = 0.0,
) -> Exposure:
    """Rows of constant drive as an exposure; of a `measured` record as far as its noise lets, with a `tail` (share)."""
    flowing = np.abs(rows.currents) > 0.0
    starts = np.cumsum(rows.durations) - rows.durations
    began = float(starts[np.argmax(flowing)]) if np.any(flowing) else math.inf
    found = going_on(trains(stretches(rows, measured=measured), measured=measured), tail)
    return _exposure(
        condensed(found, most),
        began=began,
        length=float(rows.durations.sum()),
        filaments=(bool(sides.filaments[0]), bool(sides.filaments[1])),
        limits=(bool(sides.limits[0]), bool(sides.limits[1])),
        warnings=warnings,
    )


def _exposure(made: Trains, **said: Any) -> Exposure:
    cycles = made.cycles()
    turns, periods = made.plated / cycles[:, None], made.durations / cycles
    if made.counts[-1].sum() <= 1.0:  # a lone half-cycle that goes on, or a rest
        turns[-1], periods[-1] = np.where(made.counts[-1] > 0.0, ENDLESS, 0.0), ENDLESS
    return Exposure(
        durations=np.append(made.durations[:-1], math.inf),
        pressures=made.pressures,
        temperatures=made.temperatures,
        attached=made.attached,
        plating=made.charges / np.maximum(made.plated, 1e-300),
        turns=turns,
        periods=np.maximum(periods, turns.sum(1)),
        second=made.second,
        **said,
    )


def steady(
    pressure: float,
    current: float,
    *,
    half_cycle: float = HALF_CYCLE,
    temperature: float = ROOM,
    fabrication: tuple[float, float] | None = PRESSED,
    settle: float = 600.0,
    alternating: bool = True,
    full: bool = False,
) -> Exposure:
    """Lithium pressed on at `fabrication` (pressure [Pa], time [s]), `settle` [s] at `pressure` [Pa], then current.

    `current` [A/m2] alternates between plating and stripping of a `half_cycle` [s], or plates interface 1 for ever. A
    `pressure` above the fabrication pressure is set at once. 0 A/m2 is a hold. In a `full` cell only interface 1 is
    lithium, and it plates first.
    """
    before = [] if fabrication is None or pressure > fabrication[0] else [fabrication]
    times = [time for _, time in before] + [settle, math.inf]
    count = len(times)
    plating, turns = np.zeros((count, 2)), np.zeros((count, 2))
    periods = np.array([*times[:-1], ENDLESS], float)
    if current:
        plating[-1] = current, current if alternating else 0.0
        turns[-1] = (half_cycle, half_cycle) if alternating else (ENDLESS, 0.0)
        periods[-1] = 2.0 * half_cycle if alternating else ENDLESS
    began = sum(times[:-1])
    return Exposure(
        durations=np.array(times),
        pressures=np.array([level for level, _ in before] + [pressure, pressure], float),
        temperatures=np.full(count, temperature),
        attached=np.zeros(count),
        plating=plating,
        turns=turns,
        periods=np.maximum(periods, 1e-9),
        second=np.zeros(count),
        began=began if current else math.inf,
        length=math.inf,
        filaments=(True, not full),
        limits=(True, not full),
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
    pressure = held(np.asarray(table.set_pressure[:count], float))
    times, pressures = cell.fixture.times, cell.fixture.pressures
    if times is not None and pressures is not None:
        ends = np.cumsum(durations)
        pressure = mean_of_curve(np.asarray(times), np.asarray(pressures), ends - durations, ends)
    limits = (table.voltage_limit, table.pressure_high, -np.asarray(table.pressure_low))
    limited = any(np.any(np.isfinite(np.asarray(limit[:count], float))) for limit in limits)
    said: tuple[str, ...] = ("limits on voltage or pressure are not followed; every step takes its whole time",)
    said = said if limited else ()
    rows = Rows(durations, pressure, temperature, np.asarray(table.attach_pressure[:count], float), current)
    return exposure_of_rows(rows, most=most, sides=sides_of(cell), warnings=said)


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
    pressure = pressure_of(record, note, warnings)
    temperature = _temperature_of(record, note, warnings)
    current = np.nan_to_num(np.asarray(record.column("current_ampere"), float)) / area
    durations = np.clip(np.minimum(times[1:], end) - times[:-1], 0.0, None)
    kept = durations > 0.0
    if not np.any(kept):
        raise InputError("the record has no duration before its outcome", expected="at least two rows")
    pressure, temperature = (0.5 * (column[1:] + column[:-1])[kept] for column in (pressure, temperature))
    rows = Rows(durations[kept], pressure, temperature, np.zeros(int(kept.sum())), _flowing(current)[kept])
    return exposure_of_rows(rows, most=most, measured=True, warnings=tuple(warnings), tail=0.1)


def _flowing(current: np.ndarray) -> np.ndarray:
    """Current between neighbouring samples: their mean, that of one of them where it turns or stops in between."""
    before, after = current[:-1], current[1:]
    together = np.sign(before) == np.sign(after)
    return np.asarray(np.where(together, 0.5 * (before + after), after))


def _area_of(record: Record) -> float | None:
    """Electrode area that a simulated record carries [m2]."""
    area = record.provenance.get("parameters", {}).get("area")
    return None if area is None else float(area)


def _temperature_of(record: Record, note: CellNote, warnings: list[str]) -> np.ndarray:
    if "ambient_temperature_celsius" in record.table.columns:
        values = np.asarray(record.column("ambient_temperature_celsius"), float)
        if np.any(np.isfinite(values)):
            return np.where(np.isfinite(values), values, np.nanmedian(values)) + 273.15
    if note.temperature is None:
        warnings.append("nobody stated a temperature; 25 degC is assumed")
    return np.full(len(record.table), note.temperature or ROOM)
