"""Columns of a file to columns of a record: names, units and signs are changed here and nowhere else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl

from lithostat.experiment.errors import InputError
from lithostat.experiment.files import open_file
from lithostat.experiment.output_names import readable
from lithostat.experiment.quantity import linear
from lithostat.experiment.record import COLUMNS, OTHER, REQUIRED, Record
from lithostat.experiment.spectrum import Spectrum
from lithostat.reading.set_clocks import FROM, elapsed
from lithostat.reading.time_unit import AGREES, unit_by_clock

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

# the unit that the end of a column's name stands for, and the unit pint knows it by
_UNITS = {
    "second": "s",
    "volt": "V",
    "ampere": "A",
    "celsius": "degC",
    "ah": "A*h",
    "wh": "W*h",
    "watt": "W",
    "hertz": "Hz",
    "ohm": "ohm",
    "degree": "deg",
    "pa": "Pa",
    "newton": "N",
    "metre": "m",
    "coulomb": "C",
}
NAMED = 12  # columns that a warning names
NOT_WHOLE = 0.05  # share of numbers with decimals from which on a column is no counter
LARGEST = 8 << 30  # bytes; no cycler file of one cell is larger
_WHOLE = ("record_index", "step_index", "step_count", "cycle_count", "file_index", "interpolated")


class FileColumn(NamedTuple):
    """What a column of a file is: the record's name for it, the unit in the file, and a factor (-1 turns the sign)."""

    to: str
    unit: str = ""
    factor: float = 1.0


def unit_of(name: str) -> str:
    """The unit of a record's column, as pint knows it; '' for counters."""
    return _UNITS.get(name.rsplit("_", 1)[-1], "")


def harmonise(
    raw: pl.DataFrame,
    columns: Mapping[str, FileColumn],
    *,
    path: str | Path,
    format_name: str,
    start: datetime | None = None,
    spectra: Iterable[Spectrum] = (),
    warnings: Iterable[str] = (),
    about: Mapping[str, Any] | None = None,
) -> Record:
    """A record from a file's own table and what its columns are.

    Columns that `columns` does not name are kept as 'other:<name>' and named in one warning. A missing voltage or
    current becomes NaN with a warning; a missing time is an error. `start` is the instant of test time 0; without it,
    it follows from `unix_time_second`. `about` goes into the provenance (header values of the file).
    """
    warnings = list(warnings)
    table: dict[str, Any] = {}
    others = []
    for name in raw.columns:
        if name not in columns:
            table[OTHER + name] = raw[name]
            others.append(name)
            continue
        to = columns[name]
        if to.to in _WHOLE and not _counts(raw[name]):
            warnings.append(f"'{name}' holds numbers that are no counts; it is kept as it is and is no {to.to}")
            table[OTHER + name] = raw[name]
        elif to.to in table:
            warnings.append(f"'{name}' would be a second '{to.to}' and is kept as it is")
            table[OTHER + name] = raw[name]
        else:
            table[to.to] = _converted(raw[name], to, str(path))
    if others:
        named = ", ".join(name if len(name) <= 60 else f"{name[:57]}..." for name in others[:NAMED])
        more = len(others) - NAMED
        also = f" and {more} more" if more > 0 else ""
        warnings.append(f"columns without a standard name, kept as they are: {named}{also}")
    time_from = {} if "test_time_second" in table else {FROM: "clock"}
    table = _required(table, len(raw), warnings, str(path))
    table = _timed_by_clock(table, warnings)
    if start is None and "unix_time_second" in table and len(raw):
        start = _instant(table)
    return Record(
        table=pl.DataFrame({name: table[name] for name in (*COLUMNS, *table) if name in table}),
        spectra=tuple(spectra),
        provenance=provenance(path, format_name, about, time_from),
        warnings=tuple(warnings),
        start=start,
    )


