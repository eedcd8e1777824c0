"""What kind of YAML file a person has, so that a file given to the wrong verb is answered with the right command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lithostat.experiment.document import Document
from lithostat.experiment.errors import InputError

# Keys that only one kind of file has, in the order in which they decide.
_MARKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("card", ("sources", "properties")),
    ("calibration", ("cells", "impedance", "overpotentials", "critical_currents")),
    ("declaration", ("recognise", "columns")),
    ("experiment", ("protocol",)),
    ("stated outcome", ("outcome",)),
    ("note", ("files", "load_cell", "spectra", "read_as", "kind", "electrolyte", "die_diameter", "ended", "override")),
)
_OF_A_RIG = {"cycler", "load_cell", "thermometer"}  # what a cell of a rig has, and one of a calibration file has not
_IS = {
    "card": "is a card of a material",
    "calibration": "is a calibration file: it names several cells",
    "rig": "is a rig: devices and files that are watched while cells run",
    "declaration": "is a declaration of a text format",
    "experiment": "holds a cell and its protocol",
    "stated outcome": "holds a cell and how its test ended",
    "note": "is the note of a cell that a lab measured: it has no protocol",
}
_COMMAND = {
    "card": "its path as 'material' or 'interface' in a cell",
    "calibration": "`lithostat calibrate FILE` or `lithostat recommend FILE`",
    "declaration": "its path under 'read_as' in the note of a cell, then `lithostat analyze FOLDER`",
    "rig": "`lithostat watch FILE`",
    "experiment": "`lithostat run FILE`",
    "stated outcome": "its path under 'cells' in a calibration file, then `lithostat calibrate`",
    "note": "`lithostat analyze FOLDER`, the folder with its files",
}
_FITS = {
    "simulated": ("experiment",),
    "calibrated": ("calibration",),
    "analysed": ("experiment", "stated outcome", "note"),
    "watched": ("rig",),
}


def kind_of(data: Mapping[str, Any]) -> str | None:
    """'card', 'calibration', 'rig', 'declaration', 'experiment', 'stated outcome' or 'note'; None: no key decides."""
    cells = data.get("cells")
    if isinstance(cells, list) and any(isinstance(cell, Mapping) and _OF_A_RIG & set(cell) for cell in cells):
        return "rig"
    return next((kind for kind, keys in _MARKS if any(key in data for key in keys)), None)


def wrong_file(page: Document, purpose: str) -> None:
    """Raise `InputError` with the right command if a file is plainly of another kind.

    `purpose` is what shall be done with it: 'simulated', 'calibrated', 'analysed' or 'watched'.
    """
    kind = kind_of(page.data)
    if kind is None or kind in _FITS[purpose]:
        return
    raise InputError(f"{_IS[kind]} and cannot be {purpose}", file=page.file, expected=_COMMAND[kind])
