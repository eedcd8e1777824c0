"""Medians by comparisons are those that sorting gives, bit by bit."""

from __future__ import annotations

import numpy as np
import pytest

from lithostat.cycling.running_median import median_of_five, median_of_three


@pytest.mark.parametrize(("median", "width"), [(median_of_three, 3), (median_of_five, 5)])
@pytest.mark.parametrize("levels", [2, 5, 1000])  # with few there are many ties
def test_medians_are_those_of_sorting(median, width, levels):
    draw = np.random.default_rng(levels)
    values = draw.integers(0, levels, 5000) / 7.0
    values[draw.integers(0, 5000, 50)], values[draw.integers(0, 5000, 50)] = np.inf, np.nan
    sorted_ones = np.median(np.lib.stride_tricks.sliding_window_view(values, width), axis=1)
    np.testing.assert_array_equal(median(values), sorted_ones)
