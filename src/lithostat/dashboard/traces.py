"""What a record has over time, as a pyramid: the panels that the figure of a cell draws, in the units it draws them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from lithostat.dashboard.pyramid import BLOCK, write_pyramid
from lithostat.dashboard.shown import stamps
from lithostat.experiment.errors import InputError
from lithostat.experiment.record import REQUIRED, Record
from lithostat.show.cell_figure import PANELS, RESISTANCE, Panel, apparent_resistance, panels_of, usual_current
from lithostat.show.style import shown

TIME = "test_time_second"
TRIES = 8  # at a record that is replaced meanwhile
SAMPLED = 1 << 18  # rows that are enough to see what current is usual


def write_traces(record: Record, path: Path, *, resistance: bool) -> Path:
    """The traces of a record; with `resistance` also V/I, which a symmetric cell shows a short in."""
    panels = panels_of(record)
    columns = {panel.column: record.column(panel.column) for panel in panels}
    if resistance:
        panels = [*panels, RESISTANCE]
        voltage, current = record.column("voltage_volt"), record.column("current_ampere")
        columns[RESISTANCE.column] = apparent_resistance(voltage, current, usual_current(current))
    largest = {name: float(np.nanmax(np.abs(shown(column)), initial=0.0)) for name, column in columns.items()}
    scaled = [panel.scaled(largest[panel.column]) for panel in panels]
    time = record.column(TIME)

    def chunks() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for start in range(0, len(time), BLOCK):
            rows = slice(start, start + BLOCK)
            yield time[rows].astype(float), _values(scaled, {name: column[rows] for name, column in columns.items()})

    return write_pyramid(path, len(time), chunks(), _about(scaled))


def write_traces_of_file(parquet: Path, path: Path, *, resistance: bool) -> Path:
    """The same of a record on disk as it was recorded, a part at a time: a year of samples needs no more memory.

    A record that is replaced while it is read is read again, so that no part of one meets a part of the other.
    """
    for _ in range(TRIES):
        before = stamps([parquet])
        try:
            _of_file(parquet, path, resistance)
        except (Exception, pl.exceptions.PanicException):  # of a half of one and a half of the other, anything
            if stamps([parquet]) == before:
                raise
        if stamps([parquet]) == before:
            return path
        path.unlink(missing_ok=True)
    raise InputError("is replaced faster than it can be read", file=str(parquet))


def _of_file(parquet: Path, path: Path, resistance: bool) -> None:
    try:
        frame = pl.scan_parquet(parquet, glob=False)
        known = [panel for panel in PANELS if panel.column in frame.collect_schema().names()]
        asked = [pl.len().alias("rows"), *(pl.col(panel.column).abs().fill_nan(None).max() for panel in known)]
        facts = frame.select(asked).collect(engine="streaming").row(0, named=True)
        panels: list[Panel] = []
        for panel in known:
            if facts[panel.column] is not None and panel.label not in [other.label for other in panels]:
                panels.append(panel)
        usual = None
        if resistance and "current_ampere" in (panel.column for panel in panels):
            panels.append(RESISTANCE)
            facts[RESISTANCE.column] = 0.0
            every = pl.col("current_ampere").gather_every(max(1, facts["rows"] // SAMPLED))
            current = frame.select(every.cast(pl.Float64).fill_null(np.nan)).collect()
            usual = usual_current(current.to_series().to_numpy())
        scaled = [panel.scaled(float(facts[panel.column])) for panel in panels]
        columns = list(dict.fromkeys((TIME, *REQUIRED, *(panel.column for panel in panels if panel is not RESISTANCE))))

        def chunks() -> Iterator[tuple[np.ndarray, np.ndarray]]:
            for start in range(0, facts["rows"], BLOCK):
                part = frame.slice(start, BLOCK).select(columns).collect().cast(pl.Float64).fill_null(np.nan)
                values = {name: part[name].to_numpy() for name in columns}
                if usual is not None:
                    ohm = apparent_resistance(values["voltage_volt"], values["current_ampere"], usual)
                    values[RESISTANCE.column] = ohm
                yield values[TIME], _values(scaled, values)

        write_pyramid(path, facts["rows"], chunks(), _about(scaled))
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"cannot be read ({str(error).splitlines()[0]})", file=str(parquet)) from None


def _values(panels: list[Panel], columns: dict[str, np.ndarray]) -> np.ndarray:
    """(panels, n) in the units of their labels."""
    if not panels:
        return np.zeros((0, len(next(iter(columns.values()), ()))))
    return np.stack([panel.factor * columns[panel.column].astype(float) for panel in panels])


def _about(panels: list[Panel]) -> list[dict[str, Any]]:
    return [{"label": panel.label, "colour": panel.colour} for panel in panels]
