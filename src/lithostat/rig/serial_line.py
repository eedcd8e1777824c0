"""A device that prints a line for each reading on a serial line, such as an HX711 behind an Arduino."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lithostat.experiment.errors import MissingPackage
from lithostat.rig.readings import FIRST, OK, OUT_OF_RANGE, UNREADABLE, Channel, Lost, Readings

LONGEST = 4096  # bytes of a line; a longer one is noise
SENTENCE_OF_UNPLUGGED = "does not answer any more: unplugged?"


@dataclass(frozen=True)
class LineSettings:
    """How to talk to it.

    `pattern` has a named group for each channel, and may have `time` [s], the device's own clock. `ask` is sent for
    each reading to devices that only answer, every `every` seconds. `dtr` low keeps an Arduino from starting anew when
    the port is opened. `patience` [s] is how long opening waits for the first good line.
    """

    port: str
    pattern: str
    baud: int = 115200
    dtr: bool = False
    ask: str = ""
    every: float = 1.0
    patience: float = 5.0


@dataclass
class SerialLine:
    """A source of lines. `channels` are those of the pattern's groups; values are what the device prints."""

    name: str
    settings: LineSettings
    channels: Mapping[str, Channel]
    now: Callable[[], float]
    _port: Any = field(default=None, init=False)
    _rest: bytes = field(default=b"", init=False)
    _asked: float = field(default=-math.inf, init=False)
    _waiting: list[Readings] = field(default_factory=list, init=False)

    @classmethod
    def for_writing(cls, port: str, baud: int) -> SerialLine:
        """A line that is only written to; raises `Lost` where the port cannot be opened."""
        line = cls("a device", LineSettings(port, "", baud), {}, lambda: 0.0)
        line._port = line._opened()
        return line

    def describe(self) -> tuple[Channel, ...]:
        """Its channels."""
        return tuple(self.channels.values())

    def open(self) -> None:
        """Open the port for this process alone and wait for one good line behind the first, which may be torn."""
        self.close()
        self._port = self._opened()
        self._rest, self._asked = b"", -math.inf
        torn, until = True, time.monotonic() + self.settings.patience
        while time.monotonic() < until:
            lines = self._lines(0.1)
            if torn and lines:
                lines, torn = lines[1:], False
            readings = self._readings(lines)
            if readings is None:
                continue
            good = np.flatnonzero(readings.quality == OK)
            if len(good):
                readings.quality[good[0]] = FIRST
                self._waiting = [readings]
                return
        self.close()
        raise Lost(f"{self.settings.port} gave no good line in {self.settings.patience:.3g} s")

    def read(self, wait: float) -> Sequence[Readings]:
        """Whole lines since the last call."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            return waiting
        readings = self._readings(self._lines(wait))
        return [] if readings is None else [readings]

    def close(self) -> None:
        """Close the port."""
        port, self._port = self._port, None
        if port is not None:
            try:
                port.close()
            except Exception:  # termios.error is no OSError
                return

    def write(self, text: str) -> None:
        """Send text to the device; raises `Lost`."""
        self._guarded(lambda port: port.write(text.encode()))

    def _opened(self) -> Any:
        serial = pyserial()
        port = serial.Serial()
        port.port, port.baudrate, port.timeout, port.write_timeout = self.settings.port, self.settings.baud, 0.0, 0.2
        port.exclusive = True
        port.dtr = port.rts = self.settings.dtr
        try:
            port.open()
        except Exception as error:
            raise Lost(f"{self.settings.port} cannot be opened ({_reason(error)})") from None
        return port

    def _guarded(self, use: Callable[[Any], Any]) -> Any:
        if self._port is None:
            raise Lost(f"{self.settings.port} is not open")
        try:
            return use(self._port)
        except Exception:  # pyserial lets termios.error and TypeError through where a device goes away
            self.close()
            raise Lost(f"{self.settings.port} {SENTENCE_OF_UNPLUGGED}") from None

    def _lines(self, wait: float) -> list[bytes]:
        """Whole lines that come within `wait`; the rest waits for its end."""
        if self.settings.ask and time.monotonic() - self._asked >= self.settings.every:
            self._asked = time.monotonic()
            self.write(self.settings.ask)

        def taken(port: Any) -> bytes:
            port.timeout = wait
            first = bytes(port.read(1))
            port.timeout = 0.0
            return first + bytes(port.read(port.in_waiting)) if first else first

        *lines, self._rest = (self._rest + self._guarded(taken)).split(b"\n")
        if len(self._rest) > LONGEST:
            lines, self._rest = [*lines, self._rest[:1]], b""
        return lines

    def _readings(self, lines: Sequence[bytes]) -> Readings | None:
        if not lines:
            return None
        names = tuple(self.channels)
        values, stamped = np.full((len(lines), len(names)), np.nan), np.full(len(lines), np.nan)
        quality = np.full(len(lines), UNREADABLE, np.uint8)
        for k, line in enumerate(lines):
            match = re.fullmatch(self.settings.pattern, line[:LONGEST].decode("ascii", "replace").strip())
            if match is None:
                continue
            groups = match.groupdict()
            values[k] = [_number(groups.get(name)) for name in names]
            stamped[k] = _number(groups.get("time"))
            if np.isfinite(values[k]).all():
                inside = all(c.low <= v <= c.high for c, v in zip(self.channels.values(), values[k], strict=True))
                quality[k] = OK if inside else OUT_OF_RANGE
        return Readings(self.name, names, np.full(len(lines), self.now()), stamped, values, quality)


def pyserial() -> Any:
    """The package for serial lines; `MissingPackage` without it."""
    try:
        import serial
    except ImportError:
        raise MissingPackage(
            "serial lines need the package 'pyserial': python -m pip install 'lithostat[rig]'"
        ) from None
    return serial


def _number(text: str | None) -> float:
    try:
        return float(text) if text is not None else math.nan
    except ValueError:
        return math.nan


def _reason(error: Exception) -> str:
    text = str(error)
    if "exclusively lock" in text or "Resource temporarily unavailable" in text:
        return "another program has it"
    return str(getattr(error, "strerror", None) or text)[:120]
