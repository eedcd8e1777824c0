"""How a cell changed over its cycles: overpotential of a symmetric cell, capacity and efficiency of a full one."""

from __future__ import annotations

import numpy as np
import polars as pl
from matplotlib.figure import Figure

from lithostat.show.pixels import COLUMNS, thinned
from lithostat.show.style import BLUE, GREEN, ORANGE, blank, shown, style


def overpotential_figure(half_cycles: pl.DataFrame) -> Figure:
    """Overpotential of every half-cycle against time, one colour for each direction."""
    with style():
        figure, axis = blank(9.0, 2.6)
        for direction, colour, label in ((1, BLUE, "charging direction"), (-1, ORANGE, "the other")):
            part = half_cycles.filter(pl.col("direction") == direction)
            hours, values = part["end_second"].to_numpy() / 3600.0, shown(1e3 * part["overpotential_volt"].to_numpy())
            axis.plot(*thinned(hours, values), ".", color=colour, markersize=4, label=label)
        eta = shown(1e3 * half_cycles["overpotential_volt"].to_numpy())
        eta = eta[np.isfinite(eta)]
        if len(eta):
            axis.set_ylim(min(0.0, float(eta.min())), 1.6 * max(float(np.quantile(eta, 0.95)), 1e-9))
        axis.set_xlabel("time / h")
        axis.set_ylabel("overpotential / mV")
        axis.legend(loc="upper left", ncols=2)
    return figure


def capacity_figure(cycles: pl.DataFrame) -> Figure:
    """Charge and discharge capacity and the efficiency of every cycle; areal where an area was stated."""
    areal = "discharge_mah_per_cm2" in cycles.columns
    scale, unit = (1.0, "mAh/cm²") if areal else (1e3, "mAh")
    name = "{}_mah_per_cm2" if areal else "{}_ah"
    with style():
        figure, (capacity, efficiency) = blank(9.0, 3.0, 1, 2)
        number = cycles["cycle_count"].to_numpy()
        look = ".-" if len(number) <= COLUMNS else "-"
        for kind, colour in (("charge", BLUE), ("discharge", ORANGE)):
            values = shown(scale * cycles[name.format(kind)].to_numpy())
            capacity.plot(*thinned(number, values), look, color=colour, markersize=4, linewidth=0.6, label=kind)
        capacity.set_ylabel(f"capacity / {unit}")
        capacity.set_ylim(bottom=0.0)
        capacity.legend(loc="best")
        values = shown(100.0 * cycles["efficiency"].to_numpy())
        efficiency.plot(*thinned(number, values), look, color=GREEN, markersize=4, linewidth=0.6)
        efficiency.set_ylabel("Coulombic efficiency / %")
        for axis in (capacity, efficiency):
            axis.set_xlabel("cycle")
    return figure
