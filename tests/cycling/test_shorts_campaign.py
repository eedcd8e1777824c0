"""Random simulated cells behind random instruments: no survivor is called a short, and no short is late.

20 cells by default, 500 with LITHOSTAT_CAMPAIGN=1; each is watched by a plain instrument and by one with habits.
"""

from __future__ import annotations

import functools
import os

import numpy as np
import pytest
from judged_calls import judge
from random_cells import Truth, Watched, truth, watch

from lithostat.cycling.outcomes import SURE
from lithostat.cycling.shorts import call_short

CELLS = 500 if os.environ.get("LITHOSTAT_CAMPAIGN") else 20
ENOUGH = 3  # samples with current after a short; with fewer it may be a glitch
EDGE = 1.0  # s


@functools.lru_cache(maxsize=1)
def simulated(seed: int) -> Truth:
    return truth(seed)


@pytest.mark.parametrize("seed", range(CELLS))
def test_the_call_agrees_with_what_happened(seed):
    cell = watch(simulated(seed), seed, habits=False)
    if cell.outcome.kind == "short before current":
        _before_current(cell)
    elif cell.outcome.shorted:
        _under_current(cell)
    else:
        outcome = call_short(cell.record, cell.note).outcome
        assert not outcome.shorted, outcome


@pytest.mark.parametrize("seed", range(CELLS))
def test_habits_of_the_instrument_change_nothing(seed):
    judged = judge(watch(simulated(seed), seed), seed)
    assert not judged.false_short, judged
    assert judged.in_time or not judged.shown, judged


def _with_current(cell: Watched) -> np.ndarray:
    """Times of the samples that carry current: without it a symmetric cell shows nothing [s]."""
    return cell.record.column("test_time_second")[cell.record.column("current_ampere") != 0.0]


def _before_current(cell: Watched) -> None:
    outcome = call_short(cell.record, cell.note).outcome
    if not len(_with_current(cell)):
        assert outcome.kind in ("short before current", "unknown"), outcome
    elif cell.note.electrolyte_thickness is not None and cell.note.kind is not None:
        assert outcome.kind == "short before current", outcome
        assert outcome.confidence >= SURE
    # Without thickness and area nothing can be asked: a cell that is softly shorted in its first impedance already
    # looks like a cell of less resistance, and what follows is held against that.


def _under_current(cell: Watched) -> None:
    call = call_short(cell.record, cell.note)
    outcome = call.outcome
    seen, true = _with_current(cell), cell.outcome.time
    before, after = seen[seen <= true], seen[seen > true]
    if len(after) < ENOUGH:
        assert outcome.kind in ("censored", "unknown") or abs(outcome.time - true) <= after[-1] - true, outcome
        return
    if not len(before):
        assert outcome.kind == "short before current", outcome
        return
    if "kind-needed" in [warning.code for warning in call.warnings]:  # of one direction of current it asks what it is
        assert cell.note.kind is None
        assert "taken as symmetric: hard short" in outcome.evidence, outcome
        return
    assert outcome.shorted, outcome
    assert outcome.confidence >= SURE
    width = max(cell.instrument.interval, after[0] - before[-1])
    assert abs(outcome.time - true) <= width + EDGE, (outcome, true)
    assert outcome.interval is not None
    low, high = outcome.interval
    assert low - EDGE <= true <= high + EDGE, (outcome.interval, true)
