"""What the data say without the model: Kaplan-Meier, Weibull, and log-normal regression on pressure (lifelines)."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lithostat.calibration.data import CellLife

LIKE = 0.05  # relative difference of pressure and current up to which cells are repeats of each other
FEWEST_DATED = 2  # dated shorts that a distribution of one group needs
FEWEST_REGRESSION = 3  # dated shorts at different pressures that a regression needs


@dataclass(frozen=True)
class Companion:
    """A plain statistical answer, or the sentence `why_not` that says why there is none.

    `numbers` holds what was fitted with the ends of its 95 % intervals (name_low, name_high); `curve` the columns to
    draw, SI. `cells` are the names of the cells it rests on.
    """

    method: str
    cells: tuple[str, ...]
    numbers: dict[str, float] = field(default_factory=dict)
    curve: dict[str, np.ndarray] = field(default_factory=dict)
    why_not: str | None = None
    notes: tuple[str, ...] = ()


def companions(lives: Iterable[CellLife]) -> tuple[Companion, ...]:
    """Kaplan-Meier and Weibull for every group of repeats, log-normal regression over all cycled cells."""
    lives = tuple(lives)
    if not lives:
        return (Companion("Kaplan-Meier", (), why_not="there are no cells"),)
    found: list[Companion] = []
    for group in repeats(lives):
        found += [kaplan_meier(group), weibull(group)]
    return (*found, log_normal_regression(lives))


def repeats(lives: Iterable[CellLife]) -> list[tuple[CellLife, ...]]:
    """Cells grouped by like pressure and current of their last segment; in the order of their pressure."""
    groups: list[list[CellLife]] = []
    for one in sorted(lives, key=_drive):
        here = np.array(_drive(one))
        if groups and np.all(np.abs(here - _drive(groups[-1][0])) <= LIKE * np.maximum(np.abs(here), 1e-9)):
            groups[-1].append(one)
        else:
            groups.append([one])
    return [tuple(group) for group in groups]


def kaplan_meier(lives: tuple[CellLife, ...]) -> Companion:
    """Share of like cells still whole against time, with Greenwood's 95 % interval (lifelines).

    Intervals are entered at their middle. `curve`: time_second, survival, low, high.
    """
    method, names = "Kaplan-Meier", tuple(one.name for one in lives)
    dated = sum(not math.isinf(one.high) for one in lives)
    if len(lives) < 2:
        return Companion(method, names, why_not=f"one cell at {_place(lives)}: a curve of survival needs repeats")
    if dated == 0:
        return Companion(method, names, why_not=f"none of {len(lives)} cells at {_place(lives)} has failed")
    import lifelines

    times, observed, notes = _events(lives)
    with _quiet():
        fit = lifelines.KaplanMeierFitter().fit(times, observed)
    interval = fit.confidence_interval_.to_numpy()
    curve = {
        "time_second": fit.survival_function_.index.to_numpy(float),
        "survival": fit.survival_function_.to_numpy()[:, 0],
        "low": interval[:, 0],
        "high": interval[:, 1],
    }
    median = float(fit.median_survival_time_)
    return Companion(method, names, {"median_second": median} if math.isfinite(median) else {}, curve, notes=notes)


def weibull(lives: tuple[CellLife, ...]) -> Companion:
    """Weibull's scale [s] and shape for like cells, interval and right censoring counted (lifelines)."""
    method, names = "Weibull", tuple(one.name for one in lives)
    dated = sum(not math.isinf(one.high) for one in lives)
    if dated < FEWEST_DATED:
        return Companion(
            method, names, why_not=f"{dated} dated short at {_place(lives)}: a scale and a shape need {FEWEST_DATED}"
        )
    import lifelines

    with _quiet():
        try:
            fit = lifelines.WeibullFitter().fit_interval_censoring(*_bounds(lives))
        except Exception as error:  # lifelines raises its own kinds when its optimiser gives up
            return Companion(method, names, why_not=f"the fit did not converge ({type(error).__name__})")
    return Companion(method, names, _summary(fit, {"lambda_": "scale_second", "rho_": "shape"}))


