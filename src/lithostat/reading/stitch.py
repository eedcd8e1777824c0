"""Several records of one cell on one timeline, by wall clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.errors import InputError
from lithostat.experiment.record import Record
from lithostat.experiment.spectrum import Spectrum
from lithostat.reading.clock import File, entries_of, files_of, in_order, names_of, place, shown_start
from lithostat.reading.gaps import find_gaps, gap_warnings, report_overlaps
from lithostat.reading.joined_logs import Samples, is_cycler, join_logs, samples_outside
from lithostat.reading.joined_rows import rows_of

NEAR = 600.0  # s between a spectrum and the sample that its pressure or temperature is taken from

# parts of warnings that a file alone must give, and that its place on the timeline settles
LOG = ("the file has no voltage", "the file has no current", "test time is counted from the clock")
FEW = 3  # files that are named one by one
ZONE = ("no time zone", "does not say its time zone", "clock has no zone")

_ZERO_CELSIUS = 273.15  # K


@dataclass(frozen=True)
class Timeline:
    """A stitched record, and what the logs say outside of its rows, by column: the load cell may be tared there."""

    record: Record
    outside: Mapping[str, Samples]


def stitch(records: Sequence[Record], *, names: Sequence[str], note: CellNote) -> Record:
    """One record of all files of a cell; `names` are those of the files, in the order of `records`.

    Time 0 is the start of the earliest file of the cycler (of the earliest log where there is none). What a log holds
    from before is left out with a warning, and a spectrum from before has a negative time. Inside a file its test time
    is trusted, between files the start instants; a naive clock is in `note.time_zone`, else taken as UTC. A file
    without a clock follows the one before it in the order of names; a log without one starts with the cycler. A log is
    a file of samples without current (and without voltage, or with a load cell): its columns are interpolated linearly
    in time onto the rows of the cycler, not across gaps of the log, and its own rows are not kept.

    Rows are in the order of time. Counts of cycles and steps go on from file to file, unless a file's own counts
    already go on. Counters of charge stay as the files have them; `net_capacity_ah` and `cumulative_capacity_ah` are
    integrated anew from the current, by trapezoids within each file and without any current between files. An interval
    whose current is unknown adds nothing, and a warning says how long that was. Several records lose their outcomes and
    tables of steps, which are about one file each; a single one keeps them.

    Raises `InputError` if there is nothing to stitch.
    """
    return stitch_with_outside(records, names=names, note=note).record


def stitch_with_outside(records: Sequence[Record], *, names: Sequence[str], note: CellNote) -> Timeline:
    """As `stitch`, with the samples of logs from before the first and after the last row, which no row can hold."""
    if not records:
        raise InputError("there is no record to put on a timeline", expected="at least one file that can be read")
    warnings: list[str] = []
    files = files_of(records, names, note, warnings)
    cyclers = [file for file in files if is_cycler(file.record, note)]
    logs = [file for file in files if len(file.record.table) and file not in cyclers]
    if not cyclers:
        cyclers, logs = logs, []
    origin = place(files, cyclers, logs, warnings)
    files = in_order(files)
    cyclers = [file for file in files if file in cyclers]
    said: dict[str, list[str]] = {}
    for file in files:
        settled = (*(LOG if file in logs else ()), *(ZONE if note.time_zone else ()))
        for warning in file.record.warnings:
            if not any(part in warning for part in settled):
                said.setdefault(warning, []).append(file.name)
    warnings += [f"{_folded(names)}: {warning}" for warning, names in said.items()]
    report_overlaps(cyclers, warnings)
    table = rows_of(cyclers, origin, warnings)
    outside = samples_outside(table, logs)
    table = join_logs(table, logs, warnings)
    gaps = find_gaps(table, {k: name for file in cyclers for k, name in names_of(file)})
    warnings += gap_warnings(gaps)
    single = records[0] if len(files) == 1 else None
    entries = [entry for file in files for entry in entries_of(file)]
    stitched = Record(
        table=table,
        steps=single.steps if single else pl.DataFrame(),
        outcome=single.outcome if single else None,
        spectra=tuple(_moved(spectrum, file) for file in files for spectrum in file.record.spectra),
        provenance=(single.provenance if single else {"made_by": "reading"}) | {"files": entries, "gaps": gaps},
        warnings=tuple(dict.fromkeys(warnings)),
        start=shown_start(origin, files, note),
    )
    return Timeline(with_states(stitched, note), outside)


def _folded(names: list[str]) -> str:
    """The files that say the same, by name as long as they are few."""
    return ", ".join(names) if len(names) <= FEW else f"{names[0]} and {len(names) - 1} more files"


def with_states(record: Record, note: CellNote) -> Record:
    """The record whose spectra know pressure, temperature and area where the timeline or the note does.

    Pressure [Pa] and temperature [K] are those of the nearest valid sample within 10 minutes, or at any distance within
    the file that surrounds the spectrum; without one, what the note states. The area [m2] is the stated one. What a
    spectrum already says stays.
    """
    if not record.spectra:
        return record
    pressure = _States.of(record, "measured_pressure_pa"), _States.of(record, "applied_pressure_pa")
    warmth = _States.of(record, "ambient_temperature_celsius")

    def state(spectrum: Spectrum) -> Spectrum:
        p, warm = spectrum.pressure, spectrum.temperature
        if p is None:
            p = next((found for found in (s.at(spectrum.time) for s in pressure) if found is not None), note.pressure)
        if warm is None:
            celsius = warmth.at(spectrum.time)
            warm = note.temperature if celsius is None else celsius + _ZERO_CELSIUS
        area = note.electrode_area if spectrum.area is None else spectrum.area
        return replace(spectrum, pressure=p, temperature=warm, area=area)

    return replace(record, spectra=tuple(state(spectrum) for spectrum in record.spectra))


def _moved(spectrum: Spectrum, file: File) -> Spectrum:
    """The spectrum with its time on the common timeline; without one of its own, that of its file's start."""
    if file.offset is None:
        return spectrum
    own = spectrum.time if spectrum.time is not None else file.first
    return replace(spectrum, time=own + file.offset)


@dataclass(frozen=True)
class _States:
    """The finite samples of one column, and the first and last time of every file."""

    times: np.ndarray
    values: np.ndarray
    spans: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, record: Record, name: str) -> _States:
        times = record.column("test_time_second")
        spans: tuple[tuple[float, float], ...] = ((float(times[0]), float(times[-1])),) if len(times) else ()
        if "file_index" in record.table.columns and len(times):
            by_file = record.table.group_by("file_index").agg(
                pl.col("test_time_second").min().alias("a"), pl.col("test_time_second").max().alias("b")
            )
            spans = tuple(zip(by_file["a"].to_list(), by_file["b"].to_list(), strict=True))
        if name not in record.table.columns:
            return cls(np.zeros(0), np.zeros(0), spans)
        values = record.column(name)
        good = np.isfinite(values)
        return cls(times[good], values[good], spans)

    def at(self, time: float | None) -> float | None:
        """Value of the nearest sample that is near enough, else None."""
        if time is None or not len(self.times):
            return None
        right = int(np.searchsorted(self.times, time))
        around = [k for k in (right - 1, right) if 0 <= k < len(self.times)]
        k = min(around, key=lambda k: abs(self.times[k] - time))
        found = float(self.times[k])
        within = any(a <= time <= b and a <= found <= b for a, b in self.spans)
        return float(self.values[k]) if within or abs(found - time) <= NEAR else None
