"""A calibration as a page: the posterior beside the prior, what it predicts, what the data say without the model."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numpy as np

from lithostat.calibration.calibration import Calibration
from lithostat.calibration.companions import companions
from lithostat.calibration.compare import Comparison
from lithostat.calibration.figures import learnt_figure, predicted_figure
from lithostat.calibration.printed import companion_lines, parameter_rows
from lithostat.experiment.quantity import show, span
from lithostat.show.page import page, svg


def calibration_page(name: str, found: Calibration, rivals: Comparison | None = None) -> str:
    """The page as HTML text, with its figures inside."""
    rows = parameter_rows(found)
    current = _usual_current(found)
    return page(
        "calibration.html",
        name=name,
        numbers=_numbers(found, rows),
        rows=rows,
        learnt=svg(learnt_figure(found)),
        predicted=svg(predicted_figure(found, current)) if current else "",
        current=show(current, "current_density") if current else "",
        cells=[_cell(one) for one in found.data.lives],
        companions=companion_lines(companions(found.data.lives)),
        rivals=[] if rivals is None else [_rival(one, rivals) for one in rivals.rivals],
        verdict="" if rivals is None else rivals.verdict,
        warnings=found.warnings,
        method=found.diagnostics.method,
        seed=found.seed,
        version=version("lithostat"),
    )


def _usual_current(found: Calibration) -> float | None:
    """The current density that most cells cycled at [A/m2]; None if none of them cycled."""
    currents = [float(one.exposure.stripping[-1]) for one in found.data.lives if one.exposure.stripping[-1] > 0.0]
    return max(set(currents), key=currents.count) if currents else None


def _numbers(found: Calibration, rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    lives = found.data.lives
    dated = sum(np.isfinite(one.high) for one in lives)
    lost = sum(one.contact_lost is True for one in lives)
    others = "the others had not when their test ended" + (f", {lost} of them for lost contact" if lost else "")
    said = [
        (f"{dated} of {len(lives)}", f"cells shorted; {others}" if dated < len(lives) else "cells shorted"),
        (f"{sum(row['learnt'] for row in rows)} of {len(rows)}", "parameters learnt from the data"),
    ]
    judged = found.diagnostics
    if judged.r_hat is not None:
        said.append((f"{judged.r_hat:.3f}", f"R-hat; {judged.divergences} divergences in {found.count} draws"))
    return said


def _cell(one: Any) -> dict[str, str]:
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
        "name": one.name,
        "pressure": show(float(exposure.pressures[-1]), "pressure"),
        "current": show(current, "current_density") if current > 0.0 else "none",
        "kind": "contact lost" if one.contact_lost else one.kind,
        "time": f"after {span(low)}, without a short" if one.contact_lost else time,
    }


def _rival(one: Any, all_: Comparison) -> dict[str, str]:
    apart, error = all_.difference(one.name)
    below = "" if one is all_.rivals[0] else f"{apart:.2f} ± {error:.2f}"
    return {"name": one.name, "score": f"{one.score:.2f}", "below": below, "weight": f"{one.weight:.2f}"}
