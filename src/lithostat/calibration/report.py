"""What a calibration says: the posterior beside the prior, what it predicts, what the data say without the model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from lithostat.calibration.best_fit import Fit
from lithostat.calibration.calibration import Calibration
from lithostat.calibration.companions import Companion
from lithostat.calibration.compare import Comparison
from lithostat.calibration.data import CellLife
from lithostat.calibration.figures import learnt_figure, predicted_figure
from lithostat.calibration.printed import best_fit_rows, calibration_json, companion_lines, parameter_rows
from lithostat.experiment.quantity import show, span
from lithostat.experiment.report import Column, Drawing, Number, Report, Section, Table, Tone, table_of

_PREDICTED = (
    "Time to short against pressure at {}: median, 50 % and 90 % bands of a new cell, with everything in them: what is "
    "not known of the parameters, and how like cells differ. Arrows: cells that outlived their test, or were short "
    "when somebody first looked."
)


def calibration_report(
    name: str, found: Calibration, beside: Sequence[Companion], rivals: Comparison | None = None
) -> Report:
    """The report of a calibration; `beside` is what the data say without the model (`companions`)."""
    rows = parameter_rows(found)
    lines = tuple(f"{method}: {line}" for method, line in companion_lines(beside))
    return Report(
        title=f"{name}: what the cells say",
        answer=f"{sum(row['learnt'] for row in rows)} of {len(rows)} parameters were learnt from "
        f"{len(found.data.names)} observations.",
        lead=f"Posterior of the model's parameters ({found.diagnostics.method}, seed {found.seed}); survivors "
        "count as such.",
        numbers=_numbers(found, rows),
        sections=(
            _predicted(found),
            Section("Parameters", drawings=(_learnt(found),), tables=(_parameters(rows),)),
            Section("Cells", tables=(table_of("", [_cell(life) for life in found.data.lives]),)),
            Section("The data without the model", points=lines, spoken=True),
            *(() if rivals is None else (_rivals(rivals),)),
        ),
        warnings=found.warnings,
        data=calibration_json(found, beside, rivals),
    )


def best_fit_report(name: str, found: Fit, warnings: Sequence[str]) -> Report:
    """The report of a best fit: values with the interval of Laplace's approximation."""
    rows = best_fit_rows(found)
    said = [
        {
            "parameter": row["name"],
            "best": row["shown"],
            "90 % interval": "" if row["interval_90"] is None else f"{row['shown_low']} to {row['shown_high']}",
        }
        for row in rows
    ]
    lost = () if found.converged else ("the search did not converge; start from other values or add data",)
    return Report(
        title=f"{name}: best fit",
        answer=f"best fit, log likelihood {found.log_likelihood:.4g}",
        sections=(Section("", tables=(table_of("", said, numeric=("best", "90 % interval"), brief=True),)),),
        warnings=(*lost, *warnings),
        data={"parameters": rows, "log_likelihood": found.log_likelihood, "converged": found.converged},
    )


def _predicted(found: Calibration) -> Section:
    current = _usual_current(found)
    if current is None:
        return Section("")
    drawing = Drawing(
        "predicted",
        partial(predicted_figure, found, current),
        _PREDICTED.format(show(current, "current_density")),
    )
    return Section("What the calibrated model expects", drawings=(drawing,))


def _learnt(found: Calibration) -> Drawing:
    return Drawing("learnt", partial(learnt_figure, found), "Filled: posterior. Line: prior.")


def _parameters(rows: Sequence[dict[str, Any]]) -> Table:
    def column(head: str, cells: Sequence[str], **said: Any) -> Column:
        return Column(head, tuple(cells), numeric=True, **said)

    tones: tuple[Tone, ...] = tuple("good" if row["learnt"] else "bad" for row in rows)
    priors = tuple(f"prior: {row['prior_source']} ({row['prior_tag']})" for row in rows)
    return Table(
        "",
        (
            Column("parameter", tuple(row["name"] for row in rows), notes=priors),
            column("median", [row["shown"] for row in rows]),
            column("90 % interval", [f"{row['shown_low']} to {row['shown_high']}" for row in rows]),
            column("prior 90 %", [f"{row['prior_low']} to {row['prior_high']}" for row in rows], page_only=True),
            Column("learnt", tuple("yes" if row["learnt"] else "no, the prior" for row in rows), tones=tones),
        ),
        brief=True,
    )


def _rivals(rivals: Comparison) -> Section:
    rows = [_rival(one, rivals) for one in rivals.rivals]
    numeric = tuple(rows[0])[1:] if rows else ()
    return Section(
        "Rival mechanisms",
        points=(rivals.verdict,),
        tables=(table_of("", rows, numeric=numeric, brief=True),),
        spoken=True,
    )


def _usual_current(found: Calibration) -> float | None:
    """The current density that most cells cycled at [A/m2]; None if none of them cycled."""
    currents = [float(one.exposure.stripping[-1]) for one in found.data.lives if one.exposure.stripping[-1] > 0.0]
    return max(set(currents), key=currents.count) if currents else None


def _numbers(found: Calibration, rows: list[dict[str, Any]]) -> tuple[Number, ...]:
    lives = found.data.lives
    dated = sum(np.isfinite(one.high) for one in lives)
    lost = sum(one.contact_lost is True for one in lives)
    others = "the others had not when their test ended" + (f", {lost} of them for lost contact" if lost else "")
    said = [Number(f"{dated} of {len(lives)}", f"cells shorted; {others}" if dated < len(lives) else "cells shorted")]
    said.append(Number(f"{sum(row['learnt'] for row in rows)} of {len(rows)}", "parameters learnt from the data"))
    judged = found.diagnostics
    if judged.r_hat is not None:
        what = f"R-hat; {judged.divergences} divergences in {found.count} draws"
        said.append(Number(f"{judged.r_hat:.3f}", what))
    return tuple(said)


def _cell(one: CellLife) -> dict[str, str]:
    exposure = one.exposure
    current = float(exposure.stripping[-1])
    begin = exposure.began if np.isfinite(exposure.began) else 0.0
    low, high = (max(end - begin, 0.0) for end in (one.low, one.high))
    time = {
        "survived": f"longer than {span(low)}",
        "short": span(high) if np.isfinite(high) else "",
        "short before current": "before current",
    }.get(one.kind, f"between {span(low)} and {span(high)}" if np.isfinite(high) else "")
    return {
        "cell": one.name,
        "pressure": show(float(exposure.pressures[-1]), "pressure"),
        "current": show(current, "current_density") if current > 0.0 else "none",
        "outcome": "contact lost" if one.contact_lost else one.kind,
        "time": f"after {span(low)}, without a short" if one.contact_lost else time,
    }


def _rival(one: Any, all_: Comparison) -> dict[str, str]:
    apart, error = all_.difference(one.name)
    below = "" if one is all_.rivals[0] else f"{apart:.2f} ± {error:.2f}"
    return {
        "mechanism": one.name,
        "log score of unseen cells, summed": f"{one.score:.2f}",
        "below the best": below,
        "weight": f"{one.weight:.2f}",
    }
