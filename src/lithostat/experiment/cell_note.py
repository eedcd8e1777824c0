"""What a lab notes of one cell beside its files. Everything is optional; nothing that was measured has a default."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ValidationInfo, field_validator, model_validator

from lithostat.experiment import document
from lithostat.experiment.cell import Area, Length, Mass, Noun, Pressure, Time
from lithostat.experiment.finding import KINDS
from lithostat.experiment.quantity import reader

Temperature = Annotated[float, BeforeValidator(reader("temperature"))]
Resistance = Annotated[float, BeforeValidator(reader("resistance"))]
SpecificCapacity = Annotated[float, BeforeValidator(reader("specific_capacity"))]
UpperVoltage = Annotated[float, BeforeValidator(reader("upper_voltage"))]
LowerVoltage = Annotated[float, BeforeValidator(reader("lower_voltage"))]
Sensitivity = Annotated[float, BeforeValidator(reader("load_cell_sensitivity"))]
Zero = Annotated[float, BeforeValidator(reader("load_cell_zero"))]


_time = reader("time")


def _moment(value: Any, info: ValidationInfo) -> float:
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
    A signal in volts needs the `sensitivity`; one in newtons or pascals does not. `zero` is the signal without load, or
    is found by taring on the stretches of `tare`, during which the stack was not loaded (two of them show the drift).
    """

    sensitivity: Sensitivity | None = None
    column: str | None = None
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


class Override(Noun):
    """What a person decides against the call. It is shown beside the call and never replaces it."""

    outcome: Literal[tuple(KINDS)]  # type: ignore[valid-type]
    by: str
    why: str
    time_to_short: Time | None = None


class CellNote(Noun):
    """A cell as the lab's note states it: SI floats inside, None where nobody said.

    `kind` is 'symmetric', 'half' (against lithium or its alloys) or 'full'; `ended` says why the record stops where it
    stops, for a cell that did not fail; `files` are patterns of the files that belong to the cell; `read_as` maps such
    patterns to a declaration of their format; `time_zone` is that of clocks that do not say theirs ('Europe/Berlin').
    """

    name: str = ""
    kind: Literal["symmetric", "half", "full"] | None = None
    electrolyte: str | None = None
    die_diameter: Length | None = None
    electrode_diameter: Length | None = None
    area: Area | None = None
    electrolyte_thickness: Length | None = None
    electrolyte_mass: Mass | None = None
    lithium_thickness: Length | None = None
    active_material: str | None = None
    active_mass: Mass | None = None
    specific_capacity: SpecificCapacity | None = None
    upper_voltage: UpperVoltage | None = None
    lower_voltage: LowerVoltage | None = None
    fabrication_pressure: Pressure | None = None
    pressure: Pressure | None = None
    temperature: Temperature | None = None
    ionic_resistance: Resistance | None = None
    load_cell: LoadCell | None = None
    spectra: tuple[SpectrumState, ...] = ()
    time_zone: str | None = None
    files: tuple[str, ...] = ()
    read_as: Mapping[str, str] = {}
    ended: Literal["stopped", "leak", "rig", "running"] | None = None
    override: Override | None = None
    comment: str | None = None

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

    @model_validator(mode="after")
    def _one_area(self) -> CellNote:
        if self.area is not None and self.electrode_diameter is not None:
            disc = 0.25 * math.pi * self.electrode_diameter**2
            if abs(disc / self.area - 1.0) > 0.02:
                raise ValueError(
                    f"'area' is {1e4 * self.area:.4g} cm2, but 'electrode_diameter' makes {1e4 * disc:.4g} cm2; "
                    "expected one of them, or two that agree"
                )
        return self

    @property
    def electrode_area(self) -> float | None:
        """Area that current is divided by [m2]: as stated, from the electrode's diameter, else from the die's."""
        if self.area is not None:
            return self.area
        diameter = self.electrode_diameter or self.die_diameter
        return None if diameter is None else 0.25 * math.pi * diameter**2

    @property
    def pressed_area(self) -> float | None:
        """Area that the force acts on [m2]: the load cell's own, else the die's, else the electrode's."""
        if self.load_cell is not None and self.load_cell.area is not None:
            return self.load_cell.area
        return 0.25 * math.pi * self.die_diameter**2 if self.die_diameter is not None else self.electrode_area


def read_note(path: str | Path) -> CellNote:
    """Read a `cell.yaml`; a fault raises `InputError` with file, line and place."""
    return document.read(path).build(CellNote)


def note_from(said: dict[str, Any]) -> CellNote:
    """A note from what a person typed ('12.7 mm'); a fault raises `InputError` with the place."""
    return CellNote.from_dict(said)
