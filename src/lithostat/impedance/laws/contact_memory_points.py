"""The contact law with its memory as a problem of least squares: points, residuals, starts, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lithostat.experiment.errors import InputError
from lithostat.experiment.quantity import show
from lithostat.physics.contact import constriction_resistance, contact_fraction
from lithostat.physics.types import Values

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

NAMES = ("contact_pressure", "constriction_resistance", "series_resistance", "unloading_exponent")
WORST_CONDITION = 1e9  # of the normal matrix, scaled: beyond it a combination of parameters is free
STEP = 1e-6  # of a logarithm, for derivatives


class Ripening(NamedTuple):
    """Growth of contact with time: tau [s] and the stress exponent n of the creep of lithium, both known."""

    time: float
    stress_exponent: float


class ContactPoints(NamedTuple):
    """Measured points in their order, SI; arrays (N,)."""

    pressure: np.ndarray
    resistance: np.ndarray
    error: np.ndarray | None
    highest: np.ndarray
    area: float
    fabrication: float
    times: np.ndarray | None
    ripening: Ripening | None


def highest_pressure(pressure: ArrayLike, fabrication_pressure: float = 0.0) -> np.ndarray:
    """Highest pressure seen up to and with each measurement [Pa], (N,)."""
    return np.maximum(np.maximum.accumulate(np.asarray(pressure, float)), fabrication_pressure)


def law(pressure: Values, highest: Values, conformity: Values, values: Mapping[str, Any]) -> Values:
    """Area-specific resistance of the stack [ohm m2]."""
    c = contact_fraction(pressure, highest, conformity, exponent=values["unloading_exponent"])
    return values["series_resistance"] + 2.0 * constriction_resistance(c, scale=values["constriction_resistance"])


def conformity(data: ContactPoints, scale: np.ndarray) -> np.ndarray:
    """Conformity at each measurement, (..., N), for contact pressures `scale` (..., 1)."""
    if data.ripening is None or data.times is None:
        return data.highest / scale
    power = data.ripening.stress_exponent + 1.0
    x = data.fabrication / scale[..., 0]
    rows = []
    for load, waited in zip(data.pressure, np.diff(data.times, prepend=0.0), strict=True):
        here = load / scale[..., 0]
        x = np.maximum(x, here)
        # x = here (.)^(1/power) solves the rate of `physics.contact.ripening_rate` at constant pressure
        x = here * ((x / here) ** power + waited / data.ripening.time) ** (1.0 / power)
        rows.append(x)
    return np.stack(rows, -1)


def residuals(
    data: ContactPoints, names: tuple[str, ...], known: Mapping[str, float], at: np.ndarray
) -> tuple[Any, Any]:
    """(problems, N) differences of logarithms over their errors, and (problems, N, K) derivatives."""
    weight = 1.0 if data.error is None else data.resistance / data.error

    def logs(here: np.ndarray) -> np.ndarray:
        values: dict[str, Any] = dict.fromkeys(NAMES, 0.0) | dict(known)
        values |= {name: np.exp(here[:, k : k + 1]) for k, name in enumerate(names)}
        x = conformity(data, values["contact_pressure"])
        return np.asarray(np.log(law(data.pressure, data.highest, x, values) / data.area))

    count, size = at.shape
    steps = STEP * np.concatenate([np.zeros((1, size)), np.eye(size), -np.eye(size)])
    stacked = logs((at[None] + steps[:, None]).reshape(-1, size)).reshape(1 + 2 * size, count, -1)
    slopes = np.moveaxis(stacked[1 : 1 + size] - stacked[1 + size :], 0, -1) / (2.0 * STEP)
    return (stacked[0] - np.log(data.resistance)) * weight, slopes * np.reshape(weight, (-1, 1))


def starts(data: ContactPoints, names: tuple[str, ...], known: Mapping[str, float]) -> np.ndarray:
    """Several contact pressures and exponents; the two resistances, in which the law is linear, follow from each."""
    found = []
    for scale in np.geomspace(0.2 * data.pressure.min(), 3.0 * data.pressure.max(), 9):
        x = conformity(data, np.array([[scale]]))[0]
        for exponent in (0.05, 0.3, 1.0):
            c = contact_fraction(data.pressure, data.highest, x, exponent=exponent)
            areal = data.resistance * data.area
            rows = np.stack([2.0 * constriction_resistance(c, scale=1.0), np.ones(len(c))], 1) / areal[:, None]
            narrow, series = np.linalg.lstsq(rows, np.ones(len(c)), rcond=None)[0]
            guess = {
                "contact_pressure": scale,
                "constriction_resistance": max(narrow, 0.01 * areal.min()),
                "series_resistance": max(series, 0.1 * areal.min()),
                "unloading_exponent": exponent,
            }
            found.append([np.log(guess[name]) for name in names])
    return np.array(found)


def bounds(data: ContactPoints, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the logarithms, (K,) each: far outside of what the points could tell."""
    areal = data.resistance * data.area
    spans = {
        "contact_pressure": (1e-3 * data.pressure.min(), 1e3 * data.highest.max()),
        "constriction_resistance": (1e-6 * areal.min(), 1e6 * areal.max()),
        "series_resistance": (1e-4 * areal.min(), 2.0 * areal.max()),
        "unloading_exponent": (1e-4, 10.0),
    }
    ends = np.log([spans[name] for name in names])
    return ends[:, 0], ends[:, 1]


