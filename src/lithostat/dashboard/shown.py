"""Which cells a folder of a lab shows, and how one sees that something of them changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from lithostat.lab.folder import CellFolder, find_cells

PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Shown:
    """A cell to show: `id` stands in addresses and is not its name, `state` changes with its files.

    Of a cell that is watched just now (`live`), `recorded` is its record, which grows by itself, `tile` what the watch
    says of it, and `events` what happened.
    """

    id: str
    cell: CellFolder
    state: str
    live: bool = False
    recorded: Path | None = None
    tile: dict[str, Any] | None = None
    events: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Sight:
    """All cells of a folder as they are now, and a sentence if something is wrong with the whole."""

    title: str
    cells: tuple[Shown, ...]
    banner: str = ""


def see_folder(folder: Path) -> Sight:
    """The cells that `lithostat analyze` would find in a folder; `InputError` if there are none."""
    cells = find_cells(folder)
    shown = tuple(Shown(id_of(cell.name, str(cell.note_path), cell.files), cell, state_of(cell)) for cell in cells)
    return Sight(folder.resolve().name, shown)


def id_of(*what: object) -> str:
    """Letters and digits that stand for a cell in an address."""
    return hashlib.sha256("\0".join(map(str, what)).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def state_of(cell: CellFolder, *, beside: bool = True) -> str:
    """What changes when a file of the cell, its note or this package does; no content is looked at.

    With `beside`, so does what lies beside the note: scans, which are no files of the cell.
    """
    note = cell.note_path
    others = sorted(note.parent.iterdir()) if note is not None and beside else ()
    return id_of(_code(), *stamps([*cell.files, *([note] if note else []), *others]))


def stamps(paths: Iterable[Path]) -> list[str]:
    """Path, size and time of change of each; only the path where it cannot be looked at."""
    told = []
    for path in paths:
        try:
            stat = path.stat()
            told.append(f"{path} {stat.st_size} {stat.st_mtime_ns} {stat.st_ino}")
        except OSError:
            told.append(str(path))
    return told


@cache
def _code() -> str:
    """The version of this package, and when its code changed last: what other code prepared is not shown."""
    latest = max(path.stat().st_mtime_ns for path in PACKAGE.rglob("*") if path.suffix in (".py", ".html", ".yaml"))
    return f"{metadata.version('lithostat')} {latest}"
