"""The state in which spectra were taken, as the note states it for files that do not say it themselves."""

from __future__ import annotations

import fnmatch
from dataclasses import replace

from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.record import Record
from lithostat.experiment.spectrum import Spectrum

FAR = 0.02  # relative difference between a file's pressure and the note's that is told


def with_stated_spectra(record: Record, name: str, note: CellNote) -> Record:
    """The record of file `name` whose spectra know their pressure and temperature from the note, and bear a name.

    What the file itself says stays; where the note says otherwise, a warning tells it.
    """
    if not record.spectra:
        return record
    said = next((entry for entry in note.spectra if _matches(name, entry.files)), None)
    warnings = list(record.warnings)
    several = len(record.spectra) > 1
    spectra = []
    for number, spectrum in enumerate(record.spectra, start=1):
        label = f"{name} sweep {number}" if several else name
        changes: dict[str, float] = {}
        for key in ("pressure", "temperature"):
            stated, own = getattr(said, key, None), getattr(spectrum, key)
            if stated is None:
                continue
            if own is None:
                changes[key] = stated
            elif abs(own / stated - 1.0) > FAR:
                warnings.append(
                    f"{label}: the file says a {key} of {own:.4g} and the note {stated:.4g} (SI); the file counts"
                )
        spectra.append(replace(spectrum, name=label, **changes))  # type: ignore[arg-type]
    return replace(record, spectra=tuple(spectra), warnings=tuple(warnings))


def in_order(spectra: tuple[Spectrum, ...], note: CellNote, *, clock: bool = True) -> tuple[Spectrum, ...]:
    """Spectra in the order they were measured: by their times if all have one, else as the note lists their files.

    Without a `clock` in any file, times of different files have no common zero: they order nothing, and are dropped
    where there is more than one file.
    """
    if not clock and len({_file(spectrum) for spectrum in spectra}) > 1:
        spectra = tuple(replace(spectrum, time=None) for spectrum in spectra)
    if all(spectrum.time is not None for spectrum in spectra):
        return tuple(sorted(spectra, key=lambda spectrum: spectrum.time or 0.0))
    return tuple(sorted(spectra, key=lambda spectrum: _place(spectrum, note)))


def order_is_known(spectra: tuple[Spectrum, ...], note: CellNote) -> bool:
    """Whether clocks or the note say in which order spectra were measured; else they are in the order of names."""
    timed = all(spectrum.time is not None for spectrum in spectra)
    return timed or all(_place(spectrum, note) < len(note.spectra) for spectrum in spectra)


def _place(spectrum: Spectrum, note: CellNote) -> int:
    """Number of the note's entry that names the file of a spectrum; one past the last where none does."""
    entries = enumerate(note.spectra)
    return next((k for k, entry in entries if _matches(_file(spectrum), entry.files)), len(note.spectra))


def _file(spectrum: Spectrum) -> str:
    return spectrum.name.split(" sweep ")[0]


def _matches(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(name.rsplit("/", 1)[-1], pattern)
