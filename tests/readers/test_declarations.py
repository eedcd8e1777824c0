"""Declarations: the package's own are sound, a user's is read the same way, and faults name file, line and place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lithostat.experiment.errors import InputError
from lithostat.reading.declaration import FORMATS, Declaration, declarations, find, read_declaration
from lithostat.reading.read import read

# the worked example of the documentation is the one that is tested
PAGE = (Path(__file__).parents[2] / "docs" / "reading.md").read_text(encoding="utf-8")
LOG = re.findall(r"^```text\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[0]
LOAD_CELL = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[0]


def written(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return path


def test_the_packages_own_are_read_and_sorted() -> None:
    own = declarations()
    assert len(own) == len(list(FORMATS.glob("*.yaml"))) >= 18
    assert [one.order for one in own] == sorted(one.order for one in own)
    assert len({one.name for one in own}) == len(own)
    assert all(one.recognise or (one.table is not None and one.table.search) for one in own)


def test_nothing_but_a_head_is_needed_to_choose() -> None:
    assert find("EC-Lab ASCII FILE\nNb header lines : 3\n").name.startswith("BioLogic")  # type: ignore[union-attr]
    assert find("Dear colleague,\nhere are my results.\n") is None


def test_a_users_declaration(tmp_path: Path) -> None:
    declared = written(tmp_path, "press3.yaml", LOAD_CELL)
    record = read(written(tmp_path, "log.txt", LOG), declaration=declared)
    assert record.column("test_time_second").tolist() == [0.0, 30.0]
    assert record.column("load_newton").tolist() == [1500.0, 1600.0]
    assert record.column("load_cell_volt").tolist() == pytest.approx([2.25e-3, 2.5e-3])
    assert record.column("ambient_temperature_celsius").tolist() == [25.0, 25.1]
    assert record.start is not None
    assert (record.start.day, record.start.month, record.start.tzinfo) == (3, 2, None)
    assert record.provenance["files"][0]["header"] == {"press": "3, Dresden"}
    assert record.provenance["files"][0]["format"] == "load cell of press 3"
    assert record.table["other:Bemerkung"].to_list() == ["", "opened"]
    assert not any("leaves open" in warning for warning in record.warnings)  # the declaration says the order


@pytest.mark.parametrize(
    ("change", "place", "word"),
    [
        (("is: load_newton", "is: load_newtom"), "columns[2].is", r"did you mean 'load_newton'"),
        (("unit: kN", "unti: kN"), "columns[2].unti", r"unknown key 'unti' \(did you mean 'unit'"),
        (("match: Datum", "match: 'Da(tum'"), "columns[1].match", "no regular expression"),
        (("delimiter: semicolon", "delimiter: ';'"), "delimiter", "semicolon"),
        (("sign: -1", "sign: 2"), "columns[2].sign", "-1"),
        (("header: '^Datum;'", "end: x"), "table", "exactly one of 'header', 'lines', 'title' and 'search'"),
        (("name: load cell of press 3", "order: 3"), "name", "missing"),
        (("decimal: comma", "encodings: [utf-9]"), None, "utf-9"),
        (("decimal: comma", "columns_from: gamri"), "columns_from", "did you mean 'gamry'"),
    ],
)
def test_faults_name_file_line_and_place(tmp_path: Path, change: tuple[str, str], place: str | None, word: str) -> None:
    assert change[0] in LOAD_CELL
    path = written(tmp_path, "press3.yaml", LOAD_CELL.replace(*change))
    with pytest.raises(InputError, match=word) as caught:
        read_declaration(path)
    assert caught.value.file == str(path)
    assert caught.value.place == place
    if place is not None and change[1].split(":")[0] != "order":
        lines = path.read_text().splitlines()
        assert caught.value.line is not None
        assert re.escape(change[1].split(":")[0]) in lines[caught.value.line - 1] or place == "table"


def test_every_key_is_described() -> None:
    keys = [field.alias or name for name, field in Declaration.model_fields.items()]
    assert [key for key in keys if f"| `{key}` |" not in PAGE] == []


def test_a_unit_that_cannot_be_is_refused_with_its_column(tmp_path: Path) -> None:
    declared = written(
        tmp_path, "press3.yaml", LOAD_CELL.replace("is: load_newton, unit: kN", "is: voltage_volt, unit: kN")
    )
    with pytest.raises(InputError, match=r"column 'Kraft' has the unit 'kN', which cannot become V"):
        read(written(tmp_path, "log.txt", LOG), declaration=declared)


def test_a_declaration_that_does_not_fit_says_so(tmp_path: Path) -> None:
    declared = written(tmp_path, "press3.yaml", LOAD_CELL)
    with pytest.raises(InputError, match="no table of data"):
        read(written(tmp_path, "log.txt", "a;b\n1;2\n"), declaration=declared)
