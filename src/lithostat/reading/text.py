"""Bytes to UTF-8 with plain line ends, and where tables stand in it."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lithostat.experiment.errors import InputError
from lithostat.reading.declaration import Declaration, TableBounds
from lithostat.reading.gathered import Reading

HEAD = 1 << 16  # bytes in which a format is recognised
PREAMBLE = 4 << 20  # bytes in which the first table must start
PIECE = 1 << 24  # bytes that are decoded at a time
DELIMITERS = {"tab": "\t", "comma": ",", "semicolon": ";", "whitespace": " "}
_CELL = rb" *+[+-]?(?:\d++(?:\.\d++)?|\.\d++)(?:[eE][+-]?\d++)? *+"


@dataclass
class Found:
    """A table in a file: what the file begins with, its title and names, the bytes of its rows from line `line` on."""

    header: bytes
    title: str
    names: list[str]
    body: bytes
    line: int
    ends: bool  # whether something follows, so that its last row is whole
    stated: int | None = None  # the number of rows that the title gives


def head_text(head: bytes) -> str | None:
    """The head of a text file with plain line ends; None if it is not text."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", "ignore").replace("\r", "")
    if head.count(b"\0") > 0.3 * len(head):
        return None
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        text = head.decode("utf-8", "replace") if error.start >= len(head) - 3 else head.decode("cp1252", "replace")
    return _plain_ends(text.encode()).decode().removeprefix("\ufeff")


def _plain_ends(data: bytes) -> bytes:
    if b"\r" not in data:
        return data
    data = data.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n")
    if b"\n" in data and data.endswith(b"\r"):  # cut within a line end
        return data.rstrip(b"\r") + b"\n"
    return data.replace(b"\r", b"\n") if b"\n" not in data else data


def decode(data: bytes, encodings: Iterable[str], warnings: list[str]) -> bytes:
    """Any of the encodings to UTF-8 with plain line ends; bytes that are no text are said."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        data = data.decode("utf-16", "replace").encode()
    data = data.removeprefix(codecs.BOM_UTF8)
    if not data.isascii():
        data = _utf8(data, tuple(encodings), warnings)
    nothing = data.count(b"\0")
    if nothing:
        warnings.append(f"the file holds {nothing} NUL bytes; it is damaged")
    return _plain_ends(data)


def _utf8(data: bytes, encodings: tuple[str, ...], warnings: list[str]) -> bytes:
    for encoding in encodings:
        try:
            return _recoded(data, encoding)
        except UnicodeError:
            continue
    text = data.decode(encodings[0], "replace")
    broken = text.count("\ufffd")
    if encodings[-1] != encodings[0]:
        other = data.decode(encodings[-1], "replace")
        if other.count("\ufffd") < broken:
            text, broken = other, other.count("\ufffd")
    warnings.append(f"{broken} bytes are no text in {' or '.join(encodings)}; the file is damaged")
    return text.encode()


def _recoded(data: bytes, encoding: str) -> bytes:
    """Text in an encoding to UTF-8, in pieces: text takes up to four bytes a character while it is text."""
    decoder, view = codecs.getincrementaldecoder(encoding)(), memoryview(data)
    last = max(len(data) - PIECE, 0)
    pieces = [
        decoder.decode(view[place : place + PIECE], place >= last).encode() for place in range(0, len(data), PIECE)
    ]
    return b"".join(pieces)


def tables(body: bytes, reading: Reading) -> Iterator[Found]:
    """The tables of a file, in its order; rows that stand in none are said. Raises `InputError` if there is none."""
    declaration = reading.declaration
    table = declaration.table
    assert table is not None  # a declaration without one refuses
    position, first, header = 0, True, b""
    while position < len(body) or first:
        place = _start_of(body, position, table, declaration)
        if table.many:
            _stray(body, position, len(body) if place is None else place[0], reading)
        if place is None:
            break
        begin, title, names, start = place
        for _ in range(table.skip):
            start = _next_line(body, start)
        stop = _end_of(body, start, table)
        header = header or body[: min(begin, PREAMBLE)]
        line, ends = body.count(b"\n", 0, start) + 1, stop < len(body)
        found = Found(header, title, names, body[start:stop], line, ends, _stated(title, table))
        first, position, length = False, max(stop, start), len(body)
        if not table.many or position >= length:
            del body  # the text of a large table is held once
            yield found
            return
        yield found
        del found
    if first:
        raise InputError(f"looks like {declaration.name}, but no table of data was found in it", file=reading.file)


def _stray(body: bytes, position: int, until: int, reading: Reading) -> None:
    """Say where lines outside of any table look like rows, since a table's first line may be damaged."""
    row = row_of_numbers(DELIMITERS.get(reading.declaration.delimiter, "\t"))
    found = row.search(body, position, until)
    if found is not None:
        count = sum(1 for _ in row.finditer(body, position, until))
        lines = "1 line looks like a row" if count == 1 else f"{count} lines look like rows"
        first = body.count(b"\n", 0, found.start()) + 1
        reading.say(f"{lines} outside of any table, the first is line {first}")