def _timed_by_clock(table: dict[str, Any], warnings: list[str]) -> dict[str, Any]:
    """The table with its test time in seconds, where the clock beside it shows that it counts something else."""
    if "unix_time_second" not in table or not len(table["test_time_second"]):
        return table
    time, clock = table["test_time_second"], table["unix_time_second"]
    count, sentence = unit_by_clock(time.to_numpy().astype(float), clock.to_numpy().astype(float))
    if sentence:
        warnings.append(sentence)
        table = table | {"test_time_second": time * count}
        if "step_time_second" in table and _same_scale(table["step_time_second"], time):
            table["step_time_second"] = table["step_time_second"] * count
    return table


def _same_scale(step_time: pl.Series, time: pl.Series) -> bool:
    """Whether the time of the step goes on by the same counts as test time."""
    step, whole = np.diff(step_time.to_numpy()), np.diff(time.to_numpy())
    forward = (step > 0.0) & (whole > 0.0)
    return bool(forward.any() and abs(float(np.median(step[forward] / whole[forward])) - 1.0) < AGREES)


def provenance(
    path: str | Path, format_name: str, about: Mapping[str, Any] | None = None, more: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Which file was read, its SHA-256, as what, and what its header said."""
    path = Path(path)
    with open_file(path, LARGEST) as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    file = {"name": readable(path.name), "sha256": digest, "bytes": path.stat().st_size, "format": format_name}
    return {"made_by": "reading", "files": [file | {"header": dict(about or {})} | dict(more or {})]}


def spectrum_from(
    frequency: ArrayLike, real: ArrayLike, imaginary: ArrayLike, path: str | Path, **state: Any
) -> tuple[Spectrum, ...]:
    """A spectrum of the points that are whole (finite, frequency above 0), or none at all if there is no such point.

    Whoever calls says how many others there were (`sweeps`).
    """
    f, re, im = (np.asarray(values, float) for values in (frequency, real, imaginary))
    good = np.isfinite(f) & np.isfinite(re) & np.isfinite(im) & (f > 0.0)
    if not good.any():
        return ()
    state.setdefault("name", Path(path).stem)
    return (Spectrum(f[good], re[good] + 1j * im[good], **state),)


def _counts(values: pl.Series) -> bool:
    """Whether a column holds whole numbers, apart from a few."""
    numbers = values.cast(pl.Float64, strict=False).drop_nulls().drop_nans()
    return not len(numbers) or float(((numbers - numbers.round()).abs() > 1e-6).mean() or 0.0) < NOT_WHOLE  # type: ignore[arg-type]


def _converted(values: pl.Series, column: FileColumn, file: str) -> pl.Series:
    if column.to not in COLUMNS:
        raise InputError(f"'{column.to}' is no column of a record", file=file)
    if column.to in _WHOLE:
        return values.cast(pl.Float64, strict=False).round().cast(pl.Int64, strict=False).fill_null(0)
    floats = values.cast(pl.Float64, strict=False).fill_null(float("nan"))
    scale, offset = linear(column.unit, unit_of(column.to)) if column.unit else (1.0, 0.0)
    if (scale * column.factor, offset) == (1.0, 0.0):
        return floats
    return floats * (scale * column.factor) + offset


def _required(table: dict[str, Any], rows: int, warnings: list[str], file: str) -> dict[str, Any]:
    """Time from the wall clock if need be; voltage and current as NaN, with a reason, where the file has none."""
    if "test_time_second" not in table:
        if "unix_time_second" not in table:
            raise InputError("has no column of time", file=file, expected="test time or date and time in every row")
        time, said = elapsed(table["unix_time_second"].to_numpy())
        table["test_time_second"] = pl.Series("test_time_second", time)
        warnings += ["test time is counted from the clock of the first row", *said]
    for name in REQUIRED:
        if name not in table:
            table[name] = pl.Series(name, np.full(rows, np.nan))
            warnings.append(f"the file has no {name.rsplit('_', 1)[0]}; the column is NaN")
    return table


def _instant(table: Mapping[str, Any]) -> datetime | None:
    """Instant of test time 0 from the first row that has both clocks."""
    zero = (table["unix_time_second"] - table["test_time_second"]).drop_nans()
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(zero[0])) if len(zero) else None
