"""trace_of(record, note) -> Trace: a record made ready to be judged, once, for all that judge it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from lithostat.cycling.cleaning import clean, in_order, turned, wrong_signs
from lithostat.cycling.half_cycles import HalfCycles, half_cycles, usual_interval
from lithostat.cycling.kind_of_cell import NOT_KNOWN, Kind, kind_of_cell
from lithostat.cycling.settling import first_settled
from lithostat.cycling.technique import GALVANOSTATIC, techniques
from lithostat.cycling.voltage_offset import voltage_offset
from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.finding import Caution
from lithostat.experiment.record import Record


@dataclass(frozen=True)
class Trace:
    """A record made ready to be judged: call, findings, tables, consistency and figures all take this and no other.

    `record` holds the rows that have time, voltage and current, in the order of time, with signs settled for this kind
    of cell; `came` is the record as it came. `half` are its stretches (rows of `record`), `technique` what was done in
    each; `holes` has one (begin, end) [s] for each stretch in which the current is not known. `signs` warn of signs
    that were turned, `warnings` of all that was done.
    """

    record: Record
    came: Record
    note: CellNote
    kind_found: Kind
    half: HalfCycles
    technique: np.ndarray
    holes: np.ndarray
    signs: tuple[Caution, ...] = ()
    warnings: tuple[Caution, ...] = ()

    @property
    def kind(self) -> str:
        """'symmetric', 'half', 'full' or 'not known'."""
        return self.kind_found.name

    @property
    def symmetric(self) -> bool:
        """True if the voltage is that of a resistance and nothing else."""
        return self.kind == "symmetric"

    @property
    def time(self) -> np.ndarray:
        """Of every row [s]."""
        return np.asarray(self.record.column("test_time_second"))

    @property
    def voltage(self) -> np.ndarray:
        """Of every row [V]."""
        return np.asarray(self.record.column("voltage_volt"))

    @property
    def current(self) -> np.ndarray:
        """Of every row [A], positive while the cell charges."""
        return np.asarray(self.record.column("current_ampere"))

    @cached_property
    def judged(self) -> np.ndarray:
        """Indices of the stretches whose voltage can be judged: current flows and is held."""
        return _held(self.half, self.technique)

    @cached_property
    def settled(self) -> tuple[np.ndarray, np.ndarray]:
        """(first row whose voltage has settled after the switch, first row to average) of each judged stretch."""
        return first_settled(self)

    @cached_property
    def offset(self) -> float:
        """Voltage at no current [V], of a symmetric cell; 0 for other kinds."""
        return voltage_offset(self) if self.symmetric else 0.0

    @cached_property
    def interval(self) -> float:
        """Usual time between samples [s]."""
        return usual_interval(self.time)

    @cached_property
    def pressure(self) -> np.ndarray | None:
        """Measured stack pressure of every row, else the applied one [Pa]; None if nobody knows it."""
        measured = self.measured_pressure
        return self._known("applied_pressure_pa") if measured is None else measured

    @cached_property
    def measured_pressure(self) -> np.ndarray | None:
        """Measured stack pressure of every row [Pa]; None if nobody measured it."""
        return self._known("measured_pressure_pa")

    @cached_property
    def celsius(self) -> np.ndarray | None:
        """Temperature of every row [degC]; None if nobody knows it."""
        return self._known("ambient_temperature_celsius")

    def column(self, name: str) -> np.ndarray | None:
        """A column of the record; None if it has none of that name."""
        return np.asarray(self.record.column(name)) if name in self.record.table.columns else None

    def _known(self, name: str) -> np.ndarray | None:
        values = self.column(name)
        return None if values is None or not np.isfinite(values).any() else np.asarray(values, float)

    def taken_as(self, kind: str) -> Trace:
        """The same record judged as if it were of a cell of this kind."""
        signs = wrong_signs(self.record, self.half, kind)
        record = turned(self.record, signs)
        half = self.half if record is self.record else half_cycles(record, self.holes)
        found = Kind(kind, f"taken as {kind}", (kind,))
        warnings = (*self.warnings, *signs)
        return replace(self, record=record, half=half, kind_found=found, signs=signs, warnings=warnings)

    @cached_property
    def seen(self) -> Record:
        """All rows that have a time, those without a current too, in order and with the same signs: what to draw."""
        return (
            self.record if len(self.record.table) == len(self.came.table) else turned(in_order(self.came), self.signs)
        )


def _held(half: HalfCycles, technique: np.ndarray) -> np.ndarray:
    return np.flatnonzero((np.abs(half.direction) == 1) & (technique == GALVANOSTATIC))


def trace_of(record: Record, note: CellNote | None = None) -> Trace:
    """Make a record ready to be judged. Nothing but the record is needed; what `note` states goes over what is found.

    Rows that lack time, voltage or current are left out, rows out of order are sorted, signs that cannot be are turned;
    each with a warning. The kind of cell is that of the note, else what the voltage decides, else 'not known'.
    """
    note = note or CellNote()
    rows, holes, warnings = clean(record)
    half = half_cycles(rows, holes)
    words = techniques(rows, half)
    kind = kind_of_cell(rows, half, _held(half, words), note.kind)
    trace = Trace(rows, record, note, kind, half, words, holes, warnings=warnings)
    if kind.name == NOT_KNOWN:
        return trace
    return replace(trace.taken_as(kind.name), kind_found=kind) if note.kind else _guessed(trace, kind)


def _guessed(trace: Trace, kind: Kind) -> Trace:
    """The trace under the kind that its voltage decided, with a warning that says so."""
    why = f"the note does not say the kind of cell; it is taken as {kind.name}: {kind.evidence}"
    settled = trace.taken_as(kind.name)
    return replace(settled, kind_found=kind, warnings=(*settled.warnings, Caution("kind-guessed", why)))
