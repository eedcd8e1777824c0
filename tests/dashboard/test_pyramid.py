"""A zoom shows exactly the least and the largest of the samples in each column, whatever lies in them."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lithostat.dashboard.pyramid import HEAD, Pyramid, open_pyramid, write_pyramid
from lithostat.experiment.errors import InputError

ROOMY = 1 << 19


def written(path: Path, time: np.ndarray, values: np.ndarray, *, chunk: int = 100_003, room: int = 0) -> Pyramid:
    def chunks() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for start in range(0, len(time), chunk):
            yield time[start : start + chunk], values[:, start : start + chunk]

    about = [{"label": str(number)} for number in range(len(values))]
    return open_pyramid(write_pyramid(path, room or len(time), chunks(), about))


def extremes(values: np.ndarray, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column in which nothing was measured
        return np.nanmin(values[:, first:last], 1), np.nanmax(values[:, first:last], 1)


@pytest.mark.parametrize("samples", [0, 1, 2, 15, 16, 17, 255, 256, 257, 4096, 4097, 65_537, 300_000])
def test_every_column_is_the_least_and_the_largest_of_its_samples(samples: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(samples)
    steps = rng.choice([0.0, 1.0, 1.0, 500.0], samples, p=[0.2, 0.4, 0.39, 0.01])  # doubled times, pauses
    time, values = np.cumsum(steps), rng.normal(size=(3, samples)).astype(np.float32)
    values[0, rng.random(samples) < 0.3] = np.nan
    values[1] = np.nan
    pyramid = written(tmp_path / "traces", time, values)
    end = float(time[-1]) if samples else 1.0
    for _ in range(12):
        start, stop = np.sort(rng.uniform(-0.1 * end, 1.1 * end, 2))
        columns = int(rng.integers(1, 400))
        zoom = pyramid.between(start, stop, columns)
        first, last = np.searchsorted(time, start, "left"), np.searchsorted(time, stop, "right")
        if zoom.whole:
            rows = slice(max(first - 1, 0), last + 1)
            assert np.array_equal(zoom.time, time[rows])
            assert np.array_equal(zoom.low, values[:, rows], equal_nan=True)
            assert zoom.high is zoom.low
            continue
        assert len(zoom.time) <= columns
        edges = np.append(np.searchsorted(time, zoom.time, "left"), last)
        edges[0] = first
        assert np.all(np.diff(edges) > 0)
        truth = [extremes(values, *pair) for pair in itertools.pairwise(edges)]
        assert np.array_equal(zoom.low, np.stack([low for low, _ in truth], 1), equal_nan=True)
        assert np.array_equal(zoom.high, np.stack([high for _, high in truth], 1), equal_nan=True)


def test_a_glitch_of_one_sample_is_seen_at_full_zoom(tmp_path: Path) -> None:
    time, values = np.arange(1_000_000.0), np.zeros((1, 1_000_000))
    values[0, 765_432] = 1.0
    zoom = written(tmp_path / "traces", time, values).between(0.0, 1e6, 800)
    at = np.flatnonzero(zoom.high[0] == 1.0)
    assert len(at) == 1
    assert zoom.time[at[0]] <= 765_432.0 < zoom.time[at[0] + 1]
    assert zoom.high[0].sum() == 1.0
    assert not zoom.low[0].any()


def test_rows_without_a_place_in_time_are_left_out(tmp_path: Path) -> None:
    time = np.array([0.0, 1.0, np.nan, 0.5, 2.0, np.inf, 3.0, 2.9])
    values = np.arange(8.0)[None]
    for chunk in (1, 2, 3, 8):
        pyramid = written(tmp_path / "traces", time, values, chunk=chunk)
        assert pyramid.time.tolist() == [0.0, 1.0, 2.0, 3.0]
        assert pyramid.traces[0].tolist() == [0.0, 1.0, 4.0, 6.0]


def test_what_no_axis_can_show_is_no_value(tmp_path: Path) -> None:
    pyramid = written(tmp_path / "traces", np.arange(3.0), np.array([[1.0, 1e300, -np.inf]]))
    assert np.array_equal(pyramid.traces[0], [1.0, np.nan, np.nan], equal_nan=True)


def test_room_that_is_not_used_is_not_shown(tmp_path: Path) -> None:
    pyramid = written(tmp_path / "traces", np.arange(5000.0), np.ones((1, 5000)), room=ROOMY)
    assert len(pyramid.time) == 5000
    zoom = pyramid.between(-1e9, 1e9, 10)
    assert (zoom.low.min(), zoom.high.max(), zoom.time[0]) == (1.0, 1.0, 0.0)


@pytest.mark.parametrize("damage", ["cut", "head", "empty", "other format", "more samples"])
def test_a_damaged_file_is_a_sentence(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "traces"
    written(path, np.arange(5000.0), np.ones((2, 5000)))
    content = path.read_bytes()
    head = content[:HEAD]
    changed = {
        "cut": content[:-4],
        "head": b"\0" * HEAD + content[HEAD:],
        "empty": b"",
        "other format": head.replace(b'"format": 1', b'"format": 2') + content[HEAD:],
        "more samples": head.replace(b'"samples": 5000', b'"samples": 9000') + content[HEAD:],
    }
    path.write_bytes(changed[damage])
    with pytest.raises(InputError, match="is no pyramid of traces"):
        open_pyramid(path)


def test_a_fault_on_the_way_leaves_no_file(tmp_path: Path) -> None:
    def chunks() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        yield np.arange(10.0), np.ones((1, 10))
        raise ValueError("the record ended")

    with pytest.raises(ValueError, match="the record ended"):
        write_pyramid(tmp_path / "traces", 1000, chunks(), [{}])
    assert list(tmp_path.iterdir()) == []
