"""A calibration file: what a lab has, in YAML, as data. Faults are one sentence with file, line and place."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

from lithostat.calibration.data import CellLife, CriticalCurrent, Data, Resistance, life_of_outcome, numbers_of
from lithostat.calibration.exposure import HALF_CYCLE, Exposure, exposure_of_protocol, exposure_of_record, steady
from lithostat.calibration.stated import Critical, Point, StatedCell
from lithostat.cycling.analysis import analyze
from lithostat.experiment import document
from lithostat.experiment.cell import Cell
from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.errors import InputError, LithostatError, nearest
from lithostat.experiment.experiment import read_experiment
from lithostat.experiment.file_kind import wrong_file
from lithostat.experiment.record import read_parquet

KEYS = ("version", "name", "cell", "cells", "impedance", "overpotentials", "critical_currents")
_BESIDE = {  # what may be stated beside a `file`, which says the rest itself
    "experiment": ("group", "outcome", "time", "between"),
    "record": ("group", "pressure", "area", "thickness"),
    "lab's folder": ("group",),
}


Found = TypeVar("Found")


class CalibrationInput(NamedTuple):
    """The cell to be asked about, and the data."""

    name: str
    cell: Cell
    data: Data


def read_calibration_file(path: str | Path) -> CalibrationInput:
    """Read a calibration file: `cell` (as in an experiment), `cells`, and `impedance`, `critical_currents` if any.

    Files that it names are looked up beside it. Any fault raises `InputError` with file, line and place; cells whose
    records cannot say how they ended are left out with a warning.
    """
    path = Path(path)
    page = document.read(path)
    wrong_file(page, "calibrated")
    for key in page.data:
        if key not in KEYS:
            raise page.error(f"unknown key '{key}'{nearest(key, KEYS)}", (key,), f"one of {', '.join(KEYS)}")
    if "cell" not in page.data:
        raise page.error("'cell' is missing", expected="the cell that all of them are like: electrode, electrolyte")
    cell = page.build(Cell, ("cell",))
    lives: list[CellLife] = []
    warnings: list[str] = []
    for i in range(_count(page, "cells")):
        stated = page.build(StatedCell, ("cells", i))
        try:
            life = _life(stated, cell, path.parent, warnings)
        except LithostatError as error:
            raise page.error(str(error), ("cells", i)) from None
        lives += [life] if life is not None else []
    kinds = ("impedance", "overpotentials")
    points = [_placed(_point, page, kind, i, cell) for kind in kinds for i in range(_count(page, kind))]
    kind = "critical_currents"
    currents = [_placed(_critical, page, kind, i, cell) for i in range(_count(page, kind))]
    try:
        data = Data(tuple(lives), tuple(points), tuple(currents), tuple(warnings))
    except InputError as error:
        raise page.error(str(error), ("cells",)) from None
    return CalibrationInput(str(page.data.get("name", path.stem)), cell, data)


def _count(page: document.Document, key: str) -> int:
    entries = page.data.get(key) or []
    if not isinstance(entries, list):
        raise page.error(f"received {entries!r}"[:80], (key,), "a list")
    return len(entries)


def _placed(made: Callable[..., Found], page: document.Document, kind: str, i: int, cell: Cell) -> Found:
    """What `made` makes of an entry; a fault that the data themselves find names its line too."""
    try:
        return made(page, kind, i, cell)
    except InputError as error:
        raise error if error.file else page.error(error.problem, (kind, i), error.expected) from None


def _own(cell: Cell, area: float | None, thickness: float | None) -> dict[str, float]:
    """Numbers of the common cell with what this one differs in."""
    changed = {"area": area, "thickness": thickness}
    return numbers_of(cell) | {name: value for name, value in changed.items() if value is not None}


def _life(stated: StatedCell, cell: Cell, folder: Path, warnings: list[str]) -> CellLife | None:
    numbers = _own(cell, stated.area, stated.thickness)
    if stated.file is not None:
        return _from_file(stated, folder / stated.file, numbers, warnings)
    assert stated.pressure is not None  # the model of the file sees to it
    pressed = stated.fabrication_pressure
    exposure = steady(
        stated.pressure,
        0.0 if stated.outcome == "short before current" else stated.current or 0.0,
        half_cycle=stated.half_cycle or HALF_CYCLE,
        temperature=stated.temperature,
        fabrication=None if pressed is None else (pressed, 60.0),
    )
    return _stated_life(stated, exposure, numbers)


def _stated_life(stated: StatedCell, exposure: Exposure, numbers: dict[str, float]) -> CellLife:
    cycled = math.isfinite(exposure.began)
    if stated.outcome == "short before current":  # without a time: between putting together and first current
        first = exposure.began if cycled else float(exposure.durations[:-1].sum())
        return CellLife(stated.name, exposure, 0.0, stated.time or first, None, numbers, group=stated.group)
    if stated.outcome == "contact lost" and not cycled:
        raise InputError("contact is lost by stripping, and no current flows", expected="a protocol with current")
    before = exposure.began if cycled else 0.0
    if stated.between is not None:
        low, high = (before + end for end in stated.between)
        contact = (low, math.inf) if cycled else None
        return CellLife(stated.name, exposure, low, high, contact, numbers, group=stated.group)
    end = before + (stated.time or 0.0)
    high = end if stated.outcome == "short" else math.inf
    contact = None if not cycled else (0.0, end) if stated.outcome == "contact lost" else (end, math.inf)
    return CellLife(stated.name, exposure, end, high, contact, numbers, group=stated.group)


def _refuse_beside(stated: StatedCell, kind: str) -> None:
    beside = sorted(stated.model_fields_set - {"name", "file", *_BESIDE[kind]})
    if beside:
        raise InputError(
            f"'{beside[0]}' stands beside a file that says it itself ({kind})",
            expected=f"beside 'file' at most {', '.join(_BESIDE[kind])}" if _BESIDE[kind] else "'file' alone",
        )


def _from_file(stated: StatedCell, path: Path, numbers: dict[str, float], warnings: list[str]) -> CellLife | None:
    """A cell from a record, an experiment that is simulated, or a folder of a lab that is read and called."""
    if path.is_dir():
        _refuse_beside(stated, "lab's folder")
        return _from_folder(stated, path, numbers, warnings)
    if not path.exists():
        raise InputError(f"there is no file or folder '{path}'", expected="one, beside the calibration file")
    if path.suffix in (".yaml", ".yml"):
        _refuse_beside(stated, "experiment")
        experiment = read_experiment(path)
        if experiment.cell.with_cathode:
            raise InputError("holds a full cell", file=str(path), expected="a symmetric cell")
        dated = stated.time is not None or stated.between is not None or stated.outcome == "short before current"
        if stated.outcome is None or not dated:
            raise InputError(
                f"'{stated.name}' names an experiment, which says what was done but not how it ended",
                expected="'outcome' and 'time' beside 'file'",
            )
        exposure = exposure_of_protocol(experiment.cell, experiment.protocol)
        return _stated_life(stated, exposure, numbers_of(experiment.cell))
    if path.suffix != ".parquet":
        raise InputError(
            f"'{path.name}' is neither a record nor an experiment",
            expected="a .parquet, a .yaml, or the folder of the cell with its cell.yaml",
        )
    _refuse_beside(stated, "record")
    record = read_parquet(path)
    note = CellNote.from_dict({"area": stated.area, "pressure": stated.pressure}, si=True)
    outcome = record.outcome or analyze(record, note).outcome
    exposure = exposure_of_record(record, note)
    warnings += [f"{stated.name}: {warning}" for warning in exposure.warnings]
    simulated = record.provenance.get("parameters", {})
    own = {name: getattr(stated, name) or simulated.get(name) for name in ("area", "thickness")}
    numbers = numbers | {name: float(value) for name, value in own.items() if value is not None}
    life = life_of_outcome(stated.name, exposure, outcome, numbers, stated.group)
    if life is None:
        warnings.append(f"'{stated.name}' was left out: {outcome.cause}")
    return life


def _from_folder(stated: StatedCell, path: Path, numbers: dict[str, float], warnings: list[str]) -> CellLife | None:
    from lithostat.lab.folder import find_cells, load

    found = find_cells(path)
    if len(found) != 1:
        raise InputError(f"{path} holds {len(found)} cells", expected="a folder with one cell, one entry for each")
    loaded = load(found[0])
    outcome = analyze(loaded.record, loaded.note).outcome
    exposure = exposure_of_record(loaded.record, loaded.note)
    warnings += [f"{stated.name}: {warning}" for warning in exposure.warnings]
    own = {"area": loaded.note.electrode_area, "thickness": loaded.note.electrolyte_thickness}
    numbers = numbers | {name: value for name, value in own.items() if value is not None}
    life = life_of_outcome(stated.name, exposure, outcome, numbers, stated.group)
    if life is None:
        warnings.append(f"'{stated.name}' was left out: {outcome.cause}")
    return life


def _bounded(value: float, bound: str | None) -> tuple[float, float]:
    """What is known of a value: itself, or what lies beyond a bound."""
    low = 0.0 if bound == "at most" else value
    return low, math.inf if bound == "at least" else value


def _point(page: document.Document, kind: str, i: int, cell: Cell) -> Resistance:
    point = page.build(Point, (kind, i))
    numbers = _own(cell, point.area, point.thickness)
    ohm = point.resistance
    if ohm is None:
        ohm = (point.overpotential or 0.0) / ((point.current or 1.0) * numbers["area"])  # both are there
    low, high = _bounded(ohm, point.bound)
    name = point.name or f"{kind} {i + 1}"
    highest = max(point.highest_pressure or 0.0, point.pressure)
    return Resistance(name, point.pressure, highest, low, high, numbers, point.temperature, point.after, point.group)


def _critical(page: document.Document, kind: str, i: int, cell: Cell) -> CriticalCurrent:
    said = page.build(Critical, (kind, i))
    low, high = _bounded(said.current, said.bound)
    name = said.name or f"critical current {i + 1}"
    highest = max(said.highest_pressure or 0.0, said.pressure)
    beside = {"temperature": said.temperature, "highest": highest, "attached": said.attached}
    return CriticalCurrent(name, said.pressure, low, high, numbers_of(cell), said.group, **beside)
