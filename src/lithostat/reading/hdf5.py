"""HDF5 files of cyclers, such as Arbin's .h5: whichever of their tables has names that are known here."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from lithostat.experiment.errors import InputError, MissingPackage
from lithostat.experiment.record import REQUIRED, Record
from lithostat.reading.columns import TIMES
from lithostat.reading.declaration import Declaration, named
from lithostat.reading.delimited import read_frame

if TYPE_CHECKING:
    from types import ModuleType

    import h5py

MAGIC = b"\x89HDF\r\n\x1a\n"
LARGEST = 2_000_000_000  # values in a file that are read
DECLARATIONS = ("arbin", "bdf", "neware", "below_preface")  # whose names a table may have
DEEPEST = 12  # groups inside each other


def recognise(head: bytes, path: Path) -> bool:
    """By the first bytes."""
    return head.startswith(MAGIC)


def read(path: str | Path) -> Record:
    """The largest table whose names one declaration knows; tables of other lengths are named in a warning.

    A table is a compound dataset, a group of one-dimensional datasets of one length, or a data frame as pandas writes
    it. Raises `MissingPackage` without h5py, `InputError` if no table is known.
    """
    try:
        import h5py
    except ImportError:
        raise MissingPackage("reading HDF5 files needs h5py: pip install 'lithostat[files]'") from None
    try:
        with h5py.File(path, "r") as file:
            tables = _tables(file, h5py)
    except OSError as error:
        raise InputError(f"cannot be read as HDF5 ({str(error).splitlines()[0][:200]})", file=str(path)) from None
    known = [(name, table, _declaration(table)) for name, table in tables.items() if table.height]
    usable = [(name, table, said) for name, table, said in known if said is not None]
    if not usable:
        names = ", ".join(sorted(tables)[:8]) or "none"
        raise InputError(f"holds no table whose names are known here (tables: {names})", file=str(path))
    name, table, declaration = max(usable, key=lambda entry: entry[1].height)
    record = read_frame(table, path, declaration, note=" (HDF5)")
    others = [f"'{other}' ({tables[other].height} rows)" for other in tables if other != name and tables[other].height]
    if not others:
        return record
    return replace(record, warnings=(*record.warnings, f"tables that were not read: {', '.join(others[:8])}"))


def _tables(group: h5py.Group, h5py: ModuleType, path: str = "", depth: int = 0) -> dict[str, pl.DataFrame]:
    """Every table in a group and below, by its path."""
    if depth > DEEPEST:
        return {}
    found: dict[str, pl.DataFrame] = {}
    if "axis0" in group and "block0_values" in group:
        return {path or "/": _pandas(group)}
    columns: dict[str, Any] = {}
    for name, entry in group.items():
        place = f"{path}/{name}"
        if isinstance(entry, h5py.Group):
            found |= _tables(entry, h5py, place, depth + 1)
        elif isinstance(entry, h5py.Dataset) and entry.size <= LARGEST:
            if entry.dtype.names:
                found[place] = pl.DataFrame({field: _plain(entry[field]) for field in entry.dtype.names})
            elif entry.ndim == 1:
                columns[name] = _plain(entry[()])
    lengths = {len(values) for values in columns.values()}
    if len(columns) > 1 and len(lengths) == 1:
        found[path or "/"] = pl.DataFrame(columns)
    return found


def _pandas(group: h5py.Group) -> pl.DataFrame:
    """A data frame as pandas writes it: blocks of columns of one kind each."""
    columns: dict[str, Any] = {}
    number = 0
    while f"block{number}_values" in group:
        values, items = group[f"block{number}_values"], group[f"block{number}_items"][()]
        if values.ndim == 2 and values.size <= LARGEST:
            block = values[()]
            columns |= {_text(item): _plain(block[:, place]) for place, item in enumerate(items)}
        number += 1
    return pl.DataFrame({name: columns[name] for name in map(_text, group["axis0"][()]) if name in columns})


def _plain(values: np.ndarray) -> np.ndarray | list[str]:
    """Numbers as they are, bytes as text; what has more than one dimension is left out."""
    if values.ndim != 1:
        return [""] * len(values)
    if values.dtype.kind in "iufb":
        return values
    return [_text(value) for value in values]


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _declaration(table: pl.DataFrame) -> Declaration | None:
    """The first declaration that knows time and voltage or current among a table's names, whatever their order."""
    for declaration in map(named, DECLARATIONS):
        known = {rule.to for rule in declaration.rules for name in table.columns if re.fullmatch(rule.match, name)}
        if known & set(TIMES) and known & set(REQUIRED[1:]):
            return declaration
    return None
