"""A cell together with its protocol, as one YAML file holds them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from lithostat.experiment import document
from lithostat.experiment.cell import Cell
from lithostat.experiment.errors import nearest
from lithostat.experiment.full_cell import FullCell
from lithostat.experiment.protocol import Protocol

KEYS = ("cell", "protocol")


class Experiment(NamedTuple):
    """A cell and what is done to it."""

    cell: Cell | FullCell
    protocol: Protocol


def read_experiment(path: str | Path) -> Experiment:
    """Read a YAML file with the keys `cell` and `protocol`; a fault raises `InputError` with file, line and place."""
    page = document.read(path)
    for key in page.data:
        if key not in KEYS:
            raise page.error(f"unknown key '{key}'{nearest(key, KEYS)}", (key,), "cell and protocol")
    for key in KEYS:
        if key not in page.data:
            raise page.error(f"'{key}' is missing", expected="a file with 'cell' and 'protocol'")
    _beside(page.data["cell"], Path(path).parent)
    kind = page.data["cell"].get("kind") if isinstance(page.data["cell"], dict) else None
    cell = page.build(FullCell, ("cell",)) if kind == "full" else page.build(Cell, ("cell",))
    return Experiment(cell, page.build(Protocol, ("protocol",)))


def _beside(cell: Any, folder: Path) -> None:
    """Cards named as files lie beside the file that names them."""
    if not isinstance(cell, dict):
        return
    for part, key in ((cell.get("electrolyte"), "material"), (cell, "interface")):
        if isinstance(part, dict) and isinstance(part.get(key), str) and part[key].endswith(".yaml"):
            part[key] = str(folder / part[key])
