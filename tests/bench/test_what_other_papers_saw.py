"""The law 'retraction' against what it must show, with one set of numbers at constant force and no assumed frame."""

from __future__ import annotations

import functools
import math
from pathlib import Path
from typing import Any

import pytest
from scipy.special import ndtr

from lithostat.bench.bench import life_scatter
from lithostat.bench.drive import drive_of
from lithostat.bench.fate import Fate, Task, solve
from lithostat.papers.published_cell import PublishedCell
from lithostat.papers.reader import cell_of, read_papers

LAW = "retraction"
BUILT = {"id": "A", "electrolyte": "Li6PS5Cl", "thickness_um": 1000, "lithium_thickness_um": 500, "unit": "h",
         "electrode_area_cm2": 1.267, "temperature_C": 25, "censored": "right", "outcome": "survived", "low": 1.0,
         "tag": "user", "stated": "none"}  # fmt: skip


@functools.cache
def published(paper: str, row: str) -> PublishedCell:
    return next(cell for cell in read_papers()[paper].cells if cell.id == row)


def fate_of(cell: PublishedCell, hours: float) -> Fate:
    found = solve(Task(0, drive_of(cell), LAW, hours))
    assert found.error is None
    return found


def driven(hours: float, **row: Any) -> Fate:
    return fate_of(cell_of(BUILT | row, paper="x", file="x"), hours)


def cycled(pressure: float, current: float, *, pressed: bool = False) -> Fate:
    attached = {"attach_pressure_MPa": 25, "attach_kind": "uniaxial", "attach_time_h": 1.0 / 60.0} if pressed else {}
    row = {"stack_pressure_MPa": pressure, "plate_mA_cm2": current, "charge_per_half_cycle_mAh_cm2": current}
    return driven(3000.0, cell_kind="symmetric", **row, **attached)


def hours(fate: Fate) -> float:
    return fate.clock / 3600.0


@pytest.mark.parametrize("pressure", [25, 20, 15, 10])
def test_doux_cells_short_within_a_factor_of_1_7(pressure: int) -> None:
    cell = published("doux2020", f"fig2b-{pressure}MPa")
    fate = fate_of(cell, 3000.0)
    assert fate.kind == "short"
    assert abs(math.log(hours(fate) / float(cell.value or 0.0))) < math.log(1.7)


def test_75_mpa_shorts_before_current_and_25_mpa_holds() -> None:
    assert hours(fate_of(published("doux2020", "hold-75MPa"), 1.0)) < 0.1
    assert fate_of(published("doux2020", "hold-25MPa"), 1000.0).kind == "survived"


@pytest.mark.parametrize(("row", "tested"), [("fig2b-5MPa", 1000.0), ("figS3-2MPa", 163.0)])
def test_low_pressures_outlive_their_tests(row: str, tested: float) -> None:
    assert hours(fate_of(published("doux2020", row), 1.2 * tested)) > tested


def test_full_cells_at_25_mpa_short_in_the_charges_that_the_figures_show() -> None:
    for row in ("fig1-Li-25MPa", "fig2c"):
        cell = published("doux2020", row)
        fate = fate_of(cell, 100.0)
        assert fate.kind == "short"
        assert cell.low < hours(fate) < cell.high


def test_one_cell_in_four_lives_229_cycles_at_5_mpa() -> None:
    cell = published("doux2020", "fig3-5MPa")
    scatter = life_scatter(drive_of(cell), LAW)
    assert ndtr(math.log(hours(fate_of(cell, 5000.0)) / cell.low) / scatter) > 0.25


@pytest.mark.parametrize("pressure", [120, 265])
def test_isostatic_attachment_does_not_short(pressure: int) -> None:
    row = {"attach_pressure_MPa": pressure, "attach_kind": "isostatic", "attach_time_h": 1.0 / 6.0}
    assert driven(10.0, cell_kind="hold", stack_pressure_MPa=0, **row).kind == "survived"


def test_a_press_of_50_mpa_for_half_an_hour_does_not_short() -> None:
    assert driven(0.5, cell_kind="hold", stack_pressure_MPa=50).kind == "survived"


def test_without_pressure_contact_is_lost_after_a_charge_of_the_right_order() -> None:
    fate = fate_of(published("singh2022", "S1"), 100.0)
    assert fate.kind in ("contact lost", "short")
    assert 1.0 < fate.charge / 36000.0 < 10.0


@pytest.mark.parametrize("current", [0.2, 0.5])
def test_there_is_an_optimum_of_pressure_with_a_short_on_both_sides(current: float) -> None:
    fates = {pressure: cycled(pressure, current, pressed=True) for pressure in (1.0, 5.0, 25.0)}
    assert {fate.kind for fate in fates.values()} == {"short"}
    assert hours(fates[5.0]) > 1.2 * hours(fates[1.0])
    assert hours(fates[5.0]) > 1.2 * hours(fates[25.0])


@pytest.mark.parametrize(("pressure", "current", "better"), [(5.0, 0.5, 1.02), (5.0, 1.0, 1.1), (2.0, 0.2, 1.2)])
def test_pressing_before_cycling_is_better_than_not(pressure: float, current: float, better: float) -> None:
    assert hours(cycled(pressure, current, pressed=True)) > better * hours(cycled(pressure, current))


def test_at_5_mpa_and_a_current_that_a_pressed_cell_bears_one_that_was_not_pressed_loses_contact() -> None:
    assert cycled(5.0, 2.0, pressed=True).kind == "short"
    assert cycled(5.0, 2.0).kind == "contact lost"


def test_the_documentation_has_every_row_and_the_life_that_is_simulated() -> None:
    page = (Path(__file__).parents[2] / "docs" / "bench.md").read_text(encoding="utf-8")
    section = page.split("## Laws side by side")[1].split("\n## ")[0]
    table = [[entry.strip() for entry in line.strip("|").split("|")] for line in section.splitlines() if "|" in line]
    shown = {row[0]: dict(zip(table[0], row, strict=True)) for row in table[2:]}
    cells = [cell for paper in read_papers().values() for cell in paper.cells if cell.outcome != "other"]
    assert set(shown) == {f"{cell.paper} {cell.id}" for cell in cells}
    here = hours(fate_of(published("doux2020", "fig2b-25MPa"), 3000.0))
    assert float(shown["doux2020 fig2b-25MPa"][LAW]) == pytest.approx(here, rel=0.01)  # three digits
