"""Lines that no phase of a fit explains, and which lines of the source or cells without a structure could."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from lithostat.diffraction.crystal import crystal
from lithostat.diffraction.optics import shift
from lithostat.diffraction.pattern_fit import PatternFit
from lithostat.diffraction.peak_shape import mixed
from lithostat.diffraction.peaks import floor
from lithostat.diffraction.phase_lines import line_table
from lithostat.diffraction.unit_cell import spacings
from lithostat.experiment.radiation import companions
from lithostat.materials.phase import Phase

CLEAR = 6.0  # standard deviations, inflated by the misfit around it, that make a leftover line
TALL = 0.3  # of the highest line, from which a line may be seen in what a filter lets through
NEAR = 0.4  # of a full width, within which a place counts as explained
DRAWS = 200  # random cells that a cell is held against
LOOSENESS = 0.1  # by which the edges of a random cell differ from those of the cell it stands for
FEWEST = 3  # leftover lines, below which indexing says nothing at all


@dataclass(frozen=True)
class Leftover:
    """A line that no phase explains: angle and full width [rad], height over the highest line, z, spacing [m].

    `ghost` says what it may be instead of a line of a phase.
    """

    two_theta: float
    width: float
    height: float
    z: float
    spacing: float
    ghost: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "two_theta_rad": self.two_theta,
            "spacing_m": self.spacing,
            "height": self.height,
            "z": self.z,
            "ghost": self.ghost or None,
        }


def line_width(fit: PatternFit) -> float:
    """Usual full width of a line in a fit [rad]."""
    if not fit.choices:
        return 1e-3
    table = line_table(fit.model.phases[0], 0, fit.model.instrument, fit.model.layout, fit.optimum.values)
    return float(np.median(mixed(table.gauss, table.lorentz)[0])) if len(table.centre) else 1e-3


def explained(fit: PatternFit) -> float:
    """Share of what stands above the smooth floor of a pattern that its phases explain [-]."""
    lines = fit.pattern.counts - floor(fit.pattern)
    clear = lines > 3.0 * fit.pattern.sigma
    missed = np.maximum(fit.pattern.counts - fit.calculated, 0.0)
    total = float(lines[clear].sum())
    return 1.0 - float(np.minimum(missed, lines)[clear].sum()) / total if total > 0.0 else 1.0


def leftover_lines(fit: PatternFit) -> tuple[Leftover, ...]:
    """Lines in what a fit leaves over, by rising angle."""
    x = fit.pattern.two_theta
    step = float(np.median(np.diff(x)))
    width = line_width(fit)
    blur = max(0.42 * width / step, 0.7)
    rest = gaussian_filter1d(fit.residual, blur) * np.sqrt(2.0 * np.sqrt(np.pi) * blur)
    around = np.sqrt(gaussian_filter1d(np.square(fit.residual), 12.0 * width / step))
    z = rest / np.maximum(around, 1.0)
    places, _ = find_peaks(z, height=CLEAR, prominence=0.7 * CLEAR, distance=max(int(width / step), 1))
    highest = max(float((fit.pattern.counts - floor(fit.pattern)).max()), 1e-300)
    smooth = gaussian_filter1d(fit.pattern.counts - fit.calculated, max(0.3 * blur, 0.5))
    shifted = shift(x[places], fit.model.instrument.shift, fit.value("shift")[0])
    real = x[places] - shifted
    return tuple(
        Leftover(
            float(x[place]),
            width,
            float(smooth[place] / highest),
            float(z[place]),
            float(fit.model.instrument.wavelength / (2.0 * np.sin(0.5 * angle))),
            _ghost(fit, float(angle), width),
        )
        for place, angle in zip(places, real, strict=True)
    )


def _ghost(fit: PatternFit, angle: float, width: float) -> str:
    """What a line may be that is none of a phase: a strong line seen in K-beta or tungsten light."""
    names = ("K-beta", "tungsten L-alpha")
    for (length, _), name in zip(companions(fit.model.instrument.lines), names, strict=False):
        for number in range(len(fit.choices)):
            lines = fit.model.phases[number]
            d = spacings(fit.cell(number), lines.crystal.hkl[lines.chosen])
            strong = d[_tall(fit, number)]
            sine = length / (2.0 * strong)
            seen = 2.0 * np.arcsin(sine[sine < 1.0])
            if len(seen) and np.abs(seen - angle).min() < NEAR * width:
                return f"where {name} light puts a strong line of {fit.names[number]}"
    return ""


def _tall(fit: PatternFit, number: int) -> np.ndarray:
    """(lines,) True for the lines of a phase that are tall enough to be seen in foreign light."""
    x, above = fit.pattern.two_theta, fit.calculated - fit.background
    lines = fit.model.phases[number]
    sine = fit.model.instrument.wavelength / (2.0 * spacings(fit.cell(number), lines.crystal.hkl[lines.chosen]))
    places = 2.0 * np.arcsin(np.minimum(sine, 1.0))
    own = np.interp(places, x, fit.curve(number))
    return (own > TALL * above.max()) & (sine < 1.0) & (places > x[0]) & (places < x[-1])


@dataclass(frozen=True)
class Indexing:
    """How many of `lines` leftover lines a cell without a structure could index, and how many a random one would."""

    name: str
    lines: int
    indexed: int
    random: float

    @property
    def sentence(self) -> str:
        """What may be said of such a phase."""
        if self.lines < FEWEST:
            left = "no line is" if self.lines == 0 else f"only {self.lines} line{'s are' if self.lines > 1 else ' is'}"
            return f"known by its cell only: {left} left over for it, and no limit can be given without intensities"
        return (
            f"known by its cell only: it could index {self.indexed} of {self.lines} left-over lines, a random cell of "
            f"this size would index {self.random:.1f}"
        )


def indexing(
    fit: PatternFit, lines: Sequence[Leftover], phases: Iterable[Phase], seed: int = 0
) -> tuple[Indexing, ...]:
    """Cells without a structure held against the leftover lines and against random cells of their size."""
    length = fit.model.instrument.wavelength
    angles = np.array([2.0 * np.arcsin(length / (2.0 * line.spacing)) for line in lines if not line.ghost])
    width = line_width(fit)
    return tuple(_indexed(phase, angles, length, width, seed) for phase in phases)


def _indexed(phase: Phase, angles: np.ndarray, length: float, width: float, seed: int) -> Indexing:
    if len(angles) == 0:
        return Indexing(phase.name, 0, 0, 0.0)
    made = crystal(phase, 0.98 * length / (2.0 * np.sin(0.5 * angles.max())))
    if len(made.hkl) == 0:
        return Indexing(phase.name, len(angles), 0, 0.0)
    free = made.cell
    random = np.random.default_rng(seed)
    box = phase.box()
    reach = np.array([0.5 * (box[n][1] - box[n][0]) / e for n, e in zip("abc", free.base[:3], strict=True)])

    def count(cell: np.ndarray) -> int:
        """Lines indexed at the best of a few sizes of the cell within its box."""
        best = 0
        for stretch in np.linspace(-1.0, 1.0, 5):
            moved = np.concatenate([cell[:3] * (1.0 + stretch * reach), cell[3:]])
            sine = length / (2.0 * spacings(moved, made.hkl))
            places = np.sort(2.0 * np.arcsin(np.minimum(sine, 1.0)))
            best = max(best, int((np.abs(places[:, None] - angles[None, :]).min(axis=0) < NEAR * width).sum()))
        return best

    drawn = []
    for _ in range(DRAWS):
        factors = np.exp(random.normal(0.0, LOOSENESS, len(free.names)))
        change = np.where([name in "abc" for name in free.names], factors - 1.0, 0.0)
        cell = free.at(change)
        cell[:3] *= np.cbrt(np.prod(free.base[:3]) / np.prod(cell[:3]))
        if len([name for name in free.names if name in "abc"]) == 1:  # one edge and one size: vary the size instead
            cell[:3] = free.base[:3] * random.uniform(1.0 - LOOSENESS, 1.0 + LOOSENESS)
        drawn.append(count(cell))
    return Indexing(phase.name, len(angles), count(free.base), float(np.mean(drawn)))
