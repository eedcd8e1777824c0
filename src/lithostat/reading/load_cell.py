"""The load cell: its signal to newtons and pascals, by the calibration that the lab's note states."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from lithostat.experiment.cell_note import CellNote, LoadCell
from lithostat.experiment.errors import InputError, nearest
from lithostat.experiment.quantity import linear
from lithostat.experiment.record import COLUMNS, OTHER, Record
from lithostat.reading.joined_logs import Samples
from lithostat.reading.stitch import with_states

DAY = 86400.0  # s
STANDARD_GRAVITY = 9.80665  # m/s2; a log in kg means the force that this mass has
AUXILIARY = re.compile(r"(?i)^aux|^analog|^external|^ext[ _.]|load|force|press|strain")
INPUT_RANGE = 24.0  # V; analog inputs read 10 V, those of industry 24 V
PLAUSIBLE = 2e8  # Pa; presses of operating cells stay far below, dies for pellets reach 4e8
NOISE = 6.0  # standard deviations that a pressure may lie below zero
SHARE = 0.2  # by which measured and stated pressure may differ without a word

_TO_NEWTON = {"N": 1.0, "kN": 1e3, "MN": 1e6, "kg": STANDARD_GRAVITY, "kgf": STANDARD_GRAVITY, "lbf": 4.4482216152605}
_TO_VOLT = {"V": 1.0, "mV": 1e-3, "uV": 1e-6, "µV": 1e-6}
_TO_PASCAL = ("Pa", "hPa", "kPa", "MPa", "GPa", "bar", "mbar", "psi")
_AREA_MISSING = "'die_diameter' (or 'load_cell.area') in cell.yaml, the area that the force acts on"


@dataclass(frozen=True)
class _Signal:
    """A column as numbers in V, N or Pa (`unit`), at `times` of which the first `rows` are those of the table."""

    column: str
    unit: str
    times: np.ndarray
    values: np.ndarray
    rows: int

    @property
    def name(self) -> str:
        """What people know it by."""
        return self.column.removeprefix(OTHER)


def calibrate(record: Record, note: CellNote, *, outside: Mapping[str, Samples] | None = None) -> Record:
    """The record with `load_newton` and `measured_pressure_pa` from the load cell; call it on the stitched record.

    The signal is `note.load_cell.column` (with or without 'other:'), else `load_cell_volt`, else `load_newton`. In
    volts, F = sensitivity (U - zero); zero is that of the stretches of `tare` (median of each; two or more: a straight
    line between them, constant outside), else `note.load_cell.zero`, else 0 V with a warning. A column in N, kN, kg,
    MPa and the like, as the end of its name says, is used as it is; tare stretches then hold in its own unit. The
    pressure is F over `note.pressed_area`. What was used stands in `provenance['load_cell']`. `outside` are samples of
    logs before and after the rows of the record (see `stitch_with_outside`); a tare stretch may lie there.

    Without a load cell, a stated pressure fills `applied_pressure_pa`; a stated temperature fills
    `ambient_temperature_celsius` if there is no such column. Spectra then get their pressure and temperature.

    Raises `InputError` if a stated load cell has no area, no such column, no sensitivity for a signal in volts, or a
    tare stretch without samples.
    """
    warnings: list[str] = []
    table, about = record.table, None
    signal = _signal(record, note, outside or {})
    if signal is not None:
        table, about = _measured(table, signal, note, warnings)
    elif note.load_cell is not None and not _known(table, "measured_pressure_pa"):
        warnings.append("cell.yaml states a load cell, but no file has its signal")
    if signal is None and note.load_cell is None:
        warnings += _offered(table)
    table = _stated(table, note)
    if note.pressure is not None and "measured_pressure_pa" in table.columns:
        warnings += _against_stated(table["measured_pressure_pa"].to_numpy(), note.pressure)
    record = replace(
        record,
        table=table.select([name for name in dict.fromkeys((*COLUMNS, *table.columns)) if name in table.columns]),
        provenance=record.provenance | ({"load_cell": about} if about else {}),
        warnings=(*record.warnings, *warnings),
    )
    return with_states(record, note)


def _signal(record: Record, note: CellNote, outside: Mapping[str, Samples]) -> _Signal | None:
    """The column of the load cell, None if there is none that holds a number."""
    table = record.table
    wanted = note.load_cell.column if note.load_cell else None
    if wanted is not None:
        column = next((name for name in (wanted, OTHER + wanted) if name in table.columns), None)
        if column is None:
            known = [name.removeprefix(OTHER) for name in table.columns]
            problem = f"no file has the column '{wanted}'{nearest(wanted.removeprefix(OTHER), known)}"
            raise InputError(problem, place="load_cell.column", expected=f"one of {', '.join(known)}")
        if not table[column].dtype.is_numeric():
            raise InputError(f"the column '{wanted}' holds no numbers", place="load_cell.column")
        return _in_unit(table, column, outside, note)
    if "measured_pressure_pa" in table.columns and _known(table, "measured_pressure_pa"):
        return None  # a file that was calibrated already
    column = next((name for name in ("load_cell_volt", "load_newton") if _known(table, name)), None)
    return None if column is None else _in_unit(table, column, outside, note)


def _offered(table: pl.DataFrame) -> list[str]:
    """Auxiliary channels that may be the load cell, where nobody says which one is."""
    if _known(table, "measured_pressure_pa"):
        return []
    names = [
        name.removeprefix(OTHER)
        for name in table.columns
        if name.startswith(OTHER)
        and AUXILIARY.search(name.removeprefix(OTHER))
        and table[name].dtype.is_numeric()
        and _known(table, name)
    ]
    if not names:
        return []
    which = "', '".join(names)
    return [f"auxiliary channels without a meaning: '{which}'; if one is the load cell, state 'load_cell.column'"]


def _known(table: pl.DataFrame, name: str) -> bool:
    return name in table.columns and bool(np.isfinite(table[name].cast(pl.Float64).to_numpy()).any())


def _in_unit(table: pl.DataFrame, column: str, outside: Mapping[str, Samples], note: CellNote) -> _Signal:
    """The column in V, N or Pa: as stated, by its standard name, or by the unit at the end of its own; else in V."""
    more, beyond = outside.get(column, (np.zeros(0), np.zeros(0)))
    times = np.append(table["test_time_second"].to_numpy(), more)
    values = np.append(table[column].cast(pl.Float64).fill_null(float("nan")).to_numpy(), beyond)
    standard = {"load_newton": "N", "measured_pressure_pa": "Pa", "applied_pressure_pa": "Pa"}
    stated = note.load_cell.unit if note.load_cell is not None else None
    unit = stated or standard.get(column) or _unit_in(column)
    if unit in _TO_NEWTON:
        si, scale = "N", _TO_NEWTON[unit]
    elif unit in _TO_PASCAL:
        si, scale = "Pa", linear(unit, "Pa")[0]
    else:
        si, scale = "V", _TO_VOLT.get(unit, 1.0)
    return _Signal(column, si, times, values * scale, len(table))


def _unit_in(name: str) -> str:
    """The unit at the end of a name: 'Load (kN)', 'Force [N]', 'p / MPa', 'load_kg'; '' if there is none known."""
    match = re.search(r"[\s/_(\[]+([A-Za-zµ]+)[)\]\s]*$", name[-40:])
    unit = match[1] if match else ""
    return unit if unit in {*_TO_NEWTON, *_TO_VOLT, *_TO_PASCAL} else ""


def _measured(
    table: pl.DataFrame, signal: _Signal, note: CellNote, warnings: list[str]
) -> tuple[pl.DataFrame, dict[str, Any] | None]:
    """The table with force and pressure, and what was used for them."""
    cell, area = note.load_cell, note.pressed_area
    if signal.unit == "V" and cell is None:
        warnings.append(f"'{signal.name}' cannot become a pressure: state 'load_cell.sensitivity' in cell.yaml")
        return table, None
    if signal.unit == "V" and cell is not None and cell.sensitivity is None:
        raise InputError(
            f"'{signal.name}' is a signal in volts, and nothing says which force a volt is",
            place="load_cell",
            expected="'sensitivity' under 'load_cell' in cell.yaml, such as '1000 N/V'; a column in kN or MPa needs "
            "none, but its name must end with that unit, such as 'Load (kN)'",
        )
    if area is None and signal.unit != "Pa":
        if cell is not None:
            raise InputError("the load cell cannot become a pressure without an area", expected=_AREA_MISSING)
        warnings.append(f"'{signal.name}' cannot become a pressure without an area: state {_AREA_MISSING}")
        return table, None
    if signal.unit == "V" and (beyond := _beyond_input(signal)) is not None:
        warnings.append(
            f"'{signal.name}' reads {beyond:.4g} V, more than an analog input can: its numbers are no volts, and no "
            "pressure is taken from them; if they are newtons, state 'load_cell.unit: N' and leave out the sensitivity"
        )
        return table, None
    scale = cell.sensitivity if cell is not None and cell.sensitivity is not None and signal.unit == "V" else 1.0  # N/V
    per_pascal = scale / area if signal.unit != "Pa" and area is not None else 1.0
    zero, about = _zero(table["test_time_second"].to_numpy(), signal, cell, per_pascal, warnings)
    pressure = (signal.values[: signal.rows] - zero) * per_pascal
    columns = {"measured_pressure_pa": pressure}
    if area is not None:
        columns["load_newton"] = pressure * area
    if signal.column != "load_newton" and _known(table, "load_newton"):
        warnings.append(f"the load of the file is replaced by that of '{signal.name}'")
    warnings += _too_high(pressure)
    warnings += _below_zero(
        pressure, max((stretch["noise"] for stretch in about["tare"]), default=0.0) * abs(per_pascal)
    )
    about |= {"column": signal.name, "unit": signal.unit, "sensitivity_newton_per_volt": None, "area_m2": area}
    if signal.unit == "V":
        about["sensitivity_newton_per_volt"] = scale
    return table.with_columns(pl.Series(name, values) for name, values in columns.items()), about


def _beyond_input(signal: _Signal) -> float | None:
    """The usual reading where it lies beyond the range of any analog input [V], else None."""
    good = signal.values[np.isfinite(signal.values)]
    usual = float(np.median(np.abs(good))) if len(good) else 0.0
    return usual if usual > INPUT_RANGE else None


def _zero(
    times: np.ndarray, signal: _Signal, cell: LoadCell | None, per_pascal: float, warnings: list[str]
) -> tuple[np.ndarray | float, dict[str, Any]]:
    """The signal without load at every time, in the signal's unit, and where it came from."""
    tare = _tare(signal, cell) if cell is not None and cell.tare else []
    unit = signal.unit
    about: dict[str, Any] = {"tare": [{"time_second": t, "zero": u, "noise": noise} for t, u, noise in tare]}
    unused = [] if cell is None or unit == "V" else [n for n in ("sensitivity", "zero") if getattr(cell, n) is not None]
    if unused:
        warnings.append(f"'{signal.name}' is in {unit} and is used without {' and '.join(unused)} of cell.yaml")
    if tare:
        at, zeros = np.array([t for t, _, _ in tare]), np.array([u for _, u, _ in tare])
        if cell is not None and cell.zero is not None and unit == "V":
            warnings.append(f"the zero of the load cell is {cell.zero:.6g} V as stated and {zeros[0]:.6g} V as tared")
        if len(tare) > 1:
            drift = float((zeros[-1] - zeros[0]) / (at[-1] - at[0])) * DAY
            about |= {"drift_per_day": drift, "drift_pa_per_day": drift * per_pascal}
            warnings.append(
                f"the zero of the load cell drifts by {drift:.4g} {unit} per day ({drift * per_pascal / 1e6:.4g} MPa "
                "per day); it is taken out along a straight line between the tare stretches"
            )
        return np.interp(times, at, zeros), about
    if unit != "V":
        return 0.0, about
    if cell is None or cell.zero is None:
        warnings.append(
            "the zero of the load cell is taken as 0 V, so the pressure is not tared: state 'load_cell.zero' or "
            "'load_cell.tare' in cell.yaml"
        )
        return 0.0, about | {"zero": 0.0}
    return cell.zero, about | {"zero": cell.zero}


