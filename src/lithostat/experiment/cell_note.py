"""What a `cell.yaml` holds: the cell, and whatever the verbs need beside it. Everything is optional.

name: Li-Li 25 MPa, third try
cell: {kind: symmetric, electrode: {...}, electrolyte: {...}}
holder: {pressure: 25 MPa, temperature: 25 degC}
protocol: {steps: [...]}             # lithostat run, sweep
files: ["A17_*.mpt"]                 # lithostat analyze, impedance
load_cell: {column: Analog IN 1/V, sensitivity: 1 kN/V}
outcome: {kind: short, time: 48 h}   # lithostat calibrate

Every verb reads what it needs and passes over the rest. The flat words of earlier notes (`die_diameter: 13 mm`) say the
same and keep working.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from lithostat.experiment import document
from lithostat.experiment.cell import Cell
from lithostat.experiment.errors import InputError
from lithostat.experiment.finding import KINDS
from lithostat.experiment.parts import Area, Fixture, Length, Noun, Pressure, Temperature, Time, disc
from lithostat.experiment.protocol import Protocol
from lithostat.experiment.quantity import reader
from lithostat.experiment.radiation import read_lines

VERSION: Literal[2] = (
    2  # of this vocabulary; 1 were the flat notes and the experiments with `cell` and `protocol` alone
)
TemperatureUncertainty = Annotated[float, BeforeValidator(reader("temperature_uncertainty"))]
UpperVoltage = Annotated[float, BeforeValidator(reader("upper_voltage"))]
LowerVoltage = Annotated[float, BeforeValidator(reader("lower_voltage"))]
Current = Annotated[float, BeforeValidator(reader("current"))]
Sensitivity = Annotated[float, BeforeValidator(reader("load_cell_sensitivity"))]
Zero = Annotated[float, BeforeValidator(reader("load_cell_zero"))]
VoxelSize = Annotated[float, BeforeValidator(reader("voxel_size"))]

# Where the flat words of earlier notes stand now.
FLAT: dict[str, tuple[str, ...]] = {
    "kind": ("cell", "kind"),
    "electrolyte": ("cell", "electrolyte", "material"),
    "die_diameter": ("cell", "electrolyte", "diameter"),
    "electrolyte_thickness": ("cell", "electrolyte", "thickness"),
    "electrolyte_mass": ("cell", "electrolyte", "mass"),
    "electrode_diameter": ("cell", "electrode", "diameter"),
    "area": ("cell", "electrode", "area"),
    "lithium_thickness": ("cell", "electrode", "thickness"),
    "active_material": ("cell", "cathode", "material"),
    "active_mass": ("cell", "cathode", "active_mass"),
    "specific_capacity": ("cell", "cathode", "specific_capacity"),
    "fabrication_pressure": ("cell", "fabrication_pressure"),
    "ionic_resistance": ("cell", "ionic_resistance"),
    "pressure": ("holder", "pressure"),
    "temperature": ("holder", "temperature"),
}
_time = reader("time")


def _moment(value: object, info: ValidationInfo) -> float:
    """A time on the timeline, which may lie before its start: '-20 min'."""
    if isinstance(value, str) and value.lstrip().startswith("-"):
        return -_time(value.lstrip()[1:], info)
    if isinstance(value, float) and value < 0.0 and (info.context or {}).get("si"):
        return -_time(-value, info)  # a note of our own, read back
    return _time(value, info)


Moment = Annotated[float, BeforeValidator(_moment)]


class Span(Noun):
    """A stretch of the timeline, in time since its start; a log may begin before it, at negative times."""

    start: Moment
    end: Moment

    @model_validator(mode="after")
    def _in_order(self) -> Span:
        if self.end <= self.start:
            raise ValueError("'end' lies before 'start'; expected a stretch of time")
        return self


class LoadCell(Noun):
    """How the signal of the load cell becomes a pressure: F = sensitivity (U - zero), P = F / area.

    `column` is the name that the file gives the signal; without it, the column that a reader knows to be the load cell.
    `unit` is that of its numbers, where its name does not say it or says another.
    A signal in volts needs the `sensitivity`; one in newtons or pascals does not. `zero` is the signal without load, or
    is found by taring on the stretches of `tare`, during which the stack was not loaded (two of them show the drift).
    """

    sensitivity: Sensitivity | None = None
    column: str | None = None
    unit: Literal["V", "mV", "N", "kN", "kg", "MPa", "bar"] | None = None
    zero: Zero | None = None
    tare: tuple[Span, ...] = ()
    area: Area | None = None  # the force acts on; else that of the die


class SpectrumState(Noun):
    """In which state the spectra of some files were taken, where the files do not say it.

    `files` is a pattern of names. Spectra without a clock are taken to have been measured in the order of these
    entries.
    """

    files: str
    pressure: Pressure | None = None
    temperature: Temperature | None = None


class StatedVolume(Noun):
    """A tomogram of the cell: a file or folder beside the note or below it, and what no file can know of it.

    `outside` is the grey of what was not measured, `axis` the one from electrode to electrode, `electrode_1` at which
    end of it that electrode lies. One scan may be from `before`; the others are held against it.
    """

    file: str
    voxel_size: VoxelSize
    stage: Literal["before", "after", "unknown"] = "unknown"
    pressure: Pressure | None = None
    temperature: Temperature | None = None
    axis: Literal["z", "y", "x"] = "z"
    electrode_1: Literal["first", "last"] | None = None
    outside: float | None = None


class Uncertainty(Noun):
    """Standard uncertainties of what the note states, for the errors of what follows from it."""

    electrolyte_thickness: Length | None = None
    area: Area | None = None
    temperature: TemperatureUncertainty | None = None


def _wavelength(value: object) -> str:
    """What a person writes for a wavelength, looked at now and kept as written."""
    try:
        read_lines(str(value))
    except InputError as error:
        raise ValueError(f"{error.problem}; expected {error.expected}") from None
    return str(value)


class PatternState(Noun):
    """How the diffraction patterns of some files were measured, where the files do not say it, and what to look for.

    `files` is a pattern of names; `region` the part of the cell in the beam; `blank` a file with the empty cell, beside
    the note. `host` is the card of a phase that is certainly there, `elements` the symbols that may be ('Li, P, S').
    """

    files: str
    wavelength: Annotated[str, BeforeValidator(_wavelength)] | None = None
    geometry: Literal["reflection", "transmission", "capillary", "area detector"] | None = None
    radius: Length | None = None
    region: Literal["electrolyte", "lithium side", "whole"] | None = None
    blank: str | None = None
    host: str | None = None
    elements: str | None = None


class Override(Noun):
    """What a person decides against the call. It is shown beside the call and never replaces it."""

    outcome: Literal[tuple(KINDS)]  # type: ignore[valid-type]
    by: str
    why: str
    time_to_short: Time | None = None


class StatedOutcome(Noun):
    """How the cell's test ended, as a person knows it; calibration takes this where there is no record.

    `time` counts from the first current (from the start without one); `between` instead gives the last time without and
    the first with the short.
    """

    kind: Literal["survived", "short", "short before current", "contact lost"]
    time: Time | None = None
    between: tuple[Time, Time] | None = None


class Holder(Fixture):
    """What holds the stack, and the pressure and temperature that it was set to where no file says them."""

    pressure: Pressure | None = None
    temperature: Temperature | None = None


class CellNote(Noun):
    """The content of a `cell.yaml`: SI floats inside, None where nobody said.

    `current` [A] is that of files which hold none. `cycle_begins_with` is 'charge' or 'discharge', for the efficiency;
    without it, what a half cell begins with.
    `ended` says why the record stops where it stops, for a cell that did not fail; `files` are patterns of the files
    that belong to the cell; `read_as` maps such patterns to a declaration of their format; `time_zone` is that of
    clocks that do not say theirs ('Europe/Berlin').
    """

    also_known: ClassVar[tuple[str, ...]] = tuple(FLAT)  # keys that are translated before this is built

    version: Literal[1, 2] = VERSION
    name: str = ""
    cell: Cell = Field(default_factory=Cell)
    holder: Holder = Field(default_factory=Holder)
    protocol: Protocol | None = None
    outcome: StatedOutcome | None = None
    upper_voltage: UpperVoltage | None = None
    lower_voltage: LowerVoltage | None = None
    uncertainty: Uncertainty | None = None
    load_cell: LoadCell | None = None
    spectra: tuple[SpectrumState, ...] = ()
    volumes: tuple[StatedVolume, ...] = ()
    patterns: tuple[PatternState, ...] = ()
    time_zone: str | None = None
    current: Current | None = None
    cycle_begins_with: Literal["charge", "discharge"] | None = None
    files: tuple[str, ...] = ()
    read_as: Mapping[str, str] = {}
    ended: Literal["stopped", "leak", "rig", "running"] | None = None
    override: Override | None = None
    comment: str | None = None

    @classmethod
    def as_written(cls, place: tuple[Any, ...], data: Mapping[str, Any]) -> tuple[Any, ...]:
        """Where in a file of flat words the entry stands that is at `place` here."""
        for key, nested in FLAT.items():
            if key in data and place[: len(nested)] == nested:
                return (key, *place[len(nested) :])
        return place

    @model_validator(mode="before")
    @classmethod
    def _from_flat_words(cls, data: object) -> object:
        return _nested(data) if isinstance(data, Mapping) else data

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str | None, _info: ValidationInfo) -> str | None:
        from zoneinfo import ZoneInfo

        try:
            if value is not None:
                ZoneInfo(value)
        except (ValueError, OSError, KeyError):
            raise ValueError(f"received '{value}'; expected a time zone like 'Europe/Berlin' or 'UTC'") from None
        return value

    @field_validator("volumes")
    @classmethod
    def _one_before(cls, value: tuple[StatedVolume, ...]) -> tuple[StatedVolume, ...]:
        if sum(one.stage == "before" for one in value) > 1:
            raise ValueError("more than one of the volumes is from before; expected one scan that all others meet")
        return value

    @model_validator(mode="after")
    def _one_holder(self) -> CellNote:
        stated = self.holder.model_fields_set - {"pressure", "temperature"}
        if stated and self.cell.fixture.model_fields_set:
            raise ValueError("'holder' and 'cell.fixture' both say what holds the stack; expected 'holder' alone")
        return self

    # what analyses ask for most

    @property
    def kind(self) -> str | None:
        """'symmetric', 'half' or 'full'; None where nobody said."""
        return self.cell.kind

    @property
    def electrolyte(self) -> str | None:
        """Name of the electrolyte's material."""
        return self.cell.electrolyte.material

    @property
    def die_diameter(self) -> float | None:
        """Of the pellet [m]."""
        return self.cell.electrolyte.diameter

    @property
    def electrolyte_thickness(self) -> float | None:
        """Of the pellet [m]."""
        return self.cell.electrolyte.thickness

    @property
    def electrolyte_mass(self) -> float | None:
        """Of the pellet [kg]."""
        return self.cell.electrolyte.mass

    @property
    def area(self) -> float | None:
        """Electrode area as stated in so many words [m2]."""
        return self.cell.electrode.area

    @property
    def electrode_diameter(self) -> float | None:
        """As stated [m]."""
        return self.cell.electrode.diameter

    @property
    def lithium_thickness(self) -> float | None:
        """Before assembly [m]."""
        return self.cell.electrode.thickness

    @property
    def active_material(self) -> str | None:
        """Name of the cathode's material."""
        return self.cell.cathode.material

    @property
    def active_mass(self) -> float | None:
        """Active material of the cathode [kg]."""
        return self.cell.active_mass

    @property
    def specific_capacity(self) -> float | None:
        """Of the active material [C/kg]."""
        return self.cell.cathode.specific_capacity

    @property
    def fabrication_pressure(self) -> float | None:
        """That the pellet was pressed with [Pa]."""
        return self.cell.fabrication_pressure

    @property
    def ionic_resistance(self) -> float | None:
        """Of the pellet, as somebody measured it [ohm]."""
        return self.cell.ionic_resistance

    @property
    def pressure(self) -> float | None:
        """Stack pressure of the test [Pa]."""
        return self.holder.pressure

    @property
    def temperature(self) -> float | None:
        """Of the test [K]."""
        return self.holder.temperature

    @property
    def electrode_area(self) -> float | None:
        """Area that current is divided by [m2]: as stated, from the electrode's diameter, else from the die's."""
        return self.cell.electrode_area

    @property
    def pressed_area(self) -> float | None:
        """Area that the force acts on [m2]: the load cell's own, else the die's, else the electrode's."""
        if self.load_cell is not None and self.load_cell.area is not None:
            return self.load_cell.area
        return disc(self.die_diameter) if self.die_diameter is not None else self.electrode_area

    @property
    def built(self) -> Cell:
        """The cell under the name of the file, in its holder."""
        fixture = self.holder.model_fields_set - {"pressure", "temperature"}
        changes: dict[str, Any] = {}
        if self.name and "name" not in self.cell.model_fields_set:
            changes["name"] = self.name
        if fixture:
            stated = self.holder.model_dump(exclude={"pressure", "temperature"}, exclude_unset=True)
            changes["fixture"] = Fixture.model_construct(**(Fixture().model_dump() | stated))
        return self.cell.model_copy(update=changes) if changes else self.cell


def _nested(data: Mapping[str, Any]) -> dict[str, Any]:
    """The flat words of a note where they stand now; raises ValueError for what is said in both places."""
    result: dict[str, Any] = {key: value for key, value in data.items() if key not in FLAT}
    for key, place in FLAT.items():
        if key not in data or data[key] is None:
            continue
        node = result
        for part in place[:-1]:
            inner = node.get(part)
            if inner is not None and not isinstance(inner, Mapping):
                raise ValueError(f"'{part}' is no mapping and '{key}' belongs into it; expected one of them")
            node[part] = dict(inner or {})
            node = node[part]
        if node.get(place[-1]) is not None:
            raise ValueError(f"'{key}' and '{'.'.join(place)}' say the same; expected one of them")
        node[place[-1]] = data[key]
    return result


def read_note(path: str | Path) -> CellNote:
    """Read a `cell.yaml`; a fault raises `InputError` with file, line and place."""
    return document.read(path).build(CellNote)


def note_from(said: dict[str, Any]) -> CellNote:
    """A note from what a person typed ('12.7 mm'); a fault raises `InputError` with the place."""
    return CellNote.from_dict(said)
