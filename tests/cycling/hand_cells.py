"""Records built by hand, without the simulator: what happened is written down, so the call can be held against it."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from lithostat.experiment.cell_note import note_from
from lithostat.experiment.finding import Outcome
from lithostat.experiment.record import Record
from lithostat.experiment.spectrum import Spectrum

HOUR = 3600.0
CURRENT = 1e-4  # A
OHM = 70.0  # of the intact cell
BARE = note_from({"kind": "symmetric"})
PELLET = note_from({"kind": "symmetric", "area": "1 cm2", "electrolyte_thickness": "1 mm", "electrolyte": "Li6PS5Cl"})
NAMES = {"pressure": "measured_pressure_pa", "temperature": "ambient_temperature_celsius"}


def record(
    time: Any, voltage: Any, current: Any, *, spectra: tuple[Spectrum, ...] = (), **columns: np.ndarray
) -> Record:
    table = {"test_time_second": time, "voltage_volt": voltage, "current_ampere": current}
    more = {NAMES[name]: values for name, values in columns.items()}
    return Record(
        pl.DataFrame({name: np.asarray(values, float) for name, values in (table | more).items()}), spectra=spectra
    )


def clock(hours: float = 100.0, half: float = 1.0, interval: float = 60.0) -> tuple[np.ndarray, np.ndarray]:
    """(time [s], direction of the current) of half-cycles of equal length [h]."""
    time = np.arange(0.0, hours * HOUR, interval)
    return time, np.where((time // (half * HOUR)).astype(int) % 2 == 0, 1.0, -1.0)


def symmetric(
    ohm: Any = OHM,
    *,
    hours: float = 100.0,
    half: float = 1.0,
    interval: float = 60.0,
    noise: float = 2e-5,
    offset: float = 0.0,
    seed: int = 1,
    watched: bool = False,
    spectra: tuple[Spectrum, ...] = (),
    **columns: Any,
) -> Record:
    """A symmetric cell of the resistance `ohm`, a number or a function of (time, direction).

    `watched` adds the columns of pressure and temperature of a quiet laboratory.
    """
    time, sign = clock(hours, half, interval)
    draw = np.random.default_rng(seed)
    value = ohm(time, sign) if callable(ohm) else ohm
    voltage = value * CURRENT * sign + offset + noise * draw.standard_normal(len(time))
    if watched:
        columns["pressure"] = 5e6 + 2e4 * draw.standard_normal(len(time))
        columns["temperature"] = 25.0 + 0.1 * draw.standard_normal(len(time))
    columns = {name: made(time) if callable(made) else made for name, made in columns.items()}
    return record(time, voltage, CURRENT * sign, spectra=spectra, **columns)


def spectrum(time: float | None = 0.0, *, short: float | None = None) -> Spectrum:
    """50 ohm of pellet and 20 ohm of interfaces, with a short beside them [ohm]."""
    frequency = np.geomspace(1e6, 0.1, 43)
    impedance = 50.0 + 20.0 / (1.0 + 2j * np.pi * frequency * 20.0 * 1e-6)
    if short is not None:
        impedance = 1.0 / (1.0 / impedance + 1.0 / short)
    return Spectrum(frequency, impedance, time=time)


def holds(outcome: Outcome, hours: float) -> bool:
    """True if the interval of the outcome holds this time, to a part in 10^9."""
    assert outcome.interval is not None
    low, high = outcome.interval
    return low - 1e-6 <= hours * HOUR <= high + 1e-6


CAPACITY = 7.2  # C, 2 mAh


def full_cell(
    cycles: int = 8,
    *,
    hours: float = 10.0,
    interval: float = 60.0,
    efficiency: Any = lambda cycle: 1.0,
    leak: Any = lambda time: 0.0,
    constant_voltage: bool = False,
    overshoot: float = 0.0,
    stairs: tuple[float, float] = (1.0, 1.0),
    noise: float = 2e-4,
    top: float = 4.3,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(time, voltage, current) of a full cell charged in `hours`; `leak` [A] passes beside the cell at `time` [s]."""
    rate = CAPACITY / (hours * HOUR)
    ohm, at, charge = 100.0, 0.0, 0.0
    rows: list[tuple[float, float, float]] = []
    for cycle in range(cycles):
        for sign in (1.0, -1.0):
            taken, current = 0.0, rate
            for _ in range(20_000):
                if sign > 0.0 and current <= rate:
                    current = min(current, rate * stairs[int(charge > 0.5)]) if not constant_voltage else current
                lost = leak(at)
                rest = 3.5 + 0.7 * charge + 0.1 * np.tanh(20.0 * (charge - 0.02))
                voltage = rest + (sign * current - lost) * ohm
                if sign > 0.0:
                    voltage += overshoot * np.exp(-taken / (0.01 * CAPACITY))
                if sign > 0.0 and voltage >= top and taken > 0.2 * CAPACITY:
                    if not constant_voltage:
                        break
                    current, voltage = (top - rest) / ohm, top
                    if current < rate / 20.0:
                        break
                if sign < 0.0 and voltage <= 3.5:
                    break
                rows.append((at, voltage, sign * current))
                kept = efficiency(cycle) if sign > 0.0 else 1.0
                charge += (sign * current * kept - lost) * interval / CAPACITY
                taken += current * interval
                at += interval
    time, voltage, current = np.array(rows).T
    return time, voltage + noise * np.random.default_rng(0).standard_normal(len(time)), current
