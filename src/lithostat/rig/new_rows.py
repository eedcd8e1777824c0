"""New lines of a cycler's file through the reader of whole files, behind the file's own header."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.errors import InputError, LithostatError
from lithostat.experiment.record import Record
from lithostat.lab.stated_current import with_stated_current
from lithostat.reading.declaration import Declaration, find, read_declaration
from lithostat.reading.gathered import Reading
from lithostat.reading.load_cell import calibrate
from lithostat.reading.read import read, read_here
from lithostat.reading.text import decode, head_text, tables
from lithostat.rig.readings import OK, Lines, Readings

LARGEST_HEADER = 1 << 17  # bytes
NAMES = ("voltage", "current", "pressure", "temperature")
ANCHORS = 2  # rows that a chunk of lines is read behind, so that what is decided by rows is decided alike


@dataclass
class _Header:
    """What a part begins with: until its table begins, all of it; then its header and its first rows."""

    begin: bytes = b""
    rows: int | None = None  # that the reader makes of it; None until the table has begun


@dataclass
class NewRows:
    """Rows of new lines. Only what limits and the quick look need; the record is read whole, from all lines.

    `trouble` is why the last lines gave nothing, '' if they did.
    """

    note: CellNote
    declaration: Path | None = None
    trouble: str = ""
    _headers: dict[int, _Header] = field(default_factory=dict, init=False)
    _whole: dict[str, int] = field(default_factory=dict, init=False)

    def remember(self, lines: Lines) -> None:
        """What an earlier watch had read of a part: its beginning, so that new lines can be read behind it."""
        if not lines.whole:
            header = self._headers.setdefault(lines.part, _Header())
            if header.rows is None and len(header.begin) < LARGEST_HEADER:
                header.begin += lines.data[: LARGEST_HEADER - len(header.begin)]
                self._settle(header, lines.file)

    def rows(self, lines: Lines) -> Readings | None:
        """Voltage [V], current [A], pressure [Pa] and temperature [K] of new rows, NaN where there is none."""
        self.trouble = ""
        try:
            record = self._whole_file(lines) if lines.whole else self._lines(lines)
            if record is None or not len(record.table):
                return None
            return _readings(_with_pressure(record, self.note), lines)
        except LithostatError as error:
            self.trouble = str(error)
            return None

    def _lines(self, lines: Lines) -> Record | None:
        header = self._headers.setdefault(lines.part, _Header())
        if header.rows is not None:
            record = self._read(lines.file, header.begin + lines.data)
            return _behind(record, header.rows)
        header.begin += lines.data
        if len(header.begin) > LARGEST_HEADER + len(lines.data):
            header.begin = header.begin[:LARGEST_HEADER]
            raise InputError("has no table that is known here", file=lines.file)
        everything = header.begin
        self._settle(header, lines.file)
        return None if header.rows is None else self._read(lines.file, everything)

    def _settle(self, header: _Header, file: str) -> None:
        """Find where the table begins, and keep its header with the first rows alone."""
        start = _first_row(header.begin, file, self.declaration)
        if start is None:
            return
        anchors = header.begin[start:].split(b"\n")
        if len(anchors) <= ANCHORS:
            return
        begin = header.begin[:start] + b"\n".join(anchors[:ANCHORS]) + b"\n"
        header.rows = len(self._read(file, begin).table)
        header.begin = begin

    def _whole_file(self, lines: Lines) -> Record:
        record = self._read(lines.file, lines.data)
        before = self._whole.get(lines.file, 0)
        self._whole[lines.file] = len(record.table)
        return _behind(record, before)

    def _read(self, file: str, data: bytes) -> Record:
        return read_bytes_as(file, data, self.note, self.declaration)


def read_bytes_as(file: str, data: bytes, note: CellNote, declaration: Path | None) -> Record:
    """What the reader makes of a file of this name with these bytes; raises `InputError` about that name."""
    with tempfile.TemporaryDirectory(prefix="lithostat-") as folder:
        path = Path(folder) / file
        path.write_bytes(data)
        try:
            text = head_text(data[: 1 << 16]) is not None
            record = read_here(path, declaration=declaration) if text else read(path, declaration=declaration)
        except InputError as error:
            raise InputError(error.problem, file=file, place=error.place, expected=error.expected) from None
        return with_stated_current(record, note)


def _with_pressure(record: Record, note: CellNote) -> Record:
    """The record with the pressure of a load cell on the cycler's own input, where its zero was stated.

    A zero that is tared on stretches of the timeline is known to the full call alone.
    """
    cell = note.load_cell
    if cell is None or (cell.zero is None and cell.unit in (None, "V", "mV")):
        return record
    return calibrate(record, note.model_copy(update={"load_cell": cell.model_copy(update={"tare": ()})}))


def _first_row(begin: bytes, file: str, declaration: Path | None) -> int | None:
    """The byte at which the rows of the first table begin; None while that cannot be told."""
    text = head_text(begin)
    said: Declaration | None = read_declaration(declaration) if declaration else (find(text) if text else None)
    if said is None or said.table is None:
        return None
    try:
        body = decode(begin, said.encodings, [])
        table = next(iter(tables(body, Reading(file, said))))
    except (InputError, StopIteration):
        return None
    lines = begin.split(b"\n")
    return sum(len(line) + 1 for line in lines[: table.line - 1])


def _behind(record: Record, rows: int) -> Record:
    return Record(record.table.slice(rows), start=record.start, provenance=record.provenance)


def _readings(record: Record, lines: Lines) -> Readings:
    n = len(record.table)
    stamped = record.column("test_time_second").astype(float)
    celsius = _column(record, "ambient_temperature_celsius")
    pressure = _column(record, "measured_pressure_pa")
    voltage, current = (_column(record, name) for name in ("voltage_volt", "current_ampere"))
    values = np.stack([voltage, current, pressure, celsius + 273.15], axis=1)
    return Readings(lines.source, NAMES, np.full(n, lines.at), stamped, values, np.full(n, OK, np.uint8))


def _column(record: Record, name: str) -> np.ndarray:
    if name not in record.table.columns:
        return np.full(len(record.table), np.nan)
    return np.asarray(record.column(name), float)
