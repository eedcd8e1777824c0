"""A measured cell on one time axis: voltage, current, pressure, temperature, apparent resistance; gaps and events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lithostat.experiment.record import Record
from lithostat.show.style import BLUE, GREEN, MUTED, ORANGE, RED, VIOLET, blank, shown, style

COLUMNS_OF_PIXELS = 1400  # a figure shows no more than the least and the largest value of each


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


PANELS = (
    Panel("voltage_volt", "voltage / V", 1.0, BLUE),
    Panel("current_ampere", "current / mA", 1e3, ORANGE),
    Panel("measured_pressure_pa", "stack pressure / MPa", 1e-6, GREEN),
    Panel("applied_pressure_pa", "stack pressure / MPa", 1e-6, GREEN),
    Panel("ambient_temperature_celsius", "temperature / °C", 1.0, VIOLET),
)
USUAL = 0.9
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
    hours = record.column("test_time_second") / 3600.0
    scale, unit = (1.0, "h") if len(hours) and hours[-1] > 2.0 else (60.0, "min")
    panels = panels_of(record)
    rows = len(panels) + resistance
    with style():
        figure, axes = blank(9.0, 0.9 + 1.6 * rows, rows, sharex=True, squeeze=False)
        for panel, axis in zip(panels, axes[:, 0], strict=False):
            values = shown(record.column(panel.column))
            panel = panel.scaled(float(np.nanmax(np.abs(values), initial=0.0)))
            _band(axis, hours * scale, panel.factor * values, panel.colour)
            axis.set_ylabel(panel.label)
        if resistance:
            _resistance(axes[-1, 0], hours * scale, record)
        for axis in axes[:, 0]:
            _background(axis, marks, gaps, scale / 3600.0)
        _labels(axes[0, 0], marks, scale / 3600.0, float(hours[-1]) * scale if len(hours) else 1.0)
        axes[-1, 0].set_xlabel(f"time / {unit}")
        if len(hours) > 1 and hours[-1] > hours[0]:
            axes[-1, 0].set_xlim(hours[0] * scale, hours[-1] * scale)
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
        known = panel.column in record.table.columns and np.isfinite(shown(record.column(panel.column))).any()
        if known and panel.label not in [other.label for other in chosen]:
            chosen.append(panel)
    return chosen


def apparent_resistance(voltage: np.ndarray, current: np.ndarray, usual: float | None = None) -> np.ndarray:
    """V/I [ohm] where a current flows that is no rest; NaN elsewhere. `usual` is the current that is usual [A], by
    default the quantile `USUAL` of these."""
    voltage, current = shown(voltage), shown(current)
    if usual is None:
        usual = float(np.nanquantile(np.abs(current), USUAL)) if len(current) else 0.0
    flowing = np.abs(current) > 0.02 * usual
    return np.divide(voltage, current, out=np.full(len(voltage), np.nan), where=flowing)


def _band(axis: Axes, time: np.ndarray, values: np.ndarray, colour: str) -> None:
    """A line, or the band between least and largest value per column of pixels where there are many."""
    if len(time) <= 4 * COLUMNS_OF_PIXELS:
        axis.plot(*_broken(time, values), color=colour, linewidth=0.9)
    else:
        at, low, high = envelope(time, values)
        axis.fill_between(at, low, high, color=colour, linewidth=0.6)
    known = values[np.isfinite(values)]
    least = 0.04 * abs(float(np.median(known))) if len(known) else 0.0
    if len(known) and 0.0 < np.ptp(known) < least:  # noise should not look like a signal
        middle = 0.5 * float(known.max() + known.min())
        axis.set_ylim(middle - least, middle + least)


def _broken(time: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same points with a NaN wherever no samples were taken for long, so that no line is drawn there."""
    width = np.diff(time)
    usual = float(np.median(width[width > 0.0])) if (width > 0.0).any() else 0.0
    at = np.flatnonzero(width > 10.0 * usual) + 1
    return np.insert(time, at, time[at]), np.insert(values.astype(float), at, np.nan)


def envelope(time: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(time, least, largest value) of each column of pixels that holds a sample; NaN are left out."""
    known = np.isfinite(values) & np.isfinite(time)
    time, values = time[known], values[known]
    if not len(time):
        return time, values, values
    column = ((time - time[0]) / max(time[-1] - time[0], 1e-300) * (COLUMNS_OF_PIXELS - 1)).astype(np.int64)
    first = np.concatenate([[0], np.flatnonzero(np.diff(column)) + 1])
    return time[first], np.minimum.reduceat(values, first), np.maximum.reduceat(values, first)


def _resistance(axis: Axes, time: np.ndarray, record: Record) -> None:
    ohm = apparent_resistance(record.column("voltage_volt"), record.column("current_ampere"))
    at, low, high = envelope(time, ohm)
    axis.vlines(at, low, high, color=RED, linewidth=0.8)
    axis.plot(at, 0.5 * (low + high), color=RED, linewidth=0.0, marker=".", markersize=1.5)
    known = ohm[np.isfinite(ohm)]
    if len(known):
        axis.set_ylim(0.0, 1.6 * max(float(np.quantile(known, 0.95)), 1e-9))
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
