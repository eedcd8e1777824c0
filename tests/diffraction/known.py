"""Measured patterns of weighed mixtures, the phases in them, and where they lie."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lithostat.diffraction.cif import read_cif
from lithostat.materials.phase import Phase, find_phase
from lithostat.materials.phase_card import read_phase

DATA = Path(__file__).parents[3] / "shared" / "data" / "08_XRD_phase_mixtures"
HERE = Path(__file__).parent / "phases"
needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="the measured patterns of weighed mixtures are not beside here"
)
NAMES = {"TiO2": "anatase"}


@functools.cache
def phase(name: str) -> Phase:
    """A phase of the mixtures, under the name that the file names give it."""
    if name == "Li2CO3":
        return find_phase("Li2CO3")
    if name == "La(OH)3":
        return replace(read_cif(DATA / "autoxrd" / "References_LaZrLiO" / "La(OH)3_176.cif"), name=name)
    return replace(read_phase(HERE / f"{NAMES.get(name, name)}.yaml"), name=name)


def weighed(*parts: str) -> Iterator[tuple[Path, dict[str, float]]]:
    """Files of weighed mixtures whose names hold all `parts`, with weight fractions from the masses in the name."""
    for file in sorted(DATA.glob("*min.xrdml")):
        masses = {
            name: float(mass.replace("p", ".")) for name, mass in re.findall(r"([A-Z][\w()]*?)_(\dp\d+)", file.name)
        }
        if masses and all(part in file.name for part in parts):
            yield file, {name: mass / sum(masses.values()) for name, mass in masses.items()}


@functools.cache
def candidates() -> tuple[Phase, ...]:
    """About 110 candidates: phases of the mixtures, the package's cards, and the 84 CIF files of the data."""
    from lithostat.diffraction.library import distinct
    from lithostat.materials.phase import phases

    own = [phase(name) for name in ("V2O5", "NiO", "In2O3", "ZnO", "TiO2", "Bi2O3", "La(OH)3", "Li2CO3")]
    cifs = [read_cif(file) for file in sorted(DATA.glob("autoxrd/Ref*/*.cif"))]
    return distinct((*own, read_phase(HERE / "rutile.yaml"), *phases().values(), *cifs))
