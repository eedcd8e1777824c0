"""A record played row by row through the quick look and the full calls, as a watch does, without threads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lithostat.cycling.next_sample import lower_bound_now
from lithostat.cycling.shorts import call
from lithostat.cycling.trace import trace_of
from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.finding import Outcome
from lithostat.experiment.record import Record
from lithostat.rig.new_rows import NAMES
from lithostat.rig.readings import OK, Readings
from lithostat.rig.suspicion import Suspicion


@dataclass(frozen=True)
class Streamed:
    """Row at which a short was first called (None: never), how many full calls it took, and the last outcome."""

    called: int | None
    calls: int
    outcome: Outcome


def streamed(record: Record, note: CellNote) -> Streamed:
    """What a watch would have said of each row when it came. A short that is called ends it."""
    suspicion, n, calls = Suspicion(), len(record.table), 0
    celsius = (
        record.column("ambient_temperature_celsius")
        if "ambient_temperature_celsius" in record.table.columns
        else np.full(n, np.nan)
    )
    pressure = (
        record.column("measured_pressure_pa") if "measured_pressure_pa" in record.table.columns else np.full(n, np.nan)
    )
    values = np.stack(
        [record.column("voltage_volt"), record.column("current_ampere"), pressure, celsius + 273.15], axis=1
    )
    time = record.column("test_time_second")
    outcome = None
    for row in range(n):
        one = slice(row, row + 1)
        good = np.full(1, OK, np.uint8)
        suspicion.saw(Readings("cycler", NAMES, time[one], time[one], values[one], good), np.nan, np.nan)
        if not (suspicion.suspicious or suspicion.due or row == n - 1):
            continue
        suspicion.asks()
        calls += 1
        trace = trace_of(Record(record.table[: row + 1], start=record.start), note)
        if not len(trace.time):
            continue
        outcome = call(trace).outcome
        suspicion.answered(lower_bound_now(trace), row + 1)
        if outcome.shorted:
            return Streamed(row, calls, outcome)
    assert outcome is not None
    return Streamed(None, calls, outcome)
