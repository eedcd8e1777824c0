"""What speaks for a short and what against, and how sure that makes one."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from lithostat.cycling.events import HARD, Event
from lithostat.cycling.floor import ionic_resistance
from lithostat.cycling.steps import HalfCycles
from lithostat.experiment.record import Record
from lithostat.experiment.spectrum import Spectrum


class Evidence(NamedTuple):
    """One observation in words, and its weight: the natural logarithm of how much it favours a short.

    The weights are judgements, not fits: 3 is 'twenty to one'. They are added and turned into a probability, starting
    from even odds, and no sum counts for more than 99.9 %.
    """

    text: str
    weight: float


@dataclass(frozen=True)
class Suspect:
    """A stretch that may be a short: its first row, the last row before it, the row after it (None: it lasted)."""

    row: int
    before: int | None
    end: int | None
    evidence: tuple[Evidence, ...]
    electrons: float = float("nan")  # share of the current that passed as electrons, where that can be known
    hardened: int | None = None  # row from which most of the current did
    from_start: bool = False  # no sample of an intact cell comes before it

    @property
    def sure(self) -> float:
        """Probability that it is one."""
        return confidence(self.evidence)

    def joined(self, other: Suspect) -> Suspect:
        """One stretch with the evidence of both."""
        end = None if self.end is None or other.end is None else max(self.end, other.end)
        return replace(self, end=end, evidence=self.evidence + other.evidence)

    def with_evidence(self, more: Iterable[Evidence]) -> Suspect:
        """The same stretch with more evidence."""
        return replace(self, evidence=(*self.evidence, *more))


def confidence(evidence: Iterable[Evidence]) -> float:
    """Probability that an electronic path is there, 0.001 to 0.999, from the added weights."""
    total = sum(entry.weight for entry in evidence)
    return float(np.clip(1.0 / (1.0 + math.exp(-total)), 0.001, 0.999))


def suspect_from(record: Record, half: HalfCycles, event: Event, spectra: Iterable[Spectrum]) -> Suspect:
    """An event in a symmetric cell with all that speaks for it and against it."""
    evidence = (
        *event_evidence(record, event),
        *impedance_evidence(float(record.column("test_time_second")[event.row]), spectra),
        *pressure_evidence(record, half, event.row),
    )
    hardened = None if event.hardened is None else max(event.hardened, event.row)
    return Suspect(event.row, event.before, event.end, evidence, event.electrons, hardened, event.from_start)


def event_evidence(record: Record, event: Event) -> list[Evidence]:
    """The observations that an event in a symmetric cell rests on."""
    found = [
        Evidence(
            f"V/I fell to {event.level:.3g} ohm (least {event.least:.3g}) where an intact cell shows at least "
            f"{event.expected:.3g} ohm: {100 * event.electrons:.0f} % of the current passed as electrons",
            _drop_weight(event),
        )
    ]
    found.extend(Evidence(f"V/I lies below {name}", 3.0) for name in event.below if name != "its own past")
    if event.before is not None and event.row - event.before <= 2:
        found.append(Evidence("the drop came within one sampling interval", 1.0))
    found.append(_persistence(record, event))
    if event.noise_ratio > 3.0:
        found.append(Evidence(f"V/I is {event.noise_ratio:.0f} times noisier than before", 1.0))
    return found


def impedance_evidence(event_time: float, spectra: Iterable[Spectrum]) -> list[Evidence]:
    """Impedance before and after: a short takes the resistance at every frequency."""
    before = [s for s in spectra if s.time is None or s.time <= event_time]
    after = [s for s in spectra if s.time is not None and s.time > event_time]
    if not before or not after:
        return []
    intact, then = ionic_resistance(before[-1]), after[0].total_resistance
    ratio = then / intact if intact > 0.0 else math.nan
    if ratio < 0.9:
        return [Evidence(f"impedance collapsed from {intact:.3g} ohm (ionic) to {then:.3g} ohm (total)", 3.0)]
    return [
        Evidence(f"impedance afterwards ({then:.3g} ohm) is not below the ionic resistance ({intact:.3g} ohm)", -2.0)
    ]


def pressure_evidence(record: Record, half: HalfCycles, event_row: int) -> list[Evidence]:
    """Lithium that was plated takes room: does the pressure still answer to the charge after the event?"""
    slopes, rows = pressure_slopes(record, half)
    before, after = slopes[rows < event_row], slopes[rows >= event_row]
    if len(before) < 4 or len(after) < 2:
        return []
    usual, scatter = np.median(np.abs(before)), 1.4826 * np.median(np.abs(before - np.median(before)))
    if usual < 4.0 * scatter / math.sqrt(len(before)) or usual == 0.0:
        return []
    share = float(np.median(np.abs(after)) / usual)
    if share < 0.5:
        return [
            Evidence(f"pressure answers to charge with {100 * share:.0f} % of what it did: lithium is missing", 2.0)
        ]
    return []


def pressure_slopes(record: Record, half: HalfCycles) -> tuple[np.ndarray, np.ndarray]:
    """(Pa per coulomb, first row) of every half-cycle, from its two ends; empty without a measured pressure."""
    if "measured_pressure_pa" not in record.table.columns:
        return np.zeros(0), np.zeros(0, np.int64)
    pressure = record.column("measured_pressure_pa")
    flowing = half.flowing[(half.last - half.first)[half.flowing] >= 4]
    slopes = []
    for index in flowing:
        first, last = half.first[index], half.last[index]
        width = max(1, (last - first) // 4)
        rise = np.mean(pressure[last - width : last + 1]) - np.mean(pressure[first : first + width + 1])
        slopes.append(rise / (0.75 * half.charge[index]) if half.charge[index] else np.nan)
    known = np.isfinite(slopes)
    return np.asarray(slopes, float)[known], half.first[flowing][known]


def _drop_weight(event: Event) -> float:
    """A tenth of the current as electrons is hardly more than a doubt; nine tenths leave none."""
    return float(np.interp(event.electrons, [0.0, 0.1, 0.3, HARD, 1.0], [0.0, 0.7, 2.0, 4.0, 5.0]))


def _persistence(record: Record, event: Event) -> Evidence:
    time = record.column("test_time_second")
    until = time[-1] if event.end is None else time[event.end]
    lasted = max(float(until - time[event.row]), 0.0)
    text = f"it lasted {_span(lasted)}"
    if event.end is None:
        text += ", to the end of the record"
    if len(event.directions) == 2:
        return Evidence(f"{text}, in both directions of current", 2.0)
    return Evidence(f"{text}; the current had only one direction meanwhile", 0.0)


def _span(seconds: float) -> str:
    if seconds >= 7200.0:
        return f"{seconds / 3600.0:.3g} h"
    return f"{seconds / 60.0:.3g} min" if seconds >= 120.0 else f"{seconds:.3g} s"
