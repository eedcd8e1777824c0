"""Values of a circuit along a series: one small panel per parameter, with error bars and the ties as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from lithostat.show.style import BLUE, INK, MUTED, ORANGE, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from lithostat.impedance.circuits.series import SeriesFit

ACROSS = 3  # panels in a row
FAR = 1e3  # times the smallest value, above which a panel is logarithmic
CONSTANT = 1e-9  # relative difference of values that are one
AROUND = 0.05  # of a constant value that its panel shows above and below, at least
_AXES = {
    "pressure": ("pressure / MPa", 1e-6, 0.0),
    "temperature": ("temperature / °C", 1.0, -273.15),
    "time": ("time / h", 1.0 / 3600.0, 0.0),
}


def series_figure(series: SeriesFit, axis: str | None = None, title: str = "") -> Figure:
    """Every parameter against `axis` ('pressure', 'temperature', 'time'; the number of the spectrum if None).

    Bars are one standard error; a hollow point has none (a bound holds it). Arrows of time: along pressure the points
    are joined in the order of measurement, so that pressing and releasing can be told apart.
    """
    label, x = _along(series, axis)
    names = series.circuit.names
    rows = -(-len(names) // ACROSS)
    with style():
        figure = Figure(figsize=(9.0, 0.6 + 2.1 * rows), layout="constrained")
        for k, name in enumerate(names):
            panel = figure.add_subplot(rows, ACROSS, k + 1)
            values, errors = series.values(name), series.standard_errors(name)
            colour = ORANGE if name in series.laws else BLUE
            panel.plot(x, values, color=colour, linewidth=0.8, alpha=0.5)
            sure = np.isfinite(errors)
            panel.errorbar(
                x[sure], values[sure], yerr=errors[sure], fmt="o", color=colour, markersize=3.5, capsize=2, linewidth=1
            )
            panel.plot(x[~sure], values[~sure], "o", color=colour, markerfacecolor="white", markersize=4)
            law = series.laws.get(name)
            panel.set_title(name + (f", {law.kind}" if law else ""), color=INK, fontsize=9)
            unit = series.circuit.units[k]
            panel.set_ylabel("" if unit == "1" else unit.replace("ohm", "Ω"))
            if values.min() > 0.0 and values.max() > FAR * values.min():
                panel.set_yscale("log")
            else:
                panel.ticklabel_format(axis="y", useOffset=False)
                _widen(panel, values)
            if k + ACROSS >= len(names):
                panel.set_xlabel(label, color=MUTED)
        if title:
            figure.suptitle(title, x=0.01, ha="left", parse_math=False, fontweight="bold", fontsize=11)
    return figure


def _widen(panel: Axes, values: np.ndarray) -> None:
    """Constant values get a range that does not make a drama of the last digits of one number."""
    value = float(values.mean())
    if np.ptp(values) > CONSTANT * abs(value) or value == 0.0:
        return
    low, high = panel.get_ylim()
    panel.set_ylim(min(low, value - AROUND * abs(value)), max(high, value + AROUND * abs(value)))


def _along(series: SeriesFit, axis: str | None) -> tuple[str, np.ndarray]:
    if axis is None:
        return "number of the spectrum", np.arange(1.0, len(series.fits) + 1.0)
    label, scale, shift = _AXES[axis]
    return label, scale * series.along(axis) + shift
