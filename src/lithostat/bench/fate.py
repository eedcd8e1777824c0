"""solve(task) -> Fate: how a published cell ends under one law, complete in itself so that any machine can do it."""

from __future__ import annotations

import math
from typing import NamedTuple

from lithostat.bench.drive import PublishedDrive
from lithostat.experiment.errors import sentence_of
from lithostat.experiment.finding import Critical
from lithostat.experiment.record import Record
from lithostat.simulation.pieces import Tolerance
from lithostat.simulation.run import simulate

ROWS = 16384  # steps that most tests fit into; one length of table compiles once for all of them
MOST_ROWS = 65536  # of the tests that outlive it
ENOUGH = Tolerance(1e-6, 1e-9, 1e-7)  # times to short agree with the default tolerance to 1e-5
FAILED = ("short", "short before current", "contact lost")


class Task(NamedTuple):
    """One drive under one law, for so many hours of what goes on."""

    number: int
    drive: PublishedDrive
    law: str
    hours: float


class Fate(NamedTuple):
    """How a test ended, SI. `clock` is the time since the drive's clock began, `charge` what passed both ways together.

    `kind` is a key of `finding.KINDS`. `error` says why there is none.
    """

    number: int
    kind: str
    clock: float  # [s]
    charge: float  # [C/m2]
    critical: Critical | None
    warnings: tuple[str, ...]
    error: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the cell failed; it lived, or its lithium was used up, where it did not."""
        return self.kind in FAILED


def solve(task: Task) -> Fate:
    """Simulate a task; a test that outlives its table is tried again with a longer one."""
    try:
        fate = _fate(task, simulated(task, ROWS))
        if fate.kind == "survived" and task.drive.steps_in(task.hours) > ROWS:
            fate = _fate(task, simulated(task, MOST_ROWS))
    except BaseException as error:
        return Fate(task.number, "stalled", math.nan, math.nan, None, (), sentence_of(error))
    return fate


def simulated(task: Task, rows: int) -> Record:
    """The record of a task, cut to so many steps."""
    drive = task.drive
    hours = task.hours
    if drive.turn and not math.isinf(drive.turn_hours):
        fits = (rows - len(drive.steps) - 64) / len(drive.turn)  # 64: what a ramp or an attachment may take
        hours = min(hours, math.floor(fits) * drive.turn_hours)
    cell = drive.for_law(task.law)
    return simulate(cell, drive.protocol(hours), samples=1, tolerance=ENOUGH, least_rows=rows)


def _fate(task: Task, record: Record) -> Fate:
    outcome = record.outcome
    assert outcome is not None
    began = _clock(task.drive.since, record)
    return Fate(
        number=task.number,
        kind=outcome.kind,
        clock=max(outcome.time - began, 0.0),
        charge=outcome.charge_both or 0.0,
        critical=outcome.critical,
        warnings=record.warnings,
    )


def _clock(since: str, record: Record) -> float:
    """When the clock of a drive begins [s]; infinite if the test did not come that far."""
    if since == "start":
        return 0.0
    steps = record.steps
    if since == "current":
        steps = steps.filter(steps["verb"].is_in(["plate", "strip"]))
    else:
        steps = steps.filter(steps["step_count"] == int(since))
    return float(steps["start_second"][0]) if len(steps) else math.inf
