"""Long columns for a figure: the least and the largest value in each column of pixels, and nothing else is drawn."""

from __future__ import annotations

import numpy as np

from lithostat.show.style import LARGEST, shown

COLUMNS = 1400  # of pixels: what lies closer cannot be told apart


def first_rows(time: np.ndarray) -> np.ndarray:
    """The first row of each column of pixels that holds one; `time` is finite and in order."""
    if not len(time):
        return np.zeros(0, np.int64)
    edges = time[0] + (time[-1] - time[0]) * np.arange(COLUMNS) / (COLUMNS - 1)
    return np.unique(np.searchsorted(time, edges, side="left").clip(0, len(time) - 1))


def least_and_largest(values: np.ndarray, first: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the values of each column of pixels; NaN, and what no axis can show, left out. NaN where nothing is left."""
    if not len(first):
        return np.zeros(0), np.zeros(0)
    low, high = np.fmin.reduceat(values, first), np.fmax.reduceat(values, first)
    if np.nanmax(np.maximum(np.abs(low), np.abs(high)), initial=0.0) >= LARGEST:
        values = shown(values)
        low, high = np.fmin.reduceat(values, first), np.fmax.reduceat(values, first)
    return low, high


def thinned(x: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same points, or where they are very many the least and the largest of each column of pixels; x in order."""
    if len(x) <= COLUMNS:
        return x, values
    first = first_rows(x)
    return np.repeat(x[first], 2), np.stack(least_and_largest(values, first), axis=1).ravel()
