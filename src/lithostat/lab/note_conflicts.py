"""The note of a cell and what contradicts it: what was typed over it, and areas that headers of files state."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lithostat.experiment import document
from lithostat.experiment.cell_note import CellNote, note_from, read_note
from lithostat.experiment.quantity import show

NOTE = "cell.yaml"
AGREE = 0.02  # by which two statements of an area may differ


def note_of(path: Path | None, said: Mapping[str, Any]) -> tuple[CellNote, list[str]]:
    """The note with what was typed over it, and a warning for everything in which the two differ."""
    written = read_note(path) if path is not None else CellNote()
    if not said:
        return written, []
    raw = document.read(path).data if path is not None else {}
    merged = _merged(raw, said)
    if "area" in said and "electrode_diameter" not in said:
        merged.pop("electrode_diameter", None)
    if "electrode_diameter" in said and "area" not in said:
        merged.pop("area", None)
    note = note_from(merged)
    return note, _conflicts(written, note, raw, said)


def _merged(raw: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(raw)
    for key, value in said.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def _conflicts(written: CellNote, note: CellNote, raw: Mapping[str, Any], said: Mapping[str, Any]) -> list[str]:
    warnings = [
        f"{key} is '{said[key]}' as typed and '{raw[key]}' in {NOTE}; what was typed is used"
        for key in said
        if key in raw and getattr(written, key, None) != getattr(note, key, None)
    ]
    before, after = written.electrode_area, note.electrode_area
    sizes = {"area", "electrode_diameter", "die_diameter"}
    if before and after and abs(after / before - 1.0) > AGREE and not (sizes & set(said) & set(raw)):
        warnings.append(
            f"the area is {show(after, 'area')} as typed and {show(before, 'area')} in {NOTE}; the first is used"
        )
    return warnings