def checked(
    pressure: ArrayLike,
    resistance: ArrayLike,
    error: ArrayLike | None,
    area: float | None,
    fabrication: float,
    times: ArrayLike | None,
    ripening: Ripening | None,
) -> ContactPoints:
    """Arrays of one length, finite and positive; an area."""
    if area is None or not np.isfinite(area) or area <= 0.0:
        raise InputError(
            "a resistance cannot be given per area without the area of the electrode", expected="area, in m2"
        )
    if not np.isfinite(fabrication) or fabrication < 0.0:
        raise InputError(f"received a fabrication pressure of {fabrication:g} Pa", expected="0 Pa or more")
    given = {"pressure": pressure, "resistance": resistance, "error": error, "times": times}
    arrays = {name: np.atleast_1d(np.asarray(one, float)) for name, one in given.items() if one is not None}
    for name, values in arrays.items():
        if values.shape != arrays["pressure"].shape or values.ndim != 1:
            raise InputError(
                f"there are {len(arrays['pressure'])} pressures and {len(values)} of {name}", expected="one for each"
            )
        wrong = np.flatnonzero(~np.isfinite(values) | (values <= 0.0 if name != "times" else values < 0.0))
        if len(wrong):
            raise InputError(f"point {wrong[0] + 1} has {name} {values[wrong[0]]:g}", expected="a number above 0")
    if ripening is not None and "times" not in arrays:
        raise InputError("ripening cannot be followed without times", expected="times [s] of every measurement")
    if "times" in arrays and (np.diff(arrays["times"]) < 0.0).any():
        raise InputError("the times go backwards", expected="points in the order they were measured")
    highest = highest_pressure(arrays["pressure"], fabrication)
    return ContactPoints(
        arrays["pressure"],
        arrays["resistance"],
        arrays.get("error"),
        highest,
        float(area),
        fabrication,
        arrays.get("times"),
        ripening,
    )


def positive(resistance: float) -> float:
    """A series resistance [ohm] that can be one."""
    if not np.isfinite(resistance) or resistance <= 0.0:
        raise InputError(f"received a series resistance of {resistance:g} ohm", expected="a number above 0")
    return resistance


def enough(data: ContactPoints, names: tuple[str, ...]) -> None:
    """Refuse what cannot determine the unknowns, whatever the numbers."""
    if len(np.unique(data.pressure)) == 1:
        raise InputError(
            f"all resistances were measured at {show(data.pressure[0], 'pressure')}: they say nothing about pressure",
            expected="two pressures at least, better five on pressing and one on release",
        )
    if len(data.pressure) < len(names):
        raise InputError(
            f"{len(data.pressure)} points cannot determine {len(names)} unknowns ({', '.join(names)})",
            expected="more points, or series_resistance if pellet and films are known",
        )


def determined(normal: np.ndarray, names: tuple[str, ...]) -> None:
    """Refuse a fit in which some combination of the unknowns does not change the misfit."""
    scale = np.sqrt(np.diag(normal))
    if (scale > 0.0).all():
        values, vectors = np.linalg.eigh(normal / np.outer(scale, scale))
        if values[0] * WORST_CONDITION > values[-1]:
            return
        free = [name for name, share in zip(names, np.abs(vectors[:, 0]), strict=True) if share > 0.1]
    else:
        free = [name for name, one in zip(names, scale, strict=True) if not one > 0.0]
    raise InputError(
        f"these points do not determine {' and '.join(free)}",
        expected="points at several pressures on pressing, from contact far from full to nearly full",
    )
