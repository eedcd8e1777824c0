"""Structure factors, spacings, densities and absorption against closed forms, gemmi, published tables and pymatgen."""

from __future__ import annotations

import gemmi
import numpy as np
import pytest
from independent import reflections

from lithostat.diffraction.crystal import absorption, crystal, density_warning, texture_cosines
from lithostat.diffraction.unit_cell import free_cell, spacings, volume
from lithostat.experiment.errors import InputError
from lithostat.materials.phase import Phase, composition, find_phase, phases
from lithostat.materials.phase_card import read_phase

MO = 0.70932e-10
STRUCTURES = [phase for phase in phases().values() if phase.kind == "structure"]


def scattering(element: str, d: float) -> float:
    """Scattering factor as gemmi evaluates it."""
    return gemmi.Element(element).it92.calculate_sf(0.25e-20 / d**2)


def test_lithium_is_body_centred() -> None:
    """Closed form: F = 2 f exp(-B s^2) for h+k+l even, 0 otherwise."""
    lithium = find_phase("Li")
    made = crystal(lithium, 1.0e-10, anomalous=False)
    assert (made.hkl.sum(axis=1) % 2 == 0).all()
    d = spacings(made.cell.base, made.hkl)
    damping = np.exp(-8.0 * np.pi**2 * lithium.sites[0].displacement / (4.0 * d**2))
    expected = [(2.0 * scattering("Li", each) * part) ** 2 for each, part in zip(d, damping, strict=True)]
    assert made.strength == pytest.approx(expected, rel=1e-6)
    assert dict(zip(map(tuple, np.abs(made.hkl)), made.multiplicity, strict=True))[(0, 1, 1)] == 12


def test_lithium_chloride_adds_and_subtracts() -> None:
    """Closed form of rock salt: 4 (f_Cl + f_Li) for even, 4 (f_Cl - f_Li) for odd indices, both damped alike."""
    made = crystal(find_phase("LiCl"), 1.2e-10, anomalous=False)
    d = spacings(made.cell.base, made.hkl)
    damping = np.exp(-8.0 * np.pi**2 * find_phase("LiCl").sites[0].displacement / (4.0 * d**2))
    sign = np.where(made.hkl[:, 0] % 2 == 0, 1.0, -1.0)
    expected = [
        (4.0 * (scattering("Cl", each) + side * scattering("Li", each)) * part) ** 2
        for each, side, part in zip(d, sign, damping, strict=True)
    ]
    assert made.strength == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("phase", STRUCTURES, ids=lambda phase: phase.name)
def test_every_card_has_the_intensities_that_gemmi_computes(phase: Phase) -> None:
    """gemmi's own structure factors, at places of equal spacing; within 1e-3 of the strongest."""
    made = crystal(phase, 1.02e-10, anomalous=False)
    d = spacings(np.asarray(phase.cell), made.hkl)
    other_d, other, _ = reflections(phase, 1.0e-10)
    bins = np.geomspace(1.03e-10, 2e-9, 6000)
    mine = np.histogram(d, bins, weights=made.strength * made.multiplicity)[0]
    theirs = np.histogram(other_d, bins, weights=other)[0]
    assert np.abs(np.cumsum(mine) - np.cumsum(theirs)).max() < 2e-3 * theirs.max()


