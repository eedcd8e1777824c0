"""Every example that is printed or shipped can be read, runs, and keeps its books."""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path

import pytest

import lithostat
from lithostat.experiment.cell import OVERRIDABLE
from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.protocol import VERBS
from lithostat.experiment.record import COLUMNS

ROOT = Path(__file__).resolve().parents[2]
FORMAT = ROOT / "docs" / "file-format.md"
BLOCK = re.compile(r"^```yaml\n(cell:.*?)^```", re.MULTILINE | re.DOTALL)


def _examples() -> list[tuple[str, str]]:
    """(name, YAML text) of every complete example, in documentation and as a file."""
    printed = [
        (f"{page.name}-{number}", text)
        for page in (FORMAT, ROOT / "README.md")
        for number, text in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")), 1)
    ]
    shipped = [(path.name, path.read_text(encoding="utf-8")) for path in sorted((ROOT / "examples").glob("*.yaml"))]
    return printed + shipped


EXAMPLES = _examples()


def test_examples_are_found() -> None:
    names = [name for name, _ in EXAMPLES]
    assert sum(name.startswith("file-format.md") for name in names) >= 7
    assert "doux2020_25MPa.yaml" in names


@pytest.mark.parametrize("text", [text for _, text in EXAMPLES], ids=[name for name, _ in EXAMPLES])
def test_example_runs_and_balances(text: str, tmp_path: Path) -> None:
    path = tmp_path / "example.yaml"
    path.write_text(text, encoding="utf-8")
    experiment = lithostat.read_experiment(path)
    record = lithostat.simulate(experiment.cell, experiment.protocol)
    assert record.outcome is not None
    assert record.outcome.kind in ("survived", "short")
    assert record.warnings == ()
    assert lithostat.ledger(record).worst < 1e-8


NOTE = re.compile(r"^```yaml\n(name:.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", ["README.md", "docs/lab-folder.md"])
def test_printed_notes_are_notes(page: str, tmp_path: Path) -> None:
    texts = NOTE.findall((ROOT / page).read_text(encoding="utf-8"))
    assert texts
    for text in texts:
        path = tmp_path / "cell.yaml"
        path.write_text(text, encoding="utf-8")
        assert lithostat.read_note(path).electrode_area == pytest.approx(0.25 * math.pi * 12.7e-3**2)


def test_every_key_of_the_note_is_described() -> None:
    text = (ROOT / "docs" / "lab-folder.md").read_text(encoding="utf-8")
    table = text.split("| key | meaning |")[1].split("\n\n")[0]
    names = (*CellNote.model_fields, *CellNote.also_known)
    assert [name for name in names if f"`{name}`" not in table] == []


def test_the_table_of_columns_is_the_one_in_the_code() -> None:
    section = FORMAT.read_text(encoding="utf-8").split("### Columns")[1].split("### ")[0]
    printed = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE))
    assert printed == COLUMNS


def test_every_verb_and_every_parameter_is_described() -> None:
    text = FORMAT.read_text(encoding="utf-8")
    assert [name for name in (*VERBS, *OVERRIDABLE) if f"| `{name}` |" not in text] == []


def test_the_example_for_people_who_use_pybamm_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pybamm", reason="full cells need PyBaMM (extra 'fullcell')")
    import matplotlib as mpl

    mpl.use("Agg")
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "pybamm.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    said: dict[str, object] = {}
    exec(code, said)
    hours = said["hours"]
    assert isinstance(hours, list)
    assert all(earlier > later > 0.0 for earlier, later in itertools.pairwise(hours))
    assert (tmp_path / "short-against-pressure.png").exists()
