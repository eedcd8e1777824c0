"""The sample that shows an event first: where, between two blocks, the resistance stepped down."""

from __future__ import annotations

import numpy as np

from lithostat.cycling.resistance import Blocks

STEP = 3  # samples on each side of a step
BLURRED = 10.0  # times the noise of one sample; a smaller step is not known to one sample


def first_row(block: Blocks, index: int, limit: float) -> tuple[int, int | None, int, float]:
    """(first row that shows the path, last before it, row by which it is there, step): where samples step down most.

    The step is the mean of three samples before minus that of three from the row on. The first sample after a switch of
    the current is in no block; it is taken if it lies on the low side.
    """
    if index == 0:
        rows = np.arange(max(int(block.first[0]) - 1, 0), int(block.last[0]) + 1)
        rows = rows[np.isfinite(block.ohm[rows])]
        lead = int(np.argmax(block.ohm[rows] < limit))  # some samples of an intact cell may come first
        return int(rows[lead]), int(rows[lead - 1]) if lead else None, int(rows[lead]), 0.0
    begin, until = max(0, index - 2), min(len(block) - 1, index + 1)
    rows = np.arange(block.first[begin], block.last[until] + 1)
    rows = rows[np.isfinite(block.ohm[rows]) & _in_blocks(block, rows)]
    highest = 1.2 * float(np.max(block.resistance[begin:index]))
    total = np.concatenate([[0.0], np.cumsum(np.clip(block.ohm[rows], 0.0, highest))])
    at = np.arange(1, len(rows))
    low, high = np.maximum(at - STEP, 0), np.minimum(at + STEP, len(rows))
    before, after = (total[at] - total[low]) / (at - low), (total[high] - total[at]) / (high - at)
    best = int(np.argmax(before - after))
    noise = block.noise / float(block.current[index])
    first = _stepped_before(block.ohm[rows], int(at[best]), noise)
    row, last = int(rows[first]), int(rows[first - 1])
    switch = row - 1
    if last < switch and -highest < float(block.ohm[switch:row][0]) < 0.5 * (before[best] + after[best]):
        row = switch
    step = float(before[best] - after[best])
    if step < BLURRED * noise:
        return row, int(rows[max(first - 1 - STEP, 0)]), int(rows[min(first + STEP, len(rows) - 1)]), step
    return row, last, row, step


def _stepped_before(ohm: np.ndarray, at: int, noise: float) -> int:
    """The row before the steepest one if the resistance had already left its course there: a short that hardens.

    The course is the median of the samples before, with their median slope where that falls, as after a reversal.
    """
    past = ohm[max(0, at - 2 * STEP) : at]
    level, middle = float(np.median(past)), at - 0.5 * (len(past) + 1)
    slope = min(float(np.median(past[1:] - past[:-1])), 0.0) if len(past) > STEP else 0.0
    while at > 1 and ohm[at - 1] < level + slope * (at - 1 - middle) - max(0.06 * level, 4.0 * noise):
        at -= 1
    return at


def _in_blocks(block: Blocks, rows: np.ndarray) -> np.ndarray:
    """Which rows belong to a block: between two half-cycles some do not."""
    owner = np.searchsorted(block.first, rows, side="right") - 1
    inside: np.ndarray = rows <= block.last[np.maximum(owner, 0)]
    return inside
