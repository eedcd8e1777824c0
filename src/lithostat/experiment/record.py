"""The record: what happened to a cell over time, wherever it came from, with everything needed to judge it."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from lithostat.experiment.errors import InputError, nearest, sentence_of, why_not_written
from lithostat.experiment.files import why_no_file
from lithostat.experiment.finding import Outcome
from lithostat.experiment.spectrum import Spectrum
from lithostat.experiment.unfinished import on_disk, temporary_file, written

FORMAT = 1

# Battery Data Format names first; then ours, which say what they are and in which unit. Both pressures are positive in
# compression; current is positive while the cell charges; "1" and "2" are the two lithium electrodes.
COLUMNS: dict[str, str] = {
    "test_time_second": "time since the start of the record",
    "unix_time_second": "wall clock, seconds since 1970-01-01 UTC",
    "voltage_volt": "between the terminals",
    "current_ampere": "positive while the cell charges (plates electrode 1)",
    "step_count": "counts the steps of the protocol, from 1",
    "cycle_count": "counts the passes of the innermost repeat that carries current, from 1; 0 before",
    "record_index": "number of the row in the file it came from",
    "step_index": "number of the step in the cycler's own protocol",
    "step_time_second": "time since the start of the step",
    "file_index": "counts the files of a stitched record in the order of `provenance['files']`, from 0",
    "interpolated": "1 where the file itself made up the row between two that were measured, else 0",
    "ambient_temperature_celsius": "of the cell",
    "charging_capacity_ah": "as the cycler counts and resets it",
    "discharging_capacity_ah": "as the cycler counts and resets it, positive",
    "step_capacity_ah": "as the cycler counts it within a step, positive",
    "charging_energy_wh": "as the cycler counts and resets it",
    "discharging_energy_wh": "as the cycler counts and resets it, positive",
    "step_energy_wh": "as the cycler counts it within a step, positive",
    "power_watt": "as the cycler gives it",
    "frequency_hertz": "of the perturbation, in rows of an impedance sweep",
    "absolute_impedance_ohm": "as the instrument gives it",
    "phase_degree": "of the impedance, negative for a capacitor",
    "net_capacity_ah": "charge in the charging direction minus the other, since the start",
    "cumulative_capacity_ah": "charge in both directions, since the start",
    "applied_pressure_pa": "stack pressure that the fixture was set to",
    "measured_pressure_pa": "stack pressure that acts (in a simulation: that the fixture gives)",
    "load_newton": "force on the stack",
    "load_cell_volt": "signal of the load cell, not yet calibrated",
    "internal_resistance_ohm": "of the ionic path: pellet, contact, charge transfer, interphase",
    "contact_fraction_1": "share of the electrode area in contact, 0 to 1",
    "contact_fraction_2": "share of the electrode area in contact, 0 to 1",
    "filament_length_1_metre": "deepest lithium in the electrolyte",
    "filament_length_2_metre": "deepest lithium in the electrolyte",
    "critical_length_metre": "filament length that shorts the cell at this pressure",
    "void_thickness_1_metre": "mean over the area",
    "void_thickness_2_metre": "mean over the area",
    "interphase_thickness_metre": "of each interphase",
    "lithium_thickness_1_metre": "metal, filaments included",
    "lithium_thickness_2_metre": "metal, filaments included",
    "cathode_lithium_mole": "in active material that keeps contact",
    "unreachable_lithium_mole": "in active material that lost contact, since the start",
    "oxidised_charge_coulomb": "of electrolyte in the cathode; its lithium plates, none leaves the active material",
    "active_share": "active material that keeps contact over all of it, 0 to 1",
    "ionic_charge_coulomb": "net charge through the electrolyte as ions",
    "leaked_charge_coulomb": "net charge through the electronic path",
}
_FORMULA, _NUMBER = r"^\s*[=+\-@]", r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
REQUIRED = ("test_time_second", "voltage_volt", "current_ampere")
OTHER = "other:"  # before a column that has no standard name, kept under the name its file gives it


@dataclass(frozen=True)
class Record:
    """A table in Battery Data Format columns, its steps, how it ended, spectra on the way, provenance, warnings.

    `table` has the columns of `COLUMNS` that apply; unknown values are NaN, with a reason in `warnings`. A column
    without a standard name is kept as 'other:<the name in its file>'. `steps` names every step of the table, where that
    is known. `start` is the instant of time 0, with its zone if the file said one. `provenance` says what was simulated
    or read, with which versions, seed and citations. A record of impedance alone has spectra and no rows.
    """

    table: pl.DataFrame
    steps: pl.DataFrame = field(default_factory=pl.DataFrame)
    outcome: Outcome | None = None
    spectra: tuple[Spectrum, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    start: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse a table without the required columns or with unknown ones."""
        for name in REQUIRED:
            if name not in self.table.columns:
                raise InputError(f"a record without the column '{name}'{nearest(name, self.table.columns)}")
        for name in self.table.columns:
            if name not in COLUMNS and not name.startswith(OTHER):
                raise InputError(f"unknown column '{name}'{nearest(name, COLUMNS)}", expected="a column of COLUMNS")

    def column(self, name: str) -> np.ndarray:
        """One column as a NumPy array."""
        if name not in self.table.columns:
            raise InputError(f"the record has no column '{name}'{nearest(name, self.table.columns)}")
        return self.table[name].to_numpy()

    def write_parquet(self, path: str | Path) -> Path:
        """Write everything to one Parquet file, whole or not at all."""
        about = {
            "format": FORMAT,
            "steps": self.steps.to_dicts(),
            "outcome": self.outcome.as_dict() if self.outcome else None,
            "spectra": [spectrum.as_dict() for spectrum in self.spectra],
            "provenance": self.provenance,
            "warnings": list(self.warnings),
            "start": self.start.isoformat() if self.start else None,
        }
        about["sha256"] = _digest(self.table, about)
        text = json.dumps(about, allow_nan=True)
        return write_whole(path, lambda temporary: self.table.write_parquet(temporary, metadata={"lithostat": text}))

    def write_csv(self, path: str | Path) -> Path:
        """Write the table alone as CSV, whole or not at all."""
        return write_csv(path, self.table)


