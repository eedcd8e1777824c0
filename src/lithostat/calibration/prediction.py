"""From a calibration to cells that were never built: how long they live, and how likely they fail.

Every function takes any number of exposures and keeps the draws apart: (exposures, draws). What a draw says of a cell
is a distribution, because like cells differ; what the draws say together is how much is known. A cell belongs to a
group: `NEW`, a lab of which nothing is known, so that every draw has an offset of its own; a group of the data; or
`MEDIAN`, without any offset, which shows what the parameters are worth.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import jax
import numpy as np
from scipy.special import log_ndtr, ndtri

from lithostat.calibration.calibration import Calibration
from lithostat.calibration.data import ALL_NUMBERS
from lithostat.calibration.exposure import Exposure
from lithostat.calibration.likelihood import spots
from lithostat.calibration.packed import pack_exposures
from lithostat.engine import engine
from lithostat.experiment.errors import InputError, nearest
from lithostat.model.life import Moment, history, log_life, log_opening
from lithostat.model.parameters import Laws, parameters_of
from lithostat.model.segments import ENDLESS, Segments

Mechanism = Literal["any", "short", "contact lost"]
NEW, MEDIAN = None, ""
CHUNK = 65_536  # exposures times draws evaluated together; bounds the memory


def offsets_of(calibration: Calibration, group: str | None) -> np.ndarray:
    """By how much ln t of a group's cells lies above that of the median group, (draws,)."""
    if group is MEDIAN:
        return np.zeros(calibration.count)
    if group is not NEW:
        if group in calibration.offsets:
            return np.asarray(calibration.offsets[group])
        if "life_spread" not in calibration.draws and group in calibration.data.groups:
            return np.zeros(calibration.count)
        known = tuple(calibration.offsets)
        raise InputError(f"no cells of '{group}' were learnt from{nearest(group, known)}", expected=", ".join(known))
    if "life_spread" not in calibration.draws:
        return np.zeros(calibration.count)
    count = calibration.count
    order = np.random.default_rng(calibration.seed + 1).permutation(count)
    # of one group alone the numbers are its own: another lab differs from it by both their offsets
    apart = math.sqrt(2.0) if len(calibration.data.groups) == 1 else 1.0
    spread = apart * np.asarray(calibration.draws["life_spread"])
    return np.asarray(spread * ndtri((order + 0.5) / count))  # evenly over the normal


def predict_life(
    calibration: Calibration,
    exposures: Exposure | Sequence[Exposure],
    *,
    numbers: Mapping[str, float] | None = None,
    group: str | None = NEW,
    seed: int | None = None,
) -> np.ndarray:
    """ln of the time to short [s] since the start of each exposure, (exposures, draws).

    Without `seed` it is that of the median spot of the reference area; with it, of a random cell per draw: cell-to-cell
    scatter and area are in it. `numbers` change the cell (area, thickness, SI). One `Exposure` gives (draws,).
    """
    own = dict(calibration.numbers) | dict(numbers or {})
    found = _evaluated(calibration, exposures, own)[0] + offsets_of(calibration, group)
    if seed is not None:
        scatter, count = calibration.draws["life_scatter"], spots(_complete(calibration, own))
        uniform = np.random.default_rng(seed).random(found.shape)
        found = found - scatter * ndtri(uniform ** (1.0 / count))  # survival of the cell, S^M, is uniform
    return found[0] if isinstance(exposures, Exposure) else found


def failure_probability(
    calibration: Calibration,
    exposures: Exposure | Sequence[Exposure],
    hours: float | np.ndarray,
    *,
    mechanism: Mechanism = "any",
    numbers: Mapping[str, float] | None = None,
    group: str | None = NEW,
) -> np.ndarray:
    """Probability that a cell fails within `hours` of cycling, for every draw, (exposures, draws), 0 to 1.

    `hours` (one, or one an exposure) count from the first current; without current from the start. A cell fails by a
    'short', or with 'contact lost' when voids take all of it. The two are independent given the parameters. One
    `Exposure` gives (draws,).
    """
    several = [exposures] if isinstance(exposures, Exposure) else list(exposures)
    (short,), lost = failures(calibration, several, hours, numbers=numbers, groups=(group,))
    failed = {"short": short, "contact lost": lost}.get(mechanism, 1.0 - (1.0 - short) * (1.0 - lost))
    return failed[0] if isinstance(exposures, Exposure) else failed


def failures(
    calibration: Calibration,
    exposures: Sequence[Exposure],
    hours: float | np.ndarray,
    *,
    numbers: Mapping[str, float] | None = None,
    groups: Sequence[str | None] = (NEW,),
) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """As `failure_probability`, both mechanisms apart: of shorts for each of `groups`, and of lost contact, once."""
    own = dict(calibration.numbers) | dict(numbers or {})
    began = np.array([one.began if one.cycled else 0.0 for one in exposures])
    ends = began + 3600.0 * np.broadcast_to(np.asarray(hours, float), len(exposures))
    mean, opening = _evaluated(calibration, exposures, own, ends)
    count, scatter = spots(_complete(calibration, own)), calibration.draws["life_scatter"]
    ahead = mean - np.log(ends)[:, None]
    short = tuple(-np.expm1(count * log_ndtr((ahead + offsets_of(calibration, one)) / scatter)) for one in groups)
    return short, np.exp(log_ndtr(opening / calibration.draws["stripping_scatter"]))


