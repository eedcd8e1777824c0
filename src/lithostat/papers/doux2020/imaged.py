"""Figure 5, upper half, and Figures 4 d-f in three dimensions: what a scan and a pellet would show.

The paper scanned a 2 mm cell at about 1 um before cycling and after a short at 25 MPa. Its volumes are not published,
so that the same states are made: the depth of lithium is the paper's, its shape along grain boundaries and its width
are assumed, and how it looks is that of a scan at 1.18 um. What is then said of it is said by `lithostat tomogram`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from lithostat.experiment.volume import Volume, VolumeState, in_memory
from lithostat.microstructure.front import Front, creep_front
from lithostat.microstructure.pellet import Pellet, make_pellet
from lithostat.papers.row import Row
from lithostat.show.style import MUTED, RED, blank, style
from lithostat.tomography.figures import draw_deepest
from lithostat.tomography.phantom.phantom import Camera, Phantom, Strand
from lithostat.tomography.phantom.scan import Scan
from lithostat.tomography.study import study_volume
from lithostat.tomography.tomogram import Tomogram

MICRON = 1e6
THROAT = 1.5e-6  # m, diameter: twice the radius that the interface card was calibrated to
OPENED = 9.0e-6  # m, of a grain boundary that lithium opened; assumed
VOID = 0.18  # of a pellet of 82 % density
CREPT = 3600.0  # s
_CAMERA = Camera(rings=0.02, cupping=0.02, fringes=0.02)
_CELL = Phantom(shape=(176, 120, 120), pores="spheres", seed=5, camera=_CAMERA)
PRESSURES = (5e6, 25e6, 75e6)


class Imaged(NamedTuple):
    """A cell before cycling, after a short at 25 MPa (held against that) and after one at 75 MPa (likewise); a made
    pellet and the front of lithium in it."""

    before: Tomogram
    shorted: Tomogram
    crept: Tomogram
    pellet: Pellet
    front: Front


def imaged(progress: Callable[[str], None] | None = None) -> Imaged:
    """Make the three scans and the pellet, and read them."""
    tell = progress or (lambda _: None)
    tell("figure 5")
    size = _CELL.voxel_size
    wide = (Strand(reach=1.0, width=OPENED / size), Strand(reach=0.55, width=OPENED / size, at=(-0.35, 0.3)))
    thin = tuple(Strand(reach=1.0, width=THROAT / size, at=at) for at in ((0.1, -0.2), (-0.3, 0.3)))
    first = _scan(_CELL, "before", None)
    later = replace(_CELL, camera=replace(_CAMERA, noise_seed=2))
    shorted = study_volume(_scan(replace(later, strands=wide), "after", 25e6), before=first)
    crept = study_volume(_scan(replace(later, strands=thin), "after", 75e6), before=first)
    tell("figure 4 d-f")
    pellet = make_pellet("blobs", void=VOID, shape=(64, 64, 64), voxel_size=0.5e-6, feature=3e-6, seed=1)
    return Imaged(study_volume(first), shorted, crept, pellet, creep_front(pellet))


def _scan(phantom: Phantom, stage: str, pressure: float | None) -> Volume:
    greys = Scan(phantom)[0 : phantom.shape[0]]
    ends = ("electrode 1", "electrode 2")
    state = VolumeState(stage, pressure)
    return in_memory(greys, voxel_size=phantom.voxel_size, outside=0.0, ends=ends, state=state, name="made cell")


def rows(of: Imaged) -> tuple[Row, ...]:
    """What the paper saw beside what is said of the made scans."""
    assert of.before.filaments is not None
    before, shorted = of.before.filaments.each, of.shorted
    contents = [one.content.kind for one in shorted.filaments.each] if shorted.filaments else []
    resolution = MICRON * (of.crept.resolution or 0.0)
    return (
        Row(
            id="fig5-before", what="filaments seen before cycling", measured=0.0, simulated=float(len(before)), unit="",
            verdict="none" if not before else "seen where there is none", passed=not before, target="none", tag="P",
            measured_text="none", note="made scan at 1.18 um, not the paper's",
        ),
        Row(
            id="fig5-25MPa", what="dark matter crosses after the short at 25 MPa", measured=None, simulated=None,
            unit="", verdict=f"crosses: {shorted.spans}", passed=shorted.spans == "yes", target="seen", tag="P",
            measured_text="large structures",
            note=f"lithium or void: {', '.join(contents) or 'nothing seen'}; shape and width of 9 um assumed",
        ),
        Row(
            id="fig5-75MPa", what="lithium seen after the short at 75 MPa", measured=None, simulated=None, unit="",
            verdict="seen" if of.crept.spans == "yes" else "not seen: too thin for the scan", passed=None,
            target="", tag="D",
            note=f"made as wide as the model's throats, 1.5 um; nothing thinner than {resolution:.2g} um can be seen",
        ),
    )  # fmt: skip


def figure_5(of: Imaged) -> Figure:
    """The three states cut through their deepest filament."""
    with style():
        figure, axes = blank(9.6, 4.4, 1, 3)
        titles = ("before cycling", "after the short at 25 MPa", "after the short at 75 MPa")
        for axis, title, one in zip(axes, titles, (of.before, of.shorted, of.crept), strict=True):
            draw_deepest(axis, one)
            said = f"crosses: {one.spans}"
            if one.spans == "no" and one.resolution is not None:
                said = f"nothing wider than {MICRON * one.resolution:.2g} µm crosses"
            axis.set_title(f"{title}\n{said}")
    return figure


def creep_pellet_figure(of: Imaged) -> Figure:
    """Lithium that crept through the pores of a made pellet for an hour, at three pressures, in one cut."""
    void, size = of.pellet.void, MICRON * of.pellet.voxel_size
    at, middle = of.front.at, void.shape[2] // 2
    with style():
        figure, axes = blank(9.6, 3.6, 1, 3)
        for axis, pressure in zip(axes, PRESSURES, strict=True):
            deep = of.front.depth_at(CREPT, pressure)
            filled = np.zeros(void.shape[:2], bool)
            inside = of.front.reached(CREPT, pressure) & (at[:, 2] == middle)
            filled[at[inside, 0], at[inside, 1]] = True
            image = np.where(void[:, :, middle], 1, 0) + filled
            colours = np.array([[0.953, 0.937, 0.894], [0.62, 0.66, 0.70], [0.776, 0.231, 0.231]])
            axis.imshow(colours[image], extent=(0, size * void.shape[1], size * void.shape[0], 0))
            axis.axhline(MICRON * deep, color=RED, lw=1.0, ls="--")
            axis.grid(False)
            axis.set(title=f"{1e-6 * pressure:.0f} MPa: {MICRON * deep:.1f} µm deep", xlabel="y / µm")
        axes[0].set_ylabel("from electrode 1 / µm", color=MUTED)
    return figure
