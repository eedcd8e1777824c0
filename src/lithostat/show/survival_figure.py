"""Survival of many cells against time."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from lithostat.experiment.finding import group_of
from lithostat.show.outcomes import looks
from lithostat.show.style import BLUE, MUTED, blank, style

HOUR = 3600.0
MANY = 60  # cells; marks of more are small


def survival_figure(times: np.ndarray, kinds: Sequence[str], length: float, title: str = "") -> Figure:
    """Share of cells alive against cycling time, stepping down at every failure, which is marked by its kind.

    `times` holds the cycling time to the end of each cell's test [s], `kinds` how it ended, `length` the end of the
    test [s]. A cell that is not known to have failed or lived (stalled) counts as failed when it ended, and is marked
    as such. The times at which 90, 50 and 10 % are left are written beside the curve.
    """
    groups = np.array([group_of(kind) for kind in kinds])
    failed = np.flatnonzero(groups != "lived")
    failed = failed[np.argsort(np.asarray(times)[failed], kind="stable")]
    hours, cells = np.asarray(times)[failed] / HOUR, len(groups)
    end = length / HOUR if len(hours) < cells else 1.15 * max(float(hours[-1]), 1e-6)
    with style():
        figure, axis = blank(6.5, 3.6)
        share = 100.0 * (1.0 - np.arange(len(hours) + 1) / cells)
        axis.step(np.concatenate([[0.0], hours, [end]]), np.append(share, share[-1]), where="post", color=BLUE)
        size = 5.0 if len(hours) <= MANY else 2.5
        for group, (marker, colour, label) in looks(kinds).items():
            here = groups[failed] == group
            at, left = (hours[here], share[1:][here]) if group != "lived" else ([end], [share[-1]])
            said = f"{label} ({int(np.sum(groups == group))})"
            axis.plot(at, left, marker, color=colour, markersize=size, label=said, clip_on=False, zorder=5)
        for gone in (10, 50, 90):
            index = math.ceil(gone / 100 * cells) - 1
            if index >= len(hours):
                continue
            hour, level = float(hours[index]), 100.0 - gone
            axis.plot([0.0, hour, hour], [level, level, 0.0], color=MUTED, linewidth=0.8, linestyle=":")
            axis.annotate(f"{hour:.3g} h", (hour, level), (4, 3), textcoords="offset points", fontsize=8)
        axis.set_xlabel("cycling time / h")
        axis.set_ylabel("cells still working / %")
        axis.set_ylim(0.0, 103.0)
        axis.set_xlim(0.0, end)
        axis.legend(loc="best")
        if title:
            axis.set_title(title, parse_math=False)
    return figure
