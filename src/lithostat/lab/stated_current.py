"""The current of a file that holds none, as the note states it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.quantity import show
from lithostat.experiment.record import Record

CLEAR = 0.05  # of the usual voltage; below, nobody knows whether current flows


def with_stated_current(record: Record, note: CellNote) -> Record:
    """The record with the note's current where its file has a voltage and no current at all, with a warning.

    In a symmetric cell the voltage says which way it flows; where it is near zero the current stays unknown: a rest and
    a short look alike. In other cells it flows as its sign says, throughout.
    """
    if note.current is None or not len(record.table):
        return record
    current, voltage = record.column("current_ampere"), record.column("voltage_volt")
    if np.isfinite(current).any() or not np.isfinite(voltage).any():
        return record
    stated, how = np.full(len(voltage), note.current), "as stated in the note, throughout"
    if note.kind == "symmetric":
        usual = float(np.nanmedian(np.abs(voltage)))
        stated = np.where(np.abs(voltage) > CLEAR * usual, abs(note.current) * np.sign(voltage), np.nan)
        how = "as stated in the note, in the direction of the voltage"
    stated = np.where(np.isfinite(voltage), stated, np.nan)
    text = f"the file has no current; it is taken as {show(abs(note.current), 'current')}, {how}"
    table = record.table.with_columns(pl.Series("current_ampere", stated))
    return replace(record, table=table, warnings=(*record.warnings, text))
