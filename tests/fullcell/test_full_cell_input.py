"""Before the run a clear error, during it a named stop, and what was computed is kept."""

from __future__ import annotations

import pytest
from fullcell_cases import CELL, cycles, full_cell, turn

pytest.importorskip("pybamm", reason="full cells need PyBaMM (extra 'fullcell')")

import pybamm

from lithostat import InputError, Protocol, SimulationError
from lithostat.fullcell.plant import Plant
from lithostat.fullcell.run import simulate_full


def simulated(steps, **said):
    return simulate_full(full_cell(**said), Protocol.from_dict({"steps": steps}), host="SPM")


@pytest.mark.parametrize(
    ("steps", "said", "problem"),
    [
        (cycles(1, upper="2.5 V", lower="4.3 V"), {}, "limits cross"),
        (turn(), {"cathode": {**CELL["cathode"], "specific_capacity": None}}, "C-rate"),
        ([{"plate": "75 uA/cm2", "for": "1 h"}], {}, "word for symmetric cells"),
        ([{"repeat": 2, "steps": turn(), "until": {"voltage": "4 V"}}], {}, "of the charges or of the discharges"),
        (turn(), {"cathode": {**CELL["cathode"], "material": "NCB"}}, "did you mean 'NCA'"),
        (turn(), {"laws": {"growth": "lenth_focusing"}}, "length_focusing"),
        (turn(), {"cathode": {**CELL["cathode"], "porosity": None, "thickness": "20 um"}}, "cannot hold"),
        (
            cycles(1),
            {"fixture": {"kind": "measured", "times": ["0 h", "1 h"], "pressures": ["5 MPa", "5 MPa"]}},
            "sets one too",
        ),
    ],
)
def test_refused_before_it_runs(steps, said, problem):
    with pytest.raises(InputError, match=problem):
        simulated(steps, **said)


def test_a_current_the_cell_cannot_carry_ends_its_step_at_once():
    record = simulated([{"press": "5 MPa"}, {"charge": "500C", "until": {"voltage": "4.3 V"}}, {"rest": "1 h"}])
    assert record.steps["ended_by"].to_list() == ["its time", "voltage limit", "its time"]
    assert record.steps["end_second"][1] - record.steps["start_second"][1] < 1.0


def test_a_cathode_that_is_emptied_without_a_voltage_limit_stops_by_name():
    record = simulated([{"press": "5 MPa"}, {"charge": "C/10", "for": "60 h"}, {"rest": "1 h"}])
    assert record.outcome.kind == "stalled"
    assert "emptied" in record.outcome.cause
    assert record.column("voltage_volt").max() < 5.0
    assert record.column("test_time_second")[-1] > 15 * 3600.0


def test_too_little_pressure_loses_the_contact():
    record = simulated([{"press": "0.05 MPa"}, turn()[0]])
    assert record.outcome.kind == "contact lost"


def test_thin_lithium_is_spent():
    cell = {"electrode": {**CELL["electrode"], "thickness": "1 um"}}
    steps = [{"press": "5 MPa"}, {"discharge": "C/10", "for": "20 h"}]
    record = simulated(steps, parameters={"assembled_stoichiometry": 0.4}, **cell)
    assert record.outcome.kind == "lithium spent"


def test_a_solver_that_fails_keeps_what_there_is(monkeypatch):
    whole, calls = Plant.solve, []

    def failing(self, *args):
        calls.append(1)
        if len(calls) == 4:
            raise pybamm.SolverError("corrector convergence failed\nat length")
        return whole(self, *args)

    monkeypatch.setattr(Plant, "solve", failing)
    with pytest.raises(SimulationError, match="corrector convergence failed") as caught:
        simulated(cycles(2))
    record = caught.value.record
    assert record.outcome.kind == "stalled"
    assert record.column("cycle_count")[-1] == 1
    assert len(record.table) > 20


def test_progress_is_told():
    heard = []
    protocol = Protocol.from_dict({"steps": cycles(2)})
    simulate_full(full_cell(), protocol, lambda done, whole: heard.append((done, whole)), host="SPM")
    assert heard == [(k, 6) for k in range(1, 7)]
