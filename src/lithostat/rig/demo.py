"""A rig without hardware: a simulated cell, whose cycler writes a file and whose load cell prints on a line."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np

from lithostat.experiment.cell import Cell
from lithostat.experiment.cell_note import CellNote, note_from
from lithostat.experiment.errors import MissingPackage
from lithostat.experiment.protocol import Protocol
from lithostat.experiment.record import Record, write_text
from lithostat.rig.clock import Clock

FOLDER = ".demo"  # in the folder of the watch: what a lab would have beside it
COUNTS_PER_NEWTON, ZERO = 1677.7, 84213.0  # of the load cell that is pretended
EVERY = 10.0  # s of the cell's time between two lines of the load cell
STEP = 0.02  # s in which the devices go on

NOTE = """\
name: demo
cell:
  kind: symmetric
  electrode: {material: lithium, thickness: 0.5 mm, diameter: 12.7 mm}
  electrolyte: {material: Li6PS5Cl, diameter: 13 mm, thickness: 1.0 mm}
time_zone: UTC
"""
PROTOCOL = """\
- {press: 30 MPa, for: 1 h}
- repeat: 200
  steps:
    - {plate: 200 uA/cm2, for: 30 min}
    - {strip: 200 uA/cm2, for: 30 min}
"""
RIG = """\
name: demo
cells:
  - name: demo
    note: cell.yaml
    cycler: {files: "demo*.mpt", every: 0.1 s}
    load_cell:
      port: PORT
      line: 'raw=(?P<load>-?\\d+) T=(?P<celsius>-?[\\d.]+)'
      points:
        - {raw: RAW0, load: 0 N}
        - {raw: RAW1, load: 5 kN}
    limits:
      - {name: pressed too hard, channel: pressure, high: 35 MPa, stale: 1 h}
      - {name: pressed too softly, channel: pressure, low: 20 MPa, stale: 1 h}
"""
_MPT = """\
EC-Lab ASCII FILE
Nb header lines : {lines}

Modulo Bat

Acquisition started on : {start}
Device : simulated

mode\tNs\ttime/s\tEcell/V\tI/mA\tTemperature/\xb0C\t
"""


@dataclass
class Demo:
    """The devices of a simulated cell. `record` is what they will have said at the end, in the time of `clock`."""

    folder: Path
    record: Record
    clock: Clock
    area: float
    _master: int = field(default=-1, init=False)
    _slave: int = field(default=-1, init=False)
    _stop: threading.Event = field(default_factory=threading.Event, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)
    played: bool = field(default=False, init=False)

    def start(self) -> Path:
        """Make the pseudo terminal and the files, and begin; the path of the rig.yaml that watches them."""
        try:
            import pty
            import tty
        except ImportError:
            raise MissingPackage("the demo needs pseudo terminals, which this system has not") from None
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.folder.mkdir(parents=True, exist_ok=True)
        write_text(self.folder / "cell.yaml", NOTE)
        full = ZERO + 5000.0 * COUNTS_PER_NEWTON
        rig = RIG.replace("PORT", os.ttyname(self._slave)).replace("RAW0", f"{ZERO:.0f}").replace("RAW1", f"{full:.0f}")
        path = write_text(self.folder / "rig.yaml", rig)
        self._thread = threading.Thread(target=self._play, name="devices", daemon=True)
        self._thread.start()
        return path

    def stop(self) -> None:
        """End the devices."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5.0)
        for handle in (self._master, self._slave):
            with contextlib.suppress(OSError):
                os.close(handle)

    def _play(self) -> None:
        time_ = self.record.column("test_time_second")
        lines = mpt_lines(self.record)
        pressure = self.record.column("measured_pressure_pa")
        draw = np.random.default_rng(0)
        row, next_load = 0, 0.0
        with (self.folder / "demo.mpt").open("w", encoding="latin-1", newline="") as stream:
            stream.write(mpt_header(self.clock.began()))
            while not self._stop.is_set() and row < len(time_):
                now = self.clock.now()
                until = int(np.searchsorted(time_, now, side="right"))
                stream.write("".join(lines[row:until]))
                stream.flush()
                row = until
                while next_load <= now:
                    newton = float(np.interp(next_load, time_, pressure)) * self.area
                    self._print(f"raw={ZERO + COUNTS_PER_NEWTON * newton + draw.normal(0.0, 30.0):.0f} T=25.0\n")
                    next_load += EVERY
                time.sleep(STEP)
        self.played = True

    def _print(self, line: str) -> None:
        """Print a line as a device does that does not care whether somebody listens."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._master, line.encode())


def mpt_header(start: datetime) -> str:
    """The head of an EC-Lab text file that began at `start`."""
    text = _MPT.format(lines=0, start=start.strftime("%m/%d/%Y %H:%M:%S.%f")[:-3])
    return text.replace("lines : 0", f"lines : {text.count(chr(10))}").replace("\n", "\r\n")


def mpt_lines(record: Record) -> list[str]:
    """The rows of a record as EC-Lab writes them."""
    names = ("step_count", "test_time_second", "voltage_volt", "current_ampere", "ambient_temperature_celsius")
    columns = [record.column(name).tolist() for name in names]
    return [
        f"1\t{int(step)}\t{time:.6f}\t{volt:.7E}\t{1e3 * ampere:.7E}\t{celsius:.2f}\t\r\n"
        for step, time, volt, ampere, celsius in zip(*columns, strict=True)
    ]


def simulated_cell(seed: int = 1) -> tuple[Record, CellNote]:
    """The demo cell as a cycler and a load cell would have recorded it, and its note. It shorts after some hours."""
    from lithostat.experiment import document
    from lithostat.simulation.instrument import Instrument
    from lithostat.simulation.run import simulate
    from lithostat.simulation.sensor import sense

    note = note_from(document.parse(NOTE, "the demo's cell.yaml").data)
    steps = document.parse(f"steps:\n{PROTOCOL}", "the demo's protocol").data["steps"]
    said = document.parse(NOTE).data["cell"]
    cell = Cell.from_dict(said | {"fixture": {"kind": "fixed gap", "stiffness": "0.5 MPa/um"}})
    record = simulate(cell, Protocol.from_dict({"steps": steps, "after_short": "2 h"}))
    return sense(record, Instrument(interval=60.0), seed=seed), note
