"""simulate_full(cell, protocol) -> Record."""

from __future__ import annotations

import itertools
import platform
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from lithostat.experiment.cell import Cell
from lithostat.experiment.errors import InputError, SimulationError
from lithostat.experiment.finding import Outcome
from lithostat.experiment.protocol import Protocol
from lithostat.experiment.record import Record
from lithostat.experiment.spectrum import Spectrum
from lithostat.experiment.versions import version
from lithostat.fullcell import drive, plant
from lithostat.fullcell.cathode import SHARE, SteppedLosses
from lithostat.fullcell.cathode_laws import contact_after
from lithostat.fullcell.drive import Course, SolvedAction, flatten
from lithostat.fullcell.engine import pybamm
from lithostat.fullcell.numbers import parameter_name
from lithostat.fullcell.parameters import KINETICS, FullNumbers, parameter_values, plating_kinetics, resolve_full
from lithostat.fullcell.plant import Plant, SolverTolerance
from lithostat.fullcell.short_model import add_short_model
from lithostat.fullcell.symmetric import symmetric_model, symmetric_parameters
from lithostat.model import ending
from lithostat.model.ledger import ledger
from lithostat.model.outside import outside
from lithostat.model.parameters import Laws
from lithostat.model.program import Program, Scale
from lithostat.model.resolve import laws_of
from lithostat.model.sides import BOTH, Sides
from lithostat.model.unroll import unroll

HOSTS = ("DFN", "SPM")
BALANCED = 1e-8  # of the books of lithium and charge
SAMPLES = 24  # points saved per step, about
_SHARED = (
    "Voltage [V]",
    "Applied current density [A.m-2]",
    "Stack pressure [Pa]",
    "Stack growth [m]",
    "Short conductance [S.m-2]",
)
_ASSUMED_LAYER = "the double layer of the cathode was not stated: that of lithium is assumed for its arc"
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
    cell: Cell,
    protocol: Protocol,
    progress: Callable[[int, int], None] | None = None,
    *,
    host: str = "DFN",
    samples: int = SAMPLES,
    watched: int | None = None,
    tolerance: SolverTolerance | None = None,
) -> Record:
    """What this full cell does under this protocol.

    `host` is PyBaMM's half-cell model, 'DFN' or 'SPM'. About `samples` points are saved in every step, plus its end;
    with `watched`, in the steps of that cycle alone, so that one cycle out of hundreds can be looked at closely.
    `progress(done, all)` hears of every finished step. Raises `InputError` for a cell and protocol that do not fit,
    `SimulationError` (holding the record so far) if the solver cannot go on.
    """
    if host not in HOSTS:
        raise InputError(f"received host model '{host}'", expected=" or ".join(HOSTS))
    resolved = resolve_full(cell)
    program = unroll(protocol, _scale(cell))
    _check_fixture(cell, program)
    ready, metal = make_plant(cell, program, host=host, tolerance=tolerance)
    number, fixture = resolved.number, cell.fixture
    given = drive.FixedConditions(
        area=cell.area,
        soft_conductance=1.0 / (number["soft_short_resistance"] * cell.area),
        contact=_contact(number) if metal else None,
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
        measured=None
        if fixture.times is None or fixture.pressures is None
        else (np.array(fixture.times), np.array(fixture.pressures)),
        collectors=() if cell.collector is None else (cell.collector,),
    )
    course = drive.run(ready, program, given, progress=progress)
    columns = _CATHODE | (_METAL if metal else {})
    about = _provenance(cell, protocol, resolved, host)
    record = _finish(course, columns, cell.area, about, resolved.warnings)
    spectra = _spectra(course.pieces, number, cell.area, metal=metal)
    said = (_ASSUMED_LAYER,) if spectra else ()
    return replace(record, spectra=spectra, warnings=(*record.warnings, *said))


