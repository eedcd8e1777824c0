"""The protocol: what is done to a cell, as a list of steps in the words of the lab.

steps:
  - press: 25 MPa            # fabrication: no current, lithium conforms
    for: 1 min
  - release: 5 MPa
  - rest: 10 min
  - measure_impedance: {from: 1 MHz, to: 0.1 Hz}
  - repeat: 500
    steps:
      - plate: 75 uA/cm2     # onto electrode 1
        for: 1 h
      - strip: 75 uA/cm2     # back
        for: 1 h
        until: {voltage: 0.5 V}

A full cell is charged and discharged, to limits of its terminal voltage:

  - charge: C/10               # or a current; a C-rate needs the cathode's stated specific capacity
    until: {voltage: 4.3 V}
  - hold_voltage: 4.3 V
    until: {current: C/50}
  - discharge: C/10
    until: {voltage: 2.5 V}
"""

from __future__ import annotations

import re
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from lithostat.experiment.errors import InputError, nearest, short
from lithostat.experiment.parts import Noun, Pressure, Time
from lithostat.experiment.quantity import parse, reader, show

Temperature = Annotated[float, BeforeValidator(reader("temperature"))]
Voltage = Annotated[float, BeforeValidator(reader("voltage"))]
ArealCharge = Annotated[float, BeforeValidator(reader("areal_charge"))]
Frequency = Annotated[float, BeforeValidator(reader("frequency"))]

PRESSURE_VERBS = ("press", "release", "set_pressure")
WAITING_VERBS = ("hold", "rest")
CURRENT_VERBS = ("plate", "strip")  # of a symmetric cell
CHARGE_VERBS = ("charge", "discharge")  # of a full cell
FULL_VERBS = (*CHARGE_VERBS, "hold_voltage")
VERBS = (*PRESSURE_VERBS, *WAITING_VERBS, *CURRENT_VERBS, *FULL_VERBS, "measure_impedance", "set_temperature", "repeat")
BESIDE = ("for", "until", "steps")  # keys that stand beside a verb
MOST_STEPS = 200_000
MOST_NESTED = 6
LEAST_CURRENT, LEAST_DENSITY = 1e-12, 1e-8  # [A], [A/m2]; less than that is a slip of the pen


class Current(Noun):
    """A current as a person writes it: a density [A/m2], with `absolute` in A, with `c_rate` in 1/h of a capacity."""

    value: float
    absolute: bool = False
    c_rate: bool = False

    @model_validator(mode="before")
    @classmethod
    def _from_words(cls, data: Any) -> Any:
        return data if isinstance(data, dict) else _current("current", data)


class Limits(Noun):
    """What ends a step (or a repeat) early: whichever comes first.

    Voltage counts in the direction of the current for 'plate' and 'strip'; for 'charge' and 'discharge' it is that
    between the terminals, reached from below or from above. `current` ends a held voltage, reached from above in size.
    """

    time: Time | None = None
    charge: ArealCharge | None = None
    voltage: Voltage | None = None
    pressure_above: Pressure | None = None
    pressure_below: Pressure | None = None
    current: Current | None = None

    @model_validator(mode="after")
    def _counts_with_the_current(self) -> Limits:
        if self.voltage is not None and self.voltage <= 0.0:
            raise ValueError(
                f"received a voltage limit of {show(self.voltage, 'voltage')}; expected one above 0: it counts in the "
                "direction of the current, for 'strip' as for 'plate'"
            )
        return self


class Sweep(Noun):
    """Frequencies of an impedance measurement, from high to low."""

    start: Frequency = Field(1e6, alias="from")
    stop: Frequency = Field(0.1, alias="to")
    points_per_decade: int = Field(10, ge=1, le=100)

    @model_validator(mode="after")
    def _falls(self) -> Sweep:
        if self.stop >= self.start:
            raise ValueError("'to' is not below 'from'; expected a sweep from high to low frequency")
        return self

    @property
    def frequencies(self) -> np.ndarray:
        """From high to low, evenly in their logarithm [Hz]."""
        decades = np.log10(self.start / self.stop)
        return np.logspace(np.log10(self.start), np.log10(self.stop), round(decades * self.points_per_decade) + 1)


