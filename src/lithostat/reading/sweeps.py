"""Impedance sweeps of a table: where one ends and the next starts, and the spectra they make."""

from __future__ import annotations

import bisect
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from lithostat.experiment.errors import InputError
from lithostat.experiment.spectrum import Spectrum
from lithostat.reading.columns import POLAR
from lithostat.reading.harmonise import spectrum_from

SAME = 1e-3  # relative change of frequency that is no step
POSITIVE = 0.9  # share of positive imaginary parts that is called nearly everywhere
THIRD = "a third electrode was measured: impedance is that of the cell (Zwe-ce), not of the working electrode alone"
DAMAGED = 0.5  # share of frequencies that must follow the order of a sweep for the others to be damaged
TINY = 6  # points, below which nothing can be made of a sweep


class Points(NamedTuple):
    """Points of one table in SI; NaN where nothing was measured. `sweep` counts sweeps if the file does; rows without a
    frequency mean something where the table is a `course` in time."""

    frequency: np.ndarray
    impedance: np.ndarray
    time: np.ndarray | None = None
    temperature: np.ndarray | None = None
    sweep: np.ndarray | None = None
    sign_known: bool = True
    course: bool = False


def impedance(table: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """Complex impedance [ohm] from real and imaginary part, else from modulus and phase [degree], else None."""
    if "real_impedance_ohm" in table and "imaginary_impedance_ohm" in table:
        return table["real_impedance_ohm"] + 1j * table["imaginary_impedance_ohm"]
    if "absolute_impedance_ohm" in table and "phase_degree" in table:
        return table["absolute_impedance_ohm"] * np.exp(1j * np.deg2rad(table["phase_degree"]))
    return None


def polar_apart(table: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """Points whose modulus and phase differ from real and imaginary part by more than rounding; None if one is not
    there. What most points differ by is rounding up to `SAME`."""
    if not all(name in table for name in ("real_impedance_ohm", "imaginary_impedance_ohm", *POLAR)):
        return None
    z = table["real_impedance_ohm"] + 1j * table["imaginary_impedance_ohm"]
    with np.errstate(all="ignore"):
        stated = table["absolute_impedance_ohm"] * np.exp(1j * np.deg2rad(table["phase_degree"]))
        apart = np.abs(z - stated) / np.abs(z)
    usual = float(np.median(apart[np.isfinite(apart)])) if np.isfinite(apart).any() else 0.0
    bad: np.ndarray = apart > min(max(20.0 * usual, 1e-6), 20.0 * SAME)
    return bad


def spectra(points: Points, path: str | Path, warnings: list[str]) -> tuple[Spectrum, ...]:
    """One spectrum for each sweep; rows whose frequency is not above 0 belong to none."""
    good = np.isfinite(points.frequency) & np.isfinite(points.impedance) & (points.frequency > 0.0)
    rows = np.flatnonzero(good)
    if not len(rows):
        return ()
    measured = points.frequency > 0.0 if points.course else np.ones(len(good), bool)
    _say_lost(int(np.count_nonzero(measured & ~good)), int(np.count_nonzero(measured)), warnings)
    if not points.sign_known and np.mean(points.impedance.imag[rows] > 0.0) >= POSITIVE:
        warnings.append(
            "imaginary part is positive nearly everywhere: the file may hold -Im Z; declare sign: -1 if it does"
        )
    starts = _starts(points.frequency[rows], None if points.sweep is None else points.sweep[rows])
    if points.sweep is None and len(starts) > 1:
        _refuse_scrambled(points.frequency[rows], starts, path)
    if points.sweep is None and _shuffled(points.frequency[rows], starts):
        warnings.append(f"the rows are in no order of frequency; all {len(rows)} are taken as one spectrum")
        starts = []
    _doubt_turns(points.frequency[rows], starts, warnings)
    found: list[Spectrum] = []
    for number, part in enumerate(np.split(rows, starts), start=1):
        state: dict[str, Any] = {}
        if points.time is not None and np.isfinite(points.time[part[0]]):
            state["time"] = float(points.time[part[0]])
        if points.temperature is not None and np.isfinite(points.temperature[part]).any():
            state["temperature"] = float(np.nanmean(points.temperature[part]))
        if len(starts):
            state["name"] = f"{Path(path).stem} sweep {number}"
        z = points.impedance[part]
        found += spectrum_from(points.frequency[part], z.real, z.imag, path, **state)
    return tuple(found)


def _starts(frequency: np.ndarray, sweep: np.ndarray | None) -> list[int]:
    """Where a new sweep starts: the counter of sweeps changes, or the frequency turns back."""
    if sweep is not None and np.isfinite(sweep).all():
        return [int(place) for place in np.flatnonzero(np.diff(sweep)) + 1]
    change = np.diff(frequency) / frequency[:-1]
    step = np.where(np.abs(change) < SAME, 0, np.sign(change)).astype(int)
    starts, direction, before = list[int](), 0, -1
    for place in np.flatnonzero(step):
        if direction == 0:
            direction = int(step[place])
        elif step[place] != direction:
            twice = place - before == 2  # the turning frequency was measured twice: once for each sweep
            starts.append(int(place) + (0 if twice else 1))
            direction = int(step[place]) if twice else 0
        before = int(place)
    return starts


def _refuse_scrambled(frequency: np.ndarray, starts: list[int], path: str | Path) -> None:
    """Raise `InputError` where most frequencies are those of one sweep and the others are out of its order: no way of
    sorting them makes a spectrum of what was measured."""
    lengths = np.diff([0, *starts, len(frequency)])
    longest = max(_longest_rise(frequency), _longest_rise(-frequency))
    astray = len(frequency) - longest
    if 2 * int(np.count_nonzero(lengths < TINY)) <= len(lengths) or not DAMAGED * len(frequency) <= longest:
        return
    if astray > 2:
        problem = (
            f"{astray} of {len(frequency)} frequencies do not follow the order of the sweep: the column is damaged"
        )
        raise InputError(problem, file=str(path), expected="one sweep, its frequencies rising or falling")


def _longest_rise(values: np.ndarray) -> int:
    """Length of the longest part of a sequence, gaps allowed, that rises."""
    ends: list[float] = []
    for value in values.tolist():
        place = bisect.bisect_left(ends, value)
        ends[place : place + 1] = [value]
    return len(ends)


def _shuffled(frequency: np.ndarray, starts: list[int]) -> bool:
    """Whether turns are no new sweeps but rows without order: most of three or more pieces are tiny, and no frequency
    is there twice. One turn alone may be one damaged frequency."""
    lengths = np.diff([0, *starts, len(frequency)])
    if len(lengths) < 3 or 2 * np.count_nonzero(lengths < TINY) <= len(lengths):
        return False
    return bool((np.diff(np.log(np.sort(frequency))) > SAME).all())


def _say_lost(lost: int, count: int, warnings: list[str]) -> None:
    """Say how many rows are in no spectrum."""
    if lost:
        many = "1 point" if lost == 1 else f"{lost} points"
        warnings.append(f"{many} of {count} left out: no number, or a frequency that is not above 0")


def _doubt_turns(frequency: np.ndarray, starts: list[int], warnings: list[str]) -> None:
    """Say which sweeps may be there only because one frequency is damaged: the course goes on without that point, or a
    sweep has fewer than three points beside another one that has more."""
    lengths = np.diff([0, *starts, len(frequency)])
    log = np.log(frequency)
    for start in starts:
        for place in (start - 1, start):
            if not 2 <= place < len(log) - 2:
                continue
            before, across, after = log[place - 1] - log[place - 2], log[place + 1] - log[place - 1], log[place + 2]
            after = after - log[place + 1]
            if before * across > 0.0 < across * after and abs(across) < 4.0 * min(abs(before), abs(after)):
                _once(f"a sweep turns at {frequency[place]:.4g} Hz, but goes on without that point", warnings)
    if len(lengths) > 1 and lengths.min() < 3 <= lengths.max():
        place = int(np.concatenate(([0], starts))[int(np.argmin(lengths))])
        points = "1 point" if lengths.min() == 1 else "2 points"
        _once(f"a sweep has no more than {points} (first: at {frequency[place]:.4g} Hz)", warnings)


def _once(sentence: str, warnings: list[str]) -> None:
    if sentence not in warnings:
        warnings.append(sentence)


def looks_like_sweep(frequency: np.ndarray) -> bool:
    """Whether numbers without a name must be frequencies: positive, over a decade, in even steps of the logarithm."""
    f = frequency[np.isfinite(frequency)]
    if len(f) < 5 or not (f > 0.0).all():
        return False
    step = np.diff(np.log(f))
    if not ((step > 0.0).all() or (step < 0.0).all()) or abs(np.log(f[-1] / f[0])) < np.log(10.0):
        return False
    quarter = len(step) // 4 + 1
    ratio = np.median(np.abs(step[:quarter])) / np.median(np.abs(step[-quarter:]))
    return bool(1.0 / 3.0 < ratio < 3.0)


def spectrum_per_row(
    raw: pl.DataFrame, targets: Mapping[str, tuple[str, float, float]], path: str | Path, warnings: list[str]
) -> tuple[tuple[Spectrum, ...], list[dict[str, str]]]:
    """Spectra of a table whose cells are lists, and the plain cells of each row.

    `targets` gives for each column of a record the file's name, a scale and an offset. A row whose lists do not parse
    or differ in length is given up and counted.
    """
    found: list[Spectrum] = []
    plain: list[dict[str, str]] = []
    lost, missing, points = [], 0, 0
    for number, row in enumerate(raw.iter_rows(named=True), start=1):
        try:
            cells = {to: _cell(row[name]) * scale + offset for to, (name, scale, offset) in targets.items()}
            f, re, im = (cells[k] for k in ("frequency_hertz", "real_impedance_ohm", "imaginary_impedance_ohm"))
            if not len(f) == len(re) == len(im):
                raise ValueError("lists differ in length")
        except (ValueError, TypeError, RecursionError):
            lost.append(number)
            continue
        state: dict[str, Any] = {"name": f"{Path(path).stem} row {number}"}
        if "ambient_temperature_celsius" in cells:
            state["temperature"] = float(cells["ambient_temperature_celsius"][0]) + 273.15
        one = spectrum_from(f, re, im, path, **state)
        if not one:
            lost.append(number)
            continue
        found += one
        missing, points = missing + len(f) - len(one[0].frequency), points + len(f)
        plain.append({name: text for name, text in row.items() if isinstance(text, str) and not text.startswith("[")})
    if lost:
        warnings.append(f"{len(lost)} of {len(raw)} rows hold no readable spectrum, the first is row {lost[0]}")
    _say_lost(missing, points, warnings)
    if not found:
        raise InputError("holds no readable spectrum", file=str(path))
    return tuple(found), plain


def _cell(text: str | None) -> np.ndarray:
    """'[1.0, 2.0]' or '1.0' as an array of floats."""
    value = json.loads(text or "")
    return np.atleast_1d(np.asarray(value, float))
