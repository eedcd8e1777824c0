"""Workbooks, written here by hand: sheets of Arbin and Neware go through the declarations of their csv."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from lithostat.experiment.errors import InputError, MissingPackage
from lithostat.reading import spreadsheet

TVI = ("test_time_second", "voltage_volt", "current_ampere")
ARBIN = ["Data_Point", "Date_Time", "Test_Time(s)", "Current(A)", "Voltage(V)", "Charge_Capacity(Ah)"]
NEWARE = [
    "DataPoint",
    "Cycle Index",
    "Step Index",
    "Step Type",
    "Time",
    "Total Time",
    "Current(mA)",
    "Voltage(V)",
    "Date",
]
_TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def workbook(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    """The smallest .xlsx that holds these cells; a tuple (number,) is a date in days since 1899-12-30."""
    places = range(1, len(sheets) + 1)
    entries = "".join(f'<sheet name="{name}" sheetId="{i}" r:id="r{i}"/>' for i, name in enumerate(sheets, 1))
    parts = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _links(("r1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINK}"><sheets>{entries}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _links(
            *((f"r{i}", "worksheet", f"worksheets/sheet{i}.xml") for i in places), ("s", "styles", "styles.xml")
        ),
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22"/>'
        "</cellXfs></styleSheet>",
    }
    for i, rows in enumerate(sheets.values(), 1):
        body = "".join(_row(r, row) for r, row in enumerate(rows, 1))
        parts[f"xl/worksheets/sheet{i}.xml"] = f'<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData></worksheet>'
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return path


def _links(*links: tuple[str, str, str]) -> str:
    one = "".join(f'<Relationship Id="{i}" Type="{_LINK}/{kind}" Target="{to}"/>' for i, kind, to in links)
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{one}</Relationships>'


def _row(number: int, row: list[Any]) -> str:
    return f'<row r="{number}">' + "".join(_cell(number, place, value) for place, value in enumerate(row)) + "</row>"


def _cell(row: int, column: int, value: Any) -> str:
    place = f"{chr(65 + column)}{row}"
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    if isinstance(value, tuple):
        return f'<c r="{place}" s="1"><v>{value[0]}</v></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def test_arbin_sheets_are_stitched(tmp_path: Path) -> None:
    one = [ARBIN, [1, (45000.5,), 0.0, -0.25, 3.25, 0.0], [2, (45000.5 + 10 / 86400,), 10.0, 0.5, 3.5, 0.125]]
    two = [ARBIN, [3, (45000.5 + 20 / 86400,), 20.0, 1.0, 3.75, 0.25]]
    path = workbook(tmp_path / "a.xlsx", {"Info": [["Cell", "x"]], "Channel_1-008": one, "Channel_1-008_1": two})
    assert spreadsheet.recognise(path.read_bytes()[:65536], path)
    record = spreadsheet.read(path)
    assert record.table.select(TVI).rows() == [(0.0, 3.25, -0.25), (10.0, 3.5, 0.5), (20.0, 3.75, 1.0)]
    assert record.table["charging_capacity_ah"].to_list() == [0.0, 0.125, 0.25]
    assert record.start is not None
    assert (record.start.year, record.start.month, record.start.day, record.start.hour) == (2023, 3, 15, 12)
    assert any("Info" in warning for warning in record.warnings)
    assert record.provenance["files"][0]["format"] == "Arbin csv (spreadsheet)"


def test_neware_record_sheet(tmp_path: Path) -> None:
    rows = [NEWARE, [1, 1, 2, "CC DChg", "00:00:01.500", "30:00:01.500", -5.0, 3.25, "2025-06-17 09:26:39"]]
    path = workbook(tmp_path / "n.xlsx", {"record": rows})
    record = spreadsheet.read(path)
    assert record.table.select(TVI).row(0) == (108001.5, 3.25, -0.005)


def test_numbers_keep_all_their_digits(tmp_path: Path) -> None:
    value = 0.1234567890123456
    path = workbook(tmp_path / "a.xlsx", {"Channel": [ARBIN, [1, (45000.5,), 1e-7, value, 3.0, 123456789.0]]})
    record = spreadsheet.read(path)
    assert record.table.select(TVI).row(0) == (1e-7, 3.0, value)
    assert record.table["charging_capacity_ah"][0] == 123456789.0


def test_a_workbook_without_data_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "b.xlsx", {"Sheet1": [["shopping", "list"], ["milk", 2]]})
    with pytest.raises(InputError, match=r"no sheet holds data .*Sheet1"):
        spreadsheet.read(path)


def test_a_broken_workbook_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "c.xlsx", {"Channel": [ARBIN, [1, (45000.5,), 0.0, 0.0, 3.0, 0.0]]})
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(InputError, match=r"is no whole \.xlsx archive"):
        spreadsheet.read(path)


def test_without_calamine_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = workbook(tmp_path / "a.xlsx", {"Channel": [ARBIN]})
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(MissingPackage, match=r"pip install 'lithostat\[files\]'"):
        spreadsheet.read(path)


def test_other_zip_files_are_left_to_others(tmp_path: Path) -> None:
    path = tmp_path / "x.ndax"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.ndc", b"\0")
    assert not spreadsheet.recognise(path.read_bytes(), path)
