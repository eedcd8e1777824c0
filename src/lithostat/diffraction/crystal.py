"""Reflections of a phase: indices, multiplicities, structure factors; symmetry and scattering factors from gemmi."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lithostat.diffraction.unit_cell import FreeCell, free_cell, reciprocal_metric, spacings, volume
from lithostat.experiment.errors import InputError, MissingPackage
from lithostat.materials.phase import Phase, composition
from lithostat.physics.constants import AVOGADRO, ELECTRON_RADIUS, ELEMENTARY_CHARGE, LIGHT, PLANCK

if TYPE_CHECKING:
    from types import ModuleType

    import gemmi

ANGSTROM = 1e-10  # m
VOLT_METRE = PLANCK * LIGHT / ELEMENTARY_CHARGE  # photon energy [eV] times wavelength [m]
DISSIMILAR = 0.02  # relative difference of a published and a computed density that is worth a warning


@dataclass(frozen=True, eq=False)
class Crystal:
    """A phase made ready for a pattern.

    Args:
        hkl: (n, 3) one reflection of each set of equivalent ones, by falling spacing.
        multiplicity: (n,) reflections in the set; sets that fall on one spacing by symmetry stay apart.
        strength: (n,) squared structure factor [electrons2] of the unit cell with displacements, ones for a phase that
            is known by its cell only.
        mass: of the unit cell [kg]; `volume` of the unit cell [m3].
        cell: what may move.
    """

    phase: Phase
    hkl: np.ndarray
    multiplicity: np.ndarray
    strength: np.ndarray
    mass: float
    volume: float
    cell: FreeCell

    @property
    def density(self) -> float:
        """Of the crystal [kg/m3]."""
        return self.mass / self.volume

    @property
    def known(self) -> bool:
        """True if its intensities are known."""
        return self.phase.kind == "structure"


def _gemmi() -> ModuleType:
    try:
        import gemmi
    except ImportError:
        raise MissingPackage("diffraction needs gemmi: pip install 'lithostat[diffraction]'") from None
    return gemmi


@functools.lru_cache(maxsize=512)
def crystal(phase: Phase, shortest: float, wavelength: float | None = None, anomalous: bool = True) -> Crystal:
    """Reflections of `phase` down to the spacing `shortest` [m].

    `wavelength` [m] sets the anomalous part of the scattering factors (Cromer and Liberman) unless `anomalous` is off.
    Raises `InputError` for an unknown space group or element.
    """
    gemmi = _gemmi()
    group = gemmi.find_spacegroup_by_name(phase.space_group)
    if group is None:
        raise InputError(
            f"the phase '{phase.name}' has the space group '{phase.space_group}', which is not known",
            expected="a Hermann-Mauguin symbol with its setting, such as 'F -4 3 m' or 'R -3 m :H'",
        )
    edges = [edge / ANGSTROM for edge in phase.cell[:3]]
    box = gemmi.UnitCell(*edges, *np.degrees(phase.cell[3:]))
    hkl = np.asarray(gemmi.make_miller_array(box, group, 0.97 * shortest / ANGSTROM), int)
    rotations, shifts = _operations(group)
    cell = free_cell(phase.cell, group.crystal_system_str())
    d = spacings(np.asarray(phase.cell), hkl)
    order = np.argsort(-d, kind="stable")
    hkl, d = hkl[order], d[order]
    multiplicity = np.array([_multiplicity(rotations, index) for index in hkl], float)
    size = volume(np.asarray(phase.cell))
    if phase.kind != "structure":
        return Crystal(phase, hkl, multiplicity, np.ones(len(hkl)), _formula_mass(phase, size), size, cell)
    elements, places, weights, displacements = _atoms(phase, rotations, shifts)
    strength = _strengths(elements, places, weights, displacements, hkl, d, wavelength if anomalous else None)
    mass = float(sum(w * _weight(element) for element, w in zip(elements, weights, strict=True))) * 1e-3 / AVOGADRO
    return Crystal(phase, hkl, multiplicity, strength, mass, size, cell)


def _operations(group: gemmi.SpaceGroup) -> tuple[np.ndarray, np.ndarray]:
    """Rotations (n, 3, 3) and translations (n, 3) of all symmetry operations, centring included."""
    gemmi = _gemmi()
    den = gemmi.Op.DEN
    operations = list(group.operations())
    return (
        np.array([np.array(op.rot, float) / den for op in operations]),
        np.array([np.array(op.tran, float) / den for op in operations]),
    )


def _multiplicity(rotations: np.ndarray, index: np.ndarray) -> int:
    """Number of reflections equivalent to one, Friedel mates among them."""
    images = np.rint(index @ rotations).astype(int)
    return len(np.unique(np.concatenate([images, -images]), axis=0))


def _atoms(
    phase: Phase, rotations: np.ndarray, shifts: np.ndarray
) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """Every atom of the unit cell: element, place (n, 3), occupancy (n,), mean square displacement (n,) [m2]."""
    elements: list[str] = []
    places, weights, displacements = [], [], []
    for site in phase.sites:
        images = np.mod(rotations @ np.asarray(site.at) + shifts, 1.0)
        distinct: list[np.ndarray] = []
        for image in images:
            if all(np.abs((image - other + 0.5) % 1.0 - 0.5).max() > 1e-3 for other in distinct):
                distinct.append(image)
        elements += [site.element] * len(distinct)
        places += distinct
        weights += [site.occupancy] * len(distinct)
        displacements += [site.displacement] * len(distinct)
    return elements, np.array(places), np.array(weights), np.array(displacements)


def _strengths(
    elements: list[str],
    places: np.ndarray,
    weights: np.ndarray,
    displacements: np.ndarray,
    hkl: np.ndarray,
    d: np.ndarray,
    wavelength: float | None,
) -> np.ndarray:
    """(n,) squared structure factor [electrons2], mean of the Friedel mates."""
    s2 = 0.25 * (ANGSTROM / d) ** 2  # (sin theta / lambda)^2 in 1/angstrom2
    factors = {name: _scattering(name, s2) + _dispersion(name, wavelength) for name in set(elements)}
    damping = np.exp(-8.0 * np.pi**2 * np.outer(s2, displacements / ANGSTROM**2))
    amplitude = np.stack([factors[name] for name in elements], axis=1) * weights * damping
    phase = 2.0 * np.pi * (hkl @ places.T)
    plus = (amplitude * np.exp(1j * phase)).sum(axis=1)
    minus = (amplitude * np.exp(-1j * phase)).sum(axis=1)
    return 0.5 * (np.abs(plus) ** 2 + np.abs(minus) ** 2)


def _element(name: str) -> gemmi.Element:
    gemmi = _gemmi()
    element = gemmi.Element(name)
    if element.atomic_number == 0:
        raise InputError(f"received the element '{name}'", expected="a chemical symbol")
    return element


def _weight(name: str) -> float:
    return float(_element(name).weight)


def _scattering(name: str, s2: np.ndarray) -> np.ndarray:
    """Scattering factor of the neutral atom (International Tables C) at (sin theta / lambda)^2 [1/angstrom2]."""
    coefficients = np.array(_element(name).it92.get_coefs())
    a, b, c = coefficients[:4], coefficients[4:8], coefficients[8]
    return (a * np.exp(-np.outer(s2, b))).sum(axis=1) + c


@functools.lru_cache(maxsize=512)
def _dispersion(name: str, wavelength: float | None) -> complex:
    """f' + i f'' [electrons] at a wavelength [m]; 0 where none is given."""
    if wavelength is None:
        return 0j
    gemmi = _gemmi()
    number = _element(name).atomic_number
    if number < 3:
        return 0j
    real, imaginary = gemmi.cromer_liberman(z=number, energy=VOLT_METRE / wavelength)
    return complex(real, imaginary)


