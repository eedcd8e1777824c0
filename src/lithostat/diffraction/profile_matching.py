"""What profile matching proves: how much of lines that belong to nothing a cell with free intensities explains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lithostat.diffraction.background import smooth_columns
from lithostat.diffraction.instrument import Instrument
from lithostat.diffraction.projection import WeightedCounts, minimise
from lithostat.diffraction.setup import Choice, set_up
from lithostat.diffraction.simulate import Counting, line_values, simulate_pattern
from lithostat.experiment.pattern import Pattern
from lithostat.materials.phase import Phase

LINES = 4  # that belong to nothing
HEIGHTS = (0.01, 0.03)  # of the host's highest line, between which they lie


def foreign_share(
    host: Phase,
    phases: Sequence[Phase],
    instrument: Instrument,
    exposure: Counting,
    within: tuple[float, float],
    seeds: Sequence[int],
) -> dict[str, float]:
    """Share of the chi2 of foreign lines that each phase takes when its intensities are free and its cell stays.

    In every simulated pattern of the host lie `LINES` weak lines at random angles between two [rad]. What a phase takes
    of the noise is left out: it is measured in the same pattern without the lines. With a cell that is refined, and in
    company of other phases, a phase takes more.
    """
    taken, there = dict.fromkeys((phase.name for phase in phases), 0.0), 0.0
    for seed in seeds:
        clean, strange = _pair(host, instrument, exposure, within, seed)
        before, after = (_left(each, (host,), instrument, exposure) for each in (clean, strange))
        there += after - before
        for phase in phases:
            noise, both = (_left(each, (host, phase), instrument, exposure) for each in (clean, strange))
            taken[phase.name] += (after - both) - (before - noise)
    return {name: gain / there for name, gain in taken.items()}


def _pair(
    host: Phase, instrument: Instrument, exposure: Counting, within: tuple[float, float], seed: int
) -> tuple[Pattern, Pattern]:
    """A pattern of the host without and with foreign lines; the same counts and the same weights elsewhere."""
    pattern = simulate_pattern({host: 1.0}, instrument, exposure, seed)
    random = np.random.default_rng([seed, 2])
    x = pattern.two_theta
    lines = np.zeros(len(x))
    for angle, height in zip(random.uniform(*within, LINES), random.uniform(*HEIGHTS, LINES), strict=True):
        lines += exposure.peak * height * np.exp(-4.0 * np.log(2.0) * ((x - angle) / exposure.width) ** 2)
    counts = pattern.counts + random.poisson(lines)
    sigma = np.sqrt(np.maximum(counts, 1.0))
    return replace(pattern, sigma=sigma), replace(pattern, counts=counts, sigma=sigma)


def _left(pattern: Pattern, phases: Sequence[Phase], instrument: Instrument, exposure: Counting) -> float:
    """Chi2 beside all intensities of the phases, at the widths that the pattern was made with."""
    choices = [Choice(phase, free=True) for phase in phases]
    model = set_up(pattern.two_theta, choices, instrument, width=exposure.width)
    data = WeightedCounts.of(pattern.counts, pattern.sigma, smooth_columns(pattern.two_theta))
    values = line_values(model.layout, exposure)
    return minimise(model, data, values, np.zeros(len(values), bool)).chi2
