"""What a calibration file says in words: a cell, a point of resistance, a critical current."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, StringConstraints, model_validator

from lithostat.calibration.data import OWN
from lithostat.experiment.parts import Area, Length, Noun, Pressure, Time
from lithostat.experiment.quantity import reader

CurrentDensity = Annotated[float, BeforeValidator(reader("current_density"))]
Temperature = Annotated[float, BeforeValidator(reader("temperature"))]
Resistances = Annotated[float, BeforeValidator(reader("resistance"))]
Voltage = Annotated[float, BeforeValidator(reader("voltage"))]
Group = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


class StatedCell(Noun):
    """One cell in words, or the `file` that holds it: an experiment in YAML, a record in Parquet, a lab's folder.

    `current` alternates in half-cycles; without it the cell was held. `time` counts from the first current (from the
    start without one, and where the cell shorted before it) to the outcome; `between` instead gives the last time
    without and the first with the short. A `half_cycle` is an hour unless stated. `group` names the paper or lab that
    made the cell, whose cells live longer or shorter together; without it the cell is one's own. A file says itself
    what was done: only `_BESIDE` may stand beside it.
    """

    name: str
    group: Group = OWN
    file: str | None = None
    pressure: Pressure | None = None
    current: CurrentDensity | None = None
    half_cycle: Time | None = None
    time: Time | None = None
    between: tuple[Time, Time] | None = None
    outcome: Literal["survived", "short", "short before current", "contact lost"] | None = None
    temperature: Temperature = 298.15
    fabrication_pressure: Pressure | None = None
    area: Area | None = None
    thickness: Length | None = None

    @model_validator(mode="after")
    def _whole(self) -> StatedCell:
        if self.file is None:
            missing = [name for name in ("pressure", "outcome") if getattr(self, name) is None]
            if missing:
                raise ValueError(f"the cell has no '{missing[0]}'; expected it, or a 'file'")
            if self.time is None and self.between is None and self.outcome != "short before current":
                raise ValueError("the cell has no 'time'; expected how long it lived, or 'between' two times")
            if self.outcome == "contact lost" and not self.current:
                raise ValueError("contact is lost by stripping, and the cell has no 'current'; expected its 'current'")
        if self.current is not None and self.current < 0.0:
            raise ValueError("the current is negative; expected its size: it alternates")
        if self.between is not None and (self.outcome != "short" or self.between[0] > self.between[1]):
            raise ValueError("'between' goes with outcome 'short'; expected two times, the earlier first")
        if self.between is not None and self.time is not None:
            raise ValueError("the cell has both 'time' and 'between'; expected one of them")
        if self.time == 0.0 and self.outcome != "short before current":
            raise ValueError("the cell has a time of 0; expected one above 0, or outcome 'short before current'")
        return self


class Point(Noun):
    """Resistance, or overpotential at a current, under a pressure; `bound` where it is only a limit."""

    name: str | None = None
    group: Group = OWN
    pressure: Pressure
    highest_pressure: Pressure | None = None
    resistance: Resistances | None = None
    overpotential: Voltage | None = None
    current: CurrentDensity | None = None
    bound: Literal["at least", "at most"] | None = None
    temperature: Temperature = 298.15
    after: Time = 0.0
    area: Area | None = None
    thickness: Length | None = None

    @model_validator(mode="after")
    def _one_reading(self) -> Point:
        if (self.resistance is None) == (self.overpotential is None):
            raise ValueError("needs exactly one of 'resistance' and 'overpotential'")
        if self.overpotential is not None and self.current is None:
            raise ValueError("an 'overpotential' without its 'current'; expected both")
        if self.overpotential is not None and not self.overpotential * (self.current or 0.0) > 0.0:
            raise ValueError("'overpotential' and 'current' are not of one sign; expected both above 0")
        if self.highest_pressure is not None and self.highest_pressure < self.pressure:
            raise ValueError("'highest_pressure' is below 'pressure'; expected the highest so far")
        return self


class Critical(Noun):
    """A critical stripping current density of an electrode at a pressure; `bound` where it is only a limit.

    `highest_pressure` is that of the stack so far, `attached` a pressure from all sides that pressed lithium on.
    """

    name: str | None = None
    group: Group = OWN
    pressure: Pressure
    current: CurrentDensity
    bound: Literal["at least", "at most"] | None = None
    highest_pressure: Pressure | None = None
    attached: Pressure = 0.0
    temperature: Temperature = 298.15

    @model_validator(mode="after")
    def _highest(self) -> Critical:
        if self.highest_pressure is not None and self.highest_pressure < self.pressure:
            raise ValueError("'highest_pressure' is below 'pressure'; expected the highest so far")
        return self
