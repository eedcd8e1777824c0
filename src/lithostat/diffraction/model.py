"""A pattern as a model: columns that scales multiply (background, humps, phases) and their derivatives."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.sparse import csc_array, hstack

from lithostat.diffraction.instrument import Instrument
from lithostat.diffraction.parameters import ModelParameters
from lithostat.diffraction.peak_shape import Shapes, mixed, reach_of, shapes
from lithostat.diffraction.phase_lines import LineTable, PhaseLines, line_table, rows_of

TAIL = 0.05  # of the noise, below which the tail of a line is not followed
PART = 1e-4  # of the usual change of a parameter, by which its derivative steps


class Evaluation(NamedTuple):
    """Columns for one set of parameters, and how their weighted sum changes with each parameter."""

    columns: csc_array  # (points, columns), mostly zeros where intensities are free
    derivative: Callable[[np.ndarray], np.ndarray]  # (columns,) -> (points, parameters)


@dataclass(frozen=True, eq=False)
class PatternModel:
    """Phases on an instrument at the angles `x` [rad]; `fixed` are further columns that do not depend on parameters."""

    x: np.ndarray
    instrument: Instrument
    phases: tuple[PhaseLines, ...]
    layout: ModelParameters
    fixed: np.ndarray
    reaches: tuple[np.ndarray, ...] = ()  # full widths that each line is followed, per phase; 10 where not set

    @property
    def places(self) -> tuple[slice, ...]:
        """Which columns belong to each phase; the fixed ones come first."""
        ends = np.cumsum([self.fixed.shape[1], *(lines.columns for lines in self.phases)])
        return tuple(slice(int(a), int(b)) for a, b in itertools.pairwise(ends))

    def followed(self, values: np.ndarray, scales: np.ndarray, sigma: np.ndarray) -> PatternModel:
        """The same model with each line followed until its tail is lost in the noise `sigma` [counts]."""
        reaches = []
        for number, lines in enumerate(self.phases):
            table = line_table(lines, number, self.instrument, self.layout, values)
            width, share = mixed(table.gauss, table.lorentz)
            rows = rows_of(lines, self.instrument, self.layout)
            height = 0.8 * np.abs(scales[self.places[number]][rows]) * table.area / width
            reaches.append(reach_of(height, share, TAIL * np.interp(table.centre, self.x, sigma)))
        return replace(self, reaches=tuple(reaches))

    def evaluate(self, values: np.ndarray, blur: float = 0.0) -> Evaluation:
        """Columns and derivatives at `values`; `blur` [rad] widens every line, for a first search from afar."""
        parts, columns = [], [csc_array(self.fixed)]
        for number, lines in enumerate(self.phases):
            table = line_table(lines, number, self.instrument, self.layout, values)
            width, share = mixed(np.hypot(table.gauss, blur), table.lorentz)
            drawn = shapes(self.x, table.centre, width, share, self.reaches[number] if self.reaches else 10.0)
            rows = rows_of(lines, self.instrument, self.layout)
            parts.append((number, lines, table, drawn, rows))
            columns.append(_columns(drawn, table.area, rows, lines.columns))

        def derivative(scales: np.ndarray) -> np.ndarray:
            total = np.zeros((len(self.x), len(values)))
            for number, lines, table, drawn, rows in parts:
                own = scales[self.places[number]][rows]
                if own.any():
                    self._add(total, number, lines, table, drawn, own, values, blur)
            return total

        return Evaluation(csc_array(hstack(columns, format="csc")), derivative)

    def _add(
        self,
        total: np.ndarray,
        number: int,
        lines: PhaseLines,
        table: LineTable,
        drawn: Shapes,
        own: np.ndarray,
        values: np.ndarray,
        blur: float,
    ) -> None:
        """Add to `total` what one phase changes by, for a small change of each of its parameters."""
        places = [*self.layout.of_phase(None), *self.layout.of_phase(number)]
        width, share = mixed(np.hypot(table.gauss, blur), table.lorentz)
        changes = np.empty((4, len(own), len(places)))
        for column, place in enumerate(places):
            step = PART * self.layout.parameters[place].scale
            moved = values.copy()
            moved[place] += step
            near = line_table(lines, number, self.instrument, self.layout, moved)
            other_width, other_share = mixed(np.hypot(near.gauss, blur), near.lorentz)
            amount = own * table.area / step
            changes[0, :, column] = own * (near.area - table.area) / step
            changes[1, :, column] = amount * (near.centre - table.centre)
            changes[2, :, column] = amount * (other_width - width)
            changes[3, :, column] = amount * (other_share - share)
        stacked = hstack([drawn.value, drawn.by_centre, drawn.by_width, drawn.by_share], format="csc")
        total[:, places] += stacked @ changes.reshape(-1, len(places))


def _columns(drawn: Shapes, area: np.ndarray, rows: np.ndarray, count: int) -> csc_array:
    """(points, count) sum of the lines of each column."""
    gather = csc_array((area, rows, np.arange(len(area) + 1)), shape=(count, len(area))).T
    return csc_array(drawn.value @ gather.tocsc())
