"""Cells whose resistance is written down instead of simulated: thousands of them in minutes, the truth still known.

Contact that ripens, voids that grow while stripped and heal while plated, interphases, drift, pressure that is changed;
in half of them a path forms: at once or softly, under current, at rest or before any current.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from random_cells import Truth

from lithostat.experiment.finding import Outcome
from lithostat.experiment.record import Record
from lithostat.experiment.spectrum import Spectrum

HOUR = 3600.0


def invented(seed: int) -> Truth:
    """One cell; the same seed gives the same one."""
    draw = np.random.default_rng([seed, 2])
    area, thickness = draw.uniform(0.3e-4, 1.3e-4), draw.uniform(0.3e-3, 1.5e-3)
    ionic = thickness / (draw.uniform(0.08, 0.3) * area)
    current = area * np.exp(draw.uniform(np.log(0.2), np.log(5.0)))
    one_way = bool(draw.random() < 0.12)
    half = float(draw.uniform(2.0, 60.0) if one_way else draw.choice([0.25, 0.5, 1.0, 4.0])) * HOUR
    steps = _steps(draw, half, one_way)
    pressure = np.exp(draw.uniform(np.log(2e6), np.log(3e7)))
    time, sign, step, changed = _clock(draw, steps)
    kind, at = _ending(draw, time, sign)
    time, sign, step, changed = _with_both_sides(at, time, sign, step, changed)
    press = pressure * np.where(changed, draw.uniform(1.1, 2.0), 1.0)
    ohm = _intact(draw, time, sign, step, press, ionic, half, loses=kind == "survived" and draw.random() < 0.08)
    path = _path(draw, kind, at, time, ohm)
    lost = kind == "survived" and ohm[-1] > 5.0 * np.median(ohm[: len(ohm) // 4])
    outcome = Outcome("contact lost" if lost else kind, at, None, None, None, None, "invented")
    both = 1.0 / (1.0 / ohm + 1.0 / path)
    amps = current * sign
    columns = {
        "test_time_second": time,
        "voltage_volt": amps * both,
        "current_ampere": amps,
        "step_count": step,
        "cycle_count": (step + 1) // 2,
        "ambient_temperature_celsius": 25.0 + 0.0 * time,
        "applied_pressure_pa": press,
        "measured_pressure_pa": press,
    }
    spectra = (_spectrum(draw, ionic, ohm[0], path[0]),) if draw.random() < 0.5 else ()
    note = {"area": f"{1e4 * area} cm2", "electrolyte_thickness": f"{1e3 * thickness} mm", "electrolyte": "Li6PS5Cl"}
    row = min(int(np.searchsorted(time, at, side="right")), len(ohm) - 1)
    before = ohm[(time <= at) & (sign != 0.0)]
    least = float(before.min()) if len(before) else float(ohm[row])
    record = Record(pl.DataFrame(columns), spectra=spectra)
    return Truth(record, outcome, note, current, half, one_way, float(ohm[row]), float(path[row]), least)


def _steps(draw: np.random.Generator, half: float, one_way: bool) -> list[tuple[float, float]]:
    """(length [s], share of the current with its sign) of every step."""
    rest = float(np.exp(draw.uniform(np.log(60.0), np.log(10.0 * HOUR))))
    if one_way:
        return [(rest, 0.0), (half, 1.0)]
    body = [(half, 1.0), (half, -1.0)]
    if draw.random() < 0.3:
        pause = float(draw.uniform(120.0, HOUR))
        body = [(half, 1.0), (pause, 0.0), (half, -1.0), (pause, 0.0)]
    repeats = max(2, int(draw.uniform(20.0, 250.0) * HOUR / (2.0 * half)))
    ramp = [(length, share * level) for level in (0.2, 0.5) for _ in range(4) for length, share in body]
    return [(rest, 0.0), *(ramp if draw.random() < 0.2 else []), *(body * repeats)]


def _clock(
    draw: np.random.Generator, steps: list[tuple[float, float]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(time, share of the current, number of the step, whether the pressure was changed), both sides of each edge."""
    points = 400 if len(steps) < 4 else 14
    inside = np.linspace(0.0, 1.0, points) ** 1.7
    begins = np.concatenate([[0.0], np.cumsum([length for length, _ in steps])])
    time = np.concatenate([begin + length * inside for begin, (length, _) in zip(begins, steps, strict=False)])
    sign = np.repeat([share for _, share in steps], points)
    step = np.repeat(np.arange(1, len(steps) + 1), points)
    at = draw.uniform(0.3, 0.9) * time[-1] if draw.random() < 0.12 else np.inf
    return time, sign, step, begins[step - 1] > at


