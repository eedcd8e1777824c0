"""What a `rig.yaml` holds: which devices and files belong to which cell, what they may do, and what is done then."""

from __future__ import annotations

import math
import re
from pathlib import Path, PurePath
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from lithostat.experiment import document
from lithostat.experiment.errors import InputError
from lithostat.experiment.parts import Area, Noun, Time
from lithostat.experiment.quantity import parse, reader
from lithostat.rig.limits import CHANNELS, Limit

SHELLS = ("sh", "bash", "dash", "zsh", "fish", "ksh", "csh", "tcsh", "cmd", "powershell", "pwsh", "busybox", "env")
Force = Annotated[float, BeforeValidator(reader("force"))]
PER_UNIT = {"N": 1.0, "kN": 1e3, "kg": 9.80665}


def _argv(value: Any) -> Any:
    if not isinstance(value, list) or not value or not all(isinstance(word, str) and word for word in value):
        raise ValueError(f"received {value!r:.60}; expected a list of words like [notify-send, it tripped]")
    name = re.split(r"[/\\]", value[0])[-1].lower().removesuffix(".exe")
    if name in SHELLS:
        raise ValueError(
            f"received the shell '{name}'; expected a program and its words: a text for a shell can do anything"
        )
    return value


class Port(Noun):
    """A serial line, by a name that stays ('/dev/serial/by-id/...')."""

    port: str
    baud: int = Field(default=115200, ge=300, le=4_000_000)


class Device(Port):
    """A device that prints lines: `line` is a pattern with a named group for each channel and perhaps `time`."""

    line: str
    ask: str = ""
    every: Time = 1.0
    dtr: Literal["low", "high"] = "low"
    patience: Time = 5.0

    @field_validator("line")
    @classmethod
    def _pattern(cls, value: str, _info: ValidationInfo) -> str:
        try:
            groups = re.compile(value).groupindex
        except re.error as error:
            raise ValueError(f"is no pattern ({error}); expected one like '(?P<load>[-+.0-9]+)'") from None
        unknown = set(groups) - {"load", "celsius", "time"}
        if unknown or not set(groups) & {"load", "celsius"}:
            raise ValueError(
                f"has the groups {sorted(groups)}; expected (?P<load>...), (?P<celsius>...) or (?P<time>...)"
            )
        return value


class Point(Noun):
    """What the device prints under a known load."""

    raw: float
    load: Force


class LoadCellDevice(Device):
    """The load cell: what it prints, and what that is in newtons.

    Either `unit` says that it prints newtons, or `points` under known loads do, or `calibration` names the file that
    `lithostat watch calibrate` keeps them in. `zero` is what it prints without load, where that is known better.
    """

    unit: Literal["N", "kN", "kg"] | None = None
    points: tuple[Point, ...] = ()
    calibration: str | None = None
    zero: float | None = None
    lowest: float = -math.inf
    highest: float = math.inf
    warm_up: Time = 0.0
    zero_per_kelvin: float = 0.0
    span_per_kelvin: float = 0.0
    area: Area | None = None

    @model_validator(mode="after")
    def _one_way(self) -> LoadCellDevice:
        ways = [self.unit is not None, bool(self.points), self.calibration is not None]
        if sum(ways) != 1:
            raise ValueError(
                "nothing, or more than one key, says what its numbers are; expected one of 'unit', 'points' and "
                "'calibration'"
            )
        if "load" not in re.compile(self.line).groupindex:
            raise ValueError("the pattern of a load cell has no group 'load'; expected (?P<load>...)")
        return self


class Cycler(Noun):
    """The files of the cycler: a pattern of names beside the rig.yaml, and how often they are looked at."""

    files: str
    every: Time = 10.0
    busy_longer_than: Time = 300.0
    read_as: str | None = None


