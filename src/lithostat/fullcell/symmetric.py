"""The symmetric cell with PyBaMM states: the same interfaces as in a full cell, two of them, and no cathode.

It exists to be held against the JAX engine: same laws, other algebra of states, other integrator.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lithostat.fullcell import interface
from lithostat.fullcell.engine import Symbols, pybamm
from lithostat.fullcell.numbers import NAMES, Numbers, parameter_name
from lithostat.fullcell.short_model import CONTACT_LOST, Control, conductance_rate
from lithostat.physics import conduction, fixture, short_circuit

_PELLET = ("thickness", "conductivity", "conductivity_activation_energy", "conductivity_temperature")


def symmetric_parameters(numbers: Mapping[str, float], temperature: float) -> dict[str, Any]:
    """Numbers by the names of the cards (SI, as in a record's provenance) as entries of a PyBaMM parameter set."""
    known = {name: numbers.get(name, 0.0) for name in NAMES}
    return {
        **{parameter_name(name): value for name, value in known.items()},
        **{_pellet_name(name): numbers[name] for name in _PELLET},
        "Ambient temperature [K]": temperature,
    }


def symmetric_model(control: Control) -> Any:
    """Two lithium electrodes on one pellet. Electrode 1 plates while the current is positive (PyBaMM's is negative)."""
    p = Numbers()
    pellet = {name: pybamm.Parameter(_pellet_name(name)) for name in _PELLET}
    temperature = pybamm.Parameter("Ambient temperature [K]")
    y = interface.states(2)
    conductance = pybamm.Variable("Short conductance [S.m-2]", scale=1e3)
    ionic, leaked = (pybamm.Variable(f"{word} charge [C.m-2]", scale=1e4) for word in ("Ionic", "Leaked"))
    stiffness, relaxing = p.frame_stiffness * (1.0 - control.clamped), 1.0 - control.clamped
    growth = interface.swelling(y, p)
    pressure = Symbols.maximum(
        fixture.frame_pressure(control.pressure, growth - control.growth, relaxing * y.relaxed, stiffness=stiffness),
        0.0,
    )
    seen = interface.observe(y, pressure, p)
    sigma = conduction.conductivity(
        temperature,
        reference=pellet["conductivity"],
        activation_energy=pellet["conductivity_activation_energy"],
        reference_temperature=pellet["conductivity_temperature"],
        xp=Symbols,
    )
    film = p.charge_transfer_resistance + seen.film
    resistance = conduction.bulk_resistance(pellet["thickness"], sigma) + sum(seen.constriction) + 2.0 * film
    applied = -control.current / p.area
    voltage = short_circuit.cell_voltage(applied, resistance, conductance)
    j = applied - short_circuit.leak_current(voltage, conductance)
    arriving = (j, -j)
    limits = [
        interface.critical_length(pressure, Symbols.maximum(side, 0.0) * (narrow + film), pellet["thickness"], p)
        for side, narrow in zip(arriving, seen.constriction, strict=True)
    ]
    model = pybamm.BaseModel("symmetric cell")
    holder = interface.Fixture(control.pressure, relaxing)
    model.rhs = {
        **interface.rates(y, seen, arriving, pressure, holder, temperature, p),
        ionic: j,
        leaked: applied - j,
        conductance: conductance_rate(control.shorted, conductance, seen.filament[0], limits[0], p),
    }
    model.initial_conditions = {
        **interface.initial(y, p, control.fabrication),
        **dict.fromkeys([ionic, leaked, conductance], pybamm.Scalar(0.0)),
    }
    left = Symbols.minimum(limits[0] - seen.filament[0], limits[1] - seen.filament[1]) / interface.FILAMENT_LENGTH
    contact, lithium = Symbols.minimum(*seen.contact), Symbols.minimum(*y.lithium)
    model.events = [
        pybamm.Event("Short", left * (1.0 - control.shorted) + control.shorted),
        pybamm.Event("Contact lost", Symbols.maximum(contact / CONTACT_LOST - 1.0, 1.0 - control.flowing)),
        pybamm.Event("Lithium spent", lithium / 1e-5),
    ]
    both = {
        f"{name} {i + 1}{unit}": values[i]
        for name, unit, values in (
            ("Contact fraction", "", seen.contact),
            ("Filament length", " [m]", seen.filament),
            ("Void thickness", " [m]", y.void),
            ("Lithium thickness", " [m]", y.lithium),
        )
        for i in range(2)
    }
    model.variables = {
        "Voltage [V]": voltage,
        "Applied current density [A.m-2]": applied,
        "Stack pressure [Pa]": pressure,
        "Stack growth [m]": growth,
        "Ionic charge [C.m-2]": ionic,
        "Leaked charge [C.m-2]": leaked,
        "Critical filament length [m]": Symbols.minimum(*limits),
        "Interphase thickness [m]": y.interphase,
        **both,
    }
    return model


def _pellet_name(name: str) -> str:
    return f"Pellet {name.replace('_', ' ')}"
