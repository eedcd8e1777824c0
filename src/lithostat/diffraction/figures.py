"""Figures of a pattern study and of a series; each takes the noun and returns a matplotlib figure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lithostat.diffraction.calls import PhaseCall, percent
from lithostat.diffraction.evidence import strongest_lines
from lithostat.diffraction.optics import shift
from lithostat.diffraction.pattern_fit import PatternFit
from lithostat.diffraction.series import PatternSeries
from lithostat.diffraction.study import PatternStudy
from lithostat.diffraction.unit_cell import spacings
from lithostat.show.style import BLUE, GREEN, GRID, INK, MUTED, ORANGE, RED, VIOLET, blank, style

COLOURS = (BLUE, ORANGE, GREEN, VIOLET, "#8a6d3b", "#3aa6a6", "#a0527a", "#5c7f2a", "#7a7a7a")
ZOOMED = 6  # phases that get a panel of their own
AROUND = 4.0  # full widths on each side of a line in its panel
MOST_TICKS = 400  # reflections of a phase that are marked


def _tick_angles(fit: PatternFit, number: int) -> np.ndarray:
    """Angles [deg] of a phase's reflections in the first line of the source, where the pattern shows them."""
    lines, x = fit.model.phases[number], fit.pattern.two_theta
    d = spacings(fit.cell(number), lines.crystal.hkl[lines.chosen])
    sine = fit.model.instrument.wavelength / (2.0 * d)
    real = 2.0 * np.arcsin(sine[sine < 1.0])
    seen = real + shift(real, fit.model.instrument.shift, fit.value("shift")[0])
    return np.degrees(seen[(seen > x[0]) & (seen < x[-1])])[:MOST_TICKS]


def pattern_figure(study: PatternStudy, title: str = "") -> Figure:
    """Measured, calculated and background on a root axis, ticks of every phase, and what is left over sigma."""
    fit = study.fit
    x, counts = fit.pattern.degrees, np.maximum(fit.pattern.counts, 0.0)
    rows = max(len(fit.choices), 1)
    with style():
        figure, (top, ticks, low) = blank(
            9.4, 5.4 + 0.16 * rows, 3, 1, sharex=True, height_ratios=(4.2, 0.25 * rows, 1.3)
        )
        top.plot(x, np.sqrt(counts), ".", color=INK, markersize=1.6, label=_points(fit), zorder=2, rasterized=True)
        top.plot(x, np.sqrt(np.maximum(fit.calculated, 0.0)), color=RED, linewidth=0.9, label="calculated", zorder=3)
        top.plot(x, np.sqrt(np.maximum(fit.background, 0.0)), color=MUTED, linewidth=0.9, label="background", zorder=3)
        _root_axis(top, counts)
        top.set_ylabel("counts")
        top.legend(loc="upper right", ncols=3)
        _ticks(ticks, study)
        _residual(low, fit, study)
        low.set_xlabel("2θ / degrees")
        low.set_xlim(x[0], x[-1])
        if title:
            top.set_title(title)
    return figure


def _points(fit: PatternFit) -> str:
    return "simulated" if "simulated" in fit.pattern.source else "measured"


def _root_axis(axes: Axes, counts: np.ndarray) -> None:
    """Round counts on an axis that shows their root."""
    top, low = max(float(counts.max()), 1.0), float(np.quantile(counts, 0.002))
    marks = [m * 10.0**k for k in range(8) for m in (1, 2, 5) if 0.6 * low <= m * 10.0**k <= 1.05 * top]
    marks = marks[:: max(1, round(len(marks) / 5))] or [top]
    axes.set_yticks(np.sqrt(marks), [f"{mark:g}" for mark in marks])
    axes.set_ylim(0.9 * np.sqrt(max(low, 0.0)), 1.06 * np.sqrt(top))


