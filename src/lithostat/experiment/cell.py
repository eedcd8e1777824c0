"""The cell: what was put together. One vocabulary for simulator, analysis, calibration and every other wing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from lithostat.experiment.errors import InputError, nearest
from lithostat.experiment.parts import Cathode, ChosenLaws, Electrode, Electrolyte, Fixture, Noun, Pressure, Resistance
from lithostat.experiment.quantity import QUANTITIES, reader, show

NOT_OVERRIDDEN = {  # stated elsewhere in the cell
    "thickness": "cell.electrolyte.thickness",
    "lithium_thickness": "cell.electrode.thickness",
    "frame_stiffness": "cell.fixture.stiffness",
    "frame_relaxation": "cell.fixture.relaxation",
    "frame_relaxation_time": "cell.fixture.relaxation",
}
_NAMES = list(QUANTITIES)
OVERRIDABLE = tuple(
    name for name in _NAMES[_NAMES.index("conductivity") : _NAMES.index("youngs_modulus")] if name not in NOT_OVERRIDDEN
)
OF_CATHODE = tuple(_NAMES[_NAMES.index("theoretical_capacity") : _NAMES.index("bruggeman_exponent") + 1])
_NEEDS = {
    "electrode.thickness": "that of the lithium, which it can be stripped of",
    "electrolyte.thickness": "that of the pellet, like '1 mm'",
    "electrolyte.material": "the name of a card, see `lithostat materials`",
    "cathode.material": "the name of a card, see `lithostat materials`",
    "cathode.electrolyte": "the name of the card of the electrolyte in the composite",
    "cathode.composition": "the parts by weight: active, electrolyte and, if there is any, carbon",
}


class Cell(Noun):
    """What was put together: lithium electrodes, a pellet, perhaps a composite cathode, and what holds them.

    Nothing is required here. A verb asks for what it needs (`need`), and what nobody stated is not made up.
    `kind` is 'symmetric' (two like lithium electrodes), 'half' (against lithium or its alloys) or 'full'; None where
    nobody said. `counter` says what electrode 2 of a symmetric cell does: as the counter electrode of a three-electrode
    test it 'does not limit' (loss of its contact or lithium ends nothing, its resistance is not measured); 'inert', no
    filament starts from it either. `collector` is the electrode that begins without lithium, a bare metal.
    In a full cell electrode 1 is the lithium and plates while the cell charges, electrode 2 the cathode.
    `parameters` replaces values of the material cards by name, each with its unit.
    """

    name: str = "cell"
    kind: Literal["symmetric", "half", "full"] | None = None
    electrode: Electrode = Field(default_factory=Electrode)
    electrolyte: Electrolyte = Field(default_factory=Electrolyte)
    cathode: Cathode = Field(default_factory=Cathode)
    counter: Literal["limits", "does not limit", "inert"] = "limits"
    collector: Literal[1, 2] | None = None
    interface: str | None = None
    fixture: Fixture = Field(default_factory=Fixture)
    fabrication_pressure: Pressure | None = None
    ionic_resistance: Resistance | None = None
    laws: ChosenLaws = Field(default_factory=ChosenLaws)
    parameters: dict[str, float] = Field(default_factory=dict)

    @field_validator("parameters", mode="before")
    @classmethod
    def _read_parameters(cls, given: object, info: ValidationInfo) -> object:
        if not isinstance(given, dict):
            return given
        known = (*OVERRIDABLE, *OF_CATHODE)
        return {name: _read_parameter(name, value, info, known) for name, value in given.items()}

    @model_validator(mode="after")
    def _fits_together(self) -> Cell:
        area, pellet = self.electrode.electrode_area, self.electrolyte.area
        if area is not None and pellet is not None and area > 1.0001 * pellet:
            raise ValueError(
                f"the electrode ({show(area, 'area')}) is larger than the pellet ({show(pellet, 'area')}); "
                "expected an electrode that fits on it"
            )
        if self.with_cathode and self.counter != "limits":
            raise ValueError(f"'counter: {self.counter}' is for symmetric cells; expected it left out beside a cathode")
        if self.with_cathode and self.collector == 2:
            raise ValueError("electrode 2 of a full cell is the cathode; expected 'collector: 1', or nothing")
        return self

    @property
    def with_cathode(self) -> bool:
        """Whether it is simulated with a composite cathode across from the lithium."""
        return self.kind in ("full", "half") or (self.kind is None and self.cathode.stated)

    @property
    def electrode_area(self) -> float | None:
        """Area that current is divided by [m2]: that of the electrode, else of the pellet; None where nobody said."""
        own = self.electrode.electrode_area
        return own if own is not None else self.electrolyte.area

    @property
    def area(self) -> float:
        """Electrode area [m2]; `InputError` where nobody stated it."""
        own = self.electrode.electrode_area
        if own is None:
            raise InputError(
                "'area' is missing", place="cell.electrode", expected="exactly one of 'diameter' and 'area'"
            )
        return own

    @property
    def loading(self) -> float:
        """Active material per electrode area [kg/m2]; `InputError` where nobody stated it or the mass."""
        if self.cathode.areal_loading is not None:
            return self.cathode.areal_loading
        if self.cathode.active_mass is None:
            raise InputError(
                "'areal_loading' is missing",
                place="cell.cathode",
                expected="exactly one of 'areal_loading' and 'active_mass'",
            )
        return self.cathode.active_mass / self.area

    @property
    def active_mass(self) -> float | None:
        """Active material [kg]; None where nobody stated it, nor a loading with the area it is on."""
        area = self.electrode_area
        if self.cathode.active_mass is not None or self.cathode.areal_loading is None or area is None:
            return self.cathode.active_mass
        return self.cathode.areal_loading * area

    def need(self, place: str, why: str) -> Any:
        """What is stated at a place ('electrolyte.thickness'); where nothing is, an `InputError` that says what for."""
        value: Any = self
        for name in place.split("."):
            value = getattr(value, name)
        if value is None:
            last = place.rpartition(".")[2]
            raise InputError(
                f"'{last}' is missing", place=f"cell.{place}", expected=f"{_NEEDS.get(place, 'it')}, {why}"
            )
        return value


def _read_parameter(name: str, value: object, info: object, known: Collection[str]) -> float:
    """A value for one of the `known` parameters of the cards, SI; raises ValueError so that pydantic collects it."""
    if name in NOT_OVERRIDDEN:
        raise ValueError(f"'{name}' is not a parameter of a card; expected it as '{NOT_OVERRIDDEN[name]}'")
    if name not in known:
        raise ValueError(f"unknown parameter '{name}'{nearest(name, known)}; see `lithostat materials`")
    try:
        return reader(name)(value, info)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
