"""analyze(record, note) -> Analysis: everything that cycling data say of one cell."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import polars as pl

from lithostat.cycling.capacity import (
    charges_until,
    critical_current,
    cycle_table,
    full_findings,
    half_cycle_table,
    symmetric_findings,
    throughput,
)
from lithostat.cycling.consistency import consistency
from lithostat.cycling.evidence import Suspect
from lithostat.cycling.floor import ionic_resistance
from lithostat.cycling.pressure import pressure_findings
from lithostat.cycling.shorts import call_short
from lithostat.cycling.steps import half_cycles
from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.finding import Finding, Outcome
from lithostat.experiment.record import Record


@dataclass(frozen=True)
class Analysis:
    """The outcome, the findings, the tables behind them, and what one should know before believing either.

    `suspects` are the stretches that looked like a short, called or not; `kind` is that of the cell.
    """

    name: str
    kind: str
    outcome: Outcome
    suspects: tuple[Suspect, ...]
    findings: tuple[Finding, ...]
    half_cycles: pl.DataFrame
    cycles: pl.DataFrame
    note: CellNote
    warnings: tuple[str, ...]

    @property
    def time_to_short(self) -> float | None:
        """Cycling time until the first electronic path [s]; None where none was called."""
        return self.outcome.cycling_time if self.outcome.shorted else None

    def as_json(self) -> dict[str, Any]:
        """Plain data for people and programs, with units in the keys."""
        call = self.outcome
        return {
            "cell": self.name,
            "kind_of_cell": self.kind,
            "outcome": call.kind,
            "cause": call.cause,
            "time_to_short_s": self.time_to_short,
            "censored_at_s": None if call.shorted else call.cycling_time,
            "time_since_start_s": call.time,
            "interval_s": list(call.interval) if call.interval else None,
            "resolution_s": call.resolution,
            "pressure_pa": call.pressure,
            "charge_one_direction_c_per_m2": call.charge,
            "charge_both_directions_c_per_m2": call.charge_both,
            "confidence": call.confidence,
            "evidence": list(call.evidence),
            "override": self.note.override.model_dump() if self.note.override else None,
            "findings": [finding.as_json() for finding in self.findings],
            "warnings": list(self.warnings),
        }


def analyze(record: Record, note: CellNote | None = None) -> Analysis:
    """Call the outcome of a measured or simulated record and list what follows from it.

    Nothing but the record is needed. What the note states is used, what it does not state is not made up: without an
    area there is no current density, without a mass no specific capacity.
    """
    note = note or CellNote()
    half = half_cycles(record)
    call = call_short(record, note)
    symmetric = call.kind_of_cell == "symmetric"
    table = half_cycle_table(record, half, note, symmetric=symmetric)
    cycles = cycle_table(record, half, note)
    outcome = _with_charges(call.outcome, *charges_until(half, record, call.outcome.time), note.electrode_area)
    findings = [*_impedance(record)]
    if len(half.flowing):
        findings += throughput(half, record, outcome, note)
        findings += symmetric_findings(table, half, outcome, note) if symmetric else full_findings(cycles, note)
        findings += critical_current(table, outcome, note)
    if len(record.table):
        findings += pressure_findings(record, half, note, symmetric=symmetric)
    said = consistency(note, table, cycles, symmetric=symmetric)
    return Analysis(
        note.name or record.provenance.get("name", "cell"),
        call.kind_of_cell,
        outcome,
        call.suspects,
        tuple(findings),
        table,
        cycles,
        note,
        (*record.warnings, *call.warnings, *said),
    )


def _with_charges(outcome: Outcome, one: float, both: float, area: float | None) -> Outcome:
    if area is None:
        return outcome
    return dataclasses.replace(outcome, charge=one / area, charge_both=both / area)


def _impedance(record: Record) -> list[Finding]:
    """First and last spectrum in two numbers each; fits belong to another room."""
    findings = []
    chosen = {"first": record.spectra[:1], "last": record.spectra[1:][-1:]}
    for label, at in ((label, spectrum) for label, spectra in chosen.items() for spectrum in spectra):
        where = [f"spectrum '{at.name}'"] if at.name else []
        if at.pressure is not None:
            where.append(f"at {at.pressure / 1e6:.4g} MPa")
        findings += [
            Finding(
                f"ionic resistance, {label} spectrum",
                ionic_resistance(at),
                "ohm",
                tuple(where),
                formula="Re Z where -Im Z leaves zero at high frequency",
            ),
            Finding(
                f"total resistance, {label} spectrum",
                at.total_resistance,
                "ohm",
                tuple(where),
                formula="Re Z at the lowest frequency",
            ),
        ]
    return findings
