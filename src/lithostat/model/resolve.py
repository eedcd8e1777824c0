"""From a cell and its material cards to the numbers of the model, each with its source: once, for every engine."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any, NamedTuple

from lithostat.experiment.cell import Cell
from lithostat.experiment.errors import InputError
from lithostat.experiment.experiment import complete
from lithostat.experiment.parts import Electrolyte
from lithostat.experiment.source import Value
from lithostat.materials.card import find, find_law, stated_or_card
from lithostat.model.parameters import OF_LAWS, OWNERS, SCATTER, Laws, Parameters, used
from lithostat.physics.conduction import conductivity_at_density
from lithostat.physics.weakest_link import links, worst_of

_DENSITY = ("theoretical_density", "reference_density", "density_exponent")
_SHORT = ("short_resistance", "soft_short_resistance")
DENSITIES = (0.68, 0.83)  # relative, see physics.conduction
DEFAULT_LAW = "first"  # card in materials/laws
DISAGREE = 0.03  # between a stated density and a weighed one that is told
ALLOY_THICKNESS = 1e-3  # of an alloy electrode, which this model does not strip [m]


class Resolved(NamedTuple):
    """Everything a simulation takes from a cell: numbers, laws, scatter, where each came from, what looks wrong.

    `values` leaves out what only laws use that were not chosen.
    """

    parameters: Parameters
    laws: Laws
    scatter: dict[str, float]
    values: dict[str, Value]
    warnings: tuple[str, ...]


def resolve(cell: Cell) -> Resolved:
    """Look up all numbers for `cell`; what the cell states goes before its cards. `InputError` where one is missing."""
    complete(cell)
    laws = laws_of(cell)
    values = _values(cell, laws)
    number = {name: value.value for name, value in values.items()}
    warnings: list[str] = []
    number["conductivity"] = _conductivity(cell, number, warnings)
    number |= _of_cell(cell, number)
    parameters = Parameters(**{name: number[name] for name in Parameters._fields if name in number})
    scatter = {name: number[name] for name in SCATTER}
    matter = {name: value for name, value in values.items() if used(name, laws)}
    return Resolved(parameters, laws, scatter, matter, tuple(warnings))


def laws_of(cell: Cell) -> Laws:
    """The laws a cell is simulated with: those of its named set, else the default's, with what it chose itself."""
    return Laws.of(dict(find_law(cell.laws.named or DEFAULT_LAW).laws) | cell.laws.chosen)


def worst_spot(focusing: float, scatter: dict[str, float], area: float) -> float:
    """Focusing at the median worst spot of a cell of this area [-]; at the reference area it is the card's own."""
    count = links(area, reference_area=scatter["reference_area"], exponent=scatter["area_exponent"])
    if count == 1.0 or scatter["focusing_scatter"] == 0.0:
        return focusing
    quantile = NormalDist().inv_cdf(float(worst_of(0.5, count)))
    return focusing * math.exp(scatter["focusing_scatter"] * quantile)


def relative_density(pellet: Electrolyte, theoretical: float, warnings: list[str]) -> float | None:
    """Density of a pellet over that of its material, 0..1, as stated or weighed; None where it is not known.

    What contradicts itself or physics is told in `warnings`, in one sentence.
    """
    if pellet.mass is not None and pellet.diameter is None:
        warnings.append("the electrolyte has a mass but no diameter, so that its density is not known and not used")
    stated = None if pellet.porosity is None else 1.0 - pellet.porosity
    weighed = None if pellet.density is None else pellet.density / theoretical
    if weighed is not None and weighed > 1.0:
        instead = "the stated porosity is used" if stated is not None else "the conductivity is the card's as it stands"
        warnings.append(
            f"mass, diameter and thickness of the electrolyte make {100 * weighed:.0f} % of its density without pores: "
            f"one of them is wrong, and {instead}"
        )
        return stated
    if stated is not None and weighed is not None and abs(stated - weighed) > DISAGREE:
        warnings.append(
            f"the stated porosity {100 * (1 - stated):.0f} % disagrees with {100 * (1 - weighed):.0f} % from mass, "
            "diameter and thickness; the stated one is used"
        )
    return stated if stated is not None else weighed


def _conductivity(cell: Cell, number: dict[str, float], warnings: list[str]) -> float:
    """Conductivity of this pellet [S/m]: the card's, scaled to this density if one is stated or follows."""
    density = relative_density(cell.electrolyte, number["theoretical_density"], warnings)
    if density is None or "conductivity" in cell.parameters:
        return number["conductivity"]
    if not DENSITIES[0] <= density <= DENSITIES[1]:
        warnings.append(
            f"a relative density of {100 * density:.0f} % is outside the 68 to 83 % that conductivity against "
            "density was measured for: an extrapolation"
        )
    return float(
        conductivity_at_density(
            number["conductivity"],
            density,
            reference_density=number["reference_density"],
            exponent=number["density_exponent"],
        )
    )


def _of_cell(cell: Cell, number: dict[str, float]) -> dict[str, float]:
    """What the cell states of itself, and the short per area."""
    if number["soft_short_resistance"] < number["short_resistance"]:
        raise InputError(
            "the soft short has less resistance than the hard one",
            place="cell.parameters",
            expected="soft_short_resistance at least short_resistance",
        )
    fixture, relaxation = cell.fixture, cell.fixture.relaxation
    return {
        "area": cell.area,
        "thickness": cell.need("electrolyte.thickness", "to simulate"),
        "lithium_thickness": cell.electrode.thickness or ALLOY_THICKNESS,
        "frame_stiffness": fixture.stiffness or 0.0,
        "frame_relaxation": relaxation.fraction if relaxation else 0.0,
        "frame_relaxation_time": relaxation.time if relaxation and relaxation.time else 1.0,
        "short_conductance": 1.0 / (number["short_resistance"] * cell.area),
        "soft_conductance": 1.0 / (number["soft_short_resistance"] * cell.area),
    }


def _values(cell: Cell, laws: Laws) -> dict[str, Value]:
    """All card values the model uses, by name, with the cell's own in place of the card's."""
    electrolyte = cell.need("electrolyte.material", "to simulate")
    interface = cell.interface or f"lithium|{_name(electrolyte)}"
    find(electrolyte)  # before the interface, which is named after it
    # numbers of laws that were not chosen are taken along where the card has them: rivals are compared on one cell
    has = {*cell.parameters, *find(interface).properties, *find_law(cell.laws.named or DEFAULT_LAW).properties}
    chosen = tuple(name for name in OF_LAWS if used(name, laws) or name in has)
    places: tuple[tuple[str, str, tuple[str, ...]], ...] = (
        ("cell.electrode.material", "lithium", OWNERS["lithium"]),
        ("cell.electrolyte.material", electrolyte, (*OWNERS["electrolyte"], *_DENSITY)),
        ("cell.interface", interface, (*OWNERS["interface"], *chosen, *_SHORT, *SCATTER)),
    )
    found: dict[str, Any] = {}
    own = find_law(cell.laws.named or DEFAULT_LAW)
    for place, card, names in places:
        stand_in = own.properties if card in own.materials else {}
        for name in names:
            of_law = name in stand_in and name not in cell.parameters
            found[name] = stand_in[name] if of_law else stated_or_card(cell.parameters, name, card, place)
    return found


def _name(material: str) -> str:
    """Name of a card that is given by name or as a file."""
    return find(material).name if material.endswith(".yaml") else material
