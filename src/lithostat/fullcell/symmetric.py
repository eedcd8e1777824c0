"""The symmetric cell with PyBaMM states: the same interfaces as in a full cell, two of them, and no cathode.

It exists to be held against the JAX engine: same laws, other algebra of states, other integrator.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lithostat.fullcell import interface
from lithostat.fullcell.engine import Symbols, pybamm
from lithostat.fullcell.numbers import NAMES, Numbers, parameter_name
from lithostat.fullcell.short_model import PLENTY, STRIPS, Control, conductance_rate
from lithostat.model.interface import CONTACT_LOST, FILAMENT_LENGTH, critical_length
from lithostat.model.parameters import Laws
from lithostat.model.resistance import pellet_resistance
from lithostat.model.sides import BOTH, Sides
from lithostat.physics import fixture, short_circuit
from lithostat.physics.types import Values


def symmetric_parameters(numbers: Mapping[str, float]) -> dict[str, Any]:
    """Numbers by the names of the cards (SI, as in a record's provenance) as entries of a PyBaMM parameter set."""
    known = {name: numbers.get(name, 0.0) for name in NAMES}
    return {parameter_name(name): value for name, value in known.items()}


def symmetric_model(control: Control, laws: Laws | None = None, sides: Sides = BOTH) -> Values:
    """Two lithium electrodes on one pellet. Electrode 1 plates while the current is positive (PyBaMM's is negative)."""
    limits, grows = (np.asarray(column) > 0.0 for column in (sides.limits, sides.filaments))
    p: Values = Numbers()
    laws = laws or Laws()
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
    seen = interface.observe(y, pressure, p, laws)
    film = p.charge_transfer_resistance + seen[0].film
    narrow = tuple(one.constriction for one in seen)
    bulk = pellet_resistance(temperature, p, xp=Symbols)
    resistance = bulk + sum(ohm + film for ohm, counts in zip(narrow, limits, strict=True) if counts)
    applied = -control.current / p.area
    voltage = short_circuit.cell_voltage(applied, resistance, conductance)
    j = applied - short_circuit.leak_current(voltage, conductance)
    arriving = (j, -j)
    critical = [
        critical_length(pressure, Symbols.maximum(side, 0.0) * (ohm + film), p.thickness, p, laws, xp=Symbols)
        for side, ohm in zip(arriving, narrow, strict=True)
    ]
    model = pybamm.BaseModel("symmetric cell")
    holder = interface.Holder(pressure, control.pressure, relaxing)
    pellet = interface.Pellet(temperature, p.thickness / bulk, p.charge_transfer_resistance)
    model.rhs = {
        **interface.rates(y, seen, arriving, holder, pellet, p, laws),
        ionic: j,
        leaked: applied - j,
        conductance: conductance_rate(control.shorted, conductance, seen[0].filament, critical[0], p),
    }
    model.rhs |= {one.void: pybamm.Scalar(0.0) for one, counts in zip(y.lithium, limits, strict=True) if not counts}
    model.initial_conditions = {
        **interface.initial(y, p, laws, control.fabrication),
        **dict.fromkeys([ionic, leaked, conductance], pybamm.Scalar(0.0)),
    }
    model.initial_conditions |= {
        one.metal: pybamm.Scalar(0.0) for one, full in zip(y.lithium, sides.lithium, strict=True) if not full
    }
    left = _least([end - one.filament for end, one, counts in zip(critical, seen, grows, strict=True) if counts])
    contact = _least([one.contact for one, counts in zip(seen, limits, strict=True) if counts])
    metal = _least(
        [
            one.metal / 1e-5 + (0.0 if full else PLENTY * (current > -STRIPS))
            for one, counts, full, current in zip(y.lithium, limits, sides.lithium, arriving, strict=True)
            if counts
        ]
    )
    model.events = [
        pybamm.Event("Short", left / FILAMENT_LENGTH * (1.0 - control.shorted) + control.shorted),
        pybamm.Event("Contact lost", Symbols.maximum(contact / CONTACT_LOST - 1.0, 1.0 - control.flowing)),
        pybamm.Event("Lithium spent", metal),
    ]
    both = {
        f"{name} {i + 1}{unit}": values[i]
        for name, unit, values in (
            ("Contact fraction", "", [one.contact for one in seen]),
            ("Filament length", " [m]", [one.filament for one in seen]),
            ("Void thickness", " [m]", [one.void for one in y.lithium]),
            ("Lithium thickness", " [m]", [one.metal for one in y.lithium]),
        )
        for i in range(2)
    }
    model.variables = {
        "Voltage [V]": voltage,
        "Applied current density [A.m-2]": applied,
        "Stack pressure [Pa]": pressure,
        "Stack growth [m]": growth,
        "Short conductance [S.m-2]": conductance,
        "Ionic charge [C.m-2]": ionic,
        "Leaked charge [C.m-2]": leaked,
        "Critical filament length [m]": Symbols.minimum(*critical),
        "Interphase thickness [m]": y.memory.interphase,
        **both,
    }
    return model


def _least(values: list[Any]) -> Values:
    return values[0] if len(values) == 1 else Symbols.minimum(*values)
