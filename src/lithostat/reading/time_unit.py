"""Test time against the clock beside it: a column whose header names another unit than its numbers have."""

from __future__ import annotations

import numpy as np

NAMES = {1e-3: "ms", 1e-6: "us", 60.0: "min", 3600.0: "h"}  # what one count is in seconds
AGREES = 0.01  # by which the ratio may differ from one of these
LEAST = 60.0  # s of clock that decide


def unit_by_clock(test_time: np.ndarray, clock: np.ndarray) -> tuple[float, str]:
    """(seconds that one count of `test_time` [s, as stated] really is, a sentence); (1, '') where both agree or nothing
    can be said.

    The two must go on together from the first row to the last and over most of the rows between: pauses and a change of
    summer time make the clock longer, but not a thousand times.
    """
    known = np.isfinite(test_time) & np.isfinite(clock)
    time, wall = test_time[known], clock[known]
    if len(time) < 3 or wall[-1] - wall[0] < LEAST or time[-1] <= time[0]:
        return 1.0, ""
    ratio = float((wall[-1] - wall[0]) / (time[-1] - time[0]))
    for count, name in NAMES.items():
        if abs(ratio / count - 1.0) > AGREES:
            continue
        steps = np.diff(wall)[np.diff(time) > 0.0] / np.diff(time)[np.diff(time) > 0.0]
        if np.median(np.abs(steps / count - 1.0)) <= 10.0 * AGREES:
            return count, (
                f"test time is stated in s, but goes on as the clock does only if it counts {name}: it is taken so"
            )
    return 1.0, ""
