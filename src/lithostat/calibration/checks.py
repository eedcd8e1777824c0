"""Is the calibration right? Ranks of the truth over synthetic data, and cells predicted without having been seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri
from scipy.stats import binom, chisquare, kstest

from lithostat.calibration.calibration import Calibration, Diagnostics
from lithostat.calibration.data import CellLife, Data
from lithostat.calibration.layout import Layout, drawn, layout_of
from lithostat.calibration.likelihood import spots
from lithostat.calibration.parameter import Parameter
from lithostat.calibration.posterior import ACCEPT, sample, sample_each
from lithostat.calibration.prediction import life_quantiles, openings, predict_life
from lithostat.calibration.priors import parameters_for
from lithostat.experiment.errors import InputError
from lithostat.model.parameters import Laws, parameters_of
from lithostat.model.resistance import log_critical_current, log_resistance

TOGETHER = 4  # data sets sampled side by side: all wait for the stiffest


@dataclass(frozen=True)
class Ranks:
    """Simulation-based calibration. `ranks` (sets, parameters): how many of `draws` draws lie below the truth.

    If the sampler is right, ranks are uniform on 0..draws. `parameters` names the columns.
    """

    parameters: tuple[str, ...]
    ranks: np.ndarray
    draws: int
    divergences: int

    def coverage(self, share: float = 0.9) -> np.ndarray:
        """How often the central interval of that share held the truth, (parameters,)."""
        position = (self.ranks + 0.5) / (self.draws + 1.0)
        return np.mean(np.abs(position - 0.5) <= 0.5 * share, axis=0)

    def uniformity(self, bins: int = 10) -> tuple[np.ndarray, np.ndarray]:
        """p-values that the ranks are uniform, (parameters,) each: chi-squared over `bins`, Kolmogorov-Smirnov."""
        position = (self.ranks + 0.5) / (self.draws + 1.0)
        counts = np.stack([np.histogram(column, bins, (0.0, 1.0))[0] for column in position.T])
        smirnov = [float(kstest(column, "uniform").pvalue) for column in position.T]
        return np.asarray(chisquare(counts, axis=1).pvalue), np.array(smirnov)

    def allowed(self, share: float = 0.9, error: float = 1e-3) -> tuple[float, float]:
        """Coverages that a right sampler leaves in a share `error` of such checks only: from the binomial."""
        count = len(self.ranks)
        low, high = binom.ppf([error / 2, 1.0 - error / 2], count, share) / count
        return float(low), float(high)


def ranks_of_truth(
    design: Data,
    *,
    sets: int,
    seed: int,
    laws: Laws | None = None,
    parameters: Iterable[Parameter] = (),
    without: Iterable[str] = (),
    draws: int = 99,
    thin: int = 10,
    warmup: int = 800,
    progress: Callable[[int], None] | None = None,
) -> Ranks:
    """Draw a truth from the prior, data of the shape of `design` from it, the posterior from those; `sets` times.

    `thin` draws are made for each that is kept, so that those kept are nearly independent. The sampler is set as for
    any posterior: with steps as long as an acceptance of 0.9 allows it misses what lies beyond the cliffs of ln t, and
    the ranks show it. All sets share one compilation. `progress` is called with the number of sets done.
    """
    laws = laws or Laws()
    chosen = parameters_for(laws, parameters, without=without)
    layout = layout_of(chosen, design)
    rng = np.random.default_rng(seed)
    ranks: list[np.ndarray] = []
    divergences = 0
    while len(ranks) < sets:
        truths = rng.standard_normal((TOGETHER, layout.size))
        data = [synthetic(design, truth, layout, laws, seed=int(rng.integers(2**31))) for truth in truths]
        z, diverged = sample_each(
            data, chosen, laws, seed=int(rng.integers(2**31)), draws=draws * thin, warmup=warmup, accept=ACCEPT
        )
        below = np.sum(z[:, thin - 1 :: thin] < truths[:, None, :], axis=1)
        ranks += list(below[: sets - len(ranks)])
        divergences += diverged
        if progress:
            progress(len(ranks))
    return Ranks(layout.names, np.array(ranks), draws, divergences)


def synthetic(design: Data, truth: np.ndarray, layout: Layout, laws: Laws, *, seed: int) -> Data:
    """Data as the model would give them for a `truth` of standard normal variables, (layout.size,).

    Every cell of `design` is tested for as long as its own test would have lasted: a test that ended in a short is
    taken to be planned for three times that. Shorts before the first current are left-censored there.
    """
    if not design.observations:
        raise InputError("a design without observations", expected="cells, resistances or critical currents")
    rng = np.random.default_rng(seed)
    world = world_of(truth[None], layout, design, laws)
    lives = tuple(_lived(world, one, rng) for one in design.lives)
    values = {name: float(draw[0]) for name, draw in world.draws.items()}
    resistances, currents = [], []
    for one in design.resistances:
        own = parameters_of(dict(one.numbers) | values)
        mean = float(log_resistance(one.pressure, one.highest, one.temperature, one.time, own))
        mean += float(world.resistance_offsets[one.group][0]) if one.group in world.resistance_offsets else 0.0
        ohm = math.exp(mean + values["resistance_scatter"] * rng.standard_normal())
        resistances.append(replace(one, low=ohm, high=ohm))
    for at in design.critical_currents:
        own = parameters_of(dict(at.numbers) | values)
        mean = float(log_critical_current(at.pressure, at.highest, at.attached, at.temperature, own, laws))
        amperes = math.exp(mean + values["stripping_scatter"] * rng.standard_normal())
        currents.append(replace(at, low=amperes, high=amperes))
    return Data(lives, tuple(resistances), tuple(currents))


def world_of(z: np.ndarray, layout: Layout, data: Data, laws: Laws) -> Calibration:
    """Draws z (n, layout.size) as a calibration that predictions can be made from."""
    numbers = dict(data.observations[0].numbers)
    return drawn(z, layout, data, laws, numbers, Diagnostics("prior", 1), seed=0)


def _lived(world: Calibration, one: CellLife, rng: np.random.Generator) -> CellLife:
    """One cell of the design with a life drawn from the world, looked at until its short or the end of its test."""
    mean = float(predict_life(world, one.exposure, numbers=one.numbers, group=one.group)[0])
    count = float(spots(dict(one.numbers)))
    scatter = float(world.draws["life_scatter"][0])
    life = math.exp(mean - scatter * float(ndtri(rng.random() ** (1.0 / count))))
    planned = one.low if one.kind == "survived" else 3.0 * one.high
    began = one.exposure.began
    end = min(life, planned)
    contact = one.contact
    if contact is not None and "stripping_scatter" in world.draws:
        opening = float(openings(world, [one.exposure], np.array([end]), numbers=one.numbers)[0, 0])
        lost = opening > float(world.draws["stripping_scatter"][0]) * rng.standard_normal()
        contact = (0.0, end) if lost else (end, math.inf)
    if life >= planned:
        return replace(one, low=planned, high=math.inf, contact=contact, called=None)
    if math.isfinite(began) and life < began:
        return replace(one, low=0.0, high=began, contact=contact, called=None)
    return replace(one, low=life, high=life, contact=contact, called=None)


@dataclass(frozen=True)
class LeftOut:
    """A cell predicted from all others: its predictive interval and what it did [s since the start of its exposure].

    `inside` is True if what is known of the cell can lie in the interval.
    """

    name: str
    low: float
    median: float
    high: float
    observed: tuple[float, float]
    inside: bool


def leave_one_out(
    data: Data,
    *,
    names: Iterable[str] | None = None,
    share: float = 0.9,
    laws: Laws | None = None,
    parameters: Iterable[Parameter] = (),
    without: Iterable[str] = (),
    seed: int,
    chains: int = 2,
    draws: int = 1000,
    progress: Callable[[str], None] | None = None,
) -> tuple[LeftOut, ...]:
    """Predict each named cell (all of them if None) from the posterior of all others."""
    laws = laws or Laws()
    chosen = parameters_for(laws, parameters, without=without)
    layout = layout_of(chosen, data)
    wanted = [one for one in data.lives if names is None or one.name in tuple(names)]
    found = []
    for one in wanted:
        if progress:
            progress(one.name)
        z, _ = sample(data, chosen, laws, seed=seed, chains=chains, draws=draws, left_out=(one.name,))
        known = world_of(z.reshape(-1, layout.size), layout, data, laws)
        found.append(predicted(one, known, share))
    return tuple(found)


def predicted(one: CellLife, known: Calibration, share: float) -> LeftOut:
    """The interval of a cell that `known` has not seen, beside what it did; its group's offset is as `known` has it."""
    ends = [0.5 - share / 2, 0.5, 0.5 + share / 2]
    low, middle, high = life_quantiles(known, [one.exposure], ends, numbers=one.numbers, group=one.group)[0]
    inside = one.low <= high and one.high >= low
    return LeftOut(one.name, float(low), float(middle), float(high), (one.low, one.high), bool(inside))
