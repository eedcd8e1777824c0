"""Charge and lithium are neither made nor lost, whatever happens to the cell."""

import pytest

from lithostat import ledger

TURNS = [{"plate": "75 uA/cm2", "for": "1 h"}, {"strip": "75 uA/cm2", "for": "1 h"}]
CYCLES = [{"repeat": 30, "steps": TURNS}]
FRAME = {"kind": "fixed gap", "stiffness": "0.5 MPa/um", "relaxation": {"fraction": 0.3, "time": "5 h"}}
SOFT = {"soft_short_resistance": "200 ohm", "short_resistance": "2 ohm", "hardening_time": "2 h"}

CASES = {
    **{f"cycles at {p} MPa": ([{"press": f"{p} MPa"}, *CYCLES], {}) for p in (2, 5, 10, 25, 75)},
    "voids until the contact is lost at 1.5 MPa": ([{"press": "1.5 MPa"}, *CYCLES], {}),
    "through a hard short": ([{"press": "25 MPa"}, {"plate": "75 uA/cm2", "for": "40 h"}], {"after_short": "5 h"}),
    "through a soft short": (
        [{"press": "25 MPa"}, {"plate": "75 uA/cm2", "for": "40 h"}, {"strip": "1 mA/cm2", "for": "40 h"}],
        {"after_short": "20 h", "parameters": SOFT},
    ),
    "a frame that relaxes": ([{"press": "10 MPa"}, {"rest": "3 h"}, *CYCLES], {"fixture": FRAME}),
    "a measured pressure": (
        [{"repeat": 12, "steps": TURNS}],
        {"fixture": {"kind": "measured", "times": ["0 h", "3 h", "9 h"], "pressures": ["5 MPa", "20 MPa", "8 MPa"]}},
    ),
    "a fast interphase": (
        [{"press": "10 MPa"}, {"rest": "100 h"}, *CYCLES],
        {"parameters": {"interphase_constant": "1e-16 m2/s"}},
    ),
    "no current at all": ([{"press": "10 MPa"}, {"rest": "1000 h"}], {}),
    "currents in ampere and limits on charge": (
        [
            {"press": "5 MPa"},
            {"plate": "0.2 mA", "until": {"charge": "0.3 mAh/cm2"}},
            {"strip": "0.1 mA", "for": "2 h"},
        ],
        {},
    ),
    "until the lithium is spent": (
        [{"press": "10 MPa"}, {"strip": "1 mA/cm2", "for": "100 h"}],
        {"lithium": "20 um", "parameters": {"toughness": "5 MPa m^0.5", "focusing": 1}},
    ),
}


@pytest.mark.parametrize(("steps", "said"), CASES.values(), ids=CASES)
def test_books_balance(run, steps, said):
    record = run(steps, **said)
    assert ledger(record).worst < 1e-8, ledger(record)


@pytest.mark.parametrize(
    ("case", "kind"),
    [
        ("voids until the contact is lost at 1.5 MPa", "contact lost"),
        ("through a hard short", "short"),
        ("through a soft short", "short"),
        ("cycles at 75 MPa", "short before current"),
        ("until the lithium is spent", "lithium spent"),
        ("no current at all", "survived"),
    ],
)
def test_the_cases_are_what_they_say(run, case, kind):
    steps, said = CASES[case]
    steps = [{"press": "75 MPa", "for": "1 min"}, *CYCLES] if "75" in case else steps
    assert run(steps, **said).outcome.kind == kind


def test_books_of_a_tiny_charge_balance(run):
    """1 uA/cm2 for one second moves 1.3 pm of lithium out of 0.5 mm: rounding alone is no imbalance."""
    record = run([{"press": "10 MPa"}, {"plate": "1 uA/cm2", "for": "1 s"}])
    assert ledger(record).worst < 1e-8, ledger(record)


def test_books_notice_lost_lithium(run):
    """The ledger itself can fail: one part in a million taken from one electrode shows."""
    record = run([{"press": "10 MPa"}, {"plate": "75 uA/cm2", "for": "10 h"}])
    name = "lithium_thickness_2_metre"
    spoiled = record.table.with_columns(record.table[name] * (1 - 1e-6))
    spoiled = spoiled.with_columns(record.table[name].scatter(0, record.table[name][0] * (1 + 1e-6)))
    assert ledger(type(record)(spoiled, record.steps, provenance=record.provenance)).lithium > 1e-5


@pytest.mark.parametrize(("column", "entry"), [("ionic_charge_coulomb", "charge"), ("net_capacity_ah", "capacity")])
def test_books_notice_lost_charge(run, column, entry):
    record = run([{"press": "10 MPa"}, {"plate": "75 uA/cm2", "for": "10 h"}])
    spoiled = record.table.with_columns(record.table[column] * (1 - 1e-6))
    broken = ledger(type(record)(spoiled, record.steps, provenance=record.provenance))
    assert getattr(broken, entry) > 1e-7
