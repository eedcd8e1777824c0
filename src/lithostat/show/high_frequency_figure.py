"""The high-frequency end of every spectrum, enlarged: where the electrolyte's resistance is read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lithostat.experiment.errors import InputError
from lithostat.show.impedance_figure import Fitted, label_of
from lithostat.show.style import BLUE, INK, MUTED, ORANGE, style

MOST = 9  # panels; of more spectra, an even choice
ACROSS = 3
_BEYOND, _ABOVE = 1.35, 0.75  # of the marked resistance, that a panel shows to the right, and upwards
_DENSE = 300


def high_frequency_figure(fits: Sequence[Fitted], marked: np.ndarray, title: str = "") -> Figure:
    """One panel for each spectrum with its resistance `marked` (spectra, 2): value and standard error [ohm]."""
    rows = range(0, len(fits), max(1, -(-len(fits) // MOST)))
    if not rows:
        raise InputError("there is no spectrum to enlarge", expected="at least one with its resistance")
    across = min(ACROSS, len(rows))
    down = -(-len(rows) // across)
    with style():
        figure = Figure(figsize=(3.3 * across + 0.4, 0.5 + 2.4 * down), layout="constrained")
        for place, k in enumerate(rows, start=1):
            panel = figure.add_subplot(down, across, place)
            _panel(panel, fits[k], *map(float, marked[k]))
            if place > len(rows) - across:
                panel.set_xlabel("Re Z / Ω")
            if place % across == 1 or across == 1:
                panel.set_ylabel("-Im Z / Ω")
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=11)
    return figure


def _panel(panel: Axes, fit: Fitted, ohm: float, error: float) -> None:
    z = fit.spectrum.impedance
    f = fit.spectrum.frequency
    fine = fit.impedance(np.geomspace(f.min(), f.max(), _DENSE))
    panel.plot(z.real, -z.imag, ".", color=BLUE, markersize=5)
    panel.plot(fine.real, -fine.imag, color=INK, linewidth=1.0)
    panel.axvline(ohm, color=ORANGE, linewidth=1.2)
    if np.isfinite(error):
        panel.axvspan(ohm - error, ohm + error, color=ORANGE, alpha=0.25, linewidth=0)
    inside = (z.real < _BEYOND * ohm) & (z.real > -0.05 * ohm)
    begin = min(float(z.real[inside].min(initial=ohm)), 0.9 * ohm)
    begin = 0.0 if begin < 0.5 * ohm else begin - 0.05 * ohm
    panel.set_xlim(begin, _BEYOND * ohm if begin == 0.0 else 2.0 * ohm - begin)
    low = float((-z.imag[inside]).min(initial=0.0))
    panel.set_ylim(min(low, -0.05 * ohm), _ABOVE * (ohm if begin == 0.0 else 1.4 * (ohm - begin)))
    panel.axhline(0.0, color=MUTED, linewidth=0.6)
    panel.set_title(label_of(fit.spectrum), fontsize=9)
    sure = f" ± {error:.2g}" if np.isfinite(error) else ""
    whole = f"{ohm:.4g}" if ohm < 1e4 or ohm >= 1e6 else f"{ohm:.0f}"
    panel.set_title(f"{whole}{sure} Ω", fontsize=9, loc="right", color=ORANGE)