def _ticks(axes: Axes, study: PatternStudy) -> None:
    fit = study.fit
    axes.set_ylim(len(fit.choices) - 0.4, -0.6)
    for number, name in enumerate(fit.names):
        call = study.call(name)
        colour = COLOURS[number % len(COLOURS)]
        axes.plot(
            _tick_angles(fit, number),
            np.full(len(_tick_angles(fit, number)), number),
            "|",
            color=colour,
            markersize=8,
            markeredgewidth=0.8,
        )
        said = f"{name}{'' if call is None or call.call == 'present' else '?'}"
        axes.text(1.005, number, said, color=colour, fontsize=8, va="center", transform=axes.get_yaxis_transform())
    axes.set_yticks([])
    axes.grid(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(bottom=False)


def _residual(axes: Axes, fit: PatternFit, study: PatternStudy) -> None:
    rest = fit.residual
    reach = float(np.clip(np.quantile(np.abs(rest), 0.999), 4.0, 30.0))
    axes.axhspan(-2.0, 2.0, color=GRID, alpha=0.6, linewidth=0)
    axes.plot(fit.pattern.degrees, np.clip(rest, -reach, reach), color=BLUE, linewidth=0.5, rasterized=True)
    for line in study.leftover:
        axes.plot(
            [np.degrees(line.two_theta)], [reach], "v", color=MUTED if line.ghost else RED, markersize=4, clip_on=False
        )
    axes.set_ylim(-1.05 * reach, 1.05 * reach)
    axes.set_ylabel("left / σ")  # noqa: RUF001


def zoom_figure(study: PatternStudy) -> Figure | None:
    """The clearest line of each called phase, with and without it; the smallest first. None for none."""
    fit = study.fit
    called = [call for call in study.called("present", "possible") if call.name in fit.names]
    called = sorted(called, key=lambda call: np.nan_to_num(call.intensity, nan=1.0))[:ZOOMED]
    if not called:
        return None
    across = min(3, len(called))
    down = -(-len(called) // across)
    with style():
        figure, panels = blank(3.15 * across, 2.55 * down, down, across, squeeze=False)
        flat = panels.ravel()
        for axes, call in zip(flat, called, strict=False):
            _zoom(axes, fit, call)
        for axes in flat[len(called) :]:
            axes.set_visible(False)
        if flat[0].get_legend_handles_labels()[0]:
            flat[0].legend(loc="upper left", fontsize=7)
    return figure


def _zoom(axes: Axes, fit: PatternFit, call: PhaseCall) -> None:
    number = fit.names.index(call.name)
    lines = strongest_lines(fit, number)
    clear = [line for line in lines if line.seen] or list(lines)
    if not clear:
        axes.set_title(call.name)
        return
    best = max(clear, key=lambda line: line.ratio / max(line.error, 1e-9))
    wide = AROUND * max(np.degrees(np.sqrt(fit.value("W")[0])) * 1.6, 0.05)
    centre = np.degrees(best.two_theta)
    x = fit.pattern.degrees
    near = np.abs(x - centre) < wide
    axes.plot(x[near], fit.pattern.counts[near], ".", color=INK, markersize=2.5, label=_points(fit))
    own = fit.curve(number)
    axes.plot(x[near], (fit.calculated - own)[near], color=MUTED, linewidth=1.1, label="without it")
    axes.plot(x[near], fit.calculated[near], color=RED, linewidth=1.1, label="with it")
    axes.fill_between(x[near], (fit.calculated - own)[near], fit.calculated[near], color=RED, alpha=0.15, linewidth=0)
    z = best.ratio / best.error if best.error > 0.0 else float("inf")
    axes.set_title(f"{call.name}, {call.call}: {z:.0f} σ", fontsize=9)  # noqa: RUF001
    axes.set_xlabel("2θ / degrees", fontsize=8)
    axes.ticklabel_format(axis="y", scilimits=(-2, 5))


def amounts_figure(study: PatternStudy) -> Figure:
    """Weights with their bands, and beside them what would not have been seen, lithium first, on one log axis."""
    called = study.called("present", "possible")
    hidden = [call for call in study.called("not seen") if call.limit is not None][:14]
    rows = len(called) + len(hidden)
    with style():
        figure, axes = blank(7.4, 0.9 + 0.24 * max(rows, 3))
        names = []
        for place, call in enumerate((*called, *hidden)):
            names.append(call.name)
            if call.call == "not seen":
                axes.plot([0.01, 100.0 * call.high], [place, place], color=GRID, linewidth=5, solid_capstyle="butt")
                axes.plot([100.0 * call.high], [place], "<", color=MUTED, markersize=5)
                axes.text(
                    100.0 * call.high * 1.12, place, f"< {percent(call.high)}", va="center", fontsize=7.5, color=MUTED
                )
                continue
            colour = BLUE if call.call == "present" else ORANGE
            low, high = max(100.0 * call.low, 0.011), 100.0 * call.high
            axes.plot([low, high], [place, place], color=colour, linewidth=2.2)
            axes.plot([100.0 * call.weight], [place], "o", color=colour, markersize=5)
            axes.text(
                high * 1.12,
                place,
                f"{percent(call.weight)}{'' if call.call == 'present' else ' ?'}",
                va="center",
                fontsize=7.5,
                color=colour,
            )
        axes.set_yticks(range(rows), names)
        axes.set_ylim(rows - 0.4, -0.6)
        axes.set_xscale("log")
        axes.set_xlim(0.01, 250.0)
        axes.set_xticks([0.01, 0.1, 1.0, 10.0, 100.0], ["0.01", "0.1", "1", "10", "100"])
        axes.set_xlabel("weight / % of the crystalline phases")
    return figure


def series_figure(series: PatternSeries, record: Sequence[tuple[np.ndarray, np.ndarray, str]] = ()) -> Figure:
    """Patterns as a waterfall, the course of every phase, and under them what the cell did on the same clock.

    `record` are curves (time [s], values, label) such as voltage and pressure.
    """
    panels = 2 + len(record)
    with style():
        heights = (2.6, 1.7, *([1.0] * len(record)))
        figure, axes = blank(9.0, 1.8 * panels + 1.4, panels, 1, height_ratios=heights)
        _waterfall(axes[0], series)
        _courses(axes[1], series)
        for panel, (time, values, label) in zip(axes[2:], record, strict=True):
            panel.plot(time / 3600.0, values, color=INK, linewidth=0.8)
            panel.set_ylabel(label)
            for moment in series.times:
                panel.axvline(moment / 3600.0, color=ORANGE, linewidth=0.8)
        limits = (
            [
                min(series.times.min(), *(t.min() for t, _, _ in record), 0.0) / 3600.0,
                max(series.times.max(), *(t.max() for t, _, _ in record), 1.0) / 3600.0,
            ]
            if record
            else None
        )
        for panel in axes[1:]:
            if limits is not None:
                panel.set_xlim(*limits)
        axes[-1].set_xlabel("time / h")
    return figure


def _waterfall(axes: Axes, series: PatternSeries) -> None:
    roots = [np.sqrt(np.maximum(pattern.counts, 0.0)) for pattern in series.patterns]
    step = 0.18 * float(max(root.max() for root in roots))
    for number, (pattern, root) in enumerate(zip(series.patterns, roots, strict=True)):
        shade = number / max(len(roots) - 1, 1)
        axes.plot(
            pattern.degrees, root + number * step, color=_between(BLUE, ORANGE, shade), linewidth=0.6, rasterized=True
        )
        axes.text(
            1.005,
            root[-1] + number * step,
            f"{series.times[number] / 3600.0:.2f} h",
            fontsize=7,
            va="center",
            transform=axes.get_yaxis_transform(),
            color=MUTED,
        )
    for angle in series.differences:
        axes.axvline(np.degrees(angle), color=RED, linewidth=0.5, alpha=0.5, zorder=0)
    axes.set_xlim(series.patterns[0].degrees[0], series.patterns[0].degrees[-1])
    axes.set_yticks([])
    axes.set_ylabel("√counts, shifted")
    axes.set_xlabel("2θ / degrees")


def _between(first: str, last: str, share: float) -> tuple[float, ...]:
    one, other = (tuple(int(colour[k : k + 2], 16) / 255.0 for k in (1, 3, 5)) for colour in (first, last))
    return tuple((1.0 - share) * a + share * b for a, b in zip(one, other, strict=True))


def _courses(axes: Axes, series: PatternSeries) -> None:
    hours = series.times / 3600.0
    for number, course in enumerate(series.courses):
        colour = COLOURS[number % len(COLOURS)]
        axes.errorbar(
            hours,
            course.scale,
            yerr=course.error,
            fmt="o-",
            color=colour,
            markersize=3.5,
            linewidth=0.9,
            capsize=2,
            label=course.name + (" (changed)" if course.changed else ""),
        )
        if course.onset:
            axes.axvspan(course.onset[0] / 3600.0, course.onset[1] / 3600.0, color=colour, alpha=0.12, linewidth=0)
    axes.set_ylabel("amount / mean")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=7)
