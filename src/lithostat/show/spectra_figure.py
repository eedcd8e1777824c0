"""Spectra of a cell: Nyquist plane and magnitude against frequency, coloured from first to last."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from lithostat.experiment.spectrum import Spectrum
from lithostat.show.style import blank, plain, style

MOST = 24  # spectra drawn; of more, an even choice


def spectra_figure(spectra: Sequence[Spectrum], title: str = "") -> Figure:
    """-Im against Re at equal scale, and |Z| against frequency."""
    spectra = drawn_spectra(spectra)
    step = max(1, -(-len(spectra) // MOST))
    chosen = [*spectra[::step]]
    with style():
        figure, (nyquist, bode) = blank(9.0, 3.6, 1, 2)
        colours = mpl.colormaps["viridis"](np.linspace(0.0, 0.85, max(len(chosen), 2)))
        for spectrum, colour in zip(chosen, colours, strict=False):
            z = spectrum.impedance
            nyquist.plot(z.real, -z.imag, color=colour, marker=".", markersize=3, linewidth=0.8, label=_label(spectrum))
            bode.semilogx(spectrum.frequency, np.abs(z), color=colour, linewidth=1.0)
        size = np.concatenate([np.abs(spectrum.impedance) for spectrum in chosen])
        if size.max() > 5.0 * size.min() > 0.0:
            bode.set_yscale("log")
        nyquist.set_aspect("equal", adjustable="datalim")
        nyquist.set_xlabel("Re Z / Ω")
        nyquist.set_ylabel("-Im Z / Ω")
        bode.set_xlabel("frequency / Hz")
        bode.set_ylabel("|Z| / Ω")
        if len(chosen) <= 8:
            nyquist.legend(loc="best")
        if title:
            figure.suptitle(title, x=0.01, ha="left", parse_math=False, fontweight="bold", fontsize=11)
    return figure


def drawn_spectra(spectra: Sequence[Spectrum]) -> list[Spectrum]:
    """Those that are drawn: noise has no shape."""
    return [spectrum for spectrum in spectra if not spectrum.is_noise]


def _label(spectrum: Spectrum) -> str:
    parts = []
    if spectrum.time is not None:
        parts.append(f"{spectrum.time / 3600.0:.3g} h")
    if spectrum.pressure is not None:
        parts.append(f"{spectrum.pressure / 1e6:.3g} MPa")
    return ", ".join(parts) or plain(spectrum.name) or "spectrum"
