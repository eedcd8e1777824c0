"""Cells of which something is wrong that no lab means, and somebody may: each is made in a folder of its own."""

from __future__ import annotations

import os
import random
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path

TABLE = "time/s,voltage/V,current/mA\n" + "".join(
    f"{60 * k},{0.05 * (-1) ** (k // 30)},{(-1) ** (k // 30)}.0\n" for k in range(240)
)
NOTE = "kind: symmetric\narea: 1 cm2\n"
_SHEET = (
    '<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    "</sheetData></worksheet>"
)
_LINK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def workbook(path: Path, sheet: str) -> None:
    """The smallest workbook with this sheet."""
    sheets = '<sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets>'
    book = f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINK}">{sheets}</workbook>'
    link = '<Relationships xmlns="{0}"><Relationship Id="r1" Type="{1}/{2}" Target="{3}"/></Relationships>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("_rels/.rels", link.format(_PACKAGE, _LINK, "officeDocument", "xl/workbook.xml"))
        archive.writestr("xl/workbook.xml", book)
        archive.writestr(
            "xl/_rels/workbook.xml.rels", link.format(_PACKAGE, _LINK, "worksheet", "worksheets/sheet1.xml")
        )
        archive.writestr("xl/worksheets/sheet1.xml", sheet)


def _socket(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # such names may be no longer than 100 letters
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def _deep(folder: Path, depth: int) -> None:
    here = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)


def _raw(folder: Path, name: bytes, text: str) -> None:
    with open(bytes(folder) + b"/" + name, "w") as stream:
        stream.write(text)


def _declared(folder: Path, pattern: str) -> None:
    (folder / "cell.yaml").write_text(NOTE + "read_as: {'*.txt': ours.yaml}\n")
    (folder / "ours.yaml").write_text(
        "name: x\ntable: {header: '^time.*'}\ncolumns: [{match: 'time/(?P<unit>s)', is: test_time_second}]\n"
        f"about: {{y: '{pattern}'}}\n"
    )
    (folder / "run.txt").write_text("# " + "a" * 60 + "!\n" + TABLE)


