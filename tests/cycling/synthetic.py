"""Records made of a few numbers, so that every finding has a closed form."""

import numpy as np
import polars as pl

from lithostat.experiment.record import Record


def square_wave(*, current=1e-4, ohm=40.0, half=3600.0, cycles=5, interval=60.0, **columns):
    """A symmetric cell of constant resistance, one half-cycle each way; `columns` are functions of time."""
    time = np.arange(0.0, 2 * cycles * half, interval) + 0.5 * interval
    sign = np.where((time // half).astype(int) % 2 == 0, 1.0, -1.0)
    table = {"test_time_second": time, "voltage_volt": sign * current * ohm, "current_ampere": sign * current}
    return Record(pl.DataFrame(table | {name: function(time) for name, function in columns.items()}))


def full_cell(*, charges, discharges, current=1e-3, points=200, low=3.0, high=4.2):
    """Charges and discharges [Ah] at one current, the voltage a straight line between the limits."""
    parts, at = [], 0.0
    for cycle, (charge, discharge) in enumerate(zip(charges, discharges, strict=True), start=1):
        for sign, amount in ((1.0, charge), (-1.0, discharge)):
            length = 3600.0 * amount / current
            time = np.linspace(0.0, length, points)
            slope = np.linspace(low, high, points) if sign > 0 else np.linspace(high, low, points)
            parts.append(
                pl.DataFrame(
                    {
                        "test_time_second": at + time,
                        "voltage_volt": slope,
                        "current_ampere": np.full(points, sign * current),
                        "cycle_count": np.full(points, cycle, np.int64),
                    }
                )
            )
            at += length
    return Record(pl.concat(parts))
