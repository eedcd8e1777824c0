"""Stated confidence against the share that was right, over many cells whose truth is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from lithostat.show.style import BLUE, INK, MUTED, RED, blank, style

WITHIN = 0.05  # by which the two may differ, or by two binomial errors if that is more


def confidence_figure(bins: Mapping[str, Sequence[tuple[float, float, int]]], *, title: str = "") -> Figure:
    """One point for each bin (mean stated confidence, share right, claims in it), one colour for each kind of claim.

    Bars are two binomial errors of the share; the grey band is `WITHIN` about stated = right.
    """
    with style():
        figure, axis = blank(5.2, 4.2)
        line = np.linspace(0.0, 1.0, 3)
        axis.fill_between(line, line - WITHIN, line + WITHIN, color=MUTED, alpha=0.2, linewidth=0)
        axis.plot(line, line, color=MUTED, linewidth=0.8)
        lowest = 1.0
        for (name, points), colour, shape in zip(bins.items(), (BLUE, RED, INK), "osD", strict=False):
            if not points:
                continue
            stated, right, number = np.array(points, float).T
            error = 2.0 * np.sqrt(np.maximum(right * (1.0 - right), 0.0) / number)
            label = f"{name} ({int(number.sum())} claims)"
            axis.errorbar(stated, right, error, fmt=shape, color=colour, markersize=4, linewidth=1.0, label=label)
            lowest = min(lowest, float(np.min(right - error)), float(np.min(stated)))
        low = max(0.0, np.floor((lowest - 0.02) * 10.0) / 10.0)
        axis.set(xlim=(low, 1.01), ylim=(low, 1.01), xlabel="stated confidence", ylabel="share that was right")
        axis.legend(loc="upper left")
        if title:
            axis.set_title(title)
    return figure
