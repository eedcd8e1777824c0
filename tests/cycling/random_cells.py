"""Random cells, simulated and watched by random instruments: the truth is known, the record looks like a lab's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from lithostat.experiment.cell import Cell
from lithostat.experiment.cell_note import CellNote, note_from
from lithostat.experiment.finding import Outcome
from lithostat.experiment.protocol import Protocol
from lithostat.experiment.record import Record
from lithostat.reading.stitch import stitch
from lithostat.simulation.run import simulate
from lithostat.simulation.sensor import Instrument, sense

PRESSURES = ("applied_pressure_pa", "measured_pressure_pa")
CELSIUS = "ambient_temperature_celsius"


@dataclass(frozen=True)
class Truth:
    """A simulated cell: its record, what really happened, and what its lab may note."""

    record: Record
    outcome: Outcome
    note: dict[str, Any]
    current: float  # largest, A
    half: float  # length of a half-cycle, or of the only one [s]
    one_way: bool
    ionic: float  # ohm
    soft: float  # resistance of the path when it has just formed [ohm]
    least: float  # V/I that the intact cell showed under current before [ohm]

    @property
    def fall(self) -> float:
        """Share by which V/I lies below the least that the intact cell ever showed, when the path has just formed."""
        return 1.0 - self.ionic * self.soft / (self.ionic + self.soft) / self.least

    @property
    def electrons(self) -> float:
        """Share of the current that passes as electrons when the path has just formed."""
        return self.ionic / (self.ionic + self.soft)


@dataclass(frozen=True)
class Watched:
    """A record as a lab would have it, what the lab notes, and what really happened."""

    record: Record
    note: CellNote
    truth: Truth
    instrument: Instrument
    habits: tuple[str, ...] = field(default=())

    @property
    def outcome(self) -> Outcome:
        """What really happened."""
        return self.truth.outcome


def watched(seed: int, *, habits: bool = True) -> Watched:
    """One random cell: the same seed gives the same one. Without `habits`, as a cycler of the plainest kind writes."""
    return watch(truth(seed), seed, habits=habits)


def truth(seed: int) -> Truth:
    """One random cell, simulated."""
    draw = np.random.default_rng(seed)
    area, thickness = draw.uniform(0.3, 1.3), draw.uniform(0.3, 1.5)
    density, half = np.exp(draw.uniform(np.log(20.0), np.log(500.0))), float(draw.choice([0.25, 0.5, 1.0, 4.0]))
    short = np.exp(draw.uniform(np.log(0.2), np.log(10.0)))
    soft = short if draw.random() < 0.6 else np.exp(draw.uniform(np.log(10.0), np.log(200.0)))
    parameters = {
        "short_resistance": f"{min(short, soft)} ohm",
        "soft_short_resistance": f"{soft} ohm",
        "hardening_time": f"{np.exp(draw.uniform(np.log(0.1), np.log(10.0)))} h",
        "focusing": float(np.exp(draw.normal(np.log(2.65), 0.5))),
    }
    cell = {
        "electrode": {"thickness": "0.5 mm", "area": f"{area} cm2"},
        "electrolyte": {"material": "Li6PS5Cl", "thickness": f"{thickness} mm"},
        "fixture": _fixture(draw),
        "parameters": parameters,
    }
    one_way = bool(draw.random() < 0.12)
    steps = _one_way(draw, density) if one_way else _steps(draw, density, half)
    protocol = Protocol.from_dict({"steps": steps, "after_short": f"{draw.uniform(1.0, 12.0)} h"})
    record = simulate(Cell.from_dict(cell), protocol)
    assert record.outcome is not None
    said = {"area": f"{area} cm2", "electrolyte_thickness": f"{thickness} mm", "electrolyte": "Li6PS5Cl"}
    time, current = record.column("test_time_second"), np.abs(record.column("current_ampere"))
    flown = float(np.diff(time)[current[1:] > 0.0].sum()) if one_way else 0.0
    length = flown or half * 3600.0
    ohm = record.column("internal_resistance_ohm")
    before = ohm[(time < record.outcome.time) & (current > 0.0)]
    least = float(before.min()) if len(before) else float(np.median(ohm))
    return Truth(
        record, record.outcome, said, float(current.max()), length, one_way, float(np.median(ohm)), float(soft), least
    )


def watch(cell: Truth, seed: int, *, habits: bool = True) -> Watched:
    """The cell as a random lab watches it; `seed` draws the instrument, the note and the noise."""
    draw = np.random.default_rng([seed, 1])
    tool = _instrument(draw, cell)
    names: list[str] = []
    if habits:
        tool = _with_habits(draw, tool, cell, names)
    seen = sense(cell.record, tool, seed=seed)
    if habits and draw.random() < 0.3 and len(seen.table) > 20:
        names.append("files")
        seen = in_files(seen, draw, names)
    said: dict[str, Any] = {"kind": "symmetric"} if draw.random() < 0.8 or cell.one_way else {}
    if draw.random() < 0.6:
        said |= cell.note
    elif draw.random() < 0.5:
        said |= {"area": cell.note["area"]}
    return Watched(seen, note_from(said), cell, tool, tuple(names))


def _fixture(draw: np.random.Generator) -> dict[str, Any]:
    if draw.random() < 0.8:
        return {"kind": "constant force"}
    return {"kind": "fixed gap", "stiffness": f"{np.exp(draw.uniform(np.log(0.1), np.log(5.0)))} MPa/um"}


def _beginning(draw: np.random.Generator) -> tuple[float, list[dict[str, Any]]]:
    low, high = [(2.0, 12.0), (15.0, 33.0), (33.0, 60.0)][int(np.searchsorted([0.4, 0.95], draw.random()))]
    pressure = np.exp(draw.uniform(np.log(low), np.log(high)))  # most live, most short under current, most before it
    steps: list[dict[str, Any]] = []
    if draw.random() < 0.3:
        steps.append({"press": f"{pressure * draw.uniform(1.0, 3.0)} MPa", "for": "1 min"})
    verb = "release" if steps else "press"
    steps.append({verb: f"{pressure} MPa", "for": f"{np.exp(draw.uniform(np.log(1.0), np.log(600.0)))} min"})
    if draw.random() < 0.5:
        steps.append({"measure_impedance": {"from": "1 MHz", "to": "0.1 Hz"}})
    return pressure, steps


def _one_way(draw: np.random.Generator, density: float) -> list[dict[str, Any]]:
    """One long plating."""
    _, steps = _beginning(draw)
    most = 0.35e-3 / 4.85e-6 * 1e3  # uAh/cm2 in 0.35 mm of lithium
    hours = min(draw.uniform(2.0, 60.0), most / density)
    return [*steps, {"plate": f"{density} uA/cm2", "for": f"{hours} h"}]


def _steps(draw: np.random.Generator, density: float, half: float) -> list[dict[str, Any]]:
    pressure, steps = _beginning(draw)
    repeats = int(draw.uniform(20.0, 250.0) / (2.0 * half))
    body: list[dict[str, Any]] = [{"plate": f"{density} uA/cm2", "for": f"{half} h"}]
    if draw.random() < 0.3:
        body.append({"rest": "10 min"})
    body.append({"strip": f"{density} uA/cm2", "for": f"{half} h"})
    if draw.random() < 0.2:  # a ramp of the current, as for a critical current density
        for share in (0.2, 0.5):
            ramp = [
                {**step, verb: f"{share * density} uA/cm2"}
                for step in body
                for verb in step
                if verb in ("plate", "strip")
            ]
            steps.append({"repeat": 5, "steps": ramp})
    steps.append({"repeat": max(repeats, 2), "steps": body})
    if draw.random() < 0.1:
        steps.append({"set_pressure": f"{1.5 * pressure} MPa", "for": "1 min"})
        steps.append({"repeat": max(repeats // 2, 2), "steps": body})
    return steps


def _instrument(draw: np.random.Generator, cell: Truth) -> Instrument:
    longest = min(cell.half / 8.0, 600.0)
    return Instrument(
        interval=float(np.exp(draw.uniform(np.log(5.0), np.log(max(longest, 6.0))))),
        edges=bool(draw.random() < 0.7),
        voltage_noise=float(np.exp(draw.uniform(np.log(1e-6), np.log(5e-5)))),
        voltage_offset=float(draw.normal(0.0, 2e-5)),
        gaps=int(draw.integers(0, 4)),
        gap_length=float(draw.uniform(600.0, 20_000.0)),
    )


def _with_habits(draw: np.random.Generator, tool: Instrument, cell: Truth, names: list[str]) -> Instrument:
    """What cyclers and labs do beside sampling evenly, each with its own chance."""
    more: dict[str, Any] = {}

    def chance(name: str, of: float) -> bool:
        if draw.random() >= of:
            return False
        names.append(name)
        return True

    usual = cell.current * cell.ionic
    if chance("polarisation", 0.5):
        slowest = max(min(120.0, cell.half / 20.0), 0.01)
        more["polarisation"] = float(np.exp(draw.uniform(np.log(0.003), np.log(slowest))))
        more["polarised"] = float(draw.uniform(0.2, 1.0))
    if chance("fast samples", 0.35):
        last = np.exp(draw.uniform(np.log(0.005), np.log(max(min(60.0, cell.half / 30.0), 0.01))))
        count = int(np.exp(draw.uniform(np.log(1.0), np.log(60.0))))
        more["after_switch"] = tuple(float(at) for at in np.unique(np.geomspace(1e-3, last, count).round(3)))
    if usual > 0.0 and chance("trigger", 0.2):
        more["trigger"] = float(usual * np.exp(draw.uniform(np.log(0.01), np.log(0.2))))
    if chance("ripple", 0.5):
        more["current_ripple"] = float(np.exp(draw.uniform(np.log(1e-4), np.log(0.1))))
    if chance("part samples", 0.2):
        more["part_samples"] = float(draw.uniform(0.1, 1.0))
    if chance("averaged", 0.15):
        more["averaged"] = True
    if chance("coarse", 0.12):
        more["interval"] = cell.half / (6.0 if not cell.one_way else 40.0)
    if chance("breathing", 0.2):
        more["breathing"] = float(draw.normal(0.0, 5e4))
    if chance("weather", 0.15):
        more["weather"] = float(draw.uniform(0.3, 2.0))
    unmeasured: list[str] = []
    if chance("pressure unmeasured", 0.4):
        unmeasured += PRESSURES
    if chance("temperature unmeasured", 0.9 if "weather" in more else 0.3):
        unmeasured.append(CELSIUS)
    more["unmeasured"] = tuple(unmeasured)
    more["steps"] = str(draw.choice(["counted", "repeated", "none"]))
    return Instrument(**(vars(tool) | more))


def in_files(seen: Record, draw: np.random.Generator, names: list[str]) -> Record:
    """The record as several files that count from 0 anew, with clocks of one zone or another, put together again."""
    count = int(draw.integers(2, 5))
    cuts = np.sort(draw.choice(np.arange(2, len(seen.table) - 2), count - 1, replace=False))
    zone = [None, UTC, ZoneInfo("Europe/Berlin")][int(draw.integers(3))]
    first = datetime(2026, 3, 28, 20, 0, tzinfo=ZoneInfo("Europe/Berlin"))  # summer time begins that night
    files = []
    for begin, end in zip([0, *cuts], [*cuts, len(seen.table)], strict=True):
        part = seen.table[int(begin) : int(end)].drop("unix_time_second")
        zero = float(part["test_time_second"][0])
        start = (first.astimezone(UTC) + timedelta(seconds=zero)).astimezone(zone or ZoneInfo("Europe/Berlin"))
        table = part.with_columns(pl.col("test_time_second") - zero)
        if len(files) == count - 1 and count > 2 and draw.random() < 0.3:
            names.append("current missing")
            table = table.with_columns(pl.lit(float("nan")).alias("current_ampere"))
        files.append(Record(table, start=start if zone is not None else start.replace(tzinfo=None)))
    note = CellNote(time_zone="Europe/Berlin") if zone is None else CellNote()
    line = stitch(files, names=[f"{number}.csv" for number in range(len(files))], note=note)
    return Record(
        line.table, spectra=seen.spectra, provenance=line.provenance, warnings=line.warnings, start=line.start
    )
