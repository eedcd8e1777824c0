"""Rival mechanisms held against the same cells: how well each predicts a cell it has not seen."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import logsumexp

from lithostat.calibration.arviz import az
from lithostat.calibration.calibration import Calibration
from lithostat.calibration.data import Data
from lithostat.calibration.evaluated import log_likelihoods
from lithostat.calibration.exposure import Exposure
from lithostat.calibration.layout import layout_of
from lithostat.calibration.parameter import Parameter
from lithostat.calibration.posterior import calibrate, sample
from lithostat.calibration.prediction import NEW, Mechanism, failure_probability
from lithostat.calibration.priors import parameters_for
from lithostat.experiment.errors import InputError
from lithostat.model.parameters import Laws

RIVALS: dict[str, Laws] = {
    "default": Laws(),
    "growth: length_focusing": Laws(growth="length_focusing"),
    "growth: pressure_focusing": Laws(growth="pressure_focusing"),
    "entry: threshold": Laws(entry="threshold"),
    "failure: percolation": Laws(failure="percolation"),
}
WORST_K = 0.7  # Pareto k above which importance sampling cannot be trusted
FEW = 12  # cells up to which every one is left out by a fit of its own
REFIT = 500  # draws of each chain of a fit without a cell, which only gives that cell's score
DECIDED = 0.95  # weight of a model that won


@dataclass(frozen=True)
class Rival:
    """One model: its posterior and the log score of every life when it was left out.

    `scores` (lives,) is ln of the predictive probability (density for a dated short). `pareto_k` (lives,) is what
    importance sampling said of itself; `refitted` names the cells that were left out by a fit of their own.
    """

    name: str
    calibration: Calibration
    scores: np.ndarray
    pareto_k: np.ndarray
    refitted: tuple[str, ...]
    weight: float

    @property
    def score(self) -> float:
        """Expected log score: the sum over the lives."""
        return float(self.scores.sum())

    def as_dict(self) -> dict[str, Any]:
        """Plain data that `Rival.from_dict` takes back."""
        return {
            "name": self.name,
            "calibration": self.calibration.as_dict(),
            "scores": self.scores.tolist(),
            "pareto_k": self.pareto_k.tolist(),
            "refitted": list(self.refitted),
            "weight": self.weight,
        }

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Rival:
        """Inverse of `as_dict`."""
        return cls(
            said["name"],
            Calibration.from_dict(said["calibration"]),
            np.asarray(said["scores"], float),
            np.asarray(said["pareto_k"], float),
            tuple(said["refitted"]),
            float(said["weight"]),
        )


@dataclass(frozen=True)
class Comparison:
    """All rivals, the best first. `verdict` says in a sentence whether one of them won."""

    rivals: tuple[Rival, ...]
    verdict: str

    def difference(self, name: str) -> tuple[float, float]:
        """Log score of a rival below that of the best, and the standard error of the difference."""
        best, other = self.rivals[0], self.rival(name)
        apart = best.scores - other.scores
        return float(apart.sum()), float(np.sqrt(len(apart)) * np.std(apart, ddof=1)) if len(apart) > 1 else np.inf

    def rival(self, name: str) -> Rival:
        """The rival of that name."""
        for one in self.rivals:
            if one.name == name:
                return one
        raise InputError(f"no rival is called '{name}'", expected=", ".join(one.name for one in self.rivals))

    def failure_probability(
        self,
        exposures: Sequence[Exposure],
        hours: float,
        *,
        seed: int,
        mechanism: Mechanism = "any",
        numbers: Mapping[str, float] | None = None,
        group: str | None = NEW,
    ) -> np.ndarray:
        """Averaged over the rivals: each gives draws in proportion to its weight, (exposures, draws)."""
        rng = np.random.default_rng(seed)
        total = min(one.calibration.count for one in self.rivals)
        parts = []
        for one in self.rivals:
            count = round(one.weight * total)
            if count:
                found = failure_probability(
                    one.calibration, list(exposures), hours, mechanism=mechanism, numbers=numbers, group=group
                )
                parts.append(found[:, rng.choice(found.shape[1], count, replace=count > found.shape[1])])
        return np.concatenate(parts, axis=1)


def compare(
    data: Data,
    *,
    rivals: Mapping[str, Laws] | None = None,
    parameters: Iterable[Parameter] = (),
    without: Iterable[str] = (),
    seed: int,
    chains: int = 2,
    draws: int = 1000,
    exact: bool | None = None,
    progress: Callable[[str], None] | None = None,
) -> Comparison:
    """Fit every rival to `data` and score it on each life that is left out.

    Scores come from Pareto-smoothed importance sampling (ArviZ) where its k is below 0.7 and from a fit without the
    cell elsewhere; `exact` asks for such a fit for all cells (by default where there are at most 12).
    """
    if len(data.lives) < 2:
        raise InputError(
            f"{len(data.lives)} cell with an outcome cannot tell rivals apart", expected="at least 2 cells"
        )
    exact = len(data.lives) <= FEW if exact is None else exact
    changed, fixed = tuple(parameters), tuple(without)
    found = []
    for name, laws in (rivals or RIVALS).items():
        if progress:
            progress(name)
        calibration = calibrate(
            data, laws=laws, seed=seed, chains=chains, draws=draws, parameters=changed, without=fixed
        )
        scores, k = _importance(calibration)
        refitted = [one.name for one, bad in zip(data.lives, k, strict=True) if exact or not bad <= WORST_K]
        chosen = parameters_for(laws, changed, without=fixed)
        for i, one in enumerate(data.lives):
            if one.name in refitted:
                z, _ = sample(
                    data, chosen, laws, seed=seed, chains=chains, draws=REFIT, warmup=REFIT, left_out=(one.name,)
                )
                layout = layout_of(chosen, data)
                logs = log_likelihoods(z.reshape(-1, layout.size), layout, data, laws)
                scores[i] = _mean_of_logs(logs[:, i])
        found.append(Rival(name, calibration, scores, k, tuple(refitted), 0.0))
    weights = average_weights(np.stack([one.scores for one in found], axis=1))
    weighted = [replace(one, weight=float(weight)) for one, weight in zip(found, weights, strict=True)]
    ranked = tuple(sorted(weighted, key=lambda one: -one.score))
    return comparison_of(ranked)


def comparison_of(rivals: Iterable[Rival]) -> Comparison:
    """Rivals, the best first, with the verdict on them."""
    ranked = tuple(rivals)
    return Comparison(ranked, _verdict(ranked))


def average_weights(scores: np.ndarray, *, replicates: int = 10_000, seed: int = 0) -> np.ndarray:
    """Weights (models,) to average with; `scores` (lives, models) are log scores of lives that were left out.

    exp(summed score), averaged over Bayesian bootstraps of the lives (pseudo-BMA+ of Yao et al. 2018, Bayesian Analysis
    13, 917). With a dozen cells stacking would give everything to whichever model is ahead by a hair on most of them;
    the bootstrap knows how little so few cells say.
    """
    lives = len(scores)
    share = np.random.default_rng(seed).dirichlet(np.ones(lives), replicates) * lives
    total = share @ scores
    weights = np.exp(total - total.max(axis=1, keepdims=True))
    return np.asarray((weights / weights.sum(axis=1, keepdims=True)).mean(axis=0))


def _importance(calibration: Calibration) -> tuple[np.ndarray, np.ndarray]:
    """Log scores of left-out lives by PSIS, and the k of each."""
    count = len(calibration.data.lives)
    logs = calibration.log_likelihood[:, :count]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weights, k = az().psislw(-logs.T)
    weights, k = np.asarray(weights), np.atleast_1d(np.asarray(k))
    return logsumexp(np.atleast_2d(weights) + logs.T, axis=1), k


def _mean_of_logs(logs: np.ndarray) -> float:
    """ln of the mean of exp(logs)."""
    return float(logsumexp(logs) - np.log(len(logs)))


def _verdict(ranked: tuple[Rival, ...]) -> str:
    best = ranked[0]
    comparison = Comparison(ranked, "")
    if best.weight >= DECIDED:
        return f"'{best.name}' predicts left-out cells best, with a weight of {best.weight:.2f}"
    open_ = []
    for one in ranked[1:]:
        apart, error = comparison.difference(one.name)
        if apart < 2.0 * error:
            open_.append(f"'{one.name}' ({apart:.1f} +- {error:.1f} below)")
    if not open_:
        return f"'{best.name}' predicts left-out cells best; the mixture still gives weight to others"
    return f"none wins: '{best.name}' is best, but the cells do not tell it from {', '.join(open_)}"
