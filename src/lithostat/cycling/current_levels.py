"""Where a current that keeps its direction changes its level: by medians of samples, so that noise is no step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lithostat.cycling.parts import parts
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
    signed, inside = record.column("current_ampere"), np.abs(direction[1:]) == 1
    inside[first[1:] - 1] = False
    places = np.concatenate([np.zeros(0, np.int64), *(_changes(signed, inside, part) for part in parts(len(inside)))])
    if not len(places):
        return places
    current = np.abs(signed)
    steps = _steps(record, first, direction)
    if steps is not None:
        places = np.intersect1d(places, np.concatenate([steps, steps + 1, steps - 1]))
    noise = current_noise(current, direction.__getitem__)
    width = int(np.clip(np.ceil((1.77 * SURE * noise / LEVEL) ** 2), FEWEST, MOST))
    owner = np.searchsorted(first, places, side="right") - 1
    begin, end = first[owner], np.append(first[1:], len(current))[owner]
    likely = _means_differ(current, places, begin, end, width)
    places, begin, end = places[likely], begin[likely], end[likely]
    together = [slice(at, at + _AT_ONCE) for at in range(0, len(places), _AT_ONCE)]
    jumps = [_jumps(current, places[part], begin[part], end[part], width, noise) for part in together]
    return _largest_nearby(places, np.concatenate([np.zeros(0), *jumps]), width)


def _changes(current: np.ndarray, inside: np.ndarray, part: slice) -> np.ndarray:
    """Rows behind those of `part` at which the current has changed from the sample before, where that is `inside`."""
    size = np.abs(current[part.start : part.stop + 1])
    change = np.abs(size[1:] - size[:-1]) > LEVEL * np.maximum(size[1:], size[:-1])
    return np.asarray(np.flatnonzero(change & inside[part]) + part.start + 1)


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


def current_noise(current: np.ndarray, ways: Callable[[np.ndarray], np.ndarray]) -> float:
    """Noise of one sample of the current, as a share of it; `ways` says the direction of rows."""
    at = np.arange(0, len(current) - 1, max(1, len(current) // _MANY))
    way = ways(at)
    at = at[(np.abs(way) == 1) & (ways(at + 1) == way)]
    if not len(at):
        return 0.0
    size, then = np.abs(current[at]), np.abs(current[at + 1])
    return float(1.4826 * np.median(np.abs(then - size) / np.maximum(then, size)) / np.sqrt(2.0))


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
