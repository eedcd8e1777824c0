"""The paper's figures, with the model in them."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lithostat.experiment.quantity import parse
from lithostat.experiment.record import Record
from lithostat.papers.doux2020.published import published
from lithostat.papers.doux2020.reproduce import Reproduction
from lithostat.show.style import BLUE, GREEN, INK, MUTED, ORANGE, RED, blank, style

HOUR = 3600.0
SHADES = ("#7d1d1d", "#b23a2e", "#d1662f", "#d99a2b", "#7aa046", "#2f8f7a", "#1f6fb2")  # high to low pressure
SHOWN_HOURS = 1050.0
NO_OVERPOTENTIAL = 3e-3  # a cell that is short from the start has no overpotential of its own to scale by [V]


def figures(result: Reproduction) -> dict[str, Figure]:
    """All figures by name."""
    with style():
        drawn = {
            "figure 2b": figure_2b(result),
            "life against pressure": life_figure(result),
            "figure 4c": figure_4c(result),
            "figure 4d-f": regimes_figure(result),
        }
    if result.full_cells:
        from lithostat.papers.doux2020.full_figures import full_figures

        drawn |= full_figures(result.records)
    return drawn


def figure_2b(result: Reproduction) -> Figure:
    """Normalised voltage against cycling time, one panel per pressure, published shorts marked."""
    entries = published()["cycling"]
    figure, axes = blank(8.0, 7.2, len(entries), sharex=True)
    for entry, axis, shade in zip(entries, axes, SHADES, strict=True):
        _voltage_panel(axis, entry, result.records[entry["id"]], shade)
    axes[-1].set_xlabel("plating and stripping / h")
    axes[len(entries) // 2].set_ylabel("normalised voltage")
    axes[-1].set_xlim(0.0, SHOWN_HOURS)
    return figure


def _voltage_panel(axis: Axes, entry: dict[str, object], record: Record, shade: str) -> None:
    hours, voltage = _cycling(record)
    inside = (hours >= 0.0) & (hours <= SHOWN_HOURS)
    first = np.abs(voltage[inside & (voltage != 0.0)])[0]
    shorted_first = record.outcome is not None and record.outcome.kind == "short before current"
    scale = NO_OVERPOTENTIAL if shorted_first else first
    axis.plot(
        hours[inside], voltage[inside] / scale, color=shade, linewidth=1.2 if shorted_first else 0.35, rasterized=True
    )
    axis.set_ylim(-1.7, 1.7)
    axis.set_yticks([-1, 0, 1])
    measured = float(str(entry["hours"]))
    survivor = entry["short"] == "none"
    axis.axvline(measured, color=INK, linewidth=1.2, linestyle=":" if survivor else "--", zorder=4)
    simulated = record.outcome.cycling_time if record.outcome and record.outcome.shorted else None
    if shorted_first:
        axis.text(12.0, 0.0, "shorted while it was pressed", va="center", fontsize=8, color=shade)
    text = f"{entry['pressure']}   paper: " + (f"> {measured:g} h" if survivor else f"{measured:g} h")
    ended = record.outcome.kind if record.outcome else "not known"
    text += "   model: " + (
        ended if simulated is None else "before current" if simulated <= 0.0 else f"{simulated / HOUR:.0f} h"
    )
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5}
    axis.text(
        0.995, 0.86, text, transform=axis.transAxes, ha="right", va="top", fontsize=8, color=INK, bbox=box, zorder=5
    )


def _cycling(record: Record) -> tuple[np.ndarray, np.ndarray]:
    """Hours since current first flowed, and voltage."""
    time, current = record.column("test_time_second"), record.column("current_ampere")
    began = time[np.flatnonzero(current)[0]]
    return (time - began) / HOUR, record.column("voltage_volt")


def life_figure(result: Reproduction) -> Figure:
    """Hours to short against pressure: published points, survivors as arrows, the model."""
    figure, axis = blank(6.0, 4.0)
    entries = [entry for entry in published()["cycling"] if entry["hours"] > 0]
    pressure = np.array([parse(entry["pressure"], "pressure") / 1e6 for entry in entries])
    hours = np.array([float(entry["hours"]) for entry in entries])
    lived = np.array([entry["short"] == "none" for entry in entries])
    lives = [result.records[entry["id"]].outcome for entry in entries]
    model = np.array([(o.cycling_time or np.nan) / HOUR if o and o.shorted else np.nan for o in lives])
    axis.fill_between(pressure, model / 1.7, model * 1.7, color=BLUE, alpha=0.12, linewidth=0, label="factor 1.7")
    axis.plot(pressure, model, color=BLUE, marker="o", markersize=4, label="model")
    axis.plot(pressure[~lived], hours[~lived], "s", color=RED, markersize=6, label="paper, shorted")
    axis.plot(pressure[lived], hours[lived], "^", color=GREEN, markersize=7, label="paper, stopped without a short")
    axis.set_yscale("log")
    axis.set_xlabel("stack pressure / MPa")
    axis.set_ylabel("plating and stripping until the short / h")
    axis.set_xlim(0.0, 27.0)
    axis.legend(loc="lower left")
    return figure


def figure_4c(result: Reproduction) -> Figure:
    """Impedance against pressure on pressing and on release."""
    figure, axis = blank(6.0, 4.0)
    points = published()["impedance"]
    pressure = np.array([parse(point["pressure"], "pressure") / 1e6 for point in points])
    ohm = np.array([float(point["ohm"]) for point in points])
    model = np.array([spectrum.total_resistance for spectrum in result.records["fig4"].spectra])
    released = np.array([point["id"].endswith("unloading") for point in points])
    up = ~released
    turn = np.array([int(np.flatnonzero(up)[-1]), *np.flatnonzero(released)])
    axis.plot(pressure[up], model[up], color=BLUE, marker="o", markersize=4, label="model, pressing")
    axis.plot(
        pressure[turn], model[turn], color=ORANGE, linestyle="--", marker="o", markersize=4, label="model, release"
    )
    axis.plot(pressure[up], ohm[up], "s", color=RED, markersize=7, fillstyle="none", label="paper, pressing")
    axis.plot(pressure[released], ohm[released], "D", color=RED, markersize=7, fillstyle="none", label="paper, release")
    axis.set_yscale("log")
    axis.set_yticks([30, 50, 100, 200, 500], ["30", "50", "100", "200", "500"])
    axis.minorticks_off()
    axis.set_xlabel("stack pressure / MPa")
    axis.set_ylabel("impedance / Ω")
    axis.legend(loc="upper right")
    return figure


def regimes_figure(result: Reproduction) -> Figure:
    """The three regimes: how deep lithium gets at 5, 25 and 75 MPa, against the depth that shorts."""
    figure, axes = blank(8.6, 3.3, 1, 3, sharey=True)
    names = {
        "fig2b-5MPa": "5 MPa: stays shallow",
        "fig2b-25MPa": "25 MPa: creeps, then plates",
        "fig2b-75MPa": "75 MPa: pressed in",
    }
    for (name, title), axis in zip(names.items(), axes, strict=True):
        record = result.records[name]
        time = record.column("test_time_second") / HOUR
        deepest = 1e6 * np.maximum(record.column("filament_length_1_metre"), record.column("filament_length_2_metre"))
        outcome = record.outcome
        end = outcome.time / HOUR if outcome is not None else time[-1]
        until = (time <= end) & (deepest > 0.05)
        axis.plot(time[until], deepest[until], color=ORANGE, label="deepest lithium")
        axis.plot(
            time, 1e6 * record.column("critical_length_metre"), color=RED, linewidth=1.0, label="depth that shorts"
        )
        if outcome is not None and outcome.shorted:
            axis.plot(
                [max(end, 2e-6)],
                [deepest[time <= end][-1]],
                "x",
                color=RED,
                markersize=8,
                markeredgewidth=2,
                label="short",
            )
        axis.set(title=title, xscale="log", yscale="log", xlabel="time / h")
        axis.set_ylim(1.0, 2000.0)
        axis.axhline(1e6 * parse(published()["cell"]["electrolyte"]["thickness"], "length"), color=MUTED, linestyle=":")
    axes[0].set_ylabel("lithium in the electrolyte / µm")
    axes[1].legend(loc="upper left", bbox_to_anchor=(0.0, 0.88))
    axes[0].set_xlim(0.01, 3000.0)
    axes[1].set_xlim(0.01, 3000.0)
    axes[2].set_xlim(1e-6, 1.0)
    return figure
