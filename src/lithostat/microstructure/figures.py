"""Figures of a pellet: each takes the result and returns a figure."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from lithostat.microstructure.growth import Growth
from lithostat.microstructure.study import PelletStudy
from lithostat.show.style import BLUE, GREEN, INK, MUTED, ORANGE, RED, VIOLET, blank, style

MICRON = 1e6
HOUR = 3600.0
SOONEST = 1e-2  # s; what the law says of less is of no use
COLOURS = (BLUE, GREEN, ORANGE, RED, VIOLET)


def slice_figure(of: PelletStudy) -> Figure:
    """The middle cut of the pellet: electrolyte, pores, and pores that lithium can reach from the first face."""
    void = of.pellet.void
    middle = void.shape[2] // 2
    reached = np.zeros(void.shape[:2], bool)
    at = of.front.at[of.front.at[:, 2] == middle]
    reached[at[:, 0], at[:, 1]] = True
    image = np.where(reached, 2, void[:, :, middle].astype(int))
    colours = np.array([[0.953, 0.937, 0.894], [0.42, 0.47, 0.52], [0.776, 0.231, 0.231]])
    with style():
        figure, axes = blank(5.2, 4.4)
        size = MICRON * of.pellet.voxel_size
        axes.imshow(colours[image], extent=(0, size * void.shape[1], size * void.shape[0], 0), interpolation="nearest")
        axes.grid(False)
        axes.set(
            xlabel="y / µm", ylabel="from electrode 1 / µm", title="Pores: closed (grey), open to electrode 1 (red)"
        )
    return figure


def front_figure(of: PelletStudy) -> Figure:
    """How deep lithium creeps against time, at every pressure, from one solve; lower bounds of time."""
    depths = np.unique(of.front.depth)
    with style():
        figure, axes = blank(5.2, 4.0)
        for pressure, colour in zip(of.pressures, _colours(len(of.pressures)), strict=False):
            time = np.array([of.front.time_to(float(depth), pressure) for depth in depths])
            ok = np.isfinite(time) & (time > 0.0)
            if ok.any():
                axes.plot(time[ok] / HOUR, MICRON * depths[ok], color=colour, label=f"{1e-6 * pressure:.3g} MPa")
        if axes.lines:
            axes.legend(title="stack pressure")
        else:
            axes.text(0.5, 0.5, "lithium enters no pore", transform=axes.transAxes, ha="center", color=MUTED)
        axes.set_xscale("log")
        axes.set_xlim(SOONEST / HOUR, None)
        axes.set(xlabel="time / h (at least)", ylabel="deepest lithium / µm", title="Creep through pores")
    return figure


def density_figure(of: PelletStudy) -> Figure:
    """Share of the pores that hang together with electrode 1 against the share of void."""
    with style():
        figure, axes = blank(5.2, 4.0)
        void = [100 * one.void for one in of.densities]
        for name, colour, seen in (
            ("through faces", BLUE, [one.faces for one in of.densities]),
            ("through corners too", ORANGE, [one.corners for one in of.densities]),
        ):
            axes.plot(void, [100 * one.reached for one in seen], "-", color=colour, label=name)
            filled = [bool(one.spanning[0]) for one in seen]
            for x, one, full in zip(void, seen, filled, strict=True):
                axes.plot(x, 100 * one.reached, "o", color=colour, mfc=colour if full else "white")
        axes.axvline(100 * of.pellet.porosity, color=INK, lw=0.8, ls=":")
        axes.legend(title="full: both electrodes connected")
        axes.set(xlabel="void / %", ylabel="pores open to electrode 1 / %", ylim=(0, 102), title="Connected pores")
    return figure


def throat_figure(of: PelletStudy) -> Figure:
    """Throat radius of the one-dimensional model that stands for the structure, against depth."""
    from lithostat.materials.card import find
    from lithostat.microstructure.study import CARD

    depths = np.unique(of.front.depth)[2:]
    radius = np.array([of.front.throat_radius(float(depth)) for depth in depths])
    with style():
        figure, axes = blank(5.2, 4.0)
        if len(depths):
            axes.plot(MICRON * depths, MICRON * radius, color=BLUE, label="fastest way")
        for one in of.throats:
            spread = of.front.throat_radii(one.depth)
            axes.plot(np.full(len(spread), MICRON * one.depth), MICRON * spread, "_", color=MUTED)
        card = find(CARD).value("throat_radius").value
        axes.axhline(MICRON * card, color=RED, ls="--", lw=1.0, label="calibrated (Doux 2020)")
        axes.legend()
        axes.set(xlabel="depth / µm", ylabel="throat radius / µm", ylim=(0, None), title="Throats against depth")
    return figure


def focusing_figure(of: PelletStudy) -> Figure:
    """Growth of a filament's tip over that of a flat front against its length, and the law."""
    assert of.focused is not None
    focused = of.focused
    with style():
        figure, axes = blank(5.2, 4.0)
        axes.plot(MICRON * focused.length, focused.growth, "o", color=BLUE, label="solved")
        length = np.linspace(0.0, focused.length[-1], 50)
        k = focused.structure_factor
        law = f"1 + {k:.2f} a / ({MICRON * focused.reach:.3g} µm)"
        axes.plot(MICRON * length, 1.0 + k * length / focused.reach, color=MUTED, label=law)
        axes.legend()
        axes.set(
            xlabel="length a / µm", ylabel="tip over flat front", ylim=(0.9, None), title="Focusing against length"
        )
    return figure


def _colours(count: int) -> list[str]:
    return [COLOURS[k % len(COLOURS)] for k in range(count)]


def growth_figure(of: Growth) -> Figure:
    """Lithium that grew through pores, seen through the block and coloured by when; depth and focusing by charge."""
    size, charge = MICRON * of.voxel_size, of.charge / 36e3  # um, mAh/cm2
    seen = np.where(of.lithium, of.filled, np.iinfo(np.int32).max).min(axis=2).astype(float)
    seen[~of.lithium.any(axis=2)] = np.nan
    with style():
        figure = Figure(figsize=(8.4, 3.9), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1.0, 1.15))
        extent = (0.0, size * seen.shape[1], size * seen.shape[0], 0.0)
        image = left.imshow(charge[(np.nan_to_num(seen, nan=1.0) - 1).astype(int)], extent=extent, cmap="viridis",
                            interpolation="nearest", alpha=np.where(np.isnan(seen), 0.0, 1.0))  # fmt: skip
        left.grid(False)
        left.set(xlabel="y / µm", ylabel="from electrode 1 / µm", title="Lithium, seen through the block")
        figure.colorbar(image, ax=left, label="plated when it came / mAh cm⁻²")
        right.plot(charge, MICRON * of.depth, color=BLUE)
        right.set(xlabel="plated in the pores / mAh cm⁻²", ylabel="deepest lithium / µm")
        right.set_title("It shorts" if of.shorted else "It stops in closed pores")
        other = right.twinx()
        other.plot(charge, of.focusing, color=ORANGE)
        other.set_ylabel("highest over mean current", color=ORANGE)
        right.yaxis.label.set_color(BLUE)
        other.grid(False)
    return figure
