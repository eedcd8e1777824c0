"""What was learnt: the posterior of every parameter beside its prior, and how pairs of them hang together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from lithostat.show.style import BLUE, MUTED, blank, style

LEVELS = (0.5, 0.9)  # shares of the draws inside the lines of a pair
_BINS = 40


class Marginal(NamedTuple):
    """Draws of one parameter in the unit that is shown; `log` for a logarithmic axis."""

    label: str
    prior: np.ndarray
    posterior: np.ndarray
    log: bool


def posterior_figure(
    marginals: Sequence[Marginal], *, pairs: Sequence[tuple[int, int]] = (), title: str = ""
) -> Figure:
    """Histograms of prior (line) and posterior (filled) of every parameter, and below them the named pairs of draws."""
    columns = min(4, max(1, len(marginals)))
    rows = -(-len(marginals) // columns) + -(-len(pairs) // columns)
    with style():
        figure, axes = blank(2.4 * columns, 1.9 * rows, rows, columns, squeeze=False)
        flat = list(axes.flat)
        first = -(-len(marginals) // columns) * columns
        for axis, one in zip(flat, marginals, strict=False):
            _marginal(axis, one)
        for axis, (i, k) in zip(flat[first:], pairs, strict=False):
            _pair(axis, marginals[i], marginals[k])
        used = [*range(len(marginals)), *range(first, first + len(pairs))]
        for index, axis in enumerate(flat):
            if index not in used:
                axis.set_axis_off()
        if marginals:
            flat[0].legend(loc="upper left", fontsize=7)
        if title:
            figure.suptitle(title, x=0.01, ha="left", parse_math=False, fontsize=10, fontweight="bold")
    return figure


def _marginal(axis: Axes, one: Marginal) -> None:
    low, high = np.quantile(np.concatenate([one.prior, one.posterior]), [0.005, 0.995])
    edges = np.geomspace(low, high, _BINS) if one.log else np.linspace(low, high, _BINS)
    spread = np.log(edges) if one.log else edges
    for values, look in (
        (one.posterior, {"color": BLUE, "alpha": 0.55, "fill": True, "label": "posterior"}),
        (one.prior, {"color": MUTED, "label": "prior"}),
    ):
        counts, _ = np.histogram(values, edges)
        axis.stairs(counts / (len(values) * np.diff(spread)), edges, **look)
    if one.log:
        axis.set_xscale("log")
        _plain_ticks(axis.xaxis, float(edges[-1] / edges[0]))
    axis.set_yticks([])
    axis.set_ylim(bottom=0.0)
    axis.set_xlabel(one.label)


def _pair(axis: Axes, one: Marginal, other: Marginal) -> None:
    x = np.log(one.posterior) if one.log else one.posterior
    y = np.log(other.posterior) if other.log else other.posterior
    axis.plot(one.posterior, other.posterior, ".", color=BLUE, markersize=1.2, alpha=0.25, rasterized=True)
    counts, across, up = np.histogram2d(x, y, 18)
    ordered = np.sort(counts.ravel())[::-1]
    inside = np.cumsum(ordered) / counts.sum()
    levels = sorted({float(ordered[np.searchsorted(inside, share)]) for share in LEVELS})
    middles = [0.5 * (edge[1:] + edge[:-1]) for edge in (across, up)]
    shown = [np.exp(m) if log else m for m, log in zip(middles, (one.log, other.log), strict=True)]
    axis.contour(*shown, counts.T, levels=levels, colors=[BLUE], linewidths=0.9)
    for drawn, ruler, scale in ((one, axis.xaxis, axis.set_xscale), (other, axis.yaxis, axis.set_yscale)):
        if drawn.log:
            scale("log")
            _plain_ticks(ruler, float(np.ptp(drawn.posterior) / drawn.posterior.min()))
    axis.set_xlabel(one.label)
    axis.set_ylabel(other.label)


def _plain_ticks(ruler: Axis, ratio: float) -> None:
    """Numbers as people write them, and few of them, on a logarithmic axis that spans this ratio."""
    subs = (1.0, 2.0, 5.0) if ratio < 12.0 else (1.0, 3.0) if ratio < 60.0 else (1.0,)
    ruler.set_major_locator(LogLocator(subs=subs, numticks=12))
    ruler.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ruler.set_minor_formatter(NullFormatter())
