"""Where a table begins in a text that nobody described: the line of names above the first rows of numbers."""

from __future__ import annotations

import re
from typing import NamedTuple

from lithostat.reading.text import split_line

LINES = 400  # among which the names are looked for
ROWS = 3  # of numbers that must follow
FEWEST = 2  # columns
_VALUE = re.compile(
    r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?%?"  # a number
    r"|(?:\d+d? )?\d+:\d\d(?::\d\d)?(?:[.,]\d*)?(?: ?[AaPp][Mm])?"  # h:m:s
    r"|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ]\d+:\d\d.{0,24})?"  # a date
    r"|nan|NaN|N/A|-"
)
_UNIT = re.compile(r"[(\[]?[A-Za-z°%µμΩ./*²^0-9·-]{0,12}[)\]]?")
_WORD = re.compile(r"[A-Za-zµΩ°|]")


class Names(NamedTuple):
    """The names of a table's columns, the number of the line that holds them (from 0), and lines to pass over below."""

    names: list[str]
    line: int
    skip: int


def find_names(text: str) -> Names | None:
    """The names of the first table in a text; None if no line of names stands above rows of numbers.

    Where the line below the names holds units only, they are put behind the names in brackets.
    """
    lines = text.split("\n")[: LINES + ROWS + 2]
    for number in range(min(len(lines) - ROWS, LINES)):
        if not _WORD.search(lines[number]):
            continue
        for delimiter in "\t;, ":
            names = _cells(lines[number], delimiter)
            if len(names) < FEWEST or _share_of_values(names) > 0.0:
                continue
            if _rows_follow(lines[number + 1 :], delimiter, len(names)):
                return Names(names, number, 0)
            units = _cells(lines[number + 1], delimiter)
            if _are_units(units, len(names)) and _rows_follow(lines[number + 2 :], delimiter, len(names)):
                return Names(_with_units(names, units), number, 1)
    return None


def _cells(line: str, delimiter: str) -> list[str]:
    """The cells of a line; empty ones at its end do not count. Names in lines of blanks stand two blanks apart."""
    line = line.lstrip("~#%").rstrip()
    cells = re.split(r" {2,}", line.strip()) if delimiter == " " else split_line(line, delimiter)
    cells = [cell.strip(' "\ufeff') for cell in cells]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _share_of_values(cells: list[str]) -> float:
    filled = [cell for cell in cells if cell]
    return sum(bool(_VALUE.fullmatch(cell)) for cell in filled) / len(filled) if filled else 0.0


def _rows_follow(lines: list[str], delimiter: str, width: int) -> bool:
    """Whether the next lines hold about as many cells as there are names, at least half of them values."""
    rows = [line for line in lines if line.strip()][:ROWS]
    if len(rows) < ROWS:
        return False
    for line in rows:
        cells = line.split() if delimiter == " " else _cells(line, delimiter)
        if not FEWEST <= len(cells) <= width + 1 or len(cells) < width - 2 or _share_of_values(cells) < 0.5:
            return False
    return True


def _are_units(cells: list[str], width: int) -> bool:
    """Whether a line holds nothing but units, of some columns at least."""
    short = all(_UNIT.fullmatch(cell) for cell in cells)
    return bool(short and 0 < len(cells) <= width and any(cells) and _share_of_values(cells) == 0.0)


def _with_units(names: list[str], units: list[str]) -> list[str]:
    units = [*units, *[""] * (len(names) - len(units))]
    return [
        f"{name} ({unit.strip('()[] ')})" if unit.strip("()[] -") else name
        for name, unit in zip(names, units, strict=True)
    ]
