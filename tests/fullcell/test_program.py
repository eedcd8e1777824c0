"""A full cell goes through the same program as a symmetric one: temperature, measured pressure, limits, impedance."""

from __future__ import annotations

import numpy as np
import pytest
from fullcell_cases import full_cell, turn

pytest.importorskip("pybamm", reason="full cells need PyBaMM (extra 'fullcell')")

from lithostat import Protocol, simulate
from lithostat.materials.card import find

FAST = {"charge": "C/2", "until": {"voltage": "4.3 V"}}, {"discharge": "C/2", "until": {"voltage": "2.5 V"}}
HIGH = {"from": "10 MHz", "to": "1 MHz"}


def simulated(steps, **said):
    return simulate(full_cell(**said), Protocol.from_dict({"steps": steps}), host="SPM")


def test_a_repeat_ends_with_its_time_although_its_steps_end_by_voltage():
    record = simulated([{"press": "5 MPa"}, {"repeat": 50, "steps": list(FAST), "until": {"time": "10 h"}}])
    assert record.column("test_time_second")[-1] == pytest.approx(36000.0, rel=1e-9)
    assert record.steps["ended_by"][-1] == "its time"
    assert record.outcome.kind == "survived"


def test_a_repeat_ends_with_its_charge():
    limit = {"charge": "1 mAh/cm2"}
    record = simulated([{"press": "5 MPa"}, {"repeat": 50, "steps": list(FAST), "until": limit}, {"rest": "1 h"}])
    area = record.provenance["parameters"]["area"]
    both = record.column("cumulative_capacity_ah")[-1] * 3600.0 / area
    assert both == pytest.approx(36_000.0, rel=1e-6)
    assert record.steps["verb"][-1] == "rest"


def test_a_repeat_is_left_where_its_pressure_is_reached():
    frame = {"kind": "fixed gap", "stiffness": "1 MPa/um"}
    steps = [{"press": "5 MPa"}, {"repeat": 5, "steps": turn(), "until": {"pressure_above": "6 MPa"}}, {"rest": "1 h"}]
    record = simulated(steps, fixture=frame)
    assert record.steps["verb"].to_list() == ["press", "charge", "rest"]
    assert record.steps["ended_by"][1] == "pressure limit"


def test_a_measured_pressure_is_followed_between_its_points():
    measured = {"kind": "measured", "times": ["0 h", "2 h", "5 h"], "pressures": ["5 MPa", "20 MPa", "10 MPa"]}
    record = simulated([{"charge": "C/10", "for": "8 h", "until": {"voltage": "4.3 V"}}], fixture=measured)
    hours = record.column("test_time_second") / 3600.0
    exact = 1e6 * np.interp(hours, [0.0, 2.0, 5.0], [5.0, 20.0, 10.0])
    assert record.column("measured_pressure_pa") == pytest.approx(exact, rel=1e-9)
    assert record.column("applied_pressure_pa") == pytest.approx(exact, rel=1e-9)
    contact = record.column("contact_fraction_1")
    assert contact[hours == 8.0][-1] > contact[0]  # it remembers 20 MPa


def ohms(record):
    """Resistance above all arcs at every measuring step."""
    return [spectrum.impedance[0].real for spectrum in record.spectra]


def test_a_step_has_its_own_temperature():
    measure = {"measure_impedance": HIGH}
    warm = {"set_temperature": "60 degC"}
    record = simulated([{"press": "25 MPa"}, measure, warm, measure, {"charge": "C/10", "for": "1 h"}])
    cold, hot = ohms(record)
    n = record.provenance["parameters"]
    heat = np.exp(-n["conductivity_activation_energy"] / 8.314462618 * (1 / 333.15 - 1 / 298.15))
    pellet = n["thickness"] / n["conductivity"] / n["area"]
    assert cold - hot == pytest.approx(pellet * (1.0 - 1.0 / heat), rel=1e-6)
    assert record.spectra[1].temperature == pytest.approx(333.15)
    assert record.column("ambient_temperature_celsius")[-1] == pytest.approx(60.0)


def test_impedance_of_a_full_cell_is_its_resistance_above_all_arcs_and_obeys_kramers_and_kronig():
    sweep = {"from": "1 MHz", "to": "0.1 Hz"}
    record = simulated([{"press": "25 MPa"}, {"charge": "C/10", "for": "2 h"}, {"measure_impedance": sweep}])
    (spectrum,) = record.spectra
    n = record.provenance["parameters"]
    contact = record.column("contact_fraction_1")[-1]
    narrow = n["constriction_resistance"] * (1.0 / contact - 1.0)
    exact = (n["thickness"] / n["conductivity"] + narrow) / n["area"]
    assert spectrum.impedance[0].real == pytest.approx(exact, rel=0.05)  # and the composite's share
    film = find("lithium|Li6PS5Cl").value("charge_transfer_resistance").value / n["area"]
    fell = spectrum.impedance.real[-1] - spectrum.impedance.real[0]
    assert fell > film
    assert (spectrum.impedance.imag < 0.0).all()

    from lithostat.impedance.validity.check import check

    assert check(spectrum).kind == "valid"


def test_the_response_to_a_small_current_is_that_of_two_runs():
    """Voltage of a rest and of a tiny charge from the same state, after a millisecond."""
    before = [{"press": "25 MPa"}, {"charge": "C/10", "for": "2 h"}, {"rest": "5 h"}]
    amperes = 1e-7
    either = {"rest": "1 ms"}, {"charge": f"{amperes} A", "for": "1 ms"}
    volts = [simulated([*before, after]).column("voltage_volt")[-1] for after in either]
    measured = simulated([*before, {"measure_impedance": {"from": "2 Hz", "to": "1 Hz"}}]).spectra[0]
    # a run takes double layers as always charged; at 1 Hz they are, and diffusion has hardly begun
    assert (volts[1] - volts[0]) / amperes == pytest.approx(measured.impedance[-1].real, rel=0.01)
