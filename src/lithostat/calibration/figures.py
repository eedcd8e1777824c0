"""A calibration as figures: its draws as the arrays that `show` draws."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from lithostat.calibration.calibration import Calibration
from lithostat.calibration.checks import Ranks
from lithostat.calibration.exposure import steady
from lithostat.calibration.parameter import Parameter
from lithostat.calibration.prediction import life_quantiles
from lithostat.experiment.quantity import linear
from lithostat.show.posterior_figure import Marginal, posterior_figure
from lithostat.show.predictive_figure import SeenCell, predictive_figure
from lithostat.show.ranks_figure import ranks_figure

SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
LIKE = 0.05  # relative difference of the current up to which a cell belongs into the figure


def learnt_figure(calibration: Calibration, *, names: Sequence[str] | None = None) -> Figure:
    """Prior and posterior of the named parameters (all), and the pairs of those of the time to short."""
    chosen = [one for one in calibration.parameters if names is None or one.name in names]
    z = np.random.default_rng(0).standard_normal(20_000)
    marginals = [_marginal(one, z, calibration) for one in chosen]
    place = {one.name: i for i, one in enumerate(chosen)}
    wanted = (("toughness", "throat_radius"), ("toughness", "focusing"), ("throat_radius", "focusing"))
    pairs = [(place[a], place[b]) for a, b in wanted if a in place and b in place]
    return posterior_figure(marginals, pairs=pairs, title="What the data say, beside what was known before")


def _marginal(one: Parameter, z: np.ndarray, calibration: Calibration) -> Marginal:
    unit = one.quantity.shown
    scale = linear(one.quantity.unit, unit)[0] if unit else 1.0
    label = one.name.replace("_", " ") + (f" / {unit}" if unit else "")
    drawn = np.asarray(calibration.draws[one.name])
    return Marginal(label, scale * np.asarray(one.value(z)), scale * drawn, one.scale == "log")


def predicted_figure(
    calibration: Calibration, current: float, *, pressures: np.ndarray | None = None, target: float | None = None
) -> Figure:
    """Time to short against pressure at an alternating `current` [A/m2], with the cells of that current.

    Times count from the first current; `target` is drawn across [s]. A cell that shorted before any current belongs to
    every current.
    """
    grid = np.geomspace(1e6, 80e6, 60) if pressures is None else np.asarray(pressures)
    exposures = [steady(float(pressure), current) for pressure in grid]
    began = np.array([one.began for one in exposures])[:, None]
    quantiles = np.maximum(life_quantiles(calibration, exposures, SHARES) - began, 1.0)
    cells = [
        SeenCell(
            one.name, float(one.exposure.pressures[-1]), _since(one.low, began), _since(one.high, began), one.ended
        )
        for one in calibration.data.lives
        if one.kind == "short before current" or abs(float(one.exposure.stripping[-1]) - current) <= LIKE * current
        for began in (one.exposure.began,)
    ]
    return predictive_figure(grid, quantiles, cells, target=target, title=f"Cells at {100.0 * current:.4g} uA/cm2")


def _since(time: float, began: float) -> float:
    return max(time - began, 0.0)


def rank_figure(ranks: Ranks) -> Figure:
    """Ranks of the truth over synthetic data sets."""
    labels = [name.replace("_", " ") for name in ranks.parameters]
    return ranks_figure(labels, ranks.ranks, ranks.draws, title=f"{len(ranks.ranks)} synthetic data sets")
