"""Patterns of one cell along time: the amounts in each, what changed beyond scatter, and between which two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from lithostat.diffraction.amounts import structure_scale
from lithostat.diffraction.fit import Settings, fit
from lithostat.diffraction.identify import Question, identify
from lithostat.diffraction.pattern_fit import PatternFit
from lithostat.diffraction.study import PatternStudy
from lithostat.experiment.errors import InputError
from lithostat.experiment.finding import Finding
from lithostat.experiment.pattern import Pattern

CHANGED = 4.0  # standard deviations of the scatter, from which a change is believed
LIKELY = 3.84  # fall of chi2 within which the place of a step cannot be told (95 %, one degree of freedom)
MOVED = 6.0  # standard deviations of the difference of two patterns, that make an angle changed


@dataclass(frozen=True)
class PhaseCourse:
    """One phase along the series.

    Args:
        scale: (patterns,) amount over the mean of all patterns [-]; `error` (patterns,) one standard error.
        change: last less first level, over the mean, and its error.
        z: standard deviations by which a step explains the course better than none does.
        onset: last time without and first time with the change [s], None where nothing changed.
        at_events: for each time at which the cell did something: the time [s], the change there, and its error.
    """

    name: str
    scale: np.ndarray
    error: np.ndarray
    change: float
    change_error: float
    z: float
    onset: tuple[float, float] | None
    at_events: tuple[tuple[float, float, float], ...] = ()

    @property
    def changed(self) -> bool:
        """True if the change stands clear of the scatter."""
        return self.z >= CHANGED


@dataclass(frozen=True, eq=False)
class PatternSeries:
    """A series: the study of all patterns together, the fit of each, the course of each phase.

    `times` (patterns,) since the start of the cell's record, or of the first pattern [s]; `joined` says which.
    `differences` are angles [rad] at which the last pattern differs from the first, whatever the phases.
    """

    study: PatternStudy
    patterns: tuple[Pattern, ...]
    fits: tuple[PatternFit, ...]
    times: np.ndarray
    joined: bool
    courses: tuple[PhaseCourse, ...]
    differences: tuple[float, ...]
    warnings: tuple[str, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The change of every phase."""
        found = []
        for course in self.courses:
            when = (
                f"between {course.onset[0] / 3600.0:.3f} and {course.onset[1] / 3600.0:.3f} h"
                if course.onset
                else "no step stands clear of the scatter"
            )
            found.append(
                Finding(
                    f"change of {course.name} along the series",
                    course.change,
                    "1",
                    (f"{course.z:.1f} standard deviations; {when}",),
                    course.change_error,
                    "scatter of the patterns about the step",
                    "last level less first, over the mean",
                )
            )
        return (*self.study.findings, *found)

    def as_json(self) -> dict[str, Any]:
        """The study of the sum, and the course of every phase."""
        return self.study.as_json() | {
            "series": {
                "patterns": [pattern.name for pattern in self.patterns],
                "times_s": self.times.tolist(),
                "on_the_cells_timeline": self.joined,
                "courses": [
                    {
                        "name": course.name,
                        "relative_amount": course.scale.tolist(),
                        "standard_error": course.error.tolist(),
                        "change": course.change,
                        "change_error": course.change_error,
                        "z": course.z,
                        "changed": course.changed,
                        "onset_s": list(course.onset) if course.onset else None,
                        "at_events": [
                            {"time_s": time, "change": change, "standard_error": error}
                            for time, change, error in course.at_events
                        ],
                    }
                    for course in self.courses
                ],
                "angles_that_changed_rad": list(self.differences),
            },
            "findings": [finding.as_json() for finding in self.findings],
            "warnings": [*self.warnings, *self.study.warnings],
        }


def series(
    patterns: Sequence[Pattern],
    question: Question,
    events: Sequence[float] = (),
    progress: Callable[[str], None] | None = None,
) -> PatternSeries:
    """Identify the sum of all patterns, fit each with the phases found, and ask of each phase whether it changed.

    `events` are times [s] at which the cell did something (a short): a change is tested there too. Patterns must share
    one instrument. Raises `InputError` otherwise, or for fewer than two.
    """
    tell = progress or (lambda _: None)
    ordered, times, joined, said = _ordered(patterns)
    total = summed_pattern(ordered)
    study = identify(total, question, progress)
    still = study.fit.model.fixed
    settings = Settings(terms=question.terms, fixed=still if still.shape[1] else None)
    fits = []
    for number, pattern in enumerate(ordered):
        tell(f"pattern {number + 1} of {len(ordered)}")
        fits.append(fit(pattern, study.fit.choices, study.fit.model.instrument, settings, start=study.fit))
    courses = tuple(_course(name, number, fits, times, events) for number, name in enumerate(study.fit.names))
    return PatternSeries(
        study, ordered, tuple(fits), times, joined, courses, _differences(ordered[0], ordered[-1]), said
    )


