"""A rig.yaml to what is watched: sources, gauges, limits and notes, checked before anything is opened."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lithostat.experiment.cell_note import CellNote, read_note
from lithostat.experiment.errors import InputError
from lithostat.experiment.files import read_text
from lithostat.rig.cell_log import CYCLER, LOAD_CELL, THERMOMETER, Plan
from lithostat.rig.cell_watch import CellWatch
from lithostat.rig.frames import Fact
from lithostat.rig.gauge import Calibrated, Epochs, Gauge, KnownLoad, straight_line
from lithostat.rig.growing_file import GrowingFile, Part, parts_of
from lithostat.rig.limits import Limit
from lithostat.rig.new_rows import NewRows
from lithostat.rig.readings import Channel, Lines, Source
from lithostat.rig.rig_file import PER_UNIT, Device, LoadCellDevice, Rig, WatchedCell, beside, folder_name
from lithostat.rig.segments import entries_of
from lithostat.rig.serial_line import LineSettings, SerialLine, pyserial

SILENT = 5.0  # usual intervals without a reading that make a channel stale
LEAST_SILENT = 10.0  # s
POINTS = ("load_newton", "raw", "noise", "samples", "time")
_LARGEST = 1 << 20


@dataclass
class Built:
    """A cell with its sources; `rows` turns new lines of the cycler's file into rows."""

    watch: CellWatch
    sources: list[Source]
    rows: NewRows | None = None
    earlier: float = 0.0  # s that an earlier watch had run
    began: str | None = None  # the instant of second 0 that an earlier watch noted
    known: int = field(default=0)  # entries that its log held


def build_cell(cell: WatchedCell, rig_path: Path, output: Path, now: Callable[[], float]) -> Built:
    """A cell of the rig, ready to be watched, going on where its log ends. Raises `InputError` for what cannot be."""
    note = read_note(beside(rig_path, cell.note)) if cell.note else CellNote(name=cell.name)
    gauge = None if cell.load_cell is None else gauge_of(cell.load_cell, rig_path)
    area = note.pressed_area
    if cell.load_cell is not None:
        area = cell.load_cell.area or area
        if area is None:
            raise InputError(
                f"the load cell of '{cell.name}' cannot become a pressure without an area",
                file=str(rig_path),
                expected="'area' under 'load_cell', or 'die_diameter' in the cell.yaml",
            )
    declared = cell.cycler.read_as if cell.cycler is not None else None
    declaration = Path(beside(rig_path, declared)) if declared else None
    folder = output / folder_name(cell.name)
    plan = Plan(cell.name, folder.absolute(), note, gauge, area, declaration)
    rows = NewRows(note, declaration) if cell.cycler is not None else None
    built = Built(CellWatch(cell, plan, _limits(cell)), [], rows)
    parts = _resumed(built, gauge)
    if cell.cycler is not None:
        pattern = beside(rig_path, cell.cycler.files)
        built.sources.append(
            GrowingFile(CYCLER, pattern, cell.cycler.every, now, parts, busy=cell.cycler.busy_longer_than)
        )
    if cell.load_cell is not None:
        built.sources.append(load_line(cell.load_cell, now))
    if cell.thermometer is not None:
        channels = {"celsius": Channel("celsius", "degC", -60.0, 400.0, cell.thermometer.every)}
        built.sources.append(_line(THERMOMETER, cell.thermometer, channels, now))
    return built


def check_names(rig: Rig, rig_path: Path) -> None:
    """Refuse a rig in which two cells would read the same port."""
    ports = [device.port for cell in rig.cells for device in (cell.load_cell, cell.thermometer) if device is not None]
    for port in ports:
        if ports.count(port) > 1:
            raise InputError(f"two devices are on the port {port}", file=str(rig_path), expected="one for each port")


