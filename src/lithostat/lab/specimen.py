"""A specimen: one physical cell with everything that was measured of it, before anything is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lithostat.experiment.cell import Cell
from lithostat.experiment.cell_note import CellNote, StatedVolume
from lithostat.experiment.record import Record
from lithostat.experiment.spectrum import Spectrum


@dataclass(frozen=True)
class Specimen:
    """One physical cell: its note, its record on one timeline with its spectra, its patterns and volumes, its files.

    `files` were read, `refused` has one (name, sentence) for every file that was not; `patterns` are those that the
    note calls diffraction patterns. What its measurements say of each other is in `checks`; what else is to be said
    stands in `warnings`.
    """

    name: str
    folder: Path
    note: CellNote
    record: Record
    files: tuple[str, ...]
    refused: tuple[tuple[str, str], ...] = ()
    patterns: tuple[Path, ...] = ()

    @property
    def cell(self) -> Cell:
        """What was built, as the note states it."""
        return self.note.built

    @property
    def spectra(self) -> tuple[Spectrum, ...]:
        """Impedance, each with its state."""
        return tuple(self.record.spectra)

    @property
    def volumes(self) -> tuple[StatedVolume, ...]:
        """Tomograms, as the note states them; they are read in slabs when they are asked."""
        return self.note.volumes

    @property
    def sources(self) -> tuple[dict[str, Any], ...]:
        """File, format and SHA-256 of all that is in the record."""
        return tuple(self.record.provenance.get("files", ()))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What reading and joining the files has to say."""
        return tuple(self.record.warnings)
