"""Where the least misfit lies: many starts, the good ones followed, neighbours asked, and a second chance.

In a long series only every fifth spectrum gets starts of its own; the others start from its solution. A wrong minimum
leaves structure in the residuals, as a wrong circuit does: spectra that show it get many more starts.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lithostat.impedance.circuits.circuit import Circuit
from lithostat.impedance.circuits.jacobian import logarithmic, natural
from lithostat.impedance.circuits.least_squares import least_squares
from lithostat.impedance.circuits.misfit import Sweeps, of_each
from lithostat.impedance.circuits.starts import outline, starts

KEPT = 4  # starts that are followed to the end
SCREENING = 10  # iterations before the others are given up
ENOUGH = 30  # points of a spectrum that screening looks at
ROUGH = 1e-6  # relative fall of the cost that ends a search; the fit goes on from there
APART = 5  # spectra from one that gets its own starts to the next
NEAREST = 2  # of those, whose solutions a spectrum in between starts from
SAME = 1e-3  # relative difference of cost between two starts that found one minimum
STRUCTURE = 4.0  # standard deviations of the correlation of neighbouring residuals that noise does not show


def search(
    table: Sweeps,
    chosen: Circuit,
    bounds: tuple[np.ndarray, np.ndarray],
    *,
    own: Mapping[str, float] | None,
    count: int,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Best coordinates (spectra, parameters), and the share of followed starts that agree with each, (spectra,).

    `count` starts are drawn for each spectrum, `own` (values in SI) is one more.
    """
    everyone = np.arange(len(table.omega))
    anchors = everyone if len(everyone) <= APART else np.unique(np.append(everyone[::APART], everyone[-1]))
    part = _rows(table, anchors)
    found, agreed = _best(part, chosen, _starts(part, chosen, own, count, seed), bounds, KEPT)
    if len(anchors) < len(everyone):
        order = np.argsort(np.abs(everyone[:, None] - anchors), axis=1, kind="stable")[:, :NEAREST]
        found, cost, costs = _followed(table, chosen, found[order], bounds)
        agreed = _share(cost, costs)
    return _second_chance(table, chosen, found, agreed, bounds, count=4 * count, seed=seed + 1)


def _rows(table: Sweeps, rows: np.ndarray) -> Sweeps:
    return Sweeps(*(column[rows] for column in table))


def _share(cost: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """Share of `costs` (spectra, starts) that are the least one."""
    return np.asarray((costs <= cost[:, None] * (1.0 + SAME) + 1e-20).mean(1))


def _starts(table: Sweeps, chosen: Circuit, own: Mapping[str, float] | None, count: int, seed: int) -> np.ndarray:
    """Coordinates to start from, (spectra, starts, parameters)."""
    logs = logarithmic(chosen)
    random = np.random.default_rng(seed)
    found = []
    for row in range(len(table.omega)):
        here = table.weight[row, :, 0] > 0.0
        z = table.parts[row, here, 0] + 1j * table.parts[row, here, 1]
        values = starts(chosen, outline(table.omega[row, here], z), count, random)
        if own is not None:
            values = np.concatenate([values, chosen.array(own)[None]])
        found.append(np.where(logs, np.log(np.where(logs, values, 1.0)), values))
    return np.stack(found)


def _best(
    table: Sweeps, chosen: Circuit, first: np.ndarray, bounds: tuple[np.ndarray, np.ndarray], kept: int
) -> tuple[np.ndarray, np.ndarray]:
    """Best coordinates of each spectrum, (spectra, parameters), and the share of followed starts that agree."""
    spectra, count, size = first.shape
    owner = np.repeat(np.arange(spectra), count)
    screened = least_squares(
        of_each(_thinned(table), chosen, owner), first.reshape(-1, size), *bounds, iterations=SCREENING
    )
    rank = np.argsort(screened.cost.reshape(spectra, count), axis=1)[:, : min(kept, count)]
    good = np.take_along_axis(screened.coordinates.reshape(first.shape), rank[:, :, None], axis=1)
    best, cost, costs = _followed(table, chosen, good, bounds)
    if 1 < spectra <= APART:
        near = np.stack([best, np.roll(best, 1, axis=0), np.roll(best, -1, axis=0)], axis=1)
        best, cost, _ = _followed(table, chosen, near, bounds)
    return best, _share(cost, costs)


def _thinned(table: Sweeps) -> Sweeps:
    """Every second or third point of long spectra: enough to tell a good start from a bad one."""
    step = max(1, table.omega.shape[1] // ENOUGH)
    return Sweeps(*(column[:, ::step] for column in table))


def _second_chance(
    table: Sweeps,
    chosen: Circuit,
    found: np.ndarray,
    agreed: np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray],
    *,
    count: int,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Many more starts for spectra whose residuals show structure: a wrong minimum looks like a wrong circuit."""
    model = chosen.impedance(table.omega / (2.0 * np.pi), natural(found, logarithmic(chosen)).T[..., None])
    rest = (model - table.parts[..., 0] - 1j * table.parts[..., 1]) * table.weight[..., 0]
    points = (table.weight[..., 0] > 0.0).sum(1)
    odd = np.flatnonzero([correlation(row[:length]) > STRUCTURE for row, length in zip(rest, points, strict=True)])
    if not len(odd):
        return found, agreed
    part = _rows(table, odd)
    more = _starts(part, chosen, None, count, seed)
    again, share = _best(part, chosen, np.concatenate([found[odd, None], more], axis=1), bounds, 4 * KEPT)
    found, agreed = found.copy(), agreed.copy()
    found[odd], agreed[odd] = again, share
    return found, agreed


def _followed(
    table: Sweeps, chosen: Circuit, good: np.ndarray, bounds: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    spectra, count, size = good.shape
    owner = np.repeat(np.arange(spectra), count)
    ended = least_squares(of_each(table, chosen, owner), good.reshape(-1, size), *bounds, small_gain=ROUGH)
    costs = ended.cost.reshape(spectra, count)
    rows = np.arange(spectra)
    least = costs.argmin(1)
    return ended.coordinates.reshape(good.shape)[rows, least], costs[rows, least], costs


def correlation(rest: np.ndarray) -> float:
    """Correlation of residuals with their neighbours in frequency, in standard deviations of that of pure noise."""
    parts = np.stack([rest.real, rest.imag])
    size = (parts**2).sum()
    if parts.shape[1] < 3 or size == 0.0:
        return 0.0
    return float((parts[:, 1:] * parts[:, :-1]).sum() / size * np.sqrt(parts.size))
