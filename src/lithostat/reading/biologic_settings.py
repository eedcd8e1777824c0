"""What the settings of a BioLogic .mpr say of the test: technique, electrode area, mass, electrolyte, comment.

The places of the entries were found by holding twelve files against EC-Lab's own text of the same measurements.
"""

from __future__ import annotations

import struct

TECHNIQUES = {  # code in the first byte, and what EC-Lab's text calls it
    4: "Galvanostatic Cycling with Potential Limitation",
    6: "Cyclic Voltammetry",
    11: "Open Circuit Voltage",
    24: "Chronoamperometry / Chronocoulometry",
    25: "Chronopotentiometry",
    29: "Potentio Electrochemical Impedance Spectroscopy",
    30: "Galvano Electrochemical Impedance Spectroscopy",
    50: "IR compensation (PEIS)",
    51: "Cyclic Voltammetry Advanced",
    108: "Linear Sweep Voltammetry",
    127: "Modulo Bat",
}
_COMMENT, _ELECTROLYTE, _AREA, _MASS, _AREA_UNIT, _MASS_UNIT = 0x07, 0x1C0, 0x211, 0x24C, 0x250, 0x251
_AREA_UNITS, _MASS_UNITS = {2: "cm²", 3: "mm²"}, {1: "g", 2: "mg"}


def settings(data: bytes) -> dict[str, str | int]:
    """The entries by the names that the text export has in a record's provenance; what is not there is left out."""
    said: dict[str, str | int] = {}
    if data:
        said["technique_code"] = data[0]
        said["technique"] = TECHNIQUES.get(data[0], "")
    if len(data) > _MASS_UNIT:
        said["area"] = _number(data, _AREA, _AREA_UNITS.get(data[_AREA_UNIT]))
        said["mass"] = _number(data, _MASS, _MASS_UNITS.get(data[_MASS_UNIT]))
        said["electrolyte"], said["comment"] = _text(data, _ELECTROLYTE), _text(data, _COMMENT)
    return {name: value for name, value in said.items() if value != ""}


def _number(data: bytes, place: int, unit: str | None) -> str:
    """A number with its unit, '' where the unit is not known."""
    (value,) = struct.unpack_from("<f", data, place)
    return f"{value:.3f} {unit}" if unit is not None and 0.0 < value < 1e9 else ""


def _text(data: bytes, place: int) -> str:
    """The first line of a text that begins with its length."""
    text = data[place + 1 : place + 1 + data[place]].decode("cp1252", "replace")
    return (text.splitlines() or [""])[0].strip()