def row_of_numbers(delimiter: str) -> re.Pattern[bytes]:
    """Three numbers side by side anywhere in a line, which looks like a row."""
    mark = re.escape(delimiter.encode())
    return re.compile(rb"^(?:[^\n]*%b)?%b(?:%b%b){2}(?:%b|$)" % (mark, _CELL, mark, _CELL, mark), re.MULTILINE)


def _stated(title: str, table: TableBounds) -> int | None:
    """The number of rows that a title gives in the group 'rows' of its pattern."""
    match = None if table.title is None else re.search(table.title, title)
    rows = None if match is None else match.groupdict().get("rows")
    return int(rows) if rows and len(rows) < 16 else None


def _start_of(
    body: bytes, position: int, table: TableBounds, declaration: Declaration
) -> tuple[int, str, list[str], int] | None:
    """Where the next table begins from `position` on, its title and names, and the first byte after them."""
    until = len(body) if table.many else min(len(body), PREAMBLE)
    if table.search:
        return _found_below_preface(body, position)
    pattern = table.header or table.lines or table.title
    if pattern is None:
        return 0, "", list(table.names), 0
    match = re.compile(pattern.encode(), re.MULTILINE).search(body, position, until)
    if match is None:
        return None
    begin = body.rfind(b"\n", 0, match.start()) + 1
    title = _line_at(body, begin)
    start = _next_line(body, match.end())
    if table.header:
        said = match.groupdict().get("names")
        return begin, title, _names(said.decode("utf-8", "replace") if said is not None else title, declaration), start
    if table.lines:
        start = begin = _line_of_names(body, int(match[1]))
    if table.names:
        return begin, title, list(table.names), start
    return begin, title, _names(_line_at(body, start), declaration), _next_line(body, start)


def _found_below_preface(body: bytes, position: int) -> tuple[int, str, list[str], int] | None:
    """The first table with names above rows of numbers."""
    from lithostat.reading.preface import find_names

    names = find_names(body[position : position + HEAD].decode("utf-8", "replace")) if not position else None
    if names is None:
        return None
    begin = position
    for _ in range(names.line):
        begin = _next_line(body, begin)
    start = begin
    for _ in range(1 + names.skip):
        start = _next_line(body, start)
    return begin, _line_at(body, begin), names.names, start


def _line_of_names(body: bytes, number: int) -> int:
    """Where line `number` begins; in edited files the one before or after, if that holds the names."""
    places = [0]
    while len(places) <= number and places[-1] < len(body):
        places.append(_next_line(body, places[-1]))
    for place in (number - 1, number - 2, number):
        if 0 <= place < len(places):
            words = _line_at(body, places[place]).split("\t")
            if sum(bool(re.search(r"[A-Za-z]{2}", word)) for word in words) > len(words) // 2 > 0:
                return places[place]
    return places[min(max(number - 1, 0), len(places) - 1)]


def _end_of(body: bytes, start: int, table: TableBounds) -> int:
    if table.end is None:
        return len(body)
    match = re.compile(table.end.encode(), re.MULTILINE).search(body, start)
    return len(body) if match is None else match.start()


def _next_line(body: bytes, position: int) -> int:
    found = body.find(b"\n", position)
    return len(body) if found < 0 else found + 1


def _line_at(body: bytes, position: int) -> str:
    end = body.find(b"\n", position)
    return body[body.rfind(b"\n", 0, position) + 1 : len(body) if end < 0 else end].decode("utf-8", "replace")


def _names(line: str, declaration: Declaration) -> list[str]:
    """Names of a header line; they are not yet unique, and may end in empty ones."""
    delimiter = DELIMITERS.get(declaration.delimiter) or max("\t;,", key=line.count)
    if line.count(delimiter) == 0 or delimiter == " ":
        return line.split()
    return [name.strip() for name in split_line(line, delimiter)]


def split_line(line: str, delimiter: str) -> list[str]:
    """Cells of one line, of which some may be quoted."""
    try:
        return next(csv.reader([line], delimiter=delimiter))
    except csv.Error:
        return line.split(delimiter)
