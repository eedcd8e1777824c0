"""Powder patterns from code that shares nothing with the package: gemmi's own structure factors, lines drawn here."""

from __future__ import annotations

from collections.abc import Mapping

import gemmi
import numpy as np
from scipy.special import voigt_profile

from lithostat.experiment.pattern import Pattern
from lithostat.materials.phase import Phase

MO = ((0.70931715e-10, 1.0), (0.7136070e-10, 0.5))


def structure(phase: Phase) -> gemmi.SmallStructure:
    """The card as gemmi's own record."""
    small = gemmi.SmallStructure()
    small.cell = gemmi.UnitCell(*(edge * 1e10 for edge in phase.cell[:3]), *np.degrees(phase.cell[3:]))
    small.spacegroup_hm = phase.space_group
    small.determine_and_set_spacegroup("s.h2")
    for number, atom in enumerate(phase.sites):
        site = gemmi.SmallStructure.Site()
        site.label = f"{atom.element}{number}"
        site.type_symbol = atom.element
        site.element = gemmi.Element(atom.element)
        site.fract = gemmi.Fractional(*atom.at)
        site.u_iso = atom.displacement * 1e20
        site.occ = atom.occupancy
        small.add_site(site)
    small.setup_cell_images()
    return small


def reflections(phase: Phase, shortest: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Spacing [m], squared structure factor times multiplicity, and hkl down to `shortest` [m], without dispersion."""
    small = structure(phase)
    small.change_occupancies_to_crystallographic()  # as gemmi's sums want them
    group = gemmi.find_spacegroup_by_name(phase.space_group)
    hkl = gemmi.make_miller_array(small.cell, group, shortest * 1e10)
    calculator = gemmi.StructureFactorCalculatorX(small.cell)
    operations = group.operations()
    strength, spacing = [], []
    for index in hkl:
        triple = [int(part) for part in index]
        factor = calculator.calculate_sf_from_small_structure(small, triple)
        images = {tuple(op.apply_to_hkl(triple)) for op in operations}
        images |= {tuple(-part for part in image) for image in images}
        strength.append(abs(factor) ** 2 * len(images))
        spacing.append(small.cell.calculate_d(triple) * 1e-10)
    order = np.argsort(spacing)[::-1]
    return np.array(spacing)[order], np.array(strength)[order], np.asarray(hkl)[order]


def cell_mass(phase: Phase) -> float:
    """Mass of the unit cell in unified atomic mass units."""
    return sum(
        site.element.weight * site.occ * small_multiplicity(structure(phase), site) for site in structure(phase).sites
    )


def small_multiplicity(small: gemmi.SmallStructure, site: gemmi.SmallStructure.Site) -> int:
    """Atoms of the unit cell that a site stands for."""
    group = gemmi.find_spacegroup_by_name(small.spacegroup_hm)
    images: list[np.ndarray] = []
    for op in group.operations():
        image = np.mod(op.apply_to_xyz(site.fract.tolist()), 1.0)
        if not any(np.abs((image - other + 0.5) % 1.0 - 0.5).max() < 1e-3 for other in images):
            images.append(image)
    return len(images)


def lines_of(phase: Phase, angles: np.ndarray, width: float, grains: float, random: np.random.Generator) -> np.ndarray:
    """Lines of a phase for weight 1, transmission, Mo doublet, Voigt of full width `width` [rad]."""
    first, last = angles[0], angles[-1]
    shortest = MO[0][0] / (2.0 * np.sin(0.5 * (last + 0.03)))
    d, strength, _ = reflections(phase, shortest)
    strength = strength * np.maximum(random.normal(1.0, grains, len(strength)), 0.0) if grains else strength
    volume = structure(phase).cell.volume
    total = np.zeros_like(angles)
    for length, weight in MO:
        two_theta = 2.0 * np.arcsin(length / (2.0 * d))
        factor = (1.0 + np.cos(two_theta) ** 2) / (np.sin(0.5 * two_theta) ** 2 * np.cos(0.5 * two_theta))
        for centre, area in zip(two_theta, weight * strength * factor, strict=True):
            if first - 0.02 < centre < last + 0.02:
                total += area * voigt_profile(angles - centre, 0.35 * width, 0.12 * width)
    return total / (cell_mass(phase) * volume)


def pattern_of(
    mixture: Mapping[Phase, float],
    *,
    width: float,
    seed: int,
    peak: float = 1e4,
    background: float = 2e3,
    grains: float = 0.05,
    span: tuple[float, float] = (6.0, 35.0),
    step: float = 0.02,
    offset: float = 0.01,
) -> Pattern:
    """Counts of a mixture by weight; `peak` above `background`, `width`, `span`, `step` and `offset` in degrees."""
    random = np.random.default_rng(seed)
    angles = np.radians(np.arange(span[0], span[1], step))
    shifted = angles - np.radians(offset)
    total = sum(
        weight * lines_of(phase, shifted, np.radians(width), grains, random) for phase, weight in mixture.items()
    )
    hump = background * (1.0 + 0.4 * np.exp(-angles / 0.15))
    counts = random.poisson(total * peak / total.max() + hump).astype(float)
    return Pattern(
        angles,
        counts,
        np.sqrt(np.maximum(counts, 1.0)),
        "counts",
        lines=MO,
        geometry="transmission",
        name=f"seed {seed}",
    )
