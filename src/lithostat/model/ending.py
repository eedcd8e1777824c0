"""How a simulated test ends, as the same `Outcome` that is called from a measured record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from lithostat.experiment.finding import Critical, Outcome
from lithostat.model.program import RampPoint

CAUSES = {
    "survived": "the protocol came to its end",
    "contact lost": "voids or too little pressure took the contact under current",
    "lithium spent": "one electrode was stripped of all its lithium",
    "stalled": "the integrator could not go on",
}


FAILS = ("short", "contact lost", "voltage limit")  # what ends a ramp because of the current or pressure it has reached


class Last(NamedTuple):
    """What was seen at the moment that a test ended; None where the cell has no lithium interface."""

    pressure: float  # [Pa]
    filament: float | None  # the deepest [m]
    critical: float | None  # length that shorts [m]
    contact: float | None  # the least, 0..1
    thickness: float  # of the electrolyte [m]
    voltage: float | None = None  # of a full cell [V]

    def evidence(self) -> tuple[str, ...]:
        """The numbers that say why."""
        voltage = () if self.voltage is None else (f"voltage {self.voltage:.4g} V",)
        if self.filament is None or self.critical is None or self.contact is None:
            return voltage
        return (
            f"deepest filament {1e6 * self.filament:.4g} um",
            f"length that shorts at {self.pressure / 1e6:.4g} MPa: {1e6 * self.critical:.4g} um",
            f"contact {100 * self.contact:.3g} % of the area",
            *voltage,
        )


def outcome(
    table: pl.DataFrame,
    kind: str,
    time: float,
    began: float | None,
    last: Last,
    *,
    area: float,
    cause: str | None = None,
    critical: Critical | None = None,
) -> Outcome:
    """The outcome of a simulated test that ended as `kind` at `time` [s], in which current first flowed at `began`.

    `kind` 'short' becomes 'short before current' where none had flowed. Charges are read from the record's `table`.
    """
    cycling = time - began if began is not None and time >= began else None
    if kind == "short":
        across = last.critical is not None and last.critical >= last.thickness
        cause = "lithium reached the other electrode" if across else "a lithium-filled flaw ran through the electrolyte"
        kind = "short before current" if cycling is None or cycling <= 0.0 else "short"
    done = table.filter(pl.col("test_time_second") <= time)
    both = float(done["cumulative_capacity_ah"][-1]) * 3600.0 / area
    net = float(done["net_capacity_ah"][-1]) * 3600.0 / area
    return Outcome(
        kind=kind,
        time=time,
        cycling_time=cycling,
        charge=0.5 * (both + abs(net)),
        charge_both=both,
        pressure=last.pressure,
        cause=cause or CAUSES[kind],
        evidence=last.evidence(),
        critical=critical,
    )


def critical_value(solves: Sequence[tuple[RampPoint | None, str]]) -> Critical | None:
    """Where the ramp of a test met its end, from the solves in their order: place in a ramp, and what ended it.

    Of several ramps the first that failed counts, else the last. What an earlier short did to a ramp is no property of
    it: None. A ramp that ends because an electrode ran out of lithium bore the values before.
    """
    found: Critical | None = None
    for point, ended_by in solves:
        if point is None:
            if ended_by == "short":
                return found
            continue
        if ended_by in FAILS:
            return Critical(point.of, point.before, point.value)
        borne = point.before if ended_by == "lithium spent" else point.value
        found = Critical(point.of, borne, None)
    return found
