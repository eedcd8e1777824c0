"""simulate(cell, protocol) -> Record."""

from __future__ import annotations

import math
import platform
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
import polars as pl

from lithostat.engine import engine
from lithostat.experiment.cell import Cell
from lithostat.experiment.errors import SimulationError
from lithostat.experiment.finding import Outcome
from lithostat.experiment.protocol import Protocol
from lithostat.experiment.record import Record
from lithostat.experiment.spectrum import Spectrum
from lithostat.experiment.versions import version
from lithostat.model import ending
from lithostat.model.outside import outside
from lithostat.model.parameters import Parameters
from lithostat.model.resolve import Resolved, resolve, worst_spot
from lithostat.physics.impedance import stack_impedance
from lithostat.simulation import compiled
from lithostat.simulation.citations import citations
from lithostat.simulation.pieces import (
    CONTACT_LOST,
    ENDED_AS,
    HIGH,
    LITHIUM_SPENT,
    LOW,
    RAN,
    SHORT,
    STALLED,
    VOLTAGE,
    Carry,
    Piece,
    Tolerance,
)
from lithostat.simulation.schedule import Schedule, schedule

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


SAMPLES = 12  # points saved per step, beside its end
_ENDED = {
    RAN: "its time",
    SHORT: "short",
    CONTACT_LOST: "contact lost",
    LITHIUM_SPENT: "lithium spent",
    VOLTAGE: "voltage limit",
    HIGH: "pressure limit",
    LOW: "pressure limit",
}


def simulate(
    cell: Cell,
    protocol: Protocol,
    *,
    samples: int = SAMPLES,
    tolerance: Tolerance | None = None,
    least_rows: int = 0,
) -> Record:
    """What this cell does under this protocol.

    `samples` points are saved in every step, denser at its start, plus its end. The run is deterministic: the cell is
    the median cell of its cards, with the focusing of its worst spot (see `ensemble` for scatter). `least_rows` is for
    those who simulate many protocols (see `schedule`). Raises `InputError` for a cell and protocol that do not fit,
    `SimulationError` (holding the record so far) if the integrator stalls.
    """
    resolved = resolve(cell)
    timetable = schedule(cell, protocol, least_rows)
    p = resolved.parameters
    focusing = worst_spot(p.focusing, resolved.scatter, cell.area)
    p = p._replace(focusing=focusing)
    fractions = (np.arange(samples) / samples) ** 2
    with engine():
        p64 = jax.tree.map(np.float64, p)
        carry, pieces, count = compiled.trajectory(
            p64, resolved.laws, timetable.plan, fractions, tolerance or Tolerance()
        )
        carry, pieces, count = jax.tree.map(np.asarray, (carry, pieces, count))
    pieces = jax.tree.map(lambda leaf: leaf[: int(count)], pieces)
    # one sum for all times: compiled code may round `time + duration * share` otherwise than two operations do
    pieces = pieces._replace(start=np.concatenate([[0.0], np.cumsum(pieces.times[:, -1])[:-1]]))
    record = _record(cell, protocol, resolved, p, timetable, pieces, carry)
    if int(carry.status) == STALLED:
        raise SimulationError(
            f"the integrator could not go on after {float(carry.time) / 3600:.4g} h; the record until then is kept",
            record,
        )
    return record


def _record(
    cell: Cell,
    protocol: Protocol,
    resolved: Resolved,
    p: Parameters,
    timetable: Schedule,
    pieces: Piece,
    carry: Carry,
) -> Record:
    table = _table(cell, timetable, pieces)
    numbers = {name: float(value) for name, value in p._asdict().items() if not math.isnan(value)}
    return Record(
        table=table,
        steps=_steps(timetable, pieces),
        outcome=_outcome(table, timetable, pieces, carry, p),
        spectra=_spectra(cell, timetable, pieces, p),
        provenance=provenance(cell, protocol, resolved) | {"parameters": numbers},
        warnings=(*resolved.warnings, *outside(table), *_counter_warnings(table)),
    )


def _table(cell: Cell, timetable: Schedule, pieces: Piece) -> pl.DataFrame:
    """All saved points of all pieces, one row each; a piece without duration gives one row."""
    end = pieces.times[:, -1:]
    keep = np.isfinite(pieces.times) & (pieces.times < end)
    keep[:, -1] = True
    shape = pieces.times.shape
    rows = [timetable.rows[row] for row in pieces.row]

    def flat(values: ArrayLike) -> np.ndarray:
        return np.broadcast_to(np.asarray(values, float), shape)[keep]

    def per_piece(values: ArrayLike) -> np.ndarray:
        return flat(np.asarray(values, float)[:, None])

    seen, state, drive, area = pieces.seen, pieces.states, pieces.drive, cell.area
    local = np.where(np.isfinite(pieces.times), pieces.times, 0.0)
    before = np.concatenate([[0.0], np.cumsum(np.abs(drive.current) * end[:, 0])[:-1]])
    ionic = seen.bulk + seen.constriction.sum(-1) + 2.0 * seen.film
    columns = {
        "test_time_second": flat(pieces.start[:, None] + local),
        "voltage_volt": flat(seen.voltage),
        "current_ampere": per_piece(drive.current * area),
        "step_count": per_piece([row.step for row in rows]).astype(np.int64),
        "cycle_count": per_piece([row.cycle for row in rows]).astype(np.int64),
        "ambient_temperature_celsius": per_piece(drive.temperature - 273.15),
        "net_capacity_ah": flat((state.ionic_charge + state.leaked_charge) * area / 3600.0),
        "cumulative_capacity_ah": flat((before[:, None] + np.abs(drive.current)[:, None] * local) * area / 3600.0),
        "applied_pressure_pa": flat(drive.pressure[:, None] + drive.ramp[:, None] * local),
        "measured_pressure_pa": flat(seen.pressure),
        "internal_resistance_ohm": flat(ionic / area),
        "contact_fraction_1": flat(seen.contact[..., 0]),
        "contact_fraction_2": flat(seen.contact[..., 1]),
        "filament_length_1_metre": flat(seen.filament[..., 0]),
        "filament_length_2_metre": flat(seen.filament[..., 1]),
        "critical_length_metre": flat(seen.critical.min(-1)),
        "void_thickness_1_metre": flat(np.maximum(state.lithium.void[..., 0], 0.0)),
        "void_thickness_2_metre": flat(np.maximum(state.lithium.void[..., 1], 0.0)),
        "interphase_thickness_metre": flat(state.memory.interphase),
        "lithium_thickness_1_metre": flat(state.lithium.metal[..., 0]),
        "lithium_thickness_2_metre": flat(state.lithium.metal[..., 1]),
        "ionic_charge_coulomb": flat(state.ionic_charge * area),
        "leaked_charge_coulomb": flat(state.leaked_charge * area),
    }
    return pl.DataFrame(columns)


