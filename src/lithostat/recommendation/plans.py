"""One table of steps for all points of a map, and how its columns follow the axes."""

from __future__ import annotations

import copy

import numpy as np

from lithostat.experiment.cell import Cell
from lithostat.experiment.errors import InputError
from lithostat.experiment.protocol import Protocol
from lithostat.recommendation.axis import Axis, Plain, find
from lithostat.simulation.plan import Plan
from lithostat.simulation.schedule import schedule

Columns = dict[str, tuple[np.ndarray, np.ndarray]]  # pattern (rows,) and one value for each member


def plans(cell: Cell, protocol: Protocol, x: Axis, y: Axis) -> tuple[Plan, Columns]:
    """One table for all points, and the columns that the axes change, (points,) each."""
    plain = protocol.model_dump(mode="json", by_alias=True)
    columns: Columns = {}
    for axis, spread in ((x, lambda v: np.repeat(v, y.count)), (y, lambda v: np.tile(v, x.count))):
        if find(axis.name).where != "protocol":
            continue
        find(axis.name).set(plain, float(axis.values[0]))  # the base takes the first value of each axis
        for name, (pattern, values) in _responses(cell, plain, axis).items():
            if name in columns:
                raise InputError(f"'{x.name}' and '{y.name}' both set the {name} of a step", expected="other axes")
            columns[name] = (pattern, spread(values))
    plan = schedule(cell, Protocol.from_dict(plain, si=True)).plan
    return plan, columns


def _responses(cell: Cell, plain: Plain, axis: Axis) -> Columns:
    """How the table's columns follow this axis: in proportion to its value or to one over it, or an `InputError`."""
    values = axis.values
    tried = (0, len(values) // 2, -1)
    tables, counts = [], set()
    for index in tried:
        changed = copy.deepcopy(plain)
        find(axis.name).set(changed, float(values[index]))
        plan = schedule(cell, Protocol.from_dict(changed, si=True)).plan
        tables.append(plan.table)
        counts.add(int(plan.rows))
    if len(counts) > 1:
        raise InputError(
            f"the number of steps depends on '{axis.name}' ({min(counts)} to {max(counts)} of them)",
            expected="repeats that end by their number or by time",
        )
    responses: Columns = {}
    for name in tables[0]._fields:
        low, middle, high = (np.nan_to_num(getattr(table, name), posinf=0.0, neginf=0.0) for table in tables)
        moved = (low != middle) | (middle != high)
        if not moved.any():
            continue
        for law in (values, 1.0 / np.where(values == 0.0, np.nan, values)):
            pattern = np.where(moved, high / law[-1], 0.0)
            if all(
                np.allclose(pattern[moved] * law[i], column[moved], rtol=1e-12, atol=0.0)
                for i, column in zip(tried, (low, middle, high), strict=True)
            ):
                responses[name] = (_exact(pattern), law)
                break
        else:
            raise InputError(
                f"'{axis.name}' changes the {name.replace('_', ' ')} of steps in a way that a map cannot follow",
                expected="steps that end by time alone or by charge alone",
            )
    return responses


def _exact(pattern: np.ndarray) -> np.ndarray:
    """Signs without the rounding of a division."""
    near = np.round(pattern)
    return np.where(np.abs(pattern - near) < 1e-12, near, pattern)


def times(plan: Plan, columns: Columns, pairs: int) -> tuple[float, np.ndarray]:
    """(when the first current flows, how long the protocol goes on from there for every pair) [s]."""
    rows = int(plan.rows)
    durations, currents = plan.table.duration[:rows], plan.table.current[:rows]
    first = int(np.argmax(currents != 0.0)) if np.any(currents != 0.0) else 0
    began = float(durations[:first].sum())
    if "duration" not in columns:
        return began, np.full(pairs, durations.sum() - began)
    pattern, values = columns["duration"]
    fixed = durations[pattern[:rows] == 0.0].sum() - began
    return began, fixed + pattern[:rows].sum() * values
