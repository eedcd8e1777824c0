"""Long columns taken in parts that fit into a core's cache: a pass over the data costs no copy of a whole column."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

ROWS = 1 << 16  # in a part: half a megabyte a column


def parts(count: int, rows: int = ROWS) -> Iterator[slice]:
    """Slices of so many rows that follow one another, the last one shorter."""
    return (slice(begin, min(begin + rows, count)) for begin in range(0, count, rows))


def parts_of_stretches(first: np.ndarray, last: np.ndarray) -> Iterator[slice]:
    """Slices of stretches first..last whose rows span `ROWS` at most; a longer stretch stands alone."""
    begin = 0
    while begin < len(first):
        end = max(begin + 1, int(np.searchsorted(last, first[begin] + ROWS, side="left")))
        yield slice(begin, end)
        begin = end


def reduced(values: np.ndarray, first: np.ndarray, last: np.ndarray, *ufuncs: np.ufunc) -> tuple[np.ndarray, ...]:
    """`values` reduced over the rows first..last of each stretch by each ufunc; in order, without overlap.

    `values` end with the last row of the last stretch.
    """
    apart = first[1:] > last[:-1] + 1  # a stretch that another does not follow at once
    if not apart.any():
        return tuple(ufunc.reduceat(values, first) for ufunc in ufuncs)
    place = np.arange(len(first))
    place[1:] += np.cumsum(apart)
    edges = np.empty(place[-1] + 1, np.int64)
    edges[place] = first
    edges[place[:-1][apart] + 1] = last[:-1][apart] + 1
    return tuple(ufunc.reduceat(values, edges)[place] for ufunc in ufuncs)
