"""Cells side by side: every one has a result, whatever happens to its neighbours."""

from __future__ import annotations

import os

import pytest

from lithostat.lab.many_cells import DIED, SMALL, side_by_side


def work(number: int) -> str:
    if number == 3:
        raise ValueError("three is no cell\nat all")
    if number == 5:
        os._exit(9)  # as the kernel does where memory runs out
    return f"cell {number}, process {os.getpid()}"


def failed(number: int, why: str) -> str:
    return f"failed {number}: {why}"


@pytest.mark.parametrize("numbers", [[1, 2, 3, 4], [1, 5, 2, 3, 6]])
def test_each_has_its_result_and_a_death_is_one(numbers):
    results = dict(side_by_side(numbers, work, work, failed, size=SMALL, workers=2))
    assert sorted(results) == list(range(len(numbers)))
    for index, number in enumerate(numbers):
        if number == 3:
            assert results[index].startswith("failed 3: this is a fault in lithostat")
            assert "three is no cell" in results[index]
        elif number == 5:
            assert results[index] == f"failed 5: {DIED}"
        else:
            assert results[index].startswith(f"cell {number}, process")
            assert not results[index].endswith(f" {os.getpid()}")


def test_a_small_folder_starts_no_process():
    results = dict(side_by_side([1, 2], work, work, failed, size=SMALL - 1, workers=2))
    assert all(result.endswith(f" {os.getpid()}") for result in results.values())
