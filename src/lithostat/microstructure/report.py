"""A pellet as a report: whether its pores connect, how fast lithium creeps through, what that means for the model."""

from __future__ import annotations

import math
from typing import Any

from lithostat.experiment.finding import Finding
from lithostat.experiment.quantity import span
from lithostat.experiment.report import Drawing, Number, Report, Section, Table, Tone, table_of
from lithostat.materials.card import find
from lithostat.microstructure import figures
from lithostat.microstructure.study import CARD, PelletStudy

MICRON = 1e6


def pellet_report(of: PelletStudy) -> Report:
    """What a pellet says to a person."""
    faces, corners = of.connectivity
    through = "yes" if faces.spanning[0] else "cannot tell" if corners.spanning[0] else "no"
    tone: Tone = {"yes": "bad", "no": "good", "cannot tell": "doubtful"}[through]  # type: ignore[assignment]
    word = {"yes": "connected", "no": "closed", "cannot tell": "cannot tell"}[through]
    answer = {
        "yes": "Pores join both electrodes: lithium can creep all the way.",
        "no": "No pore joins both electrodes at this resolution.",
        "cannot tell": "Pores join both electrodes only where voxels touch at corners.",
    }[through]
    pellet = of.pellet
    shape = " x ".join(map(str, pellet.void.shape))
    made = f"made of {pellet.kind}, seed {pellet.seed}" if pellet.kind != "measured" else f"from {pellet.source}"
    return Report(
        title=f"Pellet {made}",
        answer=answer,
        word=word,
        tone=tone,
        lead=f"{shape} voxels of {MICRON * pellet.voxel_size:.4g} µm, {made}",
        numbers=(
            Number(f"{100 * pellet.porosity:.3g} %", "void"),
            Number(f"{100 * faces.reached:.3g} %", "of the pores are open to electrode 1"),
            *_times(of),
        ),
        sections=_sections(of),
        warnings=of.warnings,
        data=_data(of),
        source=pellet.source or made,
    )


def _times(of: PelletStudy) -> list[Number]:
    made = []
    for pressure in (of.pressures[0], of.pressures[-1])[: len(of.pressures)]:
        time = of.time_through(pressure)
        said = "never" if math.isinf(time) else f"at least {span(time)}"
        made.append(Number(said, f"to creep through the block at {1e-6 * pressure:.3g} MPa"))
    return made


def _sections(of: PelletStudy) -> tuple[Section, ...]:
    def drawing(name: str, caption: str) -> Drawing:
        return Drawing(name, lambda: getattr(figures, f"{name}_figure")(of), caption)

    linked = [drawing("slice", "A cut through the middle.")]
    if of.densities:
        linked.append(drawing("density", "The same recipe at other shares of void."))
    focused = (drawing("focusing", "A rod of lithium in the middle of the block."),) if of.focused else ()
    return (
        Section("Do pores connect?", drawings=tuple(linked), tables=_connected(of), paired=True),
        Section(
            "Creep",
            drawings=(
                drawing("front", "Side branches are left out, so that times are lower bounds."),
                drawing("throat", "Grey: patches of a sixteenth of the area."),
            ),
            tables=_creep(of),
            paired=True,
        ),
        Section("Current", drawings=focused, findings=_findings(of)),
    )


def _connected(of: PelletStudy) -> tuple[Table, ...]:
    rows: list[dict[str, str]] = [
        {
            "neighbours": f"{one.neighbours}",
            "joins z, y, x": ", ".join("yes" if k else "no" for k in one.spanning),
            "open / %": f"{100 * one.reached:.3g}",
            "through / %": f"{100 * one.through:.3g}",
            "narrowest / µm": f"{MICRON * narrow.radius:.3g}" if narrow.radius else "",
        }
        for one, narrow in zip(of.connectivity, of.bottlenecks, strict=True)
    ]
    return (table_of("Connected pores", rows, numeric=("open / %", "through / %", "narrowest / µm"), brief=True),)


