"""Published cells as data: what the package's papers must state, and what a table is refused for, in one sentence."""

from __future__ import annotations

import csv
import io
import math
import random
from pathlib import Path
from typing import Any

import pytest

from lithostat.experiment.errors import InputError
from lithostat.papers.columns import COLUMNS, REQUIRED
from lithostat.papers.published_cell import PublishedCell
from lithostat.papers.reader import cell_of, paper_of, read_papers, read_rows

ROW: dict[str, str] = {
    "id": "A",
    "cell_kind": "symmetric",
    "electrolyte": "Li6PS5Cl",
    "stack_pressure_MPa": "5",
    "plate_mA_cm2": "0.1",
    "charge_per_half_cycle_mAh_cm2": "0.1",
    "outcome": "short",
    "value": "70",
    "unit": "h",
    "low": "70",
    "high": "70",
    "censored": "none",
    "tag": "V1",
    "stated": "stack_pressure_MPa value low high",
}
ABOUT = "cite: Somebody 2020, a journal\n"


def table(*rows: dict[str, str]) -> str:
    heads = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, heads, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def row(**changed: str | None) -> dict[str, str]:
    return {key: value for key, value in (ROW | changed).items() if value is not None}


def read(**changed: str | None) -> PublishedCell:
    return cell_of(row(**changed), paper="somebody2020", file="cells.csv", line=2)


PAPERS = read_papers()
CELLS = [cell for paper in PAPERS.values() for cell in paper.cells]


@pytest.mark.parametrize("paper", PAPERS.values(), ids=lambda paper: paper.name)
def test_a_paper_says_its_source_and_each_of_its_cells_what_the_source_states(paper: Any) -> None:
    assert paper.cite
    assert paper.cells
    for cell in paper.cells:
        assert cell.tag in ("V1", "V2", "V2-fig", "D")
        assert cell.paper == paper.name
        assert cell.outcome == "other" or cell.low > 0.0 or math.isfinite(cell.high) or cell.outcome == "sign"


def test_every_column_is_in_the_documentation_as_it_is() -> None:
    page = (Path(__file__).parents[2] / "docs" / "published-cells.md").read_text(encoding="utf-8")
    for name, column in COLUMNS.items():
        assert f"| `{name}` | {', '.join(column.words) if column.words else column.holds} | {column.meaning} |" in page


def test_doux_2020_is_eleven_observations_and_every_cell_counts_once() -> None:
    assert len(PAPERS["doux2020"].cells) == 11
    assert len({(cell.paper, cell.id) for cell in CELLS}) == len(CELLS)
    dated = {cell.number("stack_pressure_MPa"): cell.value for cell in PAPERS["doux2020"].cells if cell.value}
    assert dated == {25.0: 48.0, 20.0: 190.0, 15.0: 272.0, 10.0: 474.0}  # Figure 2b


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"tag": None}, "no 'tag'"),
        ({"tag": "guess"}, "tag: received 'guess'"),
        ({"tag": "M"}, "from memory"),
        ({"low": None}, "censored 'none' with 'high'"),
        ({"low": None, "high": None}, "with no bounds"),
        ({"censored": "right"}, "censored 'right' with 'low' and 'high'"),
        ({"low": "80"}, "low 80 lies above high 70"),
        ({"value": "71"}, "the value 71 lies outside of 70 to 70"),
        ({"value": None}, "a dated outcome without 'value'"),
        ({"value": None, "censored": "interval"}, "an interval of no width"),
        ({"unit": "mA_cm2"}, "'short' in 'mA_cm2'"),
        ({"outcome": "survived"}, "'survived' and censored 'none'"),
        ({"high": None, "censored": "right", "value": None}, "'short' and censored 'right'"),
        ({"cell_kind": "hold"}, "a hold with a current"),
        ({"cell_kind": "one_way", "strip_mA_cm2": "0.1"}, "one way, and 'strip_mA_cm2'"),
        ({"attach_kind": "isostatic"}, "'attach_kind' without 'attach_pressure_MPa'"),
        ({"attach_kind": "by hand", "attach_pressure_MPa": "5"}, "attach_kind: received 'by hand'"),
        ({"unit": "mAh_cm2", "plate_mA_cm2": None}, "a charge without 'plate_mA_cm2'"),
        ({"density_rel": "82"}, "a relative density of 82"),
        ({"stated": "roughness_um"}, "'stated' names 'roughness_um', which is empty"),
        ({"stated": "roughnes"}, "'stated' names 'roughnes' (did you mean"),
        ({"plate_mA_cm2": "-0.1"}, "plate_mA_cm2: received -0.1"),
        ({"plate_mA_cm2": "much"}, "plate_mA_cm2: received 'much'"),
        ({"temperature_C": "nan"}, "temperature_C: received nan"),
        ({"outcome": "sign", "value": "1", "unit": None}, "a 'sign' and 'than' go together"),
        ({"since": "yesterday"}, "since 'yesterday'"),
        ({"protocol": "[{charge: 1 mA/cm2, for: 1 h}]"}, "protocol: 'charge'"),
        ({"protocol": "[{plates: 1}]"}, "unknown key 'plates'"),
        ({"protocol": "[{rest: 10 min"}, "protocol: is not valid YAML"),
        ({"protocol": "[]"}, "protocol: "),
        ({"protocol": "[{attach: {pressure: 20 MPa, for: 1 min}}]"}, "'kind' is missing"),
        (
            {"protocol": "[{plate: 1 mA/cm2, for: 1 h}, {attach: {pressure: 2 MPa, kind: isostatic, for: 1 h}}]"},
            "attach comes after current has flowed",
        ),
        (
            {"protocol": "[{repeat: 3, steps: [{attach: {pressure: 2 MPa, kind: uniaxial, for: 1 h}}]}]"},
            "'attach' stands in a repeat",
        ),
        ({"protocol": "[{ramp: {of: temperature, from: 1 K, to: 2 K}}]"}, "received 'temperature'"),
        (
            {"outcome": "critical_current", "unit": "mA_cm2", "protocol": "[{plate: 1 mA/cm2, for: 1 h}]"},
            "without a ramp of current",
        ),
        (
            {"cell_kind": "hold", "plate_mA_cm2": None, "protocol": "[{plate: 1 mA/cm2, for: 1 h}]"},
            "a hold with a current in its protocol",
        ),
    ],
)
def test_a_row_that_cannot_be_true_is_refused_in_one_sentence(changed: dict[str, str | None], said: str) -> None:
    with pytest.raises(InputError) as caught:
        read(**changed)
    message = str(caught.value)
    assert said in message
    assert message.startswith("cells.csv, line 2, row 'A': ")
    assert "\n" not in message


