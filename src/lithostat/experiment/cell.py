"""The cell: what was put together, as a person states it. Measured quantities have no defaults."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from lithostat.experiment.document import explain
from lithostat.experiment.errors import nearest
from lithostat.experiment.quantity import QUANTITIES, reader, show

Length = Annotated[float, BeforeValidator(reader("length"))]
Area = Annotated[float, BeforeValidator(reader("area"))]
Mass = Annotated[float, BeforeValidator(reader("mass"))]
Fraction = Annotated[float, BeforeValidator(reader("fraction"))]
Porosity = Annotated[float, BeforeValidator(reader("porosity"))]
Time = Annotated[float, BeforeValidator(reader("time"))]
Stiffness = Annotated[float, BeforeValidator(reader("stiffness"))]
Pressure = Annotated[float, BeforeValidator(reader("pressure"))]


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
            raise explain(error, cls, None) from None


class Electrode(Noun):
    """The lithium electrodes, two alike. Give `diameter` or `area`."""

    material: Literal["lithium"] = "lithium"
    thickness: Length
    diameter: Length | None = None
    area: Area | None = None

    @model_validator(mode="after")
    def _one_size(self) -> Electrode:
        if (self.diameter is None) == (self.area is None):
            raise ValueError("needs exactly one of 'diameter' and 'area'")
        return self

    @property
    def electrode_area(self) -> float:
        """Geometric area [m2]."""
        return self.area if self.area is not None else 0.25 * math.pi * (self.diameter or 0.0) ** 2


class Electrolyte(Noun):
    """The pellet. With `mass` and `diameter` its porosity follows and is held against a stated one."""

    material: str
    thickness: Length
    diameter: Length | None = None
    mass: Mass | None = None
    porosity: Porosity | None = None

    @property
    def density(self) -> float | None:
        """Mass over volume [kg/m3], None if mass or diameter were not stated."""
        if self.mass is None or self.diameter is None:
            return None
        return self.mass / (0.25 * math.pi * self.diameter**2 * self.thickness)


class Relaxation(Noun):
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
    relaxation: Relaxation | None = None
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


class ChosenLaws(Noun):
    """Which law of each family the simulation uses; the default of each comes first."""

    growth: Literal["constant_focusing", "length_focusing", "pressure_focusing"] = "constant_focusing"
    entry: Literal["open", "threshold"] = "open"
    failure: Literal["fracture", "percolation"] = "fracture"


NOT_OVERRIDDEN = {  # stated elsewhere in the cell
    "thickness": "cell.electrolyte.thickness",
    "lithium_thickness": "cell.electrode.thickness",
    "frame_stiffness": "cell.fixture.stiffness",
    "frame_relaxation": "cell.fixture.relaxation",
    "frame_relaxation_time": "cell.fixture.relaxation",
}
_FIRST_PARAMETER = list(QUANTITIES).index("conductivity")
_AFTER_PARAMETERS = list(QUANTITIES).index("youngs_modulus")
OVERRIDABLE = tuple(n for n in list(QUANTITIES)[_FIRST_PARAMETER:_AFTER_PARAMETERS] if n not in NOT_OVERRIDDEN)


class Cell(Noun):
    """A lithium symmetric cell: two like electrodes on one pellet in a fixture.

    `parameters` replaces values of the material cards by name, each with its unit.
    """

    name: str = "cell"
    kind: Literal["symmetric"] = "symmetric"
    electrode: Electrode
    electrolyte: Electrolyte
    interface: str | None = None
    fixture: Fixture = Field(default_factory=Fixture)
    laws: ChosenLaws = Field(default_factory=ChosenLaws)
    parameters: dict[str, float] = Field(default_factory=dict)

    @field_validator("parameters", mode="before")
    @classmethod
    def _read_parameters(cls, given: Any, info: ValidationInfo) -> Any:
        if not isinstance(given, dict):
            return given
        return {name: read_parameter(name, value, info, OVERRIDABLE) for name, value in given.items()}

    @model_validator(mode="after")
    def _fits_together(self) -> Cell:
        fits_on_pellet(self.area, self.electrolyte)
        return self

    @property
    def area(self) -> float:
        """Electrode area [m2]."""
        return self.electrode.electrode_area


def fits_on_pellet(area: float, pellet: Electrolyte) -> None:
    """Raise ValueError if an electrode of that area [m2] is larger than a pellet of known diameter."""
    if pellet.diameter is not None and area > 1.0001 * 0.25 * math.pi * pellet.diameter**2:
        raise ValueError(
            f"the electrode ({show(area, 'area')}) is larger than the pellet "
            f"({show(0.25 * math.pi * pellet.diameter**2, 'area')}); expected an electrode that fits on it"
        )


def read_parameter(name: str, value: Any, info: Any, known: Collection[str]) -> float:
    """A value for one of the `known` parameters of the cards, SI; raises ValueError so that pydantic collects it."""
    if name in NOT_OVERRIDDEN:
        raise ValueError(f"'{name}' is not a parameter of a card; expected it as '{NOT_OVERRIDDEN[name]}'")
    if name not in known:
        raise ValueError(f"unknown parameter '{name}'{nearest(name, known)}; see `lithostat materials`")
    try:
        return reader(name)(value, info)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
