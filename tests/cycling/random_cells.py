"""Random cells, simulated and watched by random instruments: the truth is known, the record looks like a lab's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lithostat.experiment.cell import Cell
from lithostat.experiment.cell_note import CellNote, note_from
from lithostat.experiment.finding import Outcome
from lithostat.experiment.protocol import Protocol
from lithostat.experiment.record import Record
from lithostat.simulation.run import simulate
from lithostat.simulation.sensor import Instrument, sense


@dataclass(frozen=True)
class Watched:
    """A record as a lab would have it, what the lab notes, and what really happened."""

    record: Record
    note: CellNote
    truth: Outcome
    instrument: Instrument
    electrons: float  # share of the current that passes as electrons when the path has just formed
    signal: float  # change of the voltage at the short over the noise of one sample
    steps: list[dict[str, Any]]


def watched(seed: int) -> Watched:
    """One random cell: the same seed gives the same one."""
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
    with_impedance = draw.random() < 0.6
    steps = _steps(draw, density, half, with_impedance)
    protocol = Protocol.from_dict({"steps": steps, "after_short": f"{draw.uniform(1.0, 12.0)} h"})
    truth = simulate(Cell.from_dict(cell), protocol)
    tool = _instrument(draw, half)
    said = {
        "kind": "symmetric",
        "area": f"{area} cm2",
        "electrolyte_thickness": f"{thickness} mm",
        "electrolyte": "Li6PS5Cl",
    }
    note = note_from(said if not with_impedance or draw.random() < 0.5 else {})
    assert truth.outcome is not None
    ionic = float(np.median(truth.column("internal_resistance_ohm")))
    current = 1e-6 * density * area
    return Watched(
        sense(truth, tool, seed=seed),
        note,
        truth.outcome,
        tool,
        electrons=ionic / (ionic + soft),
        signal=current * ionic * ionic / (ionic + soft) / tool.voltage_noise,
        steps=steps,
    )


def _fixture(draw: np.random.Generator) -> dict[str, Any]:
    if draw.random() < 0.8:
        return {"kind": "constant force"}
    return {"kind": "fixed gap", "stiffness": f"{np.exp(draw.uniform(np.log(0.1), np.log(5.0)))} MPa/um"}


def _steps(draw: np.random.Generator, density: float, half: float, impedance: bool) -> list[dict[str, Any]]:
    pressure = np.exp(draw.uniform(np.log(2.0), np.log(60.0)))
    steps: list[dict[str, Any]] = []
    if draw.random() < 0.3:
        steps.append({"press": f"{pressure * draw.uniform(1.0, 3.0)} MPa", "for": "1 min"})
    verb = "release" if steps else "press"
    steps.append({verb: f"{pressure} MPa", "for": f"{np.exp(draw.uniform(np.log(1.0), np.log(600.0)))} min"})
    if impedance:
        steps.append({"measure_impedance": {"from": "1 MHz", "to": "0.1 Hz"}})
    repeats = int(draw.uniform(100.0, 500.0) / (2.0 * half))
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


def _instrument(draw: np.random.Generator, half: float) -> Instrument:
    longest = half * 3600.0 / 8.0
    return Instrument(
        interval=float(np.exp(draw.uniform(np.log(5.0), np.log(min(longest, 600.0))))),
        edges=bool(draw.random() < 0.7),
        voltage_noise=float(np.exp(draw.uniform(np.log(1e-6), np.log(5e-5)))),
        voltage_offset=float(draw.normal(0.0, 2e-5)),
        gaps=int(draw.integers(0, 4)),
        gap_length=float(draw.uniform(600.0, 20_000.0)),
    )
