"""simulate_pattern(mixture, instrument, ...) -> Pattern: to plan a measurement, and to test what is read from one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lithostat.diffraction.instrument import Instrument
from lithostat.diffraction.model import PatternModel
from lithostat.diffraction.parameters import ModelParameters
from lithostat.diffraction.setup import Choice, set_up
from lithostat.experiment.errors import InputError
from lithostat.experiment.pattern import Pattern
from lithostat.materials.phase import Phase

MOST_POINTS = 20_000


@dataclass(frozen=True)
class Counting:
    """How a pattern is counted.

    Args:
        two_theta: (n,) angles [rad].
        width: full width of a line at low angle [rad].
        peak: counts of the highest point above the background.
        background: counts under the lines, at the first and at the last angle.
        graininess: standard deviation of the intensity of each line from too few grains [-].
        shift: zero or displacement, in the unit of the instrument's shift.
    """

    two_theta: np.ndarray
    width: float
    peak: float
    background: tuple[float, float]
    graininess: float = 0.0
    shift: float = 0.0


def exposure(first: float, last: float, width: float, peak: float, background: float, per_width: int = 6) -> Counting:
    """Evenly spaced angles between two [rad], `per_width` of them over a line, on a level background."""
    if not first < last - 20.0 * width:
        raise InputError(
            f"a range of {np.degrees(last - first):.3g} degrees for lines of {np.degrees(width):.3g}",
            expected="a range that holds many lines",
        )
    count = int(np.ceil((last - first) / width * per_width))
    return Counting(np.linspace(first, last, min(count, MOST_POINTS)), width, peak, (background, background))


def expected(
    mixture: Mapping[Phase, float], instrument: Instrument, exposure: Counting, seed: int | None = None
) -> np.ndarray:
    """(phases, points) mean counts of every phase, for weight fractions that are taken relative to their sum."""
    total = sum(mixture.values())
    if not mixture or total <= 0.0 or min(mixture.values()) < 0.0:
        raise InputError("a mixture without weight", expected="weight fractions of phases, none below zero")
    for phase in mixture:
        if phase.kind != "structure":
            raise InputError(
                f"{phase.name} is known by its cell only, so its intensities cannot be computed",
                expected="phases with a structure",
            )
    x = exposure.two_theta
    model = set_up(x, [Choice(phase) for phase in mixture], instrument, width=exposure.width)
    values = line_values(model.layout, exposure)
    columns = _grainy(model, values, exposure.graininess, seed)
    scale = np.array(
        [
            weight / total / (lines.crystal.mass * lines.crystal.volume)
            for weight, lines in zip(mixture.values(), model.phases, strict=True)
        ]
    )
    curves = columns * scale[:, None]
    highest = curves.sum(axis=0).max()
    if highest <= 0.0:
        raise InputError("no line of the mixture lies in the range", expected="a range that holds lines")
    return curves * (exposure.peak / highest)


def line_values(layout: ModelParameters, exposure: Counting) -> np.ndarray:
    """Parameters of a pattern whose lines are mostly Gaussian and of one width at low angle."""
    values = layout.start
    for place, each in enumerate(layout.parameters):
        if each.name == "shift":
            values[place] = exposure.shift
        elif each.name == "W":
            values[place] = (0.8 * exposure.width) ** 2
        elif each.name == "size":
            values[place] = 0.32 * exposure.width
    return values


def _grainy(model: PatternModel, values: np.ndarray, graininess: float, seed: int | None) -> np.ndarray:
    """(phases, points) columns, each reflection stronger or weaker by chance."""
    if graininess <= 0.0:
        return model.evaluate(values).columns.toarray().T
    random = np.random.default_rng(seed)
    for lines in model.phases:
        lines.relative = lines.relative * np.maximum(random.normal(1.0, graininess, len(lines.relative)), 0.0)
    return model.evaluate(values).columns.toarray().T


def simulate_pattern(
    mixture: Mapping[Phase, float], instrument: Instrument, exposure: Counting, seed: int = 0
) -> Pattern:
    """A pattern with counting noise. The same seed gives the same pattern."""
    curves = expected(mixture, instrument, exposure, seed)
    x = exposure.two_theta
    first, last = exposure.background
    mean = curves.sum(axis=0) + first + (last - first) * (x - x[0]) / (x[-1] - x[0])
    counts = np.random.default_rng([seed, 1]).poisson(mean).astype(float)
    return Pattern(
        x,
        counts,
        np.sqrt(np.maximum(counts, 1.0)),
        "counts",
        lines=instrument.lines,
        geometry=instrument.geometry,
        monochromator=instrument.monochromator,
        polarisation=instrument.polarisation,
        attenuation="none",
        name="simulated",
        source={
            "simulated": {phase.name: weight / sum(mixture.values()) for phase, weight in mixture.items()},
            "seed": seed,
        },
    )
