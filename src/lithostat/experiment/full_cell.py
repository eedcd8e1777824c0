"""The full cell: a lithium or Li-In electrode, a pellet and a composite cathode, as a person states it.

cell:
  kind: full
  electrode: {material: lithium, diameter: 12.7 mm, thickness: 0.5 mm}   # or Li-In, without thickness
  electrolyte: {material: Li6PS5Cl, diameter: 13 mm, thickness: 1 mm, mass: 200 mg}
  cathode:
    material: NCA
    electrolyte: Li6PS5Cl
    carbon: carbon black
    composition: {active: 11, electrolyte: 16, carbon: 1}                # by weight
    areal_loading: 3.55 mg/cm2                                           # of active material, or active_mass
    porosity: 15 %                                                       # or thickness
    specific_capacity: 150 mAh/g                                         # what 1C means; only C-rates need it

Measured quantities have no defaults.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from lithostat.experiment.cell import (
    OVERRIDABLE,
    Area,
    ChosenLaws,
    Electrolyte,
    Fixture,
    Length,
    Mass,
    Noun,
    Porosity,
    fits_on_pellet,
    read_parameter,
)
from lithostat.experiment.quantity import QUANTITIES, reader

Loading = Annotated[float, BeforeValidator(reader("areal_loading"))]
SpecificCapacity = Annotated[float, BeforeValidator(reader("specific_capacity"))]

_FIRST_OF_CATHODE = list(QUANTITIES).index("theoretical_capacity")
OF_CATHODE = tuple(list(QUANTITIES)[_FIRST_OF_CATHODE : list(QUANTITIES).index("bruggeman_exponent") + 1])


class CounterElectrode(Noun):
    """The electrode across from the cathode: lithium foil (needs `thickness`) or Li-In. Give `diameter` or `area`."""

    material: Literal["lithium", "Li-In"]
    thickness: Length | None = None
    mass: Mass | None = None
    diameter: Length | None = None
    area: Area | None = None

    @model_validator(mode="after")
    def _complete(self) -> CounterElectrode:
        if (self.diameter is None) == (self.area is None):
            raise ValueError("needs exactly one of 'diameter' and 'area'")
        if self.material == "lithium" and self.thickness is None:
            raise ValueError("'thickness' is missing; expected that of the lithium, which it can be stripped of")
        return self

    @property
    def electrode_area(self) -> float:
        """Geometric area [m2]."""
        return self.area if self.area is not None else 0.25 * math.pi * (self.diameter or 0.0) ** 2


class Composition(Noun):
    """Parts by weight of a composite cathode."""

    active: float = Field(gt=0.0)
    electrolyte: float = Field(gt=0.0)
    carbon: float = Field(0.0, ge=0.0)

    @property
    def active_share(self) -> float:
        """Active material over everything, by weight."""
        return self.active / (self.active + self.electrolyte + self.carbon)


class Cathode(Noun):
    """The composite cathode. Give `areal_loading` or `active_mass`, and `porosity` or `thickness`."""

    material: str
    electrolyte: str
    carbon: str = "carbon black"
    composition: Composition
    areal_loading: Loading | None = None
    active_mass: Mass | None = None
    porosity: Porosity | None = None
    thickness: Length | None = None
    specific_capacity: SpecificCapacity | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> Cathode:
        for one, other in (("areal_loading", "active_mass"), ("porosity", "thickness")):
            if (getattr(self, one) is None) == (getattr(self, other) is None):
                raise ValueError(f"needs exactly one of '{one}' and '{other}'")
        return self


class FullCell(Noun):
    """A full cell in a fixture. `parameters` replaces values of the material cards by name, each with its unit.

    Electrode 1 is lithium or Li-In and plates while the cell charges; electrode 2 is the cathode.
    """

    name: str = "cell"
    kind: Literal["full"]
    electrode: CounterElectrode
    electrolyte: Electrolyte
    cathode: Cathode
    interface: str | None = None
    fixture: Fixture = Field(default_factory=Fixture)
    laws: ChosenLaws = Field(default_factory=ChosenLaws)
    parameters: dict[str, float] = Field(default_factory=dict)

    @field_validator("parameters", mode="before")
    @classmethod
    def _read_parameters(cls, given: Any, info: ValidationInfo) -> Any:
        if not isinstance(given, dict):
            return given
        return {name: read_parameter(name, value, info, (*OVERRIDABLE, *OF_CATHODE)) for name, value in given.items()}

    @model_validator(mode="after")
    def _fits_together(self) -> FullCell:
        fits_on_pellet(self.area, self.electrolyte)
        return self

    @property
    def area(self) -> float:
        """Electrode area [m2]."""
        return self.electrode.electrode_area

    @property
    def loading(self) -> float:
        """Active material per electrode area [kg/m2]."""
        cathode = self.cathode
        return cathode.areal_loading if cathode.areal_loading is not None else (cathode.active_mass or 0.0) / self.area

    @property
    def active_mass(self) -> float:
        """Active material [kg]."""
        return self.loading * self.area
