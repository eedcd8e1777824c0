"""A figure of many samples shows the least and the largest of each column of pixels, and loses no spike."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from lithostat.experiment.record import Record
from lithostat.show.cell_figure import cell_figure
from lithostat.show.page import svg
from lithostat.show.pixels import COLUMNS, first_rows, least_and_largest, thinned


@pytest.mark.parametrize("seed", range(6))
def test_every_column_of_pixels_keeps_its_extremes(seed):
    draw = np.random.default_rng(seed)
    time = np.sort(draw.uniform(0.0, 1e5, 20_000)) if seed % 2 else np.arange(20_000.0) ** 2
    values = draw.standard_normal(len(time))
    values[draw.integers(0, len(time), 3000)] = np.nan
    values[draw.integers(0, len(time), 5)] = 1e300  # beyond all axes
    first = first_rows(time)
    low, high = least_and_largest(values, first)
    for at, begin in enumerate(first):
        part = values[begin : first[at + 1] if at + 1 < len(first) else None]
        part = part[np.isfinite(part) & (np.abs(part) < 1e30)]
        expected = (part.min(), part.max()) if len(part) else (np.nan, np.nan)
        np.testing.assert_array_equal((low[at], high[at]), expected)
    width = (time[-1] - time[0]) / (COLUMNS - 1)
    assert np.all(np.diff(time[first]) > 0.0)
    assert len(first) <= COLUMNS
    assert np.all(time[np.append(first[1:], len(time)) - 1] - time[first] <= width * (1.0 + 1e-9))


def test_few_points_are_left_as_they_are_and_many_keep_their_spike():
    x = np.arange(COLUMNS, dtype=float)
    assert thinned(x, 2.0 * x)[1] is not None
    np.testing.assert_array_equal(thinned(x, 2.0 * x), (x, 2.0 * x))
    many, values = np.arange(1e5), np.zeros(100_000)
    values[77_777] = 5.0
    at, left = thinned(many, values)
    assert len(at) <= 2 * COLUMNS
    assert left.max() == 5.0


def test_the_page_of_a_long_record_is_as_small_as_that_of_a_short_one():
    sizes = []
    for count in (20_000, 200_000):
        row = np.arange(count)
        sign = np.where((row // 20) % 2 == 0, 1.0, -1.0)
        noise = np.random.default_rng(0).standard_normal(count)
        table = {
            "test_time_second": 10.0 * row,
            "current_ampere": 1e-4 * sign,
            "voltage_volt": 7e-3 * sign + 1e-5 * noise,
        }
        sizes.append(len(svg(cell_figure(Record(pl.DataFrame(table)), resistance=True))))
    assert sizes[1] < 1.1 * sizes[0]
