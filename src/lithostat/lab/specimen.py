"""A specimen: one physical cell with everything that was measured of it, before anything is made of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

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

    def until(self, time: float) -> Specimen:
        """The same cell as it was known at `time` [s] of its record: without later rows, spectra, gaps, and without
        tomograms and patterns, which have no place in a replay."""
        record = self.record
        gaps = [gap for gap in record.provenance.get("gaps", ()) if gap["end_second"] <= time]
        seen = replace(
            record,
            table=record.table.filter(pl.col("test_time_second") <= time),
            spectra=tuple(each for each in record.spectra if each.time is not None and each.time <= time),
            provenance=record.provenance | {"gaps": gaps},
            outcome=None,
        )
        note = self.note.model_copy(update={"volumes": (), "patterns": (), "ended": None})
        return replace(self, record=seen, note=note, patterns=())