def _tare(signal: _Signal, cell: LoadCell) -> list[tuple[float, float, float]]:
    """Time [s], median and standard deviation of the signal in every tare stretch, in the order of time."""
    found = []
    for k, span in enumerate(cell.tare):
        inside = (signal.times >= span.start) & (signal.times <= span.end) & np.isfinite(signal.values)
        if not inside.any():
            raise InputError(
                f"there is no sample of the load cell from {span.start:.6g} s to {span.end:.6g} s",
                place=f"load_cell.tare[{k + 1}]",
                expected="a stretch without load, in time since the cycler started (before it: '-5 min')",
            )
        values = signal.values[inside]
        found.append((float(np.median(signal.times[inside])), float(np.median(values)), float(np.std(values))))
    found.sort()
    if len({t for t, _, _ in found}) < len(found):
        raise InputError("two tare stretches are the same", place="load_cell.tare")
    return found


def _too_high(pressure: np.ndarray) -> list[str]:
    good = pressure[np.isfinite(pressure)]
    usual = float(np.median(good)) if len(good) else 0.0
    if usual <= PLAUSIBLE:
        return []
    return [
        f"the measured stack pressure is {usual / 1e6:.4g} MPa (median), more than cells are operated at: are the "
        "sensitivity, the unit of the signal and the area right?"
    ]


