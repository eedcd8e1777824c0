"""Every way a test can end is drawn as what it is, in every figure and on every page that shows cells."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from lithostat.calibration.data import CellLife, Data, life_of_outcome
from lithostat.calibration.exposure import steady
from lithostat.cycling.analysis import analyze
from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.finding import KINDS, Outcome, group_of
from lithostat.lab.analyze import AnalysedCell
from lithostat.lab.completeness import completeness
from lithostat.lab.folder_table import _lives, folder_report
from lithostat.lab.specimen import Specimen
from lithostat.recommendation.axis import Axis
from lithostat.recommendation.chunks import KINDS as OF_MAPS
from lithostat.recommendation.map_figure import DIES, LOSES, SPENT, UNKNOWN, map_figure
from lithostat.recommendation.regime_map import RegimeMap
from lithostat.show.lives_figure import lives_figure
from lithostat.show.predictive_figure import SeenCell, predictive_figure
from lithostat.show.report_page import report_page
from lithostat.show.style import BLUE, GREEN, MUTED, ORANGE, RED
from lithostat.show.survival_figure import survival_figure
from lithostat.show.window_figure import WindowDrawn, window_figure

SHORT, LIVED, LOST, GONE, OPEN = ("X", RED), ("^", GREEN), ("s", BLUE), ("D", ORANGE), ("P", MUTED)
DRAWN = {  # what a reader must see; written out here, so that no table of the package can be wrong on both sides
    "survived": LIVED,
    "short": SHORT,
    "short before current": SHORT,
    "contact lost": LOST,
    "lithium spent": GONE,
    "stalled": OPEN,
    "hard short": SHORT,
    "soft short": SHORT,
    "soft short, recovered": SHORT,
    "soft then hard short": SHORT,
    "censored": LIVED,
    "unknown": OPEN,
}
WORDS = {
    SHORT: "short",
    LIVED: "no short until then",
    LOST: "contact lost",
    GONE: "lithium spent",
    OPEN: "how it ended is not known",
}
PRESSURES = np.geomspace(1e6, 80e6, 30)
NUMBERS: dict[str, float] = {}


def marks(axis: Axes, height: float | None = None) -> list[tuple[str, str]]:
    """(marker, colour) of everything with a marker that has a point, at one height if that is said."""
    found = []
    for line in axis.lines:
        at = np.asarray(line.get_ydata(), float)
        if line.get_marker() not in ("None", "", " ", None) and len(at) and (height is None or at[0] == height):
            found.append((str(line.get_marker()), to_hex(line.get_color())))
    return found


def words(axis: Axes) -> list[str]:
    legend = axis.get_legend()
    return [] if legend is None else [text.get_text() for text in legend.get_texts()]


def window(lives: list[tuple[float, float, str]]) -> Figure:
    half = np.full(len(PRESSURES), 0.5)
    said: dict[str, Any] = {"accepted": 0.5, "window": None, "best": 5e6, "interval": (4e6, 6e6)}
    walls = {"lower": (1e6, 2e6, 3e6), "upper": (1e7, 2e7, 3e7)}
    return window_figure(WindowDrawn(PRESSURES, np.stack([half] * 3), half, half, lives=lives, **said, **walls))


def test_the_table_names_every_kind() -> None:
    assert list(DRAWN) == list(KINDS)
    with pytest.raises(ValueError, match="no kind of outcome"):
        group_of("dead")


@pytest.mark.parametrize("kind", KINDS)
def test_in_the_window(kind: str) -> None:
    figure = window([(10e6, 48 * 3600.0, kind)])
    assert marks(figure.axes[0], -14.5) == [DRAWN[kind]]
    assert [word for word in words(figure.axes[0]) if word.startswith("cell: ")] == [f"cell: {WORDS[DRAWN[kind]]}"]
    assert "48 h" in [text.get_text() for text in figure.axes[0].texts]


def test_in_the_window_two_ends_at_one_pressure_are_two_marks() -> None:
    figure = window([(10e6, 48 * 3600.0, kind) for kind in KINDS])
    assert sorted(marks(figure.axes[0], -14.5)) == sorted(WORDS)


@pytest.mark.parametrize("kind", KINDS)
def test_among_the_lives_of_a_folder(kind: str) -> None:
    (axis,) = lives_figure([(10e6, 48 * 3600.0, kind)]).axes
    assert marks(axis) == [DRAWN[kind]]
    assert words(axis) == [WORDS[DRAWN[kind]]]


@pytest.mark.parametrize("kind", KINDS)
def test_beside_what_a_calibration_predicts(kind: str) -> None:
    shorted = DRAWN[kind] == SHORT
    low, high = (0.0, 3600.0) if "before" in kind else (36000.0, 36000.0 if shorted else math.inf)
    seen = SeenCell("a", 10e6, low, high, kind)
    quantiles = np.array([0.3, 0.6, 1.0, 1.6, 3.0])[None] * np.full((30, 1), 1e5)
    (axis,) = predictive_figure(PRESSURES, quantiles, [seen]).axes
    assert DRAWN[kind] in marks(axis)
    assert not {one for one in marks(axis) if one in WORDS and one != DRAWN[kind]}
    assert [word for word in words(axis) if word in WORDS.values()] == [WORDS[DRAWN[kind]]]
    arrows = [text for text in axis.texts if text.arrow_patch is not None]
    assert len(arrows) == (DRAWN[kind] == LIVED or "before" in kind)  # an arrow says that it shorts later, or earlier


@pytest.mark.parametrize("kind", KINDS)
def test_on_the_curve_of_survival(kind: str) -> None:
    kinds = ["survived", "short", kind]
    (axis,) = survival_figure(np.array([72.0, 24.0, 48.0]) * 3600.0, kinds, 72 * 3600.0).axes
    assert set(marks(axis)) == {LIVED, SHORT, DRAWN[kind]}
    for drawn in {LIVED, SHORT, DRAWN[kind]}:
        count = sum(DRAWN[one] == drawn for one in kinds)
        assert f"{WORDS[drawn]} ({count})" in words(axis)
    (steps,) = [line for line in axis.lines if line.get_drawstyle() == "steps-post"]
    assert steps.get_ydata()[-1] == pytest.approx(100.0 * sum(DRAWN[one] == LIVED for one in kinds) / 3)


@pytest.mark.parametrize("kind", OF_MAPS)
def test_on_a_map(kind: str) -> None:
    """Probability of a short is colour; whatever else ends a cell lies over it in a colour of its own."""
    axes = Axis("pressure", 1e6, 3e6, 3, log=True), Axis("current", 1.0, 3.0, 3, log=True)
    outcome, no_time = np.full((3, 3), OF_MAPS.index(kind)), np.full((3, 3), np.nan)
    figure = map_figure(RegimeMap(*axes, outcome, no_time, no_time, np.zeros((3, 3)), np.zeros((3, 3)), length=3600.0))
    legend = figure.axes[0].get_legend()
    shown = [to_hex(patch.get_facecolor()) for patch in legend.get_patches()] if legend else []
    assert shown == {"contact lost": [LOSES], "lithium spent": [SPENT], "stalled": [UNKNOWN]}.get(kind, [])
    assert DIES not in shown


def ended(kind: str, pressure: float = 10e6) -> AnalysedCell:
    """A cell whose call is of that kind, with the rest as an analysis makes it."""
    from dataclasses import replace

    import polars as pl

    from lithostat.experiment.record import Record

    times = np.arange(0.0, 7200.0, 60.0)
    table = {"test_time_second": times, "voltage_volt": 0.05 + 0.0 * times, "current_ampere": 1e-3 + 0.0 * times}
    record, note = Record(pl.DataFrame(table)), CellNote(kind="symmetric")
    found = analyze(record, note)
    call = replace(found.outcome, kind=kind, pressure=pressure, cycling_time=3600.0)
    loaded = Specimen(kind, Path("lab"), note, record, ("run.csv",))
    return AnalysedCell(kind, loaded, replace(found, outcome=call), completeness(record, note))


@pytest.mark.parametrize("kind", KINDS)
def test_on_the_page_of_a_folder_and_of_a_cell(kind: str) -> None:
    from lithostat.lab.cell_report import cell_report

    cell = ended(kind)
    tone = {SHORT: "bad", LOST: "bad", GONE: "bad", LIVED: "good", OPEN: ""}[DRAWN[kind]]
    page = report_page(folder_report([cell], "lab"))
    assert (f'<td class="{tone}">{kind}') in page
    counts = {SHORT: "1 with a short", LOST: "1 that lost contact", GONE: "1 that spent their lithium"}
    counts |= {LIVED: "1 without a short", OPEN: "1 not called"}
    assert f"1 cell: {counts[DRAWN[kind]]}." in page
    assert f'<b class="{tone}">{kind}</b>' in report_page(cell_report(cell.loaded, cell.analysis, cell.complete))


def test_no_cell_with_a_pressure_and_a_time_is_missing_from_the_lives_of_a_folder(monkeypatch) -> None:
    given: list[Any] = []
    monkeypatch.setattr("lithostat.lab.folder_table.lives_figure", lambda lives: given.extend(lives) or Figure())
    _lives([ended(kind) for kind in KINDS])
    assert [kind for _, _, kind in given] == list(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_calibration_knows_how_its_cells_ended(kind: str) -> None:
    exposure = steady(10e6, 0.75)
    at = exposure.began + 3600.0
    outcome = Outcome(kind, at, 3600.0, None, None, 10e6, "a test")
    life = life_of_outcome("a", exposure, outcome, NUMBERS)
    if DRAWN[kind] == OPEN:
        assert life is None
        return
    assert life is not None
    assert DRAWN[life.ended] == DRAWN[kind]
    (again,) = Data.from_dict(json.loads(json.dumps(Data((life,)).as_dict()))).lives
    assert again.ended == life.ended


def test_a_life_that_a_person_states_is_drawn_as_stated() -> None:
    exposure = steady(10e6, 0.75)
    at = exposure.began + 3600.0
    for low, high, lost, drawn in (
        *((at, math.inf, (0.0, at), LOST), (at, math.inf, (at, math.inf), LIVED), (at, math.inf, None, LIVED)),
        *((at, at, (at, math.inf), SHORT), (0.0, at, None, SHORT), (at, 2.0 * at, (0.0, at), SHORT)),
    ):
        assert DRAWN[CellLife("a", exposure, low, high, lost, NUMBERS).ended] == drawn


def test_the_window_of_a_calibration_draws_its_cells_as_they_ended(monkeypatch) -> None:
    from lithostat.recommendation.answer import drawn_window

    exposure = steady(10e6, 0.75)
    at = exposure.began + 3600.0
    lives = tuple(
        CellLife(f"{k}", steady(p, 0.75), at, at if shorted else math.inf, (0.0, at) if lost else None, NUMBERS)
        for k, (p, shorted, lost) in enumerate(((5e6, False, True), (10e6, True, False), (15e6, False, False)))
    )
    wall = SimpleNamespace(low=1e6, median=2e6, high=3e6)
    curve = SimpleNamespace(
        pressures=PRESSURES,
        failure=np.zeros((30, 2)),
        short=np.zeros((30, 2)),
        lost=np.zeros((30, 2)),
        mean=np.zeros(30),
    )
    chosen = SimpleNamespace(pressure=5e6, current=1.0, hours=1.0, gain=0.1)
    made = SimpleNamespace(
        curve=curve, next_cell=chosen, considered=(), question=SimpleNamespace(accepted=0.5), window=None, best=5e6,
        interval=(4e6, 6e6), lower=wall, upper=wall, sentence=lambda: "",
    )  # fmt: skip
    drawn = window_figure(drawn_window(made, SimpleNamespace(data=Data(lives))))
    assert sorted(marks(drawn.axes[0], -14.5)) == sorted([LOST, SHORT, LIVED])


@pytest.mark.parametrize("voltage", [0.0, 0.3, 2.97])
def test_a_cell_of_which_no_kind_is_known_is_not_given_one(tmp_path: Path, voltage: float) -> None:
    from typer.testing import CliRunner

    from lithostat.cli import app

    rows = "".join(f"{10 * k},{voltage},0.0\n" for k in range(20))
    (tmp_path / "a.csv").write_text(f"time/s,voltage/V,current/mA\n{rows}")
    done = CliRunner().invoke(app, ["analyze", str(tmp_path), "-o", str(tmp_path / "out"), "--json"])
    (cell,) = json.loads(done.stdout)
    assert cell["kind_of_cell"] == "not known"
    page = (tmp_path / "out" / "a.html").read_text()
    assert "kind of cell not known, 20 samples" in page
    assert "symmetric cell" not in page
