"""Figures 1, 2c and 3 of the paper, as the model gives them."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lithostat.experiment.record import Record
from lithostat.fullcell.summary import cycle_summary
from lithostat.papers.doux2020.full_cells import published_full, short_cycle
from lithostat.show.style import BLUE, GREEN, INK, MUTED, ORANGE, RED, blank, style

PER_GRAM = 1.0 / 3600.0  # C/kg to mAh/g
LI_IN = 0.62  # V of Li-In against lithium, to show both cells on the paper's axis
SHOWN = (1, 2, 5, 10)


def full_figures(records: dict[str, Record]) -> dict[str, Figure]:
    """The three figures by name."""
    with style():
        return {
            "figure 1": figure_1(records["fig1-LiIn"], records["fig1-Li"]),
            "figure 2c": figure_2c(records["fig2c"]),
            "figure 3": figure_3(records["fig3"], records["fig3-median"]),
        }


def figure_1(alloy: Record, lithium: Record) -> Figure:
    """Voltage against specific capacity at 25 MPa: Li-In cycles, lithium shorts in its first charge."""
    figure, axis = blank(6.0, 3.6)
    for cycle in (1, 2):
        _profile(axis, alloy, cycle, BLUE, offset=LI_IN, label="Li-In, cycles 1 and 2" if cycle == 1 else None)
    _profile(axis, lithium, 1, RED, label="lithium, first charge", most=330.0)
    axis.axhline(4.3, color=MUTED, linewidth=0.8, linestyle=":")
    axis.set_ylim(2.0, 4.6)
    _labels(axis)
    return figure


def figure_2c(record: Record) -> Figure:
    """Voltage against specific capacity: one cycle at 5 MPa, the next charge at 25 MPa."""
    figure, axis = blank(6.0, 3.6)
    _profile(axis, record, 1, BLUE, label="cycle 1 at 5 MPa")
    _profile(axis, record, 2, RED, label="then at 25 MPa", most=330.0)
    axis.set_ylim(2.0, 4.6)
    _labels(axis)
    return figure


def figure_3(record: Record, median: Record) -> Figure:
    """Profiles of cycles 1, 2, 5 and 10, and capacity and efficiency over 229 cycles at 5 MPa."""
    figure, (profiles, capacity) = blank(9.0, 3.8, 1, 2)
    for cycle, colour in zip(SHOWN, (BLUE, GREEN, ORANGE, RED), strict=True):
        _profile(profiles, record, cycle, colour, label=f"cycle {cycle}")
    _labels(profiles)
    table = cycle_summary(record)
    number = table["cycle_count"].to_numpy()
    capacity.plot(number, table["discharge_mah_per_g"].to_numpy(), color=BLUE, label="discharge")
    read_off = published_full()["read_off"]["discharge"]
    capacity.plot(*zip(*read_off, strict=True), "o", color=INK, markersize=4, label="paper, read off")
    shorted = short_cycle(median)
    if shorted is not None:
        capacity.axvline(shorted, color=RED, linewidth=1.0, linestyle="--", label="median cell of the cards shorts")
    capacity.set_ylim(0.0, 180.0)
    capacity.set_xlabel("cycle")
    capacity.set_ylabel("discharge / mAh/g")
    efficiency = capacity.twinx()
    efficiency.plot(number, 100.0 * table["efficiency"].to_numpy(), ".", color=GREEN, markersize=2)
    efficiency.set_ylim(60.0, 101.0)
    efficiency.set_ylabel("efficiency / %", color=GREEN)
    efficiency.grid(visible=False)
    capacity.legend(loc="lower left")
    return figure


def _profile(
    axis: Axes,
    record: Record,
    cycle: int,
    colour: str,
    *,
    offset: float = 0.0,
    label: str | None = None,
    most: float = np.inf,
) -> None:
    """Voltage against the charge per gram that passed within each step of a cycle."""
    number = record.provenance["parameters"]
    mass = number["loading"] * number["area"]
    table = record.table.filter(record.table["cycle_count"] == cycle)
    for step in table["step_count"].unique(maintain_order=True):
        part = table.filter(table["step_count"] == step)
        net = part["net_capacity_ah"].to_numpy() * 3600.0
        passed = np.abs(net - net[0]) / mass * PER_GRAM
        shown = passed <= most
        axis.plot(passed[shown], part["voltage_volt"].to_numpy()[shown] + offset, color=colour, label=label)
        label = None


def _labels(axis: Axes) -> None:
    axis.set_xlabel("specific capacity / mAh/g")
    axis.set_ylabel("voltage against lithium / V")
    axis.legend(loc="best")
