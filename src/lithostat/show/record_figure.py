"""A record at a glance: voltage, pressure, filaments and resistance on one time axis, the short marked."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lithostat.experiment.record import Record
from lithostat.show.style import BLUE, GREEN, MUTED, ORANGE, RED, blank, style

HOUR = 3600.0


def record_figure(record: Record, title: str = "") -> Figure:
    """Four panels over time; panels whose columns the record lacks are left out."""
    panels = [draw for draw, needs in _PANELS if all(name in record.table.columns for name in needs)]
    with style():
        figure, axes = blank(8.0, 1.0 + 1.75 * len(panels), len(panels), sharex=True, squeeze=False)
        hours = record.column("test_time_second") / HOUR
        scale, unit = (1.0, "h") if hours[-1] > 2.0 else (60.0, "min")
        for draw, axis in zip(panels, axes[:, 0], strict=True):
            draw(axis, hours * scale, record)
            _mark(axis, record, scale)
        axes[-1, 0].set_xlabel(f"time / {unit}")
        axes[-1, 0].set_xlim(0.0, max(hours[-1] * scale, 1e-9))
        if title:
            figure.suptitle(title, x=0.01, ha="left", parse_math=False, fontweight="bold", fontsize=11)
    return figure


def _mark(axis: Axes, record: Record, scale: float) -> None:
    outcome = record.outcome
    if outcome is None or outcome.kind == "survived":
        return
    at = outcome.time / HOUR * scale
    axis.axvline(at, color=RED, linewidth=1.0, linestyle="--", zorder=3)
    if axis.get_subplotspec().is_first_row():  # type: ignore[union-attr]
        side = "right" if at > 0.5 * record.column("test_time_second")[-1] / HOUR * scale else "left"
        gap = -4 if side == "right" else 4
        axis.annotate(
            outcome.kind,
            (at, 1.0),
            (gap, -2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha=side,
            va="top",
            color=RED,
            fontsize=8,
        )


def _voltage(axis: Axes, time: np.ndarray, record: Record) -> None:
    volts = record.column("voltage_volt")
    if np.median(np.abs(volts)) > 1.0:  # a cell with a cathode
        axis.plot(time, volts, color=BLUE, linewidth=0.8)
        axis.set_ylabel("voltage / V")
        return
    _clipped(axis, time, 1e3 * volts, 0.8)
    axis.set_ylabel("voltage / mV")


def _pressure(axis: Axes, time: np.ndarray, record: Record) -> None:
    axis.plot(time, record.column("applied_pressure_pa") / 1e6, color=MUTED, linestyle=":", label="set")
    axis.plot(time, record.column("measured_pressure_pa") / 1e6, color=GREEN, label="acting")
    axis.set_ylim(bottom=0.0)
    axis.set_ylabel("stack pressure / MPa")
    axis.legend(loc="upper right", ncols=2)


def _filament(axis: Axes, time: np.ndarray, record: Record) -> None:
    names = [name for name in ("filament_length_1_metre", "filament_length_2_metre") if name in record.table.columns]
    deepest = np.max([record.column(name) for name in names], axis=0)
    axis.plot(time, 1e6 * deepest, color=ORANGE, label="deepest filament")
    axis.plot(time, 1e6 * record.column("critical_length_metre"), color=RED, linewidth=1.0, label="length that shorts")
    axis.set_yscale("log")
    axis.set_ylim(bottom=max(1.0, 0.5 * float(np.min(1e6 * deepest[deepest > 1e-6], initial=1e3))))
    axis.set_ylabel("lithium depth / µm")
    axis.legend(loc="lower right", ncols=2)


def _resistance(axis: Axes, time: np.ndarray, record: Record) -> None:
    _clipped(axis, time, record.column("internal_resistance_ohm"), 1.4)
    axis.set_ylabel("ionic resistance / Ω")


def _clipped(axis: Axes, time: np.ndarray, values: np.ndarray, width: float) -> None:
    """Plot on a scale that a last runaway does not flatten; say how far it went."""
    axis.plot(time, values, color=BLUE, linewidth=width)
    usual, peak = float(np.quantile(np.abs(values), 0.98)), float(np.max(np.abs(values)))
    if peak > 4.0 * usual > 0.0:
        low = min(0.0, float(values.min()))
        axis.set_ylim(max(1.5 * low, -2.0 * usual), 2.0 * usual)
        axis.annotate(
            f"goes to {peak:.0f}", (0.99, 0.08), xycoords="axes fraction", ha="right", fontsize=8, color=MUTED
        )


_PANELS = (
    (_voltage, ("voltage_volt",)),
    (_pressure, ("applied_pressure_pa", "measured_pressure_pa")),
    (_filament, ("filament_length_1_metre", "critical_length_metre")),
    (_resistance, ("internal_resistance_ohm",)),
)
