"""A load cell: what it prints to newtons, with its temperature, its warm-up and the epochs of its zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lithostat.experiment.quantity import show, span
from lithostat.rig.frames import Fact

EPOCH, ZERO = "epoch", "zero"  # kinds of facts in a log


@dataclass(frozen=True)
class Gauge:
    """How raw readings become a force [N]: raw = zero + force / slope.

    `slope` [N per raw unit] and `zero` [raw units] come from calibration against known loads. `per_kelvin` is the drift
    of the zero [raw units/K] about `reference` [K], `span_per_kelvin` that of the slope [1/K], where somebody measured
    them; `warm_up` [s] is how long after the opening readings are marked.
    """

    slope: float
    zero: float = 0.0
    per_kelvin: float = 0.0
    span_per_kelvin: float = 0.0
    reference: float = 298.15
    warm_up: float = 0.0

    def newton(self, raw: Any, zero: Any, kelvin: Any = None) -> Any:
        """Force [N] of raw readings with the zero of their epoch; without a temperature no drift is taken out."""
        if kelvin is None or not (self.per_kelvin or self.span_per_kelvin):
            return (raw - zero) * self.slope
        warmer = np.where(np.isfinite(kelvin), kelvin - self.reference, 0.0)
        return (raw - zero - self.per_kelvin * warmer) * self.slope * (1.0 + self.span_per_kelvin * warmer)


@dataclass(frozen=True)
class Epoch:
    """A stretch with one zero. `zero` is None until somebody confirms it: the one before is then used, and said."""

    begin: float
    zero: float | None
    why: str


@dataclass
class Epochs:
    """The zeros of a load cell in the order of time. Each opening of the port begins one, since a device may tare.

    A zero is never set by itself: a stack that relaxes looks exactly like a zero that drifts.
    """

    first: float
    each: list[Epoch] = field(default_factory=list)

    @classmethod
    def of(cls, first: float, facts: Sequence[Fact]) -> Epochs:
        """From what a log says; `first` is the zero of the calibration."""
        made = cls(first)
        for fact in facts:
            if fact.kind == EPOCH:
                made.begin(fact.at, fact.data["why"])
            elif fact.kind == ZERO:
                made.confirm(fact.data["zero"], fact.data["why"])
        return made

    def begin(self, at: float, why: str) -> Fact:
        """A new epoch from `at` [s] on; the first of all has the zero of the calibration."""
        self.each.append(Epoch(at, None if self.each else self.first, why))
        return Fact(EPOCH, at, {"why": why, "number": len(self.each) - 1})

    def confirm(self, zero: float, why: str, at: float = 0.0) -> Fact:
        """What somebody says the zero of this epoch is [raw units]."""
        last = self.each[-1] if self.each else Epoch(at, None, "")
        self.each[-1:] = [Epoch(last.begin, zero, last.why)]
        return Fact(ZERO, at, {"zero": zero, "why": why})

    @property
    def number(self) -> int:
        """Of the epoch that lasts, from 0."""
        return max(len(self.each) - 1, 0)

    @property
    def confirmed(self) -> bool:
        """Whether the zero that is used now is that of this epoch."""
        return not self.each or self.each[-1].zero is not None

    @property
    def zero(self) -> float:
        """The zero in use [raw units]: that of the last epoch whose zero is known."""
        return next((epoch.zero for epoch in reversed(self.each) if epoch.zero is not None), self.first)

    def at(self, times: np.ndarray) -> np.ndarray:
        """The zero at each time [raw units]."""
        if not self.each:
            return np.full(len(times), self.first)
        zeros: list[float] = []
        for epoch in self.each:
            zeros.append(epoch.zero if epoch.zero is not None else zeros[-1] if zeros else self.first)
        index = np.searchsorted([epoch.begin for epoch in self.each], times, side="right") - 1
        return np.asarray(zeros)[np.maximum(index, 0)]

    def sentences(self) -> list[str]:
        """What a record says of zeros that nobody confirmed."""
        return [
            f"the load cell was opened again {span(epoch.begin)} after the watch began ({epoch.why}), and nobody "
            "confirmed its zero since: pressures from there on rest on the zero before"
            for epoch in self.each
            if epoch.zero is None
        ]


@dataclass(frozen=True)
class KnownLoad:
    """A calibration point: the median of the raw readings under a known force [N], and their standard deviation."""

    newton: float
    raw: float
    noise: float
    samples: int


@dataclass(frozen=True)
class Calibrated:
    """A straight line through known loads: slope [N/raw], zero [raw], and the largest distance from it [N]."""

    slope: float
    zero: float
    worst: float
    hysteresis: float | None

    @property
    def sentence(self) -> str:
        """What it says."""
        back = "" if self.hysteresis is None else f"; up and down differ by {show(self.hysteresis, 'force')} at most"
        return (
            f"{self.slope:.6g} N per unit, zero at {self.zero:.6g}; worst point {show(self.worst, 'force')} off{back}"
        )


def straight_line(points: Sequence[KnownLoad]) -> Calibrated:
    """Least squares of raw against force; at least two different loads. Raises `ValueError` for fewer."""
    force, raw = (np.array([getattr(point, name) for point in points]) for name in ("newton", "raw"))
    if len(np.unique(force)) < 2 or np.ptp(raw) == 0.0:
        raise ValueError("needs two different loads that the load cell can tell apart")
    per_newton, zero = np.polyfit(force, raw, 1)
    off = (raw - zero) / per_newton - force
    again = [np.ptp((raw[force == load] - zero) / per_newton) for load in np.unique(force) if np.sum(force == load) > 1]
    return Calibrated(
        float(1.0 / per_newton), float(zero), float(np.max(np.abs(off))), max(map(float, again), default=None)
    )
