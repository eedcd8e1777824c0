"""Records of our own, and Battery Data Format as Parquet or csv."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from lithostat.experiment.errors import InputError
from lithostat.experiment.record import Record, read_parquet
from lithostat.reading import delimited
from lithostat.reading.columns import known_columns
from lithostat.reading.declaration import named
from lithostat.reading.harmonise import provenance

PARQUET = b"PAR1"


def recognise(head: bytes, path: Path) -> bool:
    """Whether it is Parquet, or says by its name that it is Battery Data Format."""
    return head.startswith(PARQUET) or path.name.lower().endswith(".bdf.csv")


def read(path: str | Path) -> Record:
    """Read a record that was written here, or a table in Battery Data Format; another table raises `InputError`."""
    path = Path(path)
    if path.name.lower().endswith(".bdf.csv"):
        return delimited.read(path, named("bdf"))
    try:
        if "lithostat" in pl.read_parquet_metadata(path):
            return _with_file(read_parquet(path), path)
        frame = pl.read_parquet(path, glob=False)  # a name with brackets is that file
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"cannot be read as Parquet ({str(error).splitlines()[0]})", file=str(path)) from None
    known = known_columns(named("bdf"), frame.columns, lambda sentence: None, str(path))
    if not any(one.column.to in ("test_time_second", "unix_time_second", "frequency_hertz") for one in known.values()):
        raise InputError(
            "is Parquet without a column of time that is known here",
            file=str(path),
            expected="a record of lithostat, or Battery Data Format ('test_time_second' or 'Test Time / s', ...)",
        )
    return delimited.read_frame(frame, path, named("bdf"), note=" (Parquet)")


def _with_file(record: Record, path: Path) -> Record:
    """The record with this file in its provenance; what made it is kept as 'origin', its files stay as they are."""
    if record.provenance.get("files"):
        return record
    return replace(record, provenance=provenance(path, "lithostat record") | {"origin": record.provenance})
