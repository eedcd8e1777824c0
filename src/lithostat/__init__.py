"""lithostat: solid-state lithium cells under stack pressure.

A cell and a protocol become a record, and so do a lab's files:

    import lithostat
    experiment = lithostat.read_experiment("cell.yaml")
    record = lithostat.simulate(experiment.cell, experiment.protocol)
    print(record.outcome)

    measured = lithostat.read("cycler-file.mpt")
    print(lithostat.analyze(measured).outcome)

Names are looked up when they are first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lithostat.cycling.analysis import Analysis, analyze
    from lithostat.experiment.cell import Cell
    from lithostat.experiment.cell_note import CellNote, note_from, read_note
    from lithostat.experiment.errors import InputError, LithostatError, SimulationError
    from lithostat.experiment.experiment import Experiment, read_experiment
    from lithostat.experiment.finding import Finding, Outcome
    from lithostat.experiment.full_cell import FullCell
    from lithostat.experiment.protocol import Protocol
    from lithostat.experiment.record import Record, read_parquet
    from lithostat.experiment.spectrum import Spectrum
    from lithostat.fullcell.summary import cycle_summary
    from lithostat.lab.folder import find_cells, load
    from lithostat.materials.card import Card, cards
    from lithostat.reading.read import read
    from lithostat.simulation.choose import ledger, simulate
    from lithostat.simulation.ensemble import Ensemble, ensemble
    from lithostat.simulation.ledger import Ledger
    from lithostat.simulation.sensor import Instrument, sense

_HOMES = {
    "Analysis": "cycling.analysis",
    "analyze": "cycling.analysis",
    "Cell": "experiment.cell",
    "CellNote": "experiment.cell_note",
    "note_from": "experiment.cell_note",
    "read_note": "experiment.cell_note",
    "InputError": "experiment.errors",
    "LithostatError": "experiment.errors",
    "SimulationError": "experiment.errors",
    "Experiment": "experiment.experiment",
    "read_experiment": "experiment.experiment",
    "Finding": "experiment.finding",
    "Outcome": "experiment.finding",
    "Protocol": "experiment.protocol",
    "Record": "experiment.record",
    "read_parquet": "experiment.record",
    "Spectrum": "experiment.spectrum",
    "find_cells": "lab.folder",
    "load": "lab.folder",
    "Card": "materials.card",
    "cards": "materials.card",
    "read": "reading.read",
    "Ensemble": "simulation.ensemble",
    "ensemble": "simulation.ensemble",
    "Ledger": "simulation.ledger",
    "ledger": "simulation.choose",
    "simulate": "simulation.choose",
    "FullCell": "experiment.full_cell",
    "cycle_summary": "fullcell.summary",
    "Instrument": "simulation.sensor",
    "sense": "simulation.sensor",
}

__all__ = [*sorted(_HOMES), "__version__"]


def __getattr__(name: str) -> Any:
    """Import the module that holds `name` on first use."""
    if name == "__version__":
        from importlib.metadata import version

        return version("lithostat")
    if name not in _HOMES:
        raise AttributeError(f"module 'lithostat' has no attribute '{name}'")
    return getattr(importlib.import_module(f"lithostat.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