def _creep(of: PelletStudy) -> tuple[Table, ...]:
    throats, times = [], []
    for one in of.throats:
        depth = f"{MICRON * one.depth:.3g}"
        throats.append(
            {
                "depth / µm": depth,
                "fastest / µm": _or_none(MICRON * one.radius),
                "median of patches / µm": _or_none(MICRON * one.median),
                "scatter of ln r": _or_none(one.scatter),
            }
        )
        row = {"depth / µm": depth}
        for pressure in of.pressures:
            time = of.front.time_to(one.depth, pressure)
            row[f"{1e-6 * pressure:.3g} MPa"] = "never" if math.isinf(time) else span(time)
        times.append(row)
    return (
        table_of("When lithium is as deep (at least)", times, numeric=("depth / µm",), brief=True),
        table_of("Throat radius with depth", throats, numeric=tuple(throats[0]), brief=True),
    )


def _or_none(value: float) -> str:
    return f"{value:.3g}" if math.isfinite(value) else ""


def _findings(of: PelletStudy) -> tuple[Finding, ...]:
    found = [
        Finding(
            "tortuosity of the solid",
            of.solid.tortuosity if math.isfinite(of.solid.tortuosity) else None,
            "",
            (f"{100 * of.solid.connected:.3g} % of the block conducts from end to end",),
            formula="share / effective conductivity",
        )
    ]
    radius = of.throats[0].radius if of.throats else float("nan")
    card = find(CARD).value("throat_radius").value
    if math.isfinite(radius):
        found.append(
            Finding(
                "throat_radius for the model", MICRON * radius, "um",
                (f"at {MICRON * of.throats[0].depth:.3g} um; calibrated on shorts: {MICRON * card:.3g} um, "
                 f"a factor {radius / card:.2g}",),
                formula="s / ((n + 1) T)^(1/(n + 1))",
            )
        )  # fmt: skip
    if of.focused is not None:
        found.append(
            Finding(
                "structure_factor for the model", of.focused.structure_factor, "",
                (f"reach {MICRON * of.focused.reach:.3g} um, rod {MICRON * of.focused.width:.2g} um wide",),
                formula="g = 1 + k a / (sigma ASR)",
            )
        )  # fmt: skip
    return tuple(found)


def _data(of: PelletStudy) -> dict[str, Any]:
    """Plain data, SI; what never happens is None."""

    def number(value: float) -> float | None:
        return float(value) if math.isfinite(value) else None

    return {
        "pellet": {
            "kind": of.pellet.kind,
            "porosity": of.pellet.porosity,
            "shape": list(of.pellet.void.shape),
            "voxel_size_m": of.pellet.voxel_size,
            "feature_m": of.pellet.feature,
            "seed": of.pellet.seed,
            "source": of.pellet.source,
        },
        "connectivity": [one._asdict() for one in of.connectivity],
        "bottlenecks": [{"radius_m": one.radius, "neighbours": one.neighbours} for one in of.bottlenecks],
        "densities": [
            {"void": one.void, "spans_faces": one.faces.spanning[0], "spans_corners": one.corners.spanning[0]}
            for one in of.densities
        ],
        "times": [
            {"pressure_pa": pressure, "depth_m": one.depth, "time_s": number(of.front.time_to(one.depth, pressure))}
            for pressure in of.pressures
            for one in of.throats
        ],
        "throats": [
            {
                "depth_m": one.depth,
                "radius_m": number(one.radius),
                "median_m": number(one.median),
                "scatter_ln": number(one.scatter),
            }
            for one in of.throats
        ],
        "solid": {"share": of.solid.share, "tortuosity": number(of.solid.tortuosity)},
        "focusing": None
        if of.focused is None
        else {
            "reach_m": of.focused.reach,
            "structure_factor": of.focused.structure_factor,
            "table": of.focused.as_rows(),
        },
        "parameters": {
            name: value
            for name, value in (
                ("throat_radius", number(of.throats[0].radius) if of.throats else None),
                ("structure_factor", of.focused.structure_factor if of.focused else None),
            )
            if value is not None
        },
    }
