"""From a cell and its material cards to the numbers of the model, each with its source: once, for every engine."""

from __future__ import annotations

import math
from typing import NamedTuple

from scipy.special import ndtri_exp

from lithostat.experiment.cell import Cell
from lithostat.experiment.errors import InputError
from lithostat.experiment.experiment import complete
from lithostat.experiment.source import Value
from lithostat.materials.pellet import relative_density
from lithostat.model.lookup import law_card, look_up
from lithostat.model.parameters import SCATTER, Laws, Parameters, used
from lithostat.physics.conduction import conductivity_at_density
from lithostat.physics.weakest_link import links, log_worst_of

DENSITIES = (0.68, 0.83)  # relative, see physics.conduction
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
    values, said = look_up(cell, laws)
    number, warnings = {name: value.value for name, value in values.items()}, list(said)
    number["conductivity"] = _conductivity(cell, number, warnings)
    number |= _of_cell(cell, number)
    parameters = Parameters(**{name: number[name] for name in Parameters._fields if name in number})
    scatter = {name: number[name] for name in SCATTER}
    matter = {name: value for name, value in values.items() if used(name, laws)}
    return Resolved(parameters, laws, scatter, matter, tuple(warnings))


def laws_of(cell: Cell) -> Laws:
    """The laws a cell is simulated with: those of its named set, else the default's, with what it chose itself."""
    return Laws.of(dict(law_card(cell).laws) | cell.laws.chosen)


def worst_spot(focusing: float, scatter: dict[str, float], area: float) -> float:
    """Focusing at the median worst spot of a cell of this area [-]; at the reference area it is the card's own."""
    count = links(area, reference_area=scatter["reference_area"], exponent=scatter["area_exponent"])
    if count == 1.0 or scatter["focusing_scatter"] == 0.0:
        return focusing
    quantile = float(ndtri_exp(log_worst_of(0.5, count)))
    return focusing * math.exp(scatter["focusing_scatter"] * quantile)


def _conductivity(cell: Cell, number: dict[str, float], warnings: list[str]) -> float:
    """Conductivity of this pellet [S/m]: the card's, scaled to this density if one is stated or follows."""
    density, cautions = relative_density(cell.electrolyte, number["theoretical_density"])
    warnings += cautions
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
    bare = cell.with_cathode and cell.collector == 1
    return {
        "area": cell.area,
        "thickness": cell.need("electrolyte.thickness", "to simulate"),
        "lithium_thickness": 0.0 if bare else cell.electrode.thickness or ALLOY_THICKNESS,
        "frame_stiffness": fixture.stiffness or 0.0,
        "frame_relaxation": relaxation.fraction if relaxation else 0.0,
        "frame_relaxation_time": relaxation.time if relaxation and relaxation.time else 1.0,
        "short_conductance": 1.0 / (number["short_resistance"] * cell.area),
        "soft_conductance": 1.0 / (number["soft_short_resistance"] * cell.area),
    }
