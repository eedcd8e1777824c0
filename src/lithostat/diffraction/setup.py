"""A model for given phases on a given pattern: which parameters it has, where they start, how far they may go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lithostat.diffraction.crystal import Crystal, crystal
from lithostat.diffraction.instrument import Instrument
from lithostat.diffraction.model import PatternModel
from lithostat.diffraction.parameters import LineParameter, ModelParameters
from lithostat.diffraction.phase_lines import PhaseLines, phase_lines
from lithostat.materials.phase import EDGES, Phase

DEGREE = np.pi / 180.0
BROADEST = 3.0  # usual widths, to which size or strain may widen a phase; a broader phase is background
MOST_SHIFT = 0.25 * DEGREE  # of lines, by zero or displacement
DAMPING = (-2e-20, 2e-20)  # m2, B by which intensities may fall off otherwise than the cards say: roughness, overspill


@dataclass(frozen=True)
class Choice:
    """How a phase enters a model: with free intensities (Pawley) or by its structure, and with which texture.

    A `certified` phase keeps the cell of its card: it then tells where the lines of the others really are.
    """

    phase: Phase
    free: bool = False
    texture: tuple[int, int, int] | None = None
    certified: bool = False


def crystals(choices: Sequence[Choice], instrument: Instrument, last: float) -> tuple[Crystal, ...]:
    """Phases made ready down to the spacing that the last angle [rad] sees."""
    highest = 0.5 * min(last + 2.0 * DEGREE, np.pi)
    shortest = min(length for length, _ in instrument.lines) / (2.0 * np.sin(highest))
    return tuple(crystal(choice.phase, 0.995 * shortest, instrument.wavelength) for choice in choices)


def set_up(
    x: np.ndarray,
    choices: Sequence[Choice],
    instrument: Instrument,
    *,
    width: float,
    fixed: np.ndarray | None = None,
    axial: float | None = None,
) -> PatternModel:
    """The model with every parameter that its phases may need; a search moves some of them at a time.

    `x` angles [rad]; `width` usual full width of a line [rad]; `fixed` (points, k) columns that do not move (humps, a
    blank); `axial` opening to start from [rad], None for a model without it.
    """
    parts = tuple(
        phase_lines(
            ready, instrument, x[0], x[-1], free=choice.free or not ready.known, width=width, texture=choice.texture
        )
        for ready, choice in zip(crystals(choices, instrument, x[-1]), choices, strict=True)
    )
    parameters = _shared(instrument, width, axial)
    for number, (choice, part) in enumerate(zip(choices, parts, strict=True)):
        parameters += _own(number, choice, part, width)
    still = fixed if fixed is not None else np.zeros((len(x), 0))
    return PatternModel(x, instrument, parts, ModelParameters(tuple(parameters)), still)


def _shared(instrument: Instrument, width: float, axial: float | None) -> list[LineParameter]:
    """Parameters of the instrument."""
    square = (0.7 * width) ** 2
    most = MOST_SHIFT if instrument.shift != "displacement" else 0.5 * MOST_SHIFT
    shared = [
        LineParameter("shift", None, 0.0, -most, most, 0.01 * DEGREE),
        LineParameter("W", None, square, (0.1 * width) ** 2, (3.0 * width) ** 2, square),
        LineParameter("U", None, 0.0, 0.0, 30.0 * square, square),
        LineParameter("V", None, 0.0, -10.0 * square, 10.0 * square, square),
        LineParameter("damping", None, 0.0, *DAMPING, 1e-21),
    ]
    if axial is not None:
        shared.append(LineParameter("axial", None, axial, 0.0, 0.15, 0.02))
    for place, (_, weight) in enumerate(instrument.lines):
        if weight == 0.0:
            shared.append(LineParameter(f"companion {place}", None, 0.0, 0.0, 0.2, 0.01))
    return shared


def _own(number: int, choice: Choice, lines: PhaseLines, width: float) -> list[LineParameter]:
    """Parameters of one phase."""
    cell, box = lines.crystal.cell, choice.phase.box()
    if choice.certified:
        box = {name: (edge, edge) for name, edge in zip(EDGES, choice.phase.cell, strict=False)}
    turn = float(np.mean([0.5 * (high - low) / cell.base[EDGES.index(name)] for name, (low, high) in box.items()]))
    own = []
    for name in cell.names:
        if name in EDGES:
            edge = cell.base[EDGES.index(name)]
            low, high = box[name]
            own.append(LineParameter(f"cell {name}", number, 0.0, low / edge - 1.0, high / edge - 1.0, 1e-3))
        else:
            own.append(LineParameter(f"cell {name}", number, 0.0, -turn, turn, 0.1 * DEGREE))
    own.append(LineParameter("size", number, 0.3 * width, 0.0, BROADEST * width, 0.3 * width))
    own.append(LineParameter("strain", number, 0.0, 0.0, BROADEST * width, 0.3 * width))
    if choice.texture is not None and not lines.free:
        own.append(LineParameter("texture", number, 1.0, 0.3, 2.0, 0.1))
    return own


def carried(
    layout: ModelParameters,
    choices: Sequence[Choice],
    other: ModelParameters,
    others: Sequence[Choice],
    values: np.ndarray,
) -> np.ndarray:
    """Start values of `layout` with the values that the same phases had in another one."""
    names = [choice.phase.name for choice in others]
    start = layout.start
    for place, each in enumerate(layout.parameters):
        name = None if each.phase is None else choices[each.phase].phase.name
        if name is not None and name not in names:
            continue
        known = other.find(each.name, None if name is None else names.index(name))
        if known is not None:
            start[place] = values[known]
    return np.clip(start, layout.low, layout.high)
