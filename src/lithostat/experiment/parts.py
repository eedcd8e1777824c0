"""The parts of a cell, as a person states them. Every field is optional: what nobody stated is not made up."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from lithostat.experiment.document import explain
from lithostat.experiment.quantity import reader
from lithostat.physics.families import FAMILIES, SAME

Length = Annotated[float, BeforeValidator(reader("length"))]
Area = Annotated[float, BeforeValidator(reader("area"))]
Mass = Annotated[float, BeforeValidator(reader("mass"))]
Fraction = Annotated[float, BeforeValidator(reader("fraction"))]
Porosity = Annotated[float, BeforeValidator(reader("porosity"))]
Time = Annotated[float, BeforeValidator(reader("time"))]
Stiffness = Annotated[float, BeforeValidator(reader("stiffness"))]
Pressure = Annotated[float, BeforeValidator(reader("pressure"))]
Temperature = Annotated[float, BeforeValidator(reader("temperature"))]
Resistance = Annotated[float, BeforeValidator(reader("resistance"))]
Loading = Annotated[float, BeforeValidator(reader("areal_loading"))]
SpecificCapacity = Annotated[float, BeforeValidator(reader("specific_capacity"))]
AGREE = 0.02  # by which two statements of one area may differ


class Noun(BaseModel):
    """A frozen record that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def from_dict(cls, data: dict[str, Any], *, si: bool = False) -> Self:
        """Build it from plain data as a person writes it; with `si`, from what `model_dump` gave (bare SI floats).

        Raises `InputError` with the place, what was read and what was expected.
        """
        try:
            return cls.model_validate(data, context={"si": si})
        except ValidationError as error:
            raise explain(error, cls, None, given=data) from None


def disc(diameter: float) -> float:
    """Area of a disc [m2]."""
    return 0.25 * math.pi * diameter**2


METALS = ("lithium", "Li-1Mg")  # that filaments and voids are described for; each has a card
ELECTRODES = (*METALS, "Li-In")


class Electrode(Noun):
    """Lithium, or an alloy of it, on one or on both sides. `thickness` is that of the metal before assembly.

    `diameter` or `area` is what current is divided by; both may stand where they agree.
    """

    material: Literal[ELECTRODES] | None = None  # type: ignore[valid-type]
    thickness: Length | None = None
    mass: Mass | None = None
    diameter: Length | None = None
    area: Area | None = None

    @model_validator(mode="after")
    def _one_area(self) -> Electrode:
        if self.area is not None and self.diameter is not None:
            round_ = disc(self.diameter)
            if abs(round_ / self.area - 1.0) > AGREE:
                raise ValueError(
                    f"'area' is {1e4 * self.area:.4g} cm2, but 'diameter' makes {1e4 * round_:.4g} cm2; expected one "
                    "of them, or two that agree"
                )
        return self

    @property
    def metal(self) -> str | None:
        """Name of the card of a lithium metal, 'lithium' where nobody said; None for an alloy without a law."""
        material = self.material or "lithium"
        return material if material in METALS else None

    @property
    def electrode_area(self) -> float | None:
        """Geometric area [m2]: as stated, else from the diameter; None where nobody said."""
        if self.area is not None:
            return self.area
        return None if self.diameter is None else disc(self.diameter)


