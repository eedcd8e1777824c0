"""What a held voltage tells: the dc resistance of a sample with its offset taken out, the leakage of a cell."""

from __future__ import annotations

import numpy as np

from lithostat.cycling.technique import POTENTIOSTATIC
from lithostat.cycling.trace import Trace
from lithostat.experiment.finding import Finding

STEPS = 3  # voltages that make a straight line
APART = 1e-3  # V, or this share of the largest, by which they differ
QUARTER = 4  # the end of a hold is its last quarter
FALLS = 0.1  # by which the current may fall over it and still stand


def held_voltage_findings(trace: Trace) -> list[Finding]:
    """Resistance from the steps of a held voltage, where there are three and more, else of the longest hold."""
    half = trace.half
    holds = np.flatnonzero((trace.technique == POTENTIOSTATIC) & (np.abs(half.direction) == 1))
    holds = holds[(half.last - half.first)[holds] >= QUARTER]
    if not len(holds):
        return []
    rows = [np.arange(half.first[index], half.last[index] + 1) for index in holds]
    voltage = np.array([np.median(trace.voltage[each]) for each in rows])
    ends = [each[-max(len(each) // QUARTER, 1) :] for each in rows]
    current = np.array([np.median(trace.current[each]) for each in ends])
    first = np.array([np.median(trace.current[each[1 : 1 + max(len(each) // (5 * QUARTER), 1)]]) for each in rows])
    levels = np.unique(np.round(voltage / max(APART, APART * float(np.max(np.abs(voltage))))))
    if len(levels) >= STEPS:
        return _from_steps(voltage, first, current)
    return _from_hold(trace, rows[int(np.argmax([len(each) for each in rows]))])


def _from_steps(voltage: np.ndarray, first: np.ndarray, current: np.ndarray) -> list[Finding]:
    """A straight line through voltage against current: its slope is a resistance, its foot an offset."""
    findings = []
    for name, ampere in (("at the start of the steps", first), ("at the end of the steps", current)):
        design = np.stack([ampere, np.ones(len(ampere))], axis=1)
        (slope, foot), residual, *_ = np.linalg.lstsq(design, voltage, rcond=None)
        spread = float(residual[0]) / max(len(voltage) - 2, 1) if len(residual) else 0.0
        error = np.sqrt(np.diag(spread * np.linalg.inv(design.T @ design)))
        origin, why = f"scatter of {len(voltage)} steps", (f"{len(voltage)} steps of the held voltage",)
        formula = "slope of V against I over the steps"
        findings.append(Finding(f"dc resistance {name}", float(slope), "ohm", why, float(error[0]), origin, formula))
        if name.startswith("at the end"):
            formula = "V at I = 0 on that line"
            findings.append(
                Finding("offset of the voltage", 1e3 * float(foot), "mV", why, 1e3 * float(error[1]), origin, formula)
            )
    return findings


def _from_hold(trace: Trace, rows: np.ndarray) -> list[Finding]:
    """The current that still flows at the end of a hold, and the resistance that it means."""
    tail = trace.current[rows[-max(len(rows) // QUARTER, 1) :]]
    level, volt = float(np.median(tail)), float(np.median(trace.voltage[rows]))
    near = max(len(tail) // QUARTER, 1)
    fell = abs(float(np.median(tail[:near])) - float(np.median(tail[-near:]))) / max(abs(level), 1e-300)
    hours = float(trace.time[rows[-1]] - trace.time[rows[0]]) / 3600.0
    why = [f"held at {volt:.4g} V for {hours:.3g} h"]
    if fell > FALLS:
        why.append(f"the current still falls, by {100 * fell:.0f} % over the last quarter: a lower bound")
    return [
        Finding("current at the end of the hold", 1e3 * level, "mA", tuple(why), formula="median of the last quarter"),
        Finding("leakage resistance", volt / level if level else None, "ohm", tuple(why), formula="V / I at the end"),
    ]
