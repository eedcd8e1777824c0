"""Lines of X-ray tubes by name, and what a person writes for a wavelength."""

from __future__ import annotations

import re

from lithostat.experiment.errors import InputError, nearest
from lithostat.experiment.quantity import parse

Lines = tuple[tuple[float, float], ...]  # (wavelength [m], relative weight), strongest first

# K-alpha1, K-alpha2, K-beta1 [m]: direct experimental values of the NIST X-ray Transition Energies Database (SRD 128;
# Deslattes et al. 2003, Rev. Mod. Phys. 75, 35), one evaluation for all anodes, read in a table that quotes it (V2).
ANODES = {
    "Cr": (2.2897260e-10, 2.2936510e-10, 2.0848810e-10),
    "Fe": (1.9360410e-10, 1.9399730e-10, 1.7566040e-10),
    "Co": (1.7889960e-10, 1.7928350e-10, 1.6208260e-10),
    "Cu": (1.5405929e-10, 1.5444274e-10, 1.3922340e-10),
    "Mo": (0.70931715e-10, 0.7136070e-10, 0.6323030e-10),
    "Ag": (0.55942178e-10, 0.5638131e-10, 0.4970817e-10),
}
TUNGSTEN = 1.4763800e-10  # m, W L-alpha1 (Bearden 1967, V2): tubes whose filament has evaporated onto the anode
SECOND = 0.5  # weight of K-alpha2 against K-alpha1; from statistics of the levels, tables say 0.50 to 0.52
_NAME = re.compile(r"\s*([A-Za-z]{2})[\s_-]*K?[\s_-]*(?:alpha|a|\u03b1)[\s_-]*([12]?)\s*", re.IGNORECASE)


def read_lines(text: str) -> Lines:
    """'Mo Ka' -> the doublet, 'Cu Ka1' -> its first line, '0.4959 angstrom' or '0.0496 nm' -> one line.

    Raises `InputError` for anything else, a bare number among it: 1.54 could be any unit.
    """
    name = _NAME.fullmatch(text)
    if name is not None:
        anode = name[1].capitalize()
        if anode not in ANODES:
            raise InputError(
                f"received the anode '{anode}'{nearest(anode, ANODES)}", expected=f"one of {', '.join(ANODES)}"
            )
        first, second, _ = ANODES[anode]
        return {"": ((first, 1.0), (second, SECOND)), "1": ((first, 1.0),), "2": ((second, 1.0),)}[name[2]]
    try:
        return ((parse(text, "wavelength"), 1.0),)
    except InputError as error:
        raise InputError(
            f"the wavelength: {error.problem}", expected="'Mo Ka', 'Cu Ka1', or a length such as '0.4959 angstrom'"
        ) from None


def anode_of(lines: Lines) -> str | None:
    """The anode whose K-alpha1 the strongest line is (within 300 ppm), None for a synchrotron or nobody's."""
    for anode, (first, _, _) in ANODES.items():
        if lines and abs(lines[0][0] / first - 1.0) < 3e-4:
            return anode
    return None


def companions(lines: Lines) -> Lines:
    """Lines that a filter may let through beside the stated ones: K-beta and tungsten L-alpha, weight 0."""
    anode = anode_of(lines)
    if anode is None:
        return ()
    return ((ANODES[anode][2], 0.0), *(((TUNGSTEN, 0.0),) if anode == "Cu" else ()))
