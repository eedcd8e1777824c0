"""The pressure window: how likely a cell fails at every pressure, and what the next cell would tell."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import NamedTuple

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from lithostat.experiment.finding import group_of
from lithostat.experiment.quantity import span
from lithostat.show.outcomes import LOOKS, looks
from lithostat.show.style import BLUE, GREEN, INK, MUTED, ORANGE, RED, VIOLET, blank, style

MPA = 1e6
Bounds = tuple[float, float, float]  # low, median, high of a wall [Pa]
Ends = tuple[float, float] | None  # of an interval [Pa]
_HALO = (patheffects.withStroke(linewidth=2.6, foreground="white"),)
_LINES = (BLUE, GREEN, ORANGE, VIOLET, MUTED)


class WindowDrawn(NamedTuple):
    """What the figure shows: curves over `pressures` (p,) [Pa] and everything that stands on them, SI."""

    pressures: np.ndarray
    failure: np.ndarray  # (3, p) probability: mean, low and high end
    short: np.ndarray  # (p,) probability
    lost: np.ndarray  # (p,) probability
    accepted: float
    window: tuple[float, float] | None
    best: float
    interval: Ends  # None where it is withheld
    lower: Bounds
    upper: Bounds
    lives: Sequence[tuple[float, float, str]] = ()  # (pressure, time, kind of outcome) of cells that were learnt from
    candidates: Sequence[tuple[float, float, float, float]] = ()  # (pressure, current, hours, gain 0..1) of next cells
    chosen: tuple[float, float, float, float] | None = None  # the one to build
    said: str = ""  # the answer in words


def window_figure(of: WindowDrawn, *, title: str = "") -> Figure:
    """How likely a cell fails at every pressure, why, and what one more cell would tell."""
    with style():
        rows = 2 if of.candidates else 1
        heights = (2.4, 1.0)[:rows]
        figure, axes = blank(7.4, 4.0 + 1.7 * (rows - 1), rows, sharex=True, squeeze=False, height_ratios=heights)
        axis, last = axes[0, 0], axes[-1, 0]
        left, right = _edges(of.pressures / MPA, of.failure[0], of.lives)
        _answer(axis, of, right)
        _cells(axis, of.lives)
        last.set_xscale("log")
        last.set_xlim(left, right)
        if of.candidates:
            _gains(axes[1, 0], of.candidates, of.chosen)
        last.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        last.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        last.xaxis.set_minor_formatter(NullFormatter())
        last.set_xlabel("stack pressure / MPa")
        below = -0.03 if of.candidates else -0.14  # between the two, where no curve can lie under it
        axis.legend(loc="upper center", bbox_to_anchor=(0.5, below), ncols=4, fontsize=8)
        if title:
            figure.suptitle(title, x=0.01, ha="left", parse_math=False, fontweight="bold", fontsize=11)
        if of.said:
            axis.set_title(fill(of.said, 104), fontsize=8.5, fontweight="normal", color=MUTED)
    return figure


def _answer(axis: Axes, of: WindowDrawn, right: float) -> None:
    """Probabilities, the window, what is accepted, the walls and the best pressure."""
    _failures(axis, of.pressures / MPA, of.failure, of.short, of.lost)
    ends = _ends(of.window, of.pressures)
    if ends is not None:
        axis.axvspan(*ends, color=GREEN, alpha=0.13, linewidth=0.0, zorder=0)
        middle = float(np.sqrt(ends[0] * ends[1]))
        axis.annotate(
            "window", (middle, 1.0), (0, -3), xycoords=axis.get_xaxis_transform(), textcoords="offset points",
            ha="center", va="top", color=GREEN, fontweight="bold",
        )  # fmt: skip
    level = 100.0 * of.accepted
    axis.axhline(level, color=INK, linewidth=0.9, linestyle=(0, (4, 3)))
    axis.text(right, level + 1.5, f"accepted {level:.3g} %  ", fontsize=8, color=INK, ha="right", va="bottom")
    _walls(axis, of.lower, of.upper, level, of.pressures)
    _best(axis, of.pressures, of.failure[0], of.best, of.interval)
    axis.set_ylim(-19.0 if of.lives else 0.0, 103.0)
    axis.set_yticks([0, 25, 50, 75, 100])
    axis.set_ylabel("probability of failure / %")


def _failures(axis: Axes, at: np.ndarray, failure: np.ndarray, short: np.ndarray, lost: np.ndarray) -> None:
    mean, low, high = 100.0 * failure
    axis.fill_between(at, low, high, color=MUTED, alpha=0.16, linewidth=0.0, label="90 % credible")
    axis.plot(at, 100.0 * lost, color=BLUE, linewidth=1.6, label="contact lost to voids")
    axis.plot(at, 100.0 * short, color=RED, linewidth=1.6, label="short")
    axis.plot(at, mean, color=INK, linewidth=2.4, label="either")


def _walls(axis: Axes, lower: Bounds, upper: Bounds, height: float, pressures: np.ndarray) -> None:
    """Each wall's credible interval as a bar along the line of what is accepted, with its median."""
    for bounds, colour, at in ((lower, BLUE, height - 1.2), (upper, RED, height + 1.2)):
        low, median, high = (float(np.clip(end, pressures[0], pressures[-1])) / MPA for end in bounds)
        axis.plot([low, high], [at, at], color=colour, linewidth=4.0, alpha=0.5, solid_capstyle="butt", zorder=4)
        if pressures[0] / MPA < median < pressures[-1] / MPA:
            axis.plot(median, at, "|", color=colour, markersize=11, markeredgewidth=2.2, zorder=5)