def simulate_symmetric(
    numbers: Mapping[str, float],
    protocol: Protocol,
    *,
    laws: Laws | None = None,
    samples: int = 12,
    tolerance: SolverTolerance | None = None,
    sides: Sides = BOTH,
) -> Record:
    """A symmetric cell in PyBaMM, with `numbers` as in `provenance['parameters']` of a record of the JAX engine.

    Constant force or fixed gap; `sides` says what the two electrodes are. It is the same cell a second time, to hold
    one engine against another.
    """
    area = numbers["area"]
    program = unroll(protocol, Scale(area))
    model = symmetric_model(plant.inputs(), laws, sides)
    model.events += plant.limits(model.variables, program.limits)
    values = pybamm.ParameterValues(symmetric_parameters(numbers) | _temperature(program))
    outputs = (*_SHARED, *_CHARGES, *_BOTH)
    ready = Plant(model, values, outputs, tolerance or SolverTolerance(1e-8, 1e-10, 1e-10))
    given = drive.FixedConditions(
        area=area,
        soft_conductance=numbers["soft_conductance"],
        contact=_contact(numbers),
        after_short=protocol.after_short,
        expected=drive.expected_duration(1e5),
        samples=samples,
        collectors=tuple(number for number, full in enumerate(sides.lithium, 1) if not full),
    )
    course = drive.run(ready, program, given)
    about = {"made_by": "simulation", "engine": "pybamm", "parameters": dict(numbers)}
    return _finish(course, _BOTH, area, about, ())


def make_plant(
    cell: Cell, program: Program, *, host: str = "DFN", tolerance: SolverTolerance | None = None
) -> tuple[Plant, bool]:
    """The coupled model of `cell`, ready for `program`, and whether its counter electrode is lithium metal."""
    metal = cell.electrode.metal is not None
    kind = pybamm.lithium_ion.DFN if host == "DFN" else pybamm.lithium_ion.SPM
    options = {"working electrode": "positive"}
    if any(action.sweep is not None for action in program.actions):
        options["surface form"] = "differential"  # the double layer of the cathode, where impedance sees it
    model = add_short_model(
        kind(options),
        control=plant.inputs(ramped=cell.fixture.kind == "measured"),
        counter="lithium" if metal else "alloy",
        losses=SteppedLosses(),
        single_ion=True,
        laws=laws_of(cell),
        collector=cell.collector == 1,
    )
    model.events += plant.limits(model.variables, program.limits)
    outputs = (*_SHARED, *_CHARGES, *_CATHODE, "Share of active material in contact", *(_METAL if metal else ()))
    numbers = parameter_values(cell, temperature=program.actions[0].temperature) | _temperature(program)
    ohm = numbers[parameter_name("charge_transfer_resistance")]
    numbers[KINETICS] = plating_kinetics(ohm, numbers["Ambient temperature [K]"])
    fraction = numbers["Positive electrode active material volume fraction"]
    numbers["Positive electrode active material volume fraction"] = fraction * pybamm.InputParameter(SHARE)
    values = pybamm.ParameterValues(numbers)
    return Plant(model, values, outputs, tolerance or SolverTolerance()), metal


def _scale(cell: Cell) -> Scale:
    said = cell.cathode.specific_capacity
    return Scale(cell.area, None if said is None else said * cell.loading, full=True)


def _temperature(program: Program) -> dict[str, Any]:
    """Temperature entries of the parameter set: an input where it changes from step to step, else a number."""
    low, high = program.temperatures
    here = low if low == high else pybamm.InputParameter(plant.TEMPERATURE)
    return {"Ambient temperature [K]": here, "Initial temperature [K]": here}


def _contact(numbers: Mapping[str, float]) -> drive.Contact:
    return drive.Contact(*(numbers[name] for name in drive.Contact._fields))


def _check_fixture(cell: Cell, program: Program) -> None:
    if cell.fixture.kind == "measured" and any(action.pressure is not None for action in program.actions):
        raise InputError(
            "the fixture has a measured pressure and the protocol sets one too",
            expected="a protocol without press, release, set_pressure and uniaxial attach, or another fixture",
        )


def _finish(
    course: Course,
    columns: dict[str, str],
    area: float,
    about: dict[str, Any],
    warnings: tuple[str, ...],
) -> Record:
    """The record of a course; a solver that failed raises `SimulationError` with what there is."""
    if not course.pieces:
        raise SimulationError(f"the solver could not begin: {course.failure}")
    table = _table(course.pieces, columns, area)
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
        table=table,
        steps=steps,
        outcome=_outcome(course, table, area, about["parameters"]["thickness"]),
        provenance=about,
        warnings=(*warnings, *outside(table)),
    )
    if course.failure is not None:
        hours = float(table["test_time_second"][-1]) / 3600.0
        raise SimulationError(
            f"the solver could not go on after {hours:.4g} h ({course.failure}); the record until then is kept", record
        )
    return _with_books(record)


