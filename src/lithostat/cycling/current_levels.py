"""Where a current that keeps its direction changes its level: by medians of samples, so that noise is no step."""

from __future__ import annotations

import numpy as np

from lithostat.experiment.record import Record

LEVEL = 0.1  # relative change of the current that begins a new stretch
FEWEST, MOST = 5, 64  # samples on each side whose median is a level
SURE = 5.5  # standard errors by which two medians must differ
CLEAR = 0.5  # of a change that the samples on either side may spread over: a current that decays has no step
TOLD = 0.8  # share of the reversals that coincide with a step of the cycler, if its steps mean anything
_MANY = 200_000  # samples that are enough to know the noise
_AT_ONCE = 100_000  # places that are looked at together


def level_changes(record: Record, first: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Rows at which a new level of the current begins, inside stretches of one direction that begin at `first`."""
    current = np.abs(record.column("current_ampere"))
    change = np.abs(current[1:] - current[:-1]) > LEVEL * np.maximum(current[1:], current[:-1])
    change &= np.abs(direction[1:]) == 1
    change[first[1:] - 1] = False
    places = np.flatnonzero(change) + 1
    if not len(places):
        return places
    steps = _steps(record, first, direction)
    if steps is not None:
        places = np.intersect1d(places, np.concatenate([steps, steps + 1, steps - 1]))
    noise = current_noise(current, direction)
    width = int(np.clip(np.ceil((1.77 * SURE * noise / LEVEL) ** 2), FEWEST, MOST))
    owner = np.searchsorted(first, places, side="right") - 1
    begin, end = first[owner], np.append(first[1:], len(current))[owner]
    likely = _means_differ(current, places, begin, end, width)
    places, begin, end = places[likely], begin[likely], end[likely]
    parts = [slice(at, at + _AT_ONCE) for at in range(0, len(places), _AT_ONCE)]
    jumps = [_jumps(current, places[part], begin[part], end[part], width, noise) for part in parts]
    return _largest_nearby(places, np.concatenate([np.zeros(0), *jumps]), width)


def _means_differ(
    current: np.ndarray, places: np.ndarray, begin: np.ndarray, end: np.ndarray, width: int
) -> np.ndarray:
    """Where the means of the samples on either side differ by half a step at least: a first look that costs little."""
    total = np.concatenate([[0.0], np.cumsum(current)])
    low, high = np.maximum(places - width, begin), np.minimum(places + width, end)
    before, after = (total[places] - total[low]) / (places - low), (total[high] - total[places]) / (high - places)
    return np.asarray(np.abs(before - after) > 0.5 * LEVEL * np.maximum(before, after))


def _steps(record: Record, first: np.ndarray, direction: np.ndarray) -> np.ndarray | None:
    """Rows that begin a step of the cycler; None where it counts none, or none that go with the current."""
    for name in ("step_count", "step_index"):
        if name in record.table.columns:
            steps = np.flatnonzero(np.diff(record.column(name)) != 0) + 1
            turns = first[1:][np.abs(direction[first[1:]]) == 1]
            near = np.isin(turns, np.concatenate([steps, steps + 1, steps - 1]))
            if len(turns) >= 2 and np.mean(near) >= TOLD and len(steps) < len(direction) // 4:
                return steps
    return None


def current_noise(current: np.ndarray, direction: np.ndarray) -> float:
    """Noise of one sample of the current, as a share of it."""
    at = np.arange(0, len(current) - 1, max(1, len(current) // _MANY))
    at = at[(np.abs(direction[at]) == 1) & (direction[at + 1] == direction[at])]
    if not len(at):
        return 0.0
    step = np.abs(current[at + 1] - current[at]) / np.maximum(current[at + 1], current[at])
    return float(1.4826 * np.median(step) / np.sqrt(2.0))


def _jumps(
    current: np.ndarray, places: np.ndarray, begin: np.ndarray, end: np.ndarray, width: int, noise: float
) -> np.ndarray:
    """Relative change of the level at each place; 0 where it is none: too small, one sample only, or a slow decay."""
    reach = np.arange(width)
    before, after = places[:, None] - 1 - reach, places[:, None] + reach
    low = np.where(before >= begin[:, None], current[np.maximum(before, 0)], np.nan)
    high = np.where(after < end[:, None], current[np.minimum(after, len(current) - 1)], np.nan)
    count = np.minimum(np.isfinite(low).sum(1), np.isfinite(high).sum(1))
    level, other = np.nanmedian(low, axis=1), np.nanmedian(high, axis=1)
    larger = np.maximum(level, other)
    jump = np.abs(level - other) / larger
    spread = np.maximum(*(np.nanmedian(np.abs(side - middle[:, None]), axis=1) for side, middle in
                          ((low, level), (high, other)))) / larger  # fmt: skip
    least = np.maximum(LEVEL, SURE * 1.77 * noise / np.sqrt(np.maximum(count, 1)))
    return np.where((jump > least) & (count >= 2) & (spread < CLEAR * jump), jump, 0.0)


def _largest_nearby(places: np.ndarray, jump: np.ndarray, width: int) -> np.ndarray:
    """Of changes that lie within one width of each other the largest."""
    places, jump = places[jump > 0.0], jump[jump > 0.0]
    if not len(places):
        return places
    group = np.concatenate([[0], np.cumsum(np.diff(places) > width)])
    best = np.lexsort((-jump, group))
    return places[best[np.unique(group[best], return_index=True)[1]]]
