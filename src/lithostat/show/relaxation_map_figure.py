"""Distributions of relaxation times of a series as a map, and one above the other with their bands."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from lithostat.impedance.relaxation.relaxation_times import Relaxation
from lithostat.show.style import GRID, INK, MUTED, ORANGE, style

MOST = 16  # distributions drawn one above the other; of more, an even choice
_DECADES = 3.0  # of gamma that the map shows below its highest
_PER_DECADE = 24  # columns of the map


def relaxation_map_figure(relaxations: Sequence[Relaxation], labels: Sequence[str], title: str = "") -> Figure:
    """gamma(ln tau) [ohm] of every spectrum: as a map, the processes marked, and as curves scaled to their highest.

    `labels` name the state of each spectrum, in the order of the series.
    """
    with style():
        figure = Figure(figsize=(10.0, min(2.6 + 0.36 * len(relaxations), 9.0)), layout="constrained")
        field, curves = figure.subplots(1, 2, sharey=False, width_ratios=(1.15, 1.0))
        _field(figure, field, relaxations, labels)
        _curves(curves, relaxations, labels)
        for axes in (field, curves):
            axes.set_xscale("log")
            axes.set_xlabel("relaxation time τ / s")
            axes.set_xlim(*_ends(relaxations))
            axes.grid(visible=False, axis="y")
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=11)
    return figure


def _ends(relaxations: Sequence[Relaxation]) -> tuple[float, float]:
    """The shortest and the longest time that any spectrum measured [s]."""
    inside = [each.tau[each.window] for each in relaxations]
    return min(float(tau[0]) for tau in inside), max(float(tau[-1]) for tau in inside)


def _field(figure: Figure, axes: Axes, relaxations: Sequence[Relaxation], labels: Sequence[str]) -> None:
    low, high = _ends(relaxations)
    tau = np.geomspace(low, high, int(_PER_DECADE * np.log10(high / low)) + 2)
    rows = np.full((len(relaxations), len(tau)), np.nan)
    for row, each in zip(rows, relaxations, strict=True):
        inside = each.tau[each.window]
        shown = (tau >= inside[0]) & (tau <= inside[-1])
        row[shown] = np.interp(np.log(tau[shown]), np.log(inside), np.abs(each.gamma[each.window]))
    top = float(np.nanmax(rows))
    norm = LogNorm(top / 10.0**_DECADES, top)
    edges = np.arange(len(relaxations) + 1) - 0.5
    mesh = axes.pcolormesh(_edges(tau), edges, rows, norm=norm, cmap="magma", shading="flat", rasterized=True)
    axes.set_facecolor(GRID)
    for number, each in enumerate(relaxations):
        for peak in each.peaks:
            axes.plot([peak.tau], [number], "o", color="white", markeredgecolor=INK, markersize=5)
    _names(axes, labels)
    bar = figure.colorbar(mesh, ax=axes, location="top", shrink=0.7, aspect=40, pad=0.02)
    bar.set_label(r"|$\gamma$| / Ω  (dots: processes, grey: not measured)")


def _edges(tau: np.ndarray) -> np.ndarray:
    """Edges of cells around points that are evenly spaced on a logarithmic axis."""
    step = np.sqrt(tau[1] / tau[0])
    return np.append(tau / step, tau[-1] * step)


def _names(axes: Axes, labels: Sequence[str]) -> None:
    step = max(1, -(-len(labels) // MOST))
    axes.set_yticks(range(0, len(labels), step), [labels[k] for k in range(0, len(labels), step)])
    axes.set_ylim(len(labels) - 0.5, -0.5)


def _curves(axes: Axes, relaxations: Sequence[Relaxation], labels: Sequence[str]) -> None:
    """Each distribution on its own line, its highest point 0.9 of the way to the next; numbers are in the table."""
    rows = range(0, len(relaxations), max(1, -(-len(relaxations) // MOST)))
    colours = mpl.colormaps["viridis"](np.linspace(0.05, 0.85, max(len(relaxations), 2)))
    for place, k in enumerate(rows):
        each = relaxations[k]
        inside = each.window
        scale = 0.9 / max(float(np.abs(each.gamma[inside]).max()), 1e-300)
        tau, base = each.tau[inside], float(place)
        lower, upper = (base - np.clip(scale * edge[inside], -0.9, 1.3) for edge in (each.lower, each.upper))
        axes.fill_between(tau, lower, upper, color=MUTED, alpha=0.25, linewidth=0)
        axes.fill_between(tau, base, base - scale * each.gamma[inside], color=colours[k], alpha=0.45, linewidth=0)
        axes.plot(tau, base - scale * each.gamma[inside], color=colours[k], linewidth=1.2)
        axes.axhline(base, color=MUTED, linewidth=0.5)
        for peak in each.peaks:
            height = float(np.interp(np.log(peak.tau), np.log(tau), each.gamma[inside]))
            axes.plot([peak.tau], [base - scale * height], ".", color=ORANGE, markersize=6)
    axes.set_yticks(range(len(rows)), [labels[k] for k in rows])
    axes.set_ylim(len(rows) - 0.7, -1.25)
