"""How long cells lived against the pressure they lived at; those that did not fail point upwards."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from lithostat.show.style import GREEN, RED, blank, style

LEAST = 0.01  # h; where a short at once is drawn


def lives_figure(lives: Sequence[tuple[float, float, bool]]) -> Figure:
    """`lives` holds (stack pressure [Pa], time [s], failed) of every cell; time is to the short or to the end."""
    with style():
        figure, axis = blank(6.5, 3.4)
        for failed, colour, marker, label in ((True, RED, "o", "short"), (False, GREEN, "^", "no short until then")):
            part = [(pressure / 1e6, max(time / 3600.0, LEAST)) for pressure, time, short in lives if short is failed]
            if part:
                axis.plot(*zip(*part, strict=True), marker, color=colour, label=label, linestyle="none", markersize=6)
        axis.set_yscale("log")
        axis.set_xlabel("stack pressure / MPa")
        axis.set_ylabel("cycling time / h")
        axis.set_xlim(left=0.0)
        axis.margins(y=0.15)
        axis.legend(loc="best")
    return figure
