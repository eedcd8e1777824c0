"""Data as arrays for the likelihood: cells that are made and driven alike only once."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from lithostat.calibration.data import ALL_NUMBERS, CellLife, Data
from lithostat.calibration.exposure import Exposure
from lithostat.model.life import Segments

SPOTS = ("area", "reference_area", "area_exponent")  # what a cell's number of spots is made of, and no life
FAR = 1e4  # stands for an infinite logarithm, so that derivatives stay finite


class Packed(NamedTuple):
    """Data as arrays; leading axis: observations, or the `exposures` that differ. Logarithms of times, ohms, A/m2."""

    segments: Segments  # (exposures, segments)
    stripping: np.ndarray  # (exposures, segments) [A/m2]
    numbers: dict[str, np.ndarray]  # (exposures,)
    which: np.ndarray  # (lives,) exposure of each life
    life: np.ndarray  # (lives, 2) ln of low and high
    lost: np.ndarray  # (lives,) 1 contact lost, 0 kept, NaN unknown
    spots: dict[str, np.ndarray]  # (lives,)
    group: np.ndarray  # (lives,)
    weight: np.ndarray  # (lives,) 1, or 0 for what is left out
    points: np.ndarray  # (resistances, 4) pressure, highest, temperature, time
    resistance: np.ndarray  # (resistances, 2)
    point_numbers: dict[str, np.ndarray]
    point_group: np.ndarray
    point_weight: np.ndarray
    critical_pressure: np.ndarray  # (critical currents,)
    critical: np.ndarray  # (critical currents, 2)
    critical_numbers: dict[str, np.ndarray]
    critical_weight: np.ndarray


def pack(data: Data) -> tuple[Packed, tuple[bool, ...]]:
    """Arrays, and for every segment whether a current flows in it in any cell (static for the life)."""
    unlike, which = _unlike(data.lives)
    segments, stripping, plated = pack_exposures([one.exposure for one in unlike])
    lost = [math.nan if one.contact_lost is None else float(one.contact_lost) for one in data.lives]
    points = [(one.pressure, one.highest, one.temperature, one.time) for one in data.resistances]
    groups, others = data.groups, data.resistance_groups
    packed = Packed(
        segments=segments,
        stripping=stripping,
        numbers=_columns(unlike, ALL_NUMBERS),
        which=which,
        life=_logarithms(data.lives),
        lost=np.array(lost, float),
        spots=_columns(data.lives, SPOTS),
        group=np.array([groups.index(one.group) for one in data.lives], int),
        weight=np.ones(len(data.lives)),
        points=np.array(points, float).reshape(-1, 4),
        resistance=_logarithms(data.resistances),
        point_numbers=_columns(data.resistances, ALL_NUMBERS),
        point_group=np.array([others.index(one.group) for one in data.resistances], int),
        point_weight=np.ones(len(data.resistances)),
        critical_pressure=np.array([one.pressure for one in data.critical_currents], float),
        critical=_logarithms(data.critical_currents),
        critical_numbers=_columns(data.critical_currents, ALL_NUMBERS),
        critical_weight=np.ones(len(data.critical_currents)),
    )
    return packed, plated


def weighted(packed: Packed, data: Data, left_out: Iterable[str]) -> Packed:
    """The same in which the observations of these names count nothing."""
    out = frozenset(left_out)

    def weights(observations: Sequence[Any]) -> np.ndarray:
        return np.array([float(one.name not in out) for one in observations])

    return packed._replace(
        weight=weights(data.lives),
        point_weight=weights(data.resistances),
        critical_weight=weights(data.critical_currents),
    )


def pack_exposures(exposures: Iterable[Exposure]) -> tuple[Segments, np.ndarray, tuple[bool, ...]]:
    """Exposures as arrays of one length: shorter ones begin with segments of no duration."""
    exposures = list(exposures)
    length = max((len(one.durations) for one in exposures), default=1)

    def column(name: str, fill: float | None = None) -> np.ndarray:
        rows = []
        for one in exposures:
            values = np.asarray(getattr(one, name), float)
            first = values[:1] if fill is None else np.full_like(values[:1], fill)
            rows.append(np.concatenate([np.repeat(first, length - len(values), axis=0), values]))
        return np.array(rows).reshape(len(exposures), length, *([2] if name == "plating" else []))

    durations, plating, stripping = column("durations", 0.0), column("plating", 0.0), column("stripping", 0.0)
    durations[:, -1] = 0.0  # not used; infinite would spoil derivatives
    if len(exposures) and np.array_equal(plating[..., 0], plating[..., 1]):
        plating = plating[..., :1]  # two interfaces alike are one
    plated = tuple(bool(flag) for flag in np.atleast_1d((plating > 0.0).any(axis=(0, 2))))
    return Segments(durations, column("pressures"), column("temperatures"), plating), stripping, plated


def _unlike(lives: Sequence[CellLife]) -> tuple[list[CellLife], np.ndarray]:
    """One cell for every way in which cells were made and driven, and which of them each cell is like."""
    place: dict[str, int] = {}
    first: list[CellLife] = []
    which = []
    for one in lives:
        key = _key(one.exposure, one.numbers)
        if key not in place:
            place[key] = len(first)
            first.append(one)
        which.append(place[key])
    return first, np.array(which, int)


def _key(exposure: Exposure, numbers: Mapping[str, float]) -> str:
    """The same text for exposures and cells whose model is the same."""
    said = exposure.as_dict()
    drive = {name: value for name, value in said.items() if name not in ("began", "length", "warnings")}
    own = {name: value for name, value in numbers.items() if name not in SPOTS}
    return json.dumps([drive, own], sort_keys=True)


def _logarithms(observations: Iterable[Any]) -> np.ndarray:
    ends = [(one.low, one.high) for one in observations]
    with np.errstate(divide="ignore"):
        return np.clip(np.log(np.array(ends, float).reshape(-1, 2)), -FAR, FAR)


def _columns(observations: Iterable[Any], names: Sequence[str]) -> dict[str, np.ndarray]:
    observations = list(observations)
    return {name: np.array([one.numbers[name] for one in observations], float) for name in names}
