"""Simulation-based calibration: where the truth fell among the draws, over many synthetic data sets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import binom

from lithostat.show.style import BLUE, MUTED, blank, style


def ranks_figure(labels: Sequence[str], ranks: np.ndarray, draws: int, *, bins: int = 10, title: str = "") -> Figure:
    """One histogram a parameter of `ranks` (sets, parameters) on 0..`draws`; flat if the sampler is right.

    The grey band holds 99 % of the heights that a right sampler gives.
    """
    ranks = np.asarray(ranks)
    sets = len(ranks)
    columns = min(4, max(1, len(labels)))
    rows = -(-len(labels) // columns)
    low, high = binom.ppf([0.005, 0.995], sets, 1.0 / bins)
    with style():
        figure, axes = blank(2.2 * columns, 1.6 * rows, rows, columns, squeeze=False, sharey=True)
        for index, axis in enumerate(axes.flat):
            if index >= len(labels):
                axis.set_axis_off()
                continue
            position = (ranks[:, index] + 0.5) / (draws + 1.0)
            counts, edges = np.histogram(position, bins, (0.0, 1.0))
            axis.axhspan(low, high, color=MUTED, alpha=0.2, linewidth=0)
            axis.axhline(sets / bins, color=MUTED, linewidth=0.8)
            axis.stairs(counts, edges, color=BLUE, fill=True, alpha=0.6)
            axis.set_title(labels[index], fontsize=8, fontweight="normal")
            axis.set_xlim(0.0, 1.0)
            axis.set_xticks([0.0, 0.5, 1.0])
        figure.supxlabel("rank of the truth among the draws", fontsize=9)
        figure.supylabel("data sets", fontsize=9)
        if title:
            figure.suptitle(title, x=0.01, ha="left", parse_math=False, fontsize=10, fontweight="bold")
    return figure
