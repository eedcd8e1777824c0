"""A measured cell on one time axis: voltage, current, pressure, temperature, apparent resistance; gaps and events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lithostat.experiment.record import Record
from lithostat.show.pixels import COLUMNS, first_rows, least_and_largest
from lithostat.show.style import BLUE, GREEN, MUTED, ORANGE, RED, VIOLET, blank, shown, style

_MANY = 100_000  # samples that are enough to know what is usual


class Mark(NamedTuple):
    """Something to mark on the time axis: from `start` to `end` [s] (None: an instant), and what it is."""

    start: float
    end: float | None
    label: str
    sure: bool = True


class Panel(NamedTuple):
    """A column over time: the label of its axis, the factor that makes its numbers those of the label, its colour."""

    column: str
    label: str
    factor: float
    colour: str

    def scaled(self, largest: float) -> Panel:
        """The same in a smaller unit, where the largest magnitude is small in this one."""
        if self.column == "voltage_volt" and largest < 0.2:
            return self._replace(label="voltage / mV", factor=1e3)
        if self.column == "current_ampere" and largest < 0.5e-3:
            return self._replace(label="current / µA", factor=1e6)
        return self


class _Pixels(NamedTuple):
    """Time of every row [s], the first row of each column of pixels, and what a second is on the axis."""

    time: np.ndarray
    first: np.ndarray
    scale: float


PANELS = (
    Panel("voltage_volt", "voltage / V", 1.0, BLUE),
    Panel("current_ampere", "current / mA", 1e3, ORANGE),
    Panel("measured_pressure_pa", "stack pressure / MPa", 1e-6, GREEN),
    Panel("applied_pressure_pa", "stack pressure / MPa", 1e-6, GREEN),
    Panel("ambient_temperature_celsius", "temperature / °C", 1.0, VIOLET),
)
RESISTANCE = Panel("apparent_resistance_ohm", "V/I / Ω", 1.0, RED)  # no column: made of two


def cell_figure(
    record: Record,
    *,
    marks: Sequence[Mark] = (),
    gaps: Iterable[tuple[float, float]] = (),
    resistance: bool = False,
    title: str = "",
) -> Figure:
    """One panel for each thing that was measured; with `resistance` also V/I, which a symmetric cell shows a short in.

    Ten million samples are drawn as the band between their least and largest value in each column of pixels.
    """
    time = record.column("test_time_second")
    if not np.isfinite(time).all():
        record = replace(record, table=record.table.filter(np.isfinite(time)))
        time = record.column("test_time_second")
    begin, end = (float(time[0]), float(time[-1])) if len(time) else (0.0, 3600.0)
    scale, unit = (1.0 / 3600.0, "h") if end > 7200.0 else (1.0 / 60.0, "min")
    pixels = _Pixels(time, first_rows(time), scale)
    panels = panels_of(record)
    rows = len(panels) + resistance
    with style():
        figure, axes = blank(9.0, 0.9 + 1.6 * rows, rows, sharex=True, squeeze=False)
        for panel, axis in zip(panels, axes[:, 0], strict=False):
            axis.set_ylabel(_band(axis, pixels, record, panel))
        if resistance:
            _resistance(axes[-1, 0], pixels, record)
        for axis in axes[:, 0]:
            _background(axis, marks, gaps, scale)
        _labels(axes[0, 0], marks, scale, end * scale)
        axes[-1, 0].set_xlabel(f"time / {unit}")
        if end > begin:
            axes[-1, 0].set_xlim(begin * scale, end * scale)
        if title:
            figure.suptitle(title, x=0.01, ha="left", parse_math=False, fontweight="bold", fontsize=11)
    return figure


def drawable(record: Record) -> bool:
    """True if the record has anything to draw over time."""
    return bool(panels_of(record))


def panels_of(record: Record) -> list[Panel]:
    """The panels whose column holds something; the applied pressure only where none was measured."""
    chosen: list[Panel] = []
    for panel in PANELS:
        if panel.column not in record.table.columns or panel.label in [other.label for other in chosen]:
            continue
        values = record.column(panel.column)
        if np.isfinite(shown(values[:_MANY])).any() or np.isfinite(shown(values[_MANY:])).any():
            chosen.append(panel)
    return chosen


def usual_current(current: np.ndarray) -> float:
    """The current that is usual [A], from which V/I tells what is no rest; 0 where there is none."""
    sampled = np.abs(shown(current[:: max(1, len(current) // _MANY)]))
    return float(np.nanquantile(sampled, 0.9)) if np.isfinite(sampled).any() else 0.0


def apparent_resistance(voltage: np.ndarray, current: np.ndarray, usual: float) -> np.ndarray:
    """V/I [ohm] where a current flows that is no rest, beside the one that is `usual` [A]; NaN elsewhere."""
    ohm = np.full(len(voltage), np.nan)
    return np.divide(voltage, current, out=ohm, where=np.abs(current) > 0.02 * usual)


def _band(axis: Axes, pixels: _Pixels, record: Record, panel: Panel) -> str:
    """A line, or the band between least and largest value per column of pixels where there are many; its label."""
    values = np.asarray(record.column(panel.column), float)
    few = len(values) <= 4 * COLUMNS
    low, high = (shown(values), shown(values)) if few else least_and_largest(values, pixels.first)
    panel = panel.scaled(float(np.nanmax(np.maximum(np.abs(low), np.abs(high)), initial=0.0)))
    low, high = panel.factor * low, panel.factor * high
    known = np.isfinite(low)
    if few:
        axis.plot(*_broken(pixels.time * pixels.scale, low), color=panel.colour, linewidth=0.9)
    else:
        at = pixels.time[pixels.first[known]] * pixels.scale
        axis.fill_between(at, low[known], high[known], color=panel.colour, linewidth=0.6)
    middle = 0.5 * float(np.median(low[known] + high[known])) if known.any() else 0.0
    least, spread = 0.04 * abs(middle), float(np.nanmax(high, initial=-np.inf) - np.nanmin(low, initial=np.inf))
    if 0.0 < spread < least:  # noise should not look like a signal
        centre = 0.5 * float(np.nanmax(high) + np.nanmin(low))
        axis.set_ylim(centre - least, centre + least)
    return panel.label


def _broken(time: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same points with a NaN wherever no samples were taken for long, so that no line is drawn there."""
    width = np.diff(time)
    usual = float(np.median(width[width > 0.0])) if (width > 0.0).any() else 0.0
    at = np.flatnonzero(width > 10.0 * usual) + 1
    return np.insert(time, at, time[at]), np.insert(values.astype(float), at, np.nan)