def openings(
    calibration: Calibration,
    exposures: Sequence[Exposure],
    times: np.ndarray,
    *,
    numbers: Mapping[str, float] | None = None,
) -> np.ndarray:
    """ln of how far voids are open by `times` [s since the start] over what loses the contact, (exposures, draws)."""
    return _evaluated(calibration, exposures, dict(calibration.numbers) | dict(numbers or {}), times)[1]


def life_quantiles(
    calibration: Calibration,
    exposures: Sequence[Exposure],
    shares: Sequence[float],
    *,
    numbers: Mapping[str, float] | None = None,
    group: str | None = NEW,
) -> np.ndarray:
    """Quantiles of the predictive distribution of the time to short [s since the start], (exposures, shares).

    Everything is in it: what is not known of the parameters, the lab's offset, cell-to-cell scatter, area. The mean
    distribution function of the draws is inverted by bisection.
    """
    own = dict(calibration.numbers) | dict(numbers or {})
    mean = _evaluated(calibration, exposures, own)[0] + offsets_of(calibration, group)
    scatter, count = calibration.draws["life_scatter"], spots(_complete(calibration, own))
    wanted = np.asarray(shares, float)[None, :]
    low = np.repeat((mean - 10.0 * scatter - np.log(np.maximum(count, 1.0))).min(1, keepdims=True), wanted.shape[1], 1)
    high = np.repeat((mean + 10.0 * scatter).max(1, keepdims=True), wanted.shape[1], 1)
    for _ in range(50):
        middle = 0.5 * (low + high)
        lived = np.exp(count * log_ndtr((mean[:, None, :] - middle[:, :, None]) / scatter)).mean(-1)
        early = 1.0 - lived < wanted
        low, high = np.where(early, middle, low), np.where(early, high, middle)
    return np.exp(0.5 * (low + high))


def _complete(calibration: Calibration, own: Mapping[str, float]) -> dict[str, Any]:
    """Numbers of the cell with what was learnt in their place."""
    return dict(own) | {name: values for name, values in calibration.draws.items() if name in ALL_NUMBERS}


def _evaluated(
    calibration: Calibration,
    exposures: Exposure | Sequence[Exposure],
    own: Mapping[str, float],
    times: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """ln life of the median group and opening of voids by `times` (the end) of every exposure and draw, (e, draws)."""
    several = [exposures] if isinstance(exposures, Exposure) else list(exposures)
    segments, plated = pack_exposures(several)
    ends = np.full(len(several), ENDLESS) if times is None else np.asarray(times, float)
    places = [_place(one, float(end), len(plated)) for one, end in zip(several, ends, strict=True)]
    which, since = (np.array(column) for column in zip(*places, strict=True))
    draws = {name: np.asarray(values) for name, values in calibration.draws.items() if name in ALL_NUMBERS}
    if not draws:  # nothing of the model was learnt: every draw has the same numbers
        draws = {"thickness": np.full(calibration.count, float(own["thickness"]))}
    rest = {name: float(own[name]) for name in ALL_NUMBERS if name not in draws}
    total = len(several)
    size = min(max(1, CHUNK // max(1, calibration.count)), total)
    parts = []
    with engine():
        program = _program(calibration.laws, plated)
        for first in range(0, total, size):
            index = np.minimum(np.arange(first, first + size), total - 1)  # the last part repeats an exposure
            chosen = Segments(*(column[index] for column in segments))
            found = program(chosen, which[index], since[index], draws, rest)
            parts.append([np.asarray(values)[: total - first] for values in found])
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _place(exposure: Exposure, time: float, length: int) -> tuple[int, float]:
    """Segment that a time [s] lies in, of `length` packed ones, and how long after its start."""
    ends = np.cumsum(exposure.durations)
    k = min(int(np.searchsorted(ends, time)), len(ends) - 1)
    return k + length - len(ends), time - (float(ends[k - 1]) if k else 0.0)


@functools.lru_cache(maxsize=32)
def _program(laws: Laws, plated: tuple[int, ...]) -> Callable[..., Any]:
    def one(
        segments: Segments, segment: Any, time: Any, drawn: dict[str, Any], rest: dict[str, Any]
    ) -> tuple[Any, Any]:
        p = parameters_of(rest | drawn)
        passed = history(segments, p, laws, plated)
        opening = log_opening(passed, segments, Moment(segment, time), p, laws)
        return log_life(segments, passed, p, laws, plated), opening

    over_draws = jax.vmap(one, in_axes=(None, None, None, 0, None))
    return jax.jit(jax.vmap(over_draws, in_axes=(0, 0, 0, None, None)))
