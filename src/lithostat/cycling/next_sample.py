"""lower_bound_now(trace) -> LowerBound: what the next sample of a symmetric cell must not fall below."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lithostat.cycling.cleaning import unsigned_current
from lithostat.cycling.collapse import split_spectra
from lithostat.cycling.events import WEAK, find_events, fixed_bounds, limit_of
from lithostat.cycling.lower_bound import ACTIVATION, history_bound, past_of
from lithostat.cycling.resistance import Blocks, blocks
from lithostat.cycling.trace import Trace

FALL = 0.9  # of the last resistance, below which a sample is worth a full look, whatever the bound


@dataclass(frozen=True)
class LowerBound:
    """The least V/I [ohm] of an intact cell at `current` [A, no sign], `pressure` [Pa] and `temperature` [K].

    NaN where nobody knows a pressure or temperature. `offset` [V] is taken from a voltage before it is divided;
    `weakest` [A] is the current below which V/I is not judged; `last` [ohm] is what the cell showed last.
    """

    ohm: float
    current: float
    pressure: float
    temperature: float
    offset: float
    weakest: float
    last: float

    def at(self, current: Any, pressure: Any = np.nan, temperature: Any = np.nan) -> Any:
        """The bound [ohm] in another state: it falls where current, pressure or temperature rise, and never rises.

        In inverse proportion to current and pressure, with 0.5 eV against temperature, as in the full call.
        """
        share = np.fmin(self.current / np.maximum(np.abs(current), 1e-300), 1.0)
        press = np.maximum(self.pressure, 5e4) / np.maximum(pressure, 5e4)
        with np.errstate(over="ignore"):
            warm = np.exp(ACTIVATION * (1.0 / np.asarray(temperature, float) - 1.0 / self.temperature))
        for factor in (press, warm):
            share = share * np.fmin(np.where(np.isfinite(factor), factor, 1.0), 1.0)
        return self.ohm * share

    def broken(self, voltage: Any, current: Any, pressure: Any = np.nan, temperature: Any = np.nan) -> Any:
        """Which samples are worth a full call: V/I below the bound, or fallen by a tenth since the last call."""
        current = np.asarray(current, float)
        with np.errstate(divide="ignore", invalid="ignore"):
            ohm = (np.asarray(voltage, float) - self.offset) / current
        state = self.at(current, pressure, temperature) / self.ohm  # how far a bound is carried
        least = np.fmax(self.ohm, FALL * self.last) * state
        return (np.abs(current) >= self.weakest) & (current != 0.0) & (ohm < least)


def lower_bound_now(trace: Trace) -> LowerBound | None:
    """What the next sample is held against, given all that the trace holds: by the same evidence as the full call.

    The bound is that of a block of one sample after the last one, in its half-cycle. None for a cell with a cathode,
    without settled samples under current, without the direction of the current, or while an electronic path lasts.
    """
    if not trace.symmetric or unsigned_current(trace.record, trace.half):
        return None
    block = blocks(trace)
    if not len(block):
        return None
    spectra, _ = split_spectra(trace)
    intact = np.ones(len(block) + 1, bool)
    for event in find_events(block, trace.note, spectra):
        if event.end is None:
            return None
        intact[:-1] &= (block.last < event.row) | (block.first >= event.end)
    longer = _with_one_more(block, trace.interval)
    history = history_bound(past_of(longer), intact)
    ohm = float(limit_of(longer, history.least, fixed_bounds(longer, trace.note, spectra))[-1])
    if not np.isfinite(ohm) or ohm <= 0.0:
        return None
    pressure, temperature, current = (
        float(getattr(block, name)[-1]) for name in ("pressure", "temperature", "current")
    )
    weakest = WEAK * float(np.max(block.current))
    return LowerBound(ohm, current, pressure, temperature, block.offset, weakest, float(block.resistance[-1]))


def _with_one_more(block: Blocks, interval: float) -> Blocks:
    """The blocks with one of a single sample behind them that shows what the last one did."""
    longer: dict[str, Any] = {
        name: np.append(getattr(block, name), getattr(block, name)[-1])
        for name in ("resistance", "direction", "half_cycle", "pressure", "temperature", "age", "current")
    }
    longer["age"][-1] += interval
    row = block.last[-1]
    return replace(block, first=np.append(block.first, row), last=np.append(block.last, row), **longer)
