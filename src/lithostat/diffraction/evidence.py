"""What speaks for one phase of a fit: how much worse the pattern is without it, its lines, what could replace it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lithostat.diffraction.library import Library, ranked
from lithostat.diffraction.pattern_fit import PatternFit
from lithostat.diffraction.peak_shape import mixed, shapes
from lithostat.diffraction.phase_lines import line_table, rows_of
from lithostat.diffraction.search import QuickPattern, bigger_than, freed, taken_by, without
from lithostat.diffraction.setup import Choice
from lithostat.materials.phase import Phase

STRONGEST = 8  # lines of a phase that are looked at one by one
NEARBY = 1.5  # usual widths around a line that are its own
CLEAN = 0.5  # relative error of a line's own intensity, below which the line can speak
THERE = 0.4  # of the expected intensity, from which a line counts as seen
RIVALS = 3  # candidates that are tried in a phase's place
BIGGER = 3.0  # times the intensity of a phase, from which another one counts as bigger


@dataclass(frozen=True)
class LineSeen:
    """One of the strongest lines: angle [rad], intensity over that expected, and the error of that ratio."""

    two_theta: float
    ratio: float
    error: float

    @property
    def clean(self) -> bool:
        """True where other phases leave enough of the line to judge it."""
        return self.error < CLEAN

    @property
    def seen(self) -> bool:
        """True for a clean line that is there."""
        return self.clean and self.ratio > THERE and self.ratio > 2.0 * self.error

    @property
    def missing(self) -> bool:
        """True for a clean line that is not there."""
        return self.clean and self.ratio + 2.0 * self.error < THERE


@dataclass(frozen=True)
class PhaseEvidence:
    """What speaks for and against one phase.

    Args:
        z: root of `fall` over the fit's inflation: standard deviations by which the pattern asks for the phase.
        z_free: the same with free intensities for every bigger phase, so that no misfit of theirs can stand for it.
        gain: part of chi2 near its clean strong lines that goes away with it.
        fall: of chi2 on the whole pattern.
        lines: its strongest lines, one by one.
        at_wall: parameters that ended at the wall of their box ('cell a', 'size').
        rivals: other candidates in its place, with the part of `fall` that each reaches.
    """

    phase: Phase
    z: float
    z_free: float
    gain: float
    fall: float
    lines: tuple[LineSeen, ...]
    at_wall: tuple[str, ...]
    rivals: tuple[tuple[str, float], ...]

    @property
    def seen(self) -> int:
        """Number of strong lines that are there."""
        return sum(line.seen for line in self.lines)

    @property
    def others_together(self) -> tuple[float, float]:
        """Intensity over that expected, and its error, of all strong lines but the clearest, taken together."""
        rest = sorted(self.lines, key=lambda line: line.error)[1:]
        weights = np.array([1.0 / line.error**2 for line in rest if 0.0 < line.error < np.inf])
        ratios = np.array([line.ratio for line in rest if 0.0 < line.error < np.inf])
        if len(weights) == 0:
            return 0.0, float("inf")
        return float(weights @ ratios / weights.sum()), float(weights.sum() ** -0.5)

    @property
    def missing(self) -> int:
        """Number of strong lines that should be there and are not."""
        return sum(line.missing for line in self.lines)


def evidence(fit: PatternFit, bench: QuickPattern, library: Library | None, number: int) -> PhaseEvidence:
    """The evidence for one phase of a fit on the bench's points."""
    phase = fit.choices[number].phase
    less = without(fit, bench, phase)
    lines = strongest_lines(fit, number)
    near = _near(fit, number, [line.two_theta for line in lines if line.clean])
    before, after = (float(np.square(each.residual[near]).sum()) for each in (less, fit))
    fall = less.optimum.chi2 - fit.optimum.chi2
    own = float(np.trapezoid(fit.curve(number), fit.pattern.two_theta))
    loose_fall, loose = fall, fit
    if bigger := bigger_than(fit, BIGGER * own, number):
        loose = freed(fit, bench, bigger)
        loose_fall = without(loose, bench, phase).optimum.chi2 - loose.optimum.chi2
    return PhaseEvidence(
        phase=phase,
        z=_root(fall) / fit.inflation,
        z_free=_root(loose_fall) / loose.inflation,
        gain=1.0 - after / before if before > 0.0 else 0.0,
        fall=fall,
        lines=lines,
        at_wall=_walls(fit, number),
        rivals=_rivals(fit, less, bench, library, number, fall) if library is not None else (),
    )


def _root(fall: float) -> float:
    return float(np.sqrt(max(fall, 0.0)))


def _walls(fit: PatternFit, number: int) -> tuple[str, ...]:
    """Parameters of the phase at a wall that is not simply zero."""
    layout, values = fit.model.layout, fit.optimum.values
    walls = []
    for place in layout.of_phase(number):
        each = layout.parameters[place]
        if fit.at_wall[place] and fit.moved[place] and not (each.low == 0.0 and values[place] < 0.5 * each.high):
            walls.append(each.name)
    return tuple(walls)


