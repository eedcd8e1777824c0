"""call_short on long records, beside a bare threshold in the same run: seconds, points per second, ratio.

Two kinds of record: half-cycles of one hour sampled each second, and half-cycles of 20 samples. Both shorten late.
"""

from __future__ import annotations

import resource
import statistics
from typing import Any

import common
import numpy as np
import polars as pl

from lithostat.cycling.shorts import call_short
from lithostat.experiment.cell_note import note_from
from lithostat.experiment.record import Record

SAMPLES = {"3600_samples": 3600, "20_samples": 20}  # in a half-cycle
NOTE = note_from({"kind": "symmetric", "area": "1 cm2", "electrolyte_thickness": "1 mm", "electrolyte": "Li6PS5Cl"})


def made(points: int, samples: int) -> Record:
    """A cell of 70 ohm at 0.1 mA with noise, rising resistance, pressure and temperature; short at 0.9 of its time."""
    draw = np.random.default_rng(0)
    row = np.arange(points)
    sign = np.where((row // samples) % 2 == 0, 1.0, -1.0)
    ohm = 70.0 + 20.0 * row / points + 5.0 * (row % samples) / samples
    ohm[int(0.9 * points) :] = 10.0
    columns = {
        "test_time_second": row.astype(float),
        "voltage_volt": 1e-4 * sign * ohm + 2e-5 * draw.standard_normal(points),
        "current_ampere": 1e-4 * sign,
        "measured_pressure_pa": 5e6 + 2e4 * draw.standard_normal(points),
        "ambient_temperature_celsius": 25.0 + 0.1 * draw.standard_normal(points),
    }
    return Record(pl.DataFrame(columns))


def threshold(record: Record) -> int:
    """The first row at which |V/I| falls below half its median, as a person would write it in one line."""
    ohm = np.abs(record.column("voltage_volt") / record.column("current_ampere"))
    return int(np.argmax(ohm < 0.5 * np.median(ohm)))


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--points", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    options.add_argument("--runs", type=int, default=3)
    args = options.parse_args()
    result: dict[str, Any] = {}
    for points in args.points:
        for name, samples in SAMPLES.items():
            record = made(points, samples)
            assert call_short(record, NOTE).outcome.kind == "hard short"
            called, bare = [], []
            for _ in range(args.runs):  # taken in turns: other load on the machine hits both
                called.append(common.timed(lambda record=record: call_short(record, NOTE)))
                bare.append(common.timed(lambda record=record: threshold(record)))
            key = f"{points:.0e}_points_{name}".replace("e+0", "e")
            result[f"{key}_seconds"] = statistics.median(called)
            result[f"{key}_points_per_second"] = points / statistics.median(called)
            result[f"{key}_over_threshold"] = statistics.median(called) / statistics.median(bare)
    result["peak_memory_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    common.report(result, args.json)


if __name__ == "__main__":
    main()
