"""Time to short against pressure: what the posterior predicts for the next cell, and the cells it has seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lithostat.experiment.finding import group_of
from lithostat.show.outcomes import look, looks
from lithostat.show.style import BLUE, RED, blank, style

HOUR = 3600.0


class SeenCell(NamedTuple):
    """A cell: its pressure [Pa], between which times it shorted [s], infinite if it did not, and how its test ended."""

    name: str
    pressure: float
    low: float
    high: float
    kind: str


def predictive_figure(
    pressures: np.ndarray,
    quantiles: np.ndarray,
    cells: Sequence[SeenCell] = (),
    *,
    target: float | None = None,
    title: str = "",
) -> Figure:
    """Median and 50 and 90 % bands of the time to short, with cells as points, bars (intervals) and arrows (censored).

    A cell that ended in another way than by a short or alive has its own mark and no arrow: nobody knows when it would
    have shorted.

    `pressures` (n,) [Pa]; `quantiles` (n, 5) [s] at 5, 25, 50, 75 and 95 %; `target` is a time to draw across [s].
    """
    mpa, hours = np.asarray(pressures) / 1e6, np.asarray(quantiles) / HOUR
    finite = [end / HOUR for one in cells for end in (one.low, one.high) if 0.0 < end < np.inf]
    near = [*finite, *hours[np.isfinite(hours)].ravel()]
    floor = max(min(near), 1e-2) / 2.0
    ceiling = min(max(near), 1e6) * 2.0
    hours = np.clip(hours, floor, ceiling)
    with style():
        figure, axis = blank(6.5, 4.2)
        axis.fill_between(mpa, hours[:, 0], hours[:, 4], color=BLUE, alpha=0.15, linewidth=0, label="90 % of cells")
        axis.fill_between(mpa, hours[:, 1], hours[:, 3], color=BLUE, alpha=0.25, linewidth=0, label="50 % of cells")
        axis.plot(mpa, hours[:, 2], color=BLUE, label="median cell")
        for one in cells:
            _draw(axis, one, floor)
        for marker, colour, label in looks(one.kind for one in cells).values():
            axis.plot([], [], marker, color=colour, markersize=5, label=label)
        if target is not None:
            axis.axhline(target / HOUR, color=RED, linewidth=0.9, linestyle="--", label=f"{target / HOUR:.4g} h")
        axis.set_xscale("log")
        axis.set_yscale("log")
        ticks = [tick for tick in (0.5, 1, 2, 5, 10, 15, 20, 25, 50, 75, 100) if mpa.min() <= tick <= mpa.max()]
        axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axis.minorticks_off()
        axis.set_ylim(floor, ceiling)
        axis.set_xlabel("stack pressure / MPa")
        axis.set_ylabel("time to short / h")
        axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=4)
        if title:
            axis.set_title(title, parse_math=False)
    return figure


def _draw(axis: Axes, one: SeenCell, floor: float) -> None:
    """A dated short as a point, an interval as a bar, a censored cell as a point with an arrow."""
    x, low, high = one.pressure / 1e6, one.low / HOUR, one.high / HOUR
    y = max(low, floor * 3.0) if np.isinf(high) else max(high, floor * 3.0)
    drawn, open_ = look(one.kind), np.isinf(high) or low == 0.0
    face = "white" if open_ else drawn.colour
    axis.plot([x], [y], drawn.marker, color=drawn.colour, markersize=6, markerfacecolor=face, zorder=5)
    if open_ and group_of(one.kind) in ("short", "lived"):
        axis.annotate(
            "",
            (x, y * 2.2 if np.isinf(high) else y / 1.8),
            (x, y),
            arrowprops={"arrowstyle": "->", "color": drawn.colour, "shrinkA": 3, "shrinkB": 0},
        )
    elif high > low:
        axis.plot([x, x], [low, high], color=drawn.colour, linewidth=2.0, zorder=4)
