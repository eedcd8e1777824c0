"""Words of a protocol that say several things at once: how lithium was attached, and a ramp of current or pressure."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from lithostat.experiment.parts import Noun, Pressure, Time
from lithostat.experiment.quantity import reader, show

ArealCharge = Annotated[float, BeforeValidator(reader("areal_charge"))]
Density = Annotated[float, BeforeValidator(reader("current_density"))]
MOST_VALUES = 10_000
QUANTITY = {"current": "current_density", "pressure": "pressure"}
SLACK = 1e-9  # of a step, by which rounding may miss the last value


class Attach(Noun):
    """Lithium pressed on before the cell is put into its fixture: `pressure` [Pa] for `duration` [s].

    'isostatic' pressing (in a bag, in a fluid) makes the contact conform and loads no flaw; 'uniaxial' pressing is a
    stack pressure while it lasts. There is no stack pressure after either.
    """

    pressure: Pressure
    kind: Literal["isostatic", "uniaxial"]
    duration: Time = Field(alias="for")


class Ramp(Noun):
    """Values of a current density or a stack pressure, one after another, to find the one that the cell cannot bear.

    `of` says what rises; values run `from` one `to` another by a `step` or a `factor`, both ends included where they
    fit. At each value the cell goes `cycles` times through a half-cycle of `charge` or of time (`for`) one way, and
    back: with `way` 'alternating' at the same current, with 'plate' or 'strip' at the current `back`, or not at all. A
    ramp of pressure has one `current`, or none.
    """

    of: Literal["current", "pressure"]
    start: float = Field(alias="from")
    stop: float = Field(alias="to")
    step: float | None = None
    factor: float | None = None
    charge: ArealCharge | None = None
    duration: Time | None = Field(None, alias="for")
    way: Literal["alternating", "plate", "strip"] = "alternating"
    back: Density | None = None
    current: Density | None = None
    cycles: int = Field(1, ge=1, le=1000)

    @model_validator(mode="before")
    @classmethod
    def _read_values(cls, data: object, info: ValidationInfo) -> object:
        """Read `from`, `to` and `step` as what `of` says they are."""
        if not isinstance(data, dict) or data.get("of") not in QUANTITY:
            return data
        read, given = reader(QUANTITY[data["of"]]), dict(data)
        for key in ("from", "to", "step"):
            if given.get(key) is not None:
                try:
                    given[key] = read(given[key], info)
                except ValueError as error:
                    raise ValueError(f"{key}: {error}") from None
        return given

    @model_validator(mode="after")
    def _makes_sense(self) -> Ramp:
        _one_of("step", self.step, "factor", self.factor)
        flowing = self.flowing
        if flowing or self.charge is not None:
            _one_of("charge", self.charge, "for", self.duration)
        elif self.duration is None:
            raise ValueError("a ramp of pressure without current has no 'for'; expected the time at each pressure")
        if not flowing and self.charge is not None:
            raise ValueError("a ramp of pressure has a 'charge' and no 'current'; expected both, or a time ('for')")
        if self.of == "current" and self.current is not None:
            raise ValueError("'current' has no meaning in a ramp of current; expected 'from' and 'to'")
        if self.back is not None and (self.way == "alternating" or not flowing):
            raise ValueError("'back' has no meaning here; expected it beside 'way: plate' or 'way: strip'")
        if 0.0 in (self.charge, self.duration, self.back, self.current) or (self.of == "current" and self.start == 0.0):
            raise ValueError("a charge, time or current of 0 does nothing; expected one above 0")
        self._comes_to_an_end()
        return self

    def _comes_to_an_end(self) -> None:
        ends = " to ".join(show(end, QUANTITY[self.of]) for end in (self.start, self.stop))
        if self.stop == self.start or (self.of == "current" and self.stop < self.start):
            raise ValueError(f"runs from {ends}; expected {'a rising current' if self.of == 'current' else 'two ends'}")
        if self.step is not None and self.step <= 0.0:
            raise ValueError("received a 'step' that is not above 0; expected its size: the direction is in the ends")
        if self.factor is not None and not (1.0 < self.factor < math.inf and min(self.start, self.stop) > 0.0):
            raise ValueError(f"a 'factor' of {self.factor:.4g} from {ends}; expected one above 1 and ends above 0")
        if self.count > MOST_VALUES:
            raise ValueError(f"has {self.count:.3g} values; expected at most {MOST_VALUES}: a larger step or factor")

    @property
    def flowing(self) -> bool:
        """Whether a current flows."""
        return self.of == "current" or self.current is not None

    @property
    def count(self) -> float:
        """How many values there are."""
        if self.factor is not None:
            length = abs(math.log(self.stop / self.start)) / math.log(self.factor)
        else:
            assert self.step is not None
            length = abs(self.stop - self.start) / self.step
        return math.floor(length + SLACK) + 1 if length < 1e12 else length

    @property
    def values(self) -> tuple[float, ...]:
        """The values in their order [A/m2 or Pa]."""
        sign = 1.0 if self.stop > self.start else -1.0
        if self.factor is not None:
            return tuple(self.start * self.factor ** (sign * k) for k in range(int(self.count)))
        step = sign * (self.step or 0.0)
        return tuple(self.start + k * step for k in range(int(self.count)))

    @property
    def steps_each(self) -> int:
        """Steps that each value becomes."""
        if not self.flowing:
            return 1
        both_ways = self.way == "alternating" or self.back is not None
        return self.cycles * (2 if both_ways else 1) + (self.of == "pressure")


def _one_of(one: str, first: object, other: str, second: object) -> None:
    if (first is None) == (second is None):
        raise ValueError(f"needs exactly one of '{one}' and '{other}'")
