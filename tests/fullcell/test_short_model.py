"""The short model beside PyBaMM's own half-cells and parameter sets, as a PyBaMM user meets it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pybamm", reason="full cells need PyBaMM (extra 'fullcell')")

import pybamm

from lithostat import InputError
from lithostat.fullcell.models import short_dfn, short_spm
from lithostat.fullcell.numbers import short_parameters
from lithostat.fullcell.parameters import get_parameter_values
from lithostat.fullcell.short_model import add_short_model

ROOT = Path(__file__).parents[2]
HALF = {"working electrode": "positive"}


def published(pressure: float, resistance: float = 5e3):
    """A published half-cell set, with lithium and pellet from our cards; pressed at the pressure it runs at."""
    values = pybamm.ParameterValues("Xu2019")
    values.update(
        short_parameters(
            area=0.01 * 0.0154,
            lithium_thickness=5e-4,
            stack_pressure=pressure,
            fabrication_pressure=pressure,
            short_resistance=resistance,
        ),
        check_already_exists=False,
    )
    values["Separator thickness [m]"] = 5e-4
    values["Lower voltage cut-off [V]"] = 2.0
    values["Initial concentration in positive electrode [mol.m-3]"] = 45000.0
    return values


def charge(model, values, hours: float = 20.0):
    step = pybamm.step.current(-0.24e-3, duration=f"{hours} hours", termination="4.2 V")
    return pybamm.Simulation(model, parameter_values=values, experiment=pybamm.Experiment([step])).solve()


@pytest.mark.parametrize("host", ["SPM", "SPMe", "DFN"])
def test_a_published_half_cell_shorts_sooner_under_more_pressure(host):
    model = getattr(pybamm.lithium_ion, host)(HALF)
    when = {}
    for pressure in (5e6, 30e6, 40e6):
        solution = charge(add_short_model(model), published(pressure))
        leak = solution["Leak current density [A.m-2]"].entries
        when[pressure] = solution.t[np.argmax(leak > 0.1)] if leak.max() > 0.1 else np.inf
    assert when[40e6] < when[30e6] < when[5e6] == np.inf


def test_without_a_short_only_resistance_is_added():
    plain = charge(pybamm.lithium_ion.DFN(HALF), published(5e6), 2.0)
    coupled = charge(add_short_model(pybamm.lithium_ion.DFN(HALF)), published(5e6), 2.0)
    times = np.linspace(600.0, 7000.0, 9)
    added = coupled["Voltage [V]"](times) - plain["Voltage [V]"](times)
    drop = coupled["Interface resistance [Ohm.m2]"](times) * coupled["Ionic current density [A.m-2]"](times)
    assert added == pytest.approx(drop, rel=2e-2, abs=2e-5)
    assert drop.min() > 1e-3


def test_lithium_arrives_as_faraday_says():
    solution = charge(add_short_model(pybamm.lithium_ion.DFN(HALF)), published(5e6), 5.0)
    plated = solution["Lithium thickness [m]"].entries
    film = solution["Interphase thickness [m]"].entries
    charge_passed = solution["Ionic charge [C.m-2]"].entries[-1]
    bound = (film[-1] - film[0]) * 4.0e9 / 96485.33212
    assert ((plated[-1] - plated[0]) / 13.02e-6 + bound) * 96485.33212 == pytest.approx(charge_passed, rel=1e-8)


def test_a_short_bends_the_charge_down_and_it_never_ends():
    solution = charge(add_short_model(pybamm.lithium_ion.SPM(HALF)), published(30e6, 14e3), 60.0)
    volts = solution["Voltage [V]"].entries
    assert volts[-1] < volts.max() - 0.05
    assert solution.t[-1] == pytest.approx(60 * 3600.0)


@pytest.mark.parametrize("make", [short_spm, short_dfn])
def test_our_own_set_cycles_in_an_experiment(make):
    values = pybamm.ParameterValues(get_parameter_values())
    current = values["Current function [A]"]
    turn = [
        pybamm.step.current(sign * current, duration="40 hours", termination=f"{limit} V")
        for sign, limit in ((-1.0, 4.3), (1.0, 2.5))
    ]
    solution = pybamm.Simulation(make(), parameter_values=values, experiment=pybamm.Experiment(turn)).solve()
    discharged = solution["Discharge capacity [A.h]"].entries
    assert (discharged[-1] - discharged.min()) / (3.55e-2 * 1.2668e-4) == pytest.approx(150.0, rel=0.05)
    assert 0.99 < solution["Share of active material in contact"].entries[-1] < 1.0


def test_the_spm_is_given_the_pellet_that_it_leaves_out():
    """1 mm at 2.8 mS/cm and 53 uA/cm2 are 1.9 mV, which the DFN has and PyBaMM's SPM has not."""
    values = pybamm.ParameterValues(get_parameter_values())
    step = [pybamm.step.current(-values["Current function [A]"], duration="8 hours")]
    volts = [
        pybamm.Simulation(make(), parameter_values=values, experiment=pybamm.Experiment(step)).solve()["Voltage [V]"](
            2e4
        )
        for make in (short_spm, short_dfn)
    ]
    assert volts[0] == pytest.approx(volts[1], abs=7e-4)