def _spectra(
    pieces: list[SolvedAction], number: Mapping[str, float], area: float, *, metal: bool
) -> tuple[Spectrum, ...]:
    """The impedance at every measuring step.

    The plant gives the response of everything that has a state, the double layers of both charge transfers among them.
    As in a symmetric cell, that of lithium lies across its interphase too: one arc instead of an arc and a resistance.
    The short lies in parallel to all of it.
    """
    spectra = []
    for piece in pieces:
        if piece.response is None or piece.action.sweep is None:
            continue
        frequency = piece.action.sweep.frequencies
        seen = {name: float(values[-1]) for name, values in piece.seen.items()}
        leak = seen["Short conductance [S.m-2]"]
        ionic: np.ndarray = 1.0 / (1.0 / (piece.response * area) - leak)
        if metal:
            transfer = number["charge_transfer_resistance"]
            film = seen["Interphase thickness [m]"] / number["interphase_conductivity"]
            layer = 2j * np.pi * frequency * number["double_layer_capacitance"]
            apart, whole = film + transfer / (1.0 + layer * transfer), film + transfer
            ionic = ionic - apart + whole / (1.0 + layer * whole)
        impedance = 1.0 / (1.0 / ionic + leak) / area
        state = {"pressure": seen["Stack pressure [Pa]"], "temperature": piece.action.temperature}
        name = f"step {piece.action.step}"
        spectra.append(Spectrum(frequency, impedance, time=piece.start, area=area, name=name, **state))
    return tuple(spectra)


def _with_books(record: Record) -> Record:
    """The record with a warning if charge or lithium do not add up to 1e-8."""
    if "cathode_lithium_mole" not in record.table.columns:
        return record
    worst = ledger(record).worst
    if worst <= BALANCED:
        return record
    said = f"charge or lithium do not add up: off by {worst:.1e} of what moved"
    return replace(record, warnings=(*record.warnings, said))


def _table(pieces: list[SolvedAction], columns: dict[str, str], area: float) -> pl.DataFrame:
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
        "ambient_temperature_celsius": flatten(pieces, lambda piece: piece.action.temperature - 273.15),
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


def _outcome(course: Course, table: pl.DataFrame, area: float, thickness: float) -> Outcome:
    """How the test ended, with the numbers that say why."""
    end = next((p for p in course.pieces if p.ended_by == "short"), course.pieces[-1])
    seen = {name: float(values[-1]) for name, values in end.seen.items()}

    def named(start: str) -> list[float]:
        return [value for name, value in seen.items() if name.startswith(start)]

    last = ending.Last(
        pressure=seen["Stack pressure [Pa]"],
        filament=max(named("Filament length"), default=None),
        critical=seen.get("Critical filament length [m]"),
        contact=min(named("Contact fraction"), default=None),
        thickness=thickness,
        voltage=seen["Voltage [V]"],
    )
    kind, cause = ("short", None) if np.isfinite(course.short_time) else _kind(course)
    return ending.outcome(
        table,
        kind,
        end.start + float(end.times[-1]),
        next((p.start for p in course.pieces if p.action.flowing), None),
        last,
        area=area,
        cause=cause,
        critical=ending.critical_value([(piece.action.ramp, piece.ended_by) for piece in course.pieces]),
    )


def _kind(course: Course) -> tuple[str, str | None]:
    """(kind, cause) of a test without a short; None where the kind says it."""
    if course.failure is not None:
        return "stalled", None
    if course.stopped_by in ("cathode empty", "cathode full"):
        word = "filled" if course.stopped_by == "cathode full" else "emptied"
        return "stalled", f"the surface of the active material was {word} beyond the range of its potential"
    if course.stopped_by in ending.CAUSES:
        return str(course.stopped_by), None
    if course.stopped_by is not None:
        return "stalled", f"the model left its range: {course.stopped_by}"
    return "survived", None


def _provenance(cell: Cell, protocol: Protocol, resolved: FullNumbers, host: str) -> dict[str, Any]:
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
        "versions": {name: version(name) for name in packages} | {"python": platform.python_version()},
    }
