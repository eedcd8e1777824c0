"""How dense a pellet is, from what was stated of it: the one place that weighs it and says what does not fit."""

from __future__ import annotations

from typing import NamedTuple

from lithostat.experiment.finding import Caution
from lithostat.experiment.parts import Electrolyte

DISAGREE = 0.03  # between a stated density and a weighed one that is told
TOO_DENSE, TOO_POROUS = (
    1.02,
    0.5,
)  # relative; weighing errs by a percent or two


class Density(NamedTuple):
    """Relative density of a pellet, 0..1, None where it is not known, and what contradicts itself or physics."""

    relative: float | None
    cautions: tuple[Caution, ...] = ()


def relative_density(pellet: Electrolyte, theoretical: float | None, *, area: float | None = None) -> Density:
    """As stated, else mass over volume and the `theoretical` density of its material [kg/m3]; None where it has none.

    `area` [m2] stands for the pellet's where its diameter was not stated. A pellet heavier than a solid one is told and
    its mass not used.
    """
    stated = None if pellet.porosity is None else 1.0 - pellet.porosity
    across = pellet.area if pellet.area is not None else area
    if pellet.mass is None or pellet.thickness is None or theoretical is None:
        return Density(stated)
    if across is None:
        why = "the electrolyte has a mass but no diameter, so that its density is not known and not used"
        return Density(stated, (Caution("pellet-without-diameter", why),))
    weighed = pellet.mass / (across * pellet.thickness) / theoretical
    made = f"mass, thickness and diameter make a pellet of {weighed * theoretical / 1e3:.3g} g/cm3"
    if weighed > TOO_DENSE:
        instead = "the density is not used" if stated is None else "the stated porosity is used"
        why = f"{made}, more than the {theoretical / 1e3:.3g} g/cm3 it has without pores: one of the three is wrong"
        return Density(stated, (Caution("pellet-too-dense", f"{why}, and {instead}"),))
    if stated is not None and abs(stated - weighed) > DISAGREE:
        why = (
            f"the stated porosity {100 * (1 - stated):.0f} % disagrees with {100 * (1 - weighed):.0f} % from mass, "
            "thickness and diameter; the stated one is used"
        )
        return Density(stated, (Caution("porosities-disagree", why),))
    found = stated if stated is not None else min(weighed, 1.0)
    if weighed < TOO_POROUS:
        why = f"{made}, {100 * weighed:.0f} % of what it has without pores: one of the three is probably wrong"
        return Density(found, (Caution("pellet-too-porous", why),))
    return Density(found)
