"""A cell together with its protocol, as a `cell.yaml` holds them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from lithostat.experiment import document
from lithostat.experiment.cell import Cell
from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.errors import InputError
from lithostat.experiment.file_kind import wrong_file
from lithostat.experiment.protocol import Protocol


class Experiment(NamedTuple):
    """A cell and what is done to it."""

    cell: Cell
    protocol: Protocol


def read_experiment(path: str | Path) -> Experiment:
    """The cell and the protocol of a `cell.yaml`; what other verbs need is passed over.

    A fault, and a file that is not for this, raise `InputError` with file, line and place.
    """
    page = document.read(path)
    wrong_file(page, "simulated")
    missing = [key for key in ("cell", "protocol") if key not in page.data]
    known = (*CellNote.model_fields, *CellNote.also_known)
    if missing and all(key in known for key in page.data):  # else a slip of the pen explains more
        raise page.error(f"'{missing[0]}' is missing", expected="a file with 'cell' and 'protocol'")
    _beside(page.data.get("cell"), Path(path).parent)
    note = page.build(CellNote)
    if note.protocol is None:
        raise page.error("received None", ("protocol",), "a mapping with steps")
    cell = note.built
    _complete(page, cell)
    return Experiment(cell, note.protocol)


def _complete(page: document.Document, cell: Cell) -> None:
    """Refuse here, where file and line are known, what the simulator would ask for in vain."""
    try:
        complete(cell)
    except InputError as error:
        place = tuple((error.place or "").split("."))
        raise page.error(error.problem, place, error.expected) from None


def complete(cell: Cell) -> None:
    """Raise `InputError` for what a simulation needs and the cell does not state."""
    why = "to simulate"
    cell.area  # noqa: B018  (raises where it is not known)
    if cell.electrode.metal is not None and not (cell.with_cathode and cell.collector == 1):
        cell.need("electrode.thickness", why)
    cell.need("electrolyte.material", why)
    cell.need("electrolyte.thickness", why)
    if not cell.with_cathode:
        return
    for place in ("cathode.material", "cathode.electrolyte", "cathode.composition"):
        cell.need(place, why)
    cell.loading  # noqa: B018
    if cell.cathode.porosity is None and cell.cathode.thickness is None:
        raise InputError(
            "'porosity' is missing", place="cell.cathode", expected="exactly one of 'porosity' and 'thickness'"
        )


def _beside(cell: object, folder: Path) -> None:
    """Cards named as files lie beside the file that names them."""
    if not isinstance(cell, dict):
        return
    for part, key in ((cell.get("electrolyte"), "material"), (cell, "interface")):
        if isinstance(part, dict) and isinstance(part.get(key), str) and part[key].endswith(".yaml"):
            part[key] = str(folder / part[key])
