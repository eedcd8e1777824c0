"""How far the cells of a workbook reach, before a library makes a table of everything between them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lithostat.experiment.errors import InputError

ALLOWED = 20_000_000  # cells of a sheet, filled or not
SPARSE = 4  # times as many cells as are filled, where there are more
_PIECE = 1 << 20
_LONGEST = 64  # bytes of a place with its quotes
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{0,3})(\d{1,10})["']""")


class Extent(NamedTuple):
    """From which to which row and column cells reach, both from 1, and how many there are."""

    rows: tuple[int, int]
    columns: tuple[int, int]
    filled: int

    @property
    def cells(self) -> int:
        """Of the table that holds all of them."""
        return (self.rows[1] - self.rows[0] + 1) * (self.columns[1] - self.columns[0] + 1)


def check_extent(path: Path) -> None:
    """Refuse an .xlsx with a sheet whose cells lie so far apart that a table of them could not be held."""
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if not re.search(r"worksheets/[^/]+\.xml$", entry.filename):
                continue
            try:
                with archive.open(entry) as stream:
                    found = extent(iter(lambda stream=stream: stream.read(_PIECE), b""))  # type: ignore[misc]
            except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
                raise InputError(f"cannot be read as a workbook ({error})", file=str(path)) from None
            if found.cells > max(ALLOWED, SPARSE * found.filled):
                far = f"{_letters(found.columns[1])}{found.rows[1]}"
                problem = f"has cells as far as {far}: a table of {found.cells:,} cells, of which {found.filled:,} hold"
                wish = "a sheet whose cells far from the others are cleared"
                raise InputError(f"{problem} something", file=str(path), expected=wish)


def extent(pieces: Iterator[bytes]) -> Extent:
    """The extent of a sheet from the pieces of its XML."""
    rows: set[int] = set()
    columns: set[int] = set()
    filled, kept = 0, b""
    for piece in pieces:
        text = kept + piece
        cut = text.rfind(b">") + 1 or max(0, len(text) - _LONGEST)  # a place may lie across two pieces
        kept = text[cut:]
        found = _PLACE.findall(text, 0, cut)
        if found:
            names = [_number(letters) for letters in {letters for letters, _ in found}]
            filled += sum(1 for letters, _ in found if letters)
            numbers = [int(row) for _, row in found]
            rows |= {min(numbers), max(numbers)}
            columns |= {number for number in names if number}
    if not filled:
        return Extent((1, max(rows, default=1)), (1, 1), 0)
    return Extent((min(rows), max(rows)), (min(columns), max(columns)), filled)


def _number(letters: bytes) -> int:
    """'A' -> 1, 'XFD' -> 16384; 0 for a row."""
    value = 0
    for letter in letters.upper():
        value = 26 * value + letter - 64
    return value


def _letters(number: int) -> str:
    text = ""
    while number:
        number, place = divmod(number - 1, 26)
        text = chr(65 + place) + text
    return text
