"""A map of how a cell ends over two of its inputs: probability of failure as colour, outcomes as edges."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lithostat.experiment.quantity import in_unit, lookup
from lithostat.recommendation.axis import Axis
from lithostat.recommendation.chunks import KINDS
from lithostat.recommendation.regime_map import RegimeMap
from lithostat.show.style import INK, blank, style

HOUR = 3600.0
LEVELS = (10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 10000.0)  # of the time to short [h], those that occur
DIES, LOSES, SPENT, UNKNOWN = "#a8402f", "#3b5f8a", "#b59a3c", "#9aa3ab"  # apart in hue and in lightness
OTHER_ENDS = {
    "contact lost": (LOSES, "contact lost"),
    "lithium spent": (SPENT, "lithium spent"),
    "stalled": (UNKNOWN, "not computed"),
}
SURE, OPEN = "#f4f6f4", 24  # where nothing fails; steps of colour


def map_figure(made: RegimeMap, *, marks: Sequence[tuple[float, float, str]] = (), title: str = "") -> Figure:
    """Colour is the probability of a short within the protocol; what ends a cell before one has a colour of its own.

    Lines are hours to the short of the median cell; thick lines are the two walls: where half of the cells short, and
    where contact goes. `marks` are points (x, y, text) in SI, such as a lab's own cells.
    """
    (across, x_label), (up, y_label) = _shown(made.x), _shown(made.y)
    with style():
        figure, axis = blank(7.4, 5.0)
        axis.grid(False)
        drawn = axis.pcolormesh(
            across,
            up,
            100.0 * made.probability_short.T,
            cmap=_blend(DIES),
            vmin=0.0,
            vmax=100.0,
            shading="nearest",
            rasterized=True,
        )
        handles = _other_ends(axis, across, up, made.outcome)
        _scales(axis, made.x.log, made.y.log)
        _times(axis, across, up, made.time_to_short / HOUR)
        lost = np.isin(made.outcome, [KINDS.index("contact lost"), KINDS.index("lithium spent")])
        _wall(axis, across, up, np.where(lost, np.nan, made.probability_short), 0.5, DIES)
        _wall(axis, across, up, lost.astype(float), 0.5, LOSES)
        bar = figure.colorbar(drawn, ax=axis, pad=0.02, aspect=28)
        bar.set_label(f"short within {made.length / HOUR:.4g} h / %")
        bar.outline.set_visible(False)
        _points(axis, made, marks)
        axis.set(xlabel=x_label, ylabel=y_label, xlim=(across[0], across[-1]), ylim=(up[0], up[-1]))
        if handles:
            axis.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, borderaxespad=0.2)
        if title:
            figure.suptitle(title, x=0.01, ha="left", parse_math=False, fontweight="bold", fontsize=11)
    return figure


def _other_ends(axis: Axes, across: np.ndarray, up: np.ndarray, outcome: np.ndarray) -> list[Patch]:
    """Shade where something other than a short ends the cell; handles for a legend."""
    handles = []
    for name, (colour, label) in OTHER_ENDS.items():
        there = outcome == KINDS.index(name)
        if there.any():
            shade = np.ma.masked_where(~there, np.ones(there.shape))
            flat = ListedColormap([colour])
            axis.pcolormesh(across, up, shade.T, cmap=flat, shading="nearest", rasterized=True)
            handles.append(Patch(color=colour, label=label))
    return handles


def _points(axis: Axes, made: RegimeMap, marks: Sequence[tuple[float, float, str]]) -> None:
    for at, height, text in marks:
        point = (_in_shown(at, made.x.quantity), _in_shown(height, made.y.quantity))
        axis.plot(*point, "o", color="white", markeredgecolor=INK, markersize=6, zorder=5)
        if text:
            axis.annotate(text, point, (6, 5), textcoords="offset points", fontsize=8, color=INK, zorder=5)


def _shown(axis: Axis) -> tuple[np.ndarray, str]:
    """Values of an axis in the unit that people read, and its label."""
    words = {"density": "relative density", "pressure": "stack pressure", "current": "current density"}
    unit = lookup(axis.quantity).shown.replace("uA/cm2", "µA cm⁻²").replace("cm2", "cm²").replace("degC", "°C")
    label = words.get(axis.name, axis.name.replace("_", " ")) + (f" / {unit}" if unit else "")
    return np.array([_in_shown(value, axis.quantity) for value in axis.values]), label


def _in_shown(value: float, quantity: str) -> float:
    unit = lookup(quantity).shown
    return in_unit(value, quantity, unit) if unit else float(value)


def _blend(colour: str) -> ListedColormap:
    """From nearly white to `colour`, with lightness falling all the way."""
    low, middle, high = (np.array(to_rgb(c)) for c in (SURE, "#eab676", colour))
    steps = np.linspace(0.0, 1.0, OPEN)[:, None]
    shades = np.where(steps < 0.5, low + 2.0 * steps * (middle - low), middle + (2.0 * steps - 1.0) * (high - middle))
    return ListedColormap(np.clip(shades, 0.0, 1.0))


def _scales(axis: Axes, x_log: bool, y_log: bool) -> None:
    for logarithmic, set_scale, line in ((x_log, axis.set_xscale, axis.xaxis), (y_log, axis.set_yscale, axis.yaxis)):
        if logarithmic:
            set_scale("log")
            line.set_major_locator(mpl.ticker.LogLocator(subs=(1.0, 2.0, 5.0)))
            line.set_major_formatter(mpl.ticker.FuncFormatter(lambda value, _: f"{value:g}"))
            line.set_minor_formatter(mpl.ticker.NullFormatter())


def _times(axis: Axes, across: np.ndarray, up: np.ndarray, hours: np.ndarray) -> None:
    """Lines of equal time to the short, labelled in hours."""
    if np.isfinite(hours).sum() < 4:
        return
    low, high = np.nanmin(hours), np.nanmax(hours)
    levels = [level for level in LEVELS if low < level < high]
    if not levels:
        return
    masked = np.ma.masked_invalid(np.log(np.maximum(hours, 1e-6)))
    lines = axis.contour(across, up, masked.T, levels=np.log(levels), colors=INK, linewidths=0.8, alpha=0.75)
    axis.clabel(lines, fmt=lambda level: f"{np.exp(level):.4g} h", fontsize=8)


def _wall(axis: Axes, across: np.ndarray, up: np.ndarray, values: np.ndarray, level: float, colour: str) -> None:
    known = values[np.isfinite(values)]
    if known.size and known.min() < level < known.max():
        axis.contour(across, up, np.ma.masked_invalid(values).T, levels=[level], colors="white", linewidths=3.6)
        axis.contour(across, up, np.ma.masked_invalid(values).T, levels=[level], colors=colour, linewidths=2.2)
