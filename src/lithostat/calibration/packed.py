"""Data as arrays for the likelihood: exposures that are alike only once."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from lithostat.calibration.data import ALL_NUMBERS, CellLife, Data
from lithostat.calibration.exposure import Exposure
from lithostat.model.segments import Segments

SPOTS = ("area", "reference_area", "area_exponent")  # what a cell's number of spots is made of, and no life
FAR = 1e4  # stands for an infinite logarithm, so that derivatives stay finite


class Moment(NamedTuple):
    """A time of every life inside its exposure: which segment, how long after its start [s], whether it counts."""

    segment: Any  # (lives,)
    time: Any
    known: Any


class Part(NamedTuple):
    """Exposures of one length: those that differ, and the lives that each belongs to."""

    segments: Segments  # (exposures, segments)
    numbers: dict[str, Any]  # (exposures,)
    which: Any  # (lives of the part,) exposure of each life
    kept: Moment  # until when each had its contact
    lost: Moment  # and by when it had lost it


class Packed(NamedTuple):
    """Data as arrays; leading axis: observations. Logarithms of times, ohms and A/m2."""

    parts: tuple[Part, ...]
    order: Any  # (lives,) place of each life among the parts, one after the other
    life: Any  # (lives, 2) ln of low and high
    spots: dict[str, Any]  # (lives,)
    group: Any  # (lives,)
    weight: Any  # (lives,) 1, or 0 for what is left out
    points: Any  # (resistances, 4) pressure, highest, temperature, time
    resistance: Any  # (resistances, 2)
    point_numbers: dict[str, Any]
    point_group: Any
    point_weight: Any
    currents: Any  # (critical currents, 4) pressure, highest, attached, temperature
    critical: Any  # (critical currents, 2)
    critical_numbers: dict[str, Any]
    critical_weight: Any


Plated = tuple[tuple[int, ...], ...]  # for every segment of every part: `pack_exposures`


def pack(data: Data) -> tuple[Packed, Plated]:
    """Arrays, and where currents flow (static for the life).

    Most cells are pressed and then cycled: they make a part of their own, which is short and quick to compute.
    """
    plain = np.array([not one.exposure.stripping[:-1].any() for one in data.lives], bool)
    places = [index for index in (np.flatnonzero(plain), np.flatnonzero(~plain)) if len(index)]
    made = [_part([data.lives[i] for i in index]) for index in places]
    order = np.argsort(np.concatenate(places)) if places else np.zeros(0, int)
    points = [(one.pressure, one.highest, one.temperature, one.time) for one in data.resistances]
    currents = [(one.pressure, one.highest, one.attached, one.temperature) for one in data.critical_currents]
    groups, others = data.groups, data.resistance_groups
    packed = Packed(
        parts=tuple(part for part, _ in made),
        order=order,
        life=_logarithms(data.lives),
        spots=_columns(data.lives, SPOTS),
        group=np.array([groups.index(one.group) for one in data.lives], int),
        weight=np.ones(len(data.lives)),
        points=np.array(points, float).reshape(-1, 4),
        resistance=_logarithms(data.resistances),
        point_numbers=_columns(data.resistances, ALL_NUMBERS),
        point_group=np.array([others.index(one.group) for one in data.resistances], int),
        point_weight=np.ones(len(data.resistances)),
        currents=np.array(currents, float).reshape(-1, 4),
        critical=_logarithms(data.critical_currents),
        critical_numbers=_columns(data.critical_currents, ALL_NUMBERS),
        critical_weight=np.ones(len(data.critical_currents)),
    )
    return packed, tuple(plated for _, plated in made)


def _part(lives: Sequence[CellLife]) -> tuple[Part, tuple[int, ...]]:
    unlike, which = _unlike(lives)
    segments, plated = pack_exposures([one.exposure for one in unlike])
    moments = (_moments(lives, end, len(plated)) for end in (0, 1))
    return Part(segments, _columns(unlike, ALL_NUMBERS), which, *moments), plated


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


def pack_exposures(exposures: Sequence[Exposure]) -> tuple[Segments, tuple[int, ...]]:
    """Exposures as arrays of one length: shorter ones begin with segments of no duration, in which nothing flows.

    Beside them, for each segment: 0 where no current flows in any of them, 1 where both interfaces of each plate as
    much on average, else 2.
    """
    length = max((len(one.durations) for one in exposures), default=1)

    def column(name: str, fill: float | None = None) -> np.ndarray:
        rows = []
        for one in exposures:
            values = np.asarray(getattr(one, name), float)
            first = values[:1] if fill is None else np.full_like(values[:1], fill)
            rows.append(np.concatenate([np.repeat(first, length - len(values), axis=0), values]))
        return np.array(rows).reshape(len(exposures), length, *([2] if name in ("plating", "turns") else []))

    durations, turns = column("durations", 0.0), column("turns", 0.0)
    durations[:, -1] = 0.0  # not used; infinite would spoil derivatives
    segments = Segments(
        durations,
        column("pressures"),
        column("attached", 0.0),
        column("temperatures"),
        column("plating", 0.0),
        turns,
        column("periods", 1.0),
        column("second", 0.0),
        np.array([one.filaments for one in exposures], float).reshape(-1, 2),
        np.array([one.limits for one in exposures], float).reshape(-1, 2),
    )
    plated = segments.plating * turns
    flows = (plated > 0.0).any(axis=(0, 2))
    alike = np.array_equal(plated[..., 0], plated[..., 1]) and bool(segments.filaments.all())
    return segments, tuple((1 if alike else 2) * int(flag) for flag in np.atleast_1d(flows))


def _unlike(lives: Sequence[CellLife]) -> tuple[list[CellLife], np.ndarray]:
    """One cell for every way in which cells were made and driven, and which of them each cell is like."""
    place: dict[str, int] = {}
    first: list[CellLife] = []
    which = []
    for one in lives:
        key = exposure_key(one.exposure, one.numbers)
        if key not in place:
            place[key] = len(first)
            first.append(one)
        which.append(place[key])
    return first, np.array(which, int)


def exposure_key(exposure: Exposure, numbers: Mapping[str, float]) -> str:
    """The same text for exposures and cells whose model is the same."""
    said = exposure.as_dict()
    drive = {name: value for name, value in said.items() if name not in ("began", "length", "warnings")}
    own = {name: value for name, value in numbers.items() if name not in SPOTS}
    return json.dumps([drive, own], sort_keys=True)


def _moments(lives: Sequence[CellLife], end: int, length: int) -> Moment:
    """Times of `CellLife.contact` by segment; not known where there is none, or where it says nothing."""
    segments, times, known = [], [], []
    for one in lives:
        at = math.nan if one.contact is None else one.contact[end]
        counts = math.isfinite(at) and at > 0.0
        ends = np.cumsum(one.exposure.durations)
        k = int(np.searchsorted(ends, at)) if counts else 0
        segments.append(k + length - len(ends))
        times.append(at - (ends[k - 1] if k else 0.0) if counts else 0.0)
        known.append(float(counts))
    return Moment(np.array(segments, int), np.array(times, float), np.array(known, float))


def _logarithms(observations: Iterable[Any]) -> np.ndarray:
    ends = [(one.low, one.high) for one in observations]
    with np.errstate(divide="ignore"):
        return np.clip(np.log(np.array(ends, float).reshape(-1, 2)), -FAR, FAR)


def _columns(observations: Iterable[Any], names: Sequence[str]) -> dict[str, np.ndarray]:
    observations = list(observations)
    return {name: np.array([one.numbers.get(name, math.nan) for one in observations], float) for name in names}
