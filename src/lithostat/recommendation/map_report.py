"""What a regime map says: how many of its points end in which way, and the map itself."""

from __future__ import annotations

import functools
from pathlib import Path

from lithostat.experiment.report import Drawing, Report, Section, table_of
from lithostat.recommendation.chunks import KINDS
from lithostat.recommendation.map_figure import map_figure
from lithostat.recommendation.regime_map import RegimeMap


def map_report(made: RegimeMap, title: str = "", folder: Path | None = None) -> Report:
    """The report of a map, which lies in `folder`."""
    counts = {kind: int((made.outcome == index).sum()) for index, kind in enumerate(KINDS)}
    counts = {kind: count for kind, count in counts.items() if count}
    size = made.outcome.size
    most = max(counts, key=lambda kind: counts[kind])
    rows = [{"how the median cell ends": kind, "points": f"{count} of {size}"} for kind, count in counts.items()]
    return Report(
        title=title or "regime map",
        answer=f"{made.x.name} against {made.y.name}: {most} at {counts[most]} of {size} points",
        sections=(
            Section("", drawings=(Drawing("map", functools.cache(lambda: map_figure(made, title=title))),)),
            Section("How cells end", tables=(table_of("", rows, numeric=("points",), brief=True),)),
        ),
        warnings=made.warnings,
        data={"points": size, "outcomes": counts},
        source="a sweep" if folder is None else f"the map in {folder.name}",
    )
