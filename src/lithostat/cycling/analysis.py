"""analyze(record, note) -> Analysis: everything that cycling data say of one cell."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import polars as pl

from lithostat.cycling.capacity import critical_current, full_findings, symmetric_findings, throughput
from lithostat.cycling.consistency import consistency
from lithostat.cycling.coverage import coverage_of
from lithostat.cycling.evidence import Suspect
from lithostat.cycling.held_voltage import held_voltage_findings
from lithostat.cycling.pressure import pressure_findings
from lithostat.cycling.shorts import call
from lithostat.cycling.tables import charges_until, cycle_table, half_cycle_table
from lithostat.cycling.trace import Trace, trace_of
from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.finding import Finding, Outcome
from lithostat.experiment.record import Record
from lithostat.impedance.validity.foot import first_foot


@dataclass(frozen=True)
class Analysis:
    """The outcome, the findings, the tables behind them, and what one should know before believing either.

    `suspects` are the stretches that looked like a short, called or not, in rows of `trace.record`.
    """

    name: str
    trace: Trace
    outcome: Outcome
    suspects: tuple[Suspect, ...]
    findings: tuple[Finding, ...]
    half_cycles: pl.DataFrame
    cycles: pl.DataFrame
    warnings: tuple[str, ...]

    @property
    def kind(self) -> str:
        """Of the cell: 'symmetric', 'half', 'full' or 'not known'."""
        return self.trace.kind

    @property
    def note(self) -> CellNote:
        """What the lab noted."""
        return self.trace.note

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
            "censored_at_s": None if call.group in ("short", "not known") else call.cycling_time,
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
    return analyze_trace(trace_of(record, note))


def analyze_trace(trace: Trace) -> Analysis:
    """The same of a trace that is there already."""
    judged = call(trace)
    table, cycles = half_cycle_table(trace), cycle_table(trace)
    outcome = _with_charges(judged.outcome, *charges_until(trace.half, judged.outcome.time), trace.note.electrode_area)
    findings = [*_impedance(trace.record)]
    if len(trace.half.flowing):
        findings += [*throughput(trace, outcome), *coverage_of(trace).findings()]
        if not coverage_of(trace).why_not():
            findings += _of_this_kind(trace, table, cycles, outcome)
            findings += critical_current(table, outcome, trace.note)
        findings += held_voltage_findings(trace)
    if len(trace.time):
        findings += pressure_findings(trace)
    return Analysis(
        trace.note.name or trace.record.provenance.get("name", "cell"),
        trace,
        outcome,
        judged.suspects,
        tuple(findings),
        table,
        cycles,
        (*trace.record.warnings, *judged.warnings, *consistency(trace, table, cycles)),
    )


def _of_this_kind(trace: Trace, table: pl.DataFrame, cycles: pl.DataFrame, outcome: Outcome) -> list[Finding]:
    """Overpotentials of a symmetric cell, capacities of one with a cathode; neither where nobody knows the kind."""
    if trace.symmetric:
        return symmetric_findings(table, outcome, trace.note)
    return full_findings(trace, cycles) if trace.kind in ("half", "full") else []


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
        foot = first_foot(at).finding
        noise = ("the points are noise",) if at.is_noise else ()
        total = at.total_resistance
        negative = (f"Re Z is negative ({total:.3g} ohm)",) if total <= 0.0 else ()
        findings += [
            dataclasses.replace(
                foot,
                name=f"ionic resistance, {label} spectrum",
                value=None if noise else foot.value,
                uncertainty=None if noise else foot.uncertainty,
                evidence=(*noise, *where, *foot.evidence),
            ),
            Finding(
                f"total resistance, {label} spectrum",
                None if noise or negative else total,
                "ohm",
                (*noise, *negative, *where),
                formula="Re Z at the lowest frequency",
            ),
        ]
    return findings
