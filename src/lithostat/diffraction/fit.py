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
from lithostat.diffraction.points import thinned
from lithostat.diffraction.projection import Data, Optimum, minimise
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
) -> PatternFit:
    """Fit scales, background, cells, shift, widths (and texture, where a choice asks for it) of given phases.

    Coordinates and occupancies stay as published. Raises `InputError` where wavelength or geometry are not known.
    """
    instrument, settings = instrument or instrument_of(pattern), settings or Settings()
    choices = tuple(choices)
    width = settings.width or usual_width(pattern)
    coarse, near = _search(pattern, choices, instrument, settings, width)
    x = pattern.two_theta
    lean = settings.axial and x[0] < LOW_ANGLE
    model = set_up(
        x, choices, instrument, width=width, fixed=settings.fixed, axial=USUAL_AXIAL if lean else None
    )
    moving = model.layout.mask(_moving(settings, x))
    return _finish(pattern, choices, model, near, carried(model.layout, coarse.layout, near.values), moving, settings)


def refit(last: PatternFit, choices: Sequence[Choice] | None = None, settings: Settings | None = None) -> PatternFit:
    """Fit again from where another fit ended, with the same phases in the same order treated otherwise."""
    settings = settings or Settings(fixed=last.model.fixed)
    choices = last.choices if choices is None else tuple(choices)
    width = settings.width or usual_width(last.pattern)
    axial = last.model.layout.find("axial")
    model = set_up(
        last.pattern.two_theta,
        choices,
        last.model.instrument,
        width=width,
        fixed=last.model.fixed,
        axial=None if axial is None else USUAL_AXIAL,
    )
    moving = model.layout.mask(_moving(settings, last.pattern.two_theta))
    start = carried(model.layout, last.model.layout, last.optimum.values)
    return _finish(last.pattern, choices, model, None, start, moving, settings)


def _moving(settings: Settings, x: np.ndarray) -> tuple[str, ...]:
    """Names of the parameters that the last search moves."""
    narrow = np.ptp(x) < WIDE_RANGE
    left_out = {"damping"} if not settings.damping else set()
    left_out |= {"U", "V", "strain"} if narrow else set()
    return tuple(name for name in ALL if name not in left_out)


def _search(
    pattern: Pattern, choices: tuple[Choice, ...], instrument: Instrument, settings: Settings, width: float
) -> tuple[PatternModel, Optimum]:
    """Places and widths from afar, on summed points."""
    few, count = thinned(pattern, width)
    fixed = None if settings.fixed is None else _summed(settings.fixed, pattern, few, count)
    model = set_up(few.two_theta, choices, instrument, width=width, fixed=fixed)
    data = Data.of(few.counts, few.sigma, smooth_columns(few.two_theta, settings.terms))
    layout = model.layout
    far = minimise(model, data, layout.start, layout.mask(PLACES), blur=BLUR * width, most=15)
    model = model.followed(far.values, far.scales, few.sigma)
    near = minimise(model, data, far.values, layout.mask((*PLACES, *WIDTHS)), most=20)
    return model, replace(near, scales=near.scales / count)


def _summed(fixed: np.ndarray, pattern: Pattern, few: Pattern, count: int) -> np.ndarray:
    """Fixed columns at summed points."""
    columns = [np.interp(few.two_theta, pattern.two_theta, column) * count for column in fixed.T]
    return np.stack(columns, axis=1) if columns else np.zeros((len(few), 0))


def _finish(
    pattern: Pattern,
    choices: tuple[Choice, ...],
    model: PatternModel,
    near: Optimum | None,
    start: np.ndarray,
    moving: np.ndarray,
    settings: Settings,
) -> PatternFit:
    """The last search on every point, with weights from the model where counts are few."""
    data = Data.of(pattern.counts, pattern.sigma, smooth_columns(pattern.two_theta, settings.terms))
    if near is None or len(near.scales) != sum(lines.columns for lines in model.phases) + model.fixed.shape[1]:
        near = minimise(model, data, start, np.zeros(len(start), bool))
    model = model.followed(start, near.scales, pattern.sigma)
    optimum = minimise(model, data, start, moving)
    made = PatternFit(pattern, choices, model, data, optimum, moving)
    if pattern.sigma_from != "counts" or np.median(pattern.counts) > FEW:
        return made
    sigma = np.sqrt(np.maximum(made.calculated, 1.0))
    again = replace(pattern, sigma=sigma)
    data = Data.of(pattern.counts, sigma, data.background)
    optimum = minimise(model, data, optimum.values, moving, most=8)
    return PatternFit(again, choices, model, data, optimum, moving)
