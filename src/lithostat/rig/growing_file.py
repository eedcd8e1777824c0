"""Files that a cycler writes: followed while they grow, and known again when they are replaced whole."""

from __future__ import annotations

import glob
import math
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NamedTuple

from lithostat.reading.clock import natural
from lithostat.reading.text import head_text
from lithostat.rig.readings import Channel, Lines, Lost

HEAD = 4096  # bytes that tell one file from another
BEFORE = 256  # bytes in front of our place that must still be there
MOST = 1 << 21  # bytes that one reading takes
LARGEST_WHOLE = 1 << 30


class Status(NamedTuple):
    """Size, time of the last change and identity of a file."""

    size: int
    changed: int
    identity: int


@dataclass
class Part:
    """A file, or one of its lives: what it begins with, how far it was read, and what lies in front of that place."""

    file: str
    number: int
    head: bytes = b""
    end: int = 0
    before: bytes = b""
    lines: bool = True

    def took(self, lines: Lines) -> None:
        """Remember what was read."""
        if len(self.head) < HEAD:
            self.head = (self.head + lines.data)[:HEAD]
        self.end, self.lines = lines.end, not lines.whole
        self.before = (self.before + lines.data)[-BEFORE:]


def parts_of(entries: Iterable[Lines]) -> list[Part]:
    """Where each part stands, from what a log says of it, in the order they were begun."""
    parts: dict[int, Part] = {}
    for entry in entries:
        parts.setdefault(entry.part, Part(entry.file, entry.part)).took(entry)
    return list(parts.values())


