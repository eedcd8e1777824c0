"""A rig.yaml to a watch that runs; a look at every device before; the lock that keeps a second watch away."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from lithostat.experiment.errors import InputError, LithostatError
from lithostat.experiment.record import write_text
from lithostat.rig.actions import Actions
from lithostat.rig.build import Built, build_cell, check_names
from lithostat.rig.clock import Clock
from lithostat.rig.heartbeat import Beat
from lithostat.rig.readings import OK, Lines, Lost, Readings, Source
from lithostat.rig.rig_file import Rig, Text, beside, read_rig
from lithostat.rig.serial_line import SerialLine
from lithostat.rig.state import Event
from lithostat.rig.watch import Watch

LOCK = ".lock"
LOOK = 3.0  # s that a dry run waits for an answer
OUTPUT = "watched"  # the folder of a watch beside its rig.yaml, where nobody says another


def default_output(rig_path: Path) -> Path:
    """Where a watch of a rig.yaml writes."""
    return rig_path.parent / OUTPUT


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder of a watch; a second one is refused with a sentence."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if os.name == "posix":
            import fcntl

            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise InputError(
                    "another watch runs in this folder",
                    file=str(folder),
                    expected="`lithostat watch status`, or another folder with --output",
                ) from None
        yield
    finally:
        os.close(handle)


def prepared(rig_path: Path, output: Path, clock: Clock, *, tell: Callable[[Event], None]) -> Watch:
    """A watch of a rig, ready to run; goes on where the logs in `output` end. Raises `InputError`."""
    rig = read_rig(rig_path)
    check_names(rig, rig_path)
    built = [build_cell(cell, rig_path, output, clock.now) for cell in rig.cells]
    _go_on(built, clock)
    for one in built:
        one.watch.began = clock.now()
        one.watch.__post_init__()
        _copy_note(one, rig_path)
    ports = {source.settings.port: source for one in built for source in one.sources if isinstance(source, SerialLine)}
    lines = Ports(ports)
    return Watch(rig.name, output, built, clock, Beat(rig.heartbeat, lines.send), Actions(lines.send), tell)


def _go_on(built: Sequence[Built], clock: Clock) -> None:
    """Seconds since the watch began go on after a restart: by the computer's clock, and never back."""
    logged = max((one.earlier for one in built), default=0.0)
    began = [datetime.fromisoformat(one.began) for one in built if one.began is not None]
    if began and clock.speed == 1.0:
        logged = max(logged, (clock.today() - min(began)).total_seconds())
    clock.ahead += logged


def _copy_note(one: Built, rig_path: Path) -> None:
    """The cell's note beside its record, so that `lithostat analyze` on the folder of a watch knows the cell."""
    if one.watch.cell.note is None:
        return
    text = Path(beside(rig_path, one.watch.cell.note)).read_text(encoding="utf-8")
    one.watch.folder.mkdir(parents=True, exist_ok=True)
    write_text(one.watch.folder / "cell.yaml", text)


class Ports:
    """Where text to devices goes: through the line that is read there, else through a port of its own."""

    def __init__(self, read: dict[str, SerialLine]) -> None:
        self._read = read
        self._own: dict[str, SerialLine] = {}

    def send(self, text: Text) -> None:
        """Send; raises `Lost`."""
        if text.port in self._read:
            self._read[text.port].write(text.text)
            return
        line = self._own.get(text.port)
        if line is None:
            line = self._own[text.port] = SerialLine.for_writing(text.port, text.baud)
        try:
            line.write(text.text)
        except Lost:
            line.close()
            del self._own[text.port]
            raise


class Looked(NamedTuple):
    """What a dry run saw of one source, and whether it is well."""

    cell: str
    source: str
    sentence: str
    well: bool


def look(rig: Rig, rig_path: Path, output: Path) -> list[Looked]:
    """Open every source once and take one good answer of each; nothing is written and nothing is done."""
    check_names(rig, rig_path)
    seen = []
    clock = Clock()
    for cell in rig.cells:
        built = build_cell(cell, rig_path, output, clock.now)
        for source in built.sources:
            try:
                source.open()
                seen.append(Looked(cell.name, source.name, _answer(built, source), True))
            except (Lost, LithostatError) as error:
                seen.append(Looked(cell.name, source.name, str(error), False))
            finally:
                with contextlib.suppress(Lost):
                    source.close()
    return seen


def _answer(built: Built, source: Source) -> str:
    """One good answer of an open source, as people read it."""
    said = "is there"
    until = time.monotonic() + LOOK
    while time.monotonic() < until:
        for item in source.read(0.2):
            said = _saw(built, item)
            if not isinstance(item, Readings) or bool((item.quality == OK).any()):
                return said
    return said


def _saw(built: Built, item: Readings | Lines) -> str:
    """What one reading says, as people read it."""
    from lithostat.experiment.quantity import show

    if isinstance(item, Lines):
        rows = built.rows.rows(item) if built.rows is not None else None
        if rows is None:
            why = built.rows.trouble if built.rows is not None else ""
            return f"{item.file}: {len(item.data)} bytes{', but no rows yet' if not why else f', but {why}'}"
        return f"{item.file}: {len(rows)} rows, the last {show(float(rows.column('voltage')[-1]), 'voltage')}"
    built.watch.took(item)
    pressure = built.watch.latest.get("pressure")
    values = ", ".join(f"{name} {value:.6g}" for name, value in zip(item.names, item.values[-1].tolist(), strict=True))
    return values if pressure is None else f"{values}, which is {show(pressure, 'pressure')}"