# name of what is wrong: how it is made in an empty folder
BAD: dict[str, Callable[[Path], object]] = {
    "data are a pipe": lambda f: os.mkfifo(f / "run.csv"),
    "data are a socket": lambda f: _socket(f / "run.csv"),
    "data are a device": lambda f: (f / "run.csv").symlink_to("/dev/zero"),
    "data are a terminal": lambda f: (f / "run.csv").symlink_to("/dev/tty"),
    "data are a link to nowhere": lambda f: (f / "run.csv").symlink_to("nowhere"),
    "data are a link to itself": lambda f: (f / "run.csv").symlink_to("run.csv"),
    "data are a folder": lambda f: (f / "run.csv").mkdir(),
    "data are memory": lambda f: (f / "run.csv").symlink_to("/proc/self/mem"),
    "data are nothing": lambda f: (f / "run.csv").write_text(""),
    "data are zeros": lambda f: (f / "run.csv").write_bytes(bytes(1 << 20)),
    "data are tabs": lambda f: (f / "run.csv").write_text("\t" * (1 << 16)),
    "data are blanks": lambda f: (f / "run.csv").write_text(" " * (1 << 20) + "\x01"),
    "data are one long line": lambda f: (f / "run.csv").write_text("time/s,voltage/V\n" + "1" * (1 << 22) + "x"),
    "data are of 20 000 columns": lambda f: (f / "run.csv").write_text("t/s," * 20_000 + "\n" + "1," * 20_000),
    "the note is a pipe": lambda f: ((f / "run.csv").write_text(TABLE), os.mkfifo(f / "cell.yaml")),
    "the note is a device": lambda f: ((f / "run.csv").write_text(TABLE), (f / "cell.yaml").symlink_to("/dev/zero")),
    "the note is a folder": lambda f: ((f / "run.csv").write_text(TABLE), (f / "cell.yaml").mkdir()),
    "the note is a link to itself": lambda f: (f / "cell.yaml").symlink_to("cell.yaml"),
    "the note is not YAML": lambda f: _noted(f, "{[" * 100),
    "the note is very deep": lambda f: _noted(f, "a: " + "[" * 100_000),
    "the note is of bytes": lambda f: (_good(f), (f / "cell.yaml").write_bytes(bytes(range(256)))),
    "the note has an unknown key": lambda f: _noted(f, "kin: half\n"),
    "the note has an empty pattern": lambda f: _noted(f, "files: ['', '.', '/']\n"),
    "the note has a unit that computes": lambda f: _noted(f, "area: 3 10**10**10*m\n"),
    "the note has a long number": lambda f: _noted(f, f"area: 0x{'f' * 9999}\n"),
    "the note multiplies": lambda f: _noted(f, _aliases()),
    "the name is very long": lambda f: _noted(f, f"name: {'語' * 80}\n"),
    "the name is markup": lambda f: _noted(f, "name: '[red]<script>[/]\\e[31m'\n"),
    "the name is a path": lambda f: _noted(f, "name: ../../../tmp/x\n"),
    "the name of the file is no text": lambda f: _raw(f, b"\xff\xfe.csv", TABLE),
    "the list of sums is a pipe": lambda f: (_good(f), os.mkfifo(f / "SHA256SUMS")),
    "the list of sums is a device": lambda f: (_good(f), (f / "SHA256SUMS").symlink_to("/dev/zero")),
    "the list of sums is a folder": lambda f: (_good(f), (f / "SHA256SUMS").mkdir()),
    "the list of sums goes round": lambda f: (_good(f), (f / "SHA256SUMS").symlink_to("SHA256SUMS")),
    "the list of sums is blank": lambda f: _listed(f, "0" * 64 + " " * (1 << 20) + "\n"),
    "the list of sums is odd": lambda f: _listed(f, f"{'0' * 64}  a\0b\n{'0' * 64}  {'a/' * 9999}run.csv\n"),
    "the list names a link that goes round": lambda f: (
        _good(f), (f / "link").mkdir(), (f / "link" / "run.csv").symlink_to("run.csv"),
        (f / "SHA256SUMS").write_text(f"{'0' * 64}  link/run.csv\n"),
    ),
    "a workbook of two cells": lambda f: workbook(f / "run.xlsx", _SHEET),
    "a workbook that is none": lambda f: (f / "run.xlsx").write_bytes(b"PK\x03\x04" + b"xl/" + os.urandom(500)),
    "a spreadsheet of old": lambda f: (f / "run.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 4096),
    "a database of 19 bytes": lambda f: (f / "run.res").write_bytes(b"\x00\x01\x00\x00Standard Jet DB"),
    "a database of ones": lambda f: (f / "run.res").write_bytes(b"\x00\x01\x00\x00Standard Jet DB" + b"\x01" * 9000),
    "a record that is none": lambda f: (f / "run.parquet").write_bytes(b"PAR1" + b"\xff" * 64 + b"PAR1"),
    "an archive of blanks": lambda f: _squeezed(f / "run.ndax"),
    "a cycler file of zeros": lambda f: (f / "run.nda").write_bytes(b"NEWARE" + bytes(5000)),
    "a BioLogic file of ones": lambda f: (f / "run.mpr").write_bytes(b"BIO-LOGIC MODULAR FILE\x1a" + b"\xff" * 500),
    "a header with a unit that computes": lambda f: _changed(f, "voltage/V", "Voltage (10**10**10*V)"),
    "a header with an endless unit": lambda f: _changed(f, "voltage/V", f"Voltage ({'k' * 50_000}V)"),
    "a header with an endless name": lambda f: _changed(f, "voltage/V", "U" + " " * 50_000 + "(V)x"),
    "numbers without bounds": lambda f: _changed(f, "0.05", "1e308", (",1.0", ",1e308")),
    "numbers that are none": lambda f: _changed(f, "0.05", "nan", (",1.0", ",inf")),
    "times without an order": lambda f: _changed(f, "\n60,", "\n1e300,"),
    "a pattern without an end": lambda f: _declared(f, "(a+)+$"),
    "a pattern that is none": lambda f: _declared(f, "(" * 500),
    "a declaration from elsewhere": lambda f: _noted(f, NOTE + "read_as: {'*.csv': /etc/passwd}\n"),
    "folders without a bottom": lambda f: _deep(f, 400),
    "folders that go round": lambda f: (f / "again").symlink_to("."),
}  # fmt: skip


def _changed(folder: Path, old: str, new: str, *more: tuple[str, str]) -> None:
    text = TABLE
    for before, after in ((old, new), *more):
        text = text.replace(before, after)
    (folder / "run.csv").write_text(text)
    (folder / "cell.yaml").write_text(NOTE)


def _noted(folder: Path, note: str) -> None:
    _good(folder)
    (folder / "cell.yaml").write_text(note)


def _listed(folder: Path, sums: str) -> None:
    _good(folder)
    (folder / "SHA256SUMS").write_text(sums)


def _good(folder: Path) -> None:
    (folder / "run.csv").write_text(TABLE)


def _aliases() -> str:
    return "a0: &a0 x\n" + "".join(f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]\n" for k in range(1, 10))


def _squeezed(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.ndc", bytes(1 << 26))


def bad_cells(folder: Path, rng: random.Random, count: int | None = None, but: tuple[str, ...] = ()) -> list[str]:
    """Make bad cells (all, or so many chosen ones) in folders of their own; the names of what is wrong with each."""
    every = [name for name in BAD if name not in but]
    chosen = every if count is None else rng.sample(every, count)
    for number, name in enumerate(chosen):
        place = folder / f"bad{number}"
        place.mkdir(parents=True)
        BAD[name](place)
    return chosen
