"""The answer to which pressure: a window with what it rests on, as a noun, as JSON, as a sentence, for a figure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from lithostat.calibration.calibration import Calibration
from lithostat.calibration.data import OWN
from lithostat.experiment.quantity import show
from lithostat.recommendation.next_cell import Candidate
from lithostat.recommendation.window import SHARE, Curve, Question, Wall
from lithostat.show.window_figure import WindowDrawn

CERTAIN = 0.01  # a probability nearer to 0 or 1 is not told from it: model and priors are not that good


class End(NamedTuple):
    """Why the window ends where it does."""

    key: Literal["contact", "fracture", "penetration", "fracture or penetration", "open"]
    why: str

    def as_dict(self) -> dict[str, str]:
        """Plain data."""
        return {"key": self.key, "why": self.why}


class OfLab(NamedTuple):
    """The same answer for cells of one group of the data: their offset is known as far as its cells tell it."""

    group: str
    window: tuple[float, float] | None
    best: float
    probability: float
    probability_interval: tuple[float, float]
    factor: tuple[float, float, float]  # by which its cells live longer than those of the median lab: median, 90 %

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON; pressures in MPa."""
        return {
            "group": self.group,
            "window_mpa": _pair(self.window),
            "best_mpa": _mpa(self.best),
            "probability": self.probability,
            "probability_interval": list(self.probability_interval),
            "factor_of_life": dict(zip(("median", "low", "high"), self.factor, strict=True)),
        }

    def sentence(self) -> str:
        """In one sentence."""
        whose = "your own cells" if self.group == OWN else f"cells made as those of '{self.group}'"
        best = f"best is {show(self.best, 'pressure', 2)}, where one lasts with {percent(self.probability)} probability"
        if self.window is None:
            return f"for {whose} no pressure has so low a failure probability; {best}"
        low, high = (f"{end / 1e6:.2g}" if 0.0 < end < math.inf else "open" for end in self.window)
        return f"for {whose} the window is {low} to {high} MPa; {best}"


