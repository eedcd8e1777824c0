"""What stands behind and beside the verbs of a protocol: currents, limits, sweeps of frequency."""

from __future__ import annotations

import re
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from lithostat.experiment.errors import InputError, short
from lithostat.experiment.parts import Noun, Pressure, Time
from lithostat.experiment.quantity import parse, reader, show

Voltage = Annotated[float, BeforeValidator(reader("voltage"))]
ArealCharge = Annotated[float, BeforeValidator(reader("areal_charge"))]
Frequency = Annotated[float, BeforeValidator(reader("frequency"))]
LEAST_CURRENT, LEAST_DENSITY = 1e-12, 1e-8  # [A], [A/m2]; less than that is a slip of the pen


class Current(Noun):
    """A current as a person writes it: a density [A/m2], with `absolute` in A, with `c_rate` in 1/h of a capacity."""

    value: float
    absolute: bool = False
    c_rate: bool = False

    @model_validator(mode="before")
    @classmethod
    def _from_words(cls, data: object) -> object:
        return data if isinstance(data, dict) else read_current("current", data)


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


_C_RATE = re.compile(r"\s*(?:C\s*/\s*(\d+\.?\d*)|(\d*\.?\d*)\s*C)\s*")


def read_current(verb: str, value: object) -> dict[str, Any]:
    """A current as the fields of `Current`; a C-rate too, but behind 'plate' and 'strip'."""
    rated = isinstance(value, str) and len(value) <= 40 and verb not in ("plate", "strip")  # more is no rate
    rate = _C_RATE.fullmatch(str(value)) if rated else None
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
