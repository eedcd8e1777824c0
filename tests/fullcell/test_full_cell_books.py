"""Lithium is neither made nor lost in a full cell, whatever happens to it."""

from __future__ import annotations

import dataclasses

import pytest
from fullcell_cases import ALLOY, SOFT, cycles, turn

pytest.importorskip("pybamm", reason="full cells need PyBaMM (extra 'fullcell')")

from lithostat.model.ledger import ledger

FRAME = {"kind": "fixed gap", "stiffness": "0.5 MPa/um", "relaxation": {"fraction": 0.1, "time": "5 h"}}
HELD = [
    {"press": "25 MPa", "for": "1 min"},
    {"release": "5 MPa"},
    {"charge": "C/5", "until": {"voltage": "4.3 V"}},
    {"hold_voltage": "4.3 V", "until": {"current": "C/50"}},
    {"rest": "2 h"},
    {"discharge": "C/5", "until": {"voltage": "2.5 V"}},
]
CASES = {
    "five cycles, DFN": (cycles(5), {"host": "DFN"}),
    "five cycles, SPM": (cycles(5), {}),
    "Li-In": (cycles(2, "25 MPa", upper="3.68 V", lower="1.88 V"), {"electrode": ALLOY}),
    "a held voltage and a rest": (HELD, {"host": "DFN"}),
    "through a soft short": (cycles(2, "25 MPa"), {"parameters": {"focusing": 10, **SOFT}, "host": "DFN"}),
    "through a hard short": (cycles(2, "25 MPa"), {"parameters": {"focusing": 10}}),
    "a frame that relaxes": (cycles(3, "10 MPa"), {"fixture": FRAME}),
    "no lithium at first": (cycles(2), {"electrode": {"diameter": "12.7 mm"}, "collector": 1}),
    "a fast interphase": (cycles(2), {"parameters": {"interphase_constant": "1e-16 m2/s"}}),
}


def test_an_anode_free_cell_gives_back_what_was_plated_less_what_the_interphase_binds(run_full):
    steps = [
        {"attach": {"pressure": "50 MPa", "kind": "isostatic", "for": "10 min"}},
        {"press": "5 MPa"},
        *turn(rate="C/5"),
    ]
    thirsty = {"interphase_constant": "1e-16 m2/s"}
    record = run_full(steps, electrode={"diameter": "12.7 mm"}, collector=1, parameters=thirsty)
    metal = record.column("lithium_thickness_1_metre")
    assert metal[0] == 0.0
    assert metal.max() > 1e-6
    assert metal[-1] == pytest.approx(0.0, abs=1e-9)
    assert record.steps["ended_by"].to_list() == ["its time", "its time", "voltage limit", "voltage limit"]
    assert record.column("voltage_volt")[-1] > 2.6  # not the cathode's limit: the collector was bare before it


@pytest.mark.parametrize(("steps", "said"), CASES.values(), ids=CASES)
def test_books_balance(run_full, steps, said):
    record = run_full(steps, **said)
    assert ledger(record).worst < 1e-8, ledger(record)


@pytest.mark.parametrize("name", ["through a soft short", "through a hard short"])
def test_the_cases_are_what_they_say(run_full, name):
    steps, said = CASES[name]
    record = run_full(steps, **said)
    assert record.outcome.kind == "short"
    assert record.column("leaked_charge_coulomb")[-1] > 1.0


@pytest.mark.parametrize(
    ("column", "entry"),
    [
        ("lithium_thickness_1_metre", "metal"),
        ("cathode_lithium_mole", "cathode"),
        ("unreachable_lithium_mole", "lithium"),
        ("oxidised_charge_coulomb", "lithium"),
        ("ionic_charge_coulomb", "charge"),
    ],
)
def test_books_notice_what_is_lost(run_full, column, entry):
    record = run_full(cycles(1))
    spoiled = record.table.with_columns(record.table[column] * (1.0 - 1e-3 * (record.table["test_time_second"] > 1e4)))
    assert getattr(ledger(dataclasses.replace(record, table=spoiled)), entry) > 1e-7


def test_a_held_voltage_is_held_and_then_ends(run_full):
    record = run_full(HELD)
    steps = record.steps["ended_by"].to_list()
    assert steps[2:] == ["voltage limit", "current limit", "its time", "voltage limit"]
    held = record.table.filter(record.table["step_count"] == 4)
    assert held["voltage_volt"].to_numpy() == pytest.approx(4.3, abs=1e-5)
    assert held["current_ampere"][-1] == pytest.approx(0.02 * 150 * 3.55e-3 * 1.2668e-3, rel=1e-3)


def test_plated_lithium_and_the_shrinking_cathode_raise_the_pressure_of_a_frame(run_full):
    frame = {"kind": "fixed gap", "stiffness": "0.5 MPa/um"}
    record = run_full([{"press": "10 MPa"}, turn()[0]], fixture=frame)
    grown = record.column("lithium_thickness_1_metre")[-1] - record.column("lithium_thickness_1_metre")[0]
    rise = record.column("measured_pressure_pa")[-1] - 10e6
    assert 0.8 < rise / (0.5e12 * grown) < 0.98  # the cathode takes back a part


def test_a_cell_at_rest_says_nothing_of_its_books(run_full):
    record = run_full([{"press": "5 MPa"}, {"rest": "10 h"}])
    assert not [line for line in record.warnings if "add up" in line]