def _best(axis: Axes, pressures: np.ndarray, mean: np.ndarray, best: float, interval: Ends) -> None:
    level = float(np.interp(np.log(best), np.log(pressures), 100.0 * mean))
    text = f"{best / MPA:.2g} MPa"
    if interval is not None:
        axis.plot([interval[0] / MPA, interval[1] / MPA], [level, level], color=GREEN, linewidth=2.2, zorder=5)
        text += f" ({interval[0] / MPA:.2g} to {interval[1] / MPA:.2g})"
    axis.plot(best / MPA, level, "D", color="white", markeredgecolor=GREEN, markeredgewidth=2.0, markersize=7, zorder=6)
    below = level > 55.0
    axis.annotate(
        text, (best / MPA, level), (0, -11 if below else 9), textcoords="offset points", ha="center",
        va="top" if below else "bottom", color=GREEN, fontsize=8.5, fontweight="bold", zorder=6,
        path_effects=_HALO,
    )  # fmt: skip


def _cells(axis: Axes, lives: Sequence[tuple[float, float, str]]) -> None:
    """The lab's own cells under the curve, each by how it ended."""
    before, raised = 0.0, False
    for marker, colour, label in looks(kind for _, _, kind in lives).values():  # in one order in the legend
        axis.plot([], [], marker, color=colour, markersize=7, markeredgecolor="white", label=f"cell: {label}")
    groups: dict[tuple[float, str], list[float]] = {}
    for pressure, time, kind in lives:
        groups.setdefault((float(f"{pressure:.2g}"), group_of(kind)), []).append(time)
    for (pressure, group), times in sorted(groups.items()):
        marker, colour, _ = LOOKS[group]
        raised = not raised and pressure < 1.6 * before  # texts that would lie on each other
        before = pressure
        axis.plot(pressure / MPA, -14.5, marker, color=colour, markersize=7, markeredgecolor="white", zorder=5)
        axis.annotate(
            _times(times), (pressure / MPA, -14.5), (0, 15 if raised else 6),
            textcoords="offset points", ha="center", fontsize=7, color=colour, zorder=5, path_effects=_HALO,
        )  # fmt: skip


def _times(times: Sequence[float]) -> str:
    """How long like cells lived, in hours: '48 h', '307-701 h'."""
    shown = [f"{time / 3600.0:.3g}" if time < 3.6e6 else f"{time / 3600.0:.0f}" for time in (min(times), max(times))]
    if max(times) <= 0.0:
        return "before current"
    return f"{shown[0]} h" if shown[0] == shown[1] else f"{shown[0]}-{shown[1]} h"


def _gains(
    axis: Axes,
    candidates: Sequence[tuple[float, float, float, float]],
    chosen: tuple[float, float, float, float] | None,
) -> None:
    """The largest gain over all lengths, a line for each current."""
    currents = sorted({current for _, current, _, _ in candidates})
    for current, colour in zip(currents, (*_LINES, *_LINES), strict=False):
        at = sorted({p for p, j, _, _ in candidates if j == current})
        gains = [max(g for p, j, _, g in candidates if (p, j) == (here, current)) for here in at]
        axis.plot(np.array(at) / MPA, 100.0 * np.array(gains), "o-", color=colour, markersize=3, linewidth=1.3,
                  label=f"{100.0 * current:.3g} µA cm⁻²")  # fmt: skip
    if chosen is not None:
        pressure, current, hours, gain = chosen
        left, right = axis.get_xlim()
        late = pressure / MPA > np.sqrt(left * right)  # the text goes where there is room
        axis.plot(pressure / MPA, 100.0 * gain, "*", color=INK, markersize=13, zorder=5)
        axis.annotate(
            f"next: {pressure / MPA:.2g} MPa, {100.0 * current:.3g} µA cm⁻², {span(3600.0 * hours)}",
            (pressure / MPA, 100.0 * gain), (-8 if late else 8, 5), textcoords="offset points", fontsize=8, color=INK,
            ha="right" if late else "left", path_effects=_HALO, zorder=6,
        )  # fmt: skip
    axis.set_ylim(0.0, 125.0 * max(max(gain for *_, gain in candidates), 1e-3))
    axis.set_ylabel("walls better\nknown by / %")
    axis.legend(loc="best", fontsize=7.5, title="next cell at", title_fontsize=7.5, ncols=2, framealpha=0.85)


def _ends(window: tuple[float, float] | None, pressures: np.ndarray) -> tuple[float, float] | None:
    if window is None:
        return None
    low, high = np.clip(window, pressures[0], pressures[-1]) / MPA
    return float(low), float(high)


def _edges(at: np.ndarray, mean: np.ndarray, lives: Sequence[tuple[float, float, str]]) -> tuple[float, float]:
    """What to show: where the failure changes, and all cells."""
    middle = at[(mean > 0.01) & (mean < 0.99)]
    seen = [pressure / MPA for pressure, _, _ in lives]
    low = min([*middle[:1].tolist(), *seen], default=float(at[0]))
    high = max([*middle[-1:].tolist(), *seen], default=float(at[-1]))
    return max(0.8 * low, float(at[0])), min(1.35 * high, float(at[-1]))
