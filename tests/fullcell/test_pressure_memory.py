"""An interface that is pressed harder than ever while a cell charges: its memory follows, at no cost."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pybamm", reason="full cells need PyBaMM (extra 'fullcell')")

import pybamm
from fullcell_cases import full_cell

from lithostat import Protocol, simulate
from lithostat.fullcell.models import short_spm

ROUNDING = 1e-9  # of a contact fraction


def charged(stiffness: float, pressure: float, before: float, hours: float):
    """A charge from `pressure` in a frame of `stiffness` [MPa/um], after `before` [MPa]."""
    cell = full_cell(fixture={"kind": "fixed gap", "stiffness": f"{stiffness} MPa/um"})
    charge = {"charge": "C/10", "for": f"{hours} h", "until": {"voltage": "4.3 V"}}
    steps = [{"press": f"{before} MPa", "for": "1 min"}, {"set_pressure": f"{pressure} MPa"}, charge]
    return simulate(cell, Protocol.from_dict({"steps": steps}), host="SPM")


@pytest.mark.parametrize("seed", range(6))
def test_contact_never_falls_while_the_pressure_rises(seed):
    rng = np.random.default_rng(seed)
    pressure = rng.uniform(3.0, 25.0)
    before = pressure if seed % 2 else pressure * rng.uniform(1.0, 1.2)
    record = charged(10.0 ** rng.uniform(-1.0, 0.5), pressure, before, 6.0)
    contact, stack = record.column("contact_fraction_1"), record.column("measured_pressure_pa")
    void = record.column("void_thickness_1_metre")
    charging = record.column("current_ampere") > 0.0
    rising = (np.diff(stack) > 0.0) & (np.diff(void) <= 0.0) & charging[1:] & charging[:-1]
    assert rising.sum() > 10
    assert np.diff(contact)[rising].min() >= -ROUNDING


def steps_of_a_charge(fabrication: float) -> int:
    """Steps that the solver takes for five hours of charge from 25 MPa in a stiff frame."""
    values = pybamm.ParameterValues("Doux2020_NCA_Li6PS5Cl")
    capacity = values["Nominal cell capacity [A.h]"]
    values.update(
        {
            "Stack pressure [Pa]": 25e6,
            "Fabrication pressure [Pa]": fabrication,
            "Short model frame stiffness [Pa/m]": 3e12,
            "Current function [A]": -0.1 * capacity,
        }
    )
    solver = pybamm.IDAKLUSolver(rtol=1e-5, atol=1e-7)
    simulation = pybamm.Simulation(short_spm(), parameter_values=values, solver=solver)
    return len(simulation.solve([0.0, 5 * 3600.0]).t)


def test_a_pressure_above_all_before_costs_no_more_than_one_below():
    above, below = steps_of_a_charge(25e6), steps_of_a_charge(60e6)
    assert above <= 3 * below
