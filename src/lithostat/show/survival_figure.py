"""Survival of many cells against time."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.figure import Figure

from lithostat.show.style import BLUE, MUTED, blank, style

HOUR = 3600.0


def survival_figure(failures: np.ndarray, cells: int, length: float, title: str = "") -> Figure:
    """Share of cells alive against cycling time, stepping down at every failure.

    `failures` holds the sorted cycling times of the cells that failed [s], `cells` how many there were in all, `length`
    the end of the test [s]. The times at which 90, 50 and 10 % are left are written beside the curve.
    """
    hours = np.asarray(failures) / HOUR
    end = length / HOUR if len(hours) < cells else 1.15 * max(float(hours[-1]), 1e-6)
    with style():
        figure, axis = blank(6.5, 3.6)
        share = 100.0 * (1.0 - np.arange(len(hours) + 1) / cells)
        axis.step(np.concatenate([[0.0], hours, [end]]), np.append(share, share[-1]), where="post", color=BLUE)
        for failed in (10, 50, 90):
            index = math.ceil(failed / 100 * cells) - 1
            if index >= len(hours):
                continue
            at, left = float(hours[index]), 100.0 - failed
            axis.plot([0.0, at, at], [left, left, 0.0], color=MUTED, linewidth=0.8, linestyle=":")
            axis.annotate(f"{at:.3g} h", (at, left), (4, 3), textcoords="offset points", fontsize=8)
        axis.set_xlabel("cycling time / h")
        axis.set_ylabel("cells still working / %")
        axis.set_ylim(0.0, 103.0)
        axis.set_xlim(0.0, end)
        if title:
            axis.set_title(title, parse_math=False)
    return figure
