"""What the circuit leaves over at each frequency, real and imaginary part, of all spectra."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lithostat.experiment.spectrum import Spectrum
from lithostat.show.impedance_figure import MOST, SEVERAL, label_of
from lithostat.show.style import INK, blank, style


class Leaves(Protocol):
    """What a figure needs of a fit; `impedance.circuits.fit.Fit` has it."""

    @property
    def spectrum(self) -> Spectrum:
        """What was fitted."""
        ...

    @property
    def residuals(self) -> np.ndarray:
        """(measured - fitted) / |fitted|, complex."""
        ...


def residuals_figure(fits: Sequence[Leaves], title: str = "") -> Figure:
    """Residuals in percent of |Z| against frequency, in the colours of `impedance_figure`."""
    chosen = range(0, len(fits), max(1, -(-len(fits) // MOST)))
    colours = mpl.colormaps["viridis"](np.linspace(0.05, 0.85, max(len(chosen), 2)))
    with style():
        figure, panels = blank(9.4, 3.4, 1, 2, sharey=True)
        for colour, k in zip(colours, chosen, strict=False):
            fit = fits[k]
            for panel, part in zip(panels, (fit.residuals.real, fit.residuals.imag), strict=True):
                panel.plot(fit.spectrum.frequency, 100.0 * part, ".-", color=colour, markersize=4, linewidth=0.6)
        for panel, name in zip(panels, ("real part", "imaginary part"), strict=True):
            panel.axhline(0.0, color=INK, linewidth=0.6)
            panel.set_xscale("log")
            panel.set_xlabel("frequency / Hz")
            panel.set_title(name)
        panels[0].set_ylabel("(measured - fitted) / |Z|  / %")
        if len(chosen) <= SEVERAL:
            lines = [Line2D([], [], color=colour, linewidth=3) for colour in colours[: len(chosen)]]
            names = [label_of(fits[k].spectrum) for k in chosen]
            figure.legend(lines, names, loc="outside lower center", ncols=len(lines), fontsize=8)
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=11)
    return figure
