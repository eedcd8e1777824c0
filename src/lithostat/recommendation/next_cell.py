"""Which cell to build next: the one whose result is expected to narrow the walls of the window most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import log_ndtr

from lithostat.calibration.calibration import Calibration
from lithostat.calibration.likelihood import spots
from lithostat.calibration.prediction import NEW, openings, predict_life
from lithostat.experiment.quantity import show, span
from lithostat.recommendation.window import RANGE, Question

PRESSURES = 15  # candidates, evenly in ln P over what is worth trying
CURRENTS = (0.5, 1.0, 2.0, 4.0)  # of the current asked for
LENGTHS = (0.25, 0.5, 1.0)  # of the hours asked for
LONGEST = 8766.0  # a year [h]: nobody waits longer for what one cell tells
BINS = 16  # into which the time to a short is sorted
ENOUGH = 0.9  # of the largest gain; among the candidates above it the quickest is chosen
SETTING_UP = 24.0  # time that any cell takes before its first current [h]


class Candidate(NamedTuple):
    """An experiment and what it is expected to bring.

    `gain` is the share by which the standard deviations of ln of both walls, added, are expected to shrink. `hours` is
    how long it is run at most and `expected_hours` how long it lasts on average.
    """

    pressure: float  # [Pa]
    current: float  # [A/m2]
    hours: float
    expected_hours: float
    gain: float
    shorts: float  # probability of a short before `hours`
    loses: float  # probability that it loses its contact

    def why(self) -> str:
        """In words."""
        said = (
            f"a cell at {show(self.pressure, 'pressure', 3)} and {show(self.current, 'current_density', 3)}, run until "
            f"it fails or for {span(3600.0 * self.hours)}"
        )
        shorts, loses = 100.0 * self.shorts, 100.0 * self.loses
        odds = f"it shorts with {shorts:.0f} % and loses its contact with {loses:.0f} % probability"
        if self.gain < 0.01:
            return f"{said}: no single cell tells much; {odds}"
        return (
            f"{said}: on average over what may come of it, the walls are then {100.0 * self.gain:.0f} % better known; "
            f"{odds}, and it takes {self.expected_hours:.0f} h on average, a day for putting it together included"
        )


def candidates(
    believed: Sequence[Calibration],
    question: Question,
    lower: np.ndarray,
    upper: np.ndarray,
    group: str | None = NEW,
) -> tuple[Candidate, ...]:
    """Expected gain of every experiment considered. `lower`, `upper` are the walls of every draw [Pa], (draws,).

    `believed` are the calibrations that the draws come from, one after the other (one, unless rivals are averaged).

    Each draw of the posterior says how probable every outcome is (a short in one of some spans of time, lost contact,
    neither); an outcome would re-weight the draws by that. The gain is the fall of the walls' standard deviations,
    averaged over outcomes as the whole posterior expects them. The cell is made by the `group` that the walls are for:
    what it would tell of that lab's offset counts.
    """
    low, high = _worth_trying(lower, upper)
    grid = [(p, m * question.current) for m in CURRENTS for p in np.geomspace(low, high, PRESSURES)]
    exposures = [question.exposure(p, j) for p, j in grid]
    ends = np.array([one.began for one in exposures]) + 3600.0 * min(question.hours, LONGEST)
    life = _beside([predict_life(one, exposures, numbers=question.numbers, group=group) for one in believed])  # ln s
    load = _beside([openings(one, exposures, ends, numbers=question.numbers) for one in believed])
    lost = np.exp(log_ndtr(load / _drawn(believed, "stripping_scatter")))
    scatter, count = _drawn(believed, "life_scatter"), _spots(believed, question)
    held = np.clip(lower, *RANGE)
    # a draw in which no pressure is safe has a window of no width, not a wall at whatever pressure the range begins
    walls = np.log(np.stack([held, np.clip(upper, held, RANGE[1])]))
    now = walls.std(axis=1).sum()
    found = []
    for (pressure, current), exposure, mean, gone in zip(grid, exposures, life, lost, strict=True):
        for length in LENGTHS:
            hours = length * min(question.hours, LONGEST)
            ends = exposure.began + 3600.0 * np.geomspace(hours / 300.0, hours, BINS)
            reached = np.exp(count * log_ndtr((mean - np.log(ends)[:, None]) / scatter))
            outcome = _outcomes(reached, gone)
            gain = 1.0 - _expected(outcome, walls) / now if now > 0.0 else 0.0
            span = float((reached.mean(1)[:-1] * np.diff(ends)).sum() + ends[0] - exposure.began) / 3600.0
            kept = 1.0 - float(gone.mean())
            found.append(
                Candidate(
                    pressure=float(pressure),
                    current=float(current),
                    hours=float(hours),
                    expected_hours=SETTING_UP + kept * span + (1.0 - kept) * float(hours),
                    gain=max(float(gain), 0.0),
                    shorts=float(outcome[1:-1].mean(1).sum()),
                    loses=1.0 - kept,
                )
            )
    return tuple(found)


def _beside(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts, axis=-1)


def _drawn(believed: Sequence[Calibration], name: str) -> np.ndarray:
    return _beside([np.asarray(one.draws[name]) for one in believed])


def _spots(believed: Sequence[Calibration], question: Question) -> np.ndarray:
    """Number of independent spots of the cell that is asked about, of every draw, (draws,)."""
    own = [spots({**one.numbers, **one.draws, **question.numbers}) * np.ones(one.count) for one in believed]
    return _beside(own)


def next_cell(considered: tuple[Candidate, ...]) -> Candidate:
    """Of the candidates whose gain is within a tenth of the largest, the one that takes the least time."""
    most = max(one.gain for one in considered)
    good = [one for one in considered if one.gain >= ENOUGH * most]
    return min(good, key=lambda one: (one.expected_hours, one.pressure))


def _worth_trying(lower: np.ndarray, upper: np.ndarray) -> tuple[float, float]:
    """From below the lower wall to above the upper one, as they are believed to be; at least a decade."""
    low = float(np.quantile(np.clip(lower, *RANGE), 0.05, method="inverted_cdf"))
    high = float(np.quantile(np.clip(upper, *RANGE), 0.95, method="inverted_cdf"))
    low, high = max(low, 0.5e6), min(1.3 * high, 80e6)
    if high < 10.0 * low:
        middle = np.sqrt(low * max(high, 1e5))
        low, high = middle / np.sqrt(10.0), middle * np.sqrt(10.0)
    return max(low, RANGE[0]), min(high, RANGE[1])


def _outcomes(reached: np.ndarray, gone: np.ndarray) -> np.ndarray:
    """Probability of each outcome in each draw, (outcomes, draws): contact lost, a short in each span, neither."""
    died = -np.diff(np.concatenate([np.ones((1, reached.shape[1])), reached]), axis=0)
    return np.concatenate([gone[None], (1.0 - gone) * np.maximum(died, 0.0), ((1.0 - gone) * reached[-1])[None]])


def _expected(outcome: np.ndarray, walls: np.ndarray) -> float:
    """Standard deviations of both walls, added, that are expected once the outcome is known."""
    probability = outcome.mean(1)
    weights = outcome / np.maximum(outcome.sum(1, keepdims=True), 1e-300)
    centred = walls - walls.mean(1, keepdims=True)
    means, squares = weights @ centred.T, weights @ (centred**2).T  # (outcomes, 2)
    deviations = np.sqrt(np.maximum(squares - means**2, 0.0)).sum(1)
    return float((probability * deviations).sum())
