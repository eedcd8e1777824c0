"""A watch: seconds from a reading beyond a limit to its trip, and many cells for a day at a multiple of life.

The first part prints a force that passes its limit on a pseudo terminal, waits for the trip, resets, and again. The
second watches cells whose cyclers write files and whose load cells print, and counts rows that came and were logged.
"""

from __future__ import annotations

import os
import pty
import statistics
import tempfile
import threading
import time
import tty
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import common
import numpy as np
import polars as pl

from lithostat.experiment.record import Record
from lithostat.rig.clock import Clock
from lithostat.rig.demo import mpt_header, mpt_lines
from lithostat.rig.frames import entries
from lithostat.rig.interlock import Order
from lithostat.rig.open_rig import prepared
from lithostat.rig.readings import Lines, Readings
from lithostat.rig.segments import entries_of

NOTE = "kind: symmetric\ndie_diameter: 10 mm\ntime_zone: UTC\n"
CELL = """\
  - name: NAME
    note: cell.yaml
    cycler: {files: "NAME.mpt", every: 0.2 s}
    load_cell:
      port: PORT
      line: 'raw=(?P<load>-?\\d+)'
      unit: N
      area: 1 cm2
    limits:
      - {name: too hard, channel: pressure, high: 20 MPa, stale: 30 days, trip: true}
"""


class Line:
    """A load cell on a pseudo terminal."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.name, self.newton, self.printed = os.ttyname(self.slave), 500.0, 0

    def print(self) -> None:
        os.write(self.master, f"raw={self.newton:.0f}\n".encode())
        self.printed += 1


def resident() -> float:
    """Memory of this process [MB]."""
    with open("/proc/self/statm", encoding="ascii") as stream:
        return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def rig_of(folder: Path, lines: dict[str, Line]) -> Path:
    """A rig.yaml with a cell for each line."""
    (folder / "cell.yaml").write_text(NOTE)
    cells = "".join(CELL.replace("NAME", name).replace("PORT", line.name) for name, line in lines.items())
    path = folder / "rig.yaml"
    path.write_text(f"name: bench\ncells:\n{cells}")
    return path


def latencies(count: int) -> list[float]:
    """Seconds from printing a force beyond the limit to the trip."""
    folder, line = Path(tempfile.mkdtemp()), Line()
    told: dict[str, float] = {}
    watch = prepared(
        rig_of(folder, {"a": line}), folder / "out", Clock(), tell=lambda e: told.setdefault(e.kind, time.monotonic())
    )
    stop = threading.Event()

    def talk() -> None:
        while not stop.wait(0.05):
            line.print()

    threads = [threading.Thread(target=talk), threading.Thread(target=watch.run)]
    for thread in threads:
        thread.start()
    one, seconds = watch.built[0].watch, []
    while "pressure" not in one.latest:
        time.sleep(0.05)
    draw = np.random.default_rng(0)
    for _ in range(count):
        while "armed" not in one.interlock_order(Order("arm"), watch.clock.now()):
            time.sleep(0.05)
        time.sleep(float(draw.uniform(0.0, 0.2)))
        told.clear()
        began, line.newton = time.monotonic(), 5000.0
        while "trip" not in told:
            time.sleep(0.001)
        seconds.append(told["trip"] - began)
        line.newton = 500.0
        one.interlock_order(Order("acknowledge"), watch.clock.now())
        while one.interlock.tripped:
            one.interlock_order(Order("reset"), watch.clock.now())
            time.sleep(0.02)
    watch.stopping = True
    threads[1].join()
    stop.set()
    threads[0].join()
    return seconds


def a_day(cells: int, hours: float, speed: float) -> dict[str, Any]:
    """Rows that came and rows that were logged, and memory, of some cells for some hours of their life."""
    folder = Path(tempfile.mkdtemp())
    lines = {f"cell{k}": Line() for k in range(cells)}
    clock = Clock(speed=speed)
    n = int(hours * 360)
    row = np.arange(n)
    current = 2.5e-4 * np.where((row // 180) % 2 == 0, 1.0, -1.0)
    voltage = 40.0 * current + 1e-5 * np.random.default_rng(0).standard_normal(n)
    table = {"test_time_second": 10.0 * row, "voltage_volt": voltage, "current_ampere": current}
    table |= {"step_count": row // 180 + 1, "ambient_temperature_celsius": np.full(n, 25.0)}
    rows = mpt_lines(Record(pl.DataFrame(table)))
    watch = prepared(rig_of(folder, lines), folder / "out", clock, tell=lambda event: None)
    header = mpt_header(datetime.now(UTC))
    files = [(folder / f"{name}.mpt").open("w", encoding="latin-1", newline="") for name in lines]
    for file in files:
        file.write(header)
    done, memory = 0, []

    before: list[int] = []
    seen: list[int] = []

    def logged_readings() -> list[np.ndarray]:
        return [
            np.concatenate([e.at for e in entries_of(folder / "out" / name) if isinstance(e, Readings)])
            for name in lines
        ]

    def play() -> None:
        nonlocal done
        while not all("pressure" in one.watch.latest for one in watch.built):
            for line in lines.values():
                line.print()
            time.sleep(0.1)
        time.sleep(3.0)  # until the keeper has written all of that
        before.extend(line.printed for line in lines.values())
        seen.extend(len(each) for each in logged_readings())
        begin = clock.now()
        while done < n:
            until = min(n, int((clock.now() - begin) / 10.0) + 1)
            for _ in range(done, until):
                for line in lines.values():
                    line.print()
            for file in files:
                file.write("".join(rows[done:until]))
                file.flush()
            done = until
            memory.append(resident())
            time.sleep(0.02)
        time.sleep(2.0)
        watch.stopping = True

    player = threading.Thread(target=play)
    player.start()
    cpu = time.process_time()
    watch.run()
    player.join()
    logged = [list(entries_of(folder / "out" / name)) for name in lines]
    lost_rows = sum(
        n - sum(e.data.count(b"\n") for e in each if isinstance(e, Lines)) + header.count("\n") for each in logged
    )
    readings = sum(map(len, logged_readings())) - sum(seen)
    printed = sum(line.printed for line in lines.values()) - sum(before)
    fourth = len(memory) // 4
    return {
        "rows": n * cells,
        "rows_lost": lost_rows,
        "readings_printed": printed,
        "readings_missing": printed - readings,
        "memory_mb_after_a_quarter": round(memory[fourth], 1),
        "memory_mb_at_the_end": round(memory[-1], 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "log_bytes": sum((folder / "out" / name / "log.frames").stat().st_size for name in lines),
        "whole": all(any(True for _ in entries(folder / "out" / name / "log.frames")) for name in lines),
    }


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--trips", type=int, default=50)
    options.add_argument("--cells", type=int, default=8)
    options.add_argument("--hours", type=float, default=24.0)
    options.add_argument("--speed", type=float, default=1000.0)
    args = options.parse_args()
    result: dict[str, Any] = {"load": os.getloadavg()[0]}
    seconds = latencies(args.trips)
    result |= {
        "trip_seconds_median": round(statistics.median(seconds), 4),
        "trip_seconds_worst": round(max(seconds), 4),
    }
    result |= a_day(args.cells, args.hours, args.speed)
    common.report(result, args.json)


if __name__ == "__main__":
    main()
