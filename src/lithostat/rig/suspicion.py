"""The quick look at every new row: is it worth a full call? And the rows after which a full call is due anyway."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lithostat.cycling.next_sample import LowerBound
from lithostat.rig.readings import Readings

IN_A_ROW = 3  # samples below the bound, as many as make an event
SHARE = 1.0 / 60.0  # of the record, by which it may grow between full calls
FEWEST = 20  # rows between full calls that are due
PAUSE = 8  # rows after a full call that found nothing, before suspicion asks for the next


@dataclass
class Suspicion:
    """What one cell's rows are held against, and how many came since the last full call."""

    bound: LowerBound | None = None
    rows: int = 0
    judged: int = 0  # rows of the last full call
    asked: int = 0  # rows when the last one was asked for
    _run: int = 0
    _wanted: bool = False

    def saw(self, readings: Readings, pressure: float, temperature: float) -> None:
        """Take new rows; `pressure` [Pa] and `temperature` [K] are the latest of the devices, where rows have none."""
        self.rows += len(readings)
        if self.bound is None:
            return
        state = []
        for name, latest in (("pressure", pressure), ("temperature", temperature)):
            own = readings.column(name)
            state.append(np.where(np.isfinite(own), own, latest))
        below = self.bound.broken(readings.column("voltage"), readings.column("current"), *state)
        for sample in below:
            self._run = self._run + 1 if sample else 0
            self._wanted |= self._run >= IN_A_ROW

    @property
    def suspicious(self) -> bool:
        """Three rows in a row were below the bound, and the last full call is far enough back."""
        return self._wanted and self.rows - self.asked >= (PAUSE if self.asked else 0)

    @property
    def due(self) -> bool:
        """The record has grown enough for a full call, whatever the rows look like."""
        return self.rows - self.asked >= max(FEWEST, SHARE * self.judged)

    def asks(self) -> None:
        """A full call was asked for."""
        self.asked, self._wanted, self._run = self.rows, False, 0

    def answered(self, bound: LowerBound | None, rows: int) -> None:
        """The full call of `rows` rows came back."""
        self.bound, self.judged = bound, rows