@dataclass
class GrowingFile:
    """All files that match `pattern`, polled every `every` seconds; shares tell nobody when a file has grown.

    `parts` are those of an earlier watch, so that no row comes twice. A file that keeps its head and what lies in
    front of our place goes on; one that keeps its head and is shorter is being written anew, and is waited for;
    anything else is a new part in the place of the one before. Whether that is another test or the same one written
    anew, its content says (`cell_log`). Files that are no text come whole, whenever they have changed and been left
    alone for one poll.
    """

    name: str
    pattern: str
    every: float
    now: Callable[[], float]
    parts: list[Part] = field(default_factory=list)
    most: int = MOST
    patience: float = 5.0  # s that there may be no file at all, between one version of it and the next
    busy: float = 300.0  # s; a file that stays shorter than it was for so long is told
    _seen: dict[str, Status] = field(default_factory=dict, init=False)  # at the last poll
    _taken: dict[str, Status] = field(default_factory=dict, init=False)  # when all of it had been read
    _shorter: dict[str, float] = field(default_factory=dict, init=False)
    _next: float = field(default=-math.inf, init=False)
    _gone: float | None = field(default=None, init=False)
    _more: bool = field(default=False, init=False)

    def describe(self) -> tuple[Channel, ...]:
        """What rows of a cycler have."""
        return (Channel("voltage", "V"), Channel("current", "A"))

    def open(self) -> None:
        """One file at least must be there and readable."""
        paths = self._paths()
        if not paths:
            raise Lost(f"no file matches {self.pattern} yet")
        for path in paths:
            _opened(path).close()
        self._next = -math.inf

    def read(self, wait: float) -> Sequence[Lines]:
        """What the files grew by."""
        if not self._more and (pause := self._next - time.monotonic()) > 0.0:
            time.sleep(min(wait, pause))
            if self._next > time.monotonic():
                return []
        self._next, self._more = time.monotonic() + self.every, False
        lines: list[Lines] = []
        paths = self._paths()
        self._gone = None if paths else self._gone or time.monotonic()
        if self._gone is not None and time.monotonic() - self._gone >= self.patience:
            raise Lost(f"no file matches {self.pattern} any more")
        for path in paths:
            lines += self._grown(path)
        return lines

    def hurry(self) -> None:
        """Look at the files with the next reading, and take all of them."""
        self._next = -math.inf
        self.most = LARGEST_WHOLE

    def close(self) -> None:
        """Nothing is held open between polls; what is known of the files stays."""

    def _paths(self) -> list[Path]:
        paths = [Path(path) for path in glob.glob(self.pattern)]
        return sorted((path for path in paths if path.is_file()), key=lambda path: natural(path.name))

    def _grown(self, path: Path) -> list[Lines]:
        with _opened(path) as stream:
            status = _status(stream)
            settled, self._seen[path.name] = self._seen.get(path.name) == status, status
            if self._taken.get(path.name) == status or not status.size:
                return []
            head = stream.read(HEAD)
            part, replaces = self._same_or_new(path, head, status.size, stream)
            if part is None:
                return []
            whole = not _is_text(head)
            if whole and not settled:
                return []  # it may be half written
            lines = self._all_of_it(part, stream) if whole else self._new_lines(part, replaces, stream)
            if part.end >= status.size or (whole and lines is None):
                self._taken[path.name] = status
            else:
                self._more |= lines is not None and status.size - part.end > MOST
        return [] if lines is None else [lines]

    def _same_or_new(self, path: Path, head: bytes, size: int, stream: IO[bytes]) -> tuple[Part | None, int | None]:
        """The part that a file continues, or a new one and what it replaces; None while it is being written anew."""
        part = next((part for part in reversed(self.parts) if part.file == path.name), None)
        number = max((part.number for part in self.parts), default=-1) + 1
        if part is None:
            return Part(path.name, number), None
        common = min(len(head), len(part.head))
        if head[:common] != part.head[:common]:
            return Part(path.name, number), part.number
        if not part.lines:
            return part, None
        if size < part.end:
            since = self._shorter.setdefault(path.name, time.monotonic())
            if time.monotonic() - since > self.busy:
                raise Lost(f"{path.name} is shorter than what was read of it: it is being written anew")
            return None, None
        self._shorter.pop(path.name, None)
        if not _still_there(part, stream):
            return Part(path.name, number), part.number
        return part, None

    def _new_lines(self, part: Part, replaces: int | None, stream: IO[bytes]) -> Lines | None:
        """Whole lines behind our place; None where there is none, or where the file changed under our eyes."""
        stream.seek(part.end)
        data = stream.read(self.most)
        full = len(data) == self.most
        data = data[: data.rfind(b"\n") + 1]
        if not data and full:
            raise Lost(f"{part.file} has a line longer than {self.most} bytes: it is no table")
        if not data or not _still_there(part, stream):
            return None
        return self._took(
            part, Lines(self.name, part.file, part.number, part.end, data, self.now(), part.before[-64:], replaces)
        )

    def _all_of_it(self, part: Part, stream: IO[bytes]) -> Lines | None:
        stream.seek(0)
        data = stream.read(LARGEST_WHOLE + 1)
        if len(data) > LARGEST_WHOLE:
            raise Lost(f"{part.file} is larger than {LARGEST_WHOLE >> 30} GiB and no text")
        if part.end == len(data) and part.before == data[-BEFORE:]:
            return None
        part.head, part.before = b"", b""
        return self._took(part, Lines(self.name, part.file, part.number, 0, data, self.now(), whole=True))

    def _took(self, part: Part, lines: Lines) -> Lines:
        part.took(lines)
        if part not in self.parts:
            self.parts.append(part)
        return lines


def _status(stream: IO[bytes]) -> Status:
    status = os.fstat(stream.fileno())
    return Status(status.st_size, status.st_mtime_ns, status.st_ino)


def _still_there(part: Part, stream: IO[bytes]) -> bool:
    """Whether what lies in front of our place is what was read there."""
    stream.seek(part.end - len(part.before))
    return stream.read(len(part.before)) == part.before


def _is_text(head: bytes) -> bool:
    """Text whose lines end in a byte; UTF-16 and everything binary comes whole."""
    return not head.startswith((b"\xff\xfe", b"\xfe\xff")) and b"\0" not in head and head_text(head) is not None


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except PermissionError:
        raise Lost(f"{path.name} is locked by another program (a spreadsheet?), or may not be read") from None
    except OSError as error:
        raise Lost(f"{path.name} cannot be read ({error.strerror or error})") from None
