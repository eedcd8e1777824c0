"""recommend(calibration, ...) -> Recommendation: at which pressure to run a cell, why, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from lithostat.calibration.calibration import Calibration
from lithostat.calibration.data import OWN
from lithostat.calibration.exposure import HALF_CYCLE, PRESSED, ROOM
from lithostat.calibration.prediction import NEW, offsets_of
from lithostat.experiment.errors import InputError
from lithostat.experiment.quantity import show, span
from lithostat.recommendation.answer import End, OfLab, Recommendation, percent
from lithostat.recommendation.next_cell import candidates, next_cell
from lithostat.recommendation.target import target_hours
from lithostat.recommendation.window import (
    ACCEPTED,
    SHARE,
    Curve,
    Question,
    best_index,
    best_interval,
    failure_curves,
    fracture_share,
    joined,
    lower_wall,
    upper_wall,
    window,
)

LEVELS = (0.1, 0.25, 0.5)  # accepted failure probabilities that windows are also given for
MOST_DRAWS = 2000  # of a posterior; more would not change what is printed
PREVAILS = 0.8  # share of the draws that must agree on how a cell shorts, for it to be named
BEYOND = 1.5  # factor from what was measured to what is called an extrapolation
NOT_SWEPT = ("stripping_scatter", "resistance_scatter", "life_spread", "resistance_spread")
WARM = 5.0  # the same for temperatures [K]


def recommend(
    calibration: Calibration,
    *,
    current: float,
    hours: float | None = None,
    cycles: float | None = None,
    half_cycle: float | None = None,
    capacity: float | None = None,
    temperature: float = ROOM,
    area: float | None = None,
    thickness: float | None = None,
    accepted: float = ACCEPTED,
    rivals: Sequence[tuple[float, Calibration]] = (),
    lab: str | None = None,
    pressed: tuple[float, float] = PRESSED,
    progress: Callable[[str, float], None] | None = None,
) -> Recommendation:
    """At which stack pressure a cell like those of `calibration` lasts at `current` [A/m2], with what that rests on.

    The target is `hours` of cycling, `cycles` with the time of a `half_cycle` [s], or a cumulative `capacity` [C/m2].
    Half-cycles take an hour unless stated; lithium is `pressed` on (pressure [Pa], time [s]) before. `temperature` [K],
    `area` [m2] and `thickness` [m] of the pellet are those of the calibration's own cell unless stated. `accepted` is
    the failure probability that the window allows. `rivals` are other mechanisms with their weights (as
    `calibration.compare` gives them, the best one first): the answer is then averaged over them instead of resting on
    `calibration` alone. The answer is for a cell of a lab of which nothing is known; `of_lab` is that for the group
    `lab` of the data, one's own cells unless stated, or those of the only group. `progress` hears what is done and its
    share.
    """
    told = progress or (lambda what, share: None)
    numbers = {name: value for name, value in (("area", area), ("thickness", thickness)) if value is not None}
    wanted = target_hours(current, hours=hours, cycles=cycles, half_cycle=half_cycle, capacity=capacity)
    half = HALF_CYCLE if half_cycle is None else half_cycle
    question = Question(current, wanted, temperature, accepted, numbers, half, pressed)
    believed = averaged(rivals) if rivals else (calibration.thinned(MOST_DRAWS),)
    made = _answered(believed, question, lab, told)
    told("the next cell", 1.0)
    return replace(made, warnings=(*made.warnings, *_doubts(made)))


def _answered(
    believed: tuple[Calibration, ...], question: Question, lab: str | None, told: Callable[[str, float], None]
) -> Recommendation:
    """The answer for a new lab, and for the one whose cells are known; `believed` are thinned calibrations."""
    accepted = question.accepted
    calibration = believed[0]
    lab = lab or _lab_of(calibration)
    told("failure against pressure", 0.0)
    groups = (NEW,) if lab is None else (NEW, lab)
    curve, *others = (
        joined(parts) for parts in zip(*(failure_curves(one, question, groups) for one in believed), strict=True)
    )
    lower, upper = lower_wall(curve, accepted), upper_wall(curve, accepted)
    told("the next cell", 0.6)
    # the next cell is the asker's: of the lab that asks where its cells are known
    mine = curve if lab != OWN else others[0]
    sides = lower_wall(mine, accepted).draws, upper_wall(mine, accepted).draws
    considered = candidates(believed, question, *sides, group=lab if lab == OWN else NEW)
    index = best_index(curve)
    lasts = 1.0 - curve.failure[index]
    found = window(curve, accepted)
    return Recommendation(
        question=question,
        window=found,
        best=float(curve.pressures[index]),
        interval=None if any(one.misfits for one in believed) else best_interval(curve),
        probability=float(lasts.mean()),
        probability_interval=_quantiles(lasts),
        lower=lower,
        upper=upper,
        limited_by=_ends(calibration, question, curve, found),
        windows={level: window(curve, level) for level in LEVELS},
        next_cell=next_cell(considered),
        considered=considered,
        curve=curve,
        warnings=(*calibration.warnings, *_average_warning(believed), *_extrapolations(calibration, question)),
        of_lab=_of_lab(believed, lab, others[0], accepted) if lab is not None else None,
        labs_differ=float(np.exp(np.median(calibration.draws.get("life_spread", np.zeros(1))))),
    )


def averaged(rivals: Sequence[tuple[float, Calibration]]) -> tuple[Calibration, ...]:
    """Each rival with as many of its draws as its weight earns, the weightiest first."""
    total = sum(weight for weight, _ in rivals)
    if not total > 0.0 or min(weight for weight, _ in rivals) < 0.0:
        raise InputError("the rivals have no weights", expected="weights that are not negative, one above 0")
    ordered = sorted(rivals, key=lambda one: -one[0])
    counts = [round(MOST_DRAWS * weight / total) for weight, _ in ordered]
    return tuple(one.thinned(count) for (_, one), count in zip(ordered, counts, strict=True) if count)


def _lab_of(calibration: Calibration) -> str | None:
    """Whose answer is given beside that for a new lab: one's own, else that of the only group."""
    groups = tuple(calibration.offsets)
    if OWN in groups:
        return OWN
    return groups[0] if len(groups) == 1 else None


