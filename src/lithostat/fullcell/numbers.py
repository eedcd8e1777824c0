"""The numbers of the short model, under the names that a PyBaMM parameter set holds them by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lithostat.experiment.quantity import lookup
from lithostat.experiment.source import Value
from lithostat.fullcell.engine import pybamm
from lithostat.materials.card import find
from lithostat.model.parameters import OF_LAWS, OWNERS, Parameters

STATED = (  # numbers that a host model asks for beside those of `model.parameters`
    "charge_transfer_seen",  # by the plating overpressure; the host's own where it has kinetics [ohm m2]
    "lithiation_volume",  # growth of the cathode per lithium put in [m3/mol]
    "cathode_contact_resistance",  # of the composite at `cathode_contact_pressure` [ohm m2]
    "cathode_contact_pressure",  # [Pa]
)
NAMES = (*Parameters._fields, *STATED)
_UNITS = {
    "short_conductance": "S.m-2",
    "soft_conductance": "S.m-2",
    "charge_transfer_seen": "Ohm.m2",
    "lithiation_volume": "m3.mol-1",
    "cathode_contact_resistance": "Ohm.m2",
}


def parameter_name(name: str) -> str:
    """Name of a number in a PyBaMM parameter set, 'toughness' -> 'Short model toughness [Pa m^0.5]'."""
    unit = _UNITS.get(name) or lookup(name).unit
    words = f"Short model {name.replace('_', ' ')}"
    return f"{words} [{unit}]" if unit else words


class Numbers:
    """The short model's numbers as symbols: `numbers.toughness` is `pybamm.Parameter('Short model toughness ...')`."""

    def __getattr__(self, name: str) -> pybamm.Parameter:
        """The number of that name as a PyBaMM parameter."""
        if name not in NAMES:
            raise AttributeError(name)
        return pybamm.Parameter(parameter_name(name))


def card_values(
    electrolyte: str = "Li6PS5Cl", interface: str | None = None, electrode: str = "lithium"
) -> dict[str, Value]:
    """What the cards say, by name, with sources; numbers of rival laws where the card has them.

    Raises `InputError` where a card or another number is missing.
    """
    faces = interface or f"{electrode}|{find(electrolyte).name}"
    places = ((electrode, OWNERS["lithium"]), (electrolyte, ("toughness",)), (faces, OWNERS["interface"]))
    found = {name: find(card).value(name) for card, names in places for name in names}
    properties = find(faces).properties
    return found | {name: properties[name] for name in OF_LAWS if name in properties}


def short_parameters(
    *,
    area: float,
    lithium_thickness: float,
    stack_pressure: float | str,
    fabrication_pressure: float,
    short_resistance: float,
    soft_short_resistance: float | None = None,
    stiffness: float = 0.0,
    lithiation_volume: float = 0.0,
    electrolyte: str = "Li6PS5Cl",
    interface: str | None = None,
    replaced: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Entries that let any PyBaMM half-cell parameter set run with the short model: `values.update(...)` them.

    SI: `area` [m2], `lithium_thickness` [m], pressures [Pa] (`stack_pressure` may be '[input]'), resistances of the
    electronic path [ohm], `stiffness` of the frame [Pa/m], `lithiation_volume` of the cathode [m3/mol]. `replaced`
    goes before the cards, by name. Area, thickness, pressures and the short's resistance have no defaults.
    """
    numbers = {name: value.value for name, value in card_values(electrolyte, interface).items()}
    soft = short_resistance if soft_short_resistance is None else soft_short_resistance
    numbers |= {
        "lithium_thickness": lithium_thickness,
        "frame_stiffness": stiffness,
        "frame_relaxation": 0.0,
        "frame_relaxation_time": 3600.0,
        "short_conductance": 1.0 / (short_resistance * area),
        "soft_conductance": 1.0 / (soft * area),
        "charge_transfer_resistance": 0.0,
        "charge_transfer_seen": 0.0,
        "lithiation_volume": lithiation_volume,
        "cathode_contact_resistance": 0.0,
        "cathode_contact_pressure": 5e6,
        "area": area,
    }
    entries: dict[str, Any] = {parameter_name(name): value for name, value in (numbers | dict(replaced or {})).items()}
    return entries | {
        "Stack pressure [Pa]": stack_pressure,
        "Fabrication pressure [Pa]": fabrication_pressure,
    }
