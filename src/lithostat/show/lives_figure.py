"""How long cells lived against the pressure they lived at, and how each of them ended."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from lithostat.experiment.finding import group_of
from lithostat.show.outcomes import looks
from lithostat.show.style import blank, style

LEAST = 0.01  # h; where a short at once is drawn


def lives_figure(lives: Sequence[tuple[float, float, str]]) -> Figure:
    """`lives` holds (stack pressure [Pa], time [s], kind of outcome) of every cell; time is to that outcome."""
    with style():
        figure, axis = blank(6.5, 3.4)
        for group, (marker, colour, label) in looks(kind for _, _, kind in lives).items():
            part = [(p / 1e6, max(time / 3600.0, LEAST)) for p, time, kind in lives if group_of(kind) == group]
            axis.plot(*zip(*part, strict=True), marker, color=colour, label=label, linestyle="none", markersize=6)
        axis.set_yscale("log")
        axis.set_xlabel("stack pressure / MPa")
        axis.set_ylabel("cycling time / h")
        axis.set_xlim(left=0.0)
        axis.margins(y=0.15)
        axis.legend(loc="best")
    return figure
