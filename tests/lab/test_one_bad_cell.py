"""One bad cell never takes its neighbours: it is named with a sentence, and theirs are as if it were not there."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.exceptions import PanicException
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))
from bad_cells import BAD, NOTE, TABLE, bad_cells

from limited import limited
from lithostat.cli import app
from lithostat.experiment.errors import InputError, LithostatError, SimulationError
from lithostat.lab import analyze, folder_table

LITHOSTAT = Path(sys.executable).with_name("lithostat")
CAMPAIGN = bool(os.environ.get("LITHOSTAT_CAMPAIGN"))
SECONDS = 240  # of CPU for a whole folder of them, each of which would take for ever


def good(folder: Path, name: str = "good") -> Path:
    place = folder / name
    place.mkdir(parents=True)
    (place / "run.csv").write_text(TABLE.replace("0.05", f"0.0{5 + len(name) % 4}"))
    (place / "cell.yaml").write_text(NOTE)
    return place


def lithostat(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The command in a process of limited CPU time."""
    return limited([str(LITHOSTAT), *map(str, arguments)], SECONDS)


def plain(cell: dict[str, Any]) -> dict[str, Any]:
    """What does not depend on where the cell lies."""
    ignored = ("written", "completeness", "warnings")
    return {key: value for key, value in cell.items() if key not in ignored}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("alone")
    good(folder / "lab")
    done = CliRunner().invoke(app, ["analyze", str(folder / "lab"), "-o", str(folder / "out"), "--json"])
    (cell,) = json.loads(done.stdout)
    assert cell["outcome"] == "censored"
    return plain(cell)


@pytest.mark.parametrize("seed", range(40 if CAMPAIGN else 1))
def test_a_folder_of_bad_cells_and_a_good_one(tmp_path: Path, alone: dict[str, Any], seed: int) -> None:
    """All of them at once, and in a campaign any ten of them."""
    good(tmp_path / "lab")
    slow = () if CAMPAIGN else ("a pattern without an end",)  # takes the minute of CPU that a file may take
    wrong = bad_cells(tmp_path / "lab", random.Random(seed), None if seed == 0 else 10, slow)
    out = tmp_path / "out"
    done = lithostat("analyze", tmp_path / "lab", "-o", out, "--json", *([] if CAMPAIGN else ["--no-pages"]))
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Traceback" not in done.stderr
    cells = json.loads(done.stdout)
    (kept,) = [cell for cell in cells if cell["cell"] == "good"]
    assert plain(kept) == alone
    assert (out / ("good.html" if CAMPAIGN else "good.parquet")).is_file()
    table = pl.read_csv(out / "cells.csv", infer_schema_length=None)
    assert table["cell"].to_list() == [cell["cell"] for cell in cells]
    assert (out / "index.html").read_text().count('<td class="id">') == len(cells)
    said = "\n".join(json.dumps(cell, ensure_ascii=False) for cell in cells)
    assert "fault in lithostat" not in said, [line for line in said.splitlines() if "fault in lithostat" in line]
    renamed = ("the name is very long", "the name is a path", "the name is markup", "the name of the file is no text")
    for number, name in enumerate(wrong):  # none is passed over in silence, but for a folder with nothing in it
        assert f"bad{number}" in said or name in (*renamed, "data are a folder"), name


