"""What the pressure of a stack tells: its level, its answer to charge, its relaxation at rest."""

from __future__ import annotations

import numpy as np

from lithostat.cycling.evidence import pressure_slopes
from lithostat.cycling.trace import Trace
from lithostat.experiment.finding import Finding
from lithostat.materials.card import cards
from lithostat.physics.constants import FARADAY

REST = 600.0  # s; shorter rests say nothing of relaxation


def pressure_findings(trace: Trace) -> list[Finding]:
    """Mean, least and largest pressure; pressure against charge; stiffness of the stack; relaxation at rest."""
    pressure = trace.pressure
    if pressure is None:
        return [Finding("pressure", None, "MPa", ("neither measured nor stated",))]
    known = pressure[np.isfinite(pressure)] / 1e6
    measured = trace.measured_pressure is not None
    source = "measured" if measured else "as stated, not measured"
    findings = [
        Finding("pressure, mean", float(np.mean(known)), "MPa", (source,), formula="mean over the samples"),
        Finding("pressure, least", float(np.min(known)), "MPa", (source,)),
        Finding("pressure, largest", float(np.max(known)), "MPa", (source,)),
    ]
    if measured:
        findings += _answer_to_charge(trace) + _relaxation(trace, pressure)
    return findings


def _answer_to_charge(trace: Trace) -> list[Finding]:
    slopes, _ = pressure_slopes(trace)
    if len(slopes) < 2:
        return []
    usual = float(np.median(slopes))
    scatter = 1.4826 * float(np.median(np.abs(slopes - usual))) / np.sqrt(len(slopes))
    formula = "median over half-cycles of (P at the end - P at the start) / charge"
    origin = f"scatter of {len(slopes)} half-cycles"
    area = trace.note.electrode_area
    if area is None:
        return [Finding("pressure against charge", usual * 3.6e-6, "MPa/mAh", (), scatter * 3.6e-6, origin, formula)]
    per = area * 1e4 * 3.6e-6
    findings = [Finding("pressure against charge", usual * per, "MPa/(mAh/cm2)", (), scatter * per, origin, formula)]
    if trace.kind in ("half", "full") and abs(usual) > 3.0 * scatter:
        per_metre = FARADAY * area / cards()["lithium"].value("molar_volume").value
        findings.append(
            Finding(
                "stiffness of stack and frame",
                usual * per_metre / 1e12,
                "MPa/um",
                ("as if all charge became dense lithium and the other electrode kept its volume",),
                scatter * per_metre / 1e12,
                origin,
                "(dP/dQ) F A / V_m",
            )
        )
    return findings


def _relaxation(trace: Trace, pressure: np.ndarray) -> list[Finding]:
    """Fall of the pressure over the longest rest."""
    half = trace.half
    rests = np.flatnonzero((half.direction == 0) & (half.end - half.start >= REST))
    if not len(rests):
        return []
    longest = rests[np.argmax((half.end - half.start)[rests])]
    part = pressure[half.first[longest] : half.last[longest] + 1]
    part = part[np.isfinite(part)]
    if len(part) < 10 or part[0] <= 0.0:
        return []
    width = max(1, len(part) // 20)
    begin, end = float(np.mean(part[:width])), float(np.mean(part[-width:]))
    noise = float(np.std(np.diff(part)) / np.sqrt(2.0 * width))
    hours = float(half.end[longest] - half.start[longest]) / 3600.0
    return [
        Finding(
            "relaxation of the pressure at rest",
            100.0 * (begin - end) / begin,
            "%",
            (f"the longest rest, {hours:.3g} h, from {begin / 1e6:.4g} MPa",),
            100.0 * noise / begin,
            "noise of the samples",
            "(P at its start - P at its end) / P at its start, means of a twentieth each",
        )
    ]
