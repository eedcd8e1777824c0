"""A log that only grows, in frames with a checksum: after a kill or a power cut it ends with its last whole frame."""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lithostat.rig.readings import Lines, Reading, Readings

MAGIC = b"LFR1"
HEAD = struct.Struct("<4sII")  # magic, length and CRC-32 of what follows
LARGEST = 1 << 26  # bytes of a frame; a longer one is damage


@dataclass(frozen=True)
class Fact:
    """Something else that the log must know, such as a new zero: plain data under a `kind`."""

    kind: str
    at: float
    data: dict[str, Any]


Entry = Reading | Fact


class Recovered(NamedTuple):
    """How many bytes of a log are whole, and a sentence about what was cut behind them ('' for nothing)."""

    whole: int
    cut: str


class Log:
    """A log open for appending; only one process may hold it (`fcntl`), another raises `BlockingIOError`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
        try:
            _lock(self._handle)
            self.recovered = recover(path)
            if self.recovered.cut:
                _put_aside(path, self.recovered.whole)
            os.ftruncate(self._handle, self.recovered.whole)
        except BaseException:
            os.close(self._handle)
            raise
        self._end = self._durable = self.recovered.whole

    @property
    def size(self) -> int:
        """Bytes appended."""
        return self._end

    def append(self, entry: Entry) -> None:
        """Add one entry whole; raises `OSError` (a full disk) with the log as it was before."""
        frame = framed(packed(entry))
        try:
            done = 0
            while done < len(frame):
                done += os.pwrite(self._handle, frame[done:], self._end + done)
        except OSError:
            os.ftruncate(self._handle, self._end)
            raise
        self._end += len(frame)

    def sync(self) -> int:
        """Make sure that what was appended outlives a power cut; the bytes that now do."""
        if self._durable < self._end:
            getattr(os, "fdatasync", os.fsync)(self._handle)
            self._durable = self._end
        return self._durable

    def close(self) -> None:
        """Sync and let it go."""
        if self._handle >= 0:
            try:
                self.sync()
            finally:
                os.close(self._handle)
                self._handle = -1


def _lock(handle: int) -> None:
    if os.name == "posix":
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    else:
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]


def _put_aside(path: Path, whole: int) -> None:
    """Keep what lies behind the last whole frame for people, beside the log."""
    with path.open("rb") as stream:
        stream.seek(whole)
        rest = stream.read()
    number = 1
    while (aside := path.with_name(f".{path.name}-damaged-{number}")).exists():
        number += 1
    aside.write_bytes(rest)


def framed(payload: bytes) -> bytes:
    """A payload behind its head."""
    return HEAD.pack(MAGIC, len(payload), zlib.crc32(payload)) + payload


def packed(entry: Entry) -> bytes:
    """An entry as a line of JSON and plain numbers behind it."""
    if isinstance(entry, Fact):
        return _line({"kind": entry.kind, "at": entry.at, "data": entry.data})
    if isinstance(entry, Lines):
        head = {"kind": "lines", "source": entry.source, "file": entry.file, "part": entry.part, "begin": entry.begin}
        more = {"at": entry.at, "before": entry.before.hex(), "replaces": entry.replaces, "whole": entry.whole}
        return _line(head | more) + entry.data
    head = {"kind": "readings", "source": entry.source, "names": list(entry.names), "n": len(entry)}
    columns = (entry.at, entry.stamped, entry.values)
    numbers = b"".join(np.ascontiguousarray(column, "<f8").tobytes() for column in columns)
    return _line(head) + numbers + np.ascontiguousarray(entry.quality, np.uint8).tobytes()


def unpacked(payload: bytes) -> Entry:
    """Inverse of `packed`; raises `ValueError` for what is no entry."""
    line, _, rest = payload.partition(b"\n")
    head = json.loads(line)
    try:
        if head["kind"] == "readings":
            return _readings(head, rest)
        if head["kind"] == "lines":
            keys = ("source", "file", "part", "begin", "at", "replaces", "whole")
            return Lines(data=rest, before=bytes.fromhex(head["before"]), **{key: head[key] for key in keys})
        return Fact(head["kind"], head["at"], head["data"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"is no entry of a log ({error!r})") from None


def _readings(head: dict[str, Any], rest: bytes) -> Readings:
    n, names = int(head["n"]), tuple(head["names"])
    numbers = np.frombuffer(rest, "<f8", n * (2 + len(names)))
    quality = np.frombuffer(rest, np.uint8, n, offset=numbers.nbytes)
    return Readings(head["source"], names, numbers[:n], numbers[n : 2 * n], numbers[2 * n :].reshape(n, -1), quality)


def _line(data: dict[str, Any]) -> bytes:
    return json.dumps(data).encode() + b"\n"


def payloads(path: Path, begin: int = 0) -> Iterator[tuple[int, bytes]]:
    """(first byte behind it, payload) of every whole frame from `begin` on; the first damage ends it."""
    with path.open("rb") as stream:
        stream.seek(begin)
        at = begin
        for payload in payloads_in(stream):
            at += HEAD.size + len(payload)
            yield at, payload


def payloads_in(stream: BufferedIOBase) -> Iterator[bytes]:
    """The payload of every whole frame of a stream; the first damage ends it."""
    while len(head := stream.read(HEAD.size)) == HEAD.size:
        magic, length, check = HEAD.unpack(head)
        if magic != MAGIC or length > LARGEST:
            return
        payload = stream.read(length)
        if len(payload) < length or zlib.crc32(payload) != check:
            return
        yield payload


def entries(path: Path) -> Iterator[Entry]:
    """Every entry of a log in its order, up to its first damage; nothing where there is no log."""
    if path.exists():
        for _, payload in payloads(path):
            yield unpacked(payload)


def recover(path: Path) -> Recovered:
    """How far a log is whole. What lies behind the first damage is not believed: files are read again from there."""
    whole = 0
    for end, _ in payloads(path):
        whole = end
    rest = path.stat().st_size - whole
    return Recovered(whole, f"{rest} bytes behind the last whole entry were cut off" if rest else "")
