"""What the measurements and statements of one specimen say of each other; checks speak up and change nothing.

What a record says of its own note (lithium against charge, efficiency, density of the pellet, V/I against impedance)
is judged with the record, in `cycling`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.errors import InputError
from lithostat.experiment.quantity import parse, show
from lithostat.experiment.record import Record
from lithostat.lab.note_conflicts import AGREE, NOTE

if TYPE_CHECKING:
    from lithostat.cycling.analysis import Analysis
    from lithostat.tomography.tomogram import Tomogram

DIFFER = 0.1  # relative, by which two statements of a pressure may differ


def tomogram_conflicts(of: Tomogram, analysis: Analysis) -> tuple[str, ...]:
    """What the tomogram and the cell's record or note say differently, each a sentence."""
    said = []
    shorted = analysis.outcome.shorted
    if of.spans == "yes" and not shorted and analysis.outcome.kind != "unknown":
        said.append(f"the tomogram shows something that crosses; the record ends as '{analysis.outcome.kind}'")
    if of.spans == "no" and shorted and of.volume.state.stage != "before" and of.resolution is not None:
        said.append(
            f"the record is called '{analysis.outcome.kind}' and nothing wider than {1e6 * of.resolution:.2g} um "
            "crosses in the tomogram: thinner lithium, or outside of what was scanned"
        )
    by_name = {finding.name: finding for finding in of.findings}
    mass = by_name.get("porosity by mass")
    if mass is not None and any("less than is seen" in line for line in mass.evidence):
        said.append(f"the pellet's mass leaves a porosity of {mass.value:.3g}, and more than that is seen as dark")
    if of.charge_bound is not None and of.new_dark is not None and of.new_dark[0] > of.charge_bound:
        said.append("more became dark than the record's charge can have plated: not all of it is plated lithium")
    pressure, logged = of.volume.state.pressure, analysis.outcome.pressure
    if pressure is not None and logged is not None and abs(pressure - logged) > DIFFER * logged:
        said.append(f"scanned at {1e-6 * pressure:.3g} MPa, the record ends at {1e-6 * logged:.3g} MPa")
    return tuple(said)


def area_conflicts(record: Record, note: CellNote) -> list[str]:
    """Areas in headers of files that are not the declared one."""
    warnings = []
    for file in record.provenance.get("files", ()):
        for key, text in _flat(file.get("header") or {}):
            area = _area(key, text)
            if area is None:
                continue
            if note.electrode_area is None:
                warnings.append(
                    f"{file['name']}: its header states '{key}' {show(area, 'area')}, which is not used: state 'area' "
                    f"in {NOTE}"
                )
            elif abs(area / note.electrode_area - 1.0) > AGREE:
                warnings.append(
                    f"{file['name']}: its header states '{key}' {show(area, 'area')}, the note "
                    f"{show(note.electrode_area, 'area')}; that of the note is used"
                )
    return warnings


def _flat(header: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Keys and values of a header, those of parts of it included."""
    pairs: list[tuple[str, Any]] = []
    for key, value in header.items():
        pairs += _flat(value) if isinstance(value, Mapping) else [(str(key), value)]
    return pairs


def _area(key: str, text: Any) -> float | None:
    """An area in m2 from a header's entry, None if it is none or has no unit."""
    if not re.search(r"area(?![a-z])", key.lower()) or isinstance(text, bool):
        return None
    unit = re.search(r"(cm|mm|m)\s*(?:2|²|\^2)", key)
    said = f"{text} {unit[1]}2" if unit and re.fullmatch(r"\s*[\d.eE+-]+\s*", str(text)) else str(text)
    try:
        return parse(said.replace("²", "2").replace(",", "."), "area")
    except InputError:
        return None
