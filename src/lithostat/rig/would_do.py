"""What a watch would do, and how much room it takes, in sentences."""

from __future__ import annotations

from pathlib import Path

from lithostat.experiment.quantity import show, span
from lithostat.rig.actions import named
from lithostat.rig.limits import CHANNELS
from lithostat.rig.rig_file import Rig, StatedLimit, WatchedCell, folder_name

YEAR = 365.25 * 86400.0  # s
BYTES_OF_READING = 8.0  # in a finished stretch, of a load cell with noise in its last digits; measured
BYTES_OF_ROW = 30.0  # of a cycler's text file, compressed; six columns were measured to take 8
ROW_EVERY = 10.0  # s; how often cyclers write a row, as a guess for the estimate alone


def would_do(rig: Rig, output: Path) -> list[str]:
    """What is watched, what happens where a limit goes out, and where everything goes."""
    said = []
    for cell in rig.cells:
        said.append(f"{cell.name}: log and record in {output / folder_name(cell.name)}")
        said += [f"  limit {_sentence(limit)}" for limit in cell.limits]
        trips = [limit.name for limit in cell.limits if limit.trip]
        if trips:
            done = "; ".join(named(action) for action in cell.on_trip) or "nothing but an alarm"
            said.append(f"  at a trip, once somebody has armed it: {done}")
            said += [f"  {named(a)}: nothing would confirm that it worked" for a in cell.on_trip if a.confirm is None]
        said.append(f"  {size_of_a_year(cell)}")
    if rig.heartbeat is not None:
        said.append(f"heartbeat to {rig.heartbeat.port} every {span(rig.heartbeat.every)}, while armed and not tripped")
    said.append("nothing is armed by itself")
    return said


def _sentence(limit: StatedLimit) -> str:
    quantity = CHANNELS[limit.channel]
    si = limit.limit()
    ends = [f"{way} {show(value, quantity)}" for way, value, said in
            (("below", si.low, limit.low), ("above", si.high, limit.high)) if said is not None]  # fmt: skip
    what = "trips" if limit.trip else "raises an alarm"
    return f"'{limit.name}': {limit.channel} {' or '.join(ends) or 'stale'} {what}"


def size_of_a_year(cell: WatchedCell) -> str:
    """How much room a year of this cell takes."""
    devices = [device for device in (cell.load_cell, cell.thermometer) if device is not None]
    total = sum(YEAR / device.every * BYTES_OF_READING for device in devices)
    if cell.cycler is not None:
        total += YEAR / ROW_EVERY * BYTES_OF_ROW
    return (
        f"{cell.name}: a year of its log takes about {total / 1e9:.2g} GB (a row of the cycler every {ROW_EVERY:.0f} s)"
    )
