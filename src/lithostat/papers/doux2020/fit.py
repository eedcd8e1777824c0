"""How the cards came by toughness, throat radius, focusing and its scatter: a best fit to the paper's times to short.

    python -m lithostat.papers.doux2020.fit

Maximum likelihood: the logarithm of a time to short is normal about the one of the model, survivors are censored. The
75 MPa cell constrains nothing (it shorts at once for any nearby parameters) and is left out.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.stats import norm

from lithostat.experiment.cell import Cell
from lithostat.papers.doux2020.published import cell, cycling, hold, published
from lithostat.simulation.run import simulate

NAMES = ("toughness", "throat_radius", "focusing")
START = (0.20e6, 0.75e-6, 2.65, 0.27)
HOUR = 3600.0
NEVER = 1e5  # hours that stand for 'outlived the simulation'


class FittedGrowth(NamedTuple):
    """Best parameters in SI, the scatter of the logarithm of time, and the log-likelihood there."""

    parameters: dict[str, float]
    scatter: float
    log_likelihood: float


def lives(parameters: dict[str, float], laws: dict[str, str]) -> dict[str, float]:
    """Hours to short of every experiment with these parameters (SI) and laws, by id."""
    base = cell().model_dump(mode="json")
    base["parameters"] |= parameters
    base["laws"] |= laws
    chosen = Cell.from_dict(base, si=True)
    data = published()
    runs = {entry["id"]: cycling(entry["pressure"]) for entry in data["cycling"] if entry["hours"] > 0}
    runs["hold-25MPa"] = hold("25 MPa", 2e4)
    times = {}
    for name, protocol in runs.items():
        outcome = simulate(chosen, protocol, samples=1).outcome
        life = outcome.cycling_time or outcome.time if outcome and outcome.shorted else math.inf
        times[name] = min(max(life / HOUR, 1e-3), NEVER)
    return times


def log_likelihood(times: dict[str, float], scatter: float) -> float:
    """Of the published times, given the model's and the scatter of ln t."""
    data = published()
    total = 0.0
    for entry in (*data["cycling"], *data["holds"]):
        if entry["id"] not in times:
            continue
        measured, model = math.log(entry["hours"]), math.log(times[entry["id"]])
        survived = entry["short"] == "none"
        total += float((norm.logsf if survived else norm.logpdf)(measured, model, scatter))
    return total


def fit(laws: dict[str, str] | None = None, start: tuple[float, ...] = START) -> FittedGrowth:
    """The best fit for a choice of laws (the default ones if None)."""

    def cost(x: np.ndarray) -> float:
        values = dict(zip(NAMES, np.exp(x[:3]).tolist(), strict=True))
        return -log_likelihood(lives(values, laws or {}), float(np.exp(x[3])))

    best = minimize(cost, np.log(start), method="Nelder-Mead", options={"xatol": 2e-3, "fatol": 1e-3, "maxiter": 400})
    found = np.exp(best.x)
    return FittedGrowth(dict(zip(NAMES, found[:3].tolist(), strict=True)), float(found[3]), -float(best.fun))


if __name__ == "__main__":
    print(fit())