def _strong(fit: PatternFit, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Angles and expected intensities [counts rad] of the strongest lines in range, neighbours taken together."""
    lines, x = fit.model.phases[number], fit.pattern.two_theta
    table = line_table(lines, number, fit.model.instrument, fit.model.layout, fit.optimum.values)
    area = table.area * _scales(fit, number)
    inside = (table.centre > x[0]) & (table.centre < x[-1])
    centre, area = table.centre[inside], area[inside]
    order = np.argsort(centre)
    width = float(np.median(table.gauss + table.lorentz)) if len(centre) else 0.0
    groups: list[list[int]] = []
    for index in order:
        if groups and centre[index] - centre[groups[-1][0]] < NEARBY * width:
            groups[-1].append(int(index))
        else:
            groups.append([int(index)])
    angles = np.array([np.average(centre[group], weights=area[group] + 1e-300) for group in groups])
    total = np.array([area[group].sum() for group in groups])
    best = np.argsort(-total)[:STRONGEST]
    return angles[best], total[best]


def _scales(fit: PatternFit, number: int) -> np.ndarray:
    """The scale of every row of a phase's line table."""
    lines = fit.model.phases[number]
    return fit.optimum.scales[fit.model.places[number]][rows_of(lines, fit.model.instrument, fit.model.layout)]


def _near(fit: PatternFit, number: int, angles: Sequence[float]) -> np.ndarray:
    """(points,) True near these lines of a phase; everywhere if there are none."""
    table = line_table(fit.model.phases[number], number, fit.model.instrument, fit.model.layout, fit.optimum.values)
    reach = NEARBY * float(np.median(table.gauss + table.lorentz)) if len(table.centre) else 0.0
    near = np.zeros(len(fit.pattern), bool)
    for angle in angles:
        near |= np.abs(fit.pattern.two_theta - angle) < reach
    return near if near.any() else np.ones(len(near), bool)


def strongest_lines(fit: PatternFit, number: int) -> tuple[LineSeen, ...]:
    """Each of the strongest lines with an intensity of its own, all other phases and lines as fitted."""
    lines = fit.model.phases[number]
    table = line_table(lines, number, fit.model.instrument, fit.model.layout, fit.optimum.values)
    angles, _ = _strong(fit, number)
    if len(angles) == 0:
        return ()
    nearest = np.argmin(np.abs(table.centre[:, None] - angles[None, :]), axis=1)
    width, share = mixed(table.gauss, table.lorentz)
    own = np.abs(table.centre - angles[nearest]) < NEARBY * 1.5 * float(np.median(table.gauss + table.lorentz))
    drawn = shapes(fit.pattern.two_theta, table.centre, width, share, 6.0).value
    area = table.area * _scales(fit, number)
    parts = [drawn @ np.where(own & (nearest == k), area, 0.0) for k in range(len(angles))]
    rest = drawn @ np.where(own, 0.0, area)
    others = [fit.columns[:, fit.model.places[k]] for k in range(len(fit.choices)) if k != number]
    still = fit.columns[:, : fit.model.fixed.shape[1]]
    columns = np.concatenate([np.stack(parts, axis=1), still, *others, rest[:, None]], axis=1)
    weighted = fit.data.without_background(columns * fit.data.weight[:, None])
    size = np.linalg.norm(weighted, axis=0)
    weighted, keep = weighted[:, size > 0.0] / size[size > 0.0], size > 0.0
    left = fit.data.without_background(fit.pattern.counts * fit.data.weight)
    inverse = np.linalg.pinv(weighted.T @ weighted, rcond=1e-9, hermitian=True)
    ratio, error = np.zeros(len(size)), np.full(len(size), np.inf)
    ratio[keep] = inverse @ (weighted.T @ left) / size[keep]
    error[keep] = np.sqrt(np.maximum(np.diag(inverse), 0.0)) / size[keep] * fit.inflation
    return tuple(LineSeen(float(angle), float(ratio[k]), float(error[k])) for k, angle in enumerate(angles))


def _rivals(
    fit: PatternFit, less: PatternFit, bench: QuickPattern, library: Library, number: int, fall: float
) -> tuple[tuple[str, float], ...]:
    """Candidates that could stand in the phase's place, and how much of its fall of chi2 each reaches."""
    if fall <= 0.0:
        return ()
    shift = float(less.optimum.values[less.model.layout.find("shift") or 0])
    held = [choice.phase for choice in fit.choices]
    order = ranked(library.at(shift), less.residual, taken_by(less), held)[:RIVALS]
    found = []
    for gain, template in order:
        if gain < 0.3 * fall:
            continue
        trial = bench.fit(
            (*less.choices, Choice(template.phase)), less, at=template, only=(None, len(less.choices)), most=8
        )
        found.append((template.phase.name, float((less.optimum.chi2 - trial.optimum.chi2) / fall)))
    return tuple(sorted(found, key=lambda pair: -pair[1]))
