"""From a cell and its material cards to the numbers of the equations, each with its source."""

from __future__ import annotations

import dataclasses
import math
from statistics import NormalDist
from typing import NamedTuple

from lithostat.experiment.cell import Cell
from lithostat.experiment.errors import InputError
from lithostat.experiment.source import Value
from lithostat.materials.card import find, stated_or_card
from lithostat.physics.conduction import conductivity_at_density
from lithostat.physics.weakest_link import links, worst_of
from lithostat.simulation.parameters import Laws, Parameters

SCATTER = ("focusing_scatter", "toughness_scatter", "throat_radius_scatter", "reference_area", "area_exponent")
_LITHIUM = (
    "molar_volume",
    "creep_rate",
    "creep_stress",
    "creep_exponent",
    "creep_activation_energy",
    "creep_temperature",
)
_ELECTROLYTE = ("conductivity", "conductivity_activation_energy", "conductivity_temperature", "toughness")
_DENSITY = ("theoretical_density", "reference_density", "density_exponent")
_SHORT = ("short_resistance", "soft_short_resistance")
DENSITIES = (0.68, 0.83)  # relative, see physics.conduction
_FROM_CELL = {  # not from cards
    "area",
    "thickness",
    "lithium_thickness",
    "frame_stiffness",
    "frame_relaxation",
    "frame_relaxation_time",
    "short_conductance",
    "soft_conductance",
}
_RIVAL = {  # parameters that only one law uses
    "focusing_length": "length_focusing",
    "focusing_pressure": "pressure_focusing",
    "entry_pressure": "threshold",
}


class Resolved(NamedTuple):
    """Everything the simulation takes from a cell: numbers, laws, scatter, where each came from, what looks wrong.

    `values` leaves out what only laws use that were not chosen.
    """

    parameters: Parameters
    laws: Laws
    scatter: dict[str, float]
    values: dict[str, Value]
    warnings: tuple[str, ...]


def resolve(cell: Cell) -> Resolved:
    """Look up all numbers for `cell`; what the cell states goes before its cards. `InputError` where one is missing."""
    values = _values(cell)
    number = {name: value.value for name, value in values.items()}
    warnings: list[str] = []
    number["conductivity"] = _conductivity(cell, number, warnings)
    if number["soft_short_resistance"] < number["short_resistance"]:
        raise InputError(
            "the soft short has less resistance than the hard one",
            place="cell.parameters",
            expected="soft_short_resistance at least short_resistance",
        )
    fixture, relaxation = cell.fixture, cell.fixture.relaxation
    number |= {
        "area": cell.area,
        "thickness": cell.electrolyte.thickness,
        "lithium_thickness": cell.electrode.thickness,
        "frame_stiffness": fixture.stiffness or 0.0,
        "frame_relaxation": relaxation.fraction if relaxation else 0.0,
        "frame_relaxation_time": relaxation.time if relaxation and relaxation.time else 1.0,
        "short_conductance": 1.0 / (number["short_resistance"] * cell.area),
        "soft_conductance": 1.0 / (number["soft_short_resistance"] * cell.area),
    }
    scatter = {name: number[name] for name in SCATTER}
    fields = [field.name for field in dataclasses.fields(Parameters)]
    parameters = Parameters(**{name: number[name] for name in fields})
    laws = Laws(**cell.laws.model_dump())
    used = {name: value for name, value in values.items() if _RIVAL.get(name, laws.growth) in laws}
    return Resolved(parameters, laws, scatter, used, tuple(warnings))


def worst_spot(focusing: float, scatter: dict[str, float], area: float) -> float:
    """Focusing at the median worst spot of a cell of this area [-]; at the reference area it is the card's own."""
    count = links(area, reference_area=scatter["reference_area"], exponent=scatter["area_exponent"])
    if count == 1.0 or scatter["focusing_scatter"] == 0.0:
        return focusing
    quantile = NormalDist().inv_cdf(float(worst_of(0.5, count)))
    return focusing * math.exp(scatter["focusing_scatter"] * quantile)


def _values(cell: Cell) -> dict[str, Value]:
    """All card values the model uses, by name, with the cell's own in place of the card's."""
    electrode, electrolyte = cell.electrode.material, cell.electrolyte.material
    elsewhere = {*_LITHIUM, *_ELECTROLYTE, *_FROM_CELL}
    rest = [field.name for field in dataclasses.fields(Parameters) if field.name not in elsewhere]
    interface = cell.interface or f"{electrode}|{_name(electrolyte)}"
    values: dict[str, Value] = {}
    for place, card, names in (
        ("cell.electrode.material", electrode, _LITHIUM),
        ("cell.electrolyte.material", electrolyte, (*_ELECTROLYTE, *_DENSITY)),
        ("cell.interface", interface, (*rest, *_SHORT, *SCATTER)),
    ):
        values |= {name: stated_or_card(cell.parameters, name, card, place) for name in names}
    return values


def _name(material: str) -> str:
    """Name of a card that is given by name or as a file."""
    return find(material).name if material.endswith(".yaml") else material


def _conductivity(cell: Cell, number: dict[str, float], warnings: list[str]) -> float:
    """Conductivity of this pellet [S/m]: the card's, scaled to this density if a porosity is stated or follows."""
    pellet = cell.electrolyte
    if pellet.mass is not None and pellet.diameter is None:
        warnings.append("the electrolyte has a mass but no diameter, so that its density is not known and not used")
    stated = None if pellet.porosity is None else 1.0 - pellet.porosity
    weighed = None if pellet.density is None else pellet.density / number["theoretical_density"]
    if weighed is not None and weighed > 1.0:
        warnings.append(
            f"mass, diameter and thickness give {100 * weighed:.0f} % of the theoretical density: one of them is "
            "wrong, and the conductivity is taken as it stands in the card"
        )
        weighed = None
    if stated is not None and weighed is not None and abs(stated - weighed) > 0.03:
        warnings.append(
            f"the stated porosity {100 * (1 - stated):.0f} % disagrees with {100 * (1 - weighed):.0f} % from mass, "
            "diameter and thickness; the stated one is used"
        )
    density = stated if stated is not None else weighed
    if density is None or "conductivity" in cell.parameters:
        return number["conductivity"]
    if not DENSITIES[0] <= density <= DENSITIES[1]:
        warnings.append(
            f"a relative density of {100 * density:.0f} % is outside the 68 to 83 % that conductivity against "
            "density was measured for: an extrapolation"
        )
    return conductivity_at_density(
        number["conductivity"],
        density,
        reference_density=number["reference_density"],
        exponent=number["density_exponent"],
    )
