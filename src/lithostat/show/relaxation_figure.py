"""The distribution of relaxation times with its band and its processes, named by time and resistance."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from numpy.typing import ArrayLike

from lithostat.impedance.relaxation.peaks import Peak
from lithostat.impedance.relaxation.relaxation_times import Relaxation
from lithostat.show.style import BLUE, GREEN, GRID, INK, MUTED, ORANGE, RED, VIOLET, blank, style

_COLOURS = (BLUE, ORANGE, GREEN, VIOLET, RED)
_UNITS = ((1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms"), (1.0, "s"))
_PREFIXES = ((1e6, "MΩ"), (1e3, "kΩ"), (1.0, "Ω"), (1e-3, "mΩ"), (1e-6, "µΩ"))


def relaxation_figure(relaxation: Relaxation, title: str = "") -> Figure:
    """gamma against tau, its band, each process filled in its colour; what lies beyond the window is shaded."""
    with style():
        figure, axes = blank(8.6, 4.2)
        window = relaxation.window
        top = _top(relaxation)
        _unmeasured(axes, relaxation)
        band = axes.fill_between(
            relaxation.tau, relaxation.lower, relaxation.upper, color=MUTED, alpha=0.28, linewidth=0
        )
        (line,) = axes.plot(relaxation.tau, relaxation.gamma, color=INK, linewidth=1.5, zorder=4)
        for number, peak in enumerate(relaxation.peaks):
            _process(axes, relaxation, peak, _COLOURS[number % len(_COLOURS)], top)
        axes.set_xscale("log")
        axes.set_xlim(relaxation.tau[0], relaxation.tau[-1])
        lowest = min(0.0, 2.4 * float(relaxation.gamma[window].min()))
        axes.set_ylim(lowest if relaxation.signed and lowest < -0.02 * top else 0.0, 1.32 * top)
        axes.set_xlabel("relaxation time τ / s")
        axes.set_ylabel(r"$\gamma(\ln\,\tau)$ / Ω")
        axes.legend([line, band], ["most probable", f"{100.0 * relaxation.level:.3g} % band"], loc="upper right")
        _frequencies(axes)
        name = title or relaxation.validity.spectrum.name or "Distribution of relaxation times"
        figure.suptitle(name, x=0.01, ha="left", parse_math=False, fontweight="bold", fontsize=11)
    return figure


def _top(relaxation: Relaxation) -> float:
    """What must fit in: the curve inside the window, and its band where that is not many times higher."""
    window = relaxation.window
    highest = float(relaxation.gamma[window].max())
    return min(float(relaxation.upper[window].max()), 1.6 * highest)


def _unmeasured(axes: Axes, relaxation: Relaxation) -> None:
    tau, window = relaxation.tau, relaxation.window
    for begin, end in ((tau[0], tau[window.start]), (tau[window.stop - 1], tau[-1])):
        axes.axvspan(begin, end, color=GRID, alpha=0.5, linewidth=0, zorder=0)
        place = axes.get_xaxis_transform()
        middle = float(np.sqrt(begin * end))
        said: dict[str, Any] = {
            "rotation": 90,
            "ha": "center",
            "va": "center",
            "fontsize": 8,
            "color": MUTED,
            "transform": place,
        }
        axes.text(middle, 0.5, "not measured", **said)


def _process(axes: Axes, relaxation: Relaxation, peak: Peak, colour: str, top: float) -> None:
    inside = (relaxation.tau >= peak.range[0]) & (relaxation.tau <= peak.range[1])
    tau, gamma = relaxation.tau[inside], relaxation.gamma[inside]
    axes.fill_between(tau, 0.0, gamma, color=colour, alpha=0.35, linewidth=0, zorder=3)
    height = float(np.interp(np.log(peak.tau), np.log(tau), gamma))
    axes.plot([peak.tau], [height], "o", color=colour, markersize=5, zorder=5)
    ohm = f"{_plain(peak.resistance, peak.uncertainty)}{' at least' if peak.open else ''}"
    said = f"{ohm}\n{_seconds(peak.tau)}"
    above = peak.resistance > 0.0
    edge = float(np.interp(np.log(peak.tau), np.log(relaxation.tau), relaxation.upper if above else relaxation.lower))
    axes.annotate(
        said,
        (peak.tau, float(np.clip(edge, -1.2 * top, 1.12 * top))),
        xytext=(0, 5 if above else -5),
        textcoords="offset points",
        ha="center",
        va="bottom" if above else "top",
        fontsize=8.5,
        color=mpl.colors.to_hex(colour),
        fontweight="bold",
        zorder=6,
    )


def _frequencies(axes: Axes) -> None:
    """The same axis in hertz on top: 1 / (2 pi tau)."""

    def turned(values: ArrayLike) -> np.ndarray:
        return 1.0 / (2.0 * np.pi * np.maximum(np.asarray(values), 1e-30))

    upper = axes.secondary_xaxis("top", functions=(turned, turned))
    upper.set_xlabel("frequency / Hz", color=MUTED)
    upper.xaxis.set_minor_locator(NullLocator())
    upper.tick_params(labelcolor=MUTED)


def _plain(value: float, uncertainty: float) -> str:
    """A resistance with its uncertainty in the unit that suits it, digits as far as they are known."""
    factor, unit = next((pair for pair in _PREFIXES if abs(value) >= pair[0]), _PREFIXES[-1])
    digits = int(np.clip(-np.floor(np.log10(max(uncertainty / factor, 1e-6))), 0, 4))
    return f"{value / factor:.{digits}f} ± {uncertainty / factor:.{digits}f} {unit}"


def _seconds(value: float) -> str:
    factor, unit = next((pair for pair in reversed(_UNITS) if value >= pair[0]), _UNITS[0])
    return f"{value / factor:.3g} {unit}"
