"""What speaks for a short and what against, and how sure that makes one."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from lithostat.cycling.events import COURSE, HARD, OWN_PAST, RUN, Event
from lithostat.cycling.lower_bound import believable, ionic_resistance
from lithostat.cycling.parts import parts_of_stretches, reduced
from lithostat.cycling.trace import Trace
from lithostat.experiment.quantity import span
from lithostat.experiment.spectrum import Spectrum

AT_ONCE = 3.0  # usual sampling intervals; what takes longer came while nothing was seen
LOUD = 3.0  # times noisier than before is more than chance
YOUNG = 0.1  # of the time under current: what comes in a longer interval may have come slowly
HEALS = 3600.0  # s of rest, or of a gap, in which contact may heal
OWN = (OWN_PAST, COURSE)  # what it is held against has no other source than its own voltage
STEADY = 0.2  # relative change below which the resistance after the fall stands still


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
    surely: int | None = None  # row by which it is there, where noise blurs the first

    @property
    def sure(self) -> float:
        """Probability that it is one."""
        return confidence(self.evidence)

    def joined(self, other: Suspect) -> Suspect:
        """One stretch with the evidence of both."""
        end = None if self.end is None or other.end is None else max(self.end, other.end)
        shares = [share for share in (self.electrons, other.electrons) if not math.isnan(share)]
        rows = [row for row in (self.hardened, other.hardened) if row is not None]
        return replace(
            self,
            end=end,
            hardened=min(rows, default=None),
            evidence=tuple(dict.fromkeys(self.evidence + other.evidence)),
            electrons=max(shares, default=float("nan")),
        )

    def with_evidence(self, more: Iterable[Evidence]) -> Suspect:
        """The same stretch with more evidence."""
        return replace(self, evidence=(*self.evidence, *more))


def confidence(evidence: Iterable[Evidence]) -> float:
    """Probability that an electronic path is there, 0.001 to 0.999, from the added weights."""
    total = sum(entry.weight for entry in evidence)
    return float(np.clip(1.0 / (1.0 + math.exp(-total)), 0.001, 0.999))


def suspect_from(trace: Trace, event: Event) -> Suspect:
    """An event in a symmetric cell with all that speaks for it and against it."""
    evidence = (
        *event_evidence(trace, event),
        *impedance_evidence(float(trace.time[event.row]), filter(believable, trace.record.spectra)),
        *pressure_evidence(trace, event.row),
    )
    hardened = None if event.hardened is None else max(event.hardened, event.row)
    return Suspect(
        event.row, event.before, event.end, evidence, event.electrons, hardened, event.from_start, event.surely
    )


def event_evidence(trace: Trace, event: Event) -> list[Evidence]:
    """The observations that an event in a symmetric cell rests on."""
    where = f"an intact cell shows at least {event.expected:.3g} ohm"
    if event.below == (COURSE,):
        where = f"it had been {event.expected:.3g} ohm a sample before, at the same pressure and temperature"
    found = [
        Evidence(
            f"V/I fell to {event.level:.3g} ohm (least {event.least:.3g}) where {where}: "
            f"{100 * event.electrons:.0f} % of the current passed as electrons",
            _drop_weight(event),
        )
    ]
    found.extend(Evidence(f"V/I lies below {name}", 3.0) for name in event.below if name not in OWN)
    waited = _waited(trace, event)
    begins = float(trace.half.start[trace.judged[0]])
    soon = waited <= min(AT_ONCE * trace.interval, YOUNG * (float(trace.time[event.row]) - begins))
    if event.before is not None and event.abrupt and soon:
        found.append(Evidence("the drop came within one sampling interval", 1.0))
    found.append(_persistence(trace, event))
    if event.noise_ratio > LOUD:
        found.append(Evidence(f"V/I is {event.noise_ratio:.0f} times noisier than before", 1.0))
    return [*found, *_other_causes(trace, event)]


def _other_causes(trace: Trace, event: Event) -> list[Evidence]:
    """What else would look like this event."""
    found = []
    if event.samples < RUN:
        found.append(Evidence(f"only {event.samples} sample(s) show it: a glitch looks the same", -12.0))
    fall = event.expected - event.level
    if len(event.directions) == 1 and event.end is not None:
        if event.mirrored > 0.5 * fall:
            text = f"V/I rose by {event.mirrored:.3g} ohm in the other direction: an offset of the voltage does that"
            found.append(Evidence(text, -4.0))
        elif event.mirrored > -0.2 * fall:
            text = "the other direction of current does not show it: an interface does that, a metal conducts both ways"
            found.append(Evidence(text, -1.5))
    own_past_only = all(name in OWN for name in event.below)
    if own_past_only and event.electrons < 0.3 and _waited(trace, event) > HEALS:
        found.append(Evidence("it came over a rest or a gap of the record, in which contact can heal", -1.5))
    if own_past_only and not event.abrupt and event.electrons < HARD:
        found.append(Evidence("it came slowly: contact that gains does the same", -2.0))
    stands = event.end is None and event.least > (1.0 - STEADY) * event.level and event.noise_ratio <= LOUD
    if event.blind and own_past_only and stands and event.electrons < HARD:
        found.append(Evidence("nobody measured the pressure: a turn of the screw gives a steady fall like this", -3.0))
    return found


def _waited(trace: Trace, event: Event) -> float:
    """Time from the last sample without the path to the first with it [s]."""
    time = trace.time
    return float(time[event.row] - time[event.before]) if event.before is not None else 0.0


def impedance_evidence(event_time: float, spectra: Iterable[Spectrum]) -> list[Evidence]:
    """Impedance before and after: a short takes the resistance at every frequency."""
    before = [s for s in spectra if s.time is None or s.time <= event_time]
    after = [s for s in spectra if s.time is not None and s.time > event_time]
    if not before or not after:
        return []
    intact, then = ionic_resistance(before[-1]), after[0].total_resistance
    if not intact > 0.0:
        return []  # its electrolyte's resistance is not in the window
    ratio = then / intact
    if ratio < 0.9:
        return [Evidence(f"impedance collapsed from {intact:.3g} ohm (ionic) to {then:.3g} ohm (total)", 3.0)]
    return [
        Evidence(f"impedance afterwards ({then:.3g} ohm) is not below the ionic resistance ({intact:.3g} ohm)", -2.0)
    ]


def pressure_evidence(trace: Trace, event_row: int) -> list[Evidence]:
    """Lithium that was plated takes room: does the pressure still answer to the charge after the event?"""
    slopes, rows = pressure_slopes(trace)
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


def pressure_slopes(trace: Trace) -> tuple[np.ndarray, np.ndarray]:
    """(Pa per coulomb, first row) of every half-cycle, from its two ends; empty without a measured pressure."""
    pressure, half = trace.measured_pressure, trace.half
    if pressure is None:
        return np.zeros(0), np.zeros(0, np.int64)
    flowing = half.flowing[(half.last - half.first)[half.flowing] >= 4]
    first, last = half.first[flowing], half.last[flowing]
    width = np.maximum(1, (last - first) // 4)
    ends = np.stack([np.stack([first, last - width]), np.stack([first + width, last])])  # begin, end; first, last part
    begin, end = ends.transpose(0, 2, 1).reshape(2, -1)
    total = np.zeros(len(begin))
    for part in parts_of_stretches(begin, end):
        rows = slice(begin[part][0], end[part][-1] + 1)
        (total[part],) = reduced(pressure[rows], begin[part] - rows.start, end[part] - rows.start, np.add)
    with np.errstate(invalid="ignore"):  # a pressure without end
        rise = total[1::2] - total[::2]
    whole = np.isfinite(rise) & (half.charge[flowing] != 0.0)
    slopes = rise[whole] / ((width + 1)[whole] * 0.75 * half.charge[flowing][whole])
    return slopes, first[whole]


def _drop_weight(event: Event) -> float:
    """A tenth of the current as electrons is hardly more than a doubt; nine tenths leave none."""
    return float(np.interp(event.electrons, [0.0, 0.05, 0.1, 0.3, HARD, 1.0], [-4.0, 0.0, 0.7, 2.0, 4.0, 5.0]))


def _persistence(trace: Trace, event: Event) -> Evidence:
    time = trace.time
    until = time[-1] if event.end is None else time[event.end]
    lasted = max(float(until - time[event.row]), 0.0)
    text = f"it lasted {span(lasted)}"
    if event.end is None:
        text += ", to the end of the record"
    if len(event.directions) == 2:
        return Evidence(f"{text}, in both directions of current", 2.0)
    return Evidence(f"{text}; the current had only one direction meanwhile", 0.0)