def _of_lab(believed: Sequence[Calibration], lab: str, curve: Curve, accepted: float) -> OfLab:
    index = best_index(curve)
    lasts = 1.0 - curve.failure[index]
    offsets = np.concatenate([offsets_of(one, lab) for one in believed])
    middle, low, high = np.exp(np.quantile(offsets, [0.5, 0.5 - SHARE / 2, 0.5 + SHARE / 2]))
    return OfLab(
        lab,
        window(curve, accepted),
        float(curve.pressures[index]),
        float(lasts.mean()),
        _quantiles(lasts),
        (float(middle), float(low), float(high)),
    )


def sweep_draws(calibration: Calibration, count: int) -> dict[str, np.ndarray]:
    """Draws of the posterior for `sweep`, (count,) each, by the names it knows.

    The scatter of lives between cells is taken as that of the focusing: a life is nearly as 1/g.
    """
    few = calibration.thinned(count).draws
    renamed = {("focusing_scatter" if name == "life_scatter" else name): values for name, values in few.items()}
    return {name: values for name, values in renamed.items() if name not in NOT_SWEPT}


def _ends(
    calibration: Calibration, question: Question, curve: Curve, found: tuple[float, float] | None
) -> tuple[End, End]:
    """Why the window ends on both sides; without a window, what fails on both sides of the best pressure."""
    best = float(curve.pressures[best_index(curve)])
    low, high = found or (best, best)
    lost = "the stripping current is more than lithium creep can follow: voids take the contact"
    if found is None:
        at = int(np.argmin(np.abs(np.log(curve.pressures / best))))
        below, above = (percent(float(share[at].mean())) for share in (curve.lost, curve.short))
        short = _short_end(calibration, question, best)
        return (
            End("contact", f"even at the best pressure {below} of cells fail because {lost}"),
            End(short.key, f"even at the best pressure {above} of cells fail because {short.why}"),
        )
    open_low = End("open", "nothing that the data or the model say makes a lower pressure fail")
    open_high = End("open", "nothing that the data or the model say makes a higher pressure fail")
    # at a low pressure the cell may also short; what rises towards the end is what ends it
    lower = End("contact", f"below {show(low, 'pressure', 2)} {lost}") if low > 0.0 else open_low
    if math.isinf(high):
        return lower, open_high
    short = _short_end(calibration, question, high)
    return lower, End(short.key, f"above {show(high, 'pressure', 2)} {short.why}")


