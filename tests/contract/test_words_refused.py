"""Attachment, ramps, counter electrodes and collectors that make no sense are refused in one sentence."""

import pytest

import lithostat
from lithostat import Cell, InputError, Protocol

RAMP = {"of": "current", "from": "0.1 mA/cm2", "to": "1 mA/cm2", "step": "0.1 mA/cm2", "for": "1 h"}
PRESSURE = {"of": "pressure", "from": "1 MPa", "to": "10 MPa", "factor": 2, "for": "1 h"}
ATTACH = {"pressure": "50 MPa", "kind": "isostatic", "for": "10 min"}


def without(data, *keys):
    return {key: value for key, value in data.items() if key not in keys}


BAD_RAMPS = {
    "no end": (without(RAMP, "to"), "'to' is missing"),
    "nothing that ramps": (without(RAMP, "of"), "'of' is missing"),
    "a ramp of temperature": (RAMP | {"of": "temperature"}, "'current' or 'pressure'"),
    "neither step nor factor": (without(RAMP, "step"), "exactly one of 'step' and 'factor'"),
    "both": (RAMP | {"factor": 2}, "exactly one of 'step' and 'factor'"),
    "neither charge nor time": (without(RAMP, "for"), "exactly one of 'charge' and 'for'"),
    "both charge and time": (RAMP | {"charge": "1 mAh/cm2"}, "exactly one of 'charge' and 'for'"),
    "a current that falls": (RAMP | {"from": "2 mA/cm2"}, "expected a rising current"),
    "a current of nothing": (RAMP | {"from": "0 mA/cm2"}, "above 0"),
    "a pressure for a current": (
        RAMP | {"from": "1 MPa"},
        "from: received '1 MPa', whose unit has the wrong dimension",
    ),
    "amperes": (RAMP | {"to": "2 mA"}, "wrong dimension"),
    "no unit": (RAMP | {"to": 2}, "to: received 2 without a unit"),
    "a factor that does not grow": (without(RAMP, "step") | {"factor": 0.5}, "above 1"),
    "a step backwards": (RAMP | {"step": "-0.1 mA/cm2"}, "'step' that is not above 0"),
    "millions of steps": (RAMP | {"step": "1e-9 mA/cm2"}, "at most 10000"),
    "a way nobody knows": (RAMP | {"way": "up"}, "way"),
    "back of both ways": (RAMP | {"back": "0.1 mA/cm2"}, "'back' has no meaning here"),
    "a second current": (RAMP | {"current": "0.1 mA/cm2"}, "'current' has no meaning in a ramp of current"),
    "a key that is none": (RAMP | {"stop": "1 mA/cm2"}, "unknown key 'stop'"),
    "a pressure from nothing by a factor": (PRESSURE | {"from": "0 MPa"}, "ends above 0"),
    "a charge without current": (PRESSURE | {"charge": "1 mAh/cm2"}, "'charge'"),
    "no time at a pressure": (without(PRESSURE, "for"), "no 'for'"),
    "two like ends": (PRESSURE | {"to": "1 MPa"}, "expected two ends"),
    "no mapping": ("0.1 to 1 mA/cm2", "ramp"),
}


@pytest.mark.parametrize(("ramp", "said"), BAD_RAMPS.values(), ids=BAD_RAMPS)
def test_a_ramp_that_makes_no_sense(ramp, said):
    with pytest.raises(InputError) as caught:
        Protocol.from_dict({"steps": [{"press": "5 MPa"}, {"ramp": ramp}]})
    assert said in str(caught.value)
    assert "steps[2]" in str(caught.value)


