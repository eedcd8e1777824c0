"""A load cell under known loads: points are added one by one and kept beside the rig.yaml."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from lithostat.experiment.errors import InputError, nearest
from lithostat.experiment.quantity import show
from lithostat.experiment.record import write_text
from lithostat.rig.build import POINTS, load_line, read_points
from lithostat.rig.gauge import Calibrated, KnownLoad, straight_line
from lithostat.rig.readings import Lost
from lithostat.rig.rig_file import beside, read_rig

FEWEST = 5  # readings that make a point


@dataclass(frozen=True)
class Added:
    """A calibration point, where it was kept, and what all points together say, once they are enough."""

    point: KnownLoad
    path: Path
    points: int
    calibrated: Calibrated | None

    @property
    def sentence(self) -> str:
        """For people."""
        load = show(self.point.newton, "force")
        said = f"{load}: {self.point.raw:.6g} +- {self.point.noise:.3g}, as it prints ({self.point.samples} readings)"
        more = "one more load is needed" if self.calibrated is None else self.calibrated.sentence
        return f"{said}; {self.points} points in {self.path.name}: {more}"

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "load_newton": self.point.newton,
            "raw": self.point.raw,
            "noise_raw": self.point.noise,
            "samples": self.point.samples,
            "file": str(self.path),
            "calibration": None if self.calibrated is None else asdict(self.calibrated),
        }


def add_point(
    rig_path: Path, cell: str, newton: float, seconds: float, clock: Callable[[], float] = time.monotonic
) -> Added:
    """Read the load cell of a cell for some seconds under a force [N] and keep the median. Raises `InputError`."""
    rig = read_rig(rig_path)
    names = [one.name for one in rig.cells]
    device = next((one.load_cell for one in rig.cells if one.name == cell), None)
    if device is None or device.calibration is None:
        why = f"there is no cell '{cell}'{nearest(cell, names)}" if cell not in names else f"'{cell}' keeps no points"
        raise InputError(why, file=str(rig_path), expected="a cell whose 'load_cell' has 'calibration: FILE.csv'")
    path = Path(beside(rig_path, device.calibration))
    earlier = read_points(path)
    line = load_line(device, clock)
    values: list[float] = []
    try:
        line.open()
        until = clock() + seconds
        while clock() < until:
            for readings in line.read(0.1):
                raw = readings.column("load")
                values += raw[np.isfinite(raw)].tolist()
    except Lost as error:
        raise InputError(
            str(error), file=str(rig_path), expected="a load cell that prints, and no watch on it"
        ) from None
    finally:
        line.close()
    if len(values) < FEWEST:
        raise InputError(
            f"the load cell gave {len(values)} readings", expected=f"{FEWEST} at least: a longer --seconds"
        )
    point = KnownLoad(newton, float(np.median(values)), float(np.std(values)), len(values))
    _write(path, point)
    points = [*earlier, point]
    try:
        made = straight_line(points)
    except ValueError:
        made = None
    return Added(point, path, len(points), made)


def _write(path: Path, point: KnownLoad) -> None:
    """The file with one more row, whole or not at all."""
    before = path.read_text(encoding="utf-8") if path.exists() else ",".join(POINTS) + "\n"
    row = io.StringIO()
    now = datetime.now(UTC).isoformat(timespec="seconds")
    csv.writer(row, lineterminator="\n").writerow([point.newton, point.raw, point.noise, point.samples, now])
    write_text(path, before + row.getvalue())
