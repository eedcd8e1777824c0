"""What follows from the tables of half-cycles and cycles: capacity, efficiency, overpotential, critical current."""

from __future__ import annotations

import numpy as np
import polars as pl

from lithostat.cycling.cycles import begins_with
from lithostat.cycling.tables import MAH, charges_until
from lithostat.cycling.trace import Trace
from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.finding import Finding, Outcome
from lithostat.materials.card import cards
from lithostat.physics.constants import FARADAY

_LEVEL = 0.05  # two current densities closer than this are one


def symmetric_findings(table: pl.DataFrame, outcome: Outcome, note: CellNote) -> list[Finding]:
    """Overpotential and its drift, charge per half-cycle, lithium per half-cycle, of the time before the outcome."""
    whole = table.filter(pl.col("end_second") <= outcome.time) if len(table) else table
    if not len(whole):
        return []
    why = until_short(outcome)
    eta = whole["overpotential_volt"].to_numpy() * 1e3
    hours = whole["end_second"].to_numpy() / 3600.0
    formula = "mean of (V - offset) along the current over the second half of a half-cycle"
    findings = [
        Finding("overpotential at first", float(eta[0]), "mV", formula=formula),
        Finding("overpotential at last", float(eta[-1]), "mV", why, formula=formula),
    ]
    level = np.abs(whole["current_ampere"].to_numpy())
    same = np.abs(level - level[-1]) < _LEVEL * level[-1]
    if same.sum() >= 4 and np.ptp(hours[same]) > 0.0:
        slope, at_first = np.polyfit(hours[same] - hours[same][0], eta[same], 1)
        drift = 100.0 * slope * 100.0 / at_first if at_first else None
        findings.append(
            Finding(
                "drift of the overpotential",
                drift,
                "% per 100 h",
                (f"{same.sum()} half-cycles at the last current", *why),
                formula="slope of a straight line through the overpotentials over its value at their start",
            )
        )
    charge = whole["charge_ah"].to_numpy() * 1e3
    findings.append(Finding("charge per half-cycle", float(np.median(charge)), "mAh", formula="median of int |I| dt"))
    if note.electrode_area is not None:
        areal = float(np.median(whole["areal_charge_mah_per_cm2"].to_numpy()))
        findings += [
            Finding(
                "current density",
                float(np.abs(whole["current_density_ampere_per_m2"].to_numpy()[-1])) * 0.1,
                "mA/cm2",
                formula="|I| of the last half-cycle / area",
            ),
            Finding("areal charge per half-cycle", areal, "mAh/cm2", formula="median of int |I| dt / area"),
        ]
        if note.cell.electrode.material in (None, "lithium"):
            formula = "Q V_m / (F A), dense lithium"
            findings.append(Finding("lithium per half-cycle", 1e6 * lithium(areal), "um", formula=formula))
    return findings


def until_short(outcome: Outcome) -> tuple[str, ...]:
    """What a finding says that takes only the time before a short that was called."""
    return (f"until the short that was called at {outcome.time / 3600.0:.4g} h",) if outcome.shorted else ()


def lithium(areal: float) -> float:
    """Thickness [m] of the dense lithium that an areal charge [mAh/cm2] plates: Q V_m / F, V_m from the card."""
    return 3.6e4 * areal * cards()["lithium"].value("molar_volume").value / FARADAY


