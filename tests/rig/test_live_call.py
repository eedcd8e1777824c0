"""The call of a growing record: never early, soon after a short, and the same as that of the whole."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rig_cases import symmetric_record
from streaming import streamed

from lithostat.cycling.next_sample import LowerBound, lower_bound_now
from lithostat.cycling.shorts import call_short
from lithostat.cycling.trace import trace_of
from lithostat.experiment.cell_note import note_from
from lithostat.rig.demo import simulated_cell
from lithostat.rig.suspicion import PAUSE

sys.path.insert(0, str(Path(__file__).parents[1] / "cycling"))
from random_cells import watched

CAMPAIGN = os.environ.get("LITHOSTAT_CAMPAIGN") == "1"
NOTE = note_from({"kind": "symmetric"})
LATEST = 30  # samples that a short may last before it is called


@pytest.fixture(scope="session")
def demo_cell(once: Callable[[str, Callable[[], Any]], Any]) -> Any:
    return once("demo cell of the rig", simulated_cell)


def test_the_bound_is_what_the_full_call_holds_blocks_against() -> None:
    """An intact cell at 40 ohm: nothing above 40 ohm less weather and noise, and nothing far below."""
    bound = lower_bound_now(trace_of(symmetric_record(), NOTE))
    assert bound is not None
    assert 36.0 < bound.ohm < 40.0
    assert bound.current == pytest.approx(2.5e-4, rel=1e-3)


def test_the_bound_falls_with_current_pressure_and_temperature_and_never_rises() -> None:
    bound = LowerBound(40.0, 1e-3, 3e7, 298.0, 0.0, 1e-4, 40.0)
    assert bound.at(1e-3, 3e7, 298.0) == pytest.approx(40.0)
    assert bound.at(2e-3, 3e7, 298.0) == pytest.approx(20.0)
    assert bound.at(1e-3, 6e7, 298.0) == pytest.approx(20.0)
    assert bound.at(1e-3, 3e7, 308.0) < 25.0
    for state in ((5e-4, 3e7, 298.0), (1e-3, 1e7, 298.0), (1e-3, 3e7, 280.0), (1e-3, np.nan, np.nan)):
        assert bound.at(*state) == pytest.approx(40.0)


def test_there_is_no_bound_while_a_path_lasts_or_without_a_symmetric_cell() -> None:
    assert lower_bound_now(trace_of(symmetric_record(short_at=200), NOTE)) is None
    assert lower_bound_now(trace_of(symmetric_record(), note_from({"kind": "full"}))) is None


def test_a_voltage_that_stands_on_an_offset_is_judged_without_it() -> None:
    bound = LowerBound(40.0, 1e-3, np.nan, np.nan, 5e-3, 1e-4, 40.0)
    current = np.array([1e-3, -1e-3, 1e-5])
    assert bound.broken(40.5 * current + 5e-3, current).tolist() == [False, False, False]
    assert bound.broken(20.0 * current + 5e-3, current).tolist() == [True, True, False]  # too weak to be judged


@pytest.mark.parametrize("row", [150, 163, 200])
def test_a_short_is_called_within_a_few_samples(row: int) -> None:
    record = symmetric_record(short_at=row)
    live = streamed(record, NOTE)
    assert live.called is not None
    assert row <= live.called <= row + PAUSE + 4


def test_an_intact_cell_is_never_called_and_costs_few_full_calls() -> None:
    live = streamed(symmetric_record(half_cycles=30), NOTE)
    assert live.called is None
    assert live.calls <= 900 // 20 + 10


def test_the_simulated_cell_live_and_whole(demo_cell: Any) -> None:
    """The call at the moment it is made has the time of the call of the whole record; nothing was called before."""
    record, note = demo_cell
    whole = call_short(record, note).outcome
    live = streamed(record, note)
    first = int(np.searchsorted(record.column("test_time_second"), whole.time))
    assert live.called is not None
    assert first <= live.called <= first + LATEST
    assert live.outcome.time == whole.time
    assert live.outcome.shorted == whole.shorted


@pytest.mark.parametrize("seed", range(60) if CAMPAIGN else (3, 12))
def test_random_cells_are_never_called_early_and_soon(seed: int) -> None:
    """Against the truth of the simulation. Cells that short before any current, or never, are among them."""
    cell = watched(seed, habits=False)
    live = streamed(cell.record, cell.note)
    time = cell.record.column("test_time_second")
    true = cell.outcome.time if cell.outcome.shorted else np.inf
    if live.called is not None:
        assert time[live.called] >= true
    whole = call_short(cell.record, cell.note).outcome
    if whole.shorted and cell.outcome.shorted and (whole.cycling_time or 0.0) > 0.0:
        assert live.called is not None
        first = int(np.searchsorted(time, whole.time))
        current = np.abs(cell.record.column("current_ampere")[first : live.called + 1])
        assert np.count_nonzero(current > 0.1 * current.max()) <= LATEST