class StatedLimit(Noun):
    """A limit as a person writes it; the values have the unit of the channel."""

    name: str
    channel: Literal["pressure", "temperature", "voltage", "current"]
    low: str | None = None
    high: str | None = None
    hold: Time = 0.0
    hysteresis: str | None = None
    stale: Time | None = None
    stuck: Time | None = None
    jump: str | None = None
    trip: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> StatedLimit:
        try:
            limit = self.limit()
        except InputError as error:
            raise ValueError(str(error)) from None
        if not limit.low < limit.high:
            raise ValueError("'low' is not below 'high'; expected a range that a value can lie in")
        return self

    def limit(self, stale: float = 10.0) -> Limit:
        """The same in SI; `stale` is what holds where nobody said it [s]."""
        quantity = CHANNELS[self.channel]

        def value(text: str | None, otherwise: float) -> float:
            return otherwise if text is None else parse(text, quantity)

        def width(text: str | None, otherwise: float) -> float:
            """A difference of the channel's quantity: '2 K' of a temperature."""
            if text is None:
                return otherwise
            return (
                parse(text, "temperature_uncertainty") if self.channel == "temperature" else abs(parse(text, quantity))
            )

        return Limit(
            self.name,
            self.channel,
            value(self.low, -math.inf),
            value(self.high, math.inf),
            self.hold,
            width(self.hysteresis, 0.0),
            stale if self.stale is None else self.stale,
            math.inf if self.stuck is None else self.stuck,
            width(self.jump, math.inf),
            self.trip,
        )


class Confirmed(Noun):
    """By which reading an action is known to have worked: a channel `below` or `above` a value `within` a time."""

    channel: Literal["pressure", "temperature", "voltage", "current"]
    below: str | None = None
    above: str | None = None
    within: Time

    @model_validator(mode="after")
    def _one_side(self) -> Confirmed:
        if (self.below is None) == (self.above is None):
            raise ValueError("expected one of 'below' and 'above'")
        return self

    def met(self, value: float) -> bool:
        """Whether a reading [SI] confirms it."""
        quantity = CHANNELS[self.channel]
        if self.below is not None:
            return value < parse(self.below, quantity)
        return value > parse(str(self.above), quantity)


class Text(Port):
    """Text that is sent to a serial device."""

    text: str


class StatedAction(Noun):
    """What is done at a trip: a program with its words, or a text to a device; and how it is confirmed."""

    command: Annotated[tuple[str, ...] | None, BeforeValidator(lambda v: v if v is None else tuple(_argv(v)))] = None
    serial: Text | None = None
    confirm: Confirmed | None = None

    @model_validator(mode="after")
    def _one(self) -> StatedAction:
        if (self.command is None) == (self.serial is None):
            raise ValueError("expected one of 'command' and 'serial'")
        return self


class Heartbeat(Text):
    """Text that a relay must get every so often, or it opens; sent by the loop that judges, while armed."""

    every: Time = 0.5


class WatchedCell(Noun):
    """One cell on the rig; `note` is its cell.yaml, beside the rig.yaml."""

    name: str
    note: str | None = None
    cycler: Cycler | None = None
    load_cell: LoadCellDevice | None = None
    thermometer: Device | None = None
    limits: tuple[StatedLimit, ...] = ()
    on_trip: tuple[StatedAction, ...] = ()

    @model_validator(mode="after")
    def _something(self) -> WatchedCell:
        if self.cycler is None and self.load_cell is None and self.thermometer is None:
            raise ValueError("has nothing that could be watched; expected 'cycler', 'load_cell' or 'thermometer'")
        names = [limit.name for limit in self.limits]
        if len(set(names)) < len(names):
            raise ValueError("two limits share a name; expected each once")
        return self


class Rig(Noun):
    """Everything that one watch looks after."""

    name: str
    cells: tuple[WatchedCell, ...] = Field(min_length=1)
    heartbeat: Heartbeat | None = None

    @model_validator(mode="after")
    def _apart(self) -> Rig:
        folders = [folder_name(cell.name) for cell in self.cells]
        if len(set(folders)) < len(folders):
            raise ValueError("two cells share a name; expected each once")
        return self


def folder_name(name: str) -> str:
    """What a cell's folder is called."""
    made = re.sub(r"[^A-Za-z0-9+_-]+", "_", name).strip("_")[:80]
    return made or "cell"


def read_rig(path: str | Path) -> Rig:
    """Read a rig.yaml; a fault raises `InputError` with file, line and place."""
    return document.read(path).build(Rig)


def beside(rig_path: Path, name: str) -> str:
    """A path as the rig.yaml means it: from its own folder, unless it is a whole one."""
    return name if PurePath(name).is_absolute() else str(rig_path.parent / name)
