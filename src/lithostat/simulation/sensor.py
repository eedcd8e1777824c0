"""What a lab's instruments would have written down of a simulated cell: samples, noise, resolution, gaps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import polars as pl

from lithostat.experiment.errors import InputError
from lithostat.experiment.record import Record
from lithostat.experiment.spectrum import Spectrum

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Instrument:
    """How a cell is watched. Times in s, voltages in V, currents in A, pressures in Pa; noise is a standard deviation.

    `interval` is the time between samples; a cycler also writes both sides of every step's edge (`edges`). `offset` is
    a constant error of the voltage, `resolution` its smallest step. `gaps` times the logging stops, each for
    `gap_length`.
    """

    interval: float = 60.0
    edges: bool = True
    voltage_noise: float = 20e-6
    voltage_offset: float = 0.0
    voltage_resolution: float = 1e-6
    current_noise: float = 1e-8
    pressure_noise: float = 2e4
    temperature_noise: float = 0.1
    impedance_noise: float = 1e-3
    gaps: int = 0
    gap_length: float = 3600.0


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
    at, row, share = _samples(time, record.column("step_count"), tool)
    kept = _without_gaps(at, tool, draw)
    at, row, share = at[kept], row[kept], share[kept]

    def seen(name: str, noise: float) -> np.ndarray:
        values = record.column(name)
        after = values[np.minimum(row + 1, len(values) - 1)]
        return values[row] + share * (after - values[row]) + noise * draw.standard_normal(len(at))

    voltage = seen("voltage_volt", tool.voltage_noise) + tool.voltage_offset
    current = record.column("current_ampere")[row]
    columns = {
        "test_time_second": at,
        "unix_time_second": at + EPOCH.timestamp(),
        "voltage_volt": np.round(voltage / tool.voltage_resolution) * tool.voltage_resolution,
        "current_ampere": np.where(current == 0.0, 0.0, current + tool.current_noise * draw.standard_normal(len(at))),
        "step_count": record.column("step_count")[row],
        "cycle_count": record.column("cycle_count")[row],
        "ambient_temperature_celsius": seen("ambient_temperature_celsius", tool.temperature_noise),
        "applied_pressure_pa": seen("applied_pressure_pa", 0.0),
        "measured_pressure_pa": seen("measured_pressure_pa", tool.pressure_noise),
    }
    made = {"made_by": "sensor", "seed": seed, "instrument": vars(tool), "of": record.provenance.get("made_by")}
    return Record(
        table=pl.DataFrame(columns),
        spectra=tuple(_noisy(spectrum, tool.impedance_noise, draw) for spectrum in record.spectra),
        provenance=made,
        start=EPOCH,
    )


def _samples(time: np.ndarray, step: np.ndarray, tool: Instrument) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(time, row before, share of the way to the next row) of every sample."""
    grid = np.arange(time[0], time[-1], tool.interval)
    row = np.searchsorted(time, grid, side="right") - 1  # at an edge, the row that begins the new step
    width = time[np.minimum(row + 1, len(time) - 1)] - time[row]
    share = np.divide(grid - time[row], width, out=np.zeros(len(grid)), where=width > 0.0)
    if not tool.edges:
        return grid, row, share
    twice = np.flatnonzero((np.diff(time) == 0.0) & (np.diff(step) != 0))  # a short in mid step shows no edge
    edges = np.unique(np.concatenate([twice, twice + 1, [len(time) - 1]]))
    at = np.concatenate([grid, time[edges]])
    order = np.lexsort((np.concatenate([row, edges]), at))
    row, share = np.concatenate([row, edges])[order], np.concatenate([share, np.zeros(len(edges))])[order]
    at = at[order]
    new = np.concatenate([[True], (np.diff(at) > 0.0) | (np.diff(row) > 0)])
    return at[new], row[new], share[new]


def _without_gaps(at: np.ndarray, tool: Instrument, draw: np.random.Generator) -> np.ndarray:
    """Which samples were written: none during the gaps, whose starts are drawn uniformly."""
    kept = np.ones(len(at), bool)
    for start in draw.uniform(at[0], at[-1], tool.gaps):
        kept &= (at < start) | (at > start + tool.gap_length)
    kept[0] = True
    return kept


def _noisy(spectrum: Spectrum, noise: float, draw: np.random.Generator) -> Spectrum:
    size = noise * np.abs(spectrum.impedance) / np.sqrt(2.0)
    shape = len(spectrum.frequency)
    error = size * (draw.standard_normal(shape) + 1j * draw.standard_normal(shape))
    return replace(spectrum, impedance=spectrum.impedance + error)
