"""One judgement of a pellet's density, whoever asks: the simulator of either engine, and the analysis of a record."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import lithostat
from lithostat.experiment.cell import Cell
from lithostat.experiment.parts import Electrolyte
from lithostat.materials.pellet import relative_density
from lithostat.model.resolve import resolve

SOLID = 1860.0  # kg/m3


def pellet(**said: str) -> Electrolyte:
    return Electrolyte.model_validate({"thickness": "1 mm", "diameter": "13 mm"} | said)


@pytest.mark.parametrize(
    ("said", "relative", "codes"),
    [
        ({}, None, []),
        ({"porosity": "20 %"}, 0.8, []),
        ({"mass": "197.5 mg"}, 0.8, []),
        ({"mass": "248 mg"}, 1.0, []),  # 1.0045 of a solid one: within what weighing errs
        ({"mass": "400 mg"}, None, ["pellet-too-dense"]),
        ({"mass": "400 mg", "porosity": "20 %"}, 0.8, ["pellet-too-dense"]),
        ({"mass": "197.5 mg", "porosity": "30 %"}, 0.7, ["porosities-disagree"]),
        ({"mass": "197.5 mg", "porosity": "21 %"}, 0.79, []),
        ({"mass": "100 mg"}, 0.405, ["pellet-too-porous"]),
    ],
)
def test_density(said: dict[str, str], relative: float | None, codes: list[str]) -> None:
    density = relative_density(pellet(**said), SOLID)
    assert density.relative == (None if relative is None else pytest.approx(relative, abs=1e-3))
    assert [caution.code for caution in density.cautions] == codes


def test_a_mass_without_a_diameter_is_said_and_an_area_stands_for_it() -> None:
    bare = Electrolyte.model_validate({"thickness": "1 mm", "mass": "197.5 mg"})
    assert [caution.code for caution in relative_density(bare, SOLID).cautions] == ["pellet-without-diameter"]
    assert relative_density(bare, SOLID, area=1.3273e-4).relative == pytest.approx(0.8, abs=1e-3)


HEAVY = {"material": "Li6PS5Cl", "thickness": "1 mm", "diameter": "13 mm", "mass": "400 mg"}


def test_both_engines_and_the_analysis_say_the_same_once() -> None:
    said = []
    symmetric = Cell.model_validate({"electrode": {"area": "1.2 cm2", "thickness": "0.5 mm"}, "electrolyte": HEAVY})
    said.append(resolve(symmetric).warnings)
    example = Path(__file__).resolve().parents[2] / "examples" / "full_cell_5MPa.yaml"
    full = lithostat.read_experiment(example).cell
    full = full.model_copy(update={"electrolyte": Electrolyte.model_validate(HEAVY)})
    from lithostat.fullcell.parameters import resolve_full

    said.append(resolve_full(full).warnings)
    columns = ("test_time_second", "voltage_volt", "current_ampere")
    record = lithostat.Record(pl.DataFrame({name: np.linspace(0.0, 1.0, 50) for name in columns}))
    said.append(lithostat.analyze(record, lithostat.note_from({"cell": {"electrolyte": HEAVY}})).warnings)
    for warnings in said:
        (about,) = [line for line in warnings if "g/cm3" in line]
        assert about == said[0][[("g/cm3" in line) for line in said[0]].index(True)]