def read_parquet(path: str | Path) -> Record:
    """Read a record that `Record.write_parquet` wrote; anything else raises `InputError`."""
    if problem := why_no_file(Path(path)):
        raise InputError(problem, file=str(path), expected="a record in Parquet")
    try:
        about = pl.read_parquet_metadata(path).get("lithostat")
        table = pl.read_parquet(path, glob=False)  # a name with brackets is that file
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"cannot be read as Parquet ({str(error).splitlines()[0]})", file=str(path)) from None
    if about is None:
        raise InputError("is Parquet, but not a lithostat record", file=str(path))
    try:
        data = json.loads(about)
        version = data["format"]
    except (ValueError, KeyError, TypeError):
        raise InputError("has damaged metadata and cannot be read as a record", file=str(path)) from None
    if version != FORMAT:
        raise InputError(f"has record format {version}", file=str(path), expected=f"format {FORMAT}")
    written = data.pop("sha256", None)
    if written not in (None, _digest(table, data)):
        raise InputError("is damaged: its content is not what was written", file=str(path))
    outcome = data["outcome"]
    if outcome:
        outcome = Outcome.from_dict(outcome)
    return Record(
        table=table,
        steps=pl.DataFrame(data["steps"]),
        outcome=outcome,
        spectra=tuple(Spectrum.from_dict(entry) for entry in data["spectra"]),
        provenance=data["provenance"],
        warnings=tuple(data["warnings"]),
        start=datetime.fromisoformat(data["start"]) if data.get("start") else None,
    )


def _digest(table: pl.DataFrame, about: dict[str, Any]) -> str:
    """SHA-256 over the names and values of a table and what is said about it: Parquet has no checksum of its own."""
    digest = hashlib.sha256(json.dumps(about, allow_nan=True).encode())
    for column in table:
        digest.update(f"{column.name} {column.dtype} {len(column)}".encode())
        if column.dtype.is_numeric() and not column.null_count():
            digest.update(column.to_numpy().tobytes())
        else:
            digest.update(json.dumps(column.cast(pl.String).to_list()).encode())
    return digest.hexdigest()


def write_whole(path: str | Path, write: Callable[[str], Any], *, durable: bool = False) -> Path:
    """Call `write` with a temporary name in the same folder, then move it into place: the file is whole or absent.

    `durable` waits until the disk has it before it gets its name, so that a power cut cannot leave it empty.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = temporary_file(path.parent, path.suffix)
    except OSError as error:
        raise InputError(f"cannot be written ({why_not_written(error)})", file=str(path)) from None
    with temporary as name:
        try:
            write(name)
            os.chmod(name, 0o644)
            if durable:
                on_disk(name)
            os.replace(name, path)
            written.append(path)
        except (OSError, pl.exceptions.PolarsError) as error:
            why = why_not_written(error)
            if why is None:
                raise
            raise InputError(f"cannot be written ({why})", file=str(path)) from None
    return path


def write_csv(path: str | Path, table: pl.DataFrame) -> Path:
    """Write a table as CSV, whole or not at all; no text in it is a formula for a spreadsheet."""
    return write_whole(path, without_formulas(table).write_csv)


def without_formulas(table: pl.DataFrame) -> pl.DataFrame:
    """The table with an apostrophe before text that a spreadsheet would compute (= + - @), numbers left as they are."""
    inert = [
        pl.when(pl.col(name).str.contains(_FORMULA) & ~pl.col(name).str.contains(_NUMBER))
        .then(pl.concat_str(pl.lit("'"), pl.col(name)))
        .otherwise(pl.col(name))
        .alias(name)
        for name, kind in table.schema.items()
        if kind == pl.String
    ]
    heads = {name: f"'{name}" for name in table.columns if re.match(_FORMULA, name)}
    return table.with_columns(inert).rename(heads)


def write_text(path: str | Path, text: str) -> Path:
    """Write text to a file, whole or not at all; what is no text in it (bytes of a name that are no UTF-8) as '?'."""
    return write_whole(path, lambda temporary: Path(temporary).write_text(text, encoding="utf-8", errors="replace"))


def write_each(ways: Iterable[tuple[Path, Callable[[Path], Any]]]) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Write (path, what writes it) each; those that are there, and a sentence for each that could not be made."""
    whole, problems = [], []
    for path, write in ways:
        try:
            write(path)
            whole.append(path)
        except BaseException as error:
            problems.append(f"{path.name}: {sentence_of(error).removeprefix(f'{path}: ')}")
    return tuple(whole), tuple(problems)
