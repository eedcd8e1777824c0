"""What follows from a record: a named value with its evidence."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Finding:
    """A result with its unit, where it came from and how sure it is. `value` is None where it could not be had."""

    name: str
    value: float | None
    unit: str
    evidence: tuple[str, ...] = ()
    uncertainty: float | None = None
    uncertainty_from: str | None = None


@dataclass(frozen=True)
class Outcome:
    """How a test ended.

    `kind` is one of 'survived', 'short', 'short before current', 'contact lost', 'lithium spent', 'stalled'. Times in
    seconds: `time` since the start of the record, `cycling_time` since current first flowed (None before it did).
    Charges per area in C/m2 up to `time`: in the direction that carried more, and in both directions together.
    """

    kind: str
    time: float
    cycling_time: float | None
    charge: float
    charge_both: float
    pressure: float
    cause: str
    evidence: tuple[str, ...] = field(default=())

    @property
    def shorted(self) -> bool:
        """True if an electronic path formed."""
        return self.kind.startswith("short")

    def as_dict(self) -> dict[str, Any]:
        """Plain data that `Outcome(**data)` takes back."""
        return asdict(self) | {"evidence": list(self.evidence)}

    def as_json(self) -> dict[str, Any]:
        """Plain data for people and programs, with units in the keys."""
        return {
            "kind": self.kind,
            "cause": self.cause,
            "time_s": self.time,
            "cycling_time_s": self.cycling_time,
            "charge_one_direction_c_per_m2": self.charge,
            "charge_both_directions_c_per_m2": self.charge_both,
            "pressure_pa": self.pressure,
            "evidence": list(self.evidence),
        }
