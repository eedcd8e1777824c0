"""A map of how a cell ends over two of its inputs: probability of failure as colour, outcomes as edges."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lithostat.experiment.quantity import lookup
from lithostat.show.style import INK, blank, style

HOUR = 3600.0
LEVELS = (10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 10000.0)  # of the time to short [h], those that occur
DIES, LOSES, SPENT, UNKNOWN = "#a8402f", "#3b5f8a", "#b59a3c", "#9aa3ab"  # apart in hue and in lightness
SURE, OPEN = "#f4f6f4", 24  # where nothing fails; steps of colour


def regime_figure(
    axes: Sequence[tuple[str, str, np.ndarray, bool]],
    outcome: np.ndarray,
    kinds: Sequence[str],
    probability: np.ndarray,
    time_to_short: np.ndarray,
    *,
    length: float,
    marks: Sequence[tuple[float, float, str]] = (),
    title: str = "",
) -> Figure:
    """`axes` holds (name, quantity, values in SI, logarithmic) of x and of y; arrays are (x, y).

    Colour is the probability of a short within `length` [s] of cycling; where contact is lost or lithium is spent
    first, another colour says so. Lines are hours to the short of the median cell; thick lines are the two walls: where
    half of the cells short, and where contact goes. `marks` are points (x, y, text) in SI, such as a lab's own cells.
    """
    (_, x_quantity, x, x_log), (_, y_quantity, y, y_log) = axes
    across, x_label = _shown(axes[0][0], x_quantity, x)
    up, y_label = _shown(axes[1][0], y_quantity, y)
    with style():
        figure, axis = blank(7.4, 5.0)
        axis.grid(False)
        shorts = _blend(DIES)
        drawn = axis.pcolormesh(
            across, up, 100.0 * probability.T, cmap=shorts, vmin=0.0, vmax=100.0, shading="nearest", rasterized=True
        )
        handles = []
        for names, colour, label in (
            (("contact lost",), LOSES, "contact lost"),
            (("lithium spent",), SPENT, "lithium spent"),
            (("stalled",), UNKNOWN, "not computed"),
        ):
            there = np.isin(outcome, [list(kinds).index(name) for name in names])
            if there.any():
                shade = np.ma.masked_where(~there, np.ones_like(probability))
                flat = ListedColormap([colour])
                axis.pcolormesh(across, up, shade.T, cmap=flat, shading="nearest", rasterized=True)
                handles.append(Patch(color=colour, label=label))
        _scales(axis, x_log, y_log)
        _times(axis, across, up, time_to_short / HOUR)
        lost = np.isin(outcome, [list(kinds).index("contact lost"), list(kinds).index("lithium spent")])
        _wall(axis, across, up, np.where(lost, np.nan, probability), 0.5, DIES)
        _wall(axis, across, up, lost.astype(float), 0.5, LOSES)
        bar = figure.colorbar(drawn, ax=axis, pad=0.02, aspect=28)
        bar.set_label(f"short within {length / HOUR:.4g} h / %")
        bar.outline.set_visible(False)
        for at, height, text in marks:
            point = (_in_shown(at, x_quantity), _in_shown(height, y_quantity))
            axis.plot(*point, "o", color="white", markeredgecolor=INK, markersize=6, zorder=5)
            if text:
                axis.annotate(text, point, (6, 5), textcoords="offset points", fontsize=8, color=INK, zorder=5)
        axis.set_xlabel(x_label)
        axis.set_ylabel(y_label)
        axis.set_xlim(across[0], across[-1])
        axis.set_ylim(up[0], up[-1])
        if handles:
            axis.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, borderaxespad=0.2)
        if title:
            figure.suptitle(title, x=0.01, ha="left", parse_math=False, fontweight="bold", fontsize=11)
    return figure


def _shown(name: str, quantity: str, values: np.ndarray) -> tuple[np.ndarray, str]:
    """Values in the unit that people read, and the label of their axis."""
    words = {"density": "relative density", "pressure": "stack pressure", "current": "current density"}
    unit = lookup(quantity).shown.replace("uA/cm2", "µA cm⁻²").replace("cm2", "cm²").replace("degC", "°C")
    label = words.get(name, name.replace("_", " ")) + (f" / {unit}" if unit else "")
    return np.array([_in_shown(value, quantity) for value in values]), label


def _in_shown(value: float, quantity: str) -> float:
    from lithostat.experiment.quantity import in_unit

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
