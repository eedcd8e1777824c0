"""V/I of a symmetric cell at any rows of its trace, made where it is asked for: no copy of a long record is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lithostat.cycling.half_cycles import FAR, rows_between

if TYPE_CHECKING:
    from lithostat.cycling.trace import Trace

_MANY = 200_000  # samples that are enough to know the noise


class ApparentResistance:
    """(V - offset) / I [ohm] of every row of a trace, to be indexed by a row, rows or a slice; NaN where not settled.

    Where single samples of the current are noisier than those of the voltage (ripple, a coarse range), V is divided by
    the current of the half-cycle, else by that of the sample. A sample whose current is far from that of its half-cycle
    (part of a switch) shows what the one before it does.
    """

    def __init__(self, trace: Trace, which: np.ndarray, settled: np.ndarray) -> None:
        """Of these stretches, each from its settled row on."""
        half = trace.half
        self._voltage, self._current, self._half, self._offset = trace.voltage, trace.current, half, trace.offset
        judged = np.zeros(len(half), bool)
        judged[which] = True
        self._from = half.last + 1
        self._from[which] = settled
        self._level = np.where(judged, half.current, np.nan)
        self._by_level = self._level_is_calmer()
        strays = half.with_strays
        self._odd = self._far_rows(strays[judged[strays]])
        begins = np.diff(self._odd, prepend=-2) > 1
        self._before = (self._odd[begins] - 1)[np.cumsum(begins) - 1]  # the last row that is not odd

    def __len__(self) -> int:
        """Number of rows."""
        return len(self._voltage)

    def __getitem__(self, rows: np.ndarray | slice) -> np.ndarray:
        """V/I of these rows [ohm]; rows are counted from the begin."""
        if isinstance(rows, slice):
            rows = slice(*rows.indices(len(self)))
            ohm = self._of_slice(rows)
            places = slice(*np.searchsorted(self._odd, [rows.start, rows.stop]))
            odd, before, where = self._odd[places], self._before[places], self._odd[places] - rows.start
        else:
            ohm = self._of(rows, self._half.of(rows))
            place = np.searchsorted(self._odd, rows)
            where = np.flatnonzero(np.append(self._odd, -1)[place] == rows)
            odd, before = self._odd[place[where]], self._before[place[where]]
        if len(odd):
            owner = self._half.of(odd)
            ahead = np.where(before >= self._half.first[owner], self._of(np.maximum(before, 0), owner), np.nan)
            ohm[where] = np.where(np.isfinite(ohm[where]), ahead, np.nan)
        return ohm

    def _of_slice(self, rows: slice) -> np.ndarray:
        if rows.stop <= rows.start:
            return np.zeros(0)
        begin, end = int(self._half.of(np.array(rows.start))), int(self._half.of(np.array(rows.stop - 1))) + 1
        first = np.maximum(self._half.first[begin:end], rows.start)
        last = np.minimum(self._half.last[begin:end], rows.stop - 1)
        ohm = self._voltage[rows] - self._offset
        if self._by_level:
            ohm /= np.repeat(self._level[begin:end], last - first + 1)
        else:
            current = self._current[rows]
            np.divide(ohm, current, out=ohm, where=current != 0.0)
        ohm[rows_between(first, np.minimum(self._from[begin:end] - 1, last)) - rows.start] = np.nan
        return ohm

    def _of(self, rows: np.ndarray, owner: np.ndarray) -> np.ndarray:
        ohm = self._voltage[rows] - self._offset
        current = self._level[owner] if self._by_level else self._current[rows]
        ohm = np.divide(ohm, current, out=ohm, where=current != 0.0)
        return np.where(rows < self._from[owner], np.nan, ohm)

    def _far_rows(self, strays: np.ndarray) -> np.ndarray:
        """Rows of these stretches whose current is far from that of the stretch."""
        half, far = self._half, [np.zeros(0, np.int64)]
        for index in strays:
            rows, level = slice(half.first[index], half.last[index] + 1), half.current[index]
            far.append(np.flatnonzero(np.abs(self._current[rows] - level) > FAR * np.abs(level)) + rows.start)
        return np.concatenate(far)

    def _level_is_calmer(self) -> bool:
        """Whether the level of the current makes less noise of V/I than its samples do; by some of the settled rows."""
        half, voltage, current = self._half, self._voltage, self._current
        rows = np.arange(0, len(voltage) - 1, max(1, len(voltage) // _MANY))
        owner = half.of(rows)
        inside = (rows >= self._from[owner]) & (rows < half.last[owner])
        rows, owner = rows[inside], owner[inside]
        flows = (current[rows] != 0.0) & (current[rows + 1] != 0.0)
        rows, owner = rows[flows], owner[flows]
        if not len(rows):
            return False
        now, then = voltage[rows] - self._offset, voltage[rows + 1] - self._offset
        by_sample = np.abs(then / current[rows + 1] - now / current[rows])
        by_level = np.abs((then - now) / half.current[owner])
        return bool(np.median(by_level) < np.median(by_sample))
