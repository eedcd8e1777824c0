"""Rows of a table straight to numbers, where every row has one width and nothing is odd; `rows` takes the others."""

from __future__ import annotations

import re
from collections.abc import Mapping

import polars as pl

from lithostat.reading import cells
from lithostat.reading.columns import KnownColumn
from lithostat.reading.declaration import Declaration
from lithostat.reading.rows import SAMPLE, delimiter_of, is_cut, lines_of, unique
from lithostat.reading.text import DELIMITERS, Found


def plain_rows(table: Found, declaration: Declaration, known: Mapping[str, KnownColumn]) -> pl.DataFrame | None:
    """The rows with their numbers parsed, other cells as text; None if the table needs a careful look at each row.

    It gives what `rows` and `cells` would, in a quarter of the memory: no quotes, no decimal comma, no blank line, no
    row of another width, no cell of a number that holds something else, and no last line that is cut.
    """
    body = table.body
    if not body or b'"' in body or b"\r" in body:
        return None
    first = lines_of(_head(body))
    if bool((~first.str.contains(r"[^ \t,;]").fill_null(False)).any()):
        return None
    delimiter = DELIMITERS.get(declaration.delimiter) or delimiter_of(first, len(table.names))
    names, width = unique(table.names), str(first[0]).count(delimiter) + 1
    fits = len(names) <= width <= max(len(table.names), len(names) + 1)
    if delimiter == " " or not fits or (delimiter != "\t" and b"\t" in body):
        return None
    sample = first.str.split_exact(delimiter, width - 1).struct.unnest()
    extra = [f"\0{place}" for place in range(width - len(names))]
    sample.columns = [*names, *extra]
    if _is_comma(sample, declaration, known, delimiter, body):
        return None
    numbers = _numbers(sample.select(names), declaration, known)
    rows = body.count(b"\n") + (not body.endswith(b"\n"))
    if not numbers or body.count(delimiter.encode()) != rows * (width - 1):
        return None
    schema = {name: pl.Float64 if name in numbers else pl.String for name in sample.columns}
    try:
        frame = pl.read_csv(body, separator=delimiter, has_header=False, quote_char=None, schema=schema)
    except pl.exceptions.PolarsError:  # a row is wider, which leaves another one narrower, or a cell is no number
        return None
    if len(frame) != rows or not _is_whole(frame, numbers, extra) or _ends_cut(table, delimiter):
        return None
    frame = frame.select(name for name in names if name.strip())
    return frame.with_columns(pl.col(pl.String).fill_null(""))


def _head(body: bytes) -> bytes:
    """The first lines, which decide the delimiter."""
    position = 0
    for _ in range(SAMPLE):
        position = body.find(b"\n", position) + 1
        if position == 0:
            return body
    return body[: position - 1]


def _is_comma(
    sample: pl.DataFrame, declaration: Declaration, known: Mapping[str, KnownColumn], delimiter: str, body: bytes
) -> bool:
    """Whether decimal commas are possible. If none is in the sample, one further down is a cell that is no number."""
    if declaration.decimal != "auto" or delimiter == "," or b"," not in body:
        return declaration.decimal == "comma"
    columns = [sample[name] for name, one in known.items() if one.rule.written == "number"]
    return not columns or cells.is_comma(columns)


def _numbers(sample: pl.DataFrame, declaration: Declaration, known: Mapping[str, KnownColumn]) -> set[str]:
    """Columns of numbers: those that a rule knows as such, and others whose first cells are all numbers."""
    found = {name for name, one in known.items() if one.rule.written == "number"}
    for name in sample.columns:
        if name.strip() and name not in known:
            parsed = cells.numbers(sample[name])
            if parsed.values.null_count() == 0:
                found.add(name)
    if declaration.sign_from is not None:  # its column is read as text
        found -= {name for name in sample.columns if re.fullmatch(declaration.sign_from.column, name)}
    return found & set(sample.columns)


def _is_whole(frame: pl.DataFrame, numbers: set[str], extra: list[str]) -> bool:
    """No row is blank, cells beyond the names are, and numbers are finite."""
    if all(frame[name].null_count() for name in numbers):
        return False
    if any(not bool(frame[name].fill_null("").str.strip_chars(" ").eq("").all()) for name in extra):
        return False
    return all(bool(frame[name].is_finite().all()) for name in numbers)


def _ends_cut(table: Found, delimiter: str) -> bool:
    if table.ends or table.body.endswith(b"\n"):
        return False
    position = len(table.body)
    for _ in range(SAMPLE):
        position = table.body.rfind(b"\n", 0, position)
        if position < 0:
            break
    return is_cut(lines_of(table.body[position + 1 :]), True, delimiter)
