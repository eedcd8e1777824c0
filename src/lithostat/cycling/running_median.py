"""Medians of a few neighbours at every place of an array, by comparisons of whole arrays: sorting each costs more."""

from __future__ import annotations

import numpy as np


def median_of_three(values: np.ndarray) -> np.ndarray:
    """Median of each value and the two behind it; two entries fewer than values, NaN where one of the three is."""
    return _middle(values[:-2], values[1:-1], values[2:])


def median_of_five(values: np.ndarray) -> np.ndarray:
    """Median of each value and the four behind it; four entries fewer than values, NaN where one of the five is."""
    one, two, three, four, five = (values[shift : len(values) - 4 + shift] for shift in range(5))
    low = np.maximum(np.minimum(one, two), np.minimum(three, four))  # neither the least nor the most of the five
    high = np.minimum(np.maximum(one, two), np.maximum(three, four))
    return _middle(low, high, five)


def _middle(one: np.ndarray, two: np.ndarray, three: np.ndarray) -> np.ndarray:
    return np.maximum(np.minimum(one, two), np.minimum(np.maximum(one, two), three))
