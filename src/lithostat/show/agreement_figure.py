"""Predicted against measured, one panel a law: bounds as arrows, one colour and mark for each paper."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lithostat.show.style import BLUE, GREEN, INK, MUTED, ORANGE, RED, VIOLET, blank, plain, style

_COLOURS = (BLUE, ORANGE, RED, GREEN, VIOLET, "#8a5a2b", "#d06fa8", "#2aa5a5", INK)
_MARKS = ("o", "s", "D", "v", "P", "X", "p", "h", "*")
_ARROW = 15.0  # length of the arrow of a bound, in points
_LEAST = 1e-3  # where a prediction of nothing at all is drawn


class PredictedCell(NamedTuple):
    """A cell in one unit. `low` 0 or `high` infinite is a bound that there is not; both equal is a dated value.

    `predicted` is where the model's cell failed, or, with `beyond`, until when it was followed and did not.
    """

    paper: str
    low: float
    high: float
    predicted: float
    beyond: bool = False


def agreement_figure(panels: Mapping[str, Sequence[PredictedCell]], quantity: str) -> Figure:
    """`panels` holds the points of each law; `quantity` is what both axes show, 'life / h'."""
    names = list(dict.fromkeys(point.paper for points in panels.values() for point in points))
    looks = dict(zip(names, zip(itertools.cycle(_COLOURS), itertools.cycle(_MARKS), strict=False), strict=False))
    together = [point for points in panels.values() for point in points]
    ends = _ends(together, False), _ends(together, True)
    with style():
        figure, axes = blank(1.6 + 3.4 * len(panels), 4.1, 1, len(panels), sharey=True, squeeze=False)
        for axis, (law, points) in zip(axes[0], panels.items(), strict=True):
            _panel(axis, points, looks, ends)
            axis.set_title(plain(law))
            axis.set_xlabel(f"measured {quantity}")
        axes[0][0].set_ylabel(f"predicted {quantity}")
        handles = [
            axes[0][0].plot([], [], mark, color=colour, linestyle="none", label=plain(name))[0]
            for name, (colour, mark) in looks.items()
        ]
        keys = [
            axes[0][0].plot([], [], "o", color=MUTED, linestyle="none", label="dated")[0],
            axes[0][0].plot([], [], "o", color=MUTED, mfc="white", linestyle="none", label="bounds alone: arrow")[0],
            axes[0][0].plot([], [], marker=r"$\uparrow$", color=MUTED, linestyle="none", label="followed until then")[
                0
            ],
        ]
        figure.legend(handles=[*handles, *keys], loc="outside right upper")
    return figure


def _ends(points: Sequence[PredictedCell], predicted: bool) -> tuple[float, float]:
    """Of an axis, with room for arrows."""
    measured = [x for point in points for x in (point.low, point.high) if 0.0 < x < math.inf]
    shown = [max(point.predicted, _LEAST) for point in points] if predicted else measured
    return (min(shown) / 3.0, 4.0 * max(shown)) if shown else (1.0, 10.0)


def _panel(
    axis: Axes,
    points: Sequence[PredictedCell],
    looks: Mapping[str, tuple[str, str]],
    ends: tuple[tuple[float, float], ...],
) -> None:
    axis.set(xscale="log", yscale="log", xlim=ends[0], ylim=ends[1])
    line = [min(ends[0][0], ends[1][0]), max(ends[0][1], ends[1][1])]
    axis.plot(line, line, color=MUTED, linewidth=1.0, zorder=1)
    axis.fill_between(line, [x / 3.0 for x in line], [x * 3.0 for x in line], color=MUTED, alpha=0.12, linewidth=0)
    for point in points:
        colour, mark = looks[point.paper]
        dated = point.low == point.high
        if not dated:
            _bounds(axis, point, colour)
        if point.beyond:
            _arrow(axis, point, (0.0, _ARROW), colour)
        face = colour if dated else "white"
        axis.plot(_middle(point), _height(point), mark, color=colour, mfc=face, markersize=5.5, zorder=3)


def _middle(point: PredictedCell) -> float:
    """Where on the measured axis the mark of a cell stands."""
    if math.isinf(point.high):
        return point.low
    return math.sqrt(point.low * point.high) if point.low > 0.0 else point.high


def _height(point: PredictedCell) -> float:
    return max(point.predicted, _LEAST)


def _bounds(axis: Axes, point: PredictedCell, colour: str) -> None:
    if math.isinf(point.high) or point.low <= 0.0:
        _arrow(axis, point, (_ARROW if math.isinf(point.high) else -_ARROW, 0.0), colour)
    else:
        height = _height(point)
        axis.plot([point.low, point.high], [height, height], color=colour, linewidth=1.0, marker="|", markersize=5)


def _arrow(axis: Axes, point: PredictedCell, by: tuple[float, float], colour: str) -> None:
    style = {"arrowstyle": "<-", "color": colour, "linewidth": 1.1, "shrinkA": 0.0, "shrinkB": 0.0}
    axis.annotate("", (_middle(point), _height(point)), by, textcoords="offset points", arrowprops=style)
