"""What a person can do next with a cell: what would make its answer surer, and which verb goes on from it."""

from __future__ import annotations

from lithostat.cycling.analysis import Analysis
from lithostat.experiment.quantity import show, span
from lithostat.lab.completeness import Completeness
from lithostat.lab.specimen import Specimen

FIRST = ("kind of cell", "electrode area", "electrolyte", "electrolyte thickness", "operating pressure", "temperature")
SURE = 0.9  # confidence above which a call needs no second look


def next_steps(loaded: Specimen, analysis: Analysis, complete: Completeness) -> tuple[str, ...]:
    """Sentences in the order of what they are worth: the call, the note, the measurement, the verb that goes on."""
    call, steps = analysis.outcome, []
    if call.shorted:
        steps.append(
            "Stop the current, leave the pressure as it is, and measure impedance before anything else is changed: a "
            "spectrum shows whether the path is still there."
        )
    elif call.group == "contact lost":
        steps.append(
            "Measure impedance at this and at a higher pressure before the cell is taken apart: how much of the "
            "resistance falls says how much of it was contact."
        )
    elif call.group == "not known":
        steps.append(f"Nothing can be called from this record: {call.cause}.")
    if call.group != "not known" and call.confidence is not None and call.confidence < SURE:
        steps.append(f"Look at the call yourself: its confidence is {100 * call.confidence:.3g} %.")
    missing = {item.name: item.why for item in complete.missing}
    stated = [f"{name} ({missing[name]})" for name in FIRST if name in missing]
    if stated:
        steps.append(f"State in cell.yaml: {'; '.join(stated)}.")
    if "impedance before cycling" in missing:
        steps.append("Measure impedance before the first current of the next cell: without it the path has no zero.")
    if "pressure over time" in missing:
        steps.append("Log the load cell: the pressure that acts drifts from the one that was set.")
    if call.resolution is not None and call.resolution > 60.0:
        steps.append(f"Sample faster: events shorter than {span(call.resolution)} could not be seen.")
    if call.group in ("short", "lived") and call.pressure is not None:
        where = show(call.pressure, "pressure")
        steps.append(
            f"It is a life at {where} that a calibration can take: name its folder in a calibration file, then "
            "`lithostat recommend FILE` gives the window and the next cell to build."
        )
    return tuple(steps)
