"""From a cell, a protocol and two axes to the conditions of every point, as arrays that one compiled call takes."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import norm, qmc

from lithostat.experiment.cell import Cell
from lithostat.experiment.errors import InputError, nearest
from lithostat.experiment.protocol import Protocol
from lithostat.model.interface import CONTACT_LOST, critical_stripping_current
from lithostat.model.parameters import BETWEEN_CELLS, SCATTER, Laws, Parameters
from lithostat.model.resistance import contact_share
from lithostat.model.resolve import Resolved, resolve
from lithostat.physics.constants import FARADAY
from lithostat.physics.fracture import critical_flaw
from lithostat.physics.weakest_link import links
from lithostat.recommendation.axis import Axis, Plain, find
from lithostat.recommendation.plans import Columns, plans, times
from lithostat.simulation.plan import Plan

FIELDS = Parameters._fields


class Grid(NamedTuple):
    """All conditions of a map: `points` on the axes times `draws` of the parameters; a pair is point * draws + draw.

    What does not vary stands in `parameters` and `plan`; what does, in `fields` and `columns` with one value per pair.
    """

    points: int
    draws: int
    parameters: Parameters
    laws: Laws
    plan: Plan
    fields: dict[str, np.ndarray]
    columns: Columns
    focusing: np.ndarray  # of the median spot (pairs,) [-]
    spread: np.ndarray  # standard deviation of its logarithm between spots (pairs,)
    spots: np.ndarray  # independent spots of a cell (pairs,)
    began: float  # when the first current flows [s]
    length: np.ndarray  # how long the protocol goes on from there (pairs,) [s]
    values: dict[str, Any]  # the card values used, with their sources
    warnings: tuple[str, ...]


def grid(
    cell: Cell,
    protocol: Protocol,
    x: Axis,
    y: Axis,
    *,
    draws: Mapping[str, np.ndarray] | None = None,
    members: int = 16,
    seed: int = 0,
) -> Grid:
    """Resolve and schedule every point. `draws` holds parameters by name, (n,) SI each; see `sweep` for the rest."""
    if x.name == y.name:
        raise InputError(f"both axes are '{x.name}'", expected="two different inputs")
    _check_draws(draws or {}, (x, y))
    resolved = _Cells(cell, x, y)
    plan, columns = plans(cell, protocol, x, y)
    base = resolved.base
    scatter = base.scatter | {name: np.asarray(v, float) for name, v in (draws or {}).items() if name in SCATTER}
    count = _draw_count(draws, scatter, members)
    points = x.count * y.count

    def per_pair(values: np.ndarray) -> np.ndarray:
        return np.repeat(values, count)

    def drawn(name: str, otherwise: np.ndarray) -> np.ndarray:
        stated = (draws or {}).get(name)
        return otherwise if stated is None else np.tile(np.asarray(stated, float), points)

    fields = {name: per_pair(values) for name, values in resolved.varied().items()}
    for name in draws or {}:
        if name in FIELDS:
            fields[name] = drawn(name, np.zeros(0))
    spreads = {name: drawn(name, per_pair(np.full(points, float(base.scatter[name])))) for name in SCATTER}
    _scatter_cells(fields, spreads, base.parameters, points, count, seed)
    area = fields.get("area", np.full(points * count, float(base.parameters.area)))
    spots = links(area, reference_area=spreads["reference_area"], exponent=spreads["area_exponent"])
    focusing = fields.pop("focusing", np.full(points * count, float(base.parameters.focusing)))
    columns = {name: (pattern, per_pair(values)) for name, (pattern, values) in columns.items()}
    began, length = times(plan, columns, points * count)
    return Grid(
        points=points,
        draws=count,
        parameters=base.parameters,
        laws=base.laws,
        plan=plan,
        fields=fields,
        columns=columns,
        focusing=focusing,
        spread=spreads["focusing_scatter"],
        spots=np.asarray(spots, float),
        began=began,
        length=length,
        values=dict(base.values),
        warnings=resolved.warnings,
    )


def order(of: Grid) -> np.ndarray:
    """The pairs, (points * draws,), such that those that cost and end alike stand together.

    Members of one call wait for the slowest of them. First come pairs that strip within what creep replenishes, by an
    estimate of their life, then the rest by how soon voids would take their contact. It changes
    how long a map takes, not the map.
    """
    size = of.points * of.draws

    def value(name: str) -> np.ndarray:
        return np.broadcast_to(of.fields.get(name, np.asarray(getattr(of.parameters, name), float)), size)

    def column(name: str, rest: float) -> np.ndarray:
        return of.columns[name][1] if name in of.columns else np.full(size, rest)

    table = of.plan.table
    pressures = table.set_pressure[np.isfinite(table.set_pressure)]
    pressure = column("set_pressure", float(pressures[-1]) if pressures.size else 1e6)
    highest = np.maximum(pressure, pressures.max(initial=0.0) if "set_pressure" not in of.columns else 0.0)
    current = column("current", float(np.abs(table.current).max()))
    p = Parameters(**{name: value(name) for name in FIELDS})
    contact = contact_share(pressure, highest, p)
    held = critical_stripping_current(pressure, column("temperature", 298.15), p)
    flaw = np.minimum(critical_flaw(pressure, toughness=value("toughness")), value("thickness"))
    life = flaw / np.maximum(of.focusing * value("molar_volume") / FARADAY * current, 1e-30)
    # w grows by k (j e^(w/h) / c - j_crit), which has a closed form: the time until the contact is gone
    ratio = current / np.maximum(contact, 1e-6) / np.maximum(held, 1e-12)
    pace = value("molar_volume") / FARADAY * held / value("void_height")
    left = CONTACT_LOST / np.maximum(contact, CONTACT_LOST)
    with np.errstate(divide="ignore", invalid="ignore"):
        loss = np.where(ratio > 1.0, np.log((ratio - left) / (ratio - 1.0)) / pace, np.inf)
    return np.lexsort((np.where(ratio > 1.0, -loss, -life), ratio > 1.0))


class _Cells:
    """The cell at every point of the axes that vary it, resolved."""

    def __init__(self, cell: Cell, x: Axis, y: Axis) -> None:
        self.x, self.y, self.plain = x, y, cell.model_dump(mode="json")
        self.base = resolve(self._with({axis.name: float(axis.values[0]) for axis in self._mine()}))
        self._own = {axis.name: self._changed(axis) for axis in self._mine()}
        warned = [w for _, all_ in self._own.values() for one in all_ for w in one]
        self.warnings = tuple(dict.fromkeys((*self.base.warnings, *warned)))

    def varied(self) -> dict[str, np.ndarray]:
        """Parameters that differ from the base, (points,) each."""
        mine = self._mine()
        x_ = {n: np.repeat(v, self.y.count) for n, v in self._own.get(self.x.name, ({}, ()))[0].items()}
        y_ = {n: np.tile(v, self.x.count) for n, v in self._own.get(self.y.name, ({}, ()))[0].items()}
        if len(mine) == 2 and (set(x_) & set(y_) or not self._separate()):
            return self._all()
        return x_ | y_

    def _mine(self) -> list[Axis]:
        return [axis for axis in (self.x, self.y) if find(axis.name).where == "cell"]

    def _with(self, said: dict[str, float]) -> Cell:
        plain: Plain = copy.deepcopy(self.plain)
        for name, value in said.items():
            find(name).set(plain, value)
        return Cell.from_dict(plain, si=True)

    def _at(self, said: dict[str, float]) -> Resolved:
        here = {axis.name: float(axis.values[0]) for axis in self._mine()}
        return resolve(self._with(here | said))

    def _changed(self, axis: Axis) -> tuple[dict[str, np.ndarray], list[tuple[str, ...]]]:
        found = [self._at({axis.name: float(value)}) for value in axis.values]
        columns = {name: np.array([getattr(one.parameters, name) for one in found], float) for name in FIELDS}
        varied = {name: values for name, values in columns.items() if np.ptp(values) > 0.0}
        return varied, [one.warnings for one in found]

    def _separate(self) -> bool:
        """True if what the one axis changes does not depend on the other, tried at the far corner."""
        corner = self._at({axis.name: float(axis.values[-1]) for axis in self._mine()}).parameters
        return all(
            float(getattr(corner, name)) == float(values[-1])
            for changed, _ in self._own.values()
            for name, values in changed.items()
        )

    def _all(self) -> dict[str, np.ndarray]:
        pairs = [{self.x.name: float(a), self.y.name: float(b)} for a in self.x.values for b in self.y.values]
        found = [self._at(pair).parameters for pair in pairs]
        columns = {name: np.array([getattr(one, name) for one in found], float) for name in FIELDS}
        return {name: values for name, values in columns.items() if np.ptp(values) > 0.0}


def _draw_count(draws: Mapping[str, np.ndarray] | None, scatter: dict[str, Any], members: int) -> int:
    if draws:
        return len(next(iter(draws.values())))
    scattered = any(np.any(scatter[f"{name}_scatter"]) for name in BETWEEN_CELLS)
    return members if scattered else 1


def _scatter_cells(
    fields: dict[str, np.ndarray], spreads: dict[str, np.ndarray], p: Parameters, points: int, count: int, seed: int
) -> None:
    """Scatter what differs between cells over the draws, the same for all points so that the map stays smooth."""
    names = [name for name in BETWEEN_CELLS if np.any(spreads[f"{name}_scatter"] > 0.0)]
    if not names:
        return
    even = norm.ppf(qmc.LatinHypercube(len(names), rng=np.random.default_rng(seed)).random(count))
    for index, name in enumerate(names):
        centre = fields.get(name, np.full(points * count, float(getattr(p, name))))
        fields[name] = centre * np.exp(spreads[f"{name}_scatter"] * np.tile(even[:, index], points))


def _check_draws(draws: Mapping[str, np.ndarray], axes: tuple[Axis, Axis]) -> None:
    lengths = {len(np.atleast_1d(values)) for values in draws.values()}
    if len(lengths) > 1:
        raise InputError(f"draws of {sorted(lengths)} different lengths", expected="as many of every parameter")
    if lengths == {0}:
        raise InputError("the draws are empty", expected="at least one draw")
    for name, values in draws.items():
        if name not in (*FIELDS, *SCATTER):
            raise InputError(f"draws of an unknown parameter '{name}'{nearest(name, (*FIELDS, *SCATTER))}")
        if name in [axis.name for axis in axes]:
            raise InputError(f"'{name}' is an axis and has draws too", expected="one of both")
        if not np.all(np.isfinite(np.asarray(values, float))):
            raise InputError(f"the draws of '{name}' hold values that are not finite")
