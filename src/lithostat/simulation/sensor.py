"""What a lab's instruments would have written of a simulated cell: samples, errors, habits, and what is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import polars as pl

from lithostat.experiment.errors import InputError
from lithostat.experiment.record import Record
from lithostat.experiment.spectrum import Spectrum
from lithostat.physics.constants import arrhenius
from lithostat.simulation.instrument import Instrument
from lithostat.simulation.sampling import Samples, Switches, sample, switches

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
WEATHER_ENERGY = 38e3  # J/mol, 0.39 eV, with which the voltage follows the weather
DAY = 86400.0  # s
AVERAGED = 8  # points of the voltage that make a mean

__all__ = ["EPOCH", "Instrument", "sense"]


def sense(record: Record, instrument: Instrument | None = None, *, seed: int) -> Record:
    """The record as `instrument` would have written it; what a lab cannot see (filaments, outcome) is left out.

    The same seed gives the same noise. The noise is white and Gaussian; values between saved points are interpolated
    within a step. Raises `InputError` for a record without rows.
    """
    tool = instrument or Instrument()
    time = record.column("test_time_second")
    if not len(time) or tool.interval <= 0.0:
        raise InputError("there is nothing to sense", expected="a record with rows, and an interval above 0 s")
    draw = np.random.default_rng(seed)
    true = record.column("voltage_volt")
    edge = switches(time, record.column("step_count"), true)
    taken = sample(time, true, edge, tool, draw)

    def seen(name: str, noise: float) -> np.ndarray:
        return _between(record.column(name), taken) + noise * draw.standard_normal(len(taken.at))

    swing = tool.weather * np.sin(2.0 * np.pi * (taken.at / DAY + draw.random())) if tool.weather else 0.0 * taken.at
    celsius = seen("ambient_temperature_celsius", tool.temperature_noise) + swing
    passed = np.concatenate([[0.0], np.cumsum(np.diff(time) * record.column("current_ampere")[1:])])
    columns = {
        "test_time_second": taken.at,
        "unix_time_second": taken.at + EPOCH.timestamp(),
        "voltage_volt": _voltage(record, taken, edge, tool, swing, draw),
        "current_ampere": _current(record, taken, tool, draw),
        **_steps(record, taken, tool),
        "ambient_temperature_celsius": celsius,
        "applied_pressure_pa": seen("applied_pressure_pa", 0.0),
        "measured_pressure_pa": seen("measured_pressure_pa", tool.pressure_noise)
        + tool.breathing * _between(passed, taken),
    }
    made = {"made_by": "sensor", "seed": seed, "instrument": vars(tool), "of": record.provenance.get("made_by")}
    return Record(
        table=pl.DataFrame({name: values for name, values in columns.items() if name not in tool.unmeasured}),
        spectra=tuple(_noisy(spectrum, tool.impedance_noise, draw) for spectrum in record.spectra),
        provenance=made,
        start=EPOCH,
    )


def _between(values: np.ndarray, taken: Samples) -> np.ndarray:
    """Values of saved points at the samples, on straight lines within a step."""
    after = values[np.minimum(taken.row + 1, len(values) - 1)]
    return np.asarray(values[taken.row] + taken.share * (after - values[taken.row]))


def _voltage(
    record: Record, taken: Samples, edge: Switches, tool: Instrument, swing: np.ndarray, draw: np.random.Generator
) -> np.ndarray:
    """What the instrument says of the voltage [V]."""
    true, time = record.column("voltage_volt"), record.column("test_time_second")
    number, since = edge.since(taken)
    voltage = _between(true, taken)
    if tool.averaged:
        voltage = _mean_since_last(time, true, taken, number)
    if tool.polarisation > 0.0 and len(edge.row):
        jump = np.where(number >= 0, (edge.before - edge.behind)[np.maximum(number, 0)], 0.0)
        voltage = voltage + tool.polarised * jump * np.exp(-since / tool.polarisation)
    before = true[np.maximum(taken.row - 1, 0)]
    voltage = np.where(taken.partly > 0.0, taken.partly * before + (1.0 - taken.partly) * voltage, voltage)
    kelvin = _between(record.column("ambient_temperature_celsius"), taken) + 273.15
    voltage = voltage / arrhenius(kelvin + swing, activation_energy=WEATHER_ENERGY, reference_temperature=kelvin)
    voltage = voltage + tool.voltage_offset + tool.voltage_noise * draw.standard_normal(len(voltage))
    return np.asarray(np.round(voltage / tool.voltage_resolution) * tool.voltage_resolution)


def _mean_since_last(time: np.ndarray, true: np.ndarray, taken: Samples, number: np.ndarray) -> np.ndarray:
    """Mean of the voltage since the sample before, of those within one step [V]."""
    same = np.concatenate([[False], number[1:] == number[:-1]])
    width = np.where(same, np.diff(taken.at, prepend=taken.at[0]), 0.0)
    total = np.zeros(len(taken.at))
    for part in (np.arange(AVERAGED) + 0.5) / AVERAGED:
        total += np.interp(taken.at - part * width, time, true)
    return np.where(width > 0.0, total / AVERAGED, _between(true, taken))


def _current(record: Record, taken: Samples, tool: Instrument, draw: np.random.Generator) -> np.ndarray:
    """What the instrument says of the current [A]; none is none, whatever the noise."""
    true = record.column("current_ampere")
    current = true[taken.row]
    current = taken.partly * true[np.maximum(taken.row - 1, 0)] + (1.0 - taken.partly) * current
    noise = tool.current_noise * draw.standard_normal(len(current))
    if tool.current_ripple:
        noise = noise + tool.current_ripple * current * draw.standard_normal(len(current))
    return np.where(current == 0.0, 0.0, current + noise)


def _steps(record: Record, taken: Samples, tool: Instrument) -> dict[str, np.ndarray]:
    """Counters of steps and cycles as this cycler keeps them."""
    if tool.steps == "none":
        return {}
    if tool.steps == "repeated":
        current = record.column("current_ampere")[taken.row]
        return {"step_index": np.unique(np.round(current, 12), return_inverse=True)[1].astype(np.int64) + 1}
    return {name: record.column(name)[taken.row] for name in ("step_count", "cycle_count")}


def _noisy(spectrum: Spectrum, noise: float, draw: np.random.Generator) -> Spectrum:
    size = noise * np.abs(spectrum.impedance) / np.sqrt(2.0)
    shape = len(spectrum.frequency)
    error = size * (draw.standard_normal(shape) + 1j * draw.standard_normal(shape))
    return replace(spectrum, impedance=spectrum.impedance + error)