class Electrolyte(Noun):
    """The pellet. With `mass` and `diameter` its porosity follows and is held against a stated one.

    `grain` (size), `roughness` (of its surface, Rq) and `flaw` (the largest seen) are what a source states of it.
    """

    material: str | None = None
    thickness: Length | None = None
    diameter: Length | None = None
    mass: Mass | None = None
    porosity: Porosity | None = None
    powder: str | None = None
    grain: Length | None = None
    roughness: Length | None = None
    flaw: Length | None = None

    @property
    def area(self) -> float | None:
        """Cross-section [m2]."""
        return None if self.diameter is None else disc(self.diameter)

    @property
    def density(self) -> float | None:
        """Mass over volume [kg/m3], None if mass, diameter or thickness were not stated."""
        if self.mass is None or self.area is None or self.thickness is None:
            return None
        return self.mass / (self.area * self.thickness)


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
    """The composite cathode: at most one of `areal_loading` and `active_mass`, and of `porosity` and `thickness`."""

    material: str | None = None
    electrolyte: str | None = None
    carbon: str = "carbon black"
    composition: Composition | None = None
    areal_loading: Loading | None = None
    active_mass: Mass | None = None
    porosity: Porosity | None = None
    thickness: Length | None = None
    specific_capacity: SpecificCapacity | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> Cathode:
        for one, other in (("areal_loading", "active_mass"), ("porosity", "thickness")):
            if getattr(self, one) is not None and getattr(self, other) is not None:
                raise ValueError(f"needs exactly one of '{one}' and '{other}'")
        return self

    @property
    def stated(self) -> bool:
        """Whether anything was said of a cathode."""
        return any(getattr(self, name) is not None for name in type(self).model_fields if name != "carbon")


class FrameRelaxation(Noun):
    """What a clamped stack gives up: `fraction` of the set pressure, with time constant `time`."""

    fraction: Fraction
    time: Time


class Fixture(Noun):
    """What holds the stack: 'constant force' (spring, pneumatic), 'fixed gap' (a frame), or 'measured' P(t).

    `stiffness` is the pressure gained per growth of the stack; a fixed gap needs it. `measured` needs `times` (from the
    start of the protocol) and `pressures`; the protocol then sets none.
    """

    kind: Literal["constant force", "fixed gap", "measured"] = "constant force"
    stiffness: Stiffness | None = None
    relaxation: FrameRelaxation | None = None
    times: tuple[Time, ...] | None = None
    pressures: tuple[Pressure, ...] | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Fixture:
        if (self.kind == "fixed gap") != (self.stiffness is not None):
            raise ValueError("'stiffness' goes with kind 'fixed gap', and a fixed gap needs it")
        if self.relaxation is not None and self.kind != "fixed gap":
            raise ValueError("'relaxation' goes with kind 'fixed gap'")
        if (self.kind == "measured") != (self.times is not None and self.pressures is not None):
            raise ValueError("'times' and 'pressures' go with kind 'measured', which needs both")
        if self.times is not None and self.pressures is not None:
            if len(self.times) != len(self.pressures) or len(self.times) < 2:
                raise ValueError(
                    f"received {len(self.times)} times and {len(self.pressures)} pressures; "
                    "expected the same number, at least 2"
                )
            if self.times[0] != 0.0 or any(b <= a for a, b in zip(self.times, self.times[1:], strict=False)):
                raise ValueError("'times' do not rise from 0; expected each later than the one before")
        return self


def _member(family: str) -> Any:
    """One of the laws of a family, or None where nobody chose."""
    return Literal[tuple(FAMILIES[family])] | None


class ChosenLaws(Noun):
    """Which laws the simulation uses: a `named` set with numbers of its own, and what differs from it by family.

    A word alone is the name: `laws: retraction`.
    """

    named: str | None = None
    growth: _member("growth") = None  # type: ignore[valid-type]
    reversal: _member("reversal") = None  # type: ignore[valid-type]
    filament: _member("filament") = None  # type: ignore[valid-type]
    entry: _member("entry") = None  # type: ignore[valid-type]
    failure: _member("failure") = None  # type: ignore[valid-type]
    voids: _member("voids") = None  # type: ignore[valid-type]

    @model_validator(mode="before")
    @classmethod
    def _in_our_words(cls, data: object) -> object:
        if isinstance(data, str):
            return {"named": data}
        if not isinstance(data, dict):
            return data
        return dict(SAME.get((family, str(law)), (family, law)) for family, law in data.items())

    @property
    def chosen(self) -> dict[str, str]:
        """Laws that were chosen by family."""
        return {name: law for name, law in self.model_dump(exclude={"named"}).items() if law is not None}
