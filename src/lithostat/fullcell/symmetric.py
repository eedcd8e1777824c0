"""The symmetric cell with PyBaMM states: the same interfaces as in a full cell, two of them, and no cathode.

It exists to be held against the JAX engine: same laws, other algebra of states, other integrator.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from lithostat.fullcell import interface
from lithostat.fullcell.engine import Symbols, pybamm
from lithostat.fullcell.numbers import NAMES, Numbers, parameter_name
from lithostat.fullcell.short_model import PLENTY, STRIPS, Control, conductance_rate
from lithostat.model.interface import CONTACT_LOST, FILAMENT_LENGTH, View, critical_length
from lithostat.model.parameters import Laws
from lithostat.model.resistance import pellet_resistance
from lithostat.model.sides import BOTH, Sides
from lithostat.physics import fixture, short_circuit
from lithostat.physics.types import Values


def symmetric_parameters(numbers: Mapping[str, float]) -> dict[str, Any]:
    """Numbers by the names of the cards (SI, as in a record's provenance) as entries of a PyBaMM parameter set."""
    known = {name: numbers.get(name, 0.0) for name in NAMES}
    return {parameter_name(name): value for name, value in known.items()}


class _Cell(NamedTuple):
    """The symbols of a symmetric cell that its rates, events and variables are put together from."""

    y: interface.States
    seen: tuple[View, ...]
    applied: Values  # current density [A/m2]
    voltage: Values  # [V]
    pressure: Values  # [Pa]
    growth: Values  # of the stack [m]
    conductance: Values  # of the short [S/m2]
    ionic: Values  # charge [C/m2]
    leaked: Values  # [C/m2]
    critical: tuple[Values, ...]  # filament length that shorts, of each electrode [m]

    @property
    def arriving(self) -> tuple[Values, Values]:
        """Current onto each electrode [A/m2]."""
        through = self.applied - short_circuit.leak_current(self.voltage, self.conductance)
        return through, -through


def symmetric_model(control: Control, laws: Laws | None = None, sides: Sides = BOTH) -> pybamm.BaseModel:
    """Two lithium electrodes on one pellet. Electrode 1 plates while the current is positive (PyBaMM's is negative)."""
    limits = np.asarray(sides.limits) > 0.0
    p: Values = Numbers()
    laws = laws or Laws()
    temperature = pybamm.Parameter("Ambient temperature [K]")
    bulk = pellet_resistance(temperature, p, xp=Symbols)
    cell = _cell(control, p, laws, limits, bulk)
    model = pybamm.BaseModel("symmetric cell")
    holder = interface.HeldStack(cell.pressure, control.pressure, 1.0 - control.clamped)
    pellet = interface.PelletState(temperature, p.thickness / bulk, p.charge_transfer_resistance)
    through = cell.arriving[0]
    model.rhs = {
        **interface.rates(cell.y, cell.seen, cell.arriving, holder, pellet, p, laws),
        cell.ionic: through,
        cell.leaked: cell.applied - through,
        cell.conductance: conductance_rate(
            control.shorted, cell.conductance, cell.seen[0].filament, cell.critical[0], p
        ),
    }
    electrodes = cell.y.lithium
    model.rhs |= {one.void: pybamm.Scalar(0.0) for one, counts in zip(electrodes, limits, strict=True) if not counts}
    model.initial_conditions = {
        **interface.initial(cell.y, p, laws, control.fabrication),
        **dict.fromkeys([cell.ionic, cell.leaked, cell.conductance], pybamm.Scalar(0.0)),
    }
    model.initial_conditions |= {
        one.metal: pybamm.Scalar(0.0) for one, full in zip(electrodes, sides.lithium, strict=True) if not full
    }
    model.events = _events(cell, control, limits, sides)
    model.variables = _variables(cell)
    return model


def _cell(control: Control, p: Values, laws: Laws, limits: np.ndarray, bulk: Values) -> _Cell:
    """Pressure, what is seen of both interfaces, voltage and critical lengths; `bulk` is the pellet's [ohm m2]."""
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
    resistance = bulk + sum(ohm + film for ohm, counts in zip(narrow, limits, strict=True) if counts)
    applied = -control.current / p.area
    voltage = short_circuit.cell_voltage(applied, resistance, conductance)
    cell = _Cell(y, seen, applied, voltage, pressure, growth, conductance, ionic, leaked, ())
    critical = tuple(
        critical_length(pressure, Symbols.maximum(side, 0.0) * (ohm + film), p.thickness, p, laws, xp=Symbols)
        for side, ohm in zip(cell.arriving, narrow, strict=True)
    )
    return cell._replace(critical=critical)


def _events(cell: _Cell, control: Control, limits: np.ndarray, sides: Sides) -> list[pybamm.Event]:
    """The short, the lost contact and the spent lithium, of the electrodes that count."""
    grows = np.asarray(sides.filaments) > 0.0
    apart = [end - one.filament for end, one, on in zip(cell.critical, cell.seen, grows, strict=True) if on]
    contact = _least([one.contact for one, counts in zip(cell.seen, limits, strict=True) if counts])
    metal = _least(
        [
            one.metal / 1e-5 + (0.0 if full else PLENTY * (current > -STRIPS))
            for one, counts, full, current in zip(cell.y.lithium, limits, sides.lithium, cell.arriving, strict=True)
            if counts
        ]
    )
    return [
        pybamm.Event("Short", _least(apart) / FILAMENT_LENGTH * (1.0 - control.shorted) + control.shorted),
        pybamm.Event("Contact lost", Symbols.maximum(contact / CONTACT_LOST - 1.0, 1.0 - control.flowing)),
        pybamm.Event("Lithium spent", metal),
    ]


def _variables(cell: _Cell) -> dict[str, Values]:
    both = {
        f"{name} {i + 1}{unit}": values[i]
        for name, unit, values in (
            ("Contact fraction", "", [one.contact for one in cell.seen]),
            ("Filament length", " [m]", [one.filament for one in cell.seen]),
            ("Void thickness", " [m]", [one.void for one in cell.y.lithium]),
            ("Lithium thickness", " [m]", [one.metal for one in cell.y.lithium]),
        )
        for i in range(2)
    }
    return {
        "Voltage [V]": cell.voltage,
        "Applied current density [A.m-2]": cell.applied,
        "Stack pressure [Pa]": cell.pressure,
        "Stack growth [m]": cell.growth,
        "Short conductance [S.m-2]": cell.conductance,
        "Ionic charge [C.m-2]": cell.ionic,
        "Leaked charge [C.m-2]": cell.leaked,
        "Critical filament length [m]": Symbols.minimum(*cell.critical),
        "Interphase thickness [m]": cell.y.memory.interphase,
        **both,
    }


def _least(values: list[Any]) -> Values:
    return values[0] if len(values) == 1 else Symbols.minimum(*values)