def _resistance(axis: Axes, pixels: _Pixels, record: Record) -> None:
    """V/I as one upright stroke in each column of pixels: a line from one to the next would be no measurement."""
    voltage, current = record.column("voltage_volt"), record.column("current_ampere")
    some = slice(None, None, max(1, len(current) // _MANY))
    ohm = apparent_resistance(voltage, current, usual_current(current))
    low, high = least_and_largest(ohm, pixels.first)
    known = shown(ohm[some])
    known = known[np.isfinite(known)]
    top = 1.6 * max(float(np.quantile(known, 0.95)), 1e-9) if len(known) else 1.0
    seen = np.isfinite(low)
    at = pixels.time[pixels.first[seen]] * pixels.scale
    strokes = np.full((len(at), 3), np.nan)  # NaN lifts the pen
    strokes[:, 0], strokes[:, 1] = low[seen] - 0.002 * top, high[seen] + 0.002 * top  # a dot where they are one
    (line,) = axis.plot(np.repeat(at, 3), strokes.ravel(), color=RED, linewidth=0.8, solid_capstyle="round")
    line.get_path().should_simplify = False
    axis.set_ylim(0.0, top)
    axis.set_ylabel(RESISTANCE.label)


def _background(axis: Axes, marks: Sequence[Mark], gaps: Iterable[tuple[float, float]], scale: float) -> None:
    for start, end in gaps:
        axis.axvspan(start * scale, end * scale, color=MUTED, alpha=0.18, linewidth=0.0)
    for mark in marks:
        colour = RED if mark.sure else ORANGE
        axis.axvline(mark.start * scale, color=colour, linewidth=1.0, linestyle="--" if mark.sure else ":", zorder=3)
        if mark.end is not None:
            axis.axvspan(mark.start * scale, mark.end * scale, color=colour, alpha=0.10, linewidth=0.0)


def _labels(axis: Axes, marks: Sequence[Mark], scale: float, end: float) -> None:
    """The first mark by its own name, and how many more there are: labels of many would lie on each other."""
    ordered = sorted(marks, key=lambda mark: (not mark.sure, mark.start))
    if not ordered:
        return
    first, more = ordered[0], len(ordered) - 1
    at = first.start * scale
    right = at > 0.5 * end
    place: dict[str, Any] = {"ha": "right" if right else "left", "va": "bottom", "fontsize": 8}
    axis.annotate(
        first.label + (f", and {more} more" if more else ""),
        (at, 1.0),
        (0, 3),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        color=RED if first.sure else ORANGE,
        **place,
    )
