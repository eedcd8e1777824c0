"""How much of what one needs to repeat or compare a solid-state cell is known of this one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lithostat.cycling.cleaning import clean
from lithostat.cycling.half_cycles import half_cycles
from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.quantity import show
from lithostat.experiment.record import Record

REST = 0.02  # of the largest current; less is rest


class Item(NamedTuple):
    """One thing to report: whether it is known, the value as people read it ('' if not), and why it matters."""

    name: str
    present: bool
    shown: str
    why: str


class Completeness(NamedTuple):
    """The list for one cell. `score` is the share of its items that is known, all with the same weight, 0 to 1."""

    items: tuple[Item, ...]

    @property
    def score(self) -> float:
        """Known items over all items that apply to this kind of cell."""
        return sum(item.present for item in self.items) / len(self.items)

    @property
    def missing(self) -> tuple[Item, ...]:
        """What is not known."""
        return tuple(item for item in self.items if not item.present)


def completeness(record: Record, note: CellNote, *, repeats: int | None = None) -> Completeness:
    """Hold a cell against a list of what has to be known of a solid-state cell.

    The list is this project's own. It follows from what the model and the analysis need, and from what the
    interlaboratory study of Puls et al. (Benchmarking the reproducibility of all-solid-state battery cell performance,
    Nature Energy 9, 1310, 2024; known here from its abstract only) names as the cause of cells that cannot be compared:
    set-ups and assembly parameters that are not standardised. It is no published standard. Every item has the same
    weight; active material and its mass count only for half and full cells; `repeats`, the number of like cells in the
    folder, only where it is given. A value that only a file's header states does not count.
    """
    items = [*_assembly(note), *_conditions(record, note), *_test(record, note)]
    if repeats is not None:
        items.append(
            _item(
                "repeated cells", f"{repeats} cells" if repeats > 1 else None, "one cell shows no scatter between cells"
            )
        )
    return Completeness(tuple(items))


def _item(name: str, shown: str | None, why: str) -> Item:
    return Item(name, bool(shown), shown or "", why)


def _shown(value: float | None, quantity: str) -> str | None:
    return None if value is None else show(value, quantity)


def _assembly(note: CellNote) -> list[Item]:
    stated_area = note.area is not None or note.electrode_diameter is not None
    area = _shown(note.electrode_area, "area")
    if area and not stated_area:
        area += " (from the die)"
    items = [
        _item("kind of cell", note.kind, "voltage means something else in a symmetric and in a full cell"),
        _item("electrolyte", note.electrolyte, "conductivity, stability and toughness depend on it"),
        _item(
            "electrolyte thickness",
            _shown(note.electrolyte_thickness, "length"),
            "resistance and the way of a filament grow with it",
        ),
        _item(
            "electrolyte mass",
            _shown(note.electrolyte_mass, "mass"),
            "with the thickness it gives the density of the pellet",
        ),
        _item("electrode area", area, "every current density, capacity and pressure is divided by it"),
        _item(
            "lithium thickness",
            _shown(note.lithium_thickness, "length"),
            "says how much lithium there is to strip, and how it deforms",
        ),
        _item(
            "fabrication pressure",
            _shown(note.fabrication_pressure, "pressure"),
            "sets the porosity and the contact before cycling",
        ),
    ]
    if note.kind in ("half", "full"):
        items += [
            _item("active material", note.active_material, "sets the voltage and the capacity"),
            _item("active mass", _shown(note.active_mass, "mass"), "specific capacity and C-rate need it"),
        ]
    return items


def _conditions(record: Record, note: CellNote) -> list[Item]:
    measured = _values(record, "measured_pressure_pa")
    applied = _values(record, "applied_pressure_pa")
    operating = _shown(note.pressure, "pressure") or _range(measured, "pressure") or _range(applied, "pressure")
    warmth = _shown(note.temperature, "temperature")
    celsius = _values(record, "ambient_temperature_celsius")
    return [
        _item("operating pressure", operating, "contact, creep of lithium and the time to a short depend on it"),
        _item(
            "pressure over time",
            _range(measured, "pressure"),
            "the pressure that acts drifts from the one that was set",
        ),
        _item(
            "temperature",
            warmth or _range(celsius + 273.15, "temperature"),
            "conductivity and creep depend on it exponentially",
        ),
    ]


def _test(record: Record, note: CellNote) -> list[Item]:
    area = note.electrode_area
    largest = _largest_current(record)
    density = show(largest / area, "current_density") if area and largest > 0.0 else None
    return [
        _item("current density", density, "a cell shorts above a critical one; this is the largest that flowed"),
        _item("areal capacity", _areal_capacity(record, area), "lithium plated in one pass, per area"),
        _item("impedance before cycling", _first_spectrum(record), "the state in which the cell was built"),
        _item(
            "clock",
            record.start.isoformat(" ", "seconds") if record.start else None,
            "joins files, logs and the lab book",
        ),
        _item("sampling", _sampling(record), "a short that is faster than the samples is not seen"),
        _item("number of cycles", _cycles(record), "how long the cell lived, and how often it was loaded"),
        _item("end of test", _end(record, note), "tells a cell that failed from one that was stopped"),
    ]


def _largest_current(record: Record) -> float:
    """Level of the current in the half-cycle with the largest [A]: single samples and their noise do not count."""
    half = half_cycles(clean(record).record)
    return float(np.max(np.abs(half.current[half.flowing]), initial=0.0))


def _values(record: Record, name: str) -> np.ndarray:
    """The finite values of a column; none if there is no such column."""
    if name not in record.table.columns:
        return np.zeros(0)
    values = record.column(name).astype(float)
    return values[np.isfinite(values)]


def _range(values: np.ndarray, quantity: str) -> str | None:
    if not len(values):
        return None
    low, high = show(float(values.min()), quantity), show(float(values.max()), quantity)
    return low if low == high else f"{low} to {high}"


def _areal_capacity(record: Record, area: float | None) -> str | None:
    """The largest charge that went in one direction without a turn, per area."""
    if area is None or "net_capacity_ah" not in record.table.columns:
        return None
    net = record.column("net_capacity_ah")
    net = net[np.isfinite(net)]
    if len(net) < 2:
        return None
    step = np.diff(net)
    step = step[step != 0.0]
    turns = np.flatnonzero(np.diff(np.sign(step)) != 0) + 1
    passes = np.add.reduceat(step, np.r_[0, turns]) if len(step) else np.zeros(0)
    largest = float(np.max(np.abs(passes), initial=0.0)) * 3600.0 / area
    return show(largest, "areal_charge") if largest > 0.0 else None


def _first_spectrum(record: Record) -> str | None:
    """The first spectrum, if it was taken before current flowed."""
    times = [spectrum.time for spectrum in record.spectra if spectrum.time is not None]
    if not times:
        return None
    current = np.nan_to_num(record.column("current_ampere"))
    flowing = np.flatnonzero(np.abs(current) > REST * np.max(np.abs(current), initial=0.0))
    starts = float(record.column("test_time_second")[flowing[0]]) if len(flowing) else np.inf
    return f"at {show(max(min(times), 0.0), 'time')}" if min(times) <= starts else None


def _sampling(record: Record) -> str | None:
    times = _values(record, "test_time_second")
    if len(times) < 2:
        return None
    return f"{float(np.median(np.diff(times))):.4g} s between samples (median)"


def _cycles(record: Record) -> str | None:
    counts = _values(record, "cycle_count")
    return f"{int(counts.max())}" if len(counts) and counts.max() > 0 else None


def _end(record: Record, note: CellNote) -> str | None:
    """Why the record stops: as stated, as decided by a person, or as called."""
    if note.ended is not None:
        return note.ended
    if note.override is not None:
        return note.override.outcome
    return record.outcome.kind if record.outcome else None
