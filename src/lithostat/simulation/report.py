"""What a simulated test says: how it ended and why, its spectra and cycles, how many of its like lived."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from lithostat.experiment.finding import TONES, group_of
from lithostat.experiment.quantity import show
from lithostat.experiment.record import Record
from lithostat.experiment.report import Drawing, Number, Report, Section, Tone, table_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from polars import DataFrame

    from lithostat.simulation.ensemble import Ensemble

LEVELS = (10, 50, 90)  # percent of cells failed, whose times are told


def run_report(
    record: Record, title: str = "", *, cycles: DataFrame | None = None, many: Ensemble | None = None
) -> Report:
    """The report of a simulated `record`: of one cell, and of `many` of its like where they were simulated too.

    `cycles` are the cycles of a full cell (`fullcell.summary.cycle_summary`).
    """
    outcome = record.outcome
    assert outcome is not None
    data: dict[str, Any] = {
        "outcome": outcome.as_json(),
        "spectra": [
            {"pressure_pa": s.pressure, "test_time_second": s.time, "total_resistance_ohm": s.total_resistance}
            for s in record.spectra
        ],
        "rows": len(record.table),
    }
    survival = {} if many is None else survival_summary(many)
    if survival:
        data["survival"] = survival
    if cycles is not None:
        data["cycles"] = cycles.to_dicts()
    sections = (
        Section("Over time", drawings=(Drawing("record", functools.cache(lambda: _record_figure(record, title))),)),
        Section("Why", points=outcome.evidence, spoken=True),
        *(() if many is None else (_many(many, survival, title),)),
        _spectra(record),
        *(() if cycles is None else (_cycles(cycles),)),
    )
    return Report(
        title=title or "simulated cell",
        word=outcome.kind,
        answer=f"after {show(outcome.time, 'time')}: {outcome.cause}",
        tone=_tone(outcome.kind),
        numbers=_numbers(record),
        sections=sections,
        warnings=(*record.warnings, *(() if many is None else many.warnings)),
        data=data,
        source=f"a simulation by {record.provenance['engine']}" if "engine" in record.provenance else "a simulation",
    )


def survival_summary(many: Ensemble) -> dict[str, Any]:
    """Of how many cells how many lived, and hours of cycling until 10, 50 and 90 % had failed (None: not reached)."""
    import numpy as np

    failed = np.sort(many.members.filter(many.members["kind"] != "survived")["cycling_second"].to_numpy()) / 3600.0
    cells = len(many.members)
    summary: dict[str, Any] = {
        "cells": cells,
        "seed": many.provenance.get("seed"),
        "survived": cells - len(failed),
    }
    for level in LEVELS:
        index = math.ceil(level / 100 * cells) - 1
        summary[f"hours_until_{level}_percent_failed"] = float(failed[index]) if index < len(failed) else None
    return summary


def _tone(kind: str) -> Tone:
    return cast(Tone, TONES.get(group_of(kind), "doubtful"))


def _numbers(record: Record) -> tuple[Number, ...]:
    outcome = record.outcome
    assert outcome is not None
    cycled = () if outcome.cycling_time is None else (("since current first flowed", outcome.cycling_time, "time"),)
    known = (
        *cycled,
        ("charge in one direction", outcome.charge, "areal_charge"),
        ("charge in both directions", outcome.charge_both, "areal_charge"),
        ("stack pressure", outcome.pressure, "pressure"),
    )
    numbers = [Number("not known" if value is None else show(value, unit), what) for what, value, unit in known]
    if outcome.critical is not None:
        numbers.append(Number(outcome.critical.sentence, f"critical {outcome.critical.of}"))
    return tuple(numbers)


def _spectra(record: Record) -> Section:
    rows = [
        {
            "pressure": show(spectrum.pressure or 0.0, "pressure"),
            "after": "" if spectrum.time is None else show(spectrum.time, "time"),
            "resistance": f"{spectrum.total_resistance:.4g} ohm",
        }
        for spectrum in record.spectra
    ]
    return Section("Impedance", tables=(table_of("", rows, numeric=("resistance",), brief=True),) if rows else ())


def _cycles(cycles: DataFrame) -> Section:
    """All cycles for a page; in a terminal the first and the last are enough."""

    def row(cycle: Mapping[str, Any]) -> dict[str, str]:
        efficiency = cycle["efficiency"]
        return {
            "cycle": str(cycle["cycle_count"]),
            "in / mAh/g": f"{cycle['charge_mah_per_g']:.1f}",
            "out / mAh/g": f"{cycle['discharge_mah_per_g']:.1f}",
            "efficiency / %": "" if math.isnan(efficiency) else f"{100 * efficiency:.1f}",
        }

    rows = [row(cycle) for cycle in cycles.to_dicts()]
    numeric = ("cycle", "in / mAh/g", "out / mAh/g", "efficiency / %")
    ends = rows if len(rows) < 3 else [rows[0], rows[-1]]
    brief = table_of("", ends, numeric=numeric, brief=True)
    whole = (table_of("All cycles", rows, numeric=numeric),) if len(rows) > 2 else ()
    return Section("Cycles", tables=(brief, *whole))


def _many(many: Ensemble, survival: Mapping[str, Any], title: str) -> Section:
    said = [f"{survival['survived']} of {survival['cells']} cells lived (seed {survival['seed']})"]
    for level in LEVELS:
        hours = survival[f"hours_until_{level}_percent_failed"]
        said.append(f"{level} % had failed " + ("not within the test" if hours is None else f"after {hours:.4g} h"))
    drawing = Drawing("cells", functools.cache(lambda: _survival_figure(many, f"{title}, {survival['cells']} cells")))
    return Section(f"{survival['cells']} such cells", points=tuple(said), drawings=(drawing,), spoken=True)


def _record_figure(record: Record, title: str) -> Figure:
    from lithostat.show.record_figure import record_figure

    return record_figure(record, title)


def _survival_figure(many: Ensemble, title: str) -> Figure:
    from lithostat.show.survival_figure import survival_figure

    members = many.members
    return survival_figure(
        members["cycling_second"].to_numpy(), members["kind"].to_list(), many.length_second, title.lstrip(", ")
    )