def _short_end(calibration: Calibration, question: Question, pressure: float) -> End:
    share = fracture_share(calibration, question, pressure)
    target = f"within {question.hours:.4g} h"
    if share >= PREVAILS:
        return End(
            "fracture", f"lithium in a flaw becomes long enough {target} for the pressure to crack the electrolyte"
        )
    if share <= 1.0 - PREVAILS:
        return End("penetration", f"lithium grows across the whole electrolyte {target}, at any pressure")
    why = f"lithium cracks the electrolyte ({100 * share:.0f} % of the draws) or grows across it {target}"
    return End("fracture or penetration", why)


def _average_warning(believed: Sequence[Calibration]) -> list[str]:
    if len(believed) == 1:
        return []
    total = sum(one.count for one in believed)
    names = ", ".join(f"{', '.join(one.laws)} {100 * one.count / total:.0f} %" for one in believed)
    return [f"averaged over mechanisms that the data do not tell apart (growth, entry, failure): {names}"]


def _extrapolations(calibration: Calibration, question: Question) -> list[str]:
    """What is asked beyond what was measured."""
    lives = [one.exposure for one in calibration.data.lives]
    said = []
    currents = np.concatenate([one.stripping for one in lives]) if lives else np.zeros(0)
    currents = currents[currents > 0.0]
    if currents.size:
        low, high = float(currents.min()), float(currents.max())
        if not low / BEYOND <= question.current <= high * BEYOND:
            measured = " to ".join(dict.fromkeys((show(low, "current_density", 3), show(high, "current_density", 3))))
            said.append(
                f"an extrapolation: asked for {show(question.current, 'current_density', 3)}, the cells had {measured}"
            )
    hot = np.concatenate([one.temperatures for one in lives]) if lives else np.zeros(0)
    if hot.size and not hot.min() - WARM <= question.temperature <= hot.max() + WARM:
        said.append(
            f"an extrapolation: asked for {question.temperature - 273.15:.3g} degC, the cells had "
            f"{hot.mean() - 273.15:.3g} degC; toughness, focusing and critical current are taken as at that temperature"
        )
    return said + _beyond_tests(calibration, question)


def _beyond_tests(calibration: Calibration, question: Question) -> list[str]:
    """The same for how long cells were tested, and for their thickness and area."""
    lives, said = calibration.data.lives, []
    ends = [one.low if math.isinf(one.high) else one.high for one in lives]
    tested = [
        end - (one.exposure.began if one.exposure.began < end else 0.0) for one, end in zip(lives, ends, strict=True)
    ]
    if tested and 3600.0 * question.hours > BEYOND * max(tested):
        said.append(f"an extrapolation: asked for {question.hours:.4g} h, the longest test lasted {span(max(tested))}")
    for name in ("thickness", "area"):
        asked = question.numbers.get(name, calibration.numbers[name])
        had = sorted({float(one.numbers[name]) for one in lives})
        if had and not had[0] / BEYOND <= asked <= had[-1] * BEYOND:
            measured = " to ".join(dict.fromkeys(show(end, name, 3) for end in (had[0], had[-1])))
            said.append(f"an extrapolation: asked for {name} {show(asked, name, 3)}, the cells had {measured}")
    return said


def _doubts(made: Recommendation) -> list[str]:
    said = []
    if made.interval is None:
        said.append(
            "the interval of the best pressure is withheld: data and model do not fit together (see the warnings that "
            "name cells), and draws of a model that is wrong agree with each other"
        )
    if made.window is None:
        said.append(
            f"no window: at no pressure is the failure probability at most {100 * made.question.accepted:.3g} %"
        )
        if made.hopeless:
            said.append("practically all cells fail at every pressure: the best one named means nothing")
    else:
        for end, side in zip(made.window, ("lower", "higher"), strict=True):
            if end == 0.0 or math.isinf(end):
                said.append(f"the window is open: nothing limits it towards {side} pressures")
    unsafe = float(np.mean(made.upper.draws <= made.curve.pressures[0]))
    if unsafe > 0.05:
        said.append(
            f"with {100 * unsafe:.0f} % probability more cells than accepted short at every pressure: then a lower "
            "current, a thicker or a tougher electrolyte is the answer, not a pressure"
        )
    return said


def _quantiles(values: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(values, [0.5 - SHARE / 2, 0.5 + SHARE / 2])
    return float(low), float(high)
