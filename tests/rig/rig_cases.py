"""What the tests of the rig share: a device on a pseudo terminal, files that grow, and clocks that obey."""

from __future__ import annotations

import os
import pty
import tty
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from lithostat.experiment.record import Record
from lithostat.rig.demo import mpt_header, mpt_lines
from lithostat.rig.readings import OK, Channel, Lines, Readings
from lithostat.rig.serial_line import LineSettings, SerialLine

PATTERN = r"raw=(?P<load>-?\d+) T=(?P<celsius>-?[\d.]+)"


class Device:
    """A device on a pseudo terminal: what `say` is given comes out of the port `name`."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.name = os.ttyname(self.slave)

    def say(self, text: str) -> None:
        os.write(self.master, text.encode())

    def heard(self) -> str:
        try:
            return os.read(self.master, 4096).decode()
        except BlockingIOError:
            return ""

    def unplug(self) -> None:
        for handle in (self.master, self.slave):
            if handle >= 0:
                os.close(handle)
        self.master = self.slave = -1


def line(device: Device, *, now: float = 1.0, patience: float = 30.0) -> SerialLine:
    """The load cell of a device."""
    channels = {"load": Channel("load", low=-1e6, high=1e6), "celsius": Channel("celsius", "degC")}
    return SerialLine("load cell", LineSettings(device.name, PATTERN, patience=patience), channels, lambda: now)


def readings(values: list[float], *, at: float = 0.0, source: str = "load cell", name: str = "load") -> Readings:
    """Readings of one channel, a second apart."""
    n = len(values)
    times = at + np.arange(n, dtype=float)
    return Readings(
        source, (name,), times, np.full(n, np.nan), np.asarray(values, float)[:, None], np.full(n, OK, np.uint8)
    )


def symmetric_record(*, half_cycles: int = 8, short_at: int | None = None, seed: int = 0) -> Record:
    """A symmetric cell at 60 s: 40 ohm, 30 samples a half-cycle at 0.25 mA, and 2 ohm from row `short_at` on."""
    draw = np.random.default_rng(seed)
    n = 30 * half_cycles
    current = 2.5e-4 * np.where((np.arange(n) // 30) % 2 == 0, 1.0, -1.0)
    ohm = np.full(n, 40.0)
    if short_at is not None:
        ohm[short_at:] = 2.0
    voltage = ohm * current + 1e-5 * draw.standard_normal(n)
    table = {
        "test_time_second": 60.0 * np.arange(n),
        "voltage_volt": voltage,
        "current_ampere": current,
        "step_count": np.arange(n) // 30 + 1,
        "ambient_temperature_celsius": np.full(n, 25.0),
        "measured_pressure_pa": np.full(n, 3e7),
    }
    return Record(pl.DataFrame(table))


@dataclass
class MptFile:
    """The file that a cycler writes of a record, row by row."""

    path: Path
    record: Record
    started: object
    lines: list[str] = field(init=False)
    header: str = field(init=False)
    written: int = 0

    def __post_init__(self) -> None:
        self.lines, self.header = mpt_lines(self.record), mpt_header(self.started)  # type: ignore[arg-type]

    def grow(self, rows: int, *, torn: bool = False) -> None:
        """Write some rows more; a torn one stops in the middle of the last."""
        with self.path.open("a", encoding="latin-1", newline="") as stream:
            if stream.tell() == 0:
                stream.write(self.header)
            text = "".join(self.lines[self.written : self.written + rows])
            stream.write(text[: -len(self.lines[0]) // 2] if torn else text)
        self.written += rows

    def finish_line(self) -> None:
        """Write the rest of a torn row."""
        whole = (self.header + "".join(self.lines[: self.written])).encode("latin-1")
        with self.path.open("ab") as stream:
            stream.write(whole[self.path.stat().st_size :])

    def replace(self, rows: int) -> None:
        """Write all rows up to `rows` anew, as programs do that export on a schedule."""
        other = self.path.with_suffix(".new")
        other.write_text(self.header + "".join(self.lines[:rows]), encoding="latin-1", newline="")
        other.replace(self.path)
        self.written = rows

    @property
    def content(self) -> bytes:
        """What is in it now, to the last whole line."""
        data = self.path.read_bytes()
        return data[: data.rfind(b"\n") + 1]


def content_of(lines: list[Lines]) -> bytes:
    """What all lines of the last life of a file say together; fails if they do not follow each other."""
    parts: dict[int, bytes] = {}
    for entry in lines:
        if entry.replaces is not None:
            parts.pop(entry.replaces)
        assert entry.begin == len(parts.get(entry.part, b""))
        parts[entry.part] = parts.get(entry.part, b"") + entry.data
    return b"".join(parts.values())
