"""simulate_full(cell, protocol) -> Record."""

from __future__ import annotations

import importlib.metadata
import itertools
import platform
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from lithostat.experiment.errors import InputError, SimulationError
from lithostat.experiment.finding import Outcome
from lithostat.experiment.full_cell import FullCell
from lithostat.experiment.protocol import Protocol
from lithostat.experiment.record import Record
from lithostat.fullcell import drive, plant, program
from lithostat.fullcell.cathode import SHARE, SteppedLosses
from lithostat.fullcell.cathode_laws import contact_after
from lithostat.fullcell.drive import Course, Piece, flatten
from lithostat.fullcell.engine import pybamm
from lithostat.fullcell.ledger import full_ledger
from lithostat.fullcell.parameters import Numbers, parameter_values, resolve
from lithostat.fullcell.plant import Plant, Tolerance
from lithostat.fullcell.short_model import add_short_model
from lithostat.fullcell.symmetric import symmetric_model, symmetric_parameters

HOSTS = ("DFN", "SPM")
BALANCED = 1e-8  # of the books of lithium and charge
SAMPLES = 24  # points saved per step, about
_SHARED = ("Voltage [V]", "Applied current density [A.m-2]", "Stack pressure [Pa]", "Stack growth [m]")
_CHARGES = ("Ionic charge [C.m-2]", "Leaked charge [C.m-2]")
_CATHODE = {
    "Lithium in cathode [mol.m-2]": "cathode_lithium_mole",
    "Lithium in lost material [mol.m-2]": "unreachable_lithium_mole",
    "Oxidised charge [C.m-2]": "oxidised_charge_coulomb",
}
_METAL = {
    "Contact fraction": "contact_fraction_1",
    "Filament length [m]": "filament_length_1_metre",
    "Critical filament length [m]": "critical_length_metre",
    "Void thickness [m]": "void_thickness_1_metre",
    "Interphase thickness [m]": "interphase_thickness_metre",
    "Lithium thickness [m]": "lithium_thickness_1_metre",
}
_BOTH = {
    f"{name} {i}{unit}": f"{column}_{i}{ending}"
    for i in (1, 2)
    for name, unit, column, ending in (
        ("Contact fraction", "", "contact_fraction", ""),
        ("Filament length", " [m]", "filament_length", "_metre"),
        ("Void thickness", " [m]", "void_thickness", "_metre"),
        ("Lithium thickness", " [m]", "lithium_thickness", "_metre"),
    )
} | {"Critical filament length [m]": "critical_length_metre", "Interphase thickness [m]": "interphase_thickness_metre"}


def simulate_full(
    cell: FullCell,
    protocol: Protocol,
    progress: Callable[[int, int], None] | None = None,
    *,
    host: str = "DFN",
    samples: int = SAMPLES,
    watched: int | None = None,
    tolerance: Tolerance | None = None,
) -> Record:
    """What this full cell does under this protocol.

    `host` is PyBaMM's half-cell model, 'DFN' or 'SPM'. About `samples` points are saved in every step, plus its end;
    with `watched`, in the steps of that cycle alone, so that one cycle out of hundreds can be looked at closely.
    `progress(done, all)` hears of every finished step. Raises `InputError` for a cell and protocol that do not fit,
    `SimulationError` (holding the record so far) if the solver cannot go on.
    """
    if host not in HOSTS:
        raise InputError(f"received host model '{host}'", expected=" or ".join(HOSTS))
    if cell.fixture.kind == "measured":
        raise InputError("a measured pressure is not available for full cells", expected="another kind of fixture")
    resolved = resolve(cell)
    scale = _scale(cell)
    program.check(protocol, scale)
    ready, metal = make_plant(cell, protocol, host=host, tolerance=tolerance)
    number = resolved.number
    given = drive.Conditions(
        area=cell.area,
        soft_conductance=1.0 / (number["soft_short_resistance"] * cell.area),
        contact_pressure=number["contact_pressure"] if metal else None,
        after_short=protocol.after_short,
        expected=drive.expected_duration(0.6 * number["theoretical_capacity"] * cell.loading),
        samples=samples,
        watched=watched,
        loss=lambda share, charge: float(
            contact_after(
                share,
                charge,
                weak=number["weak_share"],
                throughput=number["contact_loss_charge"] * number["loading"],
            )
        ),
    )
    whole = program.count(protocol)
    course = drive.run(
        ready, program.actions(protocol, scale), given, progress=progress and (lambda done: progress(done, whole))
    )
    columns = _CATHODE | (_METAL if metal else {})
    about = _provenance(cell, protocol, resolved, host, course)
    return _finish(course, columns, cell.area, protocol, about, resolved.warnings, protocol.temperature)


