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
    assert {one.group for one in data.observations} == {"own"}


def test_cells_belong_to_the_paper_or_lab_that_is_named(tmp_path):
    said = CELL + CELLS.replace("{name: a,", "{name: a, group: Somebody 2020,").replace(
        "{pressure: 1 MPa, resistance", "{group: Somebody 2020, pressure: 1 MPa, resistance"
    )
    data = read(tmp_path, said).data
    assert data.groups == ("Somebody 2020", "own")
    assert data.resistance_groups == ("own", "Somebody 2020")
    assert data.only_group("Somebody 2020").names == ("a", "impedance 2")


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
        (CELL + "cells:\n  - {name: a, pressure: 5 MPa, time: 3 h, outcome: contact lost}", "line 6.*no 'current'"),
        (CELL + "cells:\n  - {name: a, pressure: 5 MPa, current: -1 mA/cm2, time: 3 h, outcome: short}", "6.*negative"),
        (CELL + "cells:\n  - {name: a, pressure: 0 MPa, current: 1 mA/cm2, time: 3 h, outcome: short}", "line 6.*of 0"),
        (CELL + "cells:\n  - {name: a, pressure: 5 MPa, current: 1 mA/cm2, time: 0 h, outcome: short}", "line 6.*of 0"),
        (
            CELL + "cells:\n  - {name: a, pressure: 5 MPa, time: 9 h, between: [3 h, 4 h], outcome: short}",
            "line 6.*both 'time' and 'between'",
        ),
        (CELL + "cells:\n  - {name: a, file: cells.csv}", "line 6.*no file or folder"),
        (CELL + "cells:\n  - {name: a, file: ., pressure: 5 MPa}", "line 6.*'pressure' stands beside"),
        (CELL + "impedance:\n  - {pressure: 5 MPa, resistance: 0 ohm}", "line 6.*between 0 and 0"),
        (CELL + "impedance:\n  - {pressure: 0 MPa, resistance: 50 ohm}", "line 6.*pressure of 0"),
        (CELL + "impedance:\n  - {pressure: 5 MPa, highest_pressure: 3 MPa, resistance: 50 ohm}", "line 6.*below"),
        (CELL + "overpotentials:\n  - {pressure: 5 MPa, overpotential: 5 mV, current: 0 mA/cm2}", "line 6.*one sign"),
        (CELL + "overpotentials:\n  - {pressure: 5 MPa, overpotential: -5 mV, current: 1 mA/cm2}", "line 6.*one sign"),
        (CELL + "critical_currents:\n  - {pressure: 5 MPa, current: -1 mA/cm2}", "line 6.*above 0"),
        (CELL + "critical_currents:\n  - {pressure: 0 MPa, current: 1 mA/cm2}", "line 6.*pressure of 0"),
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


def test_a_record_brings_its_own_area_and_thickness(tmp_path, experiment):
    """Not those of the cell that the file is about: a spot count and a path of another cell would be learnt from."""
    cell, protocol = experiment([{"press": "5 MPa", "for": "10 min"}, {"plate": "75 uA/cm2", "for": "1 h"}])
    own = cell.model_copy(
        update={
            "electrode": cell.electrode.model_copy(update={"diameter": None, "area": 0.4e-4}),
            "electrolyte": cell.electrolyte.model_copy(update={"thickness": 0.6e-3, "mass": None}),
        }
    )
    simulate(own, protocol).write_parquet(tmp_path / "cell.parquet")
    (one,) = read(tmp_path, CELL + "cells:\n  - {name: a, file: cell.parquet}").data.lives
    assert (one.numbers["area"], one.numbers["thickness"]) == pytest.approx((0.4e-4, 0.6e-3))


EXPERIMENT = """
protocol:
  steps:
    - {press: 25 MPa, for: 1 h}
    - {set_pressure: 5 MPa, for: 100 h}
"""
TURNS = "    - {repeat: 10, steps: [{plate: 75 uA/cm2, for: 1 h}, {strip: 75 uA/cm2, for: 1 h}]}\n"


@pytest.mark.parametrize(
    ("turns", "said", "low", "high", "lost"),
    [
        (TURNS, "outcome: contact lost, time: 3 h", 101 + 3, math.inf, True),
        (TURNS, "outcome: short, time: 3 h", 101 + 3, 101 + 3, False),
        (TURNS, "outcome: short before current", 0, 101, None),
        (TURNS, "outcome: short before current, time: 40 h", 0, 40, None),
        ("", "outcome: survived, time: 101 h", 101, math.inf, None),  # from the start where nothing ever flows
    ],
)
def test_an_experiment_with_its_outcome_is_a_cell(tmp_path, turns, said, low, high, lost):
    (tmp_path / "one.yaml").write_text(CELL + EXPERIMENT + turns)
    (one,) = read(tmp_path, CELL + f"cells:\n  - {{name: a, file: one.yaml, {said}}}").data.lives
    assert (one.low / 3600.0, one.high / 3600.0) == pytest.approx((low, high))
    assert one.contact_lost is lost


def test_a_short_before_current_is_timed_from_the_start(tmp_path):
    """The current that never flowed neither starts the clock nor plates."""
    said = "{name: a, pressure: 75 MPa, current: 75 uA/cm2, time: 3 h, outcome: short before current}"
    (one,) = read(tmp_path, CELL + f"cells:\n  - {said}").data.lives
    assert (one.low, one.high) == (0.0, 3 * 3600.0)
    assert not one.exposure.plating.any()


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
    lives = [CellLife(f"c{i}", exposure, t, t if i < 4 else math.inf, (t, math.inf), {}) for i, t in enumerate(times)]
    survival, spread, regression = companions(lives)
    assert survival.numbers["median_second"] == 400.0  # four of six have failed by then, three of six before
    assert survival.curve["survival"][-1] == pytest.approx(2 / 6)
    assert spread.numbers["shape_low"] < spread.numbers["shape"] < spread.numbers["shape_high"]
    assert "1 pressures" in regression.why_not
