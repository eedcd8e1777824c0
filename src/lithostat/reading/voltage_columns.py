"""Which of a file's columns is the voltage: between the terminals, and one that the instrument filled."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from lithostat.experiment.record import OTHER
from lithostat.reading.gathered import Reading

if TYPE_CHECKING:
    from lithostat.reading.table import TypedTable

SENTENCE = "of a cell with a reference electrode, Ewe less Ece is taken for the voltage between the terminals"
FLOATS = "the potentials of both electrodes lie near {:.3g} V against the reference electrode, which seems to float"
ZEROS = 20  # rows that are no coincidence
FLOATING = 20.0  # times the voltage between the terminals that both electrodes stand off the reference
DIFFERENCE = "Ewe-Ece"  # name of the new column
_WORKING, _COUNTER, _BETWEEN = r"<?Ewe>?/(m?V)>?", r"<?Ece>?/(m?V)>?", r"<?Ewe-Ece>?/m?V>?|Ecell/m?V"


def between_terminals(part: TypedTable, reading: Reading) -> None:
    """Give a table that has both potentials and not their difference the difference as its voltage."""
    names = part.frame.columns
    if any(re.fullmatch(_BETWEEN, name) for name in names):
        return
    working = next((name for name in names if re.fullmatch(_WORKING, name) and name in part.known), None)
    counter = next((name for name in names if re.fullmatch(_COUNTER, name)), None)
    if working is None or counter is None or not part.frame[counter].dtype.is_numeric():
        return
    known = part.known.pop(working)
    unit = re.fullmatch(_COUNTER, counter)
    if unit is None or unit[1] != known.column.unit:
        part.known[working] = known
        return
    part.frame = part.frame.with_columns((part.frame[working] - part.frame[counter]).alias(DIFFERENCE))
    part.known[DIFFERENCE] = known
    reading.say(SENTENCE)
    floats = floating(part.frame[working].to_numpy(), part.frame[DIFFERENCE].to_numpy())
    if floats:
        reading.say(floats)


def filled(part: TypedTable, reading: Reading) -> None:
    """Replace zeros that an instrument left in the chosen column by what another column of the voltage holds there."""
    name = part.named("voltage_volt")
    if name is None or not part.frame[name].dtype.is_numeric():
        return
    rules = [rule for rule in reading.declaration.rules if rule.to == "voltage_volt"]
    for other in part.frame.columns:
        plain = other.removeprefix(OTHER)
        twin = other not in part.known and any(re.fullmatch(rule.match, plain) for rule in rules)
        if not twin or not part.frame[other].dtype.is_numeric():
            continue
        values, instead = part.frame[name].to_numpy(), part.frame[other].to_numpy()
        empty = ((values == 0.0) | np.isnan(values)) & np.isfinite(instead) & (instead != 0.0)
        if np.count_nonzero(empty) >= ZEROS:
            part.frame = part.frame.with_columns(pl.Series(name, np.where(empty, instead, values)))
            many = np.count_nonzero(empty)
            reading.say(f"'{name}' holds nothing in {many} rows, in which '{other}' does: that is taken there")


def floating(working: np.ndarray, between: np.ndarray) -> str:
    """A sentence if both potentials follow each other far from zero; '' if they do not."""
    level = float(np.nanmedian(np.abs(working))) if len(working) else 0.0
    size = float(np.nanmedian(np.abs(between))) if len(between) else 0.0
    return FLOATS.format(level) if level > 5.0 and level > FLOATING * size else ""