def test_rows_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(InputError, match="the row 'A' stands twice"):
        paper_of("somebody2020", ABOUT, table(row(), row(value="80", low="80", high="80")))
    lost = row(id="B", outcome="sign", value="1", unit=None, low=None, high=None, than="C", stated="value")
    with pytest.raises(InputError, match="the row 'B' is compared with 'C'"):
        paper_of("somebody2020", ABOUT, table(row(), lost))


@pytest.mark.parametrize("missing", [*REQUIRED, "paper"])
def test_a_table_without_a_needed_column_is_refused(missing: str, tmp_path: Path) -> None:
    path = tmp_path / "cells.csv"
    path.write_text(table({key: value for key, value in (ROW | {"paper": "x"}).items() if key != missing}))
    with pytest.raises(InputError, match=f"no (column )?'{missing}'"):
        read_rows(path)


@pytest.mark.parametrize("about", ["about: no source here\n", "cite: ''\n", "cite: 3\n", "doi: 10.1/2\n"])
def test_a_paper_without_a_source_is_refused(about: str, tmp_path: Path) -> None:
    (tmp_path / "paper.yaml").write_text(about)
    (tmp_path / "cells.csv").write_text(table(row()))
    with pytest.raises(InputError, match="a paper without a source"):
        read_rows(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("paper.yaml", "cite: x\ncited: y\n", "unknown key 'cited'"),
        ("cells.csv", "", "holds no rows"),
        ("cells.csv", "id,id\nA,B\n", "stands twice"),
        ("cells.csv", "id,colour\nA,red\n", "unknown column 'colour'"),
        ("cells.csv", table(ROW).replace("A,symmetric", "A,symmetric,more"), "entries"),
    ],
)
def test_a_folder_with_a_fault_is_refused_whole(name: str, content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "paper.yaml").write_text(ABOUT)
    (tmp_path / "cells.csv").write_text(table(row()))
    assert len(read_rows(tmp_path)[0].cells) == 1
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=said):
        read_rows(tmp_path)


def read_or_sentence(changed: dict[str, str]) -> PublishedCell | str:
    try:
        return read(**changed)
    except InputError as error:
        return str(error)


def test_tables_of_random_content_are_read_true_or_refused_in_a_sentence() -> None:
    """A cell of the table is replaced by anything: what is read keeps its bounds, what is not is one sentence."""
    draw = random.Random(13)
    contents = ["", "0", "-1", "nan", "inf", "1e400", "h", "right", "survived", "M", "x" * 5000, "[[[", "{a: 1}",
                "[{rest: 1 h}]", "=1+1", "\x1b[31m", "٣", "1,5", "none", "$x$", "<b>"]  # fmt: skip
    refused = 0
    for _ in range(400):
        changed = {draw.choice(list(COLUMNS)): draw.choice(contents) for _ in range(draw.randint(1, 2))}
        cell = read_or_sentence(changed)
        if isinstance(cell, str):
            refused += 1
            assert "\n" not in cell
            assert len(cell) < 1200
            continue
        assert cell.outcome in ("sign", "other") or cell.low > 0.0 or math.isfinite(cell.high)
        assert cell.tag != "M" or not cell.scored
        assert not math.isnan(cell.low + cell.high)
    assert 100 < refused < 400
