"""What a lab writes down, as data; and what it gets back when something is wrong with it."""

import math

import pytest

from lithostat import InputError, simulate
from lithostat.calibration.calibration_file import read_calibration_file
from lithostat.calibration.companions import companions
from lithostat.calibration.data import CellLife
from lithostat.papers.doux2020.calibration import paper_data

CELL = """
cell:
  electrode: {material: lithium, diameter: 12.7 mm, thickness: 0.5 mm}
  electrolyte: {material: Li6PS5Cl, thickness: 1 mm}
"""
CELLS = """
cells:
  - {name: a, pressure: 25 MPa, current: 75 uA/cm2, time: 48 h, outcome: short, fabrication_pressure: 25 MPa}
  - {name: b, pressure: 5 MPa, current: 75 uA/cm2, time: 1000 h, outcome: survived}
  - {name: c, pressure: 75 MPa, current: 75 uA/cm2, outcome: short before current}
  - {name: d, pressure: 25 MPa, time: 500 h, outcome: survived}
  - {name: e, pressure: 10 MPa, current: 75 uA/cm2, between: [400 h, 500 h], outcome: short, area: 0.5 cm2}
  - {name: f, pressure: 1 MPa, current: 1 mA/cm2, time: 3 h, outcome: contact lost}
impedance:
  - {pressure: 5 MPa, highest_pressure: 25 MPa, resistance: 50 ohm}
  - {pressure: 1 MPa, resistance: 500 ohm, bound: at least}
overpotentials:
  - {pressure: 10 MPa, overpotential: 5 mV, current: 75 uA/cm2}
critical_currents:
  - {pressure: 3 MPa, current: 0.2 mA/cm2}
"""


def read(folder, text):
    path = folder / "cells.yaml"
    path.write_text(text)
    return read_calibration_file(path)


def test_every_kind_of_observation_is_understood(tmp_path):
    data = read(tmp_path, CELL + CELLS).data
    by_name = {one.name: one for one in data.lives}
    kinds = {name: one.kind for name, one in by_name.items()}
    assert kinds == {
        "a": "short",
        "b": "survived",
        "c": "short before current",
        "d": "survived",
        "e": "short in an interval",
        "f": "survived",
    }
    assert by_name["a"].low == pytest.approx(660.0 + 48 * 3600.0)
    assert by_name["e"].numbers["area"] == pytest.approx(0.5e-4)
    assert (by_name["f"].contact_lost, by_name["a"].contact_lost, by_name["d"].contact_lost) == (True, False, None)
    assert [(one.low, one.high) for one in data.resistances[:2]] == [(50.0, 50.0), (500.0, math.inf)]
    assert data.resistances[2].low == pytest.approx(5e-3 / (0.75 * by_name["a"].numbers["area"]))
    assert data.critical_currents[0].low == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CELL + "cels: []", "line 5.*unknown key 'cels'.*cells"),
        ("cells: []", "'cell' is missing"),
        (CELL + "cells:\n  - {name: a, pressure: 5 MPa, time: 3 h, outcome: died}", "line 6.*outcome"),
        (CELL + "cells:\n  - {name: a, pressure: 5 V, time: 3 h, outcome: short}", "line 6.*dimension"),
        (CELL + "cells:\n  - {name: a, pressure: 5 MPa, outcome: short}", "line 6.*'time'"),
        (CELL + "cells:\n  - {name: a, file: nowhere.parquet}", "line 6.*nowhere.parquet"),
        (CELL + "cells: 3", "line 5.*a list"),
        (CELL + "impedance:\n  - {pressure: 5 MPa}", "line 6.*resistance"),
    ],
)
def test_faults_are_one_sentence_with_a_line(tmp_path, text, said):
    with pytest.raises(InputError, match=said):
        read(tmp_path, text)


def test_two_cells_of_one_name_are_refused(tmp_path):
    twice = "  - {name: a, pressure: 5 MPa, time: 3 h, outcome: survived}\n"
    with pytest.raises(InputError, match="two observations are called 'a'"):
        read(tmp_path, CELL + "cells:\n" + twice + twice)


def test_a_simulated_record_is_a_cell(tmp_path, experiment):
    turns = [{"plate": "75 uA/cm2", "for": "1 h"}, {"strip": "75 uA/cm2", "for": "1 h"}]
    steps = [{"press": "25 MPa", "for": "10 min"}, {"repeat": 100, "steps": turns}]
    record = simulate(*experiment(steps))
    record.write_parquet(tmp_path / "cell.parquet")
    (one,) = read(tmp_path, CELL + "cells:\n  - {name: a, file: cell.parquet}").data.lives
    assert one.kind == "short"
    assert one.low == pytest.approx(record.outcome.time)
    assert one.exposure.pressures[-1] == pytest.approx(25e6)


def test_companions_say_what_they_cannot():
    data = paper_data(impedance=False)
    found = companions(data.lives)
    assert all(one.why_not for one in found if one.method != "log-normal regression")
    (regression,) = [one for one in found if one.method == "log-normal regression"]
    # the facts give t ~ P^-2.26 for the four dated cells, fitted without the survivors
    assert regression.numbers["exponent"] == pytest.approx(-2.26, abs=0.3)
    assert regression.numbers["exponent_low"] < -2.26 < regression.numbers["exponent_high"]
    assert "fig2b-75MPa" in regression.notes[0]
    assert companions(())[0].why_not == "there are no cells"


def test_companions_of_repeats():
    from lithostat.calibration.exposure import steady

    times = (100.0, 180.0, 260.0, 400.0, 500.0, 500.0)
    exposure = steady(10e6, 0.75)
    lives = [CellLife(f"c{i}", exposure, t, t if i < 4 else math.inf, False, {}) for i, t in enumerate(times)]
    survival, spread, regression = companions(lives)
    assert survival.numbers["median_second"] == 400.0  # four of six have failed by then, three of six before
    assert survival.curve["survival"][-1] == pytest.approx(2 / 6)
    assert spread.numbers["shape_low"] < spread.numbers["shape"] < spread.numbers["shape_high"]
    assert "1 pressures" in regression.why_not
