"""Many rows of drive to few segments: rows stay exact while they are few, then like neighbours are averaged."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

LIKE = np.array([0.02, 0.005, 0.02])  # relative steps in pressure, temperature and current that start a new block
FIRST = 4096  # rows beyond which neighbours are joined before they are compared one by one
CREEP = 6.56  # what matters of a pressure is its power in the creep law


class Rows(NamedTuple):
    """Stretches of constant drive, leading axis: rows. Units as in `Exposure`."""

    durations: np.ndarray
    pressures: np.ndarray
    temperatures: np.ndarray
    plating: np.ndarray  # (rows, 2)
    stripping: np.ndarray


def condense(rows: Rows, most: int, *, tail: float = 0.0) -> Rows:
    """At most `most` segments, the last one endless with the average of the last block of like rows.

    A block is a run of rows with like pressure, temperature and size of current (2 %, 0.5 %, 2 %). If all rows fit,
    they are kept as they are, with the endless average behind them. Otherwise every block becomes one segment, and
    neighbouring segments whose drives differ least, weighted by the shorter of the two, are averaged until they fit.
    The endless segment averages at least the share `tail` of the whole duration: a noisy pressure makes short blocks.
    """
    rows = Rows(*(np.asarray(column, float) for column in rows))
    if np.any(rows.durations > 0.0):
        rows = Rows(*(column[rows.durations > 0.0] for column in rows))
    starts = _blocks(rows)
    remaining = np.cumsum(rows.durations[::-1])[::-1]
    last = min(int(starts[-1]), int(np.argmax(remaining <= max(tail * remaining[0], rows.durations[-1]))))
    whole = len(rows.durations) >= most
    merged = _merge(_average(rows, starts), most - 1) if whole and last < starts[-1] else rows
    if whole and last == starts[-1]:
        merged = _merge(_average(rows, starts), most)
        return merged._replace(durations=np.append(merged.durations[:-1], math.inf))
    end = Rows(*(column[last:] for column in rows))
    endless = _average(end, np.array([0]))._replace(durations=np.array([math.inf]))
    return Rows(*(np.concatenate(pair) for pair in zip(merged, endless, strict=True)))


def _blocks(rows: Rows) -> np.ndarray:
    """Index of the first row of every block; a slow drift starts a new block once it has gone too far."""
    features = np.stack([rows.pressures, rows.temperatures, rows.stripping], axis=1)
    starts = [0]
    first = features[0]
    for i, here in enumerate(features[1:], start=1):
        if np.any(np.abs(here - first) > LIKE * np.maximum(np.abs(first), 1e-9)):
            starts.append(i)
            first = here
    return np.array(starts)


def _average(rows: Rows, starts: np.ndarray) -> Rows:
    """Each block as one segment: sums of durations, means weighted by them, the largest stripping current.

    The mean pressure is that of P^n, which is what creep feels.
    """
    time = np.add.reduceat(rows.durations, starts)
    weight = rows.durations / np.repeat(
        np.where(time > 0.0, time, 1.0), np.diff(np.append(starts, len(rows.durations)))
    )

    def mean(column: np.ndarray) -> np.ndarray:
        return np.add.reduceat((column.T * weight).T, starts, axis=0)

    pressures = 1e6 * mean((rows.pressures / 1e6) ** CREEP) ** (1.0 / CREEP)
    return Rows(
        time, pressures, mean(rows.temperatures), mean(rows.plating), np.maximum.reduceat(rows.stripping, starts)
    )


def _merge(rows: Rows, most: int) -> Rows:
    """Average neighbours, the most alike first, until at most `most` are left."""
    count = len(rows.durations)
    if count > FIRST:
        rows = _average(rows, np.arange(0, count, math.ceil(count / FIRST)))
    while len(rows.durations) > most:
        cost = _cost(rows)
        surplus = len(rows.durations) - most
        batch = max(1, surplus // 8)  # a batch of the cheapest, no two of them neighbours
        chosen: set[int] = set()
        for i in np.argsort(cost, kind="stable"):
            if i - 1 not in chosen and i + 1 not in chosen:
                chosen.add(int(i))
            if len(chosen) == batch:
                break
        starts = np.array([i for i in range(len(rows.durations)) if i - 1 not in chosen])
        rows = _average(rows, starts)
    return rows


def _cost(rows: Rows) -> np.ndarray:
    """How much is lost by averaging each pair of neighbours: their shorter duration times the distance of drives."""
    current = rows.plating.sum(1)
    largest = max(float(current.max()), 1e-30)
    pressure = np.log(np.maximum(rows.pressures, 1e3))
    distance = (CREEP * np.diff(pressure)) ** 2 + (np.diff(current) / largest) ** 2
    distance += (np.diff(rows.temperatures) / 15.0) ** 2
    distance += ((np.diff(rows.plating, axis=0) / largest) ** 2).sum(1)
    return np.minimum(rows.durations[1:], rows.durations[:-1]) * (distance + 1e-12)
