"""published_data(papers, law) -> Data: published cells as what a calibration learns from, one group a paper."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lithostat.bench.drive import NotSimulated, PublishedDrive, drive_of
from lithostat.calibration.data import CellLife, CriticalCurrent, Data, numbers_of
from lithostat.calibration.exposure import exposure_of_protocol
from lithostat.experiment.errors import InputError
from lithostat.experiment.protocol import Protocol
from lithostat.experiment.quantity import parse
from lithostat.papers.published_cell import PublishedCell
from lithostat.papers.reader import Paper

HOUR = 3600.0
MOST = 5  # segments of a published cell: only ramps have more, and those are averaged
TURNS = 3.0  # of what goes on, which the exposure continues for ever
ATMOSPHERE = 0.1e6  # what presses where no stack does [Pa]
READ = 1.1  # factor either way within which a loss of contact that is dated lies


def published_data(papers: Sequence[Paper], law: str, *, most: int = MOST) -> Data:
    """Lives and critical stripping currents of all rows that count and that a law predicts, under a named law.

    A critical current of a ramp that plates or turns is a life: short, or whole, at that step of the ramp. Signs and
    rows that no law predicts are left out, which `warnings` says.
    """
    lives: list[CellLife] = []
    currents: list[CriticalCurrent] = []
    warnings: list[str] = []
    for paper in papers:
        for cell in paper.cells:
            if not cell.scored:
                continue
            try:
                found = _observation(cell, paper.name, law, most)
            except (NotSimulated, InputError) as reason:
                warnings.append(f"{paper.name} {cell.id} is left out: {reason}")
                continue
            if isinstance(found, CellLife):
                lives.append(found)
            else:
                currents.append(found)
    return Data(tuple(lives), (), tuple(currents), tuple(warnings))


def _observation(cell: PublishedCell, paper: str, law: str, most: int) -> CellLife | CriticalCurrent:
    if cell.outcome in ("sign", "critical_pressure"):
        raise NotSimulated(f"a {cell.outcome.replace('_', ' ')} is no life")
    drive = drive_of(cell)
    numbers = numbers_of(drive.for_law(law))
    name = f"{paper} {cell.id}"
    if cell.outcome == "critical_current":
        ramp = _ramp_of(drive)
        if ramp.get("way") == "strip" or not cell.number("stack_pressure_MPa"):
            return _critical(cell, drive, name, paper, numbers)
        return _ramped(cell, drive, ramp, name, paper, law, numbers, most)
    exposure = exposure_of_protocol(drive.for_law(law), drive.protocol(_hours(drive)), most=most)
    exposure = replace(exposure, pressures=exposure.pressures.clip(ATMOSPHERE), warnings=())
    began = exposure.began if math.isfinite(exposure.began) else 0.0
    before = 0.0 if drive.since == "start" else began
    hour = HOUR if cell.unit == "h" else HOUR / float(cell.number("plate_mA_cm2") or math.nan)
    low, high = before + hour * cell.low, before + hour * cell.high
    cycled = math.isfinite(exposure.began)
    if cell.outcome == "contact_lost":
        return CellLife(name, exposure, low / READ, math.inf, (low / READ, high * READ), numbers, group=paper)
    contact = (low, math.inf) if cycled and low > 0.0 else None
    return CellLife(name, exposure, low, high, contact, numbers, group=paper)


def _hours(drive: PublishedDrive) -> float:
    """So many that what goes on is seen a few times; the exposure continues it."""
    return TURNS * drive.turn_hours if drive.turn and math.isfinite(drive.turn_hours) else 1.0


def _ramp_of(drive: PublishedDrive) -> dict[str, Any]:
    return next(step["ramp"] for step in drive.steps if "ramp" in step)


def _critical(
    cell: PublishedCell, drive: PublishedDrive, name: str, paper: str, numbers: dict[str, float]
) -> CriticalCurrent:
    """What can be stripped for ever: measured by stripping alone, or without a stack."""
    stack = max(1e6 * float(cell.number("stack_pressure_MPa") or 0.0), ATMOSPHERE)
    attached = 1e6 * float(cell.number("attach_pressure_MPa") or 0.0)
    beside = {"temperature": drive.temperature + 273.15, "highest": stack, "attached": attached}
    return CriticalCurrent(name, stack, 10.0 * cell.low, 10.0 * cell.high, numbers, paper, **beside)


def _ramped(
    cell: PublishedCell,
    drive: PublishedDrive,
    ramp: dict[str, Any],
    name: str,
    paper: str,
    law: str,
    numbers: dict[str, float],
    most: int,
) -> CellLife:
    """A cell whose ramp ended at a value, or went on beyond it: short in that step, or whole at its end."""
    first, step = (parse(ramp[key], "current_density") for key in ("from", "step"))
    borne, failed = 10.0 * cell.low, 10.0 * cell.high
    count = max(1, round((borne - first) / step) + 1)  # values up to and with the lowest that may have failed
    built = drive.for_law(law)

    def lasting(values: int) -> float:
        """Time until the end of so many values of the ramp [s since the start]."""
        return 0.0 if values < 1 else float(_exposed(values).length)

    def _exposed(values: int) -> Any:
        upto = {**ramp, "to": f"{(first + (values - 1) * step) / 10.0!r} mA/cm2"}
        steps = [{**one, "ramp": upto} if "ramp" in one else one for one in drive.steps]
        said = {"steps": steps, "temperature": f"{drive.temperature} degC", "after_short": "0 s"}
        return exposure_of_protocol(built, Protocol.from_dict(said), most=most)

    exposure = replace(_exposed(count), warnings=())
    if math.isinf(failed):
        end = lasting(count)
        return CellLife(name, exposure, end, math.inf, (end, math.inf), numbers, group=paper)
    low, high = max(lasting(count - 1), exposure.began), lasting(count)
    return CellLife(name, exposure, low, high, (low, math.inf), numbers, group=paper)
