"""Cells behind instruments with the habits of cyclers: no false short, no late one, confidence that is right.

120 cells by default, 4000 with LITHOSTAT_CAMPAIGN=1. No weight, margin or confidence was set on these seeds.
"""

from __future__ import annotations

import os

import numpy as np
import pytest
from judged_calls import Judged, bins, judged_calls

CAMPAIGN = bool(os.environ.get("LITHOSTAT_CAMPAIGN"))
SEEDS = range(51_000, 55_000) if CAMPAIGN else range(51_000, 51_120)
LEAST = 200  # claims in a bin
WITHIN = 0.05


@pytest.fixture(scope="module")
def calls() -> list[Judged]:
    return judged_calls(SEEDS, workers=2 if CAMPAIGN else 1)


def test_the_cells_are_half_and_half(calls):
    assert 0.4 < np.mean([not call.truth.startswith("short") for call in calls]) < 0.6


def test_at_most_two_false_shorts_in_a_thousand(calls):
    alive = [call for call in calls if not call.truth.startswith("short")]
    false = [(call.seed, call.kind, call.habits) for call in alive if call.false_short]
    assert len(false) <= 0.002 * len(alive), false


def test_shorts_that_show_themselves_are_found_with_their_first_settled_sample(calls):
    shown = [call for call in calls if call.shown]
    missed = [(call.seed, call.kind, call.habits) for call in shown if not call.in_time]
    assert len(missed) <= max(0.02 * len(shown), 0 if CAMPAIGN else 1), missed


def test_stated_confidence_is_right(calls):
    points = bins(calls, LEAST if CAMPAIGN else 40)
    for stated, right, number in [*points["no short"], *points["short"]]:
        allowed = max(WITHIN, 2.0 * np.sqrt(stated * (1.0 - stated) / number))
        assert abs(stated - right) <= allowed + (0.0 if CAMPAIGN else 0.05), (stated, right, number)


def test_most_right_calls_are_sure(calls):
    right = [call.confidence for call in calls if call.right]
    assert np.mean(np.array(right) >= 0.95) >= 0.6
