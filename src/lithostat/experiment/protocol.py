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

Lithium may be attached before there is any stack pressure, and a ramp finds the current that the cell cannot bear:

  - attach: {pressure: 265 MPa, kind: isostatic, for: 10 min}
  - ramp: {of: current, from: 0.1 mA/cm2, to: 1.8 mA/cm2, step: 0.1 mA/cm2, charge: 0.3 mAh/cm2}
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from lithostat.experiment.errors import InputError, nearest
from lithostat.experiment.parts import Noun, Time
from lithostat.experiment.quantity import parse, reader, show
from lithostat.experiment.ramp import Attach, Ramp
from lithostat.experiment.words import Limits, Sweep, read_current

Temperature = Annotated[float, BeforeValidator(reader("temperature"))]

PRESSURE_VERBS = ("press", "release", "set_pressure")
WAITING_VERBS = ("hold", "rest")
CURRENT_VERBS = ("plate", "strip")  # of a symmetric cell
CHARGE_VERBS = ("charge", "discharge")  # of a full cell
FULL_VERBS = (*CHARGE_VERBS, "hold_voltage")
NOUNS: dict[str, type[Sweep] | type[Attach] | type[Ramp]] = {  # verbs whose value says several things
    "measure_impedance": Sweep,
    "attach": Attach,
    "ramp": Ramp,
}
VERBS = (*PRESSURE_VERBS, *WAITING_VERBS, *CURRENT_VERBS, *FULL_VERBS, *NOUNS, "set_temperature", "repeat")
BESIDE = ("for", "until", "steps")  # keys that stand beside a verb
MOST_STEPS = 200_000
MOST_NESTED = 6


class Step(Noun):
    """One step: a verb with its value, how long, and what ends it early."""

    verb: str
    value: Any = None  # SI float; a number of times for 'repeat'; one of `NOUNS'
    absolute: bool = False  # a current in A, where False is a current density in A/m2
    c_rate: bool = False  # a current in 1/h of the stated capacity
    duration: Time | None = Field(None, alias="for")
    until: Limits = Field(default_factory=Limits)
    steps: tuple[Step, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _from_words(cls, data: object, info: ValidationInfo) -> object:
        if not isinstance(data, dict):
            raise ValueError(f"received {data!r}; expected a step like 'rest: 10 min'")
        if (info.context or {}).get("si"):  # a record's own protocol, read back
            noun = NOUNS.get(data.get("verb", ""))
            return data | {"value": noun.from_dict(data["value"], si=True)} if noun else data
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
        if self.verb not in (*flowing, "ramp") and self.until.voltage is not None:
            raise ValueError(f"a voltage limit has no meaning for '{self.verb}'")
        if self.verb == "ramp":
            self._ramps()
        return self

    def _ramps(self) -> None:
        """Refuse limits that a ramp does not have."""
        until = self.until
        if (until.time, until.pressure_above, until.pressure_below) != (None, None, None):
            raise ValueError("a ramp has no limit but a voltage; expected its ends, 'charge' or 'for' to say the rest")
        if until.voltage is not None and not self.value.flowing:
            raise ValueError("a ramp without current has no voltage limit; expected 'current' in it")

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
        "attach": (),
        "ramp": ("until",),
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


def _value(verb: str, value: object) -> dict[str, Any]:
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
            return read_current(verb, value)
        if verb == "hold_voltage":
            return {"value": parse(value, "voltage")}
    except InputError as error:
        raise ValueError(f"{verb}: {error}") from None
    if verb in NOUNS:
        return {"value": _noun(verb, value)}
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"repeat: received {value!r}; expected a whole number of times, at least 1")
    if value > 1_000_000_000:
        raise ValueError(
            f"repeat: received a number of {len(str(value))} digits; expected at most {MOST_STEPS} steps in all"
        )
    return {"value": value}


def _noun(verb: str, value: Any) -> Sweep | Attach | Ramp:
    try:
        return NOUNS[verb].from_dict(value if value is not None else {})
    except InputError as error:
        raise ValueError(f"{verb}: {error}") from None


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
        _check_attachment(self.steps)
        return self


def _count(steps: tuple[Step, ...]) -> float:
    return sum(_count_of(step) for step in steps)


def _count_of(step: Step) -> float:
    if step.verb == "ramp":
        return float(step.value.count * step.value.steps_each)
    return step.value * _count(step.steps) if step.verb == "repeat" else 1


def _check_pressures(steps: tuple[Step, ...], present: float) -> float:
    """Follow the set pressure through the steps; 'press' must raise it and 'release' must lower it."""
    for number, step in enumerate(steps, 1):
        if step.verb == "press" and step.value < present:
            raise ValueError(_wrong_way(number, step, present, "release"))
        if step.verb == "release" and step.value > present:
            raise ValueError(_wrong_way(number, step, present, "press"))
        if step.verb in PRESSURE_VERBS:
            present = step.value
        if step.verb == "ramp" and step.value.of == "pressure":
            present = step.value.values[-1]
        if step.verb == "attach" and present > 0.0:
            raise ValueError(
                f"steps[{number}]: attach comes while a stack pressure of {show(present, 'pressure')} acts; expected "
                "it before the cell is in its fixture"
            )
        if step.verb == "repeat":
            for _ in range(min(step.value, 2)):  # the second pass starts where the first ended
                present = _check_pressures(step.steps, present)
    return present


def _check_attachment(steps: tuple[Step, ...]) -> None:
    """Attachment is done once, before current flows; neither it nor a ramp is repeated."""
    flowed = False
    for number, step in enumerate(steps, 1):
        inside = {inner.verb for inner in _inside(step.steps)}
        for word in ("attach", "ramp"):
            if word in inside:
                raise ValueError(f"steps[{number}]: '{word}' stands in a repeat; expected it outside of one")
        if step.verb == "attach" and flowed:
            raise ValueError(f"steps[{number}]: attach comes after current has flowed; expected it before")
        flowed = flowed or bool({step.verb, *inside} & {*CURRENT_VERBS, *FULL_VERBS, "ramp"})


def _inside(steps: tuple[Step, ...]) -> list[Step]:
    return [inner for step in steps for inner in (step, *_inside(step.steps))]


def _wrong_way(number: int, step: Step, present: float, better: str) -> str:
    to, after = show(step.value, "pressure"), show(present, "pressure")
    return f"steps[{number}]: {step.verb} to {to} comes after {after}; expected '{better}' or 'set_pressure'"


def _depth(steps: tuple[Step, ...]) -> int:
    return 1 + max((_depth(step.steps) for step in steps if step.verb == "repeat"), default=0)
