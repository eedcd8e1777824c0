"""Attachment, ramps, counter electrodes and bare collectors: against closed forms, by hand, and in the other engine."""

from __future__ import annotations

import numpy as np
import pytest

from lithostat import Cell, Protocol, ledger, simulate
from lithostat.materials.card import find
from lithostat.model.sides import sides_of

FACES = find("lithium|Li6PS5Cl")
RAMP = {"of": "current", "from": "0.2 mA/cm2", "to": "2 mA/cm2", "step": "0.2 mA/cm2", "for": "1 h"}


def cell(**said):
    return Cell.from_dict(
        {
            "electrode": {"area": "1.267 cm2", "thickness": "0.5 mm"},
            "electrolyte": {"material": "Li6PS5Cl", "thickness": "1 mm"},
        }
        | said
    )


def run(steps, **said):
    record = simulate(cell(**said), Protocol.from_dict({"steps": steps}))
    assert ledger(record).worst < 1e-8
    return record


@pytest.mark.parametrize("megapascal", [2.0, 6.4, 30.0])
def test_isostatic_attachment_ripens_as_the_rate_of_the_contact_says(megapascal):
    """The closed form against the same pressure as a stack pressure, whose rate the integrator follows."""
    press = f"{megapascal} MPa"
    bag = run([{"attach": {"pressure": press, "kind": "isostatic", "for": "3 h"}}, {"press": press}])
    stack = run([{"press": press, "for": "3 h"}])
    contact = [record.column("contact_fraction_1")[-1] for record in (bag, stack)]
    assert contact[0] == pytest.approx(contact[1], rel=1e-7)
    load, n = megapascal * 1e6 / FACES.value("contact_pressure").value, 6.56
    conformity = load * (1.0 + 3.0 * 3600.0 / FACES.value("ripening_time").value) ** (1.0 / (n + 1.0))
    assert contact[0] == pytest.approx(1.0 - np.exp(-conformity), rel=1e-7)


def test_isostatic_attachment_loads_no_flaw_and_uniaxial_does():
    steps = [{"press": "5 MPa"}, {"plate": "0.1 mA/cm2", "for": "1 h"}]
    kinds = [
        run([{"attach": {"pressure": "75 MPa", "kind": kind, "for": "10 min"}}, *steps]).outcome.kind
        for kind in ("isostatic", "uniaxial")
    ]
    assert kinds == ["survived", "short before current"]


def test_no_stack_pressure_is_left_after_attachment():
    for kind in ("isostatic", "uniaxial"):
        record = run([{"attach": {"pressure": "20 MPa", "kind": kind, "for": "1 h"}}, {"rest": "1 h"}])
        assert record.column("measured_pressure_pa")[-1] == 0.0
        assert record.outcome.kind == "survived"
        assert record.steps["step_count"].to_list()[-1] == 2


def by_hand(values, *turns):
    """What a ramp stands for, written out."""
    return [{verb: f"{value if own is None else own} mA/cm2", "for": "1 h"} for value in values for verb, own in turns]


@pytest.mark.parametrize(
    ("said", "turns"),
    [
        ({}, [("plate", None), ("strip", None)]),
        ({"way": "plate"}, [("plate", None)]),
        ({"way": "strip", "back": "0.1 mA/cm2"}, [("strip", None), ("plate", 0.1)]),
        ({"cycles": 2}, [("plate", None), ("strip", None)] * 2),
    ],
)
def test_a_ramp_is_its_steps_written_out(said, turns):
    ramp = {"of": "current", "from": "0.1 mA/cm2", "to": "0.4 mA/cm2", "factor": 2, "for": "1 h"}
    ramped = run([{"press": "8 MPa"}, {"ramp": ramp | said}])
    plain = run([{"press": "8 MPa"}, *by_hand([0.1, 0.2, 0.4], *turns)])
    assert ramped.table.drop("cycle_count").equals(plain.table.drop("cycle_count"))


def test_the_critical_current_lies_between_the_last_step_that_was_borne_and_the_one_that_was_not():
    record = run([{"press": "5 MPa"}, {"ramp": RAMP}])
    critical, last = record.outcome.critical, record.steps.tail(1).to_dicts()[0]
    failed = 10.0 * 0.2 * last["cycle_count"]
    assert (critical.of, critical.borne, critical.failed) == (
        "current",
        pytest.approx(failed - 2.0),
        pytest.approx(failed),
    )
    assert critical.value == pytest.approx(failed - 1.0)
    assert last["ended_by"] == record.outcome.kind == "contact lost"


def test_a_voltage_ends_a_ramp_and_the_next_step_follows():
    ramp = {"ramp": RAMP, "until": {"voltage": "50 mV"}}
    record = run([{"press": "5 MPa"}, ramp, {"rest": "1 h"}])
    volts = np.abs(record.column("voltage_volt"))
    current = np.abs(record.column("current_ampere")) / 1.267e-4
    assert volts.max() == pytest.approx(0.05, rel=1e-6)
    assert record.outcome.critical.failed == pytest.approx(current[np.argmax(volts)])
    assert record.steps["verb"].to_list()[-1] == "rest"


def test_a_ramp_that_the_cell_bears_gives_a_bound():
    assert run([{"press": "10 MPa"}, {"ramp": RAMP | {"to": "0.4 mA/cm2"}}]).outcome.critical.failed is None
    first = run([{"press": "1 MPa"}, {"ramp": RAMP}]).outcome.critical
    assert (first.borne, first.failed, first.value) == (None, pytest.approx(2.0), None)


