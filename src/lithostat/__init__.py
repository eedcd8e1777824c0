"""lithostat: solid-state lithium cells under stack pressure.

A cell and a protocol become a record, and so do a lab's files:

    import lithostat
    experiment = lithostat.read_experiment("cell.yaml")
    record = lithostat.simulate(experiment.cell, experiment.protocol)
    print(record.outcome)

    measured = lithostat.read("cycler-file.mpt")
    print(lithostat.analyze(measured).outcome)

What a lab has calibrates the model, and the calibrated model recommends a pressure:

    name, cell, data = lithostat.read_calibration_file("cells.yaml")
    calibration = lithostat.calibrate(data, cell, seed=0)
    print(lithostat.recommend(calibration, current=0.75, hours=1000).sentence())

Names are looked up when they are first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lithostat.calibration.calibration import Calibration, load_calibration
    from lithostat.calibration.calibration_file import read_calibration_file
    from lithostat.calibration.checks import leave_one_out, ranks_of_truth
    from lithostat.calibration.papers_left_out import leave_one_group_out
    from lithostat.calibration.posterior import calibrate
    from lithostat.cycling.analysis import Analysis, analyze
    from lithostat.cycling.next_sample import LowerBound, lower_bound_now
    from lithostat.cycling.trace import Trace, trace_of
    from lithostat.experiment.cell import Cell
    from lithostat.experiment.cell_note import CellNote, note_from, read_note
    from lithostat.experiment.errors import InputError, LithostatError, SimulationError
    from lithostat.experiment.experiment import Experiment, read_experiment
    from lithostat.experiment.finding import Finding, Outcome
    from lithostat.experiment.protocol import Protocol
    from lithostat.experiment.record import Record, read_parquet
    from lithostat.experiment.spectrum import Spectrum
    from lithostat.fullcell.summary import cycle_summary
    from lithostat.impedance.circuits.fit import Fit, fit
    from lithostat.impedance.circuits.series import SeriesFit, fit_series
    from lithostat.impedance.laws.arrhenius import electrolyte_card, fit_arrhenius
    from lithostat.lab.folder import find_cells, load
    from lithostat.materials.card import Card, cards
    from lithostat.model.ledger import Ledger, ledger
    from lithostat.reading.read import read
    from lithostat.recommendation.answer import Recommendation
    from lithostat.recommendation.axis import read_axis
    from lithostat.recommendation.recommend import recommend
    from lithostat.recommendation.regime_map import RegimeMap, read_map, sweep
    from lithostat.simulation.choose import simulate
    from lithostat.simulation.ensemble import Ensemble, ensemble
    from lithostat.simulation.sensor import Instrument, sense
    from lithostat.simulation.spectrum_at import spectrum_at

_HOMES = {
    "Calibration": "calibration.calibration",
    "load_calibration": "calibration.calibration",
    "read_calibration_file": "calibration.calibration_file",
    "calibrate": "calibration.posterior",
    "leave_one_out": "calibration.checks",
    "ranks_of_truth": "calibration.checks",
    "leave_one_group_out": "calibration.papers_left_out",
    "fit_arrhenius": "impedance.laws.arrhenius",
    "electrolyte_card": "impedance.laws.arrhenius",
    "Fit": "impedance.circuits.fit",
    "fit": "impedance.circuits.fit",
    "SeriesFit": "impedance.circuits.series",
    "fit_series": "impedance.circuits.series",
    "Recommendation": "recommendation.answer",
    "read_axis": "recommendation.axis",
    "recommend": "recommendation.recommend",
    "RegimeMap": "recommendation.regime_map",
    "read_map": "recommendation.regime_map",
    "sweep": "recommendation.regime_map",
    "spectrum_at": "simulation.spectrum_at",
    "Analysis": "cycling.analysis",
    "analyze": "cycling.analysis",
    "LowerBound": "cycling.next_sample",
    "lower_bound_now": "cycling.next_sample",
    "Trace": "cycling.trace",
    "trace_of": "cycling.trace",
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
    "Ledger": "model.ledger",
    "ledger": "model.ledger",
    "simulate": "simulation.choose",
    "cycle_summary": "fullcell.summary",
    "Instrument": "simulation.sensor",
    "sense": "simulation.sensor",
}

_FORMER = {"FullCell": "Cell"}  # one noun holds what two did; scripts that name the other keep working

__all__ = [*sorted(_HOMES), "__version__"]


def __getattr__(name: str) -> Any:
    """Import the module that holds `name` on first use."""
    if name == "__version__":
        from importlib.metadata import version

        return version("lithostat")
    name = _FORMER.get(name, name)
    if name not in _HOMES:
        raise AttributeError(f"module 'lithostat' has no attribute '{name}'")
    return getattr(importlib.import_module(f"lithostat.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