@dataclass(frozen=True)
class Recommendation:
    """The answer, pressures in Pa, for a cell of a lab of which nothing is known.

    `window` is where the posterior mean of the failure probability (cell-to-cell scatter, both walls and everything
    that is not known in it) is at most `question.accepted`; None if it is nowhere, 0 or infinite at an open end.
    `best` is the pressure where it is least, and `probability` that a cell there reaches the target, with its 90 %
    credible interval `probability_interval` over the posterior draws. `interval` is the 90 % credible interval of the
    best pressure: each draw has its own, and all pressures within a percentage point of failure of it count as well. It
    is None, withheld, where data and model do not fit together: draws of a wrong model agree with each other.
    `lower` and `upper` are the walls with their intervals. `windows` holds the window for other accepted probabilities.
    """

    question: Question
    window: tuple[float, float] | None
    best: float
    interval: tuple[float, float] | None
    probability: float
    probability_interval: tuple[float, float]
    lower: Wall
    upper: Wall
    limited_by: tuple[End, End]
    windows: Mapping[float, tuple[float, float] | None]
    next_cell: Candidate
    considered: tuple[Candidate, ...]
    curve: Curve
    warnings: tuple[str, ...]
    of_lab: OfLab | None = None
    labs_differ: float = 1.0  # factor in life between one lab and another, one standard deviation

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON; pressures in MPa, null for an open end."""
        chosen = self.next_cell
        return {
            "window_mpa": _pair(self.window),
            "best_mpa": _mpa(self.best),
            "interval_low_mpa": None if self.interval is None else _mpa(self.interval[0]),
            "interval_high_mpa": None if self.interval is None else _mpa(self.interval[1]),
            "interval_withheld": self.interval is None,
            "is_for": "a cell of a lab of which nothing is known",
            "of_lab": None if self.of_lab is None else self.of_lab.as_dict(),
            "labs_differ_by_factor": self.labs_differ,
            "interval_is": f"{100 * SHARE:.0f} % credible interval of the best pressure, see docs/recommending.md",
            "probability": self.probability,
            "probability_interval": list(self.probability_interval),
            "accepted_failure_probability": self.question.accepted,
            "limited_by": {"low": self.limited_by[0].as_dict(), "high": self.limited_by[1].as_dict()},
            "lower_wall_mpa": _wall(self.lower),
            "upper_wall_mpa": _wall(self.upper),
            "windows_mpa": {f"{level:g}": _pair(found) for level, found in self.windows.items()},
            "next_cell": {
                "pressure_mpa": _mpa(chosen.pressure),
                "current_ua_per_cm2": 100.0 * chosen.current,
                "hours": chosen.hours,
                "expected_hours": chosen.expected_hours,
                "gain": chosen.gain,
                "why": chosen.why(),
            },
            "question": {
                "current_ua_per_cm2": 100.0 * self.question.current,
                "hours": self.question.hours,
                "temperature_celsius": self.question.temperature - 273.15,
                "cell": dict(self.question.numbers),
                "half_cycle_second": self.question.half_cycle,
                "pressed_pa": self.question.pressed[0],
                "pressed_second": self.question.pressed[1],
            },
            "warnings": list(self.warnings),
        }

    def sentence(self) -> str:
        """The answer in one sentence."""
        what = (
            f"{show(self.question.current, 'current_density', 3)} for {self.question.hours:.4g} h at "
            f"{self.question.temperature - 273.15:.3g} degC"
        )
        accepted, best = f"{100.0 * self.question.accepted:.3g} %", show(self.best, "pressure", 2)
        if self.window is None and self.hopeless:
            return f"{what}: no pressure has a failure probability of at most {accepted}; practically all cells fail"
        if self.window is None:
            return (
                f"{what}: no pressure has a failure probability of at most {accepted}; the least is "
                f"{percent(1.0 - self.probability)}, at {best}"
            )
        low, high = (f"{end / 1e6:.2g}" if 0.0 < end < math.inf else "open" for end in self.window)
        return (
            f"{what}: {low} to {high} MPa keep the failure probability at or below {accepted}; best is {best}, "
            f"where a cell lasts with {percent(self.probability)} probability"
        )

    def difference(self) -> str | None:
        """Why the answer for the lab is not that for a new one, in one sentence; None where there is none."""
        if self.of_lab is None:
            return None
        whose = "your own cells" if self.of_lab.group == OWN else f"the cells of '{self.of_lab.group}'"
        middle, low, high = self.of_lab.factor
        known = f", which live {middle:.2g} times as long as those of the median lab ({low:.2g} to {high:.2g})"
        return (
            f"the first answer is for a lab that made none of these cells and carries that labs differ, by a factor "
            f"{self.labs_differ:.2g} in life (one standard deviation); the second knows {whose}"
            f"{known if low < high else ', the only ones there are'}"
        )

    @property
    def hopeless(self) -> bool:
        """True if hardly a cell lasts at any pressure: the best one is then no better than another."""
        return self.probability < CERTAIN


def percent(probability: float) -> str:
    """A probability in words; what rounds to none or all of the cells is not said to be that."""
    if probability < CERTAIN:
        return f"less than {100.0 * CERTAIN:.0f} %"
    return f"more than {100.0 * (1.0 - CERTAIN):.0f} %" if probability > 1.0 - CERTAIN else f"{100 * probability:.0f} %"


def drawn_window(made: Recommendation, calibration: Calibration) -> WindowDrawn:
    """What the figure of an answer shows; the cells are those that cycled or shorted before."""
    curve, chosen = made.curve, made.next_cell
    edges = np.quantile(curve.failure, [0.5 - SHARE / 2, 0.5 + SHARE / 2], axis=1)
    lives = []
    for one in calibration.data.lives:
        began, failed = one.exposure.began, math.isfinite(one.high)
        if math.isinf(began) and one.kind != "short before current":
            continue
        time = 0.0 if one.kind == "short before current" else (one.high if failed else one.low) - began
        lives.append((float(one.exposure.pressures[-1]), max(time, 0.0), one.ended))
    return WindowDrawn(
        pressures=curve.pressures,
        failure=np.concatenate([curve.mean[None], edges]),
        short=curve.short.mean(1),
        lost=curve.lost.mean(1),
        accepted=made.question.accepted,
        window=made.window,
        best=made.best,
        interval=made.interval,
        lower=(made.lower.low, made.lower.median, made.lower.high),
        upper=(made.upper.low, made.upper.median, made.upper.high),
        lives=lives,
        candidates=[(one.pressure, one.current, one.hours, one.gain) for one in made.considered],
        chosen=(chosen.pressure, chosen.current, chosen.hours, chosen.gain),
        said=made.sentence(),
    )


def _mpa(pressure: float) -> float | None:
    return pressure / 1e6 if 0.0 < pressure < math.inf else None


def _pair(found: tuple[float, float] | None) -> list[float | None] | None:
    return None if found is None else [_mpa(found[0]), _mpa(found[1])]


def _wall(wall: Wall) -> dict[str, Any]:
    return {"median": _mpa(wall.median), "low": _mpa(wall.low), "high": _mpa(wall.high)}