def _formula_mass(phase: Phase, size: float) -> float:
    """Mass of a unit cell known without atoms [kg]: the number of formula units that its density asks for, else 0."""
    unit = sum(count * _weight(name) for name, count in composition(phase.formula).items()) * 1e-3 / AVOGADRO
    if phase.density is None:
        return 0.0
    return unit * max(1, round(phase.density * size / unit))


def absorption(parts: Mapping[str, float], density: float, wavelength: float) -> float:
    """Linear absorption coefficient [1/m] of a compound by photo-effect (f''), scattering left out.

    `parts` are atoms per formula unit, `density` in kg/m3. Below what tables give where scattering counts: lithium and
    polymers at short wavelengths.
    """
    mass = sum(count * _weight(name) for name, count in parts.items()) * 1e-3 / AVOGADRO
    section = sum(count * _dispersion(name, wavelength).imag for name, count in parts.items())
    return 2.0 * ELECTRON_RADIUS * wavelength * section * density / mass


def density_warning(phase: Phase) -> str | None:
    """A sentence if the published density and that of the published atoms disagree."""
    if phase.density is None or phase.kind != "structure":
        return None
    computed = crystal(phase, 2.0 * ANGSTROM).density
    if abs(computed / phase.density - 1.0) <= DISSIMILAR:
        return None
    return (
        f"the card of {phase.name} prints {phase.density:.0f} kg/m3, its atoms and cell give {computed:.0f}: one of "
        "the two is wrong"
    )


@functools.lru_cache(maxsize=512)
def texture_cosines(ready: Crystal, axis: tuple[int, int, int]) -> np.ndarray:
    """(reflections, rotations) cosine of the angle between `axis` and each image of a reflection under the symmetry."""
    gemmi = _gemmi()
    group = gemmi.find_spacegroup_by_name(ready.phase.space_group)
    rotations = np.unique(_operations(group)[0], axis=0)
    metric = reciprocal_metric(ready.cell.base)
    direction = np.asarray(axis, float)
    long = np.sqrt(direction @ metric @ direction)
    images = np.rint(np.einsum("ni,oij->noj", ready.hkl, rotations))
    cosines = (images @ metric @ direction) / long
    lengths = np.sqrt(np.einsum("ni,ij,nj->n", ready.hkl, metric, ready.hkl))
    return np.clip(cosines / lengths[:, None], -1.0, 1.0)