def log_normal_regression(lives: Iterable[CellLife]) -> Companion:
    """ln t = a + b ln(P / 10 MPa) + scatter over all cells that were cycled, all censoring counted (lifelines).

    `numbers`: median_at_10mpa_second, exponent b and scatter. Cells short before current are left out, with a note: no
    power law of pressure reaches them.
    """
    method = "log-normal regression"
    everything = tuple(one for one in lives if one.exposure.stripping[-1] > 0.0)
    cycled = tuple(one for one in everything if one.kind != "short before current")
    names = tuple(one.name for one in cycled)
    left = [one.name for one in everything if one not in cycled]
    notes = (f"left out, short before current: {', '.join(left)}",) if left else ()
    pressures = {round(math.log(_drive(one)[0]), 2) for one in cycled if not math.isinf(one.high)}
    if len(pressures) < FEWEST_REGRESSION:
        return Companion(
            method,
            names,
            why_not=f"dated shorts at {len(pressures)} pressures: intercept, slope and scatter need "
            f"{FEWEST_REGRESSION}",
            notes=notes,
        )
    import lifelines
    import pandas

    low, high = _bounds(cycled)
    frame = pandas.DataFrame({"low": low, "high": high, "ln_p": [math.log(_drive(one)[0] / 10e6) for one in cycled]})
    with _quiet():
        try:
            fit = lifelines.LogNormalAFTFitter().fit_interval_censoring(frame, "low", "high")
        except Exception as error:
            return Companion(method, names, why_not=f"the fit did not converge ({type(error).__name__})", notes=notes)
    rows = fit.summary
    numbers = {}
    for key, name, turn in (
        (("mu_", "Intercept"), "median_at_10mpa_second", math.exp),
        (("mu_", "ln_p"), "exponent", float),
        (("sigma_", "Intercept"), "scatter", math.exp),
    ):
        row = rows.loc[key]
        for suffix, column in (("", "coef"), ("_low", "coef lower 95%"), ("_high", "coef upper 95%")):
            numbers[name + suffix] = float(turn(row[column]))
    return Companion(method, names, numbers, notes=notes)


def _drive(one: CellLife) -> tuple[float, float]:
    """Pressure [Pa] and largest current density [A/m2] of the last segment."""
    return float(one.exposure.pressures[-1]), float(one.exposure.stripping[-1])


def _place(lives: tuple[CellLife, ...]) -> str:
    pressure, current = _drive(lives[0])
    return f"{pressure / 1e6:.4g} MPa" + (f" and {current * 100.0:.4g} uA/cm2" if current else " without current")


def _bounds(lives: tuple[CellLife, ...]) -> tuple[list[float], list[float]]:
    """Ends as lifelines takes them: 0 and infinity for what is open."""
    return [one.low for one in lives], [one.high for one in lives]


def _events(lives: tuple[CellLife, ...]) -> tuple[list[float], list[bool], tuple[str, ...]]:
    times = [one.low if math.isinf(one.high) else 0.5 * (one.low + one.high) for one in lives]
    wide = [one.name for one in lives if not math.isinf(one.high) and one.high > one.low]
    notes = (f"dated to the middle of an interval: {', '.join(wide)}",) if wide else ()
    return times, [not math.isinf(one.high) for one in lives], notes


def _summary(fit: Any, names: dict[str, str]) -> dict[str, float]:
    numbers = {}
    for key, name in names.items():
        row = fit.summary.loc[key]
        for suffix, column in (("", "coef"), ("_low", "coef lower 95%"), ("_high", "coef upper 95%")):
            numbers[name + suffix] = float(row[column])
    return numbers


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """lifelines warns about small samples in several ways; what matters is said in `why_not` and the intervals."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