def test_a_ramp_of_pressure_finds_the_pressure_that_shorts():
    ramp = {"of": "pressure", "from": "20 MPa", "to": "80 MPa", "step": "5 MPa", "for": "1 h"}
    critical = run([{"ramp": ramp}]).outcome.critical
    assert critical.failed == pytest.approx(critical.borne + 5e6)
    alone = [run([{"press": f"{p / 1e6} MPa", "for": "1 h"}]).outcome.kind for p in (critical.borne, critical.failed)]
    assert alone == ["survived", "short before current"]


def test_an_inert_counter_electrode_neither_limits_nor_grows_filaments():
    """Stripping electrode 1 plates electrode 2: in a symmetric cell it shorts, under an inert counter it does not."""
    one_way = [{"press": "20 MPa"}, {"plate": "0.3 mA/cm2", "for": "300 h"}]
    other_way = [{"press": "20 MPa"}, {"strip": "0.3 mA/cm2", "for": "300 h"}]
    both = [run(steps).outcome for steps in (one_way, other_way)]
    assert both[0].kind == both[1].kind == "short"
    assert both[0].time == pytest.approx(both[1].time, rel=1e-9)
    inert = [run(steps, counter="inert").outcome for steps in (one_way, other_way)]
    assert inert[0].time == pytest.approx(both[0].time, rel=1e-9)
    assert inert[1].kind in ("survived", "lithium spent")


def test_a_counter_electrode_that_does_not_limit_can_lose_contact_and_lithium():
    steps = [{"press": "2 MPa"}, {"plate": "0.5 mA/cm2", "for": "2 h"}]
    assert run(steps).outcome.kind == "contact lost"
    assert run(steps, counter="does not limit").outcome.kind == "survived"
    thin = {"electrode": {"area": "1.267 cm2", "thickness": "2 um"}, "counter": "does not limit"}
    record = run([{"press": "10 MPa"}, {"plate": "0.2 mA/cm2", "for": "4 h"}], **thin)
    assert record.outcome.kind == "survived"
    assert any("more than it held" in warning for warning in record.warnings)


def test_the_working_electrode_still_limits_and_a_short_is_one_wherever_it_begins():
    steps = [{"press": "2 MPa"}, {"strip": "0.5 mA/cm2", "for": "2 h"}]
    assert run(steps, counter="does not limit").outcome.kind == "contact lost"
    other_way = [{"press": "20 MPa"}, {"strip": "0.3 mA/cm2", "for": "300 h"}]
    assert run(other_way, counter="does not limit").outcome.kind == "short"


def test_a_bare_collector_gives_back_what_was_plated():
    turn = [{"plate": "0.2 mA/cm2", "for": "5 h"}, {"strip": "0.2 mA/cm2", "for": "9 h", "until": {"voltage": "1 V"}}]
    film = {"parameters": {"interphase_constant": "0 m2/s"}}
    record = run([{"press": "10 MPa"}, {"repeat": 2, "steps": turn}], collector=1, **film)
    assert record.column("lithium_thickness_1_metre")[0] == 0.0
    lengths = (record.steps["end_second"] - record.steps["start_second"]).to_numpy()[1:]
    assert lengths == pytest.approx(5 * 3600.0, rel=1e-9)  # nothing is bound: all that was plated comes back
    assert record.steps["ended_by"].to_list()[1:] == ["its time", "voltage limit"] * 2
    without_limit = [{"press": "10 MPa"}, {"plate": "0.2 mA/cm2", "for": "5 h"}, {"strip": "0.2 mA/cm2", "for": "9 h"}]
    assert run(without_limit, collector=1, **film).outcome.kind == "lithium spent"


PAIRS = {
    "attached": ([{"attach": {"pressure": "20 MPa", "kind": "isostatic", "for": "1 h"}}, {"press": "5 MPa"}], {}),
    "ramp": ([{"press": "5 MPa"}, {"ramp": RAMP}], {}),
    "three electrodes": (
        [{"press": "5 MPa"}, {"ramp": RAMP | {"way": "strip", "back": "0.1 mA/cm2"}}],
        {"counter": "does not limit"},
    ),
    "inert": ([{"press": "15 MPa"}, {"ramp": RAMP | {"way": "plate"}}], {"counter": "inert"}),
    "collector": (
        [
            {"press": "10 MPa"},
            {"strip": "0.2 mA/cm2", "for": "5 h"},
            {"plate": "0.2 mA/cm2", "for": "6 h", "until": {"voltage": "1 V"}},
            {"strip": "0.2 mA/cm2", "for": "1 h"},
        ],
        {"collector": 2},
    ),
}


@pytest.mark.peer
@pytest.mark.parametrize(("steps", "said"), PAIRS.values(), ids=PAIRS)
def test_both_engines_agree(steps, said):
    pytest.importorskip("pybamm", reason="full cells need PyBaMM (extra 'fullcell')")
    from lithostat.fullcell.run import simulate_symmetric

    one = run(steps, **said)
    protocol = Protocol.from_dict({"steps": steps})
    other = simulate_symmetric(one.provenance["parameters"], protocol, sides=sides_of(cell(**said)))
    assert other.outcome.kind == one.outcome.kind
    # contact runs away as it is lost, and PyBaMM's events are looked for in the steps of its solver
    assert other.outcome.time == pytest.approx(one.outcome.time, rel=2e-4)
    assert other.outcome.critical == one.outcome.critical
    assert other.steps["ended_by"].to_list() == one.steps["ended_by"].to_list()
    for name in ("filament_length_1_metre", "filament_length_2_metre", "lithium_thickness_2_metre"):
        assert other.column(name)[-1] == pytest.approx(one.column(name)[-1], rel=1e-3, abs=1e-9)
    if one.outcome.kind != "contact lost":
        assert other.column("contact_fraction_1")[-1] == pytest.approx(one.column("contact_fraction_1")[-1], rel=1e-6)
