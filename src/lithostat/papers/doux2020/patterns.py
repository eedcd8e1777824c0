"""Figure 5, lower half: Mo K-alpha patterns of the 2 mm cell before and after its short, and what they can carry.

The paper prints no counts, widths or weights. The patterns here are simulated, with counts that a laboratory tube
gives through such a cell, and with the products that full reduction of a part of the electrolyte leaves; they say what
such a measurement shows and what it cannot show.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from lithostat.diffraction.calls import percent
from lithostat.diffraction.chemistry import chemistry, reduction
from lithostat.diffraction.figures import pattern_figure, zoom_figure
from lithostat.diffraction.identify import Question, identify
from lithostat.diffraction.instrument import Instrument
from lithostat.diffraction.library import made_of
from lithostat.diffraction.plan import Planned, plan
from lithostat.diffraction.profile_matching import HEIGHTS, LINES, foreign_share
from lithostat.diffraction.simulate import Counting, exposure, simulate_pattern
from lithostat.diffraction.study import PatternStudy
from lithostat.experiment.radiation import read_lines
from lithostat.experiment.report import Column, Drawing, Section, Table
from lithostat.materials.phase import find_phase, phases

HOST = "Li6PS5Cl"
REDUCED = 0.10  # of the electrolyte in the beam, by mass: assumed, so that every product is above what would be seen
METAL = 0.02  # of lithium in the pellet, by mass: assumed
RANGE = (6.0, 35.0)  # degrees
COUNTS, UNDER = 1e4, 2e3  # of the highest line, and of the background
WIDTHS = (0.10, 0.30)  # degrees; a focused and a plain beam through a tube of 2 mm
WHERE = (9.0, 25.0)  # degrees, between which the foreign lines lie
SEEDS = tuple(range(4))
NAMED = ("Li3P7", "P (white, alpha)")  # what the paper's profile matching names beside Li2S and LiCl
TOLD = ("Li2S", "LiCl")


@dataclass(frozen=True, eq=False)
class Figure5:
    """Studies of the simulated patterns, shares of foreign lines by width [deg] and phase, and the plan for lithium."""

    before: PatternStudy
    after: PatternStudy
    shares: dict[float, dict[str, float]]
    plan: tuple[Planned, ...]

    def figures(self) -> dict[str, Figure]:
        """The figures by name."""
        drawn = {
            "figure 5a": pattern_figure(self.before, "electrolyte before plating and stripping (simulated)"),
            "figure 5b": pattern_figure(self.after, "electrolyte after the short (simulated)"),
        }
        zoomed = zoom_figure(self.after)
        return drawn | ({"figure 5b lines": zoomed} if zoomed is not None else {})


def figure_5() -> Figure5:
    """Simulate and study both patterns."""
    instrument = Instrument(read_lines("Mo Ka"), "transmission", "zero")
    host = find_phase(HOST)
    sought = made_of((card for card in phases().values() if card.kind != "hump"), ("Li", "P", "S", "Cl"))
    ask = partial(Question, sought, host=(host,), spread=False)
    before = identify(simulate_pattern({host: 1.0}, instrument, _counted(WIDTHS[0]), 1), ask())
    mixture = {host: 1.0 - REDUCED - METAL, find_phase("Li"): METAL}
    mixture |= {find_phase(name): REDUCED * share for name, share in reduction("Cl").products.items()}
    after = identify(simulate_pattern(mixture, instrument, _counted(WIDTHS[0]), 2), ask())
    told = [find_phase(name) for name in (*NAMED, *TOLD)]
    between = (float(np.radians(WHERE[0])), float(np.radians(WHERE[1])))
    shares = {width: foreign_share(host, told, instrument, _counted(width), between, SEEDS) for width in WIDTHS}
    lithium = before.call("Li")
    limits = [lithium.limit] if lithium is not None and lithium.limit is not None else []
    return Figure5(before, after, shares, plan(before, limits))


def _counted(width: float) -> Counting:
    return exposure(np.radians(RANGE[0]), np.radians(RANGE[1]), np.radians(width), COUNTS, UNDER)


def figure_5_section(made: Figure5, drawings: tuple[Drawing, ...]) -> Section:
    """What the figure says, for the paper's page."""
    calls = [call for call in made.after.calls if call.call in ("present", "possible") or call.name in ("Li", *NAMED)]
    table = Table(
        "",
        (
            Column("phase", tuple(call.name for call in calls)),
            Column("put in", tuple(_put_in(made, call.name) for call in calls), True),
            Column("called", tuple(call.call for call in calls)),
            Column("found", tuple(percent(call.weight) if np.isfinite(call.weight) else "" for call in calls), True),
            Column("why", tuple(call.why for call in calls)),
        ),
        open=True,
    )
    return Section(
        "Figure 5: what the diffraction patterns can carry",
        text=(
            "The paper prints no counts, widths or amounts. These patterns are simulated: Mo K-alpha, "
            f"{COUNTS:.0f} counts over a background of {UNDER:.0f}, lines {WIDTHS[0]:.2f} degrees wide, "
            f"{100 * REDUCED:.0f} % of the electrolyte fully reduced and {100 * METAL:.0f} % of lithium in the "
            "pellet, by mass, both assumed.",
        ),
        points=sentences(made),
        drawings=drawings,
        findings=chemistry(made.after),
        tables=(table,),
    )


def _put_in(made: Figure5, name: str) -> str:
    share = made.after.pattern.source["simulated"].get(name)
    return percent(share) if share is not None else "none"


def sentences(made: Figure5) -> tuple[str, ...]:
    """What holds for the paper's own claims, with its figures."""
    lithium, narrow, wide = made.before.call("Li"), made.shares[WIDTHS[0]], made.shares[WIDTHS[1]]
    matched = "; ".join(f"{name} {100 * narrow[name]:.0f} and {100 * wide[name]:.0f} %" for name in NAMED)
    real = " and ".join(
        f"{name} {100 * max(narrow[name], 0):.0f} and {100 * max(wide[name], 0):.0f} %" for name in TOLD
    )
    said = [
        f"P4 and Li3P7 cannot rest on profile matching: of {LINES} weak lines that belong to nothing (at random "
        f"angles, {100 * HEIGHTS[0]:.0f} to {100 * HEIGHTS[1]:.0f} % of the highest), their cells with free "
        f"intensities explain, at widths of {WIDTHS[0]:.2f} and {WIDTHS[1]:.2f} degrees: {matched} (for comparison, "
        f"with free intensities too: {real}). They are not called present here, whatever the fit.",
        f"Li2S and LiCl can be held to the intensities of their structures, and then {_seen(made)}.",
    ]
    if lithium is not None and lithium.limit is not None:
        said.append(
            f"That lithium was not detected in the pellet says little: it would have been called from "
            f'{percent(lithium.limit.weight)} by weight ({percent(lithium.limit.volume)} by volume) on. "Not detected" '
            'holds, "no lithium" would not.'
        )
    said += [
        f"To call {percent(each.wanted)} of lithium by weight, such a pattern would have to be counted "
        f"{each.times:.2g} times as long."
        for each in made.plan
        if np.isfinite(each.times)
    ]
    return tuple(said)


def _seen(made: Figure5) -> str:
    parts = [
        f"{call.name} ({_put_in(made, call.name)} put in) is {call.call}"
        for name in TOLD
        if (call := made.after.call(name)) is not None
    ]
    return " and ".join(parts)
