"""What a person writes for a full cell, and what is refused. Needs no PyBaMM."""

import pytest

import lithostat
from lithostat import InputError, Protocol
from lithostat.experiment.cell import Cell
from lithostat.experiment.experiment import complete

CATHODE = {
    "material": "NCA",
    "electrolyte": "Li6PS5Cl",
    "composition": {"active": 11, "electrolyte": 16, "carbon": 1},
    "areal_loading": "3.55 mg/cm2",
    "porosity": "15 %",
}
CELL = {
    "kind": "full",
    "electrode": {"material": "lithium", "area": "1.267 cm2", "thickness": "0.5 mm"},
    "electrolyte": {"material": "Li6PS5Cl", "thickness": "1 mm"},
    "cathode": CATHODE,
}


def step(words):
    return Protocol.from_dict({"steps": [words]}).steps[0]


@pytest.mark.parametrize(("text", "rate"), [("C/10", 0.1), ("0.1C", 0.1), ("0.1 C", 0.1), ("C", 1.0), ("2C", 2.0)])
def test_c_rates(text, rate):
    read = step({"charge": text, "until": {"voltage": "4.3 V"}})
    assert read.value == pytest.approx(rate)
    assert read.c_rate


def test_a_current_is_no_c_rate():
    read = step({"discharge": "53 uA/cm2", "until": {"voltage": "2.5 V"}})
    assert (read.value, read.absolute, read.c_rate) == (pytest.approx(0.53), False, False)


def test_a_held_voltage_ends_with_its_current():
    read = step({"hold_voltage": "4.3 V", "until": {"current": "C/50"}})
    assert read.value == pytest.approx(4.3)
    assert read.until.current is not None
    assert read.until.current.value == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"charge": "C/10"}, "may never end"),
        ({"hold_voltage": "4.3 V"}, "may never end"),
        ({"charge": "C/0", "until": {"voltage": "4.3 V"}}, "C-rate"),
        ({"charge": "C/10", "until": {"voltage": "4.3 V", "current": "C/50"}}, "no meaning"),
        ({"plate": "C/10", "for": "1 h"}, "plate"),
        ({"rest": "1 h", "until": {"current": "C/50"}}, "no meaning"),
        ({"charge": "-C/10", "until": {"voltage": "4.3 V"}}, "charge"),
    ],
)
def test_a_step_that_makes_no_sense_is_refused(words, said):
    with pytest.raises(InputError, match=said):
        step(words)


def test_a_protocol_survives_its_own_dump():
    first = Protocol.from_dict({"steps": [{"hold_voltage": "4.3 V", "until": {"current": "C/50"}}]})
    assert Protocol.from_dict(first.model_dump(mode="json", by_alias=True), si=True) == first


def test_a_cell_survives_its_own_dump():
    first = Cell.from_dict(CELL)
    assert Cell.from_dict(first.model_dump(mode="json"), si=True) == first


def test_loading_and_mass_say_the_same():
    by_mass = Cell.from_dict(CELL | {"cathode": {**CATHODE, "areal_loading": None, "active_mass": "4.498 mg"}})
    assert by_mass.loading == pytest.approx(Cell.from_dict(CELL).loading, rel=1e-3)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cathode": {k: v for k, v in CATHODE.items() if k != "areal_loading"}}, "areal_loading"),
        ({"cathode": {**CATHODE, "thickness": "50 um"}}, "exactly one of 'porosity' and 'thickness'"),
        ({"electrode": {"material": "lithium", "area": "1 cm2"}}, "thickness"),
        ({"electrode": {"material": "lithium", "thickness": "0.5 mm"}}, "'diameter' and 'area'"),
        ({"parameters": {"oxidised_charg": "3 mAh/g"}}, "did you mean 'oxidised_charge'"),
        ({"parameters": {"assembled_stoichiometry": "1.4"}}, "at most"),
    ],
)
def test_a_cell_that_is_not_all_said_is_refused(changes, said):
    with pytest.raises(InputError, match=said):
        complete(Cell.from_dict(CELL | changes))


@pytest.mark.parametrize("words", [{"charge": "53 uA/cm2", "for": "1 h"}, {"hold_voltage": "1 V", "for": "1 h"}])
def test_a_symmetric_cell_refuses_the_words_of_full_cells(experiment, words):
    cell, protocol = experiment([{"press": "5 MPa"}, words])
    with pytest.raises(InputError, match="word for full cells"):
        lithostat.simulate(cell, protocol)