def gauge_of(device: LoadCellDevice, rig_path: Path) -> Gauge:
    """What the numbers of a load cell mean. Raises `InputError` where its calibration cannot say."""
    if device.unit is not None:
        slope, zero = PER_UNIT[device.unit], 0.0
    else:
        made = calibration_of(device, rig_path)
        slope, zero = made.slope, made.zero
    return Gauge(
        slope,
        zero if device.zero is None else device.zero,
        device.zero_per_kelvin,
        device.span_per_kelvin,
        warm_up=device.warm_up,
    )


def calibration_of(device: LoadCellDevice, rig_path: Path) -> Calibrated:
    """The straight line through a load cell's points, stated or kept by `lithostat watch calibrate`."""
    file = str(rig_path)
    if device.calibration is not None:
        file = beside(rig_path, device.calibration)
        points = read_points(Path(file))
    else:
        points = [KnownLoad(point.load, point.raw, 0.0, 1) for point in device.points]
    try:
        return straight_line(points)
    except ValueError as error:
        raise InputError(
            f"the calibration of a load cell {error}", file=file, expected="lithostat watch calibrate"
        ) from None


def read_points(path: Path) -> list[KnownLoad]:
    """The calibration points of a file; none where there is no file. Raises `InputError` for a damaged one."""
    if not path.exists():
        return []
    try:
        table = list(csv.DictReader(read_text(path, _LARGEST).splitlines()))
        return [
            KnownLoad(float(row["load_newton"]), float(row["raw"]), float(row["noise"]), int(row["samples"]))
            for row in table
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"is no table of calibration points ({error})", file=str(path), expected=", ".join(POINTS)
        ) from None


def load_line(device: LoadCellDevice, now: Callable[[], float]) -> SerialLine:
    """The line that a load cell prints on."""
    load = Channel("load", low=device.lowest, high=device.highest, interval=device.every)
    return _line(LOAD_CELL, device, {"load": load, "celsius": Channel("celsius", "degC")}, now)


def _limits(cell: WatchedCell) -> tuple[Limit, ...]:
    """The limits of a cell; without a `stale` of its own, one goes out after five intervals without a reading."""
    every = {"pressure": cell.load_cell, "temperature": cell.thermometer}
    limits = []
    for limit in cell.limits:
        source = every.get(limit.channel) or cell.cycler
        if source is None:
            raise InputError(
                f"nothing of '{cell.name}' measures the {limit.channel} that '{limit.name}' limits",
                expected="a 'load_cell', 'thermometer' or 'cycler' for it",
            )
        limits.append(limit.limit(max(LEAST_SILENT, SILENT * source.every)))
    return tuple(limits)


def _line(name: str, device: Device, channels: dict[str, Channel], now: Callable[[], float]) -> SerialLine:
    pyserial()  # that it is missing is said before anything begins
    groups = re.compile(device.line).groupindex
    settings = LineSettings(
        device.port, device.line, device.baud, device.dtr == "high", device.ask, device.every, device.patience
    )
    return SerialLine(name, settings, {name: c for name, c in channels.items() if name in groups}, now)


def _resumed(built: Built, gauge: Gauge | None) -> list[Part]:
    """Take over what an earlier watch logged: places in files, zeros, and how long it ran."""
    lines: list[Lines] = []
    facts: list[Fact] = []
    for entry in entries_of(built.watch.folder):
        built.known += 1
        if isinstance(entry, Fact):
            facts.append(entry)
            built.earlier = max(built.earlier, entry.at)
            if entry.kind == "began" and built.began is None:
                built.began = entry.data["zero"]
            continue
        if isinstance(entry, Lines):
            if built.rows is not None:
                built.rows.remember(entry)
            lines.append(entry)
            built.earlier = max(built.earlier, entry.at)
        elif len(entry):
            built.earlier = max(built.earlier, float(entry.at[-1]))
    built.watch.epochs = Epochs.of(gauge.zero if gauge else 0.0, facts)
    return parts_of(lines)