@pytest.mark.parametrize("name", [name for name in BAD if "list" in name or "note" in name])
def test_what_is_wrong_beside_the_data_is_said(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "lab"
    folder.mkdir()
    BAD[name](folder)
    done = CliRunner().invoke(app, ["analyze", str(folder), "-o", str(tmp_path / "out"), "--no-pages"])
    assert done.exception is None or isinstance(done.exception, LithostatError | SystemExit)
    said = f"{done.output} {done.exception}"
    known = ("SHA256SUMS", "cell.yaml", "pattern", "key", "number", "unit", "note", "a.csv")
    assert name in ("the list of sums is blank", "the list of sums is odd", "the note has an empty pattern") or any(
        word in said for word in known
    )


def test_impedance_of_a_folder_with_bad_cells_is_of_all_the_others(tmp_path: Path) -> None:
    rows = "frequency/Hz,Re(Z)/ohm,-Im(Z)/ohm\n"
    for f in (10.0 ** (6 - 0.25 * i) for i in range(28)):
        z = 10.0 + 50.0 / (1.0 + 2j * 3.14159 * f * 1e-4)
        rows += f"{f},{z.real},{-z.imag}\n"
    (tmp_path / "lab" / "good").mkdir(parents=True)
    (tmp_path / "lab" / "good" / "z.csv").write_text(rows)
    (tmp_path / "lab" / "good" / "cell.yaml").write_text("area: 1 cm2\n")
    for k, name in enumerate(("the note has an unknown key", "a database of ones", "the name of the file is no text")):
        place = tmp_path / "lab" / f"bad{k}"
        place.mkdir()
        BAD[name](place)
        (place / "cell.yaml").touch()
    arguments = ["impedance", str(tmp_path / "lab"), "--circuit", "R0-p(R1,C1)", "-o", str(tmp_path / "out"), "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, f"{done.output} {done.exception!r}"
    cells = {cell["cell"]: cell for cell in json.loads(done.stdout)}
    assert "error" not in cells.pop("good")
    assert all("error" in cell for cell in cells.values())
    assert len(cells) == 3


FAULTS = [
    MemoryError(), RecursionError("deep"), ZeroDivisionError("x"), KeyError("y"), AssertionError(), OSError(28, "f"),
    PanicException("p"), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "z"), InputError("i"), SimulationError("s"),
    StopIteration(), RuntimeError("many\nlines\n" * 99), ValueError("v" * 9999), type("Odd", (BaseException,), {})("o"),
]  # fmt: skip
PLACES = {
    "reading": (analyze, "load"),
    "analysis": (analyze, "analyze"),
    "completeness": (analyze, "completeness"),
    "page": (analyze, "cell_report"),
    "battery data format": (analyze, "write_bdf"),
    "a table": (analyze, "write_csv"),
    "a row": (folder_table, "_table_row"),
    "a row of the page": (folder_table, "_page_row"),
    "lives": (folder_table, "_lives"),
}


def failing(function: Any, error: BaseException) -> Any:
    """The function, which fails for what is of the cell called 'worse'."""
    calls = []

    def failing_(*given: Any, **said: Any) -> Any:
        calls.append(given)
        worse = any("worse" in repr(getattr(part, "name", part))[:2000] for part in given)
        worse &= not (given and isinstance(given[0], analyze.AnalysedCell) and given[0].analysis is None)
        if worse or (function.__name__ == "_lives" and given):
            raise error
        return function(*given, **said)

    return failing_


PAIRS = [
    (place, error)
    for i, place in enumerate(PLACES)
    for k, error in enumerate(FAULTS)
    if CAMPAIGN or (i + k) % 4 == 0 or (place == "analysis")
]


@pytest.mark.parametrize(("place", "error"), PAIRS, ids=lambda said: said if isinstance(said, str) else repr(said)[:20])
def test_a_fault_of_any_kind_in_one_cell_is_a_sentence(tmp_path, monkeypatch, place, error) -> None:
    for name in ("fine", "worse"):
        good(tmp_path / "lab", name)
        (tmp_path / "lab" / name / "cell.yaml").write_text(NOTE + f"name: {name}\npressure: 5 MPa\n")
    module, name = PLACES[place]
    monkeypatch.setattr(module, name, failing(getattr(module, name), error))
    draw = [] if place in ("page", "lives") else ["--no-pages"]
    done = CliRunner().invoke(app, ["analyze", str(tmp_path / "lab"), "-o", str(tmp_path / "out"), "--json", *draw])
    unwritten = place in ("page", "battery data format", "a table")  # then a file is missing: scripts must see that
    assert done.exit_code == (2 if unwritten else 0), f"{done.output} {done.exception!r}"
    fine, worse = json.loads(done.stdout)
    assert fine["outcome"] == "censored"
    assert "error" not in fine
    assert (tmp_path / "out" / "fine.parquet").is_file()
    table = pl.read_csv(tmp_path / "out" / "cells.csv")
    assert table["cell"].to_list() == ["fine", "worse"]
    assert table["error"].is_null().to_list() == [True, place == "lives"]
    if place != "lives":
        assert worse["error"]
        assert "\n" not in worse["error"]
        assert len(worse["error"]) < 1500
        full_disk = isinstance(error, OSError)
        unexpected = not (isinstance(error, LithostatError | MemoryError) or full_disk)
        assert ("please report it" in worse["error"]) == unexpected
    page = (tmp_path / "out" / "index.html").read_text()
    assert page.count('<td class="id">') == 2
    assert ("could not be drawn" in page) == (place == "lives")


@pytest.mark.parametrize("place", ["reading", "analysis", "page", "a row", "lives"])
def test_a_stop_by_a_person_stops(tmp_path, monkeypatch, place) -> None:
    for name in ("fine", "worse"):
        (good(tmp_path / "lab", name) / "cell.yaml").write_text(NOTE + f"name: {name}\npressure: 5 MPa\n")
    module, name = PLACES[place]
    monkeypatch.setattr(module, name, failing(getattr(module, name), KeyboardInterrupt()))
    done = CliRunner().invoke(app, ["analyze", str(tmp_path / "lab"), "-o", str(tmp_path / "out")])
    assert done.exit_code == 130 or isinstance(done.exception, KeyboardInterrupt)


def test_a_folder_where_no_cell_can_be_analysed_ends_with_2_and_has_its_table(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "lab" / name).mkdir(parents=True)
        (tmp_path / "lab" / name / "cell.yaml").write_text("kin: half\n")
    done = CliRunner().invoke(app, ["analyze", str(tmp_path / "lab"), "-o", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert pl.read_csv(tmp_path / "out" / "cells.csv")["error"].null_count() == 0
