"""What follows from a record: a named value with its evidence; how a test ended; a warning with its kind."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from lithostat.experiment.quantity import show
from lithostat.experiment.ramp import QUANTITY


class Caution(str):
    """A warning: a sentence for people that also knows its kind, `code`, in a few words with hyphens, for programs.

    It is a `str`, so that it goes wherever sentences go; written to a file it is one, and its code is lost.
    """

    code: str

    def __new__(cls, code: str, sentence: str) -> Caution:
        """A sentence with its code."""
        made = super().__new__(cls, sentence)
        made.code = code
        return made

    def __reduce__(self) -> tuple[type[Caution], tuple[str, str]]:
        """What copies and pickles are made of."""
        return type(self), (self.code, str(self))


@dataclass(frozen=True)
class Finding:
    """A result with its unit, its formula, where it came from and how sure it is.

    `value` is None where it could not be had; `evidence` then says why.
    """

    name: str
    value: float | None
    unit: str
    evidence: tuple[str, ...] = ()
    uncertainty: float | None = None
    uncertainty_from: str | None = None
    formula: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain data for people and programs."""
        return asdict(self) | {"evidence": list(self.evidence)}


# What a test can end in. A simulation knows the first six; the others are for calls on a lab's record.
KINDS = {
    "survived": "the protocol came to its end without a short",
    "short": "an electronic path formed",
    "short before current": "an electronic path was there before any current: mechanical, at once",
    "contact lost": "resistance rose until the cell could not be cycled; not a short",
    "lithium spent": "one electrode was stripped of all its lithium",
    "stalled": "the integrator could not go on",
    "hard short": "an electronic path formed at once and stayed",
    "soft short": "an electronic path formed and stayed without becoming hard",
    "soft short, recovered": "an electronic path formed and went away",
    "soft then hard short": "an electronic path formed softly and became hard",
    "censored": "the record ends without a short: the cell lived at least that long",
    "unknown": "the record cannot say",
}


_GROUPS = {
    "survived": "lived",
    "censored": "lived",
    "contact lost": "contact lost",
    "lithium spent": "lithium spent",
    "stalled": "not known",
    "unknown": "not known",
}

TONES = {"short": "bad", "contact lost": "bad", "lithium spent": "bad", "lived": "good"}  # of a group, on pages


def group_of(kind: str) -> str:
    """What an outcome means for the cell: 'short', 'contact lost', 'lithium spent', 'lived' or 'not known'.

    `kind` is one of `KINDS`; another raises `ValueError`.
    """
    if kind not in KINDS:
        raise ValueError(f"'{kind}' is no kind of outcome; expected one of {', '.join(KINDS)}")
    return _GROUPS.get(kind, "short")


@dataclass(frozen=True)
class Critical:
    """Where a ramp of current [A/m2] or pressure [Pa] (`of`) met its end: between two of its values.

    `borne` is the last value that the cell went through, None if it failed at the first; `failed` the one at which it
    failed, None if it bore them all. A ramp of pressure may fall.
    """

    of: str
    borne: float | None
    failed: float | None

    @property
    def value(self) -> float | None:
        """The middle of the two; None where one of them is not known."""
        return None if self.borne is None or self.failed is None else 0.5 * (self.borne + self.failed)

    @property
    def sentence(self) -> str:
        """Between which values it lies, as a person says it."""
        quantity = QUANTITY[self.of]
        borne, failed = (None if end is None else show(end, quantity) for end in (self.borne, self.failed))
        if failed is None:
            return f"not reached at {borne}" if borne else "not reached"
        return f"not even {failed}" if borne is None else f"between {borne} and {failed}"

    def as_json(self) -> dict[str, Any]:
        """Plain data with units in the keys."""
        unit = "a_per_m2" if self.of == "current" else "pa"
        return {
            "of": self.of,
            f"value_{unit}": self.value,
            f"borne_{unit}": self.borne,
            f"failed_{unit}": self.failed,
        }


@dataclass(frozen=True)
class Outcome:
    """How a test ended.

    `kind` is one of `KINDS`. Times in seconds: `time` since the start of the record, `cycling_time` since current first
    flowed (None before it did). Charges per area in C/m2 up to `time`, None where no area was stated: in the direction
    that carried more, and in both directions together. `pressure` in Pa, None where nobody knows it. What was called
    from a measured record also has `interval`, the last time without and the first time with what was called [s],
    `confidence` between 0 and 1, and `resolution`, the shortest event that the sampling could show [s]. `critical` is
    where a ramp of the protocol met its end.
    """

    kind: str
    time: float
    cycling_time: float | None
    charge: float | None
    charge_both: float | None
    pressure: float | None
    cause: str
    evidence: tuple[str, ...] = field(default=())
    interval: tuple[float, float] | None = None
    confidence: float | None = None
    resolution: float | None = None
    critical: Critical | None = None

    @property
    def shorted(self) -> bool:
        """True if an electronic path formed, for good or for a while."""
        return "short" in self.kind

    @property
    def group(self) -> str:
        """What it means for the cell, see `group_of`."""
        return group_of(self.kind)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that `Outcome.from_dict` takes back."""
        return asdict(self) | {"evidence": list(self.evidence)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Outcome:
        """Inverse of `as_dict`."""
        interval, critical = data.get("interval"), data.get("critical")
        nouns = {
            "evidence": tuple(data["evidence"]),
            "interval": tuple(interval) if interval else None,
            "critical": Critical(**critical) if critical else None,
        }
        return cls(**(data | nouns))

    def as_json(self) -> dict[str, Any]:
        """Plain data for people and programs, with units in the keys."""
        ramped = {} if self.critical is None else {"critical": self.critical.as_json()}
        return {
            "kind": self.kind,
            "cause": self.cause,
            "time_s": self.time,
            "cycling_time_s": self.cycling_time,
            "charge_one_direction_c_per_m2": self.charge,
            "charge_both_directions_c_per_m2": self.charge_both,
            "pressure_pa": self.pressure,
            "evidence": list(self.evidence),
            **ramped,
        }
