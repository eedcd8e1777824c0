"""A symmetric cell through both engines: same laws, other algebra of states, other integrator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pybamm", reason="full cells need PyBaMM (extra 'fullcell')")

from lithostat import Protocol, Record, ledger, read_experiment, simulate
from lithostat.fullcell.run import simulate_symmetric
from lithostat.model.resolve import laws_of

EXAMPLE = Path(__file__).parents[2] / "examples" / "doux2020_25MPa.yaml"
FRAME = {"kind": "fixed gap", "stiffness": "0.5 MPa/um", "relaxation": {"fraction": 0.1, "time": "5 h"}}


def both(
    pressure: str, current: str, count: int, fixture: dict | None = None, laws: dict | str | None = None
) -> tuple[Record, Record]:
    cell = read_experiment(EXAMPLE).cell
    if laws:
        cell = cell.model_copy(update={"laws": type(cell.laws).model_validate(laws)})
    if fixture:
        cell = cell.model_copy(update={"fixture": type(cell.fixture).from_dict(fixture)})
    turns = [{"plate": current, "for": "1 h"}, {"strip": current, "for": "1 h"}]
    steps = [{"press": "25 MPa", "for": "1 min"}, {"set_pressure": pressure}, {"repeat": count, "steps": turns}]
    protocol = Protocol.from_dict({"steps": steps})
    first = simulate(cell, protocol)
    return first, simulate_symmetric(first.provenance["parameters"], protocol, laws=laws_of(cell))


def apart(first: Record, second: Record, column: str) -> float:
    """Largest difference of a column over the samples before the first short."""
    end = 0.9999 * min(first.outcome.time, second.outcome.time)
    before = [record.column("test_time_second") < end for record in (first, second)]
    assert np.allclose(
        *(r.column("test_time_second")[k] for r, k in zip((first, second), before, strict=True)), rtol=1e-12
    )
    return float(np.max(np.abs(first.column(column)[before[0]] - second.column(column)[before[1]])))


CASES = {
    "until the short at 25 MPa": ("25 MPa", "75 uA/cm2", 60, None),
    "100 cycles at 5 MPa": ("5 MPa", "75 uA/cm2", 100, None),
    "voids that come and go at 2 MPa": ("2 MPa", "1 A/m2", 10, None),
    "a frame that relaxes": ("10 MPa", "75 uA/cm2", 30, FRAME),
    "retraction until the short": ("25 MPa", "75 uA/cm2", 60, None, "retraction"),
    "retraction with voids": ("3 MPa", "2 A/m2", 10, None, "retraction"),
    "delayed fracture until the short": ("25 MPa", "75 uA/cm2", 60, None, "delayed_fracture"),
    "focusing from the structure": (
        "10 MPa",
        "75 uA/cm2",
        20,
        None,
        {"growth": "structure_focusing", "reversal": "partial"},
    ),
    "growth with the length": ("25 MPa", "75 uA/cm2", 60, None, {"growth": "length_focusing"}),
    "growth with pressure, entry above a threshold": (
        "20 MPa",
        "75 uA/cm2",
        20,
        None,
        {"growth": "pressure_focusing", "entry": "threshold", "failure": "percolation"},
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_voltages_and_shorts_agree(case):
    first, second = both(*case)
    assert second.outcome.kind == first.outcome.kind
    assert second.outcome.time == pytest.approx(first.outcome.time, rel=1e-5)
    assert apart(first, second, "voltage_volt") < 1e-6
    assert apart(first, second, "measured_pressure_pa") < 1.0
    assert apart(first, second, "filament_length_1_metre") < 1e-10
    assert ledger(second).worst < 1e-8


def test_the_cases_are_what_they_say():
    assert both(*CASES["until the short at 25 MPa"])[1].outcome.kind == "short"
    assert both(*CASES["voids that come and go at 2 MPa"])[1].column("void_thickness_1_metre").max() > 1e-7


def test_a_difference_in_a_number_shows():
    first, _ = both("5 MPa", "75 uA/cm2", 2)
    numbers = first.provenance["parameters"]
    protocol = Protocol.from_dict(first.provenance["protocol"], si=True)
    other = simulate_symmetric(
        numbers | {"constriction_resistance": 1.01 * numbers["constriction_resistance"]}, protocol
    )
    assert apart(first, other, "voltage_volt") > 1e-6