def simulate_symmetric(
    numbers: Mapping[str, float],
    protocol: Protocol,
    *,
    samples: int = 12,
    tolerance: Tolerance | None = None,
) -> Record:
    """A symmetric cell in PyBaMM, with `numbers` as in `provenance['parameters']` of a record of the JAX engine.

    Constant force or fixed gap, the default laws. It is the same cell a second time, to hold one engine
    against another.
    """
    area = numbers["area"]
    scale = program.Scale(area, None, full=False)
    program.check(protocol, scale)
    model = symmetric_model(plant.inputs())
    model.events += plant.limits(model.variables, program.limits(protocol))
    values = pybamm.ParameterValues(symmetric_parameters(numbers, protocol.temperature))
    outputs = (*_SHARED, *_CHARGES, *_BOTH)
    ready = Plant(model, values, outputs, tolerance or Tolerance(1e-8, 1e-10, 1e-10))
    given = drive.Conditions(
        area=area,
        soft_conductance=numbers["soft_conductance"],
        contact_pressure=numbers["contact_pressure"],
        after_short=protocol.after_short,
        expected=drive.expected_duration(1e5),
        samples=samples,
    )
    course = drive.run(ready, program.actions(protocol, scale), given)
    about = {"made_by": "simulation", "engine": "pybamm", "parameters": dict(numbers)}
    return _finish(course, _BOTH, area, protocol, about, (), protocol.temperature)


def make_plant(
    cell: FullCell, protocol: Protocol, *, host: str = "DFN", tolerance: Tolerance | None = None
) -> tuple[Plant, bool]:
    """The coupled model of `cell`, ready for `protocol`, and whether its counter electrode is lithium metal."""
    metal = cell.electrode.material == "lithium"
    kind = pybamm.lithium_ion.DFN if host == "DFN" else pybamm.lithium_ion.SPM
    model = add_short_model(
        kind({"working electrode": "positive"}),
        control=plant.inputs(),
        counter="lithium" if metal else "alloy",
        losses=SteppedLosses(),
        single_ion=True,
    )
    model.events += plant.limits(model.variables, program.limits(protocol))
    outputs = (*_SHARED, *_CHARGES, *_CATHODE, "Share of active material in contact", *(_METAL if metal else ()))
    numbers = parameter_values(cell, temperature=protocol.temperature)
    fraction = numbers["Positive electrode active material volume fraction"]
    numbers["Positive electrode active material volume fraction"] = fraction * pybamm.InputParameter(SHARE)
    values = pybamm.ParameterValues(numbers)
    return Plant(model, values, outputs, tolerance or Tolerance()), metal


def _scale(cell: FullCell) -> program.Scale:
    said = cell.cathode.specific_capacity
    return program.Scale(cell.area, None if said is None else said * cell.loading)


def _finish(
    course: Course,
    columns: dict[str, str],
    area: float,
    protocol: Protocol,
    about: dict[str, Any],
    warnings: tuple[str, ...],
    temperature: float,
) -> Record:
    """The record of a course; a solver that failed raises `SimulationError` with what there is."""
    if not course.pieces:
        raise SimulationError(f"the solver could not begin: {course.failure}")
    table = _table(course.pieces, columns, area, temperature)
    steps = pl.DataFrame(
        {
            "step_count": [piece.action.step for piece in course.pieces],
            "cycle_count": [piece.action.cycle for piece in course.pieces],
            "verb": [piece.action.verb for piece in course.pieces],
            "start_second": [piece.start for piece in course.pieces],
            "end_second": [piece.start + float(piece.times[-1]) for piece in course.pieces],
            "ended_by": [piece.ended_by for piece in course.pieces],
        }
    )
    record = Record(
        table=table, steps=steps, outcome=_outcome(course, table, area), provenance=about, warnings=warnings
    )
    if course.failure is not None:
        hours = float(table["test_time_second"][-1]) / 3600.0
        raise SimulationError(
            f"the solver could not go on after {hours:.4g} h ({course.failure}); the record until then is kept", record
        )
    return _with_books(record)


def _with_books(record: Record) -> Record:
    """The record with a warning if charge or lithium do not add up to 1e-8."""
    if "cathode_lithium_mole" not in record.table.columns:
        return record
    worst = full_ledger(record).worst
    if worst <= BALANCED:
        return record
    said = f"charge or lithium do not add up: off by {worst:.1e} of what moved"
    return replace(record, warnings=(*record.warnings, said))