@pytest.mark.peer
@pytest.mark.parametrize("phase", [p for p in STRUCTURES if p.name != "LiH"], ids=lambda phase: phase.name)
def test_pymatgen_has_lines_at_the_same_places_of_the_same_height(phase: Phase) -> None:
    """Another code with other scattering factors: 0.002 degrees and 4 % of the main line, no displacements.

    Not LiH: pymatgen has the free hydrogen atom, gemmi the bonded one of the tables, and in LiH it is neither.
    """
    pytest.importorskip("pymatgen", reason="pymatgen is an oracle that is not installed")
    from pymatgen.analysis.diffraction.xrd import XRDCalculator
    from pymatgen.core import Lattice, Structure

    from lithostat.diffraction.optics import lorentz_polarisation

    lattice = Lattice.from_parameters(*(edge * 1e10 for edge in phase.cell[:3]), *np.degrees(phase.cell[3:]))
    species: dict[tuple[float, ...], dict[str, float]] = {}
    for site in phase.sites:
        species.setdefault(site.at, {})[site.element] = site.occupancy
    group = gemmi.find_spacegroup_by_name(phase.space_group)
    atoms, places = [], []
    for at, kinds in species.items():
        images: list[np.ndarray] = []
        for op in group.operations():
            image = np.mod(op.apply_to_xyz(list(at)), 1.0)
            if not any(np.abs((image - other + 0.5) % 1.0 - 0.5).max() < 1e-3 for other in images):
                images.append(image)
        atoms += [kinds] * len(images)
        places += images
    theirs = XRDCalculator(wavelength=MO * 1e10, symprec=0).get_pattern(
        Structure(lattice, atoms, places), two_theta_range=(4, 40)
    )
    still = Phase(**{**phase.__dict__, "sites": tuple(type(s)(s.element, s.at, s.occupancy, 0.0) for s in phase.sites)})
    made = crystal(still, 1.0e-10, anomalous=False)
    d = spacings(np.asarray(phase.cell), made.hkl)
    two_theta = 2.0 * np.arcsin(MO / (2.0 * d))
    mine = made.strength * made.multiplicity * lorentz_polarisation(two_theta)
    mine = 100.0 * mine / mine[np.degrees(two_theta) < 40].max()
    for angle, height in zip(theirs.x, theirs.y, strict=True):
        near = np.abs(np.degrees(two_theta) - angle) < 0.002
        if height > 1.0:
            assert near.any()
        assert mine[near].sum() == pytest.approx(theirs.y[np.abs(theirs.x - angle) < 0.002].sum(), abs=4.0)


def test_the_published_lines_of_li6ps5cl_lie_where_they_should() -> None:
    """Two-theta at Mo K-alpha, 111 to 440, of an independent calculation (within 0.01 degrees)."""
    listed = [7.144, 8.251, 11.678, 13.703, 14.315, 18.041, 20.298, 21.544, 23.480]
    d = spacings(np.asarray(find_phase("Li6PS5Cl").cell), crystal(find_phase("Li6PS5Cl"), 1.5e-10).hkl)
    angles = np.degrees(2.0 * np.arcsin(MO / (2.0 * d)))
    for angle in listed:
        assert np.abs(angles - angle).min() < 0.01


@pytest.mark.parametrize("phase", [p for p in STRUCTURES if p.density], ids=lambda phase: phase.name)
def test_the_density_of_a_card_is_that_of_its_atoms(phase: Phase) -> None:
    assert density_warning(phase) is None
    assert crystal(phase, 2e-10).density == pytest.approx(phase.density, rel=0.005)


def test_a_density_that_does_not_fit_is_named() -> None:
    phase = find_phase("Li6PS5Cl")
    wrong = Phase(**{**phase.__dict__, "density": 1640.0})
    assert "prints 1640 kg/m3, its atoms and cell give 1860" in str(density_warning(wrong))


def test_absorption_is_that_of_the_tables() -> None:
    """Elam's tables, linear per cm: the photo-effect is all of it in iron, all but scattering in light compounds."""
    for formula, density, wavelength, whole, scattered in (
        ("Fe", 7870.0, 1.5418e-10, 2369.0, 0.01),
        ("Li6PS5Cl", 1860.0, 1.5418e-10, 145.7, 0.03),
        ("Li6PS5Cl", 1860.0, MO, 15.60, 0.08),
        ("LiCl", 2070.0, MO, 19.88, 0.08),
    ):
        part = absorption(composition(formula), density, wavelength) / 100.0 / whole
        assert 1.0 - scattered < part < 1.0, formula


def test_spacings_of_an_oblique_cell() -> None:
    """Monoclinic closed form: 1/d2 = (h2/a2 + k2 sin2b/b2 + l2/c2 - 2hl cos b/(ac)) / sin2b."""
    a, b, c, beta = 5.582e-10, 4.940e-10, 10.255e-10, np.radians(118.15)
    cell = np.array([a, b, c, 0.5 * np.pi, beta, 0.5 * np.pi])
    h, k, ell = 2, 1, -3
    inverse = h**2 / a**2 + (k * np.sin(beta) / b) ** 2 + ell**2 / c**2 - 2 * h * ell * np.cos(beta) / (a * c)
    assert spacings(cell, np.array([[h, k, ell]]))[0] == pytest.approx(np.sin(beta) / np.sqrt(inverse), rel=1e-12)
    assert volume(cell) == pytest.approx(a * b * c * np.sin(beta), rel=1e-12)