def full_findings(trace: Trace, table: pl.DataFrame) -> list[Finding]:
    """First cycle, efficiency with and without it, retention with its reference cycle."""
    if not len(table):
        return []
    note, first_half = trace.note, begins_with(trace)
    ratio = "discharge / charge" if first_half == "charge" else "charge / discharge"
    charge, discharge = table["charge_ah"].to_numpy() * 1e3, table["discharge_ah"].to_numpy() * 1e3
    number, efficiency = table["cycle_count"].to_numpy(), table["efficiency"].to_numpy() * 100.0
    first = int(number[0])
    findings = [
        Finding("first charge capacity", float(charge[0]), "mAh", formula=f"charge of cycle {first}"),
        Finding("first discharge capacity", float(discharge[0]), "mAh", formula=f"discharge of cycle {first}"),
        _efficiency("first-cycle efficiency", efficiency[:1], f"{ratio} of cycle {first}"),
    ]
    done = np.flatnonzero((charge > 0.0) & (discharge > 0.0))
    later = done[done > 0]
    if len(later):
        findings.append(
            _efficiency(
                "mean Coulombic efficiency",
                efficiency[later],
                f"mean of {ratio} over {len(later)} cycles, the first one left out",
            )
        )
        last = later[-1]
        findings.append(
            Finding(
                f"capacity retention at cycle {number[last]}",
                100.0 * float(discharge[last] / discharge[done[0]]),
                "%",
                formula=f"discharge of cycle {number[last]} / discharge of cycle {number[done[0]]} (the reference)",
            )
        )
    if note.active_mass is not None:
        top = float(np.max(discharge)) * 1e-3 / note.active_mass
        findings.append(Finding("largest specific capacity", top, "mAh/g", formula="discharge / stated active mass"))
    else:
        why = ("no active mass is stated, so no specific capacity is given",)
        findings.append(Finding("largest specific capacity", None, "mAh/g", why, formula="discharge / active mass"))
    if note.electrode_area is not None:
        top = float(np.max(discharge)) / (1e4 * note.electrode_area)
        findings.append(Finding("largest areal capacity", top, "mAh/cm2", formula="discharge / stated area"))
    return findings


def critical_current(table: pl.DataFrame, outcome: Outcome, note: CellNote) -> list[Finding]:
    """[last current that was survived, first that was not], where the record raises its current; else nothing."""
    if not len(table):
        return []
    current = np.abs(table["current_ampere"].to_numpy())
    levels = _levels(current)
    if len(levels) < 2 or (np.diff(levels) < 0.0).any():
        return []
    scale, unit = (1e3, "mA") if note.electrode_area is None else (0.1 / note.electrode_area, "mA/cm2")
    before = table["end_second"].to_numpy() <= (outcome.interval or (outcome.time,))[0]
    survived = [level for level in levels if before[np.abs(current - level) <= _LEVEL * level].all()]
    failed = [level for level in levels if level not in survived] if outcome.shorted else []
    why = () if failed else ("no short at any current of this record: a lower bound",)
    formula = "every half-cycle at the level ended before the last sample without a short"
    last = max(survived) * scale if survived else None
    return [
        Finding("critical current density, last survived", last, unit, why, formula=formula),
        Finding(
            "critical current density, first failed",
            min(failed) * scale if failed else None,
            unit,
            why,
            formula="the level during which the short was called",
        ),
    ]


def throughput(trace: Trace, outcome: Outcome) -> list[Finding]:
    """Charge in one direction and in both until the outcome, two findings that papers like to mix."""
    forth, both = charges_until(trace.half, outcome.time)
    area, why = trace.note.electrode_area, until_short(outcome)
    formula = "int |I| dt of the direction that carried more"
    findings = [
        Finding("charge in one direction", forth * MAH, "mAh", why, formula=formula),
        Finding("charge in both directions", both * MAH, "mAh", why, formula="int |I| dt"),
    ]
    if area is not None:
        per = MAH / (1e4 * area)
        findings += [
            Finding("areal charge in one direction", forth * per, "mAh/cm2", formula="the same / area"),
            Finding("areal charge in both directions", both * per, "mAh/cm2", formula="the same / area"),
        ]
    return findings


def _efficiency(name: str, values: np.ndarray, formula: str) -> Finding:
    known = values[np.isfinite(values)]
    if not len(known):
        return Finding(name, None, "%", ("no charge before the discharge",), formula=formula)
    scatter = float(np.std(known, ddof=1) / np.sqrt(len(known))) if len(known) > 1 else None
    return Finding(
        name, float(np.mean(known)), "%", (), scatter, "scatter between cycles" if scatter else None, formula
    )


def _levels(current: np.ndarray) -> list[float]:
    """Distinct current levels in the order in which they first appear."""
    levels: list[float] = []
    for value in current:
        if not any(abs(value - level) <= _LEVEL * level for level in levels):
            levels.append(float(value))
        if len(levels) > 100:
            return []
    return levels
