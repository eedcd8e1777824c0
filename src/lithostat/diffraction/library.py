"""Candidates for a pattern: their lines as templates, ranked by what each could still explain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from lithostat.diffraction.instrument import Instrument
from lithostat.diffraction.parameters import LineParameter, ModelParameters
from lithostat.diffraction.peak_shape import mixed, shapes
from lithostat.diffraction.phase_lines import line_table, phase_lines
from lithostat.diffraction.setup import DEGREE, Choice, crystals
from lithostat.materials.phase import EDGES, Phase, composition

ALIKE = 0.02  # relative difference of cells below which two structures of one formula are the same phase
MOST_STEPS = 7  # of a cell along its box
OFFSETS = 0.12 * DEGREE  # by which a pattern may be shifted before any phase is known
OFTEN = 0.6  # of a full width, between neighbouring templates


def distinct(candidates: Iterable[Phase]) -> tuple[Phase, ...]:
    """Candidates with a structure, the same phase from two sources only once (the first stays)."""
    chosen: list[Phase] = []
    for phase in candidates:
        if phase.kind == "structure" and not any(same_phase(phase, other) for other in chosen):
            chosen.append(phase)
    return tuple(chosen)


def same_phase(one: Phase, other: Phase) -> bool:
    """True for one formula in one space group with nearly one cell."""
    if one is other:
        return True
    if one.kind != other.kind or one.space_group.split(":")[0].replace(" ", "") != other.space_group.split(":")[
        0
    ].replace(" ", ""):
        return False
    if not _one_formula(one.formula, other.formula):
        return False
    return all(abs(a / b - 1.0) < ALIKE for a, b in zip(one.cell[:3], other.cell[:3], strict=True))


def _one_formula(one: str, other: str) -> bool:
    """True for formulas that differ by a factor only: Li2O and Li8O4."""
    left, right = composition(one), composition(other)
    if set(left) != set(right):
        return False
    ratios = [left[name] / right[name] for name in left]
    return max(ratios) < 1.001 * min(ratios)


def made_of(candidates: Iterable[Phase], elements: Iterable[str] | None) -> tuple[Phase, ...]:
    """Candidates that hold no element beyond `elements`; all of them where nobody named any."""
    if elements is None:
        return tuple(candidates)
    allowed = frozenset(elements)
    return tuple(phase for phase in candidates if phase.elements <= allowed)


@dataclass(frozen=True, eq=False)
class Template:
    """A candidate's lines at one shift and size of its cell: a weighted `column` of norm 1 and its former `size`."""

    phase: Phase
    stretch: float
    shift: float
    column: np.ndarray
    size: float


@dataclass(eq=False)
class Library:
    """Templates of all candidates on the points of one pattern."""

    x: np.ndarray
    weight: np.ndarray
    instrument: Instrument
    width: float
    phases: tuple[Phase, ...]
    templates: dict[float, list[Template]] = field(default_factory=dict)

    def at(self, shift: float) -> list[Template]:
        """Templates for one shift of the lines, in the unit of the instrument's shift; made once."""
        key = round(shift, 9)
        if key not in self.templates:
            self.templates[key] = [template for phase in self.phases for template in self.of(phase, key)]
        return self.templates[key]

    def offsets(self) -> list[float]:
        """Shifts to try while none is known."""
        most = OFFSETS if self.instrument.shift != "displacement" else 0.5 * OFFSETS
        count = int(np.clip(np.ceil(OFFSETS / (OFTEN * self.width)), 1, 6))
        return np.linspace(-most, most, 2 * count + 1).tolist()

    def of(self, phase: Phase, shift: float) -> list[Template]:
        """Templates of one phase over the box of its cell."""
        made = crystals([Choice(phase)], self.instrument, self.x[-1])[0]
        lines = phase_lines(made, self.instrument, self.x[0], self.x[-1])
        if len(lines.chosen) == 0:
            return []
        found = []
        for stretch in self._stretches(phase):
            layout = _layout(made.cell.names, stretch, shift, self.width)
            table = line_table(lines, 0, self.instrument, layout, layout.start)
            width, share = mixed(table.gauss, table.lorentz)
            column = (shapes(self.x, table.centre, width, share, 6.0).value @ table.area) * self.weight
            size = float(np.linalg.norm(column))
            if size > 0.0:
                found.append(Template(phase, stretch, shift, (column / size).astype(np.float32), size))
        return found

    def _stretches(self, phase: Phase) -> np.ndarray:
        """Relative sizes of the cell, close enough that no line falls between two."""
        box = phase.box()
        low = np.mean([box[name][0] / edge - 1.0 for name, edge in zip(EDGES, phase.cell, strict=False)])
        high = np.mean([box[name][1] / edge - 1.0 for name, edge in zip(EDGES, phase.cell, strict=False)])
        middle = 0.5 * (self.x[0] + self.x[-1])
        moved = 2.0 * np.tan(0.5 * middle) * (high - low)
        count = int(np.clip(np.ceil(moved / (OFTEN * self.width)), 1, MOST_STEPS))
        return np.linspace(low, high, count + 2)[1:-1]


def _layout(names: Sequence[str], stretch: float, shift: float, width: float) -> ModelParameters:
    square = (0.7 * width) ** 2
    parameters = [
        LineParameter("W", None, square, square, square, square),
        LineParameter("shift", None, shift, shift, shift, 1.0),
        LineParameter("size", 0, 0.3 * width, 0.0, width, width),
        *(LineParameter(f"cell {name}", 0, stretch, stretch, stretch, 1e-3) for name in names if name in EDGES),
    ]
    return ModelParameters(tuple(parameters))


def ranked(
    templates: Iterable[Template], residual: np.ndarray, taken: np.ndarray, left_out: Iterable[Phase] = ()
) -> list[tuple[float, Template]]:
    """The best template of each candidate with the fall of chi2 it promises, best first.

    `residual` (points,) weighted; `taken` (points, k) orthonormal columns that the model has already.
    """
    skip = list(left_out)
    best: dict[int, tuple[float, Template]] = {}
    for template in templates:
        if any(template.phase is phase for phase in skip):
            continue
        column = template.column
        along = float(column @ residual)
        if along <= 0.0:
            continue
        rest = 1.0 - float(np.square(taken.T @ column).sum())
        gain = along**2 / max(rest, 1e-3)
        if gain > best.get(id(template.phase), (0.0, template))[0]:
            best[id(template.phase)] = (gain, template)
    return sorted(best.values(), key=lambda pair: -pair[0])
