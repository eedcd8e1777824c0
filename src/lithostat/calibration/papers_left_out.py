"""leave_one_group_out(data) -> GroupLeftOut...: every paper predicted from all others, its offset not known."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from lithostat.calibration.checks import LeftOut, predicted, world_of
from lithostat.calibration.data import CellLife, Data
from lithostat.calibration.evaluated import log_likelihoods
from lithostat.calibration.layout import layout_of
from lithostat.calibration.parameter import Parameter
from lithostat.calibration.posterior import sample
from lithostat.calibration.priors import parameters_for
from lithostat.model.parameters import Laws

FLOOR = -10.0  # below which one row costs no more [nat]


@dataclass(frozen=True)
class GroupLeftOut:
    """A paper that was predicted without having been seen.

    `scores` (rows,) are ln of the posterior predictive probability (density of ln t for a dated row) of each row of
    `names`, not below `FLOOR`; `joint` is that of all of them together. `inside_50` and `inside_90` are intervals of
    its dated lives.
    """

    group: str
    names: tuple[str, ...]
    scores: np.ndarray
    joint: float
    inside_50: tuple[LeftOut, ...]
    inside_90: tuple[LeftOut, ...]

    @property
    def misses(self) -> np.ndarray:
        """ln of median over measured of its dated lives."""
        return np.array([math.log(one.median / one.observed[0]) for one in self.inside_90])

    @property
    def widths(self) -> np.ndarray:
        """Factor from the low to the high end of the 90 % interval of its dated lives."""
        return np.array([one.high / one.low for one in self.inside_90])


def leave_one_group_out(
    data: Data,
    *,
    laws: Laws,
    groups: Iterable[str] | None = None,
    parameters: Iterable[Parameter] = (),
    without: Iterable[str] = (),
    seed: int,
    chains: int = 2,
    draws: int = 1000,
    warmup: int = 1000,
    progress: Callable[[str], None] | None = None,
) -> tuple[GroupLeftOut, ...]:
    """Each group (or those named) predicted by the posterior of all others, with an offset that may be anything.

    One compilation serves all: what is left out counts nothing, and its offset is then drawn from the spread between
    groups, as that of a lab that nobody has heard of.
    """
    chosen = parameters_for(laws, parameters, without=without)
    layout = layout_of(chosen, data)
    found = []
    for group in data.groups if groups is None else groups:
        if progress:
            progress(group)
        names = data.only_group(group).names
        z, _ = sample(data, chosen, laws, seed=seed, chains=chains, draws=draws, warmup=warmup, left_out=names)
        z = z.reshape(-1, layout.size)
        rows = [data.names.index(name) for name in names]
        logs = log_likelihoods(z, layout, data, laws)[:, rows]
        known = world_of(z, layout, data, laws)
        dated = [one for one in data.lives if one.group == group and _dated(one)]
        found.append(
            GroupLeftOut(
                group,
                names,
                np.maximum(logsumexp(logs, axis=0) - math.log(len(z)), FLOOR),
                float(logsumexp(logs.sum(axis=1)) - math.log(len(z))),
                tuple(predicted(one, known, 0.5) for one in dated),
                tuple(predicted(one, known, 0.9) for one in dated),
            )
        )
    return tuple(found)


def _dated(one: CellLife) -> bool:
    return one.low == one.high
