"""What is wrong with data, model or both, as sentences that name cells; and what the data do not tell at all."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, ndtr

from lithostat.calibration.calibration import Calibration
from lithostat.calibration.data import CellLife
from lithostat.calibration.likelihood import spots
from lithostat.calibration.prediction import predict_life
from lithostat.experiment.quantity import span

RARE = 0.01  # two-sided tail beyond which an observation contradicts the rest
FEW = 10  # cells up to which each is judged alone; of more, some are rare by chance
SHOWN = 5  # contradicting pairs that are named
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
    lives = calibration.data.lives
    said = list(_what_is_missing(calibration))
    if lives:
        tails = tail_probabilities(calibration)
        said += [
            f"'{name}' contradicts the rest: the model gives {tail:.2g} to a cell at least so extreme"
            for name, tail in tails.items()
            if tail < _rare(len(lives), FEW)
        ]
        said += _pairs(calibration)
    return tuple(said)


def _rare(compared: int, few: int) -> float:
    """`RARE`, less where so much is `compared` that something rare is bound to be among it."""
    return RARE * min(1.0, few / max(compared, 1))


def tail_probabilities(calibration: Calibration) -> dict[str, float]:
    """Posterior predictive tail of every cell: two-sided for a dated short, one-sided for a censored one."""
    lives = calibration.data.lives
    means = _means(calibration, lives)
    scatter = calibration.draws["life_scatter"]
    tails = {}
    for one, mean in zip(lives, means, strict=True):
        count = spots(dict(one.numbers))
        outlived = [
            float(np.mean(np.exp(count * log_ndtr((mean - np.log(t)) / scatter)))) if t > 0.0 else 1.0
            for t in (one.low, min(one.high, 1e300))
        ]
        tails[one.name] = _tail(one, outlived[0], outlived[1])
    return tails


def _tail(one: CellLife, beyond_low: float, beyond_high: float) -> float:
    if one.kind == "survived":
        return beyond_low
    if one.kind == "short before current":
        return 1.0 - beyond_high
    return min(1.0, 2.0 * min(beyond_low, 1.0 - beyond_high))


def _means(calibration: Calibration, lives: tuple[CellLife, ...]) -> np.ndarray:
    """ln of the model's time to short of each cell and draw, each cell with its own numbers."""
    alike = all(dict(one.numbers) == dict(lives[0].numbers) for one in lives)
    if alike:
        return predict_life(calibration, [one.exposure for one in lives], numbers=lives[0].numbers)
    return np.stack([predict_life(calibration, one.exposure, numbers=one.numbers) for one in lives])


def _pairs(calibration: Calibration) -> list[str]:
    """Pairs in which one cell outlived the other although the model has it the other way, whatever its scatter says.

    The scatter grows until it explains any pair. Against that, pairs are judged with no more scatter than repeats of
    like cells have shown: the upper 95 % of its prior.
    """
    lives = calibration.data.lives
    means = _means(calibration, lives)
    most = float(calibration.parameter("life_scatter").value(1.645))
    scatter = np.minimum(calibration.draws["life_scatter"], most)
    found = []
    for (i, first), (k, second) in itertools.permutations(enumerate(lives), 2):
        if np.isinf(first.high) or second.low <= first.high:
            continue  # only: the first shorted, the second certainly later
        excess = np.log(second.low / first.high) - (means[k] - means[i])
        found.append((float(np.mean(ndtr(-excess / (np.sqrt(2.0) * scatter)))), first, second))
    rare = _rare(len(found), FEW * (FEW - 1) // 2)
    worst = sorted((pair for pair in found if pair[0] < rare), key=lambda pair: pair[0])
    said = [
        f"'{first.name}' shorted by {_since_current(first, first.high)} and '{second.name}' was whole at "
        f"{_since_current(second, second.low)}: no parameters give both (probability {likely:.1g} with the scatter of "
        "like cells)"
        for likely, first, second in worst[:SHOWN]
    ]
    return said + ([f"and {len(worst) - SHOWN} more pairs like these"] if len(worst) > SHOWN else [])


def _since_current(one: CellLife, time: float) -> str:
    """A time of the exposure as the lab stated it: since the first current, where that has flowed by then."""
    return span(time - one.exposure.began if one.exposure.began < time else time)


def _what_is_missing(calibration: Calibration) -> list[str]:
    data = calibration.data
    dated = [one for one in data.lives if np.isfinite(one.high)]
    if not data.names:
        return ["there are no data: the answer is the prior"]
    said = []
    if not data.lives:
        said.append("there is no cell with an outcome: times to short are those of the prior")
    elif not dated:
        said.append(
            "no cell has shorted: the data say how long cells live at least, and what lies beyond is the prior's"
        )
    elif len(dated) == 1:
        said.append("only one cell has shorted: how much like cells differ is the prior's")
    if "life_scatter" not in calibration.draws:
        return said
    scatter = np.median(calibration.draws["life_scatter"])
    usual = float(calibration.parameter("life_scatter").value(1.645))
    if scatter > usual:
        said.append(
            f"the cells scatter by a factor {np.exp(scatter):.3g} about the model, more than repeats of like cells do "
            f"({np.exp(usual):.2g}): data and model do not fit together"
        )
    return said
