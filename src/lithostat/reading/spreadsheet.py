"""Spreadsheets: their sheets become lines of text, which the same declarations read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from lithostat.experiment.errors import InputError, MissingPackage
from lithostat.experiment.files import open_file
from lithostat.experiment.record import Record
from lithostat.reading import delimited
from lithostat.reading.archives import ZIP, check_archive
from lithostat.reading.declaration import Declaration, find
from lithostat.reading.harmonise import LARGEST
from lithostat.reading.sheet_extent import check_extent

XLSX = ZIP
XLS = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TAB = {"delimiter": "tab", "decimal": "point"}


def recognise(head: bytes, path: Path) -> bool:
    """Whether it is a workbook of .xlsx or .xls."""
    if head.startswith(XLSX):
        return b"xl/" in head or b"[Content_Types].xml" in head or path.suffix.lower() in (".xlsx", ".xlsm")
    return head.startswith(XLS) and path.suffix.lower() == ".xls"


def read(path: str | Path) -> Record:
    """Read the sheets that one declaration fits, stitched in their order; other sheets are named in a warning.

    Raises `MissingPackage` without python-calamine, `InputError` if no sheet holds data that is known here.
    """
    sheets = _sheets(Path(path))
    chosen: Declaration | None = None
    fitting: list[tuple[str, bytes]] = []
    left: list[str] = []
    for name, text in sheets:
        declaration = find(text[: delimited.HEAD].decode("utf-8", "ignore"))
        if declaration is None or declaration.refuse is not None or (chosen is not None and declaration != chosen):
            left.append(name)
            continue
        chosen = declaration
        fitting.append((name, text))
    channels = {match[1] for name, _ in fitting if (match := re.match(r"(?i)channel[ _-]?(\d+)", name))}
    if len(channels) > 1:
        raise InputError(
            f"holds {len(channels)} channels ({', '.join(sorted(channels, key=int))}), which are as many cells",
            file=str(path),
            expected="one workbook for each channel, as the cycler exports them too",
        )
    if chosen is None:
        raise InputError(
            f"is a workbook in which no sheet holds data that is known here ({', '.join(left) or 'it has no sheet'})",
            file=str(path),
            expected="see docs/reading.md for the formats",
        )
    declaration = chosen.model_copy(update=_TAB)
    warnings = [f"sheets that were not read: {', '.join(left)}"] if left else []
    return delimited.read_texts([text for _, text in fitting], path, declaration, warnings, note=" (spreadsheet)")


def _sheets(path: Path) -> list[tuple[str, bytes]]:
    try:
        import python_calamine
    except ImportError:
        raise MissingPackage("reading spreadsheets needs python-calamine: pip install 'lithostat[files]'") from None
    with open_file(path, LARGEST) as stream:
        packed = stream.read(4) == XLSX
    if packed:
        check_archive(path, kind=".xlsx", holds="[Content_Types].xml")
        check_extent(path)
    try:
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        return [(name, _text(book.get_sheet_by_name(name).iter_rows())) for name in book.sheet_names]
    except (python_calamine.CalamineError, OSError) as error:
        raise InputError(f"cannot be read as a workbook ({error})", file=str(path)) from None


def _text(rows: Iterable[list[Any]]) -> bytes:
    """Rows of a sheet as lines with tabs between cells."""
    lines = ("\t".join(map(_cell, row)) for row in rows)
    return "".join(line + "\n" for line in lines if line.strip()).encode()


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, timedelta):
        return _clock(value.total_seconds())
    if isinstance(value, (date, time)):
        return value.isoformat()
    return " ".join(str(value).split())


def _clock(seconds: float) -> str:
    return f"{int(seconds // 3600)}:{int(seconds % 3600 // 60):02d}:{seconds % 60:09.6f}"