def _counter_warnings(table: pl.DataFrame) -> list[str]:
    """A counter electrode that does not limit may give more than it held."""
    least = float(table["lithium_thickness_2_metre"].to_numpy().min())
    if least >= 0.0:
        return []
    return [f"the counter electrode gave {-1e6 * least:.3g} um of lithium more than it held"]


def _steps(timetable: Schedule, pieces: Piece) -> pl.DataFrame:
    """One row per solve: which step, when, under which current, what ended it."""
    rows = [timetable.rows[row] for row in pieces.row]
    return pl.DataFrame(
        {
            "step_count": [row.step for row in rows],
            "cycle_count": [row.cycle for row in rows],
            "verb": [row.verb for row in rows],
            "start_second": pieces.start,
            "end_second": pieces.start + pieces.times[:, -1],
            "ended_by": [_ENDED[int(cause)] for cause in pieces.cause],
        }
    )


def _outcome(table: pl.DataFrame, timetable: Schedule, pieces: Piece, carry: Carry, p: Parameters) -> Outcome:
    """How the test ended, with the numbers that say why."""
    shorted = bool(np.isfinite(carry.short_time))
    at = int(np.flatnonzero(pieces.cause == SHORT)[0]) if shorted else -1
    sides, rows = timetable.plan.sides, [timetable.rows[row] for row in pieces.row]
    grows, counts = sides.filaments > 0.0, sides.limits > 0.0
    flowing = np.flatnonzero(pieces.drive.current)
    seen = jax.tree.map(lambda leaf: leaf[at, -1], pieces.seen)
    last = ending.Last(
        pressure=float(seen.pressure),
        filament=float(seen.filament[grows].max()),
        critical=float(seen.critical[grows].min()),
        contact=float(seen.contact[counts].min()),
        thickness=float(p.thickness),
    )
    return ending.outcome(
        table,
        "short" if shorted else ENDED_AS[int(carry.status)],
        float(pieces.start[at] + pieces.times[at, -1]),
        float(pieces.start[flowing[0]]) if flowing.size else None,
        last,
        area=float(p.area),
        critical=ending.critical_value([(rows[i].ramp, _ENDED[int(cause)]) for i, cause in enumerate(pieces.cause)]),
    )


def _spectra(cell: Cell, timetable: Schedule, pieces: Piece, p: Parameters) -> tuple[Spectrum, ...]:
    """The impedance at every measuring step, from the same resistances the voltage is made of."""
    spectra = []
    for index, row in enumerate(pieces.row):
        sweep = timetable.rows[row].sweep
        if sweep is None:
            continue
        seen = jax.tree.map(lambda leaf, i=index: leaf[i, -1], pieces.seen)
        frequency = sweep.frequencies
        counts = timetable.plan.sides.limits > 0.0
        areal = stack_impedance(
            frequency,
            series=seen.bulk + seen.constriction[counts].sum(),
            interface=np.full(int(counts.sum()), seen.film),
            capacitance=p.double_layer_capacitance,
        )
        areal = 1.0 / (1.0 / areal + pieces.states.conductance[index, -1])
        spectra.append(
            Spectrum(
                frequency,
                areal / cell.area,
                time=float(pieces.start[index]),
                pressure=float(seen.pressure),
                temperature=float(pieces.drive.temperature[index]),
                area=cell.area,
                name=f"step {timetable.rows[row].step}",
            )
        )
    return tuple(spectra)


def provenance(cell: Cell, protocol: Protocol, resolved: Resolved) -> dict[str, Any]:
    """What was simulated, with which laws, numbers, citations and versions."""
    packages = ("lithostat", "jax", "diffrax", "equinox", "numpy", "polars")
    return {
        "made_by": "simulation",
        "cell": cell.model_dump(mode="json"),
        "protocol": protocol.model_dump(mode="json", by_alias=True),
        "seed": None,
        "laws": resolved.laws._asdict(),
        "citations": citations(resolved.laws),
        "values": {
            name: {"text": value.text, "source": value.source.cite, "doi": value.source.doi, "tag": value.tag}
            for name, value in resolved.values.items()
        },
        "versions": {name: version(name) for name in packages} | {"python": platform.python_version()},
    }
