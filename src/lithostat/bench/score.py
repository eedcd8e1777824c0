"""How good a prediction was: log density or probability of what was measured, an interval, a verdict in words.

ln of the outcome is normal about ln of what a law predicts. Its variance is the scatter between like cells (of the
cards) and the offset between papers, which is 1 until it has been learnt: another lab's cells of like settings live
longer or shorter by a factor of e.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from scipy.special import log_ndtr, ndtri

from lithostat.bench.prediction import Prediction
from lithostat.papers.published_cell import PublishedCell

OFFSET = 1.0  # standard deviation of ln t between papers
CRITICAL_SCATTER = 0.5  # of ln of a critical current or pressure between cells, as the prior of calibration
FLOOR = -10.0  # [nat]; less than that is one rejection, however absurd
LEVEL = 0.9
_Z = float(ndtri(0.5 + 0.5 * LEVEL))
_LOG_ROOT = 0.5 * math.log(2.0 * math.pi)


class Score(NamedTuple):
    """Log score [nat], the ends of the 90 % interval in the row's unit (None: open), whether the value lies inside."""

    log_score: float | None
    low: float | None
    high: float | None
    inside: bool | None
    verdict: str


def spread(cell: PublishedCell, life_scatter: float, offset: float = OFFSET) -> float:
    """Standard deviation of ln of the outcome of a cell of another lab."""
    critical = cell.outcome in ("critical_current", "critical_pressure")
    return math.hypot(CRITICAL_SCATTER if critical else life_scatter, offset)


def score(cell: PublishedCell, predicted: Prediction, life_scatter: float, offset: float = OFFSET) -> Score:
    """A prediction against what was measured; `offset` is the standard deviation of ln t between papers."""
    sd = spread(cell, life_scatter, offset)
    centre = math.log(predicted.middle)
    low, high = math.exp(centre - _Z * sd), math.exp(centre + _Z * sd)
    points = log_probability(cell, centre, sd)
    dated = cell.censored == "none"
    inside = bool(low <= float(cell.value or 0.0) <= high) if dated else None
    words = _dated(cell, predicted, bool(inside)) if dated else _bounded(cell, predicted)
    # beyond what was followed nothing is known: the ends are at least those
    upper = None if predicted.value is None else high
    return Score(max(points, FLOOR), low, upper, inside, words + _kind(cell, predicted, points))


def log_probability(cell: PublishedCell, centre: float, sd: float) -> float:
    """ln of the density of ln of the value, or of the probability of what the bounds say."""
    if cell.censored == "none":
        low, high = math.log(cell.low), math.log(cell.high)
        if high - low <= 1e-9:
            z = (math.log(float(cell.value or 0.0)) - centre) / sd
            return -0.5 * z * z - math.log(sd) - _LOG_ROOT
        return between(low, high, centre, sd) - math.log(high - low)  # mean density over its error of reading
    if cell.censored == "right":
        return float(log_ndtr((centre - math.log(cell.low)) / sd))
    if cell.censored == "left":
        return float(log_ndtr((math.log(cell.high) - centre) / sd))
    return between(math.log(cell.low), math.log(cell.high), centre, sd)


def between(low: float, high: float, centre: float, sd: float) -> float:
    """ln of the probability of an interval, from the tail that is smaller."""
    a, b = (low - centre) / sd, (high - centre) / sd
    if a > 0.0:
        a, b = -b, -a
    upper, lower = float(log_ndtr(b)), float(log_ndtr(a))
    return upper + math.log(-math.expm1(min(lower - upper, -1e-16)))


def sign_score(cell: PublishedCell, predicted: Prediction, other: Prediction, life_scatter: float) -> Score:
    """A predicted sign against the measured one: of two cells of one paper, whose offset is the same."""
    difference = math.log(predicted.middle) - math.log(other.middle)
    sign = float(cell.value or 0.0)
    points = float(log_ndtr(sign * difference / (math.sqrt(2.0) * life_scatter)))
    right = sign * difference > 0.0
    word = "longer" if difference > 0.0 else "shorter"
    times, than = math.exp(abs(difference)), cell.columns["than"]
    said = f"sign {'right' if right else 'wrong'}: lives {times:.3g} times {word} than {than}"
    return Score(max(points, FLOOR), None, None, None, said)


def _dated(cell: PublishedCell, predicted: Prediction, inside: bool) -> str:
    measured = float(cell.value or 0.0)
    where = "inside 90 %" if inside else "outside 90 %"
    ratio = predicted.middle / measured
    if predicted.value is None:
        return f"{where}: more than {ratio:.3g} times too {_word(cell, True)}"
    if 1.0 / 1.005 < ratio < 1.005:
        return f"{where}: as measured"
    return f"{where}: {max(ratio, 1.0 / ratio):.3g} times too {_word(cell, ratio > 1.0)}"


def _bounded(cell: PublishedCell, predicted: Prediction) -> str:
    """Does the predicted value keep the bounds?"""
    value = predicted.middle
    if value < cell.low:
        short = cell.low / value
        return f"below its bound: {short:.3g} times too {_word(cell, False)}"
    if value > cell.high or (predicted.value is None and math.isfinite(cell.high)):
        return (
            f"above its bound: {'more than ' if predicted.value is None else ''}{value / cell.high:.3g} times too "
            + (_word(cell, True))
        )
    return "within its bounds"


def _word(cell: PublishedCell, more: bool) -> str:
    if cell.unit in ("mA_cm2", "MPa", "mAh_cm2"):
        return "much" if more else "little"
    return "long" if more else "short"


def _kind(cell: PublishedCell, predicted: Prediction, points: float) -> str:
    """Where the model ends a test in another way than was measured; where the score is at its floor."""
    ended = {"short": "a short", "short before current": "a short before current", "contact lost": "contact lost"}
    wanted = {
        "short": ("short",),
        "contact_lost": ("contact lost",),
        "short_before_current": ("short before current", "short"),
    }
    said = ""
    if predicted.kind in ended and predicted.kind not in wanted.get(cell.outcome, (predicted.kind,)):
        said += f"; by {ended[predicted.kind]}"
    elif predicted.kind in ended and cell.outcome in ("survived", "critical_current", "critical_pressure"):
        said += f"; {ended[predicted.kind]}"
    return said + ("; floored" if points < FLOOR else "")