def test_the_set_runs_with_pybamm_s_own_model():
    values = pybamm.ParameterValues(get_parameter_values())
    solution = pybamm.Simulation(pybamm.lithium_ion.DFN(HALF), parameter_values=values).solve([0, 3600])
    assert np.ptp(solution["Electrolyte concentration [mol.m-3]"].entries) < 1e-6  # single-ion


def test_the_entry_points_lead_somewhere():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    found = {}
    for group in ("pybamm_parameter_sets", "pybamm_models"):
        for name, target in declared[group].items():
            module, _, function = target.partition(":")
            found[name] = getattr(import_module(module), function)
    assert set(found) == {"Doux2020_NCA_Li6PS5Cl", "LithostatSPM", "LithostatDFN"}
    assert found["Doux2020_NCA_Li6PS5Cl"]()["Cation transference number"] == 1.0
    assert found["LithostatSPM"]().rhs


def test_the_host_is_left_as_it_was():
    host = pybamm.lithium_ion.SPM(HALF)
    states = len(host.rhs)
    add_short_model(host)
    assert len(host.rhs) == states


@pytest.mark.parametrize(("model", "said"), [("full", "half-cell"), ("alloys", "alloy")])
def test_what_does_not_fit_is_refused(model, said):
    host, counter = (pybamm.lithium_ion.SPM(), "lithium") if model == "full" else (pybamm.lithium_ion.SPM(HALF), model)
    with pytest.raises(InputError, match=said):
        add_short_model(host, counter=counter)


def test_without_pybamm_the_error_says_what_to_install():
    code = "import sys; sys.modules['pybamm'] = None\nimport lithostat.fullcell.run"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "pip install 'lithostat[fullcell]'" in done.stderr


def test_full_cells_load_no_jax():
    code = "import sys, lithostat.fullcell.run\nassert 'diffrax' not in sys.modules and 'equinox' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_composite_that_needs_pressure_adds_its_resistance_and_none_by_default():
    drops = {}
    for pressure in (1e6, 4e6):
        volts = {}
        for asked in (0.0, 50e-4):
            values = published(pressure)
            assert values["Short model cathode contact resistance [Ohm.m2]"] == 0.0
            values["Short model cathode contact resistance [Ohm.m2]"] = asked
            solution = charge(add_short_model(pybamm.lithium_ion.SPM(HALF)), values, 0.5)
            volts[asked] = float(solution["Voltage [V]"](900.0))
        drops[pressure] = volts[50e-4] - volts[0.0]
    density = 0.24e-3 / (0.01 * 0.0154)
    # charged further or not, the difference is j R_c (P_c / P)^0.5; the other changes with the state by far less
    assert drops[1e6] == pytest.approx(density * 50e-4 * 5.0**0.5, rel=1e-4)
    assert drops[4e6] == pytest.approx(0.5 * drops[1e6], rel=1e-3)
