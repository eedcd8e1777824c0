"""What the pressure of a stack tells: its level, its answer to charge, its relaxation at rest."""

from __future__ import annotations

import numpy as np

from lithostat.cycling.evidence import pressure_slopes
from lithostat.cycling.trace import Trace
from lithostat.experiment.finding import Finding
from lithostat.materials.card import cards
from lithostat.physics.constants import FARADAY

FEWEST, SHORTEST = 10, 3600.0  # samples of a twentieth, and s, from which a change of the pressure is worth a word
EARLY, EVEN = 0.6, 0.45  # shares of a change in the first third: of what slows down, of what goes on
WARMER, TOGETHER = 1.0, 0.7  # K, and correlation, from which the temperature explains something
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
        findings += _answer_to_charge(trace) + _relaxation(trace, pressure) + _change(trace, pressure)
    return findings


def _change(trace: Trace, pressure: np.ndarray) -> list[Finding]:
    """Change of the pressure over the record, and what speaks for the frame and what for the zero of the load cell.

    A stack that relaxes and a zero that drifts look the same in one reading; a second tare tells them apart, and the
    course in time and the temperature say something.
    """
    known = np.isfinite(pressure)
    time, values = trace.time[known], pressure[known]
    width = len(values) // 20
    if width < FEWEST or time[-1] - time[0] < SHORTEST:
        return []
    begin, end = float(np.mean(values[:width])), float(np.mean(values[-width:]))
    noise = float(np.std(np.diff(values)) / np.sqrt(width))
    hours = (time[-1] - time[0]) / 3600.0
    reasons = [f"from {begin / 1e6:.4g} to {end / 1e6:.4g} MPa in {hours:.4g} h", _zero(trace)]
    if abs(end - begin) > 5.0 * noise:
        reasons += _course(time, values, end - begin, width)
        reasons += _with_temperature(trace, known, values)
    name, formula = "change of the pressure over the record", "means of the last and of the first twentieth"
    change = (end - begin) / 1e6
    return [Finding(name, change, "MPa", tuple(reasons), noise / 1e6, "noise of the samples", formula)]


def _zero(trace: Trace) -> str:
    """What is known of the zero of the load cell."""
    about = trace.record.provenance.get("load_cell") or {}
    if len(about.get("tare") or ()) > 1:
        drift = float(about.get("drift_pa_per_day") or 0.0)
        return f"tared twice: the drift of the zero ({drift / 1e6:.3g} MPa per day) is taken out, the rest is the stack"
    again = [epoch for epoch in about.get("epochs") or () if epoch["zero"] is None]
    if again:
        return f"the load cell was opened again {len(again)} time(s) and its zero not confirmed: this may be its zero"
    return "the zero was not tared at the end: its drift would look the same"


def _course(time: np.ndarray, values: np.ndarray, change: float, width: int) -> list[str]:
    """Whether most of the change came early, as that of a frame that relaxes does."""
    third = int(np.searchsorted(time, time[0] + (time[-1] - time[0]) / 3.0))
    middle = float(np.mean(values[max(third - width // 2, 0) : third + width // 2 + 1]))
    early = (middle - float(np.mean(values[:width]))) / change
    share = f"{100.0 * early:.0f} % of it came in the first third"
    if change < 0.0 and early > EARLY:
        return [f"{share}: a frame that relaxes does that, a zero that drifts goes on"]
    if 0.0 < early < EVEN:
        return [f"{share}: a zero that drifts does that, and a stack that slowly changes its volume"]
    return [share]


def _with_temperature(trace: Trace, known: np.ndarray, values: np.ndarray) -> list[str]:
    """Whether the pressure went with the temperature."""
    celsius = trace.column("ambient_temperature_celsius")
    warmth = None if celsius is None else np.asarray(celsius)[known]
    if warmth is None or not np.isfinite(warmth).all() or np.ptp(warmth) < WARMER or np.std(values) == 0.0:
        return []
    together = float(np.corrcoef(warmth, values)[0, 1])
    if abs(together) < TOGETHER:
        return []
    slope = float(np.polyfit(warmth, values, 1)[0])
    return [f"the pressure went with the temperature ({slope / 1e6:.3g} MPa/K, correlation {together:.2f})"]


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
