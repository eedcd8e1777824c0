"""Rows of drive to stretches: what a person would call one plating, one stripping, one rest, one pressing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

EXACT = np.array(
    [1e-6, 1e-9, 1e-6, 1e-6]
)  # relative steps in pressure, temperature, attachment, current; of a protocol
LOOSE = np.array([0.05, 0.007, 1e-6, 0.1])  # of a measured record
PIECES = 8  # into which a long stretch of a record is cut before like neighbours are joined again
FEW = 20  # rows of a stretch of a record that are looked at one by one
CREEP = 6.56  # what matters of a pressure is its power in the creep law


class Rows(NamedTuple):
    """Stretches of constant drive, one value a row, SI. Current is positive where interface 1 plates."""

    durations: np.ndarray
    pressures: np.ndarray
    temperatures: np.ndarray
    attached: np.ndarray  # pressure from all sides [Pa]
    currents: np.ndarray  # [A/m2]

    def features(self) -> np.ndarray:
        """What like rows agree in, (rows, 4)."""
        return np.stack([self.pressures, self.temperatures, self.attached, np.abs(self.currents)], axis=1)


def stretches(rows: Rows, *, measured: bool = False) -> Rows:
    """Rows joined while the current keeps its sign and nothing else changes; as far as the noise of a record lets."""
    rows = Rows(*(np.asarray(column, float)[np.asarray(rows.durations) > 0.0] for column in rows))
    if not len(rows.durations):
        return rows
    sign = np.sign(rows.currents)
    runs = np.flatnonzero(np.append(True, sign[1:] != sign[:-1]))
    if measured:
        pieces = _pieces(rows, runs)
        loose = LOOSE.copy()
        loose[0] += _noise(rows.pressures) / np.sqrt(len(rows.pressures) / len(pieces))
        rows = averaged(rows, pieces)
        return averaged(rows, _starts(rows, loose))
    return averaged(rows, _starts(rows, EXACT))


def _noise(values: np.ndarray) -> float:
    """Relative difference of two neighbours that four standard deviations of their noise make."""
    if len(values) < 2:
        return 0.0
    return float(4.0 * np.median(np.abs(np.diff(values))) / 0.6745 / max(np.median(values), 1e-9))


def like(one: np.ndarray, other: np.ndarray, steps: np.ndarray) -> bool:
    """Whether two drives differ by no more than these relative steps."""
    return bool(np.all(np.abs(one - other) <= steps * np.maximum(np.abs(other), 1e-9)))


def averaged(rows: Rows, starts: np.ndarray) -> Rows:
    """Rows joined from each start to the next: sums of durations, means weighted by them.

    The mean pressure is that of P^n, which is what creep feels; an attachment is the strongest.
    """
    time = np.add.reduceat(rows.durations, starts)
    weight = rows.durations / np.repeat(time, np.diff(np.append(starts, len(rows.durations))))

    def mean(column: np.ndarray) -> np.ndarray:
        return np.add.reduceat(column * weight, starts)

    pressures = 1e6 * mean((rows.pressures / 1e6) ** CREEP) ** (1.0 / CREEP)
    attached = np.maximum.reduceat(rows.attached, starts)
    return Rows(time, pressures, mean(rows.temperatures), attached, mean(rows.currents))


def _pieces(rows: Rows, runs: np.ndarray) -> np.ndarray:
    """Where long runs are cut: into pieces of equal time, few enough for noise to average out."""
    ends = np.append(runs[1:], len(rows.durations))
    passed = np.cumsum(rows.durations)
    starts = []
    for first, end in zip(runs, ends, strict=True):
        if end - first <= FEW:
            starts.append(np.arange(first, end))
            continue
        before = passed[first] - rows.durations[first]
        share = (passed[first:end] - rows.durations[first:end] - before) / max(passed[end - 1] - before, 1e-300)
        piece = np.minimum((PIECES * share).astype(int), PIECES - 1)
        starts.append(first + np.flatnonzero(np.append(True, piece[1:] != piece[:-1])))
    return np.concatenate(starts)


def _starts(rows: Rows, steps: np.ndarray) -> np.ndarray:
    """Index of the first row of every stretch; a slow drift starts a new one once it has gone too far."""
    features, sign = rows.features(), np.sign(rows.currents)
    starts, first = [0], 0
    for i in range(1, len(sign)):
        if sign[i] != sign[first] or not like(features[i], features[first], steps):
            starts.append(i)
            first = i
    return np.array(starts)