def _intact(
    draw: np.random.Generator,
    time: np.ndarray,
    sign: np.ndarray,
    step: np.ndarray,
    press: np.ndarray,
    ionic: float,
    half: float,
    *,
    loses: bool,
) -> np.ndarray:
    """Resistance of the cell without a path [ohm]."""
    contact = ionic * np.exp(draw.uniform(np.log(0.02), np.log(2.0))) * press[0] / press
    power, young = draw.uniform(0.0, 0.2), np.exp(draw.uniform(np.log(60.0), np.log(HOUR)))
    contact = contact * (1.0 + time / young) ** -power
    film = ionic * draw.uniform(0.0, 0.5) * np.sqrt(time / (100.0 * HOUR))
    drift = ionic * draw.choice([0.0, draw.uniform(0.0, 1.0)]) * time / time[-1]
    begin = time[np.concatenate([[0], np.flatnonzero(np.diff(step)) + 1])][step - 1]
    within = time - begin
    height = ionic * draw.choice([0.0, np.exp(draw.uniform(np.log(0.01), np.log(1.5)))])
    healing = np.exp(draw.uniform(np.log(10.0), np.log(0.3 * half)))
    void = height * np.where(sign < 0.0, (within / half) ** 2, np.where(step > 2, np.exp(-within / healing), 0.0))
    lost = np.ones(len(time))
    if loses:
        lost = np.exp(np.maximum(time / time[-1] - draw.uniform(0.4, 0.8), 0.0) * 20.0)
    return ionic + contact * lost + film + drift + void


def _ending(draw: np.random.Generator, time: np.ndarray, sign: np.ndarray) -> tuple[str, float]:
    """(how the test ends, the time of it [s])."""
    flows = np.flatnonzero(sign != 0.0)
    kind = ["survived", "short", "short before current"][int(np.searchsorted([0.5, 0.96], draw.random()))]
    if kind == "survived":
        return kind, float(time[-1])
    if kind == "short before current":
        return kind, float(draw.uniform(0.0, time[flows[0]]))
    if draw.random() < 0.9:  # nearly all form under current
        row = flows[int(draw.integers(0, len(flows) - 1))]
        return kind, float(time[row] + draw.random() * (time[row + 1] - time[row]))
    return kind, float(draw.uniform(time[flows[0]], time[-1]))


def _with_both_sides(at: float, time: np.ndarray, *columns: np.ndarray) -> tuple[np.ndarray, ...]:
    """Two more rows at the time `at`, one for either side of what happens there."""
    row = min(int(np.searchsorted(time, at, side="right")), len(time) - 1)
    return (np.insert(time, row, [at, at]), *(np.insert(values, row, [values[row - 1]] * 2) for values in columns))


def _path(draw: np.random.Generator, kind: str, at: float, time: np.ndarray, ohm: np.ndarray) -> np.ndarray:
    """Resistance of the electronic path [ohm], inf without one."""
    path = np.full(len(time), np.inf)
    if kind == "survived":
        return path
    soft = float(np.median(ohm)) * np.exp(draw.uniform(np.log(0.003), np.log(2.0)))
    hard, soon = soft * draw.uniform(0.05, 1.0), np.exp(draw.uniform(np.log(60.0), np.log(20.0 * HOUR)))
    after = np.arange(len(time)) > int(np.searchsorted(time, at, side="left"))
    path[after] = hard + (soft - hard) * np.exp(-(time[after] - at) / soon)
    return path


def _spectrum(draw: np.random.Generator, ionic: float, total: float, path: float) -> Spectrum:
    frequency = np.geomspace(1e6, 0.1, 43)
    arc = max(total - ionic, 0.05 * ionic)
    impedance = ionic + arc / (1.0 + 2j * np.pi * frequency * draw.uniform(1e-5, 1e-3))
    return Spectrum(frequency, 1.0 / (1.0 / impedance + 1.0 / path), time=0.0)


def everything(seed: int) -> Any:
    """The cell of this seed behind a random instrument."""
    from random_cells import watch

    return watch(invented(seed), seed)
