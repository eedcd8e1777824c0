"""The answer to which pressure as a report: for a new lab and for the lab whose cells are known, and why."""

from __future__ import annotations

import functools

from lithostat.calibration.calibration import Calibration
from lithostat.experiment.quantity import show
from lithostat.experiment.report import Drawing, Number, Report, Section, Table, table_of
from lithostat.recommendation.answer import Recommendation, drawn_window, percent
from lithostat.show.window_figure import window_figure

WITHHELD = "withheld: data and model do not fit together"
NOTHING = "no pressure"


def recommendation_report(made: Recommendation, calibration: Calibration, title: str = "") -> Report:
    """What `recommend` found of `calibration`."""
    said = made.as_dict()
    draw = functools.cache(lambda: window_figure(drawn_window(made, calibration), title=title))
    known = () if made.of_lab is None else (made.of_lab.sentence(), made.difference() or "")
    ends = tuple(f"{side} end: {end.why}" for side, end in zip(("low", "high"), made.limited_by, strict=True))
    return Report(
        title=title or "which pressure",
        answer=f"for a new lab, {made.sentence()}",
        numbers=_numbers(made),
        sections=(
            Section("", drawings=(Drawing("window", draw),)),
            Section("The lab whose cells these are", points=known, spoken=True),
            Section("Why the window ends", points=ends, spoken=True),
            Section("The next cell", points=(f"next cell: {made.next_cell.why()}",), spoken=True),
            Section("Windows by the risk that is accepted", tables=(_windows(made),)),
        ),
        warnings=made.warnings,
        data=said,
        source=f"{len(calibration.data.names)} observations and a posterior ({calibration.diagnostics.method})",
    )


def _numbers(made: Recommendation) -> tuple[Number, ...]:
    """Those that matter; where all cells fail no pressure is praised."""
    low, high = (percent(share) for share in made.probability_interval)
    lasts = Number(f"{low} to {high}", "chance that a cell at the best pressure lasts, 90 % interval")
    if made.hopeless:
        return (lasts,)
    if made.interval is None:
        return (Number(WITHHELD, "best pressure, 90 % interval", "bad"), lasts)
    ends = " to ".join(f"{end / 1e6:.2g}" for end in made.interval)
    best = show(made.best, "pressure", 2)
    return (Number(best, "best pressure"), Number(f"{ends} MPa", "best pressure, 90 % interval"), lasts)


def _windows(made: Recommendation) -> Table:
    """The window for every share of failures that one may accept."""
    rows = []
    for level, pair in made.as_dict()["windows_mpa"].items():
        ends = [] if pair is None else ["open" if end is None else f"{end:.2g}" for end in pair]
        shown = f"{' to '.join(ends)} MPa" if ends else NOTHING
        rows.append({"failures accepted": f"{100 * float(level):.0f} %", "window, for a new lab": shown})
    return table_of("", rows, numeric=("window, for a new lab",), brief=True)
