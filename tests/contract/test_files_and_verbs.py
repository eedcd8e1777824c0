"""A file given to a command that is not for it is answered in one sentence with the command that is."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from lithostat.cli import app
from lithostat.experiment.errors import InputError
from lithostat.experiment.file_kind import kind_of

CELL = "cell: {electrode: {area: 1 cm2, thickness: 0.5 mm}, electrolyte: {material: Li6PS5Cl, thickness: 1 mm}}\n"
FILES = {
    "card": "name: mine\nkind: electrolyte\nsources: {}\nproperties: {}\n",
    "calibration": CELL + "cells: []\n",
    "declaration": "name: mine\nrecognise: [x]\ncolumns: {}\n",
    "experiment": CELL + "protocol: {steps: [{rest: 1 h}]}\n",
    "stated outcome": CELL + "outcome: {kind: short, time: 3 h}\n",
    "note": "kind: symmetric\ndie_diameter: 13 mm\n",
}
VERBS = {
    "run": ("experiment",),
    "sweep": ("experiment",),
    "analyze": ("experiment", "stated outcome", "note"),
    "impedance": ("experiment", "stated outcome", "note"),
    "calibrate": ("calibration",),
    "recommend": ("calibration",),
}
RIGHT = {
    "card": "'material' or 'interface'",
    "calibration": "`lithostat calibrate FILE`",
    "declaration": "`lithostat analyze FOLDER`",
    "experiment": "`lithostat run FILE`",
    "stated outcome": "`lithostat calibrate`",
    "note": "`lithostat analyze FOLDER`",
}
WRONG = [(verb, kind) for verb, fits in VERBS.items() for kind in FILES if kind not in fits]


@pytest.mark.parametrize("kind", FILES)
def test_kinds_are_told_apart(kind: str) -> None:
    from lithostat.experiment.document import parse

    assert kind_of(parse(FILES[kind], "x.yaml").data) == kind


@pytest.mark.parametrize(("verb", "kind"), WRONG)
def test_the_wrong_file_is_answered_with_the_right_command(tmp_path: Path, verb: str, kind: str) -> None:
    path = tmp_path / "cell.yaml"
    path.write_text(FILES[kind], encoding="utf-8")
    (tmp_path / "data.csv").write_text("time/s,Ecell/V,I/A\n0,0.1,0.001\n1,0.1,0.001\n", encoding="utf-8")
    more = ["--current", "1 A/m2", "--hours", "3"] if verb == "recommend" else []
    done = CliRunner().invoke(app, [verb, str(path), "-o", str(tmp_path / "out"), *more])
    assert isinstance(done.exception, InputError), f"{done.output}{done.exception!r}"
    sentence = str(done.exception)
    assert RIGHT[kind] in sentence, sentence
    assert "\n" not in sentence
    assert not (tmp_path / "out").exists()


def test_a_note_given_to_analyze_is_the_cell_that_it_describes(tmp_path: Path) -> None:
    rows = "\n".join(f"{60 * k},{0.05 * (-1) ** (k // 60)},{0.001 * (-1) ** (k // 60)}" for k in range(600))
    (tmp_path / "data.csv").write_text(f"time/s,Ecell/V,I/A\n{rows}\n", encoding="utf-8")
    (tmp_path / "other.csv").write_text(f"time/s,Ecell/V,I/A\n{rows}\n", encoding="utf-8")
    for name in ("data", "other"):
        (tmp_path / f"{name}.cell.yaml").write_text("kind: symmetric\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["analyze", str(tmp_path / "data.cell.yaml"), "-o", str(tmp_path / "out")])
    assert done.exit_code == 0, f"{done.output}{done.exception!r}"
    assert "data" in done.stdout
    assert "other" not in done.stdout
