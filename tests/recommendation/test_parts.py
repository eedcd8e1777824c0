"""A map trusts no part: one that is cut, changed, swapped, or of another map is computed again."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.special import log_ndtr, ndtri

from lithostat.experiment.errors import InputError
from lithostat.physics.weakest_link import worst_of
from lithostat.recommendation.chunks import SIZE, Folder, Part, worst_quantile

TASKS = 4


def part(number: int) -> Part:
    draw = np.random.default_rng(number)
    return Part(
        number,
        pair=np.arange(number * SIZE, (number + 1) * SIZE),
        kind=draw.integers(0, 5, SIZE).astype(np.int8),
        cycling_time=draw.uniform(0.0, 1e6, SIZE),
        short_time=np.where(draw.random(SIZE) < 0.5, np.inf, draw.uniform(0.0, 1e6, SIZE)),
        probability=draw.random(SIZE),
    )


def cut(path: Path, draw: random.Random) -> None:
    path.write_bytes(path.read_bytes()[: draw.randrange(path.stat().st_size)])


def change(path: Path, draw: random.Random) -> None:
    data = bytearray(path.read_bytes())
    for _ in range(draw.choice([1, 1, 50])):
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    path.write_bytes(data)


def swap(path: Path, draw: random.Random) -> None:
    shutil.copyfile(
        path.with_name(f"{draw.choice([k for k in range(TASKS) if path.stem != f'{k:06d}']):06d}.parquet"), path
    )


def of_another_map(path: Path, draw: random.Random) -> None:
    other = Folder(path.parents[2] / "other", {"seed": draw.random()}, TASKS)
    other.keep(part(int(path.stem)))
    shutil.copyfile(other._file(int(path.stem)), path)


def of_another_program(path: Path, draw: random.Random) -> None:
    import polars as pl

    pl.read_parquet(path).write_parquet(path)


WAYS: list[Callable[[Path, random.Random], None]] = [cut, change, swap, of_another_map, of_another_program]


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.filterwarnings("ignore")
def test_what_is_not_the_part_it_should_be_is_computed_again(tmp_path, seed):
    draw = random.Random(seed)
    folder = Folder(tmp_path / "map", {"seed": 1}, TASKS)
    for number in range(TASKS):
        folder.keep(part(number))
    whole = folder.gather()
    assert folder.done() == set(range(TASKS))
    hit = draw.randrange(TASKS)
    path = folder._file(hit)
    before = path.read_bytes()
    WAYS[seed % len(WAYS)](path, draw)
    again = Folder(tmp_path / "map", {"seed": 1}, TASKS)
    if path.read_bytes() == before:
        pytest.skip("nothing changed")
    if hit in again.done():  # a bit that says nothing of the result, such as who wrote the file
        for one, other in zip(again.gather(), whole, strict=True):
            np.testing.assert_array_equal(one, other)
        return
    assert again.done() == set(range(TASKS)) - {hit}
    with pytest.raises(InputError, match="was damaged or removed"):
        again.gather()
    again.keep(part(hit))
    for one, other in zip(again.gather(), whole, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_worst_spot_of_a_tiny_cell_has_a_finite_quantile():
    """As many spots as a cell of a few micrometres has of one of a centimetre, where 0.5^(1/M) is below any number."""
    spots = np.array([1.0, 1e-2, 1e-6, 1e-12])
    quantile = worst_quantile(spots)
    assert np.isfinite(quantile).all()
    np.testing.assert_allclose(quantile[:2], ndtri(worst_of(0.5, spots[:2])), rtol=1e-12)
    np.testing.assert_allclose(log_ndtr(quantile), np.log(0.5) / spots, rtol=1e-9)  # log(Phi), by another function
