"""A study of spectra as tables of text that fit a width: a few values of the circuit in each, and all spectra again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lithostat.experiment.quantity import show
from lithostat.experiment.report import Column, Tone
from lithostat.impedance.circuits.fit import Fit
from lithostat.lab.printed import pair
from lithostat.lab.spectra_laws import NEAR
from lithostat.lab.spectra_study import SpectraStudy

WIDTH = 80  # characters of a terminal that nobody widened
MOST_ROWS = 16  # spectra in a printed table; of more, an even choice
MOST_VALUES = 4  # of a circuit in one table
LONGEST = 28  # characters of a spectrum's name
BETWEEN = 4  # characters between two columns
HELD = "*"  # after a value that a bound holds
LEGEND = f"{HELD} held by a bound: it has no standard error"


def blocks(study: SpectraStudy, width: int = WIDTH, *, every: bool = False) -> tuple[tuple[Column, ...], ...]:
    """Tables of at most `width` characters, each with the names of the spectra: their state and validity first, then
    the values, then what the circuit leaves over. `every` shows all spectra."""
    rows = range(len(study.validities)) if every else chosen_rows(study)
    fits = [study.series.fits[k] for k in rows]
    name = Column("spectrum", tuple(short_name(fit.spectrum.name) for fit in fits), key=True)
    left_over = Column("left over", tuple(f"{100.0 * fit.noise:.2g} %" for fit in fits), True)
    kinds = tuple(study.validities[k].kind for k in rows)
    tones: tuple[Tone, ...] = tuple("good" if kind == "valid" else "doubtful" for kind in kinds)
    validity = Column("validity", kinds, tones=tones)
    values = [_value(fits, key) for key in study.series.circuit.names]
    found: list[list[Column]] = [[name]]
    for column in (*_state(study, rows), validity, *_read(study, rows), *values, left_over):
        full = column in values and sum(each in values for each in found[-1]) == MOST_VALUES
        if full or not _fits([*found[-1], column], width):
            found.append([name])
        found[-1].append(column)
    return tuple(tuple(block) for block in found)


def chosen_rows(study: SpectraStudy) -> range:
    """Numbers of the spectra that are printed."""
    count = len(study.validities)
    return range(0, count, -(-count // MOST_ROWS))


def _fits(columns: list[Column], width: int) -> bool:
    return sum(max(map(len, (column.head, *column.cells))) + BETWEEN for column in columns) <= width


def holds(tables: Sequence[Sequence[Column]]) -> bool:
    """Whether any value is marked as held by a bound."""
    return any(cell.endswith(HELD) for columns in tables for column in columns[1:] for cell in column.cells)


def _state(study: SpectraStudy, rows: range) -> list[Column]:
    """Pressure where anybody knows it, temperature where it varied."""
    spectra = [study.series.fits[k].spectrum for k in rows]
    found = []
    kelvin = study.series.along("temperature")
    known = kelvin[np.isfinite(kelvin)]
    warmed = len(known) > 1 and bool(np.ptp(known) > NEAR)
    pressed = any(fit.spectrum.pressure is not None for fit in study.series.fits)
    for quantity, there in (("pressure", pressed), ("temperature", warmed)):
        if there:
            state = [getattr(spectrum, quantity) for spectrum in spectra]
            found.append(Column(quantity, tuple("" if one is None else show(one, quantity) for one in state), True))
    return found


def _read(study: SpectraStudy, rows: range) -> list[Column]:
    """Resistance of the electrolyte and that at rest [ohm], where any spectrum has one."""
    found = []
    for head, pairs in (("electrolyte / ohm", study.electrolyte.resistance), ("at rest / ohm", study.resistance)):
        if np.isfinite(pairs[:, 0]).any():
            found.append(
                Column(head, tuple(pair(*pairs[k]) if np.isfinite(pairs[k, 0]) else "none" for k in rows), True)
            )
    return found


def _value(fits: list[Fit], key: str) -> Column:
    """A value of every fit with its standard error; marked where a bound holds it."""
    cells = (
        pair(fit.values[key], fit.standard_errors[key]) + (f" {HELD}" if key in fit.at_bound else "") for fit in fits
    )
    return Column(key, tuple(cells), True)


def short_name(name: str) -> str:
    """'eis_05MPa sweep 3' for 'eis_05MPa.mpt sweep 3'; of a long one the end, which tells it from its neighbours."""
    file, mark, sweep = name.partition(" sweep ")
    short = file.rsplit(".", 1)[0] + mark + sweep
    return short if len(short) <= LONGEST else "…" + short[1 - LONGEST :]
