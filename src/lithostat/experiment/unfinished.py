"""Files that are being written: each is locked while its writer lives, so that the next one removes what a killed one
left."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = ".writing-"
written: list[Path] = []  # what this process has written whole, for whoever stops it
_swept: set[Path] = set()  # folders that were looked through by this process


def temporary_file(folder: Path, suffix: str) -> contextlib.AbstractContextManager[str]:
    """The name of a new empty file in `folder`, removed at the end if it is still there. Raises `OSError`.

    It is not named after what is written, since with more letters it could be too long where that is not.
    """
    remove_unfinished(folder)
    handle, name = tempfile.mkstemp(dir=folder, prefix=PREFIX, suffix=suffix)
    return _held(handle, name)


@contextmanager
def _held(handle: int, name: str) -> Iterator[str]:
    held = _locked(handle)
    if not held:  # where there are no locks an open file might not be moved either
        os.close(handle)
    try:
        yield name
    finally:
        if held:
            os.close(handle)
        with contextlib.suppress(OSError):
            os.unlink(name)


def remove_unfinished(folder: Path) -> None:
    """Remove what writers that are no more have left in a folder; looked for once in a process."""
    place = folder.absolute()
    if place in _swept:
        return
    _swept.add(place)
    with contextlib.suppress(OSError):
        for path in list(place.glob(f"{PREFIX}*")):
            with contextlib.suppress(OSError):
                handle = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
                try:
                    if _locked(handle):
                        path.unlink()
                finally:
                    os.close(handle)


def on_disk(name: str) -> None:
    """Wait until the disk has what was written to a file."""
    handle = os.open(name, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    """Whether nobody else holds the file, which is then held until it is closed; False where files are not locked."""
    try:
        import fcntl
    except ImportError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
