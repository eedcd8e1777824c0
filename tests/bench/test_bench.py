"""The bench as a verb and as a command: rows with promised keys, whole beside rows that cannot be simulated."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import lithostat
from lithostat import simulate
from lithostat.bench.bench import Bench, bench
from lithostat.bench.drive import NotSimulated, drive_of
from lithostat.bench.fate import ENOUGH, ROWS
from lithostat.bench.report import bench_report, markdown
from lithostat.papers.reader import read_papers, read_rows

KEYS = ["id", "paper", "outcome", "unit", "measured", "low", "high", "censored", "predicted", "interval_low",
        "interval_high", "law", "log_score", "verdict"]  # fmt: skip
COMMON = {"electrolyte": "Li6PS5Cl", "thickness_um": "1000", "lithium_thickness_um": "500", "temperature_C": "25",
          "electrode_area_cm2": "1.267", "censored": "none", "tag": "user", "stated": "none"}  # fmt: skip
SHORT = {"outcome": "short", "unit": "h", "value": "10", "low": "10", "high": "10"}
CELLS: list[dict[str, str]] = [
    COMMON
    | {"id": "cycled", "cell_kind": "symmetric", "stack_pressure_MPa": "25", "plate_mA_cm2": "0.075"}
    | SHORT
    | {"charge_per_half_cycle_mAh_cm2": "0.075", "value": "48", "low": "48", "high": "48"},
    COMMON
    | {"id": "pressed", "cell_kind": "hold", "stack_pressure_MPa": "50", "outcome": "survived", "unit": "h"}
    | {"low": "0.5", "censored": "right"},
    COMMON
    | {"id": "one-way", "cell_kind": "one_way", "stack_pressure_MPa": "0", "plate_mA_cm2": "0.2"}
    | {"attach_pressure_MPa": "265", "attach_kind": "isostatic", "attach_time_h": "0.1667"}
    | {"outcome": "contact_lost", "unit": "mAh_cm2", "value": "3.1", "low": "3.1", "high": "3.1"},
    COMMON
    | {"id": "no-card", "electrolyte": "LLZO", "cell_kind": "symmetric", "stack_pressure_MPa": "5"}
    | {"plate_mA_cm2": "0.1", "charge_per_half_cycle_mAh_cm2": "0.1"}
    | SHORT,
    COMMON | {"id": "no-current", "cell_kind": "symmetric", "stack_pressure_MPa": "5"} | SHORT,
    {"id": "told", "cell_kind": "anode_free", "outcome": "other", "censored": "none", "tag": "user", "stated": "none"}
    | {"note": "nothing that a law predicts"},
]


def _table() -> str:
    heads = list(dict.fromkeys(key for row in CELLS for key in row))
    return "\n".join(
        ",".join(row.get(head, "") for head in heads) for row in [dict(zip(heads, heads, strict=True)), *CELLS]
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lab") / "mine"
    path.mkdir()
    (path / "paper.yaml").write_text("cite: A lab of one's own\nassumed: [nothing]\nleft_out: [a <b>bold</b> remark]\n")
    (path / "cells.csv").write_text(_table())
    return path


@pytest.fixture(scope="module")
def made(folder: Path) -> Bench:
    return bench(read_rows(folder), ("retraction",))


def _verdicts(made: Bench) -> dict[str, str]:
    return {row.cell.id: row.score.verdict for row in made.rows}


def test_every_row_is_there_whatever_became_of_its_neighbours(made: Bench) -> None:
    verdicts = _verdicts(made)
    assert list(verdicts) == ["cycled", "pressed", "one-way", "no-card", "no-current", "told"]
    assert verdicts["no-card"] == "not simulated: there is no card 'LLZO'"
    assert verdicts["no-current"] == "not simulated: no current is stated"
    assert verdicts["told"] == "not simulated: nothing that a law predicts"
    assert verdicts["cycled"].startswith("inside 90 %")
    total = made.summary("retraction")
    assert (total.scored, total.not_simulated, total.dated) == (3, 2, 2)


def test_a_row_is_what_simulating_its_cell_by_hand_gives(made: Bench, folder: Path) -> None:
    cell = read_rows(folder)[0].cells[0]
    drive = drive_of(cell)
    protocol = drive.protocol(200.0)
    record = simulate(drive.for_law("retraction"), protocol, samples=1, tolerance=ENOUGH, least_rows=ROWS)  # compiled
    assert record.outcome is not None
    predicted = made.rows[0].predicted
    assert predicted is not None
    assert predicted.kind == record.outcome.kind == "short"
    assert predicted.value == pytest.approx((record.outcome.cycling_time or 0.0) / 3600.0, rel=1e-6)


def test_json_has_the_promised_keys_and_scores_add_up(made: Bench) -> None:
    said = made.as_json()
    assert [list(row) for row in said["rows"]] == [KEYS] * 6
    (paper,) = said["papers"]
    assert paper["paper"] == "mine"
    assert paper["log_score"] == pytest.approx(sum(row["log_score"] or 0.0 for row in said["rows"]))
    assert json.loads(json.dumps(said)) == said


def test_the_page_escapes_what_papers_say_and_its_tables_hold_all_rows(made: Bench) -> None:
    from lithostat.show.report_page import report_page

    report = bench_report(made)
    html = report_page(report)
    assert "<b>bold" not in html
    assert "mine one-way" in html
    lines = markdown(report).splitlines()
    assert sum(line.startswith("| mine ") for line in lines) >= 5
    assert not any("<b>" in line.replace(r"\<", "") for line in lines)


def test_the_command_prints_json_and_writes_page_tables_and_figure(folder: Path, tmp_path: Path) -> None:
    done = lithostat("bench", "--paper", folder, "--law", "retraction", "-o", tmp_path, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert {"rows", "papers"} <= set(said)
    assert {Path(path).name for path in said["written"]} == {"bench.json", "bench.md", "lives.png", "index.html"}
    assert all(Path(path).stat().st_size > 0 for path in said["written"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--law", "retracton"], "there is no law 'retracton' (did you mean 'retraction'?)"),
        (["--paper", "doux2021"], "there is no paper 'doux2021' (did you mean 'doux2020'?)"),
        (["--offset", "-1"], "offset"),
    ],
)
def test_what_is_not_known_is_a_sentence(arguments: list[str], said: str, tmp_path: Path) -> None:
    done = lithostat("bench", *arguments, "-o", tmp_path, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert not list(tmp_path.iterdir())


def test_every_scored_row_of_the_package_is_driven_or_says_what_is_missing() -> None:
    missing: dict[str, str] = {}
    cells = [cell for paper in read_papers().values() for cell in paper.cells if cell.scored]
    for cell in cells:
        try:
            drive = drive_of(cell)
        except NotSimulated as reason:
            missing[cell.id] = str(reason)
            continue
        assert drive.protocol(10.0).steps
        assert set(cell.assumed) <= set(drive.assumed)
    assert set(missing) == {"CH-7.4MPa", "CH-13MPa", "HU"}
