"""What is wrong with data, model or both, as sentences that name cells; and what the data do not tell at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import log_ndtr, ndtr

from lithostat.calibration.calibration import Calibration
from lithostat.calibration.data import CellLife, Data
from lithostat.calibration.evaluated import Evaluated, evaluated
from lithostat.calibration.layout import layout_of, standard_of
from lithostat.calibration.likelihood import spots
from lithostat.experiment.quantity import show, span

RARE = 0.01  # two-sided tail beyond which an observation contradicts the rest
FEW = 10  # cells up to which each is judged alone; of more, some are rare by chance
SHOWN = 5  # contradicting pairs that are named
LOOKED_AT = 200  # pairs that are judged, those that stand out most
USUAL = 1.645  # standard deviations of a prior up to which a scatter is that of repeats
CONTRACTED = 0.15  # a parameter whose standard deviation shrank less than this was not learnt
_SHIFTED = 0.3  # ... unless its mean moved by so many standard deviations of the prior


@dataclass(frozen=True)
class Learnt:
    """What the data said of one parameter, in the space where its prior is standard normal.

    `contraction` is 1 - standard deviation, `shift` the mean, `divergence` the Kullback-Leibler divergence [nat] of a
    normal with these two from the prior. `learnt` is False where the posterior is the prior.
    """

    name: str
    contraction: float
    shift: float
    divergence: float
    learnt: bool


def learnt(calibration: Calibration) -> tuple[Learnt, ...]:
    """What the data said of every parameter."""
    found = []
    for one, z in zip(calibration.parameters, calibration.standard().T, strict=True):
        mean, deviation = float(np.mean(z)), float(np.std(z))
        divergence = 0.5 * (deviation**2 + mean**2 - 1.0) - float(np.log(deviation))
        told = 1.0 - deviation >= CONTRACTED or abs(mean) >= _SHIFTED
        found.append(Learnt(one.name, 1.0 - deviation, mean, divergence, told))
    return tuple(found)


def conflicts(calibration: Calibration) -> tuple[str, ...]:
    """Warnings: no data, only survivors, cells that the model cannot have, pairs whose order it cannot produce."""
    return (*what_is_missing(calibration.data), *misfits(calibration))


def misfits(calibration: Calibration, told: Evaluated | None = None) -> tuple[str, ...]:
    """Where data and model do not fit together; `told` is what the draws say of the data, where it is known already."""
    data = calibration.data
    told = told or _told(calibration)
    said = [
        f"'{name}' contradicts the rest: the model gives {tail:.2g} to a {what} at least so extreme"
        for what, tails in (("cell", _life_tails(calibration, told)), ("value", _resistance_tails(calibration, told)))
        for name, tail in tails.items()
        if tail < _rare(len(tails), FEW)
    ]
    if data.lives:
        said += _pairs(calibration, told)
    if data.resistances:
        said += _resistance_pairs(calibration, told)
    return (*said, *_scattered(calibration))


def tail_probabilities(calibration: Calibration) -> dict[str, float]:
    """Posterior predictive tail of every life: two-sided for a dated short, one-sided for a censored one."""
    return _life_tails(calibration, _told(calibration))


def _told(calibration: Calibration) -> Evaluated:
    layout = layout_of(calibration.parameters, calibration.data)
    return evaluated(standard_of(calibration, layout), layout, calibration.data, calibration.laws)


def _rare(compared: int, few: int) -> float:
    """`RARE`, less where so much is `compared` that something rare is bound to be among it."""
    return RARE * min(1.0, few / max(compared, 1))


def _life_tails(calibration: Calibration, told: Evaluated) -> dict[str, float]:
    tails = {}
    for i, one in enumerate(calibration.data.lives):
        count = spots(dict(one.numbers) | dict(calibration.draws))
        beyond = [
            float(np.mean(np.exp(count * log_ndtr((told.lives[:, i] - np.log(t)) / calibration.draws["life_scatter"]))))
            if t > 0.0
            else 1.0
            for t in (one.low, min(one.high, 1e300))
        ]
        tails[one.name] = _tail(one.low, one.high, *beyond)
    return tails


def _resistance_tails(calibration: Calibration, told: Evaluated) -> dict[str, float]:
    tails = {}
    for i, one in enumerate(calibration.data.resistances):
        scatter, mean = calibration.draws["resistance_scatter"], told.resistances[:, i]
        beyond = [
            float(np.mean(ndtr((mean - np.log(end)) / scatter))) if end > 0.0 else 1.0
            for end in (one.low, min(one.high, 1e300))
        ]
        tails[one.name] = _tail(one.low, one.high, *beyond)
    return tails


def _tail(low: float, high: float, beyond_low: float, beyond_high: float) -> float:
    """Probability of something as extreme as between `low` and `high`."""
    if np.isinf(high):
        return beyond_low
    if low == 0.0:
        return 1.0 - beyond_high
    return min(1.0, 2.0 * min(beyond_low, 1.0 - beyond_high))


def _capped(calibration: Calibration, name: str) -> np.ndarray:
    """A learnt scatter, no larger than repeats have shown: the upper 95 % of its prior.

    A scatter grows until it explains any pair. Against that, pairs are judged with no more than this.
    """
    return np.minimum(calibration.draws[name], float(calibration.parameter(name).value(USUAL)))


def _pairs(calibration: Calibration, told: Evaluated) -> list[str]:
    """Pairs in which one cell outlived the other although the model has it the other way, whatever its scatter says."""
    lives = calibration.data.lives
    found = _out_of_order(lives, told.lives, _capped(calibration, "life_scatter"), True)
    return _shown(
        [
            f"'{lives[i].name}' shorted by {_since_current(lives[i], lives[i].high)} and '{lives[k].name}' was whole "
            f"at {_since_current(lives[k], lives[k].low)}: no parameters give both (probability {likely:.1g} with the "
            "scatter of like cells)"
            for likely, i, k in found
        ]
    )


def _resistance_pairs(calibration: Calibration, told: Evaluated) -> list[str]:
    """Pairs of resistances of one group whose ratio the model cannot have, whatever its scatter says."""
    points = calibration.data.resistances
    groups = np.array([one.group for one in points])
    together = groups[:, None] == groups[None, :]
    found = _out_of_order(points, told.resistances, _capped(calibration, "resistance_scatter"), together)
    return _shown(
        [
            f"'{points[i].name}' has {show(points[i].high, 'resistance')} and '{points[k].name}' has "
            f"{show(points[k].low, 'resistance')}: no parameters give both (probability {likely:.1g} with the scatter "
            "of like cells)"
            for likely, i, k in found
        ]
    )


def _out_of_order(
    observations: Sequence[Any], told: np.ndarray, scatter: np.ndarray, compared: Any
) -> list[tuple[float, int, int]]:
    """(probability, i, k), the least first, of pairs in which k is certainly larger and the model cannot have that.

    `told` (draws, observations) is where the model puts them. Of many pairs those that stand out most are looked at.
    """
    low, high = (np.array([getattr(one, end) for one in observations]) for end in ("low", "high"))
    order = np.isfinite(high)[:, None] & (low[None, :] > high[:, None]) & compared
    count = int(order.sum())
    if count == 0:
        return []
    middle = np.median(told, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = np.where(order, np.log(low[None, :] / high[:, None]) - (middle[None, :] - middle[:, None]), -np.inf)
    rare, found = _rare(count, FEW * (FEW - 1) // 2), []
    for pair in np.argsort(-excess, axis=None)[: min(count, LOOKED_AT)]:
        i, k = divmod(int(pair), len(observations))
        apart = np.log(low[k] / high[i]) - (told[:, k] - told[:, i])
        found.append((float(np.mean(ndtr(-apart / (np.sqrt(2.0) * scatter)))), i, k))
    return sorted(one for one in found if one[0] < rare)


def _shown(said: list[str]) -> list[str]:
    return said[:SHOWN] + ([f"and {len(said) - SHOWN} more pairs like these"] if len(said) > SHOWN else [])


def _scattered(calibration: Calibration) -> list[str]:
    """A scatter about the model that is more than that of repeats."""
    said = []
    for name, what in (("life_scatter", "cells scatter"), ("resistance_scatter", "resistances scatter")):
        if name not in calibration.draws or not calibration.data.names:
            continue
        scatter, usual = np.median(calibration.draws[name]), float(calibration.parameter(name).value(USUAL))
        if scatter > usual:
            said.append(
                f"the {what} by a factor {np.exp(scatter):.3g} about the model, more than repeats of like cells do "
                f"({np.exp(usual):.2g}): data and model do not fit together"
            )
    return said


def _since_current(one: CellLife, time: float) -> str:
    """A time of the exposure as the lab stated it: since the first current, where that has flowed by then."""
    return span(time - one.exposure.began if one.exposure.began < time else time)


def what_is_missing(data: Data) -> tuple[str, ...]:
    """What data cannot say, of whatever model."""
    dated = [one for one in data.lives if np.isfinite(one.high)]
    if not data.names:
        return ("there are no data: the answer is the prior",)
    if not data.lives:
        return ("there is no cell with an outcome: times to short are those of the prior",)
    if not dated:
        return ("no cell has shorted: the data say how long cells live at least, and what lies beyond is the prior's",)
    if len(dated) == 1:
        return ("only one cell has shorted: how much like cells differ is the prior's",)
    return ()