def _table(pieces: list[Piece], columns: dict[str, str], area: float, temperature: float) -> pl.DataFrame:
    """All saved points of all pieces, one row each."""
    net = flatten(pieces, lambda piece: sum(piece.seen[name] for name in _CHARGES)) * area / 3600.0
    bounds = np.cumsum([0, *(len(piece.times) for piece in pieces)])
    both, total = np.empty_like(net), 0.0
    for first, last in itertools.pairwise(bounds):  # the current keeps its sign within a piece
        both[first:last] = total + np.abs(net[first:last] - net[first])
        total = float(both[last - 1])
    table = {
        "test_time_second": flatten(pieces, lambda piece: piece.start + piece.times),
        "voltage_volt": flatten(pieces, lambda piece: piece.seen["Voltage [V]"]),
        "current_ampere": flatten(pieces, lambda piece: piece.seen["Applied current density [A.m-2]"] * area),
        "step_count": flatten(pieces, lambda piece: piece.action.step).astype(np.int64),
        "cycle_count": flatten(pieces, lambda piece: piece.action.cycle).astype(np.int64),
        "ambient_temperature_celsius": np.full(len(net), temperature - 273.15),
        "net_capacity_ah": net,
        "cumulative_capacity_ah": both,
        "applied_pressure_pa": flatten(pieces, lambda piece: piece.applied_pressure),
        "measured_pressure_pa": flatten(pieces, lambda piece: piece.seen["Stack pressure [Pa]"]),
    }
    extensive = ("_mole", "_coulomb")
    for name, column in columns.items():
        factor = area if column.endswith(extensive) else 1.0
        table[column] = factor * flatten(pieces, lambda piece, name=name: piece.seen[name])  # type: ignore[misc]
    for number in (1, 2):
        void = f"void_thickness_{number}_metre"
        if void in table:
            table[void] = np.maximum(table[void], 0.0)
    if "Share of active material in contact" in pieces[0].seen:
        table["active_share"] = flatten(pieces, lambda piece: piece.seen["Share of active material in contact"])
    for name, column in zip(_CHARGES, ("ionic_charge_coulomb", "leaked_charge_coulomb"), strict=True):
        table[column] = area * flatten(pieces, lambda piece, name=name: piece.seen[name])  # type: ignore[misc]
    return pl.DataFrame(table)


def _outcome(course: Course, table: pl.DataFrame, area: float) -> Outcome:
    """How the test ended, with the numbers that say why."""
    shorted = bool(np.isfinite(course.short_time))
    last = next((p for p in course.pieces if p.ended_by == "short"), course.pieces[-1])
    time = last.start + float(last.times[-1])
    began = next((p.start for p in course.pieces if p.action.current or p.action.voltage is not None), None)
    cycling = None if began is None or time < began else time - began
    done = table.filter(pl.col("test_time_second") <= time)
    both = float(done["cumulative_capacity_ah"][-1]) * 3600.0 / area
    net = float(done["net_capacity_ah"][-1]) * 3600.0 / area
    seen = {name: float(values[-1]) for name, values in last.seen.items()}
    evidence: tuple[str, ...] = (f"voltage {seen['Voltage [V]']:.4g} V",)
    deepest = max((value for name, value in seen.items() if name.startswith("Filament length")), default=None)
    if deepest is not None:
        evidence = (
            f"deepest filament {1e6 * deepest:.4g} um",
            f"length that shorts at {seen['Stack pressure [Pa]'] / 1e6:.4g} MPa: "
            f"{1e6 * seen['Critical filament length [m]']:.4g} um",
            *evidence,
        )
    kind, cause = _why(course, shorted, mechanical=cycling is None or cycling <= 0.0)
    return Outcome(kind, time, cycling, 0.5 * (both + abs(net)), both, seen["Stack pressure [Pa]"], cause, evidence)


def _why(course: Course, shorted: bool, *, mechanical: bool) -> tuple[str, str]:
    """(kind, cause) of an outcome."""
    if shorted:
        return "short before current" if mechanical else "short", "a filament reached the length that shorts the cell"
    if course.failure is not None:
        return "stalled", "the solver could not go on"
    if course.stopped_by == "contact lost":
        return "contact lost", "voids or too little pressure took the contact under current"
    if course.stopped_by == "lithium spent":
        return "lithium spent", "the electrode was stripped of all its lithium"
    if course.stopped_by in ("cathode empty", "cathode full"):
        word = "filled" if course.stopped_by == "cathode full" else "emptied"
        return "stalled", f"the surface of the active material was {word} beyond the range of its potential"
    if course.stopped_by is not None:
        return "stalled", f"the model left its range: {course.stopped_by}"
    return "survived", "the protocol came to its end"


def _provenance(cell: FullCell, protocol: Protocol, resolved: Numbers, host: str, course: Course) -> dict[str, Any]:
    """What was simulated, with which numbers, sources and versions."""
    packages = ("lithostat", "pybamm", "numpy", "polars")
    values = {
        name: {"text": value.text, "source": value.source.cite, "doi": value.source.doi, "tag": value.tag}
        for name, value in resolved.values.items()
    }
    return {
        "made_by": "simulation",
        "engine": f"pybamm {host}",
        "cell": cell.model_dump(mode="json"),
        "protocol": protocol.model_dump(mode="json", by_alias=True),
        "seed": None,
        "values": values,
        "parameters": resolved.number,
        "versions": {name: importlib.metadata.version(name) for name in packages}
        | {"python": platform.python_version()},
    }