class Step(Noun):
    """One step: a verb with its value, how long, and what ends it early."""

    verb: str
    value: Any = None  # SI float; a number of times for 'repeat'; a Sweep for 'measure_impedance'
    absolute: bool = False  # a current in A, where False is a current density in A/m2
    c_rate: bool = False  # a current in 1/h of the stated capacity
    duration: Time | None = Field(None, alias="for")
    until: Limits = Field(default_factory=Limits)
    steps: tuple[Step, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _from_words(cls, data: Any, info: Any) -> Any:
        if not isinstance(data, dict):
            raise ValueError(f"received {data!r}; expected a step like 'rest: 10 min'")
        if (info.context or {}).get("si"):  # a record's own protocol, read back
            sweep = data.get("verb") == "measure_impedance"
            return data | {"value": Sweep.from_dict(data["value"], si=True)} if sweep else data
        data = {str(key).replace(" ", "_"): value for key, value in data.items()}  # 'set pressure' is a word too
        verbs = [key for key in data if key in VERBS]
        if len(verbs) != 1:
            strange = [key for key in data if key not in (*VERBS, *BESIDE)]
            if strange:
                raise ValueError(
                    f"unknown key '{strange[0]}'{nearest(strange[0], (*VERBS, *BESIDE))}; "
                    f"expected one of {', '.join(VERBS)}"
                )
            raise ValueError(
                f"received {len(verbs)} verbs ({', '.join(verbs) or 'none'}); expected one of {', '.join(VERBS)}"
            )
        return _worded(verbs[0], data)

    @model_validator(mode="after")
    def _complete(self) -> Step:
        if (
            self.verb in CURRENT_VERBS
            and self.duration is None
            and self.until.time is None
            and self.until.charge is None
        ):
            raise ValueError(
                f"'{self.verb}' may never end; expected 'for' or a limit on time or charge "
                "(a voltage may never be reached)"
            )
        if self.verb in FULL_VERBS:
            self._comes_to_an_end()
        elif self.until.current is not None:
            raise ValueError(f"a current limit has no meaning for '{self.verb}'; expected it beside 'hold_voltage'")
        if self.verb == "repeat" and not self.steps:
            raise ValueError("'repeat' has no 'steps'")
        flowing = (*CURRENT_VERBS, *CHARGE_VERBS, "repeat")
        if self.verb not in flowing and self.until.charge is not None:
            raise ValueError(f"a charge limit has no meaning for '{self.verb}'")
        if self.verb not in flowing and self.until.voltage is not None:
            raise ValueError(f"a voltage limit has no meaning for '{self.verb}'")
        return self

    def _comes_to_an_end(self) -> None:
        """Refuse a step of a full cell that nothing ends, or that its limits contradict."""
        until, timed = self.until, (self.duration, self.until.time) != (None, None)
        if self.verb == "hold_voltage":
            if not timed and until.current is None:
                raise ValueError("'hold_voltage' may never end; expected 'for' or a limit on the current")
        elif until.current is not None:
            raise ValueError(f"a current limit has no meaning for '{self.verb}'; expected it beside 'hold_voltage'")
        elif not timed and until.charge is None and until.voltage is None:
            raise ValueError(f"'{self.verb}' may never end; expected 'for' or a limit on time, charge or voltage")

    @property
    def longest(self) -> float:
        """Longest time the step can take by its own clock [s]; infinite if only charge ends it."""
        limits = [t for t in (self.duration, self.until.time) if t is not None]
        return min(limits) if limits else (float("inf") if self.verb in CURRENT_VERBS else 0.0)


def _worded(verb: str, data: dict[str, Any]) -> dict[str, Any]:
    """The step as written, as the fields of `Step`."""
    allowed = {
        **dict.fromkeys(PRESSURE_VERBS, ("for", "until")),
        **dict.fromkeys(WAITING_VERBS, ("until",)),
        **dict.fromkeys((*CURRENT_VERBS, *FULL_VERBS), ("for", "until")),
        "measure_impedance": (),
        "set_temperature": ("for",),
        "repeat": ("until", "steps"),
    }[verb]
    for key in data:
        if key != verb and key not in allowed:
            raise ValueError(
                f"unknown key '{key}'{nearest(key, allowed)}; "
                f"expected, beside '{verb}', {' or '.join(allowed) or 'nothing'}"
            )
    inner = data.get("steps", [])
    if not isinstance(inner, (list, tuple)):
        raise ValueError(f"received {inner!r} as 'steps'; expected a list of steps")
    step: dict[str, Any] = {"verb": verb, "until": data.get("until") or {}, "steps": tuple(inner)}
    if "for" in data:
        step["for"] = data["for"]
    return step | _value(verb, data[verb])


def _value(verb: str, value: Any) -> dict[str, Any]:
    """The value behind a verb, parsed as what the verb expects."""
    try:
        if verb in PRESSURE_VERBS:
            return {"value": parse(value, "pressure")}
        if verb in WAITING_VERBS:
            parse(value, "time")  # for an error that names the verb
            return {"for": value}
        if verb == "set_temperature":
            return {"value": parse(value, "temperature")}
        if verb in (*CURRENT_VERBS, *CHARGE_VERBS):
            return _current(verb, value)
        if verb == "hold_voltage":
            return {"value": parse(value, "voltage")}
    except InputError as error:
        raise ValueError(f"{verb}: {error}") from None
    if verb == "measure_impedance":
        return {"value": _sweep(value)}
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"repeat: received {value!r}; expected a whole number of times, at least 1")
    if value > 1_000_000_000:
        raise ValueError(
            f"repeat: received a number of {len(str(value))} digits; expected at most {MOST_STEPS} steps in all"
        )
    return {"value": value}


