"""Text files of tables, read by a declaration: one engine for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from lithostat.experiment.errors import InputError
from lithostat.experiment.files import read_file
from lithostat.experiment.quantity import linear
from lithostat.experiment.record import REQUIRED, Record
from lithostat.reading.columns import SPECTRAL, known_columns
from lithostat.reading.declaration import Declaration, declarations, find, refuse
from lithostat.reading.file_record import as_they_are, record_of
from lithostat.reading.gathered import Reading
from lithostat.reading.harmonise import LARGEST, harmonise, unit_of
from lithostat.reading.rows import rows_of
from lithostat.reading.sweeps import spectrum_per_row
from lithostat.reading.table import TypedTable, part_of, typed
from lithostat.reading.text import HEAD, Found, decode, head_text, tables


def recognise(head: bytes, path: Path) -> bool:
    """Whether a declaration of the package fits the first bytes of a file."""
    text = head_text(head)
    return text is not None and find(text) is not None


def read(path: str | Path, declaration: Declaration | None = None) -> Record:
    """Read a text file by a declaration, or by the package's own that fits; `InputError` if nothing can be read."""
    return read_bytes(read_file(Path(path), LARGEST), path, declaration)


def read_bytes(data: bytes, path: str | Path, declaration: Declaration | None = None) -> Record:
    """Read the text in `data`, which came from `path`."""
    if declaration is None:
        head = head_text(data[:HEAD])
        declaration = find(head) if head is not None else None
        if declaration is None:
            raise InputError("is in no format that is known here", file=str(path), expected=_names_of_formats())
    refuse(declaration, str(path))
    warnings: list[str] = []
    texts = [decode(data, declaration.encodings, warnings)]
    del data  # a large file is held once
    return read_texts(texts, path, declaration, warnings)


def read_texts(
    texts: list[bytes], path: str | Path, declaration: Declaration, warnings: Iterable[str] = (), note: str = ""
) -> Record:
    """Read texts (UTF-8, plain line ends) of one file, such as its sheets; `note` is added to the format's name.

    `texts` is empty afterwards, so that no text is held while its numbers are worked on.
    """
    reading = Reading(str(path), declaration, list(warnings))
    parts: list[TypedTable] = []
    while texts:
        for table in tables(texts.pop(0), reading):
            reading.header = reading.header or table.header.decode("utf-8", "replace")
            if declaration.per_row:
                return _lists(table, reading, note)
            part = part_of(table, reading)
            if part is not None:
                parts.append(part)
    reading.tell_lost()
    if not parts:
        problem = f"looks like {declaration.name}, but not one row of it could be read{reading.width}"
        raise InputError(problem, file=str(path))
    return record_of(parts, reading, note)


def _names_of_formats() -> str:
    return ", ".join(one.name for one in declarations() if one.refuse is None)


def _lists(table: Found, reading: Reading, note: str) -> Record:
    """A record of a table with one spectrum in each row; its plain cells go into the provenance."""
    rows = rows_of(table, reading)
    reading.tell_lost()
    if rows is None:
        raise InputError(f"looks like {reading.declaration.name}, but has no row", file=reading.file)
    known = known_columns(reading.declaration, rows[0].columns, reading.say, reading.file)
    targets = {}
    for name, one in known.items():
        scale, offset = linear(one.column.unit, unit_of(one.column.to)) if one.column.unit else (1.0, 0.0)
        targets[one.column.to] = (name, scale * one.column.factor, offset)
    if not set(SPECTRAL) <= set(targets):
        raise InputError("lacks a column of frequency, real or imaginary part", file=reading.file)
    made, plain = spectrum_per_row(rows[0], targets, reading.file, reading.warnings)
    return harmonise(
        pl.DataFrame({name: pl.Series([], dtype=pl.Float64) for name in REQUIRED}),
        as_they_are(),
        path=reading.file,
        format_name=reading.declaration.name + note,
        spectra=made,
        warnings=reading.warnings,
        about={"rows": plain},
    )


def read_frame(frame: pl.DataFrame, path: str | Path, declaration: Declaration, note: str = "") -> Record:
    """A record from a table whose columns have types already, by the names and units of a declaration."""
    reading = Reading(str(path), declaration)
    known = known_columns(declaration, frame.columns, reading.say, str(path))
    part = TypedTable(frame, known)
    bad = typed(part, False, pl.int_range(1, len(frame) + 1, eager=True), reading)
    if bad is not None and bool(bad.any()):
        reading.give_up(pl.int_range(1, len(frame) + 1, eager=True).filter(bad))
        part.frame = part.frame.filter(~bad)
        reading.tell_lost()
    if not len(part.frame):
        raise InputError("holds no row that can be read", file=str(path))
    return record_of([part], reading, note)
