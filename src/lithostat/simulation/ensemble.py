"""Many cells with scattered parameters at once, and how many of them survive to a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import jax
import numpy as np
import polars as pl
from scipy.special import ndtri_exp

from lithostat.engine import engine
from lithostat.experiment.cell import Cell
from lithostat.experiment.cores import cores
from lithostat.experiment.errors import InputError, nearest
from lithostat.experiment.protocol import Protocol
from lithostat.experiment.quantity import check
from lithostat.model.parameters import BETWEEN_CELLS, SCATTER, Laws, Parameters, used
from lithostat.model.resolve import Resolved, resolve
from lithostat.physics.weakest_link import links, log_worst_of
from lithostat.simulation import compiled
from lithostat.simulation.pieces import ENDED_AS, Carry, Tolerance, suited
from lithostat.simulation.plan import Plan
from lithostat.simulation.run import provenance
from lithostat.simulation.schedule import Schedule, schedule

CHUNK = 512  # members solved together; large enough to vectorise, small enough to stay in cache
# (straight, curved); times to short agree with the default tolerance to 1e-5, turns of current aside
LOOSE = Tolerance(1e-6, 1e-9, 1e-7), Tolerance(3e-6, 3e-9, 1e-7)


@dataclasses.dataclass(frozen=True)
class Ensemble:
    """How each member ended. `members` has one row per cell: its drawn parameters, `kind`, times in seconds.

    `time_second` counts from the start of the protocol, `cycling_second` from the first current (0 if before it).
    `length_second` is how long the protocol cycles, beyond which nothing is known.
    """

    members: pl.DataFrame
    length_second: float
    provenance: dict[str, Any]
    warnings: tuple[str, ...] = ()

    def survival(self, cycling_time: np.ndarray) -> np.ndarray:
        """Share of the members not failed at each cycling time [s]; NaN beyond the end of the test."""
        failed = self.members.filter(pl.col("kind") != "survived")["cycling_second"].to_numpy()
        times = np.asarray(cycling_time, float)
        share = 1.0 - np.searchsorted(np.sort(failed), times, side="right") / len(self.members)
        return np.where(times <= self.length_second, share, np.nan)


def ensemble(
    cell: Cell,
    protocol: Protocol,
    *,
    members: int,
    seed: int,
    scatter: dict[str, float] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Ensemble:
    """Simulate `members` cells that differ in toughness, focusing, and in throat radius or flaw size.

    Radius, flaw size (each if the law of entry takes it) and toughness are log-normal from cell to cell. Focusing is
    log-normal from spot to spot, and each cell fails at the worst of its (A / A_ref)^kappa spots, so that larger cells
    short earlier. `scatter` replaces standard deviations of the cards by name ('focusing_scatter', ...). `progress` is
    called with the number of members done.
    """
    if members < 1:
        raise InputError(f"received {members} members", expected="at least 1")
    resolved = resolve(cell)
    spread = resolved.scatter | _known(scatter or {})
    drawn = draw(resolved.parameters, resolved.laws, spread, cell.area, members, seed)
    timetable = schedule(cell, protocol)
    ends = _ends(resolved, timetable.plan, drawn, progress)
    table, length = _table(drawn, ends, timetable)
    about = provenance(cell, protocol, resolved) | {"seed": seed, "members": members, "scatter": spread}
    warnings, stalled = resolved.warnings, int((table["kind"] == "stalled").sum())
    if stalled:
        warnings += (f"the integrator stalled for {stalled} of {members} cells; they count as failed when it did",)
    return Ensemble(table, length, about, warnings)


class _Ends(NamedTuple):
    """How each member stood at its end, (members,): status, time of the short and of the end of the test [s]."""

    status: np.ndarray
    short: np.ndarray
    time: np.ndarray


def _known(scatter: dict[str, float]) -> dict[str, float]:
    for name, value in scatter.items():
        if name not in SCATTER:
            raise InputError(
                f"unknown scatter '{name}'{nearest(name, SCATTER)}", expected=f"one of {', '.join(SCATTER)}"
            )
        check(value, name)
    return scatter


def _ends(
    resolved: Resolved, plan: Plan, drawn: dict[str, np.ndarray], progress: Callable[[int], None] | None
) -> _Ends:
    """All members solved in chunks, side by side in threads."""
    members = len(drawn["focusing"])
    axes = Parameters(**{name: 0 if name in drawn else None for name in Parameters._fields})
    at_the_short = plan._replace(after_short=np.zeros(()))
    nothing = at_the_short._replace(rows=np.zeros((), int))
    order = np.argsort(drawn["toughness"] ** 2 / drawn["focusing"])  # members that short together are solved together

    def solve(first: int, plan: Plan = at_the_short) -> Carry:
        index = order[np.minimum(np.arange(first, first + CHUNK), members - 1)]  # the last chunk repeats a member
        with engine():
            p = jax.tree.map(np.float64, resolved.parameters)
            p = p._replace(**{name: values[index] for name, values in drawn.items()})
            carry = compiled.ending(p, resolved.laws, plan, suited(resolved.laws, LOOSE), axes)
            carry = jax.tree.map(np.asarray, carry)
        if progress and plan is at_the_short:
            progress(min(CHUNK, members - first))
        return carry

    with ThreadPoolExecutor(cores()) as pool:
        solve(0, nothing)  # compiles for all
        parts = list(pool.map(solve, range(0, members, CHUNK)))
    back = np.argsort(order)
    columns = ([getattr(part, name) for part in parts] for name in ("status", "short_time", "time"))
    return _Ends(*(np.concatenate(column)[back] for column in columns))


def _table(drawn: dict[str, np.ndarray], ends: _Ends, timetable: Schedule) -> tuple[pl.DataFrame, float]:
    """One row per member, and how long the protocol cycles [s]."""
    durations, currents = (
        column[: len(timetable.rows)] for column in (timetable.plan.table.duration, timetable.plan.table.current)
    )
    began = float(durations[: int(np.argmax(currents != 0.0))].sum()) if np.any(currents) else 0.0
    shorted = np.isfinite(ends.short)
    time = np.where(shorted, ends.short, ends.time)
    cycling = time - began
    early = np.where(cycling > 0.0, "short", "short before current")
    kinds = np.where(shorted, early, np.array([ENDED_AS[int(s)] for s in ends.status]))
    said = {"kind": kinds, "time_second": time, "cycling_second": np.maximum(cycling, 0.0)}
    table = pl.DataFrame({"member": np.arange(len(time))} | drawn | said)
    return table, float(durations.sum()) - began


def draw(
    p: Parameters, laws: Laws, spread: dict[str, float], area: float, members: int, seed: int
) -> dict[str, np.ndarray]:
    """Parameters of each member, (members,) SI, from one seed."""
    rng = np.random.default_rng(seed)
    count = links(area, reference_area=spread["reference_area"], exponent=spread["area_exponent"])
    worst = ndtri_exp(log_worst_of(rng.random(members), count))
    between = {
        name: getattr(p, name) * np.exp(spread[f"{name}_scatter"] * rng.standard_normal(members))
        for name in BETWEEN_CELLS
        if used(name, laws)
    }
    return between | {"focusing": p.focusing * np.exp(spread["focusing_scatter"] * worst)}
