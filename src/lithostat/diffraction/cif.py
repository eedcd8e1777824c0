"""Phases from CIF files of one's own; cells written without symmetry (P 1) get their symmetry back."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lithostat.experiment.errors import InputError, MissingPackage
from lithostat.experiment.source import Source
from lithostat.materials.phase import ASSUMED_DISPLACEMENT, Phase, Site

if TYPE_CHECKING:
    import gemmi

LARGEST = 4 << 20  # bytes of a CIF of one structure
LOOSE = 0.01  # relative half width of the box of an edge: computed cells are off by that much
NEAR = 1e-3  # angstrom within which atoms count as equivalent when symmetry is looked for
ANGSTROM = 1e-10  # m


def read_cif(path: str | Path) -> Phase:
    """The first structure of a CIF file. Raises `InputError` with the file and one sentence if there is none."""
    path = Path(path)
    try:
        import gemmi
    except ImportError:
        raise MissingPackage("CIF files need gemmi: pip install 'lithostat[diffraction]'") from None
    try:
        if path.stat().st_size > LARGEST:
            raise InputError("is larger than 4 MiB", file=str(path), expected="the CIF of one structure")
        block = _block(gemmi.cif.read_string(path.read_text(encoding="utf-8", errors="replace")))
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror or error})", file=str(path)) from None
    except (ValueError, RuntimeError) as error:
        raise InputError(f"is no CIF ({str(error).splitlines()[0][:160]})", file=str(path)) from None
    if block is None:
        raise InputError("holds no crystal structure", file=str(path), expected="a CIF with a cell and atoms")
    structure = gemmi.make_small_structure_from_block(block)
    sites = tuple(_site(each) for each in structure.sites if each.occ > 0.0 and each.element.atomic_number > 0)
    group = structure.spacegroup
    if not sites or group is None:
        what = "no atoms" if not sites else f"a space group that is not known ('{structure.spacegroup_hm}')"
        raise InputError(f"holds {what}", file=str(path), expected="a CIF with a cell, its space group and atoms")
    cell = structure.cell
    edges = (cell.a * ANGSTROM, cell.b * ANGSTROM, cell.c * ANGSTROM)
    phase = Phase(
        name=path.stem,
        kind="structure",
        formula=_formula(block, sites),
        about=f"read from {path.name}",
        space_group=group.xhm(),
        cell=(*edges, *np.radians((cell.alpha, cell.beta, cell.gamma)).tolist()),
        spread=_spread(edges),
        sites=sites,
        sources={part: Source("file", _citation(block, path)) for part in ("cell", "sites")},
        tags={"cell": "user", "sites": "user"},
        file=str(path),
    )
    return with_symmetry(phase) if group.number == 1 else phase


def _block(document: gemmi.cif.Document) -> gemmi.cif.Block | None:
    """The first block with a cell."""
    return next((block for block in document if block.find_value("_cell_length_a") is not None), None)


def _site(site: gemmi.SmallStructure.Site) -> Site:
    mean = site.u_iso
    if not mean and site.aniso.nonzero():
        mean = (site.aniso.u11 + site.aniso.u22 + site.aniso.u33) / 3.0
    displacement = mean * ANGSTROM**2 if mean and 0.0 < mean < 0.5 else ASSUMED_DISPLACEMENT
    return Site(site.element.name, (site.fract.x, site.fract.y, site.fract.z), float(site.occ), displacement)


def _formula(block: gemmi.cif.Block, sites: tuple[Site, ...]) -> str:
    import gemmi

    text = block.find_value("_chemical_formula_sum")
    if text is not None:
        formula = gemmi.cif.as_string(text).replace(" ", "")
        if formula and formula not in ("?", "."):
            return formula
    return "".join(sorted({site.element for site in sites}))


def _citation(block: gemmi.cif.Block, path: Path) -> str:
    import gemmi

    words = [
        gemmi.cif.as_string(value).strip()
        for tag in ("_journal_name_full", "_journal_volume", "_journal_year", "_database_code_ICSD")
        if (value := block.find_value(tag)) is not None
    ]
    return " ".join(word for word in words if word and word != "?") or path.name


def with_symmetry(phase: Phase) -> Phase:
    """The same crystal in its own space group, where the file lists every atom of the cell in P 1.

    Needed because a cell of P 1 has six free edges and angles and hundreds of lines that its symmetry makes one. The
    phase comes back as it is where spglib is missing or finds nothing more.
    """
    try:
        import spglib
    except ImportError:
        return phase
    import gemmi

    edges, angles = np.asarray(phase.cell[:3]) / ANGSTROM, np.degrees(phase.cell[3:])
    lattice = np.array(gemmi.UnitCell(*edges, *angles).orth.mat.tolist()).T
    kinds = list(dict.fromkeys((site.element, site.occupancy) for site in phase.sites))
    numbers = [kinds.index((site.element, site.occupancy)) + 1 for site in phase.sites]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # about how it says that it found nothing
        seen: Any = spglib.get_symmetry_dataset((lattice, [site.at for site in phase.sites], numbers), symprec=NEAR)
    group = gemmi.find_spacegroup_by_ops(gemmi.symops_from_hall(seen.hall)) if seen is not None else None
    if group is None or group.number == 1:
        return phase
    sites: list[Site] = []
    covered: list[tuple[int, np.ndarray]] = []
    for (x, y, z), number in zip(seen.std_positions, seen.std_types, strict=True):
        if any(kind == number and _apart((x, y, z), image) < 2e-3 for kind, image in covered):
            continue
        displacement = next(s.displacement for s, n in zip(phase.sites, numbers, strict=True) if n == number)
        element, occupancy = kinds[number - 1]
        sites.append(Site(element, (float(x), float(y), float(z)), occupancy, displacement))
        images = (op.apply_to_xyz([float(x), float(y), float(z)]) for op in group.operations())
        covered += [(number, np.asarray(image)) for image in images]
    found = _cell_of(seen.std_lattice)
    return replace(phase, space_group=group.xhm(), cell=found, spread=_spread(found), sites=tuple(sites))


def _spread(edges: tuple[float, ...]) -> dict[str, tuple[float, float]]:
    """The box of a cell from a file: `LOOSE`, as many files hold computed or old cells."""
    return {name: (edge * (1.0 - LOOSE), edge * (1.0 + LOOSE)) for name, edge in zip("abc", edges, strict=False)}


def _cell_of(vectors: np.ndarray) -> tuple[float, ...]:
    """Edges [m] and angles [rad] of three rows of vectors [angstrom]."""
    edges = np.linalg.norm(vectors, axis=1)
    cosines = [vectors[i] @ vectors[j] / (edges[i] * edges[j]) for i, j in ((1, 2), (0, 2), (0, 1))]
    return (*(edges * ANGSTROM).tolist(), *np.arccos(cosines).round(9).tolist())


def _apart(one: tuple[float, float, float], other: np.ndarray) -> float:
    """Largest difference of fractional coordinates, whole cells left out."""
    return float(np.abs((np.asarray(one) - other + 0.5) % 1.0 - 0.5).max())
