"""Archives and workbooks of a few kB that would unpack to more than any machine holds are refused in one sentence."""

from __future__ import annotations

import random
import re
import sys
import zipfile
import zlib
from pathlib import Path

import pytest

from lithostat.experiment.errors import InputError
from lithostat.reading import apart
from lithostat.reading.read import read
from lithostat.reading.sheet_extent import _letters, extent

sys.path.insert(0, str(Path(__file__).parent))
from test_spreadsheet import workbook


def bomb(path: Path, stated: int | None = None, entries: int = 1, name: str = "data.ndc") -> Path:
    """An archive of a few kB that holds, or says that it holds, gigabytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for k in range(entries):
            archive.writestr(name if k == 0 else f"{k}", bytes(1 << 20) if entries == 1 else b"")
    if stated is not None:
        data = path.read_bytes()
        place = data.rfind(b"PK\x01\x02")
        path.write_bytes(data[: place + 24] + stated.to_bytes(4, "little") + data[place + 28 :])
    return path


@pytest.mark.parametrize(
    ("name", "stated", "entries", "says"),
    [
        ("a.ndax", (1 << 32) - 2, 1, r"damaged|would unpack|no whole"),
        ("a.ndax", 10, 1, r"damaged|no whole"),
        ("a.ndax", None, 20_000, r"would unpack to .* in 20000 entries"),
        ("a.xlsx", None, 20_000, r"would unpack to .* in 20000 entries"),
        ("a.xlsx", (1 << 32) - 2, 1, r"holds no|would unpack|no whole"),
    ],
)
def test_archives_that_would_not_fit_are_refused(tmp_path, name, stated, entries, says) -> None:
    holds = "data.ndc" if name.endswith("ndax") else "xl/workbook.xml"
    with pytest.raises(InputError, match=says):
        read(bomb(tmp_path / name, stated, entries, holds))


def lying(path: Path, size: int, entry: str) -> Path:
    """A workbook with one entry of `size` bytes of blanks in a few kB, which says that it is small."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = squeeze.compress(b"<worksheet><sheetData>") + squeeze.flush(zlib.Z_FULL_FLUSH)
    block = squeeze.compress(b" " * (1 << 20)) + squeeze.flush(zlib.Z_FULL_FLUSH)
    data = head + block * (size >> 20) + squeeze.flush(zlib.Z_FINISH)
    workbook(path, {"Channel": [["Data_Point"]]})
    with zipfile.ZipFile(path) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for part, text in parts.items():
            archive.writestr(part, data if part == entry else text)
    raw = bytearray(path.read_bytes())
    for mark, kind, sizes, names in ((b"PK\x01\x02", 10, 20, 46), (b"PK\x03\x04", 8, 18, 30)):
        found = (match.start() for match in re.finditer(re.escape(mark), raw))
        place = next(at for at in found if raw[at + names :].startswith(entry.encode()))
        raw[place + kind] = 8  # deflated
        raw[place + sizes + 4 : place + sizes + 8] = (22).to_bytes(4, "little")
        raw[place + sizes - 4 : place + sizes] = zlib.crc32(b"<worksheet><sheetData>").to_bytes(4, "little")
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("entry", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"])
def test_an_archive_that_lies_about_its_size_costs_no_more_than_is_allowed(tmp_path, monkeypatch, entry) -> None:
    monkeypatch.setattr(apart, "SECONDS", (20.0, 0.0))
    monkeypatch.setattr(apart, "MEMORY", (1 << 29, 0))
    path = lying(tmp_path / "a.xlsx", 4 << 30, entry)
    assert path.stat().st_size < 8 << 20
    with pytest.raises(InputError, match=r"a\.xlsx: ") as caught:
        read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("cells", "far"),
    [
        (("A1", "XFD1048576"), "XFD1048576"),
        (("A1", "A1048576", "XFD1"), "XFD1048576"),
        (("B2", "ZZZ9"), None),
        (("A1", "xfd1048576"), "XFD1048576"),
        (("A1", "AAA999999999"), "AAA999999999"),
    ],
)
def test_cells_far_apart_are_refused_before_a_table_is_made(tmp_path: Path, cells: tuple[str, ...], far: str) -> None:
    path = workbook(tmp_path / "a.xlsx", {"S": [["Data_Point"]]})
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    rows = [re.sub("[A-Za-z]", "", cell) for cell in cells]
    sheet = "".join(f"<row r='{k}'><c r='{c}'><v>1</v></c></row>" for k, c in zip(rows, cells, strict=True))
    parts["xl/worksheets/sheet1.xml"] = f"<worksheet><sheetData>{sheet}</sheetData></worksheet>".encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    assert path.stat().st_size < 2000
    says = (
        "no sheet holds data" if far is None else rf"has cells as far as {far}: a table of .* cells, of which \d hold"
    )
    with pytest.raises(InputError, match=says):
        read(path)


@pytest.mark.parametrize("seed", range(20))
def test_the_extent_of_a_sheet_is_found_wherever_its_pieces_are_cut(seed: int) -> None:
    rng = random.Random(seed)
    rows, columns = rng.sample(range(1, 1 << 20), 30), [rng.randint(1, 16384) for _ in range(30)]
    cell = '<row r="{row}">{gap}<x:c s="3"  r=\'{column}{row}\' t="s"><v>7</v></x:c></row>'
    text = "".join(
        cell.format(row=row, gap=" " * rng.randint(0, 90), column=_letters(column))
        for row, column in zip(rows, columns, strict=True)
    ).encode()
    size = rng.randint(1, 200)
    found = extent(text[k : k + size] for k in range(0, len(text), size))
    assert found == ((min(rows), max(rows)), (min(columns), max(columns)), 30)
