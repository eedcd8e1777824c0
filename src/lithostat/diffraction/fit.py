"""fit(pattern, choices) -> PatternFit: from afar with wide lines on summed points, then on every point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lithostat.diffraction.background import ORDER, smooth_columns
from lithostat.diffraction.instrument import Instrument, instrument_of
from lithostat.diffraction.model import PatternModel
from lithostat.diffraction.pattern_fit import PatternFit
from lithostat.diffraction.peaks import usual_width
from lithostat.diffraction.points import summed, thinned
from lithostat.diffraction.projection import Optimum, WeightedCounts, minimise
from lithostat.diffraction.setup import DEGREE, Choice, carried, set_up
from lithostat.experiment.pattern import Pattern

BLUR = 3.0  # usual widths, by which lines are widened while they are looked for
LOW_ANGLE = 40.0 * DEGREE  # below which lines lean by axial divergence
WIDE_RANGE = 30.0 * DEGREE  # of angles, from which widths can be followed along them
USUAL_AXIAL = 0.03  # rad, to start from
FEW = 4000.0  # counts (median) below which weights are taken from the model rather than from the counts themselves

PLACES = ("shift", "cell")
WIDTHS = ("W", "size")
ALL = (*PLACES, *WIDTHS, "U", "V", "strain", "axial", "damping", "texture", "companion")


@dataclass(frozen=True)
class Settings:
    """What a fit is told beside pattern and phases.

    Args:
        fixed: (points, k) columns of humps and blank at the pattern's own points.
        terms: of the smooth background.
        damping: fit the displacements of each phase with a structure.
        axial: let lines lean at low angles.
        width: usual full width [rad], found in the pattern where None.
    """

    fixed: np.ndarray | None = None
    terms: int = ORDER
    damping: bool = True
    axial: bool = True
    width: float | None = None


def fit(
    pattern: Pattern,
    choices: Sequence[Choice],
    instrument: Instrument | None = None,
    settings: Settings | None = None,
    *,
    start: PatternFit | None = None,
) -> PatternFit:
    """Fit scales, background, cells, shift, widths (and texture, where a choice asks for it) of given phases.

    Coordinates and occupancies stay as published. `start` is a fit of some of these phases to begin from; without one
    they are looked for from afar. Raises `InputError` where wavelength or geometry are not known.
    """
    instrument, settings = instrument or instrument_of(pattern), settings or Settings()
    choices = tuple(choices)
    width = settings.width or usual_width(pattern)
    x = pattern.two_theta
    lean = USUAL_AXIAL if settings.axial and x[0] < LOW_ANGLE else None
    model = set_up(x, choices, instrument, width=width, fixed=settings.fixed, axial=lean)
    if start is not None:
        near, others, values = start.model.layout, start.choices, start.optimum.values
    else:
        coarse, optimum = _search(pattern, choices, instrument, settings, width)
        near, others, values = coarse.layout, choices, optimum.values
    begin = carried(model.layout, choices, near, others, values)
    return _finish(pattern, choices, model, begin, model.layout.mask(_moving(settings, x)), settings)


def _moving(settings: Settings, x: np.ndarray) -> tuple[str, ...]:
    """Names of the parameters that the last search moves."""
    left_out = set() if settings.damping else {"damping"}
    if np.ptp(x) < WIDE_RANGE:
        left_out |= {"U", "V", "strain"}
    return tuple(name for name in ALL if name not in left_out)


def _search(
    pattern: Pattern, choices: tuple[Choice, ...], instrument: Instrument, settings: Settings, width: float
) -> tuple[PatternModel, Optimum]:
    """Places and widths from afar, on summed points."""
    few, count = thinned(pattern, width)
    fixed = summed(settings.fixed, pattern, few, count)
    model = set_up(few.two_theta, choices, instrument, width=width, fixed=fixed)
    data = WeightedCounts.of(few.counts, few.sigma, smooth_columns(few.two_theta, settings.terms))
    layout = model.layout
    far = minimise(model, data, layout.start, layout.mask(PLACES), blur=BLUR * width, most=15)
    model = model.followed(far.values, far.scales, few.sigma)
    return model, minimise(model, data, far.values, layout.mask((*PLACES, *WIDTHS)), most=20)


def _finish(
    pattern: Pattern,
    choices: tuple[Choice, ...],
    model: PatternModel,
    start: np.ndarray,
    moving: np.ndarray,
    settings: Settings,
) -> PatternFit:
    """The last search on every point; where counts are few, again with weights from the model."""
    data = WeightedCounts.of(pattern.counts, pattern.sigma, smooth_columns(pattern.two_theta, settings.terms))
    first = minimise(model, data, start, np.zeros(len(start), bool))
    model = model.followed(start, first.scales, pattern.sigma)
    optimum = minimise(model, data, start, moving)
    made = PatternFit(pattern, choices, model, data, optimum, moving)
    if pattern.sigma_from != "counts" or np.median(pattern.counts) > FEW:
        return made
    weighted = replace(pattern, sigma=np.sqrt(np.maximum(made.calculated, 1.0)))
    data = WeightedCounts.of(pattern.counts, weighted.sigma, data.background)
    optimum = minimise(model, data, optimum.values, moving, most=8)
    return PatternFit(weighted, choices, model, data, optimum, moving)
