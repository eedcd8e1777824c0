"""How much of a record could be judged, and what the rest was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lithostat.cycling.evidence import Evidence
from lithostat.cycling.technique import GALVANOSTATIC, IMPEDANCE, REST
from lithostat.cycling.trace import Trace
from lithostat.experiment.finding import Finding
from lithostat.experiment.quantity import span

LEAST = 60.0  # s of current; less is a pulse
MOST_OTHER = 0.5  # share of the time under current that another technique may have


@dataclass(frozen=True)
class Coverage:
    """Times [s] in which a held current was judged, the cell rested, another technique ran, the current is not known.

    `charge` [C] flowed while it was judged, in both directions; `techniques` has the time of each other technique;
    `held` is false if no current was held from one sample to the next.
    """

    judged: float
    rest: float
    unknown: float
    charge: float
    techniques: dict[str, float]
    held: bool

    @property
    def share(self) -> float:
        """Judged time over all time in which current flowed or may have flowed, 0 to 1."""
        other = self.unknown + sum(self.techniques.values())
        return self.judged / (self.judged + other) if self.judged + other > 0.0 else 0.0

    def why_not(self) -> str:
        """Why a record with current is no cycling that could be judged; '' if it is."""
        other = sum(self.techniques.values())
        if other > MOST_OTHER * (self.judged + other):
            words = ", ".join(f"{word} for {span(time)}" for word, time in self.techniques.items())
            return f"this is no cycling at a held current, but {words}"
        if not self.held:
            return "the current is not held between samples, as in a sweep of the voltage"
        if 0.0 < self.judged < LEAST:
            return f"current flows for {span(self.judged)} in all, too short to judge"
        return ""

    def doubts(self) -> list[Evidence]:
        """What cannot be said because it was not judged."""
        if self.unknown <= 0.0:
            return []
        text = f"the current is not known for {span(self.unknown)}, of which nothing is claimed"
        return [Evidence(f"{text}: {span(self.judged)} under current were judged", 0.0)]

    def findings(self) -> list[Finding]:
        """Time, charge and share of what was judged."""
        why = [f"{word} for {span(time)}" for word, time in self.techniques.items()]
        why += [f"current not known for {span(self.unknown)}"] if self.unknown > 0.0 else []
        why += [f"rest for {span(self.rest)}"] if self.rest > 0.0 else []
        formula = "time at a held, known current / (that + other techniques + time at an unknown current)"
        return [
            Finding("time judged", self.judged / 3600.0, "h", tuple(why), formula="time at a held, known current"),
            Finding("charge judged", self.charge / 3.6, "mAh", formula="int |I| dt over the time judged"),
            Finding("share judged", 100.0 * self.share, "%", formula=formula),
        ]


def coverage_of(trace: Trace) -> Coverage:
    """Add up what was done in the stretches of a trace, and the holes in it."""
    half = trace.half
    length = np.maximum(half.until, half.end) - half.start
    words = trace.technique
    flowing = np.abs(half.direction) == 1
    others = {
        str(word): float(length[flowing & (words == word)].sum())
        for word in np.unique(words[flowing & (words != GALVANOSTATIC)])
        if word not in (REST, IMPEDANCE)
    }
    samples = (half.last - half.first + 1)[flowing]
    return Coverage(
        judged=float(length[trace.judged].sum()),
        rest=float(length[half.direction == 0].sum()),
        unknown=float(np.sum(trace.holes[:, 1] - trace.holes[:, 0])),
        charge=float(np.abs(half.charge[trace.judged]).sum()),
        techniques=others,
        held=bool(not len(samples) or samples.max() > 2),
    )