def _ordered(patterns: Sequence[Pattern]) -> tuple[tuple[Pattern, ...], np.ndarray, bool, tuple[str, ...]]:
    """Patterns by time on one axis [s], whether that is the cell's own, and sentences."""
    if len(patterns) < 2:
        raise InputError(f"received {len(patterns)} pattern", expected="at least two for a series")
    first = patterns[0]
    for other in patterns[1:]:
        if other.lines != first.lines or other.geometry != first.geometry:
            raise InputError(
                f"{other.name} was measured with another wavelength or geometry than {first.name}",
                expected="one instrument along a series",
            )
    if all(pattern.time is not None for pattern in patterns):
        ordered = sorted(patterns, key=lambda each: each.time or 0.0)
        return tuple(ordered), np.array([each.time for each in ordered], float), True, ()
    starts = [pattern.start for pattern in patterns]
    if all(start is not None for start in starts) and len({start.tzinfo is None for start in starts if start}) == 1:
        ordered = sorted(patterns, key=lambda each: each.start)  # type: ignore[arg-type,return-value]
        begin = ordered[0].start
        times = [(each.start - begin).total_seconds() for each in ordered]  # type: ignore[operator]
        return (
            tuple(ordered),
            np.array(times),
            False,
            ("times count from the first pattern: no record of the cell was joined",),
        )
    return (
        tuple(patterns),
        np.arange(len(patterns), dtype=float),
        False,
        ("the patterns have no clock: they were taken in the order given, one second apart",),
    )


def summed_pattern(patterns: Sequence[Pattern]) -> Pattern:
    """The sum of patterns, at the angles of the first."""
    first = patterns[0]
    x = first.two_theta
    low = max(pattern.two_theta[0] for pattern in patterns)
    high = min(pattern.two_theta[-1] for pattern in patterns)
    inside = (x >= low - 1e-9) & (x <= high + 1e-9)
    counts = sum((np.interp(x[inside], each.two_theta, each.counts) for each in patterns), np.zeros(int(inside.sum())))
    variance = sum(
        (np.interp(x[inside], each.two_theta, each.sigma**2) for each in patterns), np.zeros(int(inside.sum()))
    )
    return replace(
        first,
        two_theta=x[inside],
        counts=counts,
        sigma=np.sqrt(variance),
        name=f"sum of {len(patterns)} patterns",
        source={"sum_of": [pattern.source for pattern in patterns]},
        warnings=tuple(dict.fromkeys(text for pattern in patterns for text in pattern.warnings)),
    )


def _course(
    name: str, number: int, fits: Sequence[PatternFit], times: np.ndarray, events: Sequence[float]
) -> PhaseCourse:
    """Amounts of one phase along the series, and the best step in them."""
    pairs = np.array([_amount(each, number) for each in fits])
    mean = float(np.average(pairs[:, 0], weights=1.0 / np.maximum(pairs[:, 1], 1e-300) ** 2))
    scale, error = pairs[:, 0] / mean, pairs[:, 1] / abs(mean)
    weight = 1.0 / np.maximum(error, 1e-12) ** 2
    flat = float(weight @ (scale - np.average(scale, weights=weight)) ** 2)
    steps = [_step(scale, weight, place) for place in range(1, len(scale))]
    best = int(np.argmin([left for left, _, _ in steps]))
    left, change, change_error = steps[best]
    spread = max(left / max(len(scale) - 2, 1), 1.0) if len(scale) > 3 else 1.0
    z = float(np.sqrt(max(flat - left, 0.0) / spread))
    onset = None
    if z >= CHANGED:
        likely = [place for place, step in enumerate(steps) if step[0] - left < LIKELY * spread]
        onset = (float(times[min(likely)]), float(times[max(likely) + 1]))
    there = []
    for event in events:
        place = int(np.searchsorted(times, event))
        if 0 < place < len(times):
            _, moved, sure = steps[place - 1]
            there.append((float(event), moved, sure * float(np.sqrt(spread))))
    return PhaseCourse(name, scale, error, change, change_error * float(np.sqrt(spread)), z, onset, tuple(there))


def _amount(each: PatternFit, number: int) -> tuple[float, float]:
    """Scale of a phase in one pattern; the sum of intensities where it has no structure."""
    scale, error = structure_scale(each, number)
    return (scale, error) if np.isfinite(scale) else each.scale(number)


def _step(values: np.ndarray, weight: np.ndarray, place: int) -> tuple[float, float, float]:
    """Chi2 of two levels that meet before `place`, their difference, and its error."""
    levels, left = [], 0.0
    for part in (slice(0, place), slice(place, None)):
        level = float(np.average(values[part], weights=weight[part]))
        left += float(weight[part] @ (values[part] - level) ** 2)
        levels.append((level, 1.0 / weight[part].sum()))
    return left, levels[1][0] - levels[0][0], float(np.sqrt(levels[0][1] + levels[1][1]))


def _differences(first: Pattern, last: Pattern) -> tuple[float, ...]:
    """Angles at which two patterns differ by more than counting, after the best common scale."""
    x = first.two_theta
    other = np.interp(x, last.two_theta, last.counts)
    sigma = np.hypot(first.sigma, np.interp(x, last.two_theta, last.sigma))
    scale = float((other * first.counts / sigma**2).sum() / np.maximum((other**2 / sigma**2).sum(), 1e-300))
    z = (first.counts - scale * other) / sigma
    blur = 2.0
    smooth = gaussian_filter1d(z, blur) * np.sqrt(2.0 * np.sqrt(np.pi) * blur)
    places, _ = find_peaks(np.abs(smooth), height=MOVED, distance=5)
    strongest = places[np.argsort(-np.abs(smooth[places]))][:40]
    return tuple(sorted(float(x[place]) for place in strongest))
