"""The typed tables of one file to its record: on one time, with its spectra, its start and its header."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from lithostat.experiment.errors import InputError
from lithostat.experiment.quantity import linear
from lithostat.experiment.record import OTHER, REQUIRED, Record
from lithostat.experiment.spectrum import Spectrum
from lithostat.reading import cells
from lithostat.reading.columns import POLAR, TIMES
from lithostat.reading.declaration import OF_SPECTRA, Declaration
from lithostat.reading.gathered import Reading
from lithostat.reading.harmonise import FileColumn, harmonise
from lithostat.reading.sweeps import THIRD, Points, impedance, looks_like_sweep, polar_apart, spectra
from lithostat.reading.table import TypedTable

MOSTLY = 0.5  # share of points whose columns disagree, from which they are not what their names say


def record_of(parts: list[TypedTable], reading: Reading, note: str = "") -> Record:
    """The record of a file's tables: spectra of all sweeps, and rows where the file has a course in time."""
    declaration = reading.declaration
    if declaration.natural:
        _must_be_natural(parts, reading)
    _stitch(parts, reading)
    made = [spectrum for part in parts for spectrum in _spectra(part, reading)]
    if not made and not any(part.named(name) for part in parts for name in TIMES):
        because = "".join(f"; {sentence}" for sentence in reading.warnings[:3])
        raise InputError(
            f"has no column of time, and no impedance spectrum could be made of it{because}",
            file=reading.file,
            expected="a declaration that names its columns (see docs/reading.md)",
        )
    alone = bool(made) and not any(part.named(name) for part in parts for name in ("voltage_volt", "current_ampere"))
    if alone:
        raw, columns = pl.DataFrame({name: pl.Series([], dtype=pl.Float64) for name in REQUIRED}), as_they_are()
    else:
        raw, columns = _joined(parts, declaration)
    return harmonise(
        raw,
        columns,
        path=reading.file,
        format_name=declaration.name + note,
        start=_start(parts, reading),
        spectra=made,
        warnings=reading.warnings,
        about=_about(reading),
    )


def as_they_are() -> dict[str, FileColumn]:
    """The required columns, in the units of a record."""
    return {name: FileColumn(name) for name in REQUIRED}


def _must_be_natural(parts: list[TypedTable], reading: Reading) -> None:
    frequency = parts[0].si("frequency_hertz")
    if frequency is None or not looks_like_sweep(frequency):
        raise InputError(
            "has columns of numbers without names, and the first is no frequency of a sweep",
            file=reading.file,
            expected="a declaration that names the columns (see docs/reading.md)",
        )
    reading.say("the columns have no names; read as frequency in Hz, real and imaginary part in ohm")


def _spectra(part: TypedTable, reading: Reading) -> tuple[Spectrum, ...]:
    targets = ("frequency_hertz", "real_impedance_ohm", "imaginary_impedance_ohm", *POLAR)
    table = {target: values for target in targets if (values := part.si(target)) is not None}
    z = impedance(table)
    if z is None:
        return ()
    apart = None if "frequency_hertz" not in table else polar_apart(table)
    if apart is not None and apart.any():
        first = f"{table['frequency_hertz'][int(np.argmax(apart))]:.4g} Hz"
        if reading.dropped and np.count_nonzero(apart) > MOSTLY * len(apart):
            raise InputError(
                f"modulus and phase are not those of real and imaginary part at {np.count_nonzero(apart)} of "
                f"{len(apart)} points: the columns are not what their names say",
                file=reading.file,
                expected="names that stand above their columns",
            )
        many = "1 point" if np.count_nonzero(apart) == 1 else f"{np.count_nonzero(apart)} points"
        reading.say(f"modulus and phase of {many} are not those of real and imaginary part (first: at {first})")
    if any("(Zwe-ce)" in name for name in part.known):
        reading.say(THIRD)
    if "frequency_hertz" not in table:
        reading.say("has impedance but no frequency; no spectrum can be made of it")
        return ()
    sign = next((k.rule.sign for k in part.known.values() if k.column.to == "imaginary_impedance_ohm"), 1)
    kelvin = part.si("ambient_temperature_celsius")
    sweep = part.si("sweep")
    points = Points(
        table["frequency_hertz"],
        z,
        time=part.si("test_time_second"),
        temperature=None if kelvin is None else kelvin + 273.15,
        sweep=sweep,
        sign_known=sign is not None,
        course=any(part.named(name) for name in ("voltage_volt", "current_ampere")),
    )
    return spectra(points, reading.file, reading.warnings)


