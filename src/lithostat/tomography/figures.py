"""Figures of a tomogram: each takes the result and returns a figure."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lithostat.experiment.volume import Volume
from lithostat.show.style import BLUE, GREEN, INK, MUTED, ORANGE, RED, VIOLET, blank, style
from lithostat.tomography.phases import SHARES, Phases
from lithostat.tomography.tomogram import Tomogram, surface_at

PIXELS = 700  # of an image along its longer side
COLOURS = (RED, ORANGE, VIOLET, GREEN, BLUE)
MICRON = 1e6


def figures(of: Tomogram) -> dict[str, Figure]:
    """Figures by name; those that have nothing to show are left out."""
    made = {"histogram": histogram_figure(of)}
    if of.phases is None or of.filaments is None:
        return made | {"slices": slices_figure(of)}
    made |= {"crossing": crossing_figure(of), "slices": slices_figure(of), "depth": depth_figure(of)}
    if of.filaments.each:
        made["filament"] = filament_figure(of)
    return made


def crossing_figure(of: Tomogram) -> Figure:
    """Whether anything crosses: filaments seen from the side and from above, on the pellet between its electrodes."""
    assert of.phases is not None
    assert of.filaments is not None
    size, layout = MICRON * of.volume.voxel_size, of.phases.layout
    z, y, x = (size * length for length in of.volume.shape)
    with style():
        figure, (side, top) = blank(9.0, 4.2, 1, 2, gridspec_kw={"width_ratios": (1.35, 1.0)})
        edges = [size * np.nanmedian(of.phases.surfaces.even[k]) for k in range(2)]
        columns = np.nonzero(layout.columns)
        left, right = (size * layout.step * (f(columns[1]) + 0.5) for f in (np.min, np.max))
        side.axhspan(0.0, edges[0], color="#c9ccd1", lw=0)
        side.axhspan(edges[1], z, color="#c9ccd1", lw=0)
        side.axhspan(edges[0], edges[1], color="#f3efe4", lw=0)
        for k, (one, at) in enumerate(zip(of.filaments.each, of.filaments.bodies, strict=True)):
            colour = COLOURS[k % len(COLOURS)]
            _shadow(side, at[:, [0, 2]], (of.volume.shape[0], of.volume.shape[2]), size, colour)
            _shadow(top, at[:, [1, 2]], (of.volume.shape[1], of.volume.shape[2]), size, colour)
            if one.reach is not None and of.difference is None:
                _doubt(side, of, at, one.reach, colour, size)
        side.set(
            xlim=(left, right),
            ylim=(z, 0.0),
            xlabel="x / µm",
            ylabel="through plane / µm",
            title=_answer(of),
            aspect="auto",
        )
        for k, place in enumerate((0.5 * edges[0], 0.5 * (edges[1] + z))):
            side.text(0.5 * (left + right), place, of.volume.ends[k], ha="center", va="center", color=INK)
        side.grid(False)
        top.contour(
            *(size * layout.step * (np.arange(n) + 0.5) for n in layout.columns.shape[::-1]),
            layout.columns.astype(float), [0.5], colors=MUTED, linewidths=0.8,
        )  # fmt: skip
        top.set(xlim=(0, x), ylim=(y, 0), aspect="equal", xlabel="x / µm", ylabel="y / µm", title="from above")
        top.grid(False)
        if of.filaments.each:
            marks = [
                Patch(color=COLOURS[k % len(COLOURS)], label=f"{one.number}: spans {one.spans}, {one.content.kind}")
                for k, one in enumerate(of.filaments.each[:5])
            ]
            top.legend(handles=marks, loc="upper left", bbox_to_anchor=(0.0, -0.16), ncols=1, title="filaments")
    return figure


def _answer(of: Tomogram) -> str:
    return {"yes": "Crosses", "no": "Does not cross", "cannot tell": "Cannot tell whether it crosses"}[of.spans]


def _doubt(axes: Axes, of: Tomogram, at: np.ndarray, reach: tuple[float, float], colour: str, size: float) -> None:
    """A bracket from the least to the most depth."""
    assert of.phases is not None
    first = of.filaments is not None and at[:, 0].min() < np.nanmedian(of.phases.surfaces.even[0]) + 10
    edge = size * np.nanmedian(of.phases.surfaces.even[0 if first else 1])
    sign = 1.0 if first else -1.0
    place = size * float(at[:, 2].max()) + 0.01 * size * of.volume.shape[2]
    axes.plot([place, place], [edge + sign * MICRON * one for one in reach], color=colour, lw=2.0, alpha=0.5)


def _shadow(axes: Axes, at: np.ndarray, shape: tuple[int, int], size: float, colour: str) -> None:
    """What a filament covers of a plane, as an image of at most 500 pixels a side."""
    step = max(1, max(shape) // 500)
    mask = np.zeros([-(-length // step) for length in shape])
    mask[tuple((at // step).T)] = 1.0
    image = np.zeros((*mask.shape, 4))
    image[..., :3], image[..., 3] = to_rgb(colour), mask
    extent = (0.0, size * step * mask.shape[1], size * step * mask.shape[0], 0.0)
    axes.imshow(image, extent=extent, interpolation="nearest", aspect="auto", zorder=3)


def slices_figure(of: Tomogram) -> Figure:
    """Three orthogonal slices with the interfaces, what is dark, and the filaments; through the first filament."""
    at = _middle(of)
    with style():
        figure, axes = blank(9.0, 3.9, 1, 3)
        for axis, panel in zip((1, 2, 0), axes, strict=True):
            draw_slice(panel, of.volume, axis, at[axis], of.phases)
            if of.filaments is not None:
                for k, body in enumerate(of.filaments.bodies):
                    _overlay(panel, of, body, axis, at[axis], COLOURS[k % len(COLOURS)])
            name = "zyx"[axis]
            panel.set_title(
                f"{'slice' if axis == 0 else 'cut'} at {name} = {at[axis] * MICRON * of.volume.voxel_size:.4g} µm"
            )
    return figure


def _middle(of: Tomogram) -> tuple[int, int, int]:
    """Voxel the slices go through: the middle of the deepest filament, else that of the volume."""
    if of.filaments is not None and of.filaments.bodies:
        body = of.filaments.bodies[0]
        z = int(np.median(body[:, 0]))
        near = body[np.abs(body[:, 0] - z) <= 1]
        return z, int(np.median(near[:, 1])), int(np.median(near[:, 2]))
    z, y, x = of.volume.shape
    return z // 2, y // 2, x // 2


def draw_slice(axes: Axes, volume: Volume, axis: int, at: int, phases: Phases | None, thick: int = 1) -> None:
    """A slice across `axis` at voxel `at`, in um; with the interfaces, where there is a pellet."""
    binned = _binned(volume)
    level = volume.level(binned)
    place = min(at // binned, level.shape[axis] - 1)
    low, high = max(0, place - thick // 2), min(place + thick // 2 + 1, level.shape[axis])
    part: list[Any] = [slice(None)] * 3
    part[axis] = slice(low, high)
    image = np.asarray(level[tuple(part)], float).mean(axis=axis)
    size = MICRON * volume.voxel_size
    z, y, x = (size * length for length in volume.shape)
    if phases is not None:
        greys = phases.layout.greys
        limits = (greys.dark - 0.4 * greys.contrast, greys.electrolyte + 0.4 * greys.contrast)
    else:
        limits = tuple(np.quantile(image[np.isfinite(image)], (0.01, 0.99)))
    extent = {0: (0, x, y, 0), 1: (0, x, z, 0), 2: (0, y, z, 0)}[axis]
    axes.imshow(image, cmap="gray", vmin=limits[0], vmax=limits[1], extent=extent, interpolation="nearest")
    axes.set(xlabel=f"{'yx'[axis != 2]} / µm", ylabel="y / µm" if axis == 0 else "z / µm")
    axes.grid(False)
    if phases is not None and axis:
        for k in range(2):
            line = surface_at(phases, k, at, axis - 1)
            axes.plot(size * (np.arange(len(line)) + 0.5), size * (line + 0.5), color=BLUE, lw=0.8)


def _binned(volume: Volume) -> int:
    return next((b for b in (1, 2, 4, 8) if b == 8 or max(volume.shape) / b <= PIXELS), 8)


def _overlay(axes: Axes, of: Tomogram, body: np.ndarray, axis: int, at: int, colour: str) -> None:
    """Outline of a filament in a slice."""
    near = body[np.abs(body[:, axis] - at) <= 1]
    if not len(near):
        return
    rows, columns = ((1, 2), (0, 2), (0, 1))[0 if axis == 0 else axis]
    size = MICRON * of.volume.voxel_size
    low = near[:, [rows, columns]].min(axis=0) - 2
    mask = np.zeros(near[:, [rows, columns]].max(axis=0) - low + 3, bool)
    mask[tuple((near[:, [rows, columns]] - low).T)] = True
    grid = [size * (low[k] + np.arange(mask.shape[k]) + 0.5) for k in range(2)]
    axes.contour(grid[1], grid[0], mask.astype(float), [0.5], colors=colour, linewidths=1.0)


def draw_deepest(axes: Axes, of: Tomogram) -> None:
    """The plane of the deepest filament, or the middle of a volume without one, with all filaments that it cuts."""
    axis, at = 1, of.volume.shape[1] // 2
    bodies = of.filaments.bodies if of.filaments is not None else ()
    if bodies:
        spread = bodies[0][:, 1:].std(axis=0)
        axis = 1 if spread[0] <= spread[1] else 2
        at = int(np.median(bodies[0][:, axis]))
    draw_slice(axes, of.volume, axis, at, of.phases, thick=3)
    for body in bodies:
        _overlay(axes, of, body, axis, at, RED)


def filament_figure(of: Tomogram) -> Figure:
    """The plane of the deepest filament, now and before, if there was a scan from before."""
    assert of.filaments is not None
    assert of.phases is not None
    body = of.filaments.bodies[0]
    spread = body[:, 1:].std(axis=0)
    axis = 1 if spread[0] <= spread[1] else 2
    at = int(np.median(body[:, axis]))
    panels = 1 if of.difference is None else 3
    with style():
        figure, axes = blank(4.6 * min(panels, 2) if panels == 1 else 9.0, 3.9, 1, panels, squeeze=False)
        first = axes[0, -1] if panels == 3 else axes[0, 0]
        draw_slice(axes[0, min(1, panels - 1)], of.volume, axis, at, of.phases, thick=3)
        axes[0, min(1, panels - 1)].set_title("now" if panels == 3 else "plane of the deepest filament")
        _overlay(axes[0, min(1, panels - 1)], of, body, axis, at, RED)
        if of.difference is not None:
            _before_panel(axes[0, 0], of, axis, at)
            _fall_panel(first, of, axis, at)
    return figure


def _before_panel(axes: Axes, of: Tomogram, axis: int, at: int) -> None:
    """The same plane in the earlier scan, laid on the later one."""
    from scipy.ndimage import map_coordinates

    assert of.difference is not None
    assert of.phases is not None
    before, binned = of.difference.before, _binned(of.volume)
    z, y, x = of.volume.shape
    rows, columns = np.arange(0, z, binned), np.arange(0, (y, x)[axis == 1], binned)
    grid = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    points = np.insert(grid, axis, at, axis=1).astype(float)
    there = of.difference.placement.at(points)
    level = before.level(min(max(binned, 2), 2 ** len(before.coarse)))
    ratio = before.shape[0] / level.shape[0]
    image = map_coordinates(np.asarray(level[:], np.float32), ((there + 0.5) / ratio - 0.5).T, order=1, mode="constant")
    greys, size = of.phases.layout.greys, MICRON * of.volume.voxel_size
    extent = (0, size * (y, x)[axis == 1], size * z, 0)
    axes.imshow(
        image.reshape(len(rows), len(columns)), cmap="gray", extent=extent, interpolation="nearest",
        vmin=greys.dark - 0.4 * greys.contrast, vmax=greys.electrolyte + 0.4 * greys.contrast,
    )  # fmt: skip
    axes.set(xlabel=f"{'yx'[axis != 2]} / µm", ylabel="z / µm", title="before, laid on it")
    axes.grid(False)


def _fall_panel(axes: Axes, of: Tomogram, axis: int, at: int) -> None:
    """How much darker that plane became."""
    assert of.difference is not None
    part: list[Any] = [slice(None)] * 3
    part[axis] = slice(max(0, at - 1), at + 2)
    fall = np.asarray(of.difference.fall[tuple(part)]).max(axis=axis) / 100.0
    fall[fall < 0.5 * of.difference.drop] = 0.0  # noise
    size = MICRON * of.volume.voxel_size
    extent = (0, size * fall.shape[1], size * fall.shape[0], 0)
    drawn = axes.imshow(fall, cmap="magma_r", vmin=0.0, vmax=1.0, extent=extent, interpolation="nearest")
    axes.set(xlabel=f"{'yx'[axis != 2]} / µm", ylabel="z / µm", title="became darker by")
    axes.grid(False)
    axes.figure.colorbar(drawn, ax=axes, label="contrast to the electrolyte", shrink=0.7)


def depth_figure(of: Tomogram) -> Figure:
    """Share of each row that is dark against its depth, at three thresholds."""
    depth, shares = of.dark_by_depth()
    assert of.phases is not None
    with style():
        figure, axes = blank(9.0, 3.2)
        x = MICRON * depth
        axes.fill_between(
            x, 100 * shares[0], 100 * shares[2], color=BLUE, alpha=0.25, lw=0, label="thresholds 0.4 to 0.6"
        )
        axes.plot(x, 100 * shares[1], color=BLUE, label=f"threshold {SHARES[1]:g}")
        axes.set(
            xlabel=f"depth from {of.volume.ends[0]} / µm", ylabel="dark share of the pellet / %", ylim=(0, None),
            title="Dark share against depth",
        )  # fmt: skip
        thick = MICRON * of.phases.layout.thickness * of.volume.voxel_size
        other = axes.secondary_xaxis("top", functions=(lambda d: thick - d, lambda d: thick - d))
        other.set_xlabel(f"depth from {of.volume.ends[1]} / µm")
        axes.legend()
    return figure


def histogram_figure(of: Tomogram) -> Figure:
    """Greys of the volume with the references and thresholds."""
    level = of.volume.level(min(2, 2 ** len(of.volume.coarse)))
    step = max(1, level.shape[0] // 24)
    greys = np.concatenate([np.asarray(level[k : k + 1], np.float64).ravel() for k in range(0, level.shape[0], step)])
    outside = of.volume.not_measured(greys)
    greys = greys[np.isfinite(greys) if outside is None else np.isfinite(greys) & ~outside]
    with style():
        figure, axes = blank(9.0, 3.2)
        axes.hist(greys, bins=256, range=tuple(np.quantile(greys, (0.0005, 0.9995))), color=MUTED, lw=0)
        axes.set(xlabel="grey (means of 2 x 2 x 2 voxels)", ylabel="voxels", yscale="log", title="Greys and references")
        axes.set_ylim(1.0, None)
        if of.phases is not None:
            reference = of.phases.layout.greys
            void = of.filaments.void if of.filaments is not None else None
            marks = [("electrolyte", reference.electrolyte, GREEN)]
            if reference.lithium is not None:
                marks.append(("lithium", reference.lithium, BLUE))
            if void is not None:
                marks.append(("empty pores", reference.electrolyte - void.value * reference.contrast, VIOLET))
            for name, grey, colour in marks:
                axes.axvline(grey, color=colour, lw=1.4, label=name)
            for share in SHARES:
                axes.axvline(reference.dark + share * reference.contrast, color=INK, lw=0.8, ls=":")
            axes.plot([], [], color=INK, lw=0.8, ls=":", label="thresholds 0.4, 0.5, 0.6")
            axes.legend()
    return figure
