"""Survival of many cells against time."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from lithostat.show.style import BLUE, MUTED, blank, style

HOUR = 3600.0


def survival_figure(times: np.ndarray, share: np.ndarray, title: str = "") -> Figure:
    """Share of cells alive (0..1) against cycling time [s], with the times at which 90, 50 and 10 % are left."""
    with style():
        figure, axis = blank(6.5, 3.6)
        axis.step(times / HOUR, 100.0 * share, where="post", color=BLUE)
        for level in (0.9, 0.5, 0.1):
            if np.nanmin(share) > level:
                continue
            at = times[np.argmax(share <= level)] / HOUR
            axis.plot([0.0, at, at], [100 * level, 100 * level, 0.0], color=MUTED, linewidth=0.8, linestyle=":")
            axis.annotate(f"{at:.0f} h", (at, 100 * level), (4, 3), textcoords="offset points", fontsize=8)
        axis.set_xlabel("cycling time / h")
        axis.set_ylabel("cells still working / %")
        axis.set_ylim(0.0, 103.0)
        axis.set_xlim(left=0.0)
        if title:
            axis.set_title(title)
    return figure
