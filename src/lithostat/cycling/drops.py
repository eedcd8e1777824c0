"""Drops of the resistance within one sample while nothing else changes: a sign of its own, however high V/I was."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lithostat.cycling.event_rows import STEP, first_row
from lithostat.cycling.lower_bound import ACTIVATION
from lithostat.cycling.resistance import Blocks
from lithostat.cycling.running_median import median_of_three

LEAST = 0.15  # relative fall that counts
SIGMAS = 6.0  # of the noise of three blocks
AROUND = 3  # blocks on either side
FLAT = 0.3  # of the fall that the blocks on either side may spread over
ABRUPT = 0.7  # of the fall that must happen between two samples
EARLY = 0.25  # of a half-cycle after a reversal, in which voids heal


class Drop(NamedTuple):
    """The block that shows it first, V/I as it was [ohm], and V/I half way down [ohm]."""

    block: int
    expected: float
    limit: float


def sudden_drops(block: Blocks, judged: np.ndarray) -> list[Drop]:
    """Falls of V/I by more than 15 % from one sample to the next inside a half-cycle, in the order of time.

    Pressure and temperature explain as much of it as they can: contact at most in proportion to pressure, conduction
    with 0.5 eV. Before and after it the resistance stands still: what falls over several samples is no drop.
    """
    size = len(block)
    if size < 2 * AROUND + 1:
        return []
    owner = block.half_cycle  # never falls
    inside = judged[AROUND : size - AROUND] & (owner[: size - 2 * AROUND] == owner[2 * AROUND :])
    if not inside.any():  # half-cycles of few blocks
        return []
    windows = np.lib.stride_tricks.sliding_window_view(block.resistance, AROUND)
    middle_of_three = median_of_three(block.resistance)
    high, low = middle_of_three[: size - 2 * AROUND], middle_of_three[AROUND + 1 :]
    likely = np.flatnonzero((high - low > LEAST * high) & (high > 0.0) & inside)
    if not len(likely):
        return []
    middle, high, low = likely + AROUND, high[likely], low[likely]
    before, after = windows[middle - AROUND], windows[middle + 1]
    fall = high * _weather(block, middle) - low
    noise = SIGMAS * block.noise_of(middle) * 1.25 / np.sqrt(AROUND)
    flat = np.maximum(np.ptp(before, axis=1), np.ptp(after, axis=1)) - noise < FLAT * fall
    found = flat & (fall > LEAST * high + noise) & ~_early(block)[middle]
    drops = []
    for group in np.split(np.flatnonzero(found), np.flatnonzero(np.diff(middle[found]) > AROUND) + 1):
        if not len(group):
            continue
        best = int(group[np.argmax(fall[group])])
        drop = _abrupt(block, int(middle[best]), float(high[best]), float(low[best]), float(fall[best]))
        drops += [drop] if drop is not None else []
    return drops


def _weather(block: Blocks, middle: np.ndarray) -> np.ndarray:
    """What pressure and temperature leave of the resistance from before to after each of these blocks [-]."""
    left = np.ones(len(middle))
    for values, factor in (
        (block.pressure, lambda was, now: was / np.maximum(now, 1e-300)),
        (block.temperature, lambda was, now: np.exp(ACTIVATION * (1.0 / now - 1.0 / was))),
    ):
        windows = np.lib.stride_tricks.sliding_window_view(values, AROUND)
        was, now = np.median(windows[middle - AROUND], axis=1), np.median(windows[middle + 1], axis=1)
        with np.errstate(all="ignore"):
            share = factor(was, now)
        left *= np.where(np.isfinite(share), np.minimum(share, 1.0), 1.0)
    return left


def _early(block: Blocks) -> np.ndarray:
    """True in the first quarter of every half-cycle that comes after another."""
    first = np.concatenate([[0], np.flatnonzero(np.diff(block.half_cycle)) + 1])
    count = np.diff(np.append(first, len(block)))
    begin, end = np.repeat(block.start[first], count), np.repeat(block.end[first + count - 1], count)
    early: np.ndarray = (block.start - begin < EARLY * (end - begin)) & (np.arange(len(block)) >= count[0])
    return early


def _abrupt(block: Blocks, middle: int, high: float, low: float, fall: float) -> Drop | None:
    """The drop around this block if most of it happens between two samples, else None."""
    limit = high - 0.5 * fall
    index = middle if block.resistance[middle] < limit else middle + 1
    row, *_ = first_row(block, index, limit)
    if row < STEP or row + STEP > len(block.ohm):
        return None
    before, after = np.nanmean(block.ohm[row - STEP : row]), np.nanmean(block.ohm[row : row + STEP])
    noise = SIGMAS * block.noise / float(block.current[index]) * np.sqrt(2.0 / STEP)
    return Drop(index, high - (high - low - fall), limit) if before - after > ABRUPT * fall - noise else None
