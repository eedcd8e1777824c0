"""Greedy search for phases: the candidate that explains most of what is left is taken, until little is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import qr

from lithostat.diffraction.background import ORDER, smooth_columns
from lithostat.diffraction.instrument import Instrument
from lithostat.diffraction.library import Library, Template, ranked
from lithostat.diffraction.pattern_fit import PatternFit
from lithostat.diffraction.points import summed, thinned
from lithostat.diffraction.projection import WeightedCounts, minimise
from lithostat.diffraction.setup import Choice, carried, set_up
from lithostat.experiment.pattern import Pattern
from lithostat.materials.phase import Phase

TRIALS = 4  # candidates of a round that are really fitted
MOST_PHASES = 9
WORTH = 14.0  # fall of chi2 below which no candidate is looked at, for data without misfit
ASKED = 3.0  # standard deviations, widened by the misfit, below which none is
MOST_LINES = 120  # of a phase whose intensities are freed: with more of them it explains anything
MOVED = ("shift", "cell", "W", "size")


@dataclass(frozen=True, eq=False)
class QuickPattern:
    """A pattern made ready for many quick fits: summed points, usual width, fixed columns, sigma.

    `scaled` is how many points each sum holds.
    """

    pattern: Pattern
    instrument: Instrument
    width: float
    fixed: np.ndarray
    data: WeightedCounts
    scaled: int

    @classmethod
    def of(
        cls, pattern: Pattern, instrument: Instrument, width: float, fixed: np.ndarray, terms: int = ORDER
    ) -> QuickPattern:
        """The bench of a pattern; `fixed` (points, k) at its own points."""
        few, count = thinned(pattern, width)
        still = summed(fixed, pattern, few, count)
        data = WeightedCounts.of(few.counts, few.sigma, smooth_columns(few.two_theta, terms))
        return cls(few, instrument, width, still, data, count)

    def fit(
        self,
        choices: Sequence[Choice],
        last: PatternFit | None = None,
        *,
        at: Template | None = None,
        moved: Sequence[str] = MOVED,
        only: Sequence[int | None] | None = None,
        most: int = 12,
    ) -> PatternFit:
        """Fit these phases from where `last` ended; a new one starts at a template; `only` these phases move."""
        choices = tuple(choices)
        model = set_up(self.pattern.two_theta, choices, self.instrument, width=self.width, fixed=self.fixed)
        start = model.layout.start
        if last is not None:
            start = carried(model.layout, choices, last.model.layout, last.choices, last.optimum.values)
        if at is not None:
            number = next(k for k, choice in enumerate(choices) if choice.phase is at.phase)
            start = _placed(model.layout, number, at, start, with_shift=last is None or not last.choices)
        still = np.zeros(len(start), bool)
        first = minimise(model, self.data, start, still)
        model = model.followed(start, first.scales, self.pattern.sigma)
        moving = model.layout.mask(moved, only)
        optimum = minimise(model, self.data, start, moving, most=most)
        return PatternFit(self.pattern, choices, model, self.data, optimum, moving)


def _placed(layout: object, number: int, at: Template, start: np.ndarray, *, with_shift: bool) -> np.ndarray:
    """Start values with the cell of one phase where its template was."""
    start = start.copy()
    for place, each in enumerate(layout.parameters):  # type: ignore[attr-defined]
        if each.phase == number and each.name in ("cell a", "cell b", "cell c"):
            start[place] = np.clip(at.stretch, each.low, each.high)
        if with_shift and each.name == "shift":
            start[place] = at.shift
    return start


def taken_by(fit: PatternFit) -> np.ndarray:
    """(points, k) orthonormal weighted columns that a fit can already explain: background, and its phases' columns."""
    weighted = fit.columns[:, fit.optimum.scales != 0.0] * fit.data.weight[:, None]
    return np.concatenate([fit.data.basis, qr(fit.data.without_background(weighted), mode="economic")[0]], axis=1)


def search(
    bench: QuickPattern,
    library: Library,
    known: Sequence[Choice] = (),
    progress: Callable[[str], None] | None = None,
) -> PatternFit:
    """The phases that explain the pattern, beginning with `known` ones; a fit on the bench's points."""
    fit = bench.fit(tuple(known))
    while len(fit.choices) < MOST_PHASES:
        if progress:
            progress(f"{len(fit.choices)} phases, next of {len(library.phases)} candidates")
        better = _next(bench, library, fit)
        if better is None:
            break
        fit = better
    return fit


def _next(bench: QuickPattern, library: Library, fit: PatternFit) -> PatternFit | None:
    """The fit with the best further candidate, None if none is worth it."""
    place = fit.model.layout.find("shift")
    assert place is not None
    shifts = [fit.optimum.values[place]] if fit.choices else library.offsets()
    templates = [template for shift in shifts for template in library.at(float(shift))]
    worth = max(WORTH, (ASKED * fit.inflation) ** 2)
    held = [choice.phase for choice in fit.choices]
    order = ranked(templates, fit.residual, taken_by(fit), held)[:TRIALS]
    tried = []
    for gain, template in order:
        if gain < 0.5 * worth:
            continue
        choices = (*fit.choices, Choice(template.phase))
        only = (None, len(fit.choices))
        trial = bench.fit(choices, fit, at=template, only=only, moved=("shift", "cell", "size", "W"), most=8)
        tried.append(trial)
    if not tried:
        return None
    best = min(tried, key=lambda trial: trial.optimum.chi2)
    if fit.optimum.chi2 - best.optimum.chi2 < worth or best.optimum.scales[best.model.places[-1]].sum() <= 0.0:
        return None
    return bench.fit(best.choices, best)


def without(fit: PatternFit, bench: QuickPattern, phase: Phase) -> PatternFit:
    """The best fit of all phases but one."""
    rest = tuple(choice for choice in fit.choices if choice.phase is not phase)
    return bench.fit(rest, fit, most=8)


def bigger_than(fit: PatternFit, least: float, but: int | None = None) -> list[int]:
    """Phases with more intensity than `least`, but one; those with too many lines to be freed are left out."""
    return [
        number
        for number, lines in enumerate(fit.model.phases)
        if number != but
        and not lines.free
        and len(lines.chosen) <= MOST_LINES
        and float(np.trapezoid(fit.curve(number), fit.pattern.two_theta)) > least
    ]


def freed(fit: PatternFit, bench: QuickPattern, chosen: Sequence[int]) -> PatternFit:
    """The same phases with free intensities for the `chosen` ones."""
    choices = tuple(replace(choice, free=choice.free or number in chosen) for number, choice in enumerate(fit.choices))
    return bench.fit(choices, fit, most=8)
