"""The call of a cell whose truth is known, held against it."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
from invented_cells import invented
from random_cells import CELSIUS, PRESSURES, Watched, watch

from lithostat.cycling.events import HARD, MARGIN, MARGIN_BLIND
from lithostat.cycling.shorts import call_short

ENOUGH = 3  # settled samples after a short; with fewer it may be a glitch
CLEAR = 0.1  # of the least V/I by which a short must show itself beside the margin: contact may gain that much
SETTLED = 6.0  # time constants
EDGE = 1.0  # s


@dataclass(frozen=True)
class Judged:
    """How a call did. `shown` is true if the record shows the short by more than the margin that is stated."""

    seed: int
    habits: tuple[str, ...]
    truth: str
    kind: str
    confidence: float
    shown: bool
    in_time: bool
    right: bool | None  # None where nothing was claimed
    false_short: bool


def judge(cell: Watched, seed: int) -> Judged:
    """Call the cell and compare."""
    outcome, truth = call_short(cell.record, cell.note).outcome, cell.outcome
    shorts = truth.kind.startswith("short")
    shown, width = _shown(cell)
    late = abs(outcome.time - truth.time) - width
    right = None
    if outcome.shorted:
        right = shorts
    elif outcome.kind in ("censored", "contact lost"):
        right = not (shorts and truth.time <= outcome.time)
    return Judged(
        seed,
        cell.habits,
        truth.kind,
        outcome.kind,
        outcome.confidence or 0.0,
        shown,
        outcome.shorted and late <= EDGE,
        right,
        outcome.shorted and not shorts,
    )


def _settled(cell: Watched) -> np.ndarray:
    """Times of the samples under a known current at which the voltage has settled [s]."""
    time, current = cell.record.column("test_time_second"), cell.record.column("current_ampere")
    flows = np.isfinite(current) & (np.abs(current) > 0.0)
    step = cell.truth.record.column("step_count")
    edges = np.append(cell.truth.record.column("test_time_second")[1:][np.diff(step) != 0], np.inf)
    last = np.searchsorted(edges, time, side="right") - 1
    since = np.where(last >= 0, time - edges[np.maximum(last, 0)], np.inf)
    settled: np.ndarray = time[flows & (since >= SETTLED * cell.instrument.polarisation)]
    return settled


def _shown(cell: Watched) -> tuple[bool, float]:
    """(whether the record shows a short under current plainly, the settled sampling interval around it [s])."""
    truth, tool = cell.outcome, cell.instrument
    settled = _settled(cell)
    before, after = settled[settled <= truth.time + 0.01], settled[settled > truth.time + 0.01]
    if truth.kind != "short" or len(after) < ENOUGH or not len(before):
        return False, 0.0
    width = max(tool.interval, float(after[0] - before[-1])) * (2.0 if tool.averaged else 1.0)
    unmeasured = set(tool.unmeasured)
    if PRESSURES[1] in unmeasured and cell.truth.electrons < HARD + 0.05:
        return False, width  # a turned screw looks the same
    margin = MARGIN_BLIND if unmeasured & {*PRESSURES, CELSIUS} else MARGIN
    return cell.truth.fall > margin + CLEAR, width


def _invented(seed: int) -> Judged:
    return judge(watch(invented(seed), seed), seed)


def judged_calls(seeds: Iterable[int], workers: int = 1) -> list[Judged]:
    """Calls of invented cells behind random instruments."""
    if workers == 1:
        return [_invented(seed) for seed in seeds]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(_invented, seeds, chunksize=20))


def bins(calls: list[Judged], least: int) -> dict[str, list[tuple[float, float, int]]]:
    """By kind of claim, (mean stated confidence, share right, number) of claims with like confidences.

    Claims are sorted by what they state; a bin takes `least` and all that state the same as its last.
    """
    result = {}
    for name in ("no short", "short"):
        some = sorted(
            (call.confidence, bool(call.right))
            for call in calls
            if call.right is not None and ("short" in call.kind) == (name == "short")
        )
        begin, result[name] = 0, []
        while len(some) - begin >= least:
            end = begin + least
            while end < len(some) and some[end][0] == some[end - 1][0]:
                end += 1
            part = np.array(some[begin:end])
            result[name].append((float(part[:, 0].mean()), float(part[:, 1].mean()), end - begin))
            begin = end
    return result