BAD_STEPS = {
    "attach in a repeat": ([{"repeat": 2, "steps": [{"attach": ATTACH}]}], "'attach' stands in a repeat"),
    "a ramp in a repeat": ([{"press": "5 MPa"}, {"repeat": 2, "steps": [{"ramp": RAMP}]}], "'ramp' stands in a repeat"),
    "attach in the fixture": ([{"press": "5 MPa"}, {"attach": ATTACH}], "a stack pressure of 5 MPa acts"),
    "attach after a ramp of pressure": ([{"ramp": PRESSURE}, {"attach": ATTACH}], "a stack pressure of 8 MPa acts"),
    "attach after current": (
        [{"press": "5 MPa"}, {"plate": "0.1 mA/cm2", "for": "1 h"}, {"release": "0 MPa"}, {"attach": ATTACH}],
        "after current has flowed",
    ),
    "attach of another kind": ([{"attach": ATTACH | {"kind": "warm"}}], "'isostatic' or 'uniaxial'"),
    "attach without time": ([{"attach": without(ATTACH, "for")}], "'for' is missing"),
    "a time beside attach": ([{"attach": ATTACH, "for": "1 h"}], "unknown key 'for'"),
    "a time limit on a ramp": ([{"ramp": RAMP, "until": {"time": "1 h"}}], "no limit but a voltage"),
    "a charge limit on a ramp": ([{"ramp": RAMP, "until": {"charge": "1 mAh/cm2"}}], "a charge limit has no meaning"),
    "a voltage without current": ([{"ramp": PRESSURE, "until": {"voltage": "1 V"}}], "without current"),
}


@pytest.mark.parametrize(("steps", "said"), BAD_STEPS.values(), ids=BAD_STEPS)
def test_steps_that_make_no_sense_together(steps, said):
    with pytest.raises(InputError) as caught:
        Protocol.from_dict({"steps": steps})
    assert said in str(caught.value)


def test_a_full_cell_has_no_ramp_and_no_counter_electrode_but_its_cathode(full):
    with pytest.raises(InputError, match="'ramp' is a word for symmetric cells"):
        lithostat.simulate(Cell.from_dict(full), Protocol.from_dict({"steps": [{"press": "5 MPa"}, {"ramp": RAMP}]}))
    for said, why in (({"counter": "inert"}, "for symmetric cells"), ({"collector": 2}, "is the cathode")):
        with pytest.raises(InputError, match=why):
            Cell.from_dict(full | said)


@pytest.fixture
def full():
    pytest.importorskip("pybamm", reason="full cells need PyBaMM (extra 'fullcell')")
    return {
        "kind": "full",
        "electrode": {"material": "lithium", "area": "1.267 cm2", "thickness": "0.5 mm"},
        "electrolyte": {"material": "Li6PS5Cl", "thickness": "1 mm"},
        "cathode": {
            "material": "NCA",
            "electrolyte": "Li6PS5Cl",
            "composition": {"active": 11, "electrolyte": 16, "carbon": 1},
            "areal_loading": "3.55 mg/cm2",
            "porosity": "15 %",
        },
    }


def test_a_measured_pressure_leaves_nothing_to_press_with(experiment):
    measured = {"kind": "measured", "times": ["0 h", "1 h"], "pressures": ["5 MPa", "4 MPa"]}
    cell, protocol = experiment([{"attach": ATTACH | {"kind": "uniaxial"}}], fixture=measured)
    with pytest.raises(InputError, match="measured pressure"):
        lithostat.simulate(cell, protocol)


@pytest.mark.parametrize("steps", [[{"attach": ATTACH}], [{"ramp": RAMP}], [{"ramp": PRESSURE}]])
def test_a_protocol_survives_its_own_dump(steps):
    first = Protocol.from_dict({"steps": steps})
    assert Protocol.from_dict(first.model_dump(mode="json", by_alias=True), si=True) == first


def test_a_critical_current_survives_the_record(run, tmp_path):
    record = run([{"press": "5 MPa"}, {"ramp": RAMP}])
    assert record.outcome.critical is not None
    assert lithostat.read_parquet(record.write_parquet(tmp_path / "r.parquet")).outcome == record.outcome
    assert record.outcome.as_json()["critical"]["of"] == "current"
