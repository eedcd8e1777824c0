"""Lines of one phase on an instrument: where, how wide, how strong, as functions of the parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy.special import roots_jacobi

from lithostat.diffraction.crystal import Crystal, texture_cosines
from lithostat.diffraction.instrument import Instrument
from lithostat.diffraction.optics import march_dollase, shift
from lithostat.diffraction.parameters import ModelParameters
from lithostat.diffraction.unit_cell import spacings

MARGIN = np.radians(1.0)  # beyond the pattern, from where a line still reaches in
TOGETHER = 0.35  # of a full width, below which two lines share one free intensity
AXIAL_NODES = 4  # of the quadrature over the axial opening


class LineTable(NamedTuple):
    """Rows of lines: centre, Gaussian and Lorentzian full width [rad], area for a scale of 1."""

    centre: np.ndarray
    gauss: np.ndarray
    lorentz: np.ndarray
    area: np.ndarray


@dataclass(eq=False)
class PhaseLines:
    """One phase in a model.

    A phase with `free` intensities has one column per group of lines (Pawley), any other a single one. `chosen` are the
    reflections in range, `group` the column of each within the phase, `relative` their weights within the column.
    """

    crystal: Crystal
    free: bool
    chosen: np.ndarray
    group: np.ndarray
    relative: np.ndarray
    texture: tuple[int, int, int] | None = None
    cosines: np.ndarray | None = field(default=None)

    @property
    def columns(self) -> int:
        """Number of columns."""
        return int(self.group.max()) + 1 if len(self.group) else 0


def phase_lines(
    crystal: Crystal,
    instrument: Instrument,
    first: float,
    last: float,
    *,
    free: bool = False,
    width: float = 0.0,
    texture: tuple[int, int, int] | None = None,
) -> PhaseLines:
    """Lines of a crystal between two angles [rad]; those nearer than `TOGETHER` of `width` share a free intensity."""
    d = spacings(crystal.cell.base, crystal.hkl)
    sine = instrument.wavelength / (2.0 * d)
    longest = max(length for length, _ in instrument.lines) / instrument.wavelength
    two_theta = 2.0 * np.arcsin(np.minimum(sine, 1.0))
    margin = width if free else MARGIN  # a free intensity needs its line, not just a tail
    inside = (sine * longest < 0.999) & (two_theta > first - margin) & (two_theta < last + margin)
    relative = crystal.strength * crystal.multiplicity
    inside &= relative > 1e-7 * relative.max(initial=0.0)
    chosen = np.flatnonzero(inside)
    if not free:
        return PhaseLines(crystal, False, chosen, np.zeros(len(chosen), int), relative[chosen], texture)
    chosen = chosen[np.argsort(two_theta[chosen], kind="stable")]
    group, begin = np.zeros(len(chosen), int), -np.inf
    count = -1
    for place, angle in enumerate(two_theta[chosen]):
        if angle - begin > TOGETHER * width:
            count, begin = count + 1, angle
        group[place] = count
    weight = relative[chosen] / np.bincount(group, relative[chosen])[group] if len(chosen) else relative[chosen]
    return PhaseLines(crystal, True, chosen, group, weight, None)


def line_table(
    lines: PhaseLines, phase: int, instrument: Instrument, layout: ModelParameters, values: np.ndarray
) -> LineTable:
    """Every line of a phase for parameter `values`; rows run over reflections, then lines of the source, then nodes."""

    def value(name: str, of: int | None) -> float:
        place = layout.find(name, of)
        return float(values[place]) if place is not None else 0.0

    crystal, cell = lines.crystal, lines.crystal.cell
    shifts = np.array([value(f"cell {name}", phase) for name in cell.names])
    d = spacings(cell.at(shifts), crystal.hkl[lines.chosen])
    lengths = np.array([length for length, _ in instrument.lines])
    weights = _line_weights(instrument, value)
    theta = np.arcsin(np.minimum(0.5 * lengths[None, :] / d[:, None], 0.9999))
    two_theta = 2.0 * theta
    tangent, cosine = np.tan(theta), np.cos(theta)
    variance = value("U", None) * tangent**2 + value("V", None) * tangent + value("W", None)
    gauss = np.sqrt(np.maximum(variance, 1e-10))
    lorentz = (value("size", phase) + value("X", None)) / cosine + (value("strain", phase) + value("Y", None)) * tangent
    area = lines.relative[:, None] * weights[None, :]
    if not lines.free:
        area = area * instrument.intensity(two_theta)
        area = area * np.exp(-0.5 * value("damping", None) / d**2)[:, None]
        degree = layout.find("texture", phase)
        if degree is not None and lines.texture is not None and values[degree] != 1.0:
            area = area * _texture(lines, instrument, values[degree], two_theta[:, 0])[:, None]
    centre = two_theta + shift(two_theta, instrument.shift, value("shift", None))
    axial = layout.find("axial", None)
    table = LineTable(centre, gauss, np.maximum(lorentz, 1e-8), area)
    if axial is not None:
        table = _spread_axially(table, two_theta, values[axial])
    return LineTable(*(np.ravel(part) for part in table))


def _line_weights(instrument: Instrument, value: object) -> np.ndarray:
    """Weights of the source's lines; those that come with weight 0 are free parameters by their place."""
    return np.array(
        [
            weight if weight > 0.0 else value(f"companion {place}", None)  # type: ignore[operator]
            for place, (_, weight) in enumerate(instrument.lines)
        ]
    )


def _texture(lines: PhaseLines, instrument: Instrument, degree: float, two_theta: np.ndarray) -> np.ndarray:
    if lines.cosines is None:
        assert lines.texture is not None
        lines.cosines = texture_cosines(lines.crystal, lines.texture)[lines.chosen]
    return march_dollase(lines.cosines, degree, instrument.tilt(two_theta))


_NODES, _WEIGHTS = roots_jacobi(AXIAL_NODES, 1.0, 0.0)
_NODES, _WEIGHTS = 0.5 * (1.0 + _NODES), _WEIGHTS / _WEIGHTS.sum()


def _spread_axially(table: LineTable, two_theta: np.ndarray, opening: float) -> LineTable:
    """Lines split over rays that leave the scattering plane by up to `opening` [rad] in total.

    A ray that rises by h per path is seen at cos(2 phi) = cos(2 theta) sqrt(1 + h^2) (van Laar and Yelon 1984); equal
    heights of source and detector make the rises a triangle, over which a Gauss-Jacobi rule of `AXIAL_NODES` sums.
    """
    rise = np.sqrt(1.0 + (opening * _NODES) ** 2)
    seen = np.arccos(np.clip(np.cos(two_theta)[..., None] * rise, -1.0, 1.0))
    moved = table.centre[..., None] + seen - two_theta[..., None]
    gauss, lorentz = (np.broadcast_to(part[..., None], moved.shape) for part in (table.gauss, table.lorentz))
    return LineTable(moved, gauss, lorentz, table.area[..., None] * _WEIGHTS)


def rows_of(lines: PhaseLines, instrument: Instrument, layout: ModelParameters) -> np.ndarray:
    """The column within the phase of every row of `line_table`."""
    nodes = AXIAL_NODES if layout.find("axial", None) is not None else 1
    return np.repeat(lines.group, len(instrument.lines) * nodes)