@pytest.mark.parametrize(
    ("system", "cell", "names"),
    [
        ("cubic", (5, 5, 5, 90, 90, 90), ("a",)),
        ("hexagonal", (4, 4, 7, 90, 90, 120), ("a", "c")),
        ("trigonal", (4, 4, 7, 90, 90, 120), ("a", "c")),
        ("trigonal", (5, 5, 5, 60, 60, 60), ("a", "alpha")),
        ("monoclinic", (5, 6, 7, 90, 110, 90), ("a", "b", "c", "beta")),
        ("monoclinic", (5, 6, 7, 90, 90, 110), ("a", "b", "c", "gamma")),
        ("triclinic", (5, 6, 7, 80, 85, 95), ("a", "b", "c", "alpha", "beta", "gamma")),
    ],
)
def test_symmetry_keeps_edges_and_angles_together(system: str, cell: tuple, names: tuple) -> None:
    real = (*(1e-10 * edge for edge in cell[:3]), *np.radians(cell[3:]))
    free = free_cell(real, system)
    assert free.names == names
    moved = free.at(np.full(len(names), 1e-3))
    for first in range(3):
        for second in range(3):
            if cell[first] == cell[second]:
                assert moved[first] == pytest.approx(moved[second], rel=1e-12)


def test_texture_counts_every_image_of_a_reflection() -> None:
    """Of the twelve {110} of a cube two lie at a right angle to 001... cosines are 0 (4) and 1/sqrt 2 (8)."""
    made = crystal(find_phase("Li"), 1.5e-10)
    first = np.sort(np.abs(texture_cosines(made, (0, 0, 1))[0]))
    assert np.mean(first < 1e-9) == pytest.approx(4 / 12)
    assert first.max() == pytest.approx(np.sqrt(0.5))


def test_formulas() -> None:
    assert composition("Ti2(OF3)2") == {"Ti": 2.0, "O": 2.0, "F": 6.0}
    assert composition("LiNi0.8Co0.15Al0.05O2")["Co"] == pytest.approx(0.15)
    for wrong in ("", "xy", "Li(", "Li)2", "Li 2+"):
        with pytest.raises(InputError):
            composition(wrong)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"kind": "structure\ncell: {a: 3 angstrom, source: s, tag: V1}"},
            "a phase of kind 'structure' has cell and sites",
        ),
        ({"tag": "M"}, "a number from memory has tag M and 'unverified: true'"),
        ({"a": "5.1"}, "received 5.1 without a unit"),
        ({"a": "514 angstrom"}, "lattice parameter"),
        ({"source": "nobody"}, "source 'nobody' of cell is not listed"),
        ({"extra": "colour: blue"}, "unknown key 'colour'"),
    ],
)
def test_a_card_with_a_fault_is_one_sentence(change: dict[str, str], said: str, tmp_path) -> None:
    words = {"kind": "cell", "a": "5.14 angstrom", "tag": "V1", "source": "s", "extra": ""} | change
    text = "name: X\nkind: {kind}\nabout: y\nformula: LiCl\nspace_group: F m -3 m\nsources: {{s: {{cite: z}}}}\n"
    if "\n" not in words["kind"]:
        text += "cell: {{a: {a}, source: {source}, tag: {tag}}}\n"
    path = tmp_path / "card.yaml"
    path.write_text(text.format(**words) + words["extra"])
    with pytest.raises(InputError) as caught:
        read_phase(path)
    assert said in str(caught.value)
    assert "card.yaml" in str(caught.value)


def test_every_number_of_a_card_has_a_source_and_memory_is_named() -> None:
    for phase in phases().values():
        assert set(phase.tags) == set(phase.sources)
        assert phase.tags
        for part, tag in phase.tags.items():
            assert (tag == "M") == (part in phase.unverified)


def test_a_space_group_that_does_not_exist_is_named() -> None:
    phase = find_phase("Li")
    wrong = Phase(**{**phase.__dict__, "space_group": "Q 7"})
    with pytest.raises(InputError, match="the space group 'Q 7', which is not known"):
        crystal(wrong, 1e-10)
