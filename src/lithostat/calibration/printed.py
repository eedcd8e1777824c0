"""A calibration as rows of tables and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from lithostat.calibration.best_fit import Fit
from lithostat.calibration.calibration import Calibration
from lithostat.calibration.companions import Companion
from lithostat.calibration.compare import Comparison
from lithostat.calibration.conflicts import learnt
from lithostat.calibration.parameter import Parameter
from lithostat.experiment.quantity import span

_TAIL = 1.6448536269514722  # standard normal variable of 95 %


def parameter_rows(found: Calibration) -> list[dict[str, Any]]:
    """Median and 90 % interval of every parameter, SI and as people write it, beside its prior."""
    told = {one.name: one for one in learnt(found)}
    rows = []
    for one in found.parameters:
        low, median, high = found.interval(one.name)
        row = _row(one, low, median, high)
        prior_low, prior_high = (float(one.value(np.array(end))) for end in (-_TAIL, _TAIL))
        row |= {"prior_low": one.show(prior_low), "prior_high": one.show(prior_high)}
        row |= {"prior_90": [prior_low, prior_high], "prior_source": one.source, "prior_tag": one.tag}
        rows.append(row | {"learnt": told[one.name].learnt, "contraction": told[one.name].contraction})
    return rows


def best_fit_rows(found: Fit) -> list[dict[str, Any]]:
    """Best value of every parameter with the 90 % interval of Laplace's approximation, None where there is none."""
    sd = None if found.covariance is None else np.sqrt(np.diag(found.covariance))
    rows = []
    for k, one in enumerate(found.parameters):
        value = found.values[one.name]
        if sd is None:
            rows.append({"name": one.name, "unit": one.quantity.unit, "median": value, "shown": one.show(value)})
            rows[-1] |= {"interval_90": None, "shown_low": "", "shown_high": ""}
            continue
        low, high = (float(one.value(np.array(found.z[k] + sign * _TAIL * sd[k]))) for sign in (-1.0, 1.0))
        rows.append(_row(one, low, value, high))
    return rows


def companion_json(one: Companion) -> dict[str, Any]:
    """Plain data."""
    return {
        "method": one.method,
        "cells": list(one.cells),
        "numbers": one.numbers,
        "why_not": one.why_not,
        "notes": list(one.notes),
    }


def companion_lines(beside: Iterable[Companion]) -> list[tuple[str, str]]:
    """(method, what it says) of every companion; single cells, of which there is nothing to say, in one line."""
    several = [one for one in beside if len(one.cells) != 1]
    lone = sorted({name for one in beside if len(one.cells) == 1 for name in one.cells})
    said = [(one.method, companion_line(one)) for one in several]
    if lone:
        said.insert(0, ("Kaplan-Meier, Weibull", f"need repeats; one cell each: {', '.join(lone)}"))
    return said


def companion_line(one: Companion) -> str:
    """What a companion says of its cells, in a line."""
    if one.why_not is not None:
        return one.why_not
    shown = []
    for name, value in one.numbers.items():
        if name.endswith(("_low", "_high")):
            continue
        ends = [one.numbers.get(f"{name}{side}") for side in ("_low", "_high")]
        wide = "" if None in ends else f" ({_plain(name, ends[0])} to {_plain(name, ends[1])})"
        shown.append(f"{name.removesuffix('_second').replace('_', ' ')} {_plain(name, value)}{wide}")
    return "; ".join((", ".join(shown), *one.notes))


def _plain(name: str, value: float | None) -> str:
    if value is None:
        return ""
    return span(value) if name.endswith("_second") and np.isfinite(value) else f"{value:.3g}"


def _row(one: Parameter, low: float, middle: float, high: float) -> dict[str, Any]:
    return {
        "name": one.name,
        "unit": one.quantity.unit,
        "median": middle,
        "interval_90": [low, high],
        "shown": one.show(middle),
        "shown_low": one.show(low),
        "shown_high": one.show(high),
    }


def calibration_json(found: Calibration, beside: Iterable[Companion], rivals: Comparison | None) -> dict[str, Any]:
    """One object for people and programs."""
    said: dict[str, Any] = {
        "parameters": parameter_rows(found),
        "observations": list(found.data.names),
        "laws": found.laws._asdict(),
        "diagnostics": vars(found.diagnostics),
        "seed": found.seed,
        "companions": [companion_json(one) for one in beside],
        "warnings": list(found.warnings),
    }
    if rivals is not None:
        said["rivals"] = [
            {"name": one.name, "log_score": one.score, "weight": one.weight, "refitted": list(one.refitted)}
            for one in rivals.rivals
        ]
        said["verdict"] = rivals.verdict
    return said