def _below_zero(pressure: np.ndarray, tared: float) -> list[str]:
    """A pressure below zero by more than its noise (or that while taring, `tared` [Pa]) has a wrong sign or zero."""
    good = pressure[np.isfinite(pressure)]
    low = good < -NOISE * max(_noise(good), tared) - 1e-9 * np.max(np.abs(good), initial=0.0)
    if not low.any():
        return []
    return [
        f"the measured pressure is below zero in {int(low.sum())} rows (down to {good.min() / 1e6:.4g} MPa), beyond "
        "its noise: the sign of the sensitivity or the zero of the load cell is wrong"
    ]


def _noise(values: np.ndarray) -> float:
    """Standard deviation of the noise from differences of neighbours; of a signal in steps, the usual step."""
    steps = np.abs(np.diff(values))
    typical = float(np.median(steps)) if len(steps) else 0.0
    if typical == 0.0:
        moving = steps[steps > 0.0]
        return float(np.median(moving)) / NOISE if len(moving) else 0.0
    return typical / (0.67448975 * np.sqrt(2.0))


def _against_stated(pressure: np.ndarray, stated: float) -> list[str]:
    good = pressure[np.isfinite(pressure)]
    if not len(good) or abs(float(np.median(good)) - stated) <= SHARE * stated:
        return []
    return [
        f"cell.yaml states {stated / 1e6:.4g} MPa, but the load cell shows {np.median(good) / 1e6:.4g} MPa (median)"
    ]


def _stated(table: pl.DataFrame, note: CellNote) -> pl.DataFrame:
    """Stated pressure and temperature as constant columns, where nothing was measured."""
    constants = {}
    measured = any(_known(table, name) for name in ("measured_pressure_pa", "applied_pressure_pa"))
    if note.pressure is not None and not measured:
        constants["applied_pressure_pa"] = note.pressure
    if note.temperature is not None and not _known(table, "ambient_temperature_celsius"):
        constants["ambient_temperature_celsius"] = note.temperature - 273.15
    return table.with_columns(pl.Series(name, np.full(len(table), value)) for name, value in constants.items())
