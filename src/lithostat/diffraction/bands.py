"""What choices that nobody can justify do to the weights: the same phases fitted otherwise, and the spread of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from lithostat.diffraction.amounts import amounts
from lithostat.diffraction.crystal import texture_cosines
from lithostat.diffraction.fit import Settings, fit
from lithostat.diffraction.instrument import SHIFTS
from lithostat.diffraction.pattern_fit import PatternFit
from lithostat.experiment.errors import LithostatError

AXES = ((0, 0, 1), (1, 0, 0), (0, 1, 0), (1, 1, 0), (1, 1, 1))
MORE_TERMS = 4  # of the background, in the variant that has more of them
WORTH_NAMING = 0.10  # of chi2, that texture must take away before it is believed
NOTABLE = 0.1  # of the intensity, that a phase must have for its texture to be looked at
SAME = 1e-3  # of an axis, within which two directions are one by symmetry


@dataclass(frozen=True)
class Band:
    """A weight fraction as fitted, and the lowest and highest that other choices give, errors included.

    `variants` names every other choice with the weight fraction it gave.
    """

    name: str
    low: float
    high: float
    variants: Mapping[str, float]


def bands(last: PatternFit, settings: Settings) -> tuple[tuple[Band, ...], tuple[str, ...]]:
    """Bands of all phases, and the variants that could not be fitted."""
    base = amounts(last)
    results: dict[str, tuple[float, ...]] = {}
    failed = []
    for name, variant in _variants(last, settings).items():
        try:
            other = fit(*variant, start=last)
        except LithostatError as error:
            failed.append(f"the weights were not tried with {name}: {error}")
            continue
        results[name] = tuple(amount.weight for amount in amounts(other))
    made = []
    for number, amount in enumerate(base):
        values = {name: weights[number] for name, weights in results.items()}
        spread = [amount.weight, *(value for value in values.values() if np.isfinite(value))]
        low, high = min(spread) - amount.error, max(spread) + amount.error
        made.append(Band(amount.name, max(low, 0.0), min(high, 1.0), values))
    return tuple(made), tuple(failed)


def _variants(last: PatternFit, settings: Settings) -> dict[str, tuple]:
    """Other ways to fit the same phases, as arguments of `fit`."""
    pattern, choices, instrument = last.pattern, last.choices, last.model.instrument
    other = next(kind for kind in SHIFTS[instrument.geometry] if kind != instrument.shift)
    found: dict[str, tuple] = {
        f"'{other}' instead of '{instrument.shift}'": (pattern, choices, replace(instrument, shift=other), settings),
        "a richer background": (pattern, choices, instrument, replace(settings, terms=settings.terms + MORE_TERMS)),
        "intensities that fall off as the cards say": (pattern, choices, instrument, replace(settings, damping=False)),
    }
    freed = [choice.free for choice in choices]
    if any(freed):
        tied = [
            replace(choice, free=False) if lines.crystal.known else choice
            for choice, lines in zip(choices, last.model.phases, strict=True)
        ]
        found["the structure of the main phase"] = (pattern, tied, instrument, settings)
    texture = suggested_texture(last)
    if texture is not None:
        number, axis, _ = texture
        changed = [replace(choice, texture=axis) if k == number else choice for k, choice in enumerate(choices)]
        found[f"{choices[number].phase.name} textured along {' '.join(map(str, axis))}"] = (
            pattern,
            changed,
            instrument,
            settings,
        )
    return found


def suggested_texture(last: PatternFit) -> tuple[int, tuple[int, int, int], float] | None:
    """Phase, direction and the part of chi2 that texture promises to take away; None where nothing stands out.

    A score test: the derivative at random orientation of every phase with a structure, less what the fit can already
    follow.
    """
    from lithostat.diffraction.limits import taken_with_slopes
    from lithostat.diffraction.optics import march_dollase
    from lithostat.diffraction.peak_shape import mixed, shapes
    from lithostat.diffraction.phase_lines import line_table

    taken, residual = taken_with_slopes(last), last.residual
    best: tuple[int, tuple[int, int, int], float] | None = None
    shares = [amount.intensity for amount in amounts(last)]
    for number, lines in enumerate(last.model.phases):
        if lines.free or shares[number] < NOTABLE or last.choices[number].texture is not None:
            continue
        table = line_table(lines, number, last.model.instrument, last.model.layout, last.optimum.values)
        width, share = mixed(table.gauss, table.lorentz)
        drawn = shapes(last.pattern.two_theta, table.centre, width, share, 5.0).value
        scale = float(last.optimum.scales[last.model.places[number]].sum())
        rays = len(table.area) // max(len(lines.chosen), 1)
        tilt = last.model.instrument.tilt(table.centre[::rays])
        for axis in _distinct_axes(last, number):
            cosines = texture_cosines(lines.crystal, axis)[lines.chosen]
            change = (march_dollase(cosines, 0.95, tilt) - 1.0) / -0.05
            column = (drawn @ (table.area * np.repeat(change, rays))) * scale * last.data.weight
            column -= taken @ (taken.T @ column)
            gain = float(column @ residual) ** 2 / max(float(column @ column), 1e-300) / last.optimum.chi2
            if gain > 0.01 and (best is None or gain > best[2]):
                best = (number, axis, gain)
    return best


def _distinct_axes(last: PatternFit, number: int) -> list[tuple[int, int, int]]:
    """Directions that symmetry does not make one."""
    lines = last.model.phases[number]
    chosen: list[tuple[int, int, int]] = []
    seen: list[np.ndarray] = []
    for axis in AXES:
        cosines = np.sort(np.abs(texture_cosines(lines.crystal, axis)[lines.chosen[:12]]), axis=1)
        if not any(cosines.shape == other.shape and np.abs(cosines - other).max() < SAME for other in seen):
            chosen.append(axis)
            seen.append(cosines)
    own = last.choices[number].phase.texture
    return [own, *(axis for axis in chosen if axis != own)] if own else chosen