def _stitch(parts: list[TypedTable], reading: Reading) -> None:
    """Put the tables of one file on one time: by their clocks, else one behind the other."""
    end: float | None = None
    for number, part in enumerate(parts, start=1):
        name = part.named("test_time_second")
        if name is None or not len(part.frame):
            continue
        column = part.known[name].column
        scale = linear(column.unit, "s")[0] if column.unit else 1.0
        time = part.frame[name] * scale
        if end is not None and float(time[0]) < end:
            shift = _clock_shift(parts[0], part)
            if shift is None:
                shift = end - float(time[0])
                reading.say(
                    f"table {number} counts time from its own start; it is put behind the one before, "
                    "and the pause between them is not known"
                )
            else:
                reading.say(f"table {number} counts time and charge from its own start; its time follows the clock")
            part.frame = part.frame.with_columns((part.frame[name] + shift / scale).alias(name))
            time = part.frame[name] * scale
        end = float(time.drop_nulls().max() or 0.0)  # type: ignore[arg-type]


def _clock_shift(first: TypedTable, part: TypedTable) -> float | None:
    """Seconds between the zeros of two tables' times, by their clocks."""
    zeros = []
    for one in (first, part):
        clock, time = one.si("unix_time_second"), one.si("test_time_second")
        if clock is None or time is None or not np.isfinite(clock - time).any():
            return None
        difference = clock - time
        zeros.append(float(difference[np.isfinite(difference)][0]))
    return zeros[1] - zeros[0]


def _joined(parts: list[TypedTable], declaration: Declaration) -> tuple[pl.DataFrame, dict[str, FileColumn]]:
    """One table of all parts, and what its columns are. Impedance lives in the spectra, not in rows."""
    names: dict[tuple[str, str, float], str] = {}
    columns: dict[str, FileColumn] = {}
    frames = []
    counter = declaration.table.count_as if declaration.table else None
    for number, part in enumerate(parts, start=1):
        frame = part.frame.drop([n for n, known in part.known.items() if known.column.to in OF_SPECTRA])
        renamed = {}
        for name, known in part.known.items():
            if known.column.to in OF_SPECTRA or name not in frame.columns:
                continue
            renamed[name] = names.setdefault(tuple(known.column), name)  # type: ignore[arg-type]
            columns[renamed[name]] = known.column
        frame = frame.rename({old: new for old, new in renamed.items() if old != new})
        frame = frame.rename({n: n.removeprefix(OTHER) for n in frame.columns if n.startswith(OTHER)})
        frequency = next((n for n, c in columns.items() if c.to == "frequency_hertz" and n in frame.columns), None)
        if frequency is not None:
            kept = pl.when(pl.col(frequency) > 0.0).then(pl.col(frequency))
            frame = frame.with_columns(kept.alias(frequency))
        if counter and len(parts) > 0 and counter not in frame.columns:
            frame = frame.with_columns(pl.lit(float(number)).alias(counter))
            columns[counter] = FileColumn(counter)
        frames.append(frame)
    return (frames[0] if len(frames) == 1 else pl.concat(_alike(frames), how="diagonal_relaxed")), columns


def _alike(frames: list[pl.DataFrame]) -> list[pl.DataFrame]:
    """Frames whose columns of one name have one type: text where any of them has text."""
    text = {name for frame in frames for name, kind in frame.schema.items() if kind == pl.String}
    return [frame.with_columns(pl.col(n).cast(pl.String) for n in frame.columns if n in text) for frame in frames]


def _start(parts: list[TypedTable], reading: Reading) -> datetime | None:
    """The instant of time 0 from the clock in the rows, else from the header; without a zone if the file says none."""
    clock = parts[0].si("unix_time_second")
    if clock is not None and np.isfinite(clock).any():
        time = parts[0].si("test_time_second")
        zero = clock - (time if time is not None else clock - clock[np.isfinite(clock)][0])
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(zero[np.isfinite(zero)][0]))
        if parts[0].clock_zoned:
            return moment
        by_date = parts[0].named("unix_time_second")
        if by_date is None or parts[0].known[by_date].rule.written != "date":
            return moment
        reading.say("the clock in the file names no time zone; unix_time_second counts as if it were UTC")
        return moment.replace(tzinfo=None)
    said = reading.declaration.start
    if said is None:
        return None
    found = [re.search(pattern, reading.header, re.MULTILINE) for pattern in said.patterns]
    if not all(found):
        if any(found):
            reading.say("the header gives only part of the date and time of the start; it is not taken")
        return None
    text = " ".join(group for match in found if match for group in match.groups() if group)
    instant = cells.clocks(pl.Series([text]), said.formats)
    if instant.values[0] is None:
        reading.say(f"the date '{text}' in the header could not be read")
        return None
    if instant.doubt:
        reading.say(instant.doubt)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(instant.values[0]))
    return moment if instant.zoned else moment.replace(tzinfo=None)


def _about(reading: Reading) -> dict[str, Any]:
    """What the header says that nothing is computed from."""
    found: dict[str, Any] = {}
    for name, pattern in reading.declaration.about.items():
        match = re.search(pattern, reading.header, re.MULTILINE)
        if match is not None and (text := " ".join(group for group in match.groups() if group).strip()):
            found[name] = text
    return found