def _sweep(value: Any) -> Sweep:
    try:
        return Sweep.from_dict(value if value is not None else {})
    except InputError as error:
        raise ValueError(f"measure_impedance: {error}") from None


_C_RATE = re.compile(r"\s*(?:C\s*/\s*(\d+\.?\d*)|(\d*\.?\d*)\s*C)\s*")


def _current(verb: str, value: Any) -> dict[str, Any]:
    short_text = isinstance(value, str) and len(value) <= 40  # more is no rate
    rate = _C_RATE.fullmatch(value) if short_text and verb not in CURRENT_VERBS else None
    if rate is not None:
        slow, fast = float(rate[1] or 0.0), float(rate[2] or 1.0)
        per_hour = 1.0 / slow if slow else 0.0 if rate[1] else fast
        if not 1e-6 <= per_hour <= 1e4:
            raise InputError(
                f"received {short(value)}", expected="a C-rate between 1e-6 and 1e4, like 'C/10' or '0.1C'"
            )
        return {"value": per_hour, "c_rate": True}
    try:
        parsed, absolute = parse(value, "current_density"), False
    except InputError as error:
        try:
            parsed, absolute = parse(value, "current"), True
        except InputError:
            raise error from None
    if parsed < (LEAST_CURRENT if absolute else LEAST_DENSITY):
        raise InputError(
            f"received {short(value)}", expected=f"a current above 0; the direction is in the word '{verb}'"
        )
    return {"value": parsed, "absolute": absolute}


class Protocol(Noun):
    """A list of steps at a temperature. `after_short` is how long the test goes on once the cell has shorted."""

    name: str = "protocol"
    temperature: Temperature = 298.15
    after_short: Time = 7200.0
    steps: tuple[Step, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ends(self) -> Protocol:
        if _depth(self.steps) > MOST_NESTED:
            raise ValueError(f"repeats are nested {_depth(self.steps) - 1} deep; expected at most {MOST_NESTED - 1}")
        count = _count(self.steps)
        if count > MOST_STEPS:
            raise ValueError(
                f"unrolls to {count:.3g} steps; expected at most {MOST_STEPS}: use fewer repeats or longer steps"
            )
        _check_pressures(self.steps, 0.0)
        return self


def _count(steps: tuple[Step, ...]) -> int:
    return sum(step.value * _count(step.steps) if step.verb == "repeat" else 1 for step in steps)


def _check_pressures(steps: tuple[Step, ...], present: float) -> float:
    """Follow the set pressure through the steps; 'press' must raise it and 'release' must lower it."""
    for number, step in enumerate(steps, 1):
        if step.verb == "press" and step.value < present:
            raise ValueError(_wrong_way(number, step, present, "release"))
        if step.verb == "release" and step.value > present:
            raise ValueError(_wrong_way(number, step, present, "press"))
        if step.verb in PRESSURE_VERBS:
            present = step.value
        if step.verb == "repeat":
            for _ in range(min(step.value, 2)):  # the second pass starts where the first ended
                present = _check_pressures(step.steps, present)
    return present


def _wrong_way(number: int, step: Step, present: float, better: str) -> str:
    to, after = show(step.value, "pressure"), show(present, "pressure")
    return f"steps[{number}]: {step.verb} to {to} comes after {after}; expected '{better}' or 'set_pressure'"


def _depth(steps: tuple[Step, ...]) -> int:
    return 1 + max((_depth(step.steps) for step in steps if step.verb == "repeat"), default=0)
