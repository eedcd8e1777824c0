"""Cells of text to numbers: decimal marks, durations, dates, units as vendors spell them. Whole columns at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

import polars as pl

MISSING = ("", "nan", "n/a", "na", "null", "none", "-", "--", "---", "#n/a")
ISO = (
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%Y/%m/%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
)
_COMMA = r"^\s*[+-]?\d*,\d+(?:[eE][+-]?\d+)?\s*$"
_POINT = r"^\s*[+-]?\d*\.\d+(?:[eE][+-]?\d+)?\s*$"
DURATION = r"^\s*(-?)(?:(\d+)\s*d(?:ays?)?[\s,]\s*)?(\d+):(\d{1,2}):(\d{1,2}(?:[.,]\d*)?)\s*$"
DATE = r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}[T ]+\d{1,2}:\d\d.*"

# how vendors spell units, and how pint knows them; keys in lower case where the case says nothing
_SPELLED = {
    "s": "s", "h": "h", "sec": "s", "secs": "s", "second": "s", "seconds": "s",
    "min": "min", "minute": "min", "minutes": "min", "mins": "min",
    "hr": "h", "hrs": "h", "hour": "h", "hours": "h",
    "volt": "V", "volts": "V", "amp": "A", "amps": "A", "ampere": "A", "amperes": "A",
    "ohms": "ohm", "c": "degC", "°c": "degC", "deg c": "degC", "celsius": "degC", "degrees c": "degC", "oc": "degC",
    "°": "deg", "degree": "deg", "degrees": "deg", "deg.": "deg",
    "kgf": "kilogram_force", "lbf": "pound_force", "n": "N", "kn": "kN",
    "pa": "Pa", "kpa": "kPa", "mpa": "MPa", "gpa": "GPa", "bar": "bar", "psi": "psi",
    "hz": "Hz", "khz": "kHz", "mhz": "MHz",
}  # fmt: skip
_EXACT = {"mPa": "mPa", "mHz": "mHz", "Mohm": "Mohm"}


class NumberColumn(NamedTuple):
    """A column of numbers; `bad` marks cells that hold something else, null cells of `values` hold nothing."""

    values: pl.Series
    bad: pl.Series


def unit(text: str) -> str:
    """A unit as vendors spell it, as pint knows it: 'mA.h', 'mAs', 'µA', '°C', 'Ohm'."""
    text = text.strip().strip("()[]").strip()
    text = text.replace("µ", "u").replace("μ", "u").replace("Ω", "ohm").replace("Ω", "ohm")
    text = re.sub(r"(?i)ohms?\b", "ohm", text)
    if text in _EXACT:
        return _EXACT[text]
    if text.lower() in _SPELLED:
        return _SPELLED[text.lower()]
    charge = re.fullmatch(r"([munk]?)(A|W)[.\-*· ]?(h|s|hr)", text)
    if charge:
        return f"{charge[1]}{charge[2]}*{charge[3].replace('hr', 'h')}"
    return text


def is_comma(columns: Iterable[pl.Series]) -> bool:
    """Whether numbers are written with a decimal comma: more cells have one than have a point."""
    comma = point = 0
    for cells in columns:
        if not bool(cells.str.contains(",", literal=True).any()):
            point += int(cells.str.contains(".", literal=True).sum())
            continue
        comma += int(cells.str.contains(_COMMA).sum())
        point += int(cells.str.contains(_POINT).sum())
    return comma > point


def numbers(cells: pl.Series, comma: bool = False) -> NumberColumn:
    """Text to floats. What is not a plain finite number is bad; what vendors write for 'nothing' is null."""
    cells = cells.str.strip_chars(" ")
    text = cells
    if comma:
        text = pl.select(pl.when(cells.str.contains(".", literal=True)).then(None).otherwise(cells)).to_series()
        text = text.str.replace(",", ".", literal=True)
    values = text.cast(pl.Float64, strict=False)
    if values.null_count() == 0 and bool(values.is_finite().all()):
        return NumberColumn(values, pl.Series([False]).new_from_index(0, len(values)))
    values = pl.select(pl.when(values.is_finite()).then(values)).to_series()
    missing = cells.fill_null("").str.to_lowercase().is_in(list(MISSING))
    return NumberColumn(values, values.is_null() & ~missing)


def durations(cells: pl.Series, comma: bool = False) -> NumberColumn:
    """Durations like '00:00:03.000', '1d 02:03:04' or '26:00:00' to seconds; plain numbers are seconds already."""
    if comma:
        cells = cells.str.replace(",", ".", literal=True)
    parts = cells.str.extract_groups(DURATION).struct.unnest()
    sign, day, hour, minute, second = (parts.to_series(i) for i in range(5))
    day = day.cast(pl.Float64, strict=False).fill_null(0.0)
    hour, minute, second = (part.cast(pl.Float64, strict=False) for part in (hour, minute, second))
    size = day * 86400.0 + hour * 3600.0 + minute * 60.0 + second
    values = pl.select(pl.when(sign == "-").then(-size).otherwise(size)).to_series()
    values = pl.select(pl.when((minute < 60.0) & (second < 60.0)).then(values)).to_series()
    plain = numbers(cells)
    values = values.fill_null(plain.values)
    return NumberColumn(values, values.is_null() & plain.bad)


class ClockColumn(NamedTuple):
    """Instants in seconds since 1970; `zoned` if the file says the zone, else they count as if the clock were UTC."""

    values: pl.Series
    bad: pl.Series
    zoned: bool
    doubt: str | None


def clocks(cells: pl.Series, formats: Iterable[str], comma: bool = False) -> ClockColumn:
    """Dates and times to seconds since 1970, by the format that fits most cells; 'epoch' stands for such seconds.

    `doubt` is a sentence where another format of the list fits as well and gives other instants.
    """
    cells = cells.str.strip_chars(" ").str.replace_all(r"\s+", " ")
    missing = cells.fill_null("").str.to_lowercase().is_in(list(MISSING))
    full = len(cells) - int(missing.sum())
    best: tuple[int, str, pl.Series] | None = None
    doubt = None
    filled = cells.filter(~missing).head(100)
    for form in (*formats, *ISO):
        if best is not None and best[0] == full and form != "epoch" and _instants(filled, form).null_count():
            continue  # one before fits every cell, and this one does not
        values = numbers(cells, comma).values if form == "epoch" else _instants(cells, form)
        fit = len(values) - values.null_count()
        if best is None or fit > best[0]:
            best, doubt = (fit, form, values), None
        elif fit == best[0] > 0 and doubt is None and not values.equals(best[2]):
            doubt = (
                f"dates like '{_first(cells)}' were read with the {_order(best[1])} first, which the file leaves open"
            )
    assert best is not None
    _, form, values = best
    zoned = form == "epoch" or form.endswith("z")
    return ClockColumn(values, values.is_null() & ~missing, zoned, doubt if full else None)


def _instants(cells: pl.Series, form: str) -> pl.Series:
    try:
        moments = cells.str.to_datetime(form, strict=False, time_unit="us")
    except pl.exceptions.PolarsError:
        return pl.Series(cells.name, [None] * len(cells), dtype=pl.Float64)
    return moments.dt.timestamp("us").cast(pl.Float64) / 1e6


def _order(form: str) -> str:
    places = {"month": form.find("%m"), "day": form.find("%d"), "year": form.lower().find("%y")}
    return min((place, name) for name, place in places.items() if place >= 0)[1] if max(places.values()) >= 0 else "day"


def _first(cells: pl.Series) -> str:
    return str(next((cell for cell in cells.head(100) if cell), ""))
