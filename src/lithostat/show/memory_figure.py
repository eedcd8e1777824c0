"""Resistance against pressure with its memory: the points in their order, and the fitted law through both branches."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lithostat.experiment.quantity import show
from lithostat.impedance.laws.contact_memory import Memory, band, predicted
from lithostat.show.style import BLUE, INK, MUTED, ORANGE, blank, style

PRESSING, RELEASED = BLUE, ORANGE
_POINTS = 120


def memory_figure(memory: Memory, title: str = "") -> Figure:
    """Measured resistances (released ones open), the law as lines with a band of one standard error, arrows of time."""
    with style():
        figure, axis = blank(7.0, 4.4)
        first = memory.pressure.min()
        loading = np.geomspace(0.8 * first, 1.05 * memory.highest.max(), _POINTS)
        _line(axis, memory, loading, np.maximum(loading, memory.fabrication_pressure), PRESSING, "law, pressing")
        for k, (top, lowest) in enumerate(_releases(memory)):
            down = np.geomspace(lowest, top, _POINTS)
            _line(axis, memory, down, np.full(_POINTS, top), RELEASED, None if k else "law, released")
        series = memory.value("series_resistance")
        assert series is not None
        axis.axhline(series / memory.area, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)))
        axis.annotate(
            f"pellet and films, {series / memory.area:.3g} Ω",
            (0.01, series / memory.area),
            xycoords=("axes fraction", "data"),
            xytext=(2, -3),
            textcoords="offset points",
            color=MUTED,
            fontsize=8,
            va="top",
        )
        _points(axis, memory)
        _arrows(axis, memory)
        axis.set_xscale("log")
        axis.set_yscale("log")
        _plain_ticks(axis, memory)
        axis.set_xlabel("stack pressure / MPa")
        axis.set_ylabel("resistance / Ω")
        axis.legend(loc="upper right")
        axis.text(0.98, 0.60, _numbers(memory), transform=axis.transAxes, ha="right", va="top", fontsize=8, color=INK)
        if title:
            figure.suptitle(title, x=0.01, ha="left", parse_math=False, fontweight="bold", fontsize=11)
    return figure


def _line(
    axis: Axes, memory: Memory, pressure: np.ndarray, highest: np.ndarray, colour: str, label: str | None
) -> None:
    x = pressure / 1e6
    axis.plot(x, predicted(memory, pressure, highest), color=colour, linewidth=1.6, label=label, zorder=2)
    if np.isfinite(memory.covariance).all():
        axis.fill_between(x, *band(memory, pressure, highest), color=colour, alpha=0.15, linewidth=0, zorder=1)


def _points(axis: Axes, memory: Memory) -> None:
    size = memory.error if memory.error is not None else (memory.spread or 0.0) * memory.resistance
    size = np.where(np.isfinite(size), size, 0.0)
    for released, colour, label in ((False, PRESSING, "pressing"), (True, RELEASED, "released, or pressed again")):
        here = memory.unloading == released
        if here.any():
            axis.errorbar(
                memory.pressure[here] / 1e6,
                memory.resistance[here],
                yerr=size[here],
                fmt="o",
                color=colour,
                markerfacecolor="white" if released else colour,
                markeredgewidth=1.3,
                markersize=5,
                elinewidth=1.0,
                capsize=2.5,
                label=label,
                zorder=4,
            )


def _arrows(axis: Axes, memory: Memory) -> None:
    """From each measurement towards the next, so that the loop can be followed."""
    x, y = memory.pressure / 1e6, memory.resistance
    for k in range(len(x) - 1):
        colour = RELEASED if memory.unloading[k + 1] else PRESSING
        axis.annotate(
            "",
            xy=(x[k + 1], y[k + 1]),
            xytext=(x[k], y[k]),
            arrowprops={
                "arrowstyle": "-|>,head_width=0.18,head_length=0.4",
                "connectionstyle": "arc3,rad=-0.22",
                "color": colour,
                "alpha": 0.75,
                "linewidth": 0.8,
                "shrinkA": 6,
                "shrinkB": 6,
            },
            zorder=3,
        )


def _releases(memory: Memory) -> list[tuple[float, float]]:
    """(highest pressure seen, lowest pressure after it) of every release, [Pa]."""
    tops = np.unique(memory.highest[memory.unloading])
    return [(float(top), 0.9 * float(memory.pressure[memory.highest == top].min())) for top in tops]


def _numbers(memory: Memory) -> str:
    """The fitted numbers with their intervals, one a line."""
    short = {
        "contact_pressure": ("$P_c$", "contact_pressure"),
        "constriction_resistance": ("ASR$_0$", "constriction_resistance"),
        "unloading_exponent": ("β", "unloading_exponent"),
    }
    lines = []
    for one in memory.estimates:
        if one.name in short:
            symbol, name = short[one.name]
            ends = [show(end, name, 3).split(" ")[0] for end in (one.low, one.high)]
            lines.append(f"{symbol} = {show(one.value, name, 3)}  ({ends[0]} to {ends[1]})")
    return "\n".join([*lines, f"{100 * memory.confidence:.0f} % intervals"]).replace("ohm cm2", "Ω cm²")


def _plain_ticks(axis: Axes, memory: Memory) -> None:
    from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

    for along, values in ((axis.xaxis, memory.pressure / 1e6), (axis.yaxis, memory.resistance)):
        low, high = 0.7 * values.min(), 1.4 * values.max()
        ticks = [m * 10.0**e for e in range(-6, 8) for m in (1, 2, 5) if low <= m * 10.0**e <= high]
        along.set_major_locator(FixedLocator(ticks))
        along.set_minor_locator(NullLocator())
        along.set_major_formatter(StrMethodFormatter("{x:g}"))
