"""Auxiliary channels of an Arbin .res: temperatures, voltages and whatever else was wired beside the cell."""

from __future__ import annotations

import polars as pl

CHANNELS, NAMES = "Auxiliary_Table", "Aux_Global_Data_Table"
KINDS = {0: "voltage", 1: "temperature", 2: "pressure"}  # what Arbin calls them; the unit is the lab's to say


def with_auxiliary(table: pl.DataFrame, channels: pl.DataFrame, names: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """(the rows with one column for each auxiliary channel, what is said of them).

    `channels` has one row for each sample (`Data_Point`, `Auxiliary_Index`, `Data_Type`, `X`), `names` what the lab
    called the channels (`Nickname`, `Unit`). A channel keeps its own name, unit at the end; samples at data points that
    the table does not have are dropped and counted.
    """
    if not len(channels) or not {"Data_Point", "Auxiliary_Index", "Data_Type", "X"} <= set(channels.columns):
        return table, []
    channels = channels.drop_nulls(["Data_Point", "Auxiliary_Index", "Data_Type"])
    said, added = [], []
    key = pl.col("Data_Point").cast(pl.Float64, strict=False)
    for (kind, index), part in channels.group_by("Data_Type", "Auxiliary_Index", maintain_order=True):
        name = _name(kind, index, names)
        samples = part.select(key, pl.col("X").cast(pl.Float64, strict=False).alias(name)).unique("Data_Point")
        table = table.join(samples.with_columns(key.cast(table["Data_Point"].dtype)), on="Data_Point", how="left")
        added.append(name)
        lost = len(samples) - int(table[name].is_not_null().sum())
        if lost:
            said.append(f"{lost} samples of '{name}' belong to no row and are dropped")
    said += [f"auxiliary channels: {', '.join(added)}"] if added else []
    return table, said


def _name(kind: object, index: object, names: pl.DataFrame) -> str:
    """'Aux Load cell 1 (V)': what the lab called the channel, else its kind, with its number and unit."""
    word, unit = KINDS.get(_whole(kind), f"type {_whole(kind)}"), ""
    if {"Auxiliary_Index", "Data_Type"} <= set(names.columns):
        for row in names.iter_rows(named=True):
            if (_whole(row["Data_Type"]), _whole(row["Auxiliary_Index"])) == (_whole(kind), _whole(index)):
                word = str(row.get("Nickname") or "").strip("\0 ") or word
                unit = str(row.get("Unit") or "").strip("\0 ") or unit
    return f"Aux {word} {_whole(index)}" + (f" ({unit})" if unit else "")


def _whole(value: object) -> int:
    try:
        return int(float(str(value)))
    except ValueError:
        return -1
