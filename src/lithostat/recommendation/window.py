"""The pressure window: how likely a cell fails at every pressure, by which wall, and where the walls stand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from lithostat.calibration.calibration import Calibration
from lithostat.calibration.exposure import HALF_CYCLE, PRESSED, ROOM, Exposure, steady
from lithostat.calibration.prediction import NEW, failures
from lithostat.experiment.errors import InputError
from lithostat.experiment.quantity import check
from lithostat.physics.fracture import critical_flaw

RANGE = (0.1e6, 100e6)  # pressures that are looked at [Pa]
POINTS = 141  # on that range, evenly in ln P
SHARE = 0.9  # of credible intervals
LONGEST_PRESS = 86400.0  # before a cell is set to its stack pressure [s]
AS_GOOD = 0.01  # difference of failure probabilities that nobody would choose a pressure for
ACCEPTED = 0.5  # failure probability if nobody states one: a cell is more likely to last than to fail


@dataclass(frozen=True)
class Question:
    """What a cell shall last: `hours` of cycling at `current` [A/m2], turned every `half_cycle` [s].

    `temperature` [K]. `accepted` is the failure probability that is accepted, 0 to 1. `numbers` changes the cell of the
    calibration by name, SI (area, thickness). Lithium is pressed on at `pressed` (pressure [Pa], time [s]) before the
    stack pressure is set.
    """

    current: float
    hours: float
    temperature: float = ROOM
    accepted: float = ACCEPTED
    numbers: Mapping[str, float] = field(default_factory=dict)
    half_cycle: float = HALF_CYCLE
    pressed: tuple[float, float] = PRESSED

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        check(self.current, "current_density")
        check(self.temperature, "temperature")
        for name, value in self.numbers.items():
            check(value, name)
        if self.current <= 0.0:
            raise InputError(f"received a current of {self.current:g} A/m2", expected="a current density above 0")
        if not (math.isfinite(self.hours) and 0.0 < self.hours <= 1e6):
            raise InputError(f"received {self.hours:g} h", expected="a target between 0 and a million hours")
        if not (math.isfinite(self.half_cycle) and self.half_cycle > 0.0):
            raise InputError(f"received a half-cycle of {self.half_cycle:g} s", expected="a time above 0")
        if not (0.0 < self.pressed[0] <= RANGE[1] and 0.0 < self.pressed[1] <= LONGEST_PRESS):
            raise InputError(
                f"received a press of {self.pressed[0] / 1e6:g} MPa for {self.pressed[1]:g} s",
                expected=f"one above 0, of at most {RANGE[1] / 1e6:g} MPa and a day",
            )
        if not 0.0 < self.accepted < 1.0:
            raise InputError(
                f"received an accepted failure probability of {self.accepted:g}",
                expected="a share above 0 and below 1, such as 0.1 for 10 %",
            )

    def exposure(self, pressure: float, current: float | None = None) -> Exposure:
        """What such a cell goes through at a stack pressure [Pa], at the `current` asked for or another [A/m2]."""
        flows = self.current if current is None else current
        return steady(
            pressure, flows, half_cycle=self.half_cycle, temperature=self.temperature, fabrication=self.pressed
        )


class Curve(NamedTuple):
    """Failure against pressure; `short` and `lost` are (pressures, draws), 0 to 1, and independent within a draw."""

    pressures: np.ndarray  # (pressures,) [Pa]
    short: np.ndarray  # probability of a short before the target
    lost: np.ndarray  # probability that voids take the contact

    @property
    def failure(self) -> np.ndarray:
        """Probability of either, (pressures, draws)."""
        return 1.0 - (1.0 - self.short) * (1.0 - self.lost)

    @property
    def mean(self) -> np.ndarray:
        """Of the posterior: what is not known is in it (pressures,)."""
        return self.failure.mean(1)


class Wall(NamedTuple):
    """Where failure by one mechanism reaches the accepted probability [Pa].

    `median`, `low` and `high` are the median and the ends of the 90 % credible interval over the posterior; infinite
    where they lie beyond the pressures looked at, or where no pressure is safe. `draws` is the wall of every draw.
    """

    median: float
    low: float
    high: float
    draws: np.ndarray


def failure_curve(
    calibration: Calibration, question: Question, pressures: np.ndarray | None = None, group: str | None = NEW
) -> Curve:
    """Probability of both failures at every pressure and posterior draw, for a cell of a `group`."""
    return failure_curves(calibration, question, (group,), pressures)[0]


def failure_curves(
    calibration: Calibration, question: Question, groups: Sequence[str | None], pressures: np.ndarray | None = None
) -> tuple[Curve, ...]:
    """The same for several groups, whose cells differ in how long they live."""
    at = np.geomspace(*RANGE, POINTS) if pressures is None else np.asarray(pressures, float)
    exposures = [question.exposure(p) for p in at]
    short, lost = failures(calibration, exposures, question.hours, numbers=question.numbers, groups=groups)
    return tuple(Curve(at, one, lost) for one in short)


def joined(curves: Sequence[Curve]) -> Curve:
    """One curve with the draws of all of them; their pressures must be the same."""
    return Curve(
        curves[0].pressures,
        np.concatenate([one.short for one in curves], axis=1),
        np.concatenate([one.lost for one in curves], axis=1),
    )


def lower_wall(curve: Curve, accepted: float) -> Wall:
    """Below it voids take the contact."""
    mirrored = _crossings(-np.log(curve.pressures[::-1]), curve.lost[::-1], accepted)
    return _wall(np.exp(-mirrored))


def upper_wall(curve: Curve, accepted: float) -> Wall:
    """Above it lithium shorts the cell before the target: 0 in a draw in which it does at every pressure."""
    return _wall(np.exp(_crossings(np.log(curve.pressures), curve.short, accepted)))


def window(curve: Curve, accepted: float) -> tuple[float, float] | None:
    """(low, high) [Pa] about the best pressure where the mean failure probability is accepted; None if nowhere.

    An end at which the failure is still accepted at the edge of the range is 0 or infinite: open.
    """
    mean, logs = curve.mean, np.log(curve.pressures)
    best = best_index(curve)
    if mean[best] > accepted:
        return None
    above = np.flatnonzero(mean > accepted)
    left, right = above[above < best], above[above > best]

    def between(inside: int, outside: int) -> float:
        level, near, far = _probit(np.array([accepted, mean[inside], mean[outside]]))
        share = (level - near) / max(far - near, 1e-12)
        return math.exp(logs[inside] + share * (logs[outside] - logs[inside]))

    low = between(int(left[-1]) + 1, int(left[-1])) if left.size else 0.0
    high = between(int(right[0]) - 1, int(right[0])) if right.size else math.inf
    return low, high


def best_index(curve: Curve) -> int:
    """Where the mean failure probability is least; the middle of the pressures that share it to a part in a million."""
    mean = curve.mean
    ties = np.flatnonzero(mean <= mean.min() * (1.0 + 1e-6) + 1e-12)
    return int(ties[len(ties) // 2])


def best_interval(curve: Curve) -> tuple[float, float]:
    """90 % credible interval of the best pressure [Pa].

    In each draw any pressure is as good as the best whose failure probability is within `AS_GOOD` of it; all of those
    are equally likely, evenly in ln P, and so are the draws. Where pressure matters little, the interval is wide.
    """
    failure = curve.failure
    good = failure <= failure.min(0) + AS_GOOD
    share = np.cumsum((good / good.sum(0)).mean(1))
    low, high = (int(np.searchsorted(share, 0.5 + side * SHARE / 2)) for side in (-1.0, 1.0))
    return float(curve.pressures[low]), float(curve.pressures[min(high, len(share) - 1)])


def fracture_share(calibration: Calibration, question: Question, pressure: float) -> float:
    """Share of the draws in which a short at `pressure` [Pa] is a crack that runs, not lithium that grew across."""
    if calibration.laws.failure != "fracture":
        return 0.0
    own = {**calibration.numbers, **question.numbers}
    toughness = calibration.draws.get("toughness", np.asarray(own["toughness"]))
    return float(np.mean(critical_flaw(pressure, toughness=toughness) < own["thickness"]))


def _crossings(x: np.ndarray, rising: np.ndarray, level: float) -> np.ndarray:
    """Where each column of `rising` (points, draws) first exceeds `level` along x; -inf or inf if outside of x."""
    over = rising > level
    first = over.argmax(0)
    draws = np.arange(rising.shape[1])
    inside = np.maximum(first, 1)
    low, high = _probit(rising[inside - 1, draws]), _probit(rising[inside, draws])
    share = np.clip((_probit(np.asarray(level)) - low) / np.where(high > low, high - low, 1.0), 0.0, 1.0)
    at = x[inside - 1] + share * (x[inside] - x[inside - 1])
    return np.where(~over.any(0), np.inf, np.where(first == 0, -np.inf, at))


def _probit(probability: np.ndarray) -> np.ndarray:
    """Straight in ln P for log-normal scatter, so that a coarse grid finds a crossing well."""
    return np.asarray(ndtri(np.clip(probability, 1e-15, 1.0 - 1e-15)))


def _wall(draws: np.ndarray) -> Wall:
    edges = [0.5, 0.5 - SHARE / 2, 0.5 + SHARE / 2]
    median, low, high = np.quantile(draws, edges, method="inverted_cdf")  # no mean of two ends: one may be infinite
    return Wall(float(median), float(low), float(high), draws)
