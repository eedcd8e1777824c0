"""What Kramers-Kronig says of a spectrum: measured and allowed impedance, residuals, noise, the points that break."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lithostat.impedance.validity.check import Validity
from lithostat.show.style import BLUE, GRID, INK, MUTED, ORANGE, RED, blank, style


def validity_figure(validity: Validity, title: str = "") -> Figure:
    """-Im against Re with the model, and residuals over |Z| against frequency with the noise as a band."""
    with style():
        figure, (nyquist, residual) = blank(9.4, 3.9, 1, 2, width_ratios=(1.0, 1.35))
        _nyquist(nyquist, validity)
        _residuals(residual, validity)
        head = title or validity.spectrum.name or "Kramers-Kronig"
        figure.suptitle(f"{head}: {validity.kind}", x=0.01, ha="left", parse_math=False, fontweight="bold", fontsize=11)
    return figure


def _nyquist(axes: Axes, validity: Validity) -> None:
    z, model, stray = validity.spectrum.impedance, validity.model, validity.stray
    axes.plot(model.real, -model.imag, color=MUTED, linewidth=1.2, label="a steady cell", zorder=2)
    axes.plot(z.real[~stray], -z.imag[~stray], ".", color=BLUE, markersize=5, label="measured", zorder=3)
    if stray.any():
        axes.plot(z.real[stray], -z.imag[stray], "x", color=RED, markersize=6, label="breaks with it", zorder=4)
    if validity.beyond is not None:
        ohm, sure = validity.beyond
        digits = int(np.clip(-np.floor(np.log10(max(sure, 1e-6))), 0, 6))
        shown = f"{ohm:.{digits}f} ± {sure:.{digits}f} Ω at f → ∞"
        axes.plot([ohm], [0.0], "|", color=ORANGE, markersize=12, markeredgewidth=2.0, label=shown, zorder=5)
    if np.ptp(z.imag[~stray]) < 4.0 * np.ptp(z.real[~stray]):
        axes.set_aspect("equal", adjustable="datalim")  # else an open end is a needle
    axes.set_xlabel("Re Z / Ω")
    axes.set_ylabel("-Im Z / Ω")
    axes.legend(loc="best")


def _residuals(axes: Axes, validity: Validity) -> None:
    frequency, stray = validity.spectrum.frequency, validity.stray
    noise = 100.0 * validity.noise / np.abs(validity.model)
    off = 100.0 * validity.residual
    allowed = validity.threshold * noise
    top = 1.25 * max(allowed.max(), np.abs(off[~stray].real).max(), np.abs(off[~stray].imag).max())
    axes.fill_between(frequency, -allowed, allowed, color=GRID, alpha=0.55, linewidth=0, label="what chance allows")
    axes.fill_between(frequency, -noise, noise, color=MUTED, alpha=0.35, linewidth=0, label="one standard deviation")
    for part, colour, name in ((off.real, BLUE, "real"), (off.imag, ORANGE, "imaginary")):
        axes.plot(frequency[~stray], part[~stray], "o", color=colour, markersize=3.2, label=name)
        outside = np.abs(part[stray]) > top
        shown = np.clip(part[stray], -0.97 * top, 0.97 * top)
        for at, height, cut in zip(frequency[stray], shown, outside, strict=True):
            marker = ("^" if height > 0.0 else "v") if cut else "X"
            axes.plot([at], [height], marker, color=colour, markeredgecolor=RED, markersize=7, markeredgewidth=1.2)
    _named(axes, frequency[stray])
    axes.axhline(0.0, color=INK, linewidth=0.6)
    axes.set_xscale("log")
    axes.set_ylim(-top, top)
    axes.set_xlabel("frequency / Hz")
    axes.set_ylabel("(measured - model) / |Z|  / %")
    said = [f"noise {100.0 * validity.noise_level:.2g} % of |Z|"]
    if validity.drifting:
        said.append(f"drift {100.0 * validity.drift[0]:+.2g} ± {100.0 * validity.drift[1]:.1g} % over the sweep")
    axes.set_title(", ".join(said))
    axes.legend(loc="upper center", ncols=4, bbox_to_anchor=(0.5, -0.16), handletextpad=0.4, columnspacing=1.2)


def _named(axes: Axes, frequency: np.ndarray) -> None:
    """A red line at each stray point, and its frequency; neighbours share one text."""
    together: list[list[float]] = []
    for at in sorted(frequency.tolist()):
        axes.axvline(at, color=RED, linewidth=0.7, alpha=0.5, zorder=1)
        if together and at < 1.6 * together[-1][-1]:
            together[-1].append(at)
        else:
            together.append([at])
    for number, group in enumerate(together):
        text = f"{group[0]:.3g} Hz" if len(group) == 1 else f"{group[0]:.3g} to {group[-1]:.3g} Hz"
        height = 0.985 - 0.05 * (number % 3)
        said: dict[str, Any] = {
            "color": RED,
            "fontsize": 7.5,
            "va": "top",
            "transform": axes.get_xaxis_transform(),
            "zorder": 6,
        }
        axes.text(group[-1], height, f"  {text}", **said)
